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
