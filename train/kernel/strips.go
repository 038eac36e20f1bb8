package kernel

// A Strip is a contiguous run of a sum: what begins at From is added to what begins
// at To, Len elements of it. In a convolution with channels innermost a spike at
// (y, x) reaches, in each of the kernel's rows, one strip of width times channels
// of the output plane.
type Strip struct{ To, From, Len int32 }

// addStripsI8Go adds strips of int8 codes to acc: acc[To+j] += w[From+j], j < Len.
func addStripsI8Go(acc []int32, w []int8, strips []Strip) {
	for _, s := range strips {
		row := w[s.From:][:s.Len]
		to := acc[s.To:][:len(row)]
		for j, x := range row {
			to[j] += int32(x)
		}
	}
}

// addStripsF32Go adds strips of src to acc, one after the other in the order given:
// acc[To+j] += src[From+j], j < Len.
func addStripsF32Go(acc, src []float32, strips []Strip) {
	for _, s := range strips {
		row := src[s.From:][:s.Len]
		to := acc[s.To:][:len(row)]
		for j, x := range row {
			to[j] += x
		}
	}
}
