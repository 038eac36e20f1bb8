package loihi

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
)

// shape returns a row of synapses to the given neurons.
func shape(weightBits int, delay uint8, targets ...int) *compile.RowShape {
	r := &compile.RowShape{WeightBits: uint8(weightBits)}
	for _, t := range targets {
		r.Add(t, 0, delay)
	}
	return r
}

// every returns n numbers, step apart.
func every(step, n int) (x []int) {
	for i := range n {
		x = append(x, 7+i*step)
	}
	return x
}

// TestRowWords: bits by hand, and 6 more that end the row.
func TestRowWords(t *testing.T) {
	chip := New("x", compile.Limits{Neurons: 1024})
	for _, c := range []struct {
		targets []int
		weight  int
		delay   uint8
		words   int
		format  compile.RowFormat
	}{
		{every(1, 1), 8, 0, 1, compile.Dense},    // each way 28 bits
		{every(200, 2), 8, 0, 1, compile.Sparse}, // 10 + 2·18 = 46
		{every(200, 3), 8, 0, 2, compile.Sparse}, // 10 + 3·18 = 64: the end takes another word
		{every(1, 60), 8, 0, 8, compile.Dense},   // 20 + 60·8 = 500
		{every(1, 61), 8, 0, 9, compile.Dense},   // 2·20 + 61·8 = 528: two entries
		{every(1, 60), 7, 0, 8, compile.Dense},   // 7 bits take 8
		{every(1, 60), 6, 0, 7, compile.Dense},   // 380
		{every(1, 60), 8, 1, 11, compile.Dense},  // 20 + 60·11 = 680
		{every(1, 60), 8, 7, 11, compile.Dense},
		{every(1, 60), 8, 8, 14, compile.Dense},          // 20 + 60·14 = 860
		{every(31, 30), 8, 0, 7, compile.RunLength},      // 20 + 30·(5+8) = 410; sparse 550
		{every(32, 30), 8, 0, 9, compile.Sparse},         // sparse 10 + 30·18 = 550; each distance would begin an entry
		{every(3, 30), 8, 0, 6, compile.RunLength},       // 20 + 30·(2+8) = 410 − 30·3 = 320, and the end
		{every(4, 30), 8, 0, 6, compile.RunLength},       // 3 bits: 350
		{every(1, 1024), 8, 0, 134, compile.Dense},       // 18·20 + 1024·8 = 8552
		{every(1, 1024), 1, 0, 22, compile.Dense},        // 1384
		{[]int{0, 1, 2, 4, 5}, 8, 0, 2, compile.Dense},   // one absent: 20 + 6·8 = 68
		{[]int{0, 1, 2, 23, 24}, 1, 0, 1, compile.Dense}, // run-length 20 + 5·6 = 50; dense fills 20: 20 + 25 = 45
		{nil, 8, 6, 0, compile.Sparse},
	} {
		if words, format := chip.RowWords(shape(c.weight, c.delay, c.targets...)); words != c.words || format != c.format {
			t.Errorf("%d synapses to %v…, %d bits, delay %d: %d words, %v; want %d, %v", len(c.targets), c.targets[:min(3, len(c.targets))], c.weight, c.delay, words, format, c.words, c.format)
		}
	}
}

// TestRowWordsRise: partitioning relies on rows that never shrink.
func TestRowWordsRise(t *testing.T) {
	chip := New("x", compile.Limits{Neurons: 1024})
	formats := map[compile.RowFormat]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := shape(rapid.IntRange(1, 8).Draw(t, "weight bits"), 0)
		most, gap := rapid.IntRange(0, 62).Draw(t, "longest delay"), rapid.SampledFrom([]int{1, 3, 10, 40, 100}).Draw(t, "gap")
		before := 0
		for at := 0; at < 1024; at += rapid.IntRange(1, gap).Draw(t, "step") {
			r.Add(at, at/700, uint8(rapid.IntRange(0, most).Draw(t, "delay")))
			words, format := chip.RowWords(r)
			if words < before {
				t.Fatalf("%d words, then %d", before, words)
			}
			before = words
			formats[format]++
		}
	})
	if t.Log(formats); len(formats) != 3 {
		t.Error("not every format was cheapest once")
	}
}

// TestFormatIsCheapest holds RowWords to a plain count of the bits of the entries.
func TestFormatIsCheapest(t *testing.T) {
	chip, compared := New("x", compile.Limits{Neurons: 1024}), 0
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.IntRange(1, 6).Draw(t, "weight bits")
		gap := rapid.SampledFrom([]int{1, 3, 10, 40}).Draw(t, "gap")
		var targets []int
		for at := rapid.IntRange(0, 50).Draw(t, "first"); at < 400; at += rapid.IntRange(1, gap).Draw(t, "step") {
			targets = append(targets, at)
		}
		n := len(targets)
		sparse := (n+59)/60*10 + n*(10+w)
		// Entries one after another, as long as they can be.
		runs, dense, skip := 0, 0, 2
		for i := 0; i < n; {
			j := i + 1
			for ; j < n && j-i < 60 && targets[j]-targets[j-1] < 32; j++ {
				for 1<<skip <= targets[j]-targets[j-1] {
					skip++
				}
			}
			runs, i = runs+1, j
		}
		for i := 0; i < n; {
			j := i + 1
			for j < n && targets[j]-targets[i] < 60 && (targets[j]-targets[j-1]-1)*w <= 20 {
				j++
			}
			dense, i = dense+20+(targets[j-1]-targets[i]+1)*w, j
		}
		least := min(sparse, runs*20+n*(skip+w), dense)
		if words, _ := chip.RowWords(shape(w, 0, targets...)); words != (least+6+63)/64 {
			t.Fatalf("%d words; bits sparse %d, run-length %d, dense %d", words, sparse, runs*20+n*(skip+w), dense)
		}
		compared++
	})
	if t.Log("compared", compared); compared == 0 {
		t.Error("nothing was compared")
	}
}
