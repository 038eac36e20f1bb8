package loihi

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
)

func TestRowWords(t *testing.T) {
	for _, c := range []struct{ n, span, weight, delay, words int }{
		{1, 1, 8, 0, 1},         // either way 28 bits
		{3, 1000, 8, 0, 1},      // sparse 10 + 3·18 = 64
		{4, 1000, 8, 0, 2},      // sparse 82
		{60, 60, 8, 0, 8},       // dense 20 + 60·8 = 500
		{61, 61, 8, 0, 9},       // dense 2·20 + 61·8 = 528: two entries
		{60, 60, 7, 0, 8},       // 7 bits take 8
		{60, 60, 6, 0, 6},       // dense 380
		{60, 60, 8, 6, 14},      // dense 20 + 60·14 = 860
		{10, 60, 8, 0, 3},       // sparse 190, dense 500
		{1024, 1024, 8, 0, 134}, // dense 18·20 + 1024·8 = 8552
		{1024, 1024, 1, 0, 22},
		{0, 0, 8, 6, 0},
	} {
		if got := New("x", compile.Limits{}).RowWords(c.n, c.span, c.weight, c.delay); got != c.words {
			t.Errorf("%+v: %d words", c, got)
		}
	}
}

// TestRowWordsRise: partitioning relies on rows that never shrink.
func TestRowWordsRise(t *testing.T) {
	chip := New("x", compile.Limits{})
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1023).Draw(t, "n")
		span := rapid.IntRange(n, 1023).Draw(t, "span")
		w, d := rapid.IntRange(1, 7).Draw(t, "weight bits"), rapid.IntRange(0, 5).Draw(t, "delay bits")
		words := chip.RowWords(n, span, w, d)
		for _, more := range []int{chip.RowWords(n+1, span+1, w, d), chip.RowWords(n, span+1, w, d), chip.RowWords(n, span, w+1, d), chip.RowWords(n, span, w, d+1)} {
			if more < words {
				t.Fatalf("%d words, then %d", words, more)
			}
		}
	})
}
