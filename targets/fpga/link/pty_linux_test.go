package link

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// emulate serves f on a pseudo-terminal and returns its path and a way to stop it.
func emulate(t testing.TB, f *fake) (path string, stop func()) {
	line, path, err := OpenPTY()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- Serve(ctx, line, f) }()
	return path, func() {
		cancel()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(5 * time.Second):
			t.Error("Serve does not stop")
		}
	}
}

// TestPseudoTerminal: the whole road over a real serial port of the operating system, with a
// host that comes, goes in the middle, and comes again.
func TestPseudoTerminal(t *testing.T) {
	f := newFake(256, 290, 2048, 4096, 20000)
	rng := rand.New(rand.NewPCG(1, 1))
	image := f.image(rng)
	path, stop := emulate(t, f)
	defer stop()
	ctx := context.Background()
	for visit := range 3 {
		port, err := Open(path, 3000000)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Dial(ctx, port, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Load(ctx, image); err != nil {
			t.Fatal(err)
		}
		in := sample(rng, 290, 100, 0.08)
		if visit == 1 { // leave with frames under way
			short, cancel := context.WithCancel(ctx)
			time.AfterFunc(3*time.Millisecond, cancel)
			_, err := c.Run(short, sample(rng, 290, 20000, 0.08), 20000)
			wantCode(t, err, diag.Interrupted, "interrupted")
			c.Close()
			continue
		}
		out, err := c.Run(ctx, in, 110)
		if err != nil {
			t.Fatal(err)
		}
		if !out.Equal(f.direct(image, in, 110)) {
			t.Error("wrong result")
		}
		if s := c.Stats(); s.BadIn+s.BadOut > 0 && visit == 0 {
			t.Errorf("damaged frames on a pseudo-terminal: %+v", s)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestEmulatorGoes: the board's side closes while the host works.
func TestEmulatorGoes(t *testing.T) {
	f := newFake(256, 290, 2048, 4096)
	image := f.image(rand.New(rand.NewPCG(1, 1)))
	path, stop := emulate(t, f)
	port, err := Open(path, 115200)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	c, err := Dial(ctx, port, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Load(ctx, image); err != nil {
		t.Fatal(err)
	}
	stop()
	_, err = c.Run(ctx, spike.NewRaster(290), 10)
	wantCode(t, err, diag.Link, "port-closed")
}

func TestOpenErrors(t *testing.T) {
	for _, name := range []string{"/dev/no-such-port", "/dev/null", t.TempDir()} {
		_, err := Open(name, 115200)
		wantCode(t, err, diag.Link, "port-open")
	}
}

// BenchmarkPseudoTerminal is the speed of the code itself: no line rate, no computing.
func BenchmarkPseudoTerminal(b *testing.B) {
	f := newFake(10, 290, 65536, 128<<10)
	rng := rand.New(rand.NewPCG(1, 1))
	image := f.image(rng)
	path, stop := emulate(b, f)
	defer stop()
	port, err := Open(path, 3000000)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	c, err := Dial(ctx, port, Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Load(ctx, image); err != nil {
		b.Fatal(err)
	}
	in := []*spike.Raster{sample(rng, 290, 300, 0.08)}
	for range 9 {
		in = append(in, in[0])
	}
	before := c.Stats()
	b.ResetTimer()
	for b.Loop() {
		if err := c.RunAll(ctx, in, 300, func(int, *spike.Raster) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	s := c.Stats()
	b.ReportMetric(float64(10*b.N)/b.Elapsed().Seconds(), "samples/s")
	b.ReportMetric(float64(s.BytesOut-before.BytesOut)/1e6/b.Elapsed().Seconds(), "MB/s")
}
