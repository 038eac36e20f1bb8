package compile

import (
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// TestRowStore: what differs in anything but where it lies is another row; a base reaches as far as
// the target's.
func TestRowStore(t *testing.T) {
	base := func() *row {
		return &row{fixed.Mixed, 8, []uint16{5, 7}, []uint8{1, 2}, []uint8{0, 3}, []int8{0, 0}}
	}
	change := func(f func(r *row)) *row { r := base(); f(r); return r }
	s := newRowStore(&Limits{SharedRows: true, MaxBase: 7})
	for i, c := range []struct {
		r      *row
		number int32
		base   uint16
	}{
		{base(), 0, 5},
		{base(), 0, 5},
		{change(func(r *row) { r.target = []uint16{0, 2} }), 0, 0},
		{change(func(r *row) { r.target = []uint16{7, 9} }), 0, 7},
		{change(func(r *row) { r.target = []uint16{8, 10} }), 1, 0}, // as far as base 8 would be
		{change(func(r *row) { r.target = []uint16{15, 17} }), 1, 7},
		{change(func(r *row) { r.target = []uint16{5, 8} }), 2, 5},
		{change(func(r *row) { r.code[1] = 3 }), 3, 5},
		{change(func(r *row) { r.delay[1] = 2 }), 4, 5},
		{change(func(r *row) { r.exp[1] = 1 }), 5, 5},
		{change(func(r *row) { r.mode = fixed.Excitatory }), 6, 5},
		{change(func(r *row) { r.weightBits = 7 }), 7, 5},
		{&row{fixed.Mixed, 8, []uint16{5}, []uint8{1}, []uint8{0}, []int8{0}}, 8, 5},
		{base(), 0, 5},
	} {
		if n, b := s.add(c.r); n != c.number || b != c.base {
			t.Errorf("row %d is number %d with base %d, want %d with %d", i, n, b, c.number, c.base)
		}
	}
	if len(s.rows) != 9 || s.longest != 3 {
		t.Errorf("%d rows, longest delay %d", len(s.rows), s.longest)
	}
	alone := newRowStore(&Limits{})
	for i := range 3 {
		if n, b := alone.add(base()); n != int32(i) || b != 0 {
			t.Errorf("a row that is not shared is number %d with base %d", n, b)
		}
	}
}

// wordy stores every row run-length.
type wordy struct{ l Limits }

func (wordy) Name() string                          { return "wordy" }
func (w wordy) Limits() Limits                      { return w.l }
func (wordy) RowWords(r *RowShape) (int, RowFormat) { return int(r.N) * (1 + r.DelayBits()), RunLength }

// TestStored: rows have their own widths as long as there are formats for them, else all the same.
func TestStored(t *testing.T) {
	var rows []rowHead
	for _, skip := range []int{1, 3, 4, 15, 16, 31} {
		for _, delay := range []uint8{0, 7, 8} {
			h := rowHead{fixed.Mixed, 8, RowShape{WeightBits: 8}}
			h.shape.Add(0, 0, 0)
			h.shape.Add(skip, 0, delay)
			rows = append(rows, h)
		}
	}
	w := wordy{}
	if n := formats(w, rows); n != 4*3 { // distances of 2 to 5 bits; delays of 0, 3 and 6
		t.Errorf("%d formats", n)
	}
	for most, want := range map[int]int{0: 12, 12: 12, 11: 1} {
		got := stored(w, rows, most)
		if n := formats(w, got); n != want {
			t.Errorf("%d formats of %d, want %d", n, most, want)
		}
		if all, longest := words(w, got); want == 1 && (all != 18*2*7 || longest != 14) {
			t.Errorf("%d words, at most %d a row", all, longest)
		}
	}
	if rows[0].shape.Delay != 0 {
		t.Error("the rows themselves changed")
	}
}
