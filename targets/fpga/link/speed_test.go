package link

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// frameBuffer lets a board compute while its UART sends the last frame, as the
// Verilog does with its one transmit buffer.
type frameBuffer struct {
	*end
	next chan []byte
}

func (f *frameBuffer) Write(p []byte) (int, error) {
	f.next <- append([]byte(nil), p...)
	return len(p), nil
}

// A lineModel is a board behind an FTDI chip, in virtual time.
type lineModel struct {
	baud    int
	latency time.Duration // FTDI's timer for packets that are not full
	tick    time.Duration // that the board computes for one tick
	window  int           // Options.Window
	out     int           // output buffer, bytes
	density float64       // of the output
	flip    float64       // share of bytes damaged, each way
}

// measure loads 128 KiB and runs 40 samples of 300 ticks with 290 inputs at 8 %, and returns the
// time of each part and the bytes that went each way during the runs.
func (l lineModel) measure(t *testing.T) (load, run time.Duration, stats Stats) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 3))
		m := newFake(256, 290, l.out, 128<<10)
		m.info.RxBuffer, m.info.MaxPayload = rtl.RxBuffer, rtl.MaxPayload
		m.density, m.work = l.density, l.tick
		b := &board{down: newWire(), up: newWire()}
		perByte := time.Second * 10 / time.Duration(l.baud)
		b.down.perByte, b.down.depth = perByte, m.info.RxBuffer
		b.up.perByte, b.up.latency = perByte, l.latency
		b.down.faults = &faults{rng: rng, flip: l.flip}
		b.up.faults = &faults{rng: rand.New(rand.NewPCG(4, 4)), flip: l.flip}
		ctx, stop := context.WithCancel(t.Context())
		f := &frameBuffer{newEnd(b.down, b.up), make(chan []byte)}
		go func() {
			for p := range f.next {
				b.up.write(p)
			}
		}()
		served := make(chan error)
		go func() { served <- Serve(ctx, f, m) }()
		c, err := Dial(ctx, newEnd(b.up, b.down), Options{Window: l.window})
		if err != nil {
			t.Fatal(err)
		}
		image := m.image(rng)
		begin := time.Now()
		if err := c.Load(ctx, image); err != nil {
			t.Fatal(err)
		}
		load = time.Since(begin)
		var in []*spike.Raster
		for range 40 {
			in = append(in, sample(rng, 290, 300, 0.08))
		}
		before := c.Stats()
		begin = time.Now()
		if err := c.RunAll(ctx, in, 300, func(i int, out *spike.Raster) error {
			if i == 7 && !out.Equal(m.direct(image, in[i], 300)) {
				return fmt.Errorf("sample %d is wrong", i)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		run = time.Since(begin)
		stats = c.Stats()
		stats.BytesIn -= before.BytesIn
		stats.BytesOut -= before.BytesOut
		c.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		close(f.next)
	})
	return load, run, stats
}

// TestLineBoundsThroughput: at 3 Mbaud behind FTDI's 16 ms timer, the slowest of line out,
// line in and board sets the pace, not the round trip.
func TestLineBoundsThroughput(t *testing.T) {
	const usb = 16 * time.Millisecond
	for _, m := range []struct {
		name string
		lineModel
		load, run float64 // least share of the line, and of the bound, that is reached
	}{
		{"outputs of a classifier", lineModel{3000000, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.002, 0}, 0.65, 0.85},
		{"256 neurons at 10 %", lineModel{3000000, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.1, 0}, 0.65, 0.9},
		{"256 neurons at 20 %", lineModel{3000000, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.2, 0}, 0.65, 0.9},
		{"the same, 8 KiB to hold it", lineModel{3000000, usb, 107 * time.Microsecond, 0, 8192, 0.2, 0}, 0.65, 0.9},
		{"a slow board", lineModel{3000000, usb, 256 * time.Microsecond, 0, rtl.OutBuffer, 0.1, 0}, 0.65, 0.9},
		{"115200 baud", lineModel{115200, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.1, 0}, 0.65, 0.9},
		{"1 byte in 100000 damaged", lineModel{3000000, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.1, 1e-5}, 0.55, 0.6},
		{"1 byte in 10000 damaged", lineModel{3000000, usb, 107 * time.Microsecond, 0, rtl.OutBuffer, 0.1, 1e-4}, 0.2, 0.2},
		{"stop and wait", lineModel{3000000, usb, 107 * time.Microsecond, 1, rtl.OutBuffer, 0.1, 0}, 0, 0},
	} {
		load, run, s := m.measure(t)
		perByte := time.Second * 10 / time.Duration(m.baud)
		bound := max(time.Duration(s.BytesOut)*perByte, time.Duration(s.BytesIn)*perByte, 12000*m.tick)
		loadShare := float64(128<<10) * perByte.Seconds() / load.Seconds()
		runShare := bound.Seconds() / run.Seconds()
		t.Logf("%-30s load %4.0f kB/s, %3.0f %% of the line; run %5.1f samples/s, %3.0f %% of the bound; %d busy, %d resent",
			m.name, 128*1.024/load.Seconds(), 100*loadShare, 40/run.Seconds(), 100*runShare, s.Busy, s.Resent)
		if loadShare < m.load || runShare < m.run {
			t.Errorf("%s: the line is idle", m.name)
		}
	}
}

// TestWindow: what is under way to a board that is stuck in its first tick fills its receive buffer
// but for a command, and leaves room for the POLL that asks where it is.
func TestWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 3))
		m := newFake(256, 290, rtl.OutBuffer, 4096)
		m.info.RxBuffer, m.info.MaxPayload, m.density = rtl.RxBuffer, rtl.MaxPayload, 0.002
		b := &board{down: newWire(), up: newWire()}
		var seen atomic.Int64
		b.down.onSeen = func(n int) { seen.Store(int64(n)) }
		b.boot(m)
		defer b.halt()
		c, err := Dial(t.Context(), newEnd(b.up, b.down), Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.Load(t.Context(), m.image(rng)); err != nil {
			t.Fatal(err)
		}
		reset := seen.Load() + overhead // which is executed
		most := int64(0)
		for range 20 { // whose commands differ in length
			waited := false
			m.onStep = func() {
				if !waited {
					waited = true
					time.Sleep(700 * time.Millisecond)
					most = max(most, seen.Load()-reset)
				}
			}
			if _, err := c.Run(t.Context(), sample(rng, 290, 300, 0.08), 300); err != nil {
				t.Fatal(err)
			}
			reset = seen.Load() + overhead
		}
		if most > rtl.RxBuffer || most < rtl.RxBuffer-150 || c.Stats().Polls == 0 {
			t.Errorf("%d bytes were under way to a buffer of %d, %d POLLs", most, rtl.RxBuffer, c.Stats().Polls)
		}
	})
}
