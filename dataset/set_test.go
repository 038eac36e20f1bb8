package dataset

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"pgregory.net/rapid"
)

// wantError checks that err is a *diag.Error with this code and a way out, and
// says each of the words.
func wantError(t *testing.T, err error, code string, words ...string) {
	t.Helper()
	var e *diag.Error
	if !errors.As(err, &e) || e.Code != code || e.Fix == "" {
		t.Fatalf("got error %v, want a %s with a way out", err, code)
	}
	for _, w := range words {
		if !strings.Contains(e.Error(), w) {
			t.Errorf("error %q does not say %q", e, w)
		}
	}
}

// wantEqual checks that two sets have the same recordings.
func wantEqual(t *testing.T, got, want Set) {
	t.Helper()
	if got.Len() != want.Len() || got.Classes() != want.Classes() || got.Shape() != want.Shape() {
		t.Fatalf("%d recordings, %d classes, %v; want %d, %d, %v",
			got.Len(), got.Classes(), got.Shape(), want.Len(), want.Classes(), want.Shape())
	}
	n := 0
	for i := range want.Len() {
		a, err := got.Events(i)
		if err != nil {
			t.Fatal(err)
		}
		b, err := want.Events(i)
		if err != nil {
			t.Fatal(err)
		}
		if got.ID(i) != want.ID(i) || got.Label(i) != want.Label(i) || !slices.Equal(a, b) {
			t.Fatalf("recording %d: id %s, class %d, %d events; want %s, %d, %d",
				i, got.ID(i), got.Label(i), len(a), want.ID(i), want.Label(i), len(b))
		}
		n += len(b)
	}
	if n == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("compared %d recordings, %d events", want.Len(), n)
}

func TestSubset(t *testing.T) {
	s := NewSynth(20, 1)
	sub := Subset(Subset(s, []int{5, 7, 19}), []int{2, 0})
	if sub.Len() != 2 || sub.ID(0) != "19" || sub.ID(1) != "5" || sub.Label(0) != 9 || sub.Classes() != 10 || sub.Shape() != s.Shape() {
		t.Errorf("%d recordings: %s, %s", sub.Len(), sub.ID(0), sub.ID(1))
	}
	a, _ := sub.Events(1)
	b, _ := s.Events(5)
	if !slices.Equal(a, b) {
		t.Error("the events are of another recording")
	}
	defer func() {
		if recover() == nil {
			t.Error("an index outside the set was taken")
		}
	}()
	Subset(s, []int{20})
}

func TestSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 200).Draw(t, "n")
		fraction := rapid.Float64Range(0, 1).Draw(t, "fraction")
		seed := rapid.Uint64().Draw(t, "seed")
		s := NewSynth(n, 1)
		a, b, err := Split(s, fraction, seed)
		if err != nil {
			t.Fatal(err)
		}
		ids := func(s Set) (ids []int) {
			for i := range s.Len() {
				var id int
				fmt.Sscan(s.ID(i), &id)
				ids = append(ids, id)
			}
			return ids
		}
		if !slices.IsSorted(ids(a)) || !slices.IsSorted(ids(b)) {
			t.Fatal("the order changed")
		}
		all := append(ids(a), ids(b)...)
		slices.Sort(all)
		for i, id := range all {
			if i != id {
				t.Fatalf("recording %d is missing or there twice", i)
			}
		}
		if len(all) != n {
			t.Fatalf("%d recordings of %d", len(all), n)
		}
		// Every class is split alike, to within the rounding.
		var have, first [10]int
		for i := range n {
			have[i%10]++
		}
		for i := range a.Len() {
			first[a.Label(i)]++
		}
		for c := range 10 {
			if d := float64(first[c]) - fraction*float64(have[c]); d > 0.5 || d < -0.5 {
				t.Fatalf("class %d: %d of %d for %v", c, first[c], have[c], fraction)
			}
		}
		again, _, _ := Split(s, fraction, seed)
		if !slices.Equal(ids(a), ids(again)) {
			t.Fatal("the same seed gave another split")
		}
	})
}

func TestSplitDependsOnSeed(t *testing.T) {
	s := NewSynth(100, 1)
	a, _, _ := Split(s, 0.5, 1)
	b, _, _ := Split(s, 0.5, 2)
	same := 0
	for i := range a.Len() {
		if a.ID(i) == b.ID(i) {
			same++
		}
	}
	if same == a.Len() {
		t.Error("two seeds gave the same split")
	}
	for _, f := range []float64{-0.1, 1.1, math.NaN()} {
		_, _, err := Split(s, f, 1)
		wantError(t, err, "bad-fraction")
	}
}
