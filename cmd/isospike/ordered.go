package main

import (
	"context"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// ordered computes n items on several goroutines and takes them in order: take
// runs on one goroutine at a time and sees items 0, 1, 2, … At most two items a
// thread are held at once.
func ordered[T any](ctx context.Context, threads, n int, compute func(i int) (T, error), take func(i int, v T) error) error {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan T, 2*threads) // results in the order of the items
	g.Go(func() error {
		defer close(queue)
		work, wctx := errgroup.WithContext(ctx)
		work.SetLimit(threads)
		for i := range n {
			slot := make(chan T, 1)
			select {
			case queue <- slot:
			case <-wctx.Done():
				return work.Wait()
			}
			work.Go(func() error {
				v, err := compute(i)
				if err == nil {
					slot <- v
				}
				return err
			})
		}
		return work.Wait()
	})
	g.Go(func() error {
		i := 0
		for slot := range queue {
			select {
			case v := <-slot:
				if err := take(i, v); err != nil {
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
