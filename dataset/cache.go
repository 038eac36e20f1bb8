package dataset

import (
	"runtime"

	"github.com/isospike/isospike/snn/spike"
	"golang.org/x/sync/errgroup"
)

// cached holds the events of another set in memory.
type cached struct {
	Set
	events [][]spike.Event
}

// Cache returns s with all its events in memory, 12 bytes each, made on the given
// number of goroutines (0: one a processor). It is for sets whose Events is slow.
func Cache(s Set, threads int) (Set, error) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	c := cached{s, make([][]spike.Event, s.Len())}
	var g errgroup.Group
	g.SetLimit(threads)
	for i := range c.events {
		g.Go(func() (err error) {
			c.events[i], err = s.Events(i)
			return err
		})
	}
	return c, g.Wait()
}

// Events returns the events of sample i, which the caller must not change.
func (c cached) Events(i int) ([]spike.Event, error) { return c.events[i], nil }
