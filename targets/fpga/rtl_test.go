package fpga_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/internal/tool"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
	"github.com/isospike/isospike/targets/fpga/rtl"
)

// divider of the simulated serial line: the fewest clocks a bit are the fastest.
const divider = 4

// inVerilog serves a board's Verilog on a pseudo-terminal, as `board emulate --rtl` does, and returns a
// connection to it through the port.
func inVerilog(t *testing.T, b *fpga.Board) *link.Conn {
	tool.Path(t, "verilator")
	design, err := b.Design(divider)
	check(t, err)
	program, err := rtl.Verilate(t.Context(), design, nil)
	check(t, err)
	line, path, err := link.OpenPTY()
	check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- rtl.Serve(ctx, program, divider, line) }()
	port, err := link.Open(path, b.Baud)
	check(t, err)
	conn, err := link.Dial(t.Context(), port, link.Options{Timeout: 5 * time.Second})
	check(t, err)
	t.Cleanup(func() {
		conn.Close()
		stop()
		line.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	build, err := design.Build()
	check(t, err)
	want := b.Info()
	want.Build = build
	if d := cmp.Diff(want, conn.Info()); d != "" {
		t.Errorf("the board's description of itself, -want +got:\n%s", d)
	}
	return conn
}

// TestDesign: memories are powers of two, whatever the limits, and the Verilog has the sizes that Info says.
// The delay ring finds an axon's bit at the number of its slot and that of the axon, side by side.
func TestDesign(t *testing.T) {
	for _, axons := range []int{1, 8, 17, 300, 512} {
		x, err := targets.Parse("odd", fmt.Appendf(nil, "inherits = \"icebreaker\"\n[limits]\naxons_in = %d\nsynapse_words = 5000\naxons_out = 100\nneurons = 100", axons))
		check(t, err)
		b := x.(*fpga.Board)
		d, err := b.Design(0)
		check(t, err)
		i := b.Info()
		want := map[string]int{"AXONS": i.Axons, "SYNAPSES": i.Synapses, "NEURONS": i.Neurons}
		for name, n := range want {
			if d.Parameters[name] != strconv.Itoa(n) {
				t.Errorf("%d axons: %s is %s, INFO has %d", axons, name, d.Parameters[name], n)
			}
		}
		if i.Axons < axons || i.Axons < 32 || i.Axons&(i.Axons-1) != 0 || 4*i.Axons != i.Regions[fpga.Axons] {
			t.Errorf("%d axons: %d in the Verilog, %d bytes of memory", axons, i.Axons, i.Regions[fpga.Axons])
		}
	}
}

// TestVerilog runs random networks, one after the other, on the Verilog of boards behind their
// serial pins, and compares every spike of every tick and the state of every neuron after the last
// with the simulator, and the spikes with the definition.
func TestVerilog(t *testing.T) {
	const ticks = 200
	small := func(name, limits string) *fpga.Board {
		x, err := targets.Parse(name, []byte("inherits = \"icebreaker\"\n"+limits))
		check(t, err)
		return x.(*fpga.Board)
	}
	for _, v := range []struct {
		*fpga.Board
		nets int
	}{
		{board(t), 60},
		{named(t, "icebreaker-srm"), 30},
		{small("four", "[limits]\ncores_per_chip = 4\nneurons = 16\naxons_in = 100\nsynapse_words = 4000\n[board]\nspram = false\nserial_decay = true"), 30},
	} {
		b := v.Board
		t.Run(b.Name(), func(t *testing.T) {
			t.Parallel()
			conn := inVerilog(t, b)
			compared, cores, spikes, values, states := 0, 0, 0, int64(0), 0
			rapid.Check(t, func(t *rapid.T) {
				if compared == v.nets {
					return
				}
				net, p, ok := draw(t, b)
				if !ok {
					t.SkipNow()
				}
				stream, err := fpga.NewStream(context.Background(), conn, p)
				check(t, err)
				in := nettest.Raster(t, net.Input.Size(), ticks)
				got, err := stream.Run(context.Background(), in, ticks)
				check(t, err)
				want, err := net.Run(in, ticks, false)
				check(t, err)
				d, n, err := sim.FirstDivergence(p, in, want, got)
				check(t, err)
				if d != nil {
					t.Fatal(d)
				}
				states += compareStates(t, stream, p, in, ticks)
				values += n
				for k := range want {
					spikes += want[k].Spikes.Count()
				}
				compared++
				cores += len(p.Cores)
			})
			t.Logf("compared %d nets on %d cores: %d values, %d spikes, %d states", compared, cores, values, spikes, states)
			if compared < v.nets || spikes == 0 || states == 0 || b.Info().Cores > 1 && cores < 3*compared/2 {
				t.Error("too little was compared")
			}
		})
	}
}

// compareStates compares the state in which a board ended a run with the simulator's, and returns how
// many neurons there were.
func compareStates(t *rapid.T, stream *fpga.Stream, p *compile.Program, in *spike.Raster, ticks int) (n int) {
	got, err := stream.States(context.Background())
	check(t, err)
	m, err := sim.New(p)
	check(t, err)
	_, err = m.Run(context.Background(), in, ticks, sim.Options{})
	check(t, err)
	for c := range got {
		for k, s := range got[c] {
			if want := m.State(c, k); s != want {
				t.Fatalf("core %d neuron %d: state %+v, want %+v", c, k, s, want)
			}
			n++
		}
	}
	return n
}
