package main

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// ordered computes n items on several goroutines and takes them in order: take
// runs on one goroutine at a time and sees items 0, 1, 2, … At most two items a
// thread are held at once. The error is that of the first item that has one, and
// all before it are taken, at any number of threads.
func ordered[T any](ctx context.Context, threads, n int, compute func(i int) (T, error), take func(i int, v T) error) error {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	type result struct {
		v   T
		err error
	}
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan result, 2*threads) // results in the order of the items
	g.Go(func() error {
		defer close(queue)
		var work errgroup.Group
		work.SetLimit(threads)
		for i := range n {
			slot := make(chan result, 1)
			select {
			case queue <- slot:
			case <-ctx.Done():
				_ = work.Wait() // no function of it returns an error
				return ctx.Err()
			}
			work.Go(func() error {
				v, err := compute(i)
				slot <- result{v, err}
				return nil
			})
		}
		return work.Wait()
	})
	g.Go(func() error {
		i := 0
		for slot := range queue {
			select {
			case r := <-slot:
				if r.err != nil {
					return r.err
				}
				if err := take(i, r.v); err != nil {
					return err
				}
				i++
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return g.Wait()
}
