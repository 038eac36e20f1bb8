package dataset

import (
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// fold is one of n parts of a set, or all but it.
type fold struct {
	k, n int
	rest bool
}

func parseFold(part string) (f fold, ok bool) {
	part, f.rest = strings.CutPrefix(part, "-")
	k, n, ok := strings.Cut(part, "/")
	if !ok {
		return f, false
	}
	var err1, err2 error
	f.k, err1 = strconv.Atoi(k)
	f.n, err2 = strconv.Atoi(n)
	return f, err1 == nil && err2 == nil
}

func (f fold) of(s Set, ref string) (Set, error) {
	if f.n < 2 || f.k < 0 || f.k >= f.n || s.Len() < f.n {
		return nil, diag.Inputf("no-part", ref, "there is no part %d of %d in %d samples", f.k, f.n, s.Len()).WithFix("parts are numbered 0/N to N-1/N, N from 2 to the number of samples")
	}
	var index []int
	for i := range s.Len() {
		if (i%f.n == f.k) != f.rest {
			index = append(index, i)
		}
	}
	return Subset(s, index), nil
}

// joined is one set after another.
type joined struct {
	Set
	second Set
}

func join(a, b Set) (Set, error) {
	if a.Shape() != b.Shape() || a.Classes() != b.Classes() {
		return nil, diag.Inputf("join", "", "it has inputs %v and %d classes, what comes before it %v and %d", b.Shape(), b.Classes(), a.Shape(), a.Classes()).
			WithFix("join sets of one kind")
	}
	return joined{a, b}, nil
}

func (j joined) Name() string { return j.Set.Name() + "+" + j.second.Name() }
func (j joined) Len() int     { return j.Set.Len() + j.second.Len() }

// at returns the set that sample i is in, and its number there.
func (j joined) at(i int) (Set, int) {
	if n := j.Set.Len(); i >= n {
		return j.second, i - n
	}
	return j.Set, i
}

func (j joined) Label(i int) int {
	s, i := j.at(i)
	return s.Label(i)
}

func (j joined) ID(i int) string {
	s, i := j.at(i)
	return s.ID(i)
}

func (j joined) Events(i int) ([]spike.Event, error) {
	s, i := j.at(i)
	return s.Events(i)
}
