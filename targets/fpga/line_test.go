package fpga_test

import (
	"context"
	"encoding/binary"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

var wholeLine = flag.Bool("line", false, "load a full board and run more, also without a bridge and with a faster one")

// sliceBytes is how often host and Verilog look at each other: once in so many bytes of the line.
const sliceBytes = 8

// A timedLine is a host's port to a board's Verilog behind an FTDI bridge, in the virtual time of
// a synctest bubble: so many clocks of the board are as long as they are on its FPGA. The bridge
// takes what the host writes at once, and hands over what the board sent 62 bytes at a time or
// after its latency timer.
type timedLine struct {
	clocks  int           // of the board in a slice
	slice   time.Duration // that they take
	latency time.Duration

	sim io.WriteCloser
	out io.Reader

	mu   sync.Mutex
	down []byte // not yet on the line
	held []byte // not yet handed over
	up   []byte
	more chan struct{} // something came up
	quit chan struct{}
	done chan struct{}
}

// connect powers a board up, of which program is the simulation, and returns its line.
func connect(t *testing.T, program string, b *fpga.Board, latency time.Duration) *timedLine {
	divider := b.CoreHz / b.Baud
	cmd := exec.Command(program, "script", strconv.Itoa(divider), "1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	check(t, err)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	l := &timedLine{clocks: sliceBytes * 10 * divider, slice: time.Second * 10 * sliceBytes / time.Duration(b.Baud), latency: latency,
		sim: in, out: out, more: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(l.done)
		if err := l.work(); err != nil {
			t.Error(err)
		}
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}()
	return l
}

// request does one request of rtl/sim/board.cpp.
func (l *timedLine) request(op byte, n int, items []byte) (sent []byte, idle bool, err error) {
	if _, err := l.sim.Write(append(binary.LittleEndian.AppendUint32([]byte{op}, uint32(n)), items...)); err != nil {
		return nil, false, err
	}
	var size [4]byte
	if _, err := io.ReadFull(l.out, size[:]); err != nil {
		return nil, false, err
	}
	sent = make([]byte, binary.LittleEndian.Uint32(size[:])+1)
	_, err = io.ReadFull(l.out, sent)
	last := len(sent) - 1
	return sent[:last], sent[last] == 1, err
}

// work runs the board, slice by slice, until the port is closed. Its clock stands still while it
// has nothing to do.
func (l *timedLine) work() error {
	idle := false
	var since time.Time // what is held came first
	for {
		select {
		case <-l.quit:
			return nil
		case <-time.After(l.slice):
		}
		l.mu.Lock()
		down := l.down
		l.down = nil
		l.mu.Unlock()
		if len(down) > 0 {
			var items []byte
			for _, b := range down {
				items = append(items, b, 0)
			}
			if _, _, err := l.request('Q', len(down), items); err != nil {
				return err
			}
			idle = false
		}
		var sent []byte
		var err error
		if !idle {
			if sent, idle, err = l.request('C', l.clocks, nil); err != nil {
				return err
			}
		}
		l.mu.Lock()
		if len(l.held) == 0 {
			since = time.Now()
		}
		l.held = append(l.held, sent...)
		n := len(l.held) / 62 * 62
		if time.Since(since) >= l.latency {
			n = len(l.held)
		}
		if n > 0 {
			l.up, l.held, since = append(l.up, l.held[:n]...), append([]byte(nil), l.held[n:]...), time.Now()
			select {
			case l.more <- struct{}{}:
			default:
			}
		}
		l.mu.Unlock()
	}
}

func (l *timedLine) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = append(l.down, p...)
	return len(p), nil
}

func (l *timedLine) Read(p []byte) (int, error) {
	for {
		l.mu.Lock()
		n := copy(p, l.up)
		l.up = l.up[n:]
		l.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-l.more:
		case <-l.quit:
			return 0, io.ErrClosedPipe
		}
	}
}

func (l *timedLine) Close() error {
	close(l.quit)
	<-l.done
	return nil
}

// dense returns a network of two dense layers with random weights.
func dense(r *rand.Rand, inputs, hidden, outputs int) *fixed.Network {
	net := &fixed.Network{Input: snn.Flat(inputs), Convention: fixed.Immediate, Layers: []fixed.Layer{
		{Name: "1", In: snn.Flat(inputs), Out: snn.Flat(hidden), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 2048, VDecay: 512, VTh: 900, RefDelay: 1}},
		{Name: "2", In: snn.Flat(hidden), Out: snn.Flat(outputs), WeightBits: 8, Neuron: fixed.CUBA{IDecay: 2048, VDecay: 512, VTh: 300, RefDelay: 1}},
	}}
	for k := range net.Layers {
		l := &net.Layers[k]
		l.Weight = make([]int16, l.Weights())
		for i := range l.Weight {
			l.Weight[i] = int16(2 * (r.IntN(100) - 53))
		}
	}
	return net
}

// TestVerilogLine: at the line's rate and the core's clock of the iCEBreaker, in simulated time, how
// much of the line it takes to load a program and to run one of the demo's size. A run is bounded by
// the slowest of line out, line in and core.
func TestVerilogLine(t *testing.T) {
	tool.Path(t, "verilator")
	const inputs, ticks, density = 290, 300, 0.08
	b := board(t)
	design, err := b.Design(b.CoreHz / b.Baud)
	check(t, err)
	program, err := rtl.Verilate(t.Context(), design, nil)
	check(t, err)
	r := rand.New(rand.NewPCG(1, 2))
	p, err := compile.Compile(dense(r, inputs, 128, 10), b)
	check(t, err)
	m, err := sim.New(p)
	check(t, err)
	full, samples := p, 3
	if *wholeLine {
		one := dense(r, b.Limits().AxonsIn, b.Limits().Neurons, 1)
		one.Layers = one.Layers[:1]
		full, err = compile.Compile(one, b)
		check(t, err)
		samples = 8
	}
	var in []*spike.Raster
	for range samples {
		s := spike.NewRaster(inputs)
		for range ticks {
			var at []int32
			for i := range int32(inputs) {
				if r.Float64() < density {
					at = append(at, i)
				}
			}
			s.Append(at...)
		}
		in = append(in, s)
	}
	perByte := time.Second * 10 / time.Duration(b.Baud)
	for _, x := range []struct {
		name      string
		latency   time.Duration
		load, run float64 // least shares of the line, and of the bound
	}{{"16 ms", 16 * time.Millisecond, 0.4, 0.6}, {"1 ms", time.Millisecond, 0.6, 0.9}, {"no bridge", 0, 0.6, 0.95}} {
		if x.latency < 16*time.Millisecond && !*wholeLine {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			ctx := context.Background()
			var loaded int
			conn, err := link.Dial(ctx, connect(t, program, b, x.latency), link.Options{Progress: func(_, total int) { loaded = total }})
			check(t, err)
			defer conn.Close()
			begin := time.Now()
			stream, err := fpga.NewStream(ctx, conn, full)
			check(t, err)
			load, size := time.Since(begin), loaded
			loadShare := float64(size) * perByte.Seconds() / load.Seconds()
			if *wholeLine {
				stream, err = fpga.NewStream(ctx, conn, p)
				check(t, err)
			}
			before, clocks := conn.Stats(), cycles(t, conn)
			spikes := 0
			begin = time.Now()
			check(t, stream.RunAll(ctx, in, ticks, func(i int, got []fixed.Record) error {
				want, err := m.Run(ctx, in[i], ticks, sim.Options{})
				check(t, err)
				d, _, err := sim.FirstDivergence(p, in[i], want.Layers, got)
				check(t, err)
				if d != nil {
					t.Fatal(d)
				}
				for _, l := range got {
					spikes += l.Spikes.Count()
				}
				return nil
			}))
			run, after := time.Since(begin), conn.Stats()
			core := time.Duration(cycles(t, conn)-clocks) * time.Second / time.Duration(b.CoreHz)
			out, up := time.Duration(after.BytesOut-before.BytesOut)*perByte, time.Duration(after.BytesIn-before.BytesIn)*perByte
			runShare := max(out, up, core).Seconds() / run.Seconds()
			t.Logf("timer %-9s %6d bytes loaded in %3d ms, %2.0f %% of the line; run %4.1f samples/s, %3.0f %% of the bound: line out %d ms, in %d, core %d of %d; compared %d spikes",
				x.name, size, load.Milliseconds(), 100*loadShare, float64(samples)/run.Seconds(), 100*runShare,
				out.Milliseconds(), up.Milliseconds(), core.Milliseconds(), run.Milliseconds(), spikes)
			if loadShare < x.load || runShare < x.run || spikes == 0 {
				t.Errorf("timer %s: the line is idle, or nothing was compared", x.name)
			}
		})
	}
}

// cycles returns the clocks that the board's core has taken for its ticks.
func cycles(t *testing.T, conn *link.Conn) uint64 {
	c, err := conn.Counters(context.Background())
	check(t, err)
	return c.Cycles
}
