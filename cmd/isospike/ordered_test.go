package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// TestOrdered: items are taken in order; of several errors the first one in order is returned, and all before it are taken, whatever comes first in time.
func TestOrdered(t *testing.T) {
	for _, threads := range []int{1, 2, 7} {
		taken := 0
		err := ordered(t.Context(), threads, 40, func(i int) (int, error) {
			switch {
			case i == 20:
				time.Sleep(20 * time.Millisecond) // later than those behind it
				return 0, errors.New("item 20")
			case i > 20:
				return 0, fmt.Errorf("item %d", i)
			}
			return i * i, nil
		}, func(i, v int) error {
			if i != taken || v != i*i {
				t.Errorf("%d threads: took %d of item %d after %d", threads, v, i, taken)
			}
			taken++
			return nil
		})
		if err == nil || err.Error() != "item 20" || taken != 20 {
			t.Errorf("%d threads: %d taken, %v", threads, taken, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = ordered(ctx, threads, 1000, func(i int) (int, error) { return i, ctx.Err() }, func(i, _ int) error {
			if i == 5 {
				cancel()
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%d threads: %v", threads, err)
		}
		broken := errors.New("cannot take it")
		if err := ordered(t.Context(), threads, 1000, func(i int) (int, error) { return i, nil }, func(i, _ int) error {
			if i == 7 {
				return broken
			}
			return nil
		}); !errors.Is(err, broken) {
			t.Errorf("%d threads: %v", threads, err)
		}
	}
}
