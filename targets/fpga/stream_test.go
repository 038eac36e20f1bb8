package fpga_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"pgregory.net/rapid"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/compile/nettest"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// emulated returns a connection to an emulated board, powered up.
func emulated(t testing.TB, b *fpga.Board) *link.Conn {
	host, line := net.Pipe()
	served := make(chan error)
	go func() { served <- link.Serve(context.Background(), line, fpga.NewEmulator(b)) }()
	conn, err := link.Dial(t.Context(), host, link.Options{})
	check(t, err)
	t.Cleanup(func() {
		conn.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return conn
}

// TestStream runs random networks one after the other on one emulated board, and
// compares the spikes with the definition.
func TestStream(t *testing.T) {
	t.Run("one core", func(t *testing.T) { testStream(t, board(t)) })
	t.Run("four cores", func(t *testing.T) { testStream(t, many(t)) })
	t.Run("srm", func(t *testing.T) { testStream(t, named(t, "icebreaker-srm")) })
}

func testStream(t *testing.T, target *fpga.Board) {
	const ticks = 60
	conn := emulated(t, target)
	nets, spikes, values := 0, 0, int64(0)
	rapid.Check(t, func(t *rapid.T) {
		net, p, ok := draw(t, target)
		if !ok {
			return
		}
		stream, err := fpga.NewStream(context.Background(), conn, p)
		check(t, err)
		in := []*spike.Raster{nettest.Raster(t, net.Input.Size(), ticks), nettest.Raster(t, net.Input.Size(), ticks+3), nettest.Raster(t, net.Input.Size(), 7)}
		next := 0
		check(t, stream.RunAll(context.Background(), in, ticks, func(i int, got []fixed.Record) error {
			if i != next {
				t.Fatalf("sample %d after %d", i, next-1)
			}
			next++
			want, err := net.Run(in[i], ticks, false)
			check(t, err)
			d, n, err := sim.FirstDivergence(p, in[i], want, got)
			check(t, err)
			if d != nil {
				t.Fatal(d)
			}
			values += n
			for k := range want {
				spikes += want[k].Spikes.Count()
			}
			return nil
		}))
		if next != len(in) {
			t.Fatalf("%d samples of %d came back", next, len(in))
		}
		nets++
	})
	t.Logf("%d nets: %d values compared, %d spikes", nets, values, spikes)
	if spikes == 0 {
		t.Error("nothing was compared")
	}
	c, err := conn.Counters(t.Context())
	check(t, err)
	if want := uint64(nets * 3 * ticks); c.Ticks != want || c.Spikes < uint64(spikes) || c.Synapses == 0 {
		t.Errorf("%+v after %d ticks", c, want)
	}
}

func TestStreamErrors(t *testing.T) {
	conn := emulated(t, board(t))
	n := &fixed.Network{Input: snn.Flat(2), Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{2, 2},
		WeightBits: 8, Neuron: fixed.CUBA{RefDelay: 1}}}}
	p, err := compile.Compile(n, board(t))
	check(t, err)
	stream, err := fpga.NewStream(t.Context(), conn, p)
	check(t, err)
	outside := spike.NewRaster(2)
	outside.Append(2)
	for name, c := range map[string]struct {
		in    *spike.Raster
		ticks int
	}{"size": {spike.NewRaster(3), 5}, "ticks": {spike.NewRaster(2), -1}, "neuron": {outside, 5}} {
		var e *diag.Error
		if _, err := stream.Run(t.Context(), c.in, c.ticks); !errors.As(err, &e) || e.Code != "raster-size" {
			t.Errorf("%s: %v", name, err)
		}
	}
	in := spike.NewRaster(2)
	in.Append(0, 1)
	recs, err := stream.Run(t.Context(), in, 3)
	check(t, err)
	if recs[0].Spikes.Count() != 3 { // u decays by nothing, and v is above 0 in each tick
		t.Error(recs[0].Spikes)
	}
}

// TestOtherNeurons: a program of one kind of neurons is refused for a board with the other, by the compiler,
// by the host, which asks the board, and by the board.
func TestOtherNeurons(t *testing.T) {
	boards := []*fpga.Board{board(t), named(t, "icebreaker-srm")}
	neurons := []fixed.Neuron{fixed.CUBA{RefDelay: 1}, fixed.SRM{VTh: 1}}
	for i, b := range boards {
		other := boards[1-i]
		net := &fixed.Network{Input: snn.Flat(2), Layers: []fixed.Layer{{Name: "1", In: snn.Flat(2), Out: snn.Flat(1), Weight: []int16{2, 2}, WeightBits: 8, Neuron: neurons[i]}}}
		p, err := compile.Compile(net, b)
		check(t, err)
		var e *diag.Error
		if _, err := compile.Compile(net, other); !errors.As(err, &e) || e.Kind != diag.Limit || e.Layer != "1" {
			t.Error(err)
		}
		conn := emulated(t, other)
		if _, err := fpga.NewStream(t.Context(), conn, p); !errors.As(err, &e) || e.Code != "board-neurons" || e.Kind != diag.Limit {
			t.Error(err)
		}
		image, err := fpga.Encode(p)
		check(t, err)
		image[0][fpga.Profiles] = image[0][fpga.Profiles][:8] // as much as both have
		if err := conn.Load(t.Context(), image.Parts(conn.Info())); !errors.As(err, &e) || e.Kind != diag.Link {
			t.Error(err)
		}
	}
}

// TestStatesAtRest: neurons that have seen no tick are at rest, whatever their bias.
func TestStatesAtRest(t *testing.T) {
	b := named(t, "icebreaker-srm")
	p, err := compile.Compile(&fixed.Network{Input: snn.Flat(1), Layers: []fixed.Layer{{Name: "1", In: snn.Flat(1), Out: snn.Flat(1), Weight: []int16{2}, WeightBits: 8,
		Neuron: fixed.SRM{VTh: 100}, BiasMant: []int16{-7}, BiasExp: 2}}}, b)
	check(t, err)
	stream, err := fpga.NewStream(t.Context(), emulated(t, b), p)
	check(t, err)
	for ticks, want := range []int32{0, -28} {
		if ticks > 0 {
			_, err := stream.Run(t.Context(), spike.NewRaster(1), ticks)
			check(t, err)
		}
		got, err := stream.States(t.Context())
		check(t, err)
		if got[0][0] != (fixed.State{V: want}) {
			t.Errorf("after %d ticks %+v", ticks, got[0][0])
		}
	}
}

// TestBadTables: a board with tables that make no sense refuses to run.
func TestBadTables(t *testing.T) {
	conn := emulated(t, board(t))
	err := conn.Load(t.Context(), []link.Region{{ID: int(fpga.Config), Data: []byte{1, 0, 0, 9}}})
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != diag.Link {
		t.Error(err)
	}
}
