package fpga

import (
	"context"
	"fmt"
	"slices"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/targets/fpga/link"
)

// Stream runs samples of a program on the board behind a link.
type Stream struct {
	conn  *link.Conn
	p     *compile.Program
	home  [][2]int32  // by board neuron: layer and neuron in it; no layer is −1
	axons int         // board ids that a core's axons take
	kind  *neuronKind // of the neurons
	ran   bool        // the states are not those of rest
}

// NewStream loads p, which must have passed compile.Verify for the board, into
// the board's memories. Errors: Encode's, and those of link.Conn.Load.
func NewStream(ctx context.Context, conn *link.Conn, p *compile.Program) (*Stream, error) {
	m, err := Encode(p)
	if err != nil {
		return nil, err
	}
	kind, info := encodable(p), conn.Info()
	if err := kind.onBoard(ctx, conn); err != nil {
		return nil, err
	}
	if err := conn.Load(ctx, m.Parts(info)); err != nil {
		return nil, err
	}
	cores := max(info.Cores, 1)
	neurons := info.Neurons / cores
	s := &Stream{conn: conn, p: p, home: make([][2]int32, len(p.Cores)*neurons), axons: info.Axons / cores, kind: kind}
	for n := range s.home {
		s.home[n][0] = -1
	}
	for k := range p.Layers {
		for o, h := range p.Layers[k].Home {
			s.home[int(h.Core)*neurons+int(h.Neuron)] = [2]int32{int32(k), int32(o)}
		}
	}
	return s, nil
}

// Run runs one input raster for ticks ticks and returns the spikes of every
// layer as fixed.Network.Run does, without states: those of the last tick are what
// States reads.
func (s *Stream) Run(ctx context.Context, in *spike.Raster, ticks int) ([]fixed.Record, error) {
	var recs []fixed.Record
	err := s.RunAll(ctx, []*spike.Raster{in}, ticks, func(_ int, r []fixed.Record) error {
		recs = r
		return nil
	})
	return recs, err
}

// RunAll runs many like Run without a pause between them, and calls got with the
// records of each, in order. An error of got ends the connection.
func (s *Stream) RunAll(ctx context.Context, in []*spike.Raster, ticks int, got func(i int, recs []fixed.Record) error) error {
	s.ran = true
	events := make([]*spike.Raster, len(in))
	for i, r := range in {
		var err error
		if events[i], err = s.events(r, ticks); err != nil {
			return err
		}
	}
	return s.conn.RunAll(ctx, events, ticks, func(i int, out *spike.Raster) error {
		recs, err := s.records(out)
		if err != nil {
			return err
		}
		return got(i, recs)
	})
}

// States returns the state of every neuron after the last tick of the last run, by core
// and neuron: u, v and the refractory counter.
func (s *Stream) States(ctx context.Context) ([][]fixed.State, error) {
	all := make([][]fixed.State, len(s.p.Cores))
	for c := range all {
		core := &s.p.Cores[c]
		all[c] = make([]fixed.State, len(core.Profile))
		var m Memory
		m[State] = make([]byte, len(all[c])*s.kind.words*State.WordBits()/8)
		if err := s.conn.Read(ctx, c*int(RegionCount)+int(State), 0, m[State]); err != nil {
			return nil, err
		}
		for n := range all[c] {
			w, err := m.words(State, n*s.kind.words, s.kind.words)
			if err != nil {
				return nil, err
			}
			if s.ran {
				all[c][n] = s.kind.unstate(w, fixed.Shift(int64(core.Bias[n]), core.Profiles[core.Profile[n]].BiasExp))
			}
		}
	}
	return all, nil
}

// events returns the axon events of an input raster: the spike of column t
// over a route of delay d is delivered in tick t + InputLatency + d. The board
// knows neither latency nor input delays.
func (s *Stream) events(in *spike.Raster, ticks int) (*spike.Raster, error) {
	if in.Neurons != len(s.p.InputStart)-1 || ticks < 0 {
		return nil, diag.Inputf("raster-size", "", "the input raster has %d neurons and the program takes %d, for %d ticks",
			in.Neurons, len(s.p.InputStart)-1, ticks)
	}
	var tick, axon []int32
	for t := range min(in.Ticks(), ticks) {
		for _, i := range in.At(t) {
			if i < 0 || int(i) >= in.Neurons {
				return nil, diag.Inputf("raster-size", "", "the input raster has a spike of neuron %d of %d in column %d", i, in.Neurons, t)
			}
			for _, r := range s.p.InputRoute[s.p.InputStart[i]:s.p.InputStart[i+1]] {
				if at := t + s.p.Convention.InputLatency + int(r.Delay); at < ticks {
					tick, axon = append(tick, int32(at)), append(axon, int32(r.Core)*int32(s.axons)+int32(r.Axon))
				}
			}
		}
	}
	return spike.FromPairs(s.conn.Info().Axons, ticks, tick, axon)
}

// records sorts the board's spikes by layer.
func (s *Stream) records(out *spike.Raster) ([]fixed.Record, error) {
	recs := make([]fixed.Record, len(s.p.Layers))
	spikes := make([][]int32, len(recs))
	for k := range recs {
		recs[k].Spikes = spike.NewRaster(len(s.p.Layers[k].Home))
	}
	flush := func() {
		for k := range recs {
			if recs[k].Spikes.Ticks() < out.Ticks() {
				slices.Sort(spikes[k])
				recs[k].Spikes.Append(spikes[k]...)
			}
			spikes[k] = spikes[k][:0]
		}
	}
	for range s.p.Convention.SpikeLag {
		flush()
	}
	for t := range out.Ticks() {
		for _, n := range out.At(t) {
			if int(n) >= len(s.home) || s.home[n][0] < 0 {
				return nil, &diag.Error{Kind: diag.Link, Code: "board-neuron",
					Msg: fmt.Sprintf("the board says that its neuron %d spiked; the program has none of that number", n),
					Fix: "flash the board's bitstream again"}
			}
			h := s.home[n]
			spikes[h[0]] = append(spikes[h[0]], h[1])
		}
		flush()
	}
	return recs, nil
}
