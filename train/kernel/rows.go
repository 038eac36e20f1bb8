package kernel

// addRowsI8Go adds rows of an int8 matrix with len(acc) columns to acc:
// acc[j] += Σ_r w[r·n+j].
func addRowsI8Go(acc []int32, w []int8, rows []int32) {
	n := len(acc)
	for len(rows) >= 4 {
		r0 := w[int(rows[0])*n:][:n]
		r1 := w[int(rows[1])*n:][:n]
		r2 := w[int(rows[2])*n:][:n]
		r3 := w[int(rows[3])*n:][:n]
		for j := range acc {
			acc[j] += int32(r0[j]) + int32(r1[j]) + int32(r2[j]) + int32(r3[j])
		}
		rows = rows[4:]
	}
	for _, r := range rows {
		row := w[int(r)*n:][:n]
		for j := range acc {
			acc[j] += int32(row[j])
		}
	}
}

// addRowsF32Go adds rows of a float32 matrix with len(acc) columns to acc, one
// after the other in the order given: acc[j] = (…(acc[j] + w[r₀·n+j]) + …).
func addRowsF32Go(acc []float32, w []float32, rows []int32) {
	n := len(acc)
	for len(rows) >= 4 {
		r0 := w[int(rows[0])*n:][:n]
		r1 := w[int(rows[1])*n:][:n]
		r2 := w[int(rows[2])*n:][:n]
		r3 := w[int(rows[3])*n:][:n]
		for j := range acc {
			acc[j] = acc[j] + r0[j] + r1[j] + r2[j] + r3[j]
		}
		rows = rows[4:]
	}
	for _, r := range rows {
		row := w[int(r)*n:][:n]
		for j := range acc {
			acc[j] += row[j]
		}
	}
}

// mulAddGo computes C += A·B for A (m×k), B (k×n) and C (m×n), whose rows are lda,
// n and ldc apart. Every element sums its products in ascending k, each product
// rounded first.
func mulAddGo(c, a, b []float32, m, k, n, lda, ldc int) {
	for i := range m {
		ci := c[i*ldc:][:n]
		ai := a[i*lda:][:k]
		p := 0
		for ; p+4 <= k; p += 4 {
			a0, a1, a2, a3 := ai[p], ai[p+1], ai[p+2], ai[p+3]
			b0, b1, b2, b3 := b[p*n:][:n], b[(p+1)*n:][:n], b[(p+2)*n:][:n], b[(p+3)*n:][:n]
			for j := range ci {
				ci[j] = ci[j] + float32(a0*b0[j]) + float32(a1*b1[j]) + float32(a2*b2[j]) + float32(a3*b3[j])
			}
		}
		for ; p < k; p++ {
			x, row := ai[p], b[p*n:][:n]
			for j := range ci {
				ci[j] += float32(x * row[j])
			}
		}
	}
}
