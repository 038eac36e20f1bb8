package gold

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// planes reads an array (x, y, channel, tick) from its tick first on as values by neuron and
// tick, and says the shape of the population and its ticks.
func (s set) planes(name string, first int) (values []int64, shape snn.Shape, ticks int) {
	s.t.Helper()
	d := s.shape(name)
	all := turnedIn(s.ints(name), d)
	ticks = d[3] - first
	for o := range len(all) / d[3] {
		values = append(values, all[o*d[3]+first:(o+1)*d[3]]...)
	}
	return values, snn.Shape{W: d[0], H: d[1], C: d[2]}, ticks
}

// population reads an array whose last axis is time: neurons × ticks, or (x, y, channel, tick).
func (s set) population(name string) (values []int64, ticks int) {
	s.t.Helper()
	d := s.shape(name)
	if len(d) == 4 {
		values, _, ticks = s.planes(name, 0)
		return values, ticks
	}
	return s.ints(name), d[len(d)-1]
}

// messages makes a raster of graded spikes of values by neuron and tick.
func messages(t *testing.T, values []int64, ticks int) *spike.Raster {
	t.Helper()
	v := make([]int32, len(values))
	for i := range v {
		v[i] = int32(values[i])
	}
	r, err := spike.FromValues(len(v)/ticks, ticks, v)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sent returns what a raster carries by neuron and tick, from tick first to, but not including, to.
func sent(r *spike.Raster, first, to int) []int64 {
	v := make([]int64, r.Neurons*(to-first))
	for t := first; t < to; t++ {
		carries := r.Messages(t)
		for i, o := range r.At(t) {
			m := int64(1)
			if carries != nil {
				m = int64(carries[i])
			}
			v[int(o)*(to-first)+t-first] = m
		}
	}
	return v
}

func lavaNet(t *testing.T, elem ...string) *fixed.Network {
	t.Helper()
	l, err := interop.ReadLavaNet(shared.Dir(t, append([]string{"gold"}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	n, notes, err := l.Fixed()
	if err != nil {
		t.Fatal(err)
	}
	for _, note := range notes {
		t.Log(note)
	}
	return n
}

// TestTinyNet runs lava-dl's tiny.net in the three ways in which it was recorded.
func TestTinyNet(t *testing.T) {
	s, whole := open(t, "tinynet", "data.npz"), lavaNet(t, "tinynet", "tiny.net")
	part := func(k int) *fixed.Network {
		n := *whole
		n.Input, n.Layers = n.Layers[k].In, n.Layers[k:k+1]
		return &n
	}
	constant := func(ticks int) *spike.Raster {
		bias := s.shape("input_bias")
		var v []int64
		for _, x := range turnedIn(s.ints("input_bias"), append(bias, 1)) {
			for range ticks {
				v = append(v, x)
			}
		}
		return messages(t, v, ticks)
	}
	t.Run("input", func(t *testing.T) {
		c := compare(t)
		want, _, ticks := s.planes("input", 1)
		for name, recs := range executors(t, part(0), constant(ticks), ticks) {
			c.values(name+" spikes", sent(recs[0].Spikes, 0, ticks), want)
		}
	})
	t.Run("conv", func(t *testing.T) {
		c, n := compare(t), part(1)
		// The recording begins with tick 1, from rest: what tick 0 makes of the bias is undone.
		n.Convention, n.Reset = fixed.Axonal, fixed.Reset{Interval: 1000, Offset: 1}
		in, _, columns := s.planes("input", 1)
		spikes, _, ticks := s.planes("layer1", 1)
		current, _, _ := s.planes("current", 1)
		for name, recs := range executors(t, n, messages(t, in, columns), ticks+1) {
			c.values(name+" spikes", sent(recs[0].Spikes, 1, ticks+1), spikes)
			var u []int64
			for o := range recs[0].Spikes.Neurons {
				for _, x := range recs[0].U[o*(ticks+1)+1 : (o+1)*(ticks+1)] {
					u = append(u, int64(x))
				}
			}
			for i := range current {
				current[i] *= 64
			}
			c.values(name+" u", u, current)
			for i := range current {
				current[i] /= 64
			}
		}
	})
	t.Run("net", func(t *testing.T) {
		c, n := compare(t), *whole
		n.Reset = fixed.Reset{Interval: 17}
		want, _, ticks := s.planes("output", 1)
		for name, recs := range executors(t, &n, constant(20), 20) {
			c.values(name+" output", sent(recs[2].Spikes, 2, 2+ticks), want)
		}
	})
}

// TestTinyNetSigmaDelta runs the three layers that lava-dl tests its sigma-delta neurons with.
func TestTinyNetSigmaDelta(t *testing.T) {
	s := open(t, "tinynet_sdnn", "data.npz")
	const vTh = 20
	single := func(conv fixed.Convention, l fixed.Layer) *fixed.Network {
		l.Name, l.WeightBits = "1", 8
		l.Mode = fixed.InferMode(l.Weight)
		return &fixed.Network{Input: l.In, Convention: conv, Layers: []fixed.Layer{l}}
	}
	t.Run("delta", func(t *testing.T) {
		c := compare(t)
		in, shape, ticks := s.planes("input_data", 0)
		want, _, _ := s.planes("input", 0)
		n := single(fixed.Immediate, fixed.Layer{In: shape, Out: shape, Kernel: fixed.Square(1, 1, 0, 1, shape.C), Weight: ones(shape.C), Graded: true,
			Neuron: fixed.Delta{VTh: vTh, SpikeExp: 6, StateExp: 6}})
		for name, recs := range executors(t, n, messages(t, in, ticks), ticks) {
			c.values(name+" messages", sent(recs[0].Spikes, 0, ticks), want)
		}
	})
	t.Run("conv", func(t *testing.T) {
		c := compare(t)
		_, in, _ := s.planes("input", 0)
		all, out, ticks := s.planes("layer1", 0)
		var want []int64 // one step, in which nothing arrives
		for o := range out.Size() {
			want = append(want, all[o*ticks])
		}
		w := s.shape("layer1_kernel")
		weights := turned(s.ints("layer1_kernel"), w)
		flip(weights, w)
		l := fixed.Layer{In: in, Out: out, Kernel: fixed.Square(w[1], 2, 0, 1, 1), Weight: narrow(weights), Graded: true,
			Neuron: fixed.SigmaDelta{VTh: vTh, SpikeExp: 6, StateExp: 6, Activation: fixed.ReLU}}
		for o := range out.Size() {
			l.BiasMant = append(l.BiasMant, int16(s.ints("layer1_bias")[o/(out.W*out.H)]))
		}
		for name, recs := range executors(t, single(fixed.Axonal, l), spike.NewRaster(in.Size()), 1) {
			c.values(name+" messages", sent(recs[0].Spikes, 0, 1), want)
		}
	})
	t.Run("dense", func(t *testing.T) {
		c := compare(t)
		in, ticks := s.ints("layer1"), s.shape("layer1")[3] // the weights take it in the order it lies in
		out, fan := s.shape("layer2_weight")[0], s.shape("layer2_weight")[1]
		// The block was built for messages of 0 bits: any counts 1.
		n := single(fixed.Axonal, fixed.Layer{In: snn.Flat(fan), Out: snn.Flat(out), Weight: narrow(s.ints("layer2_weight")), Neuron: fixed.Sigma{}})
		for name, recs := range executors(t, n, messages(t, in, ticks), ticks) {
			c.values(name+" messages", sent(recs[0].Spikes, 0, ticks), s.ints("layer2"))
		}
	})
}

func ones(n int) []int16 {
	w := make([]int16, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

// TestPilotNet runs the convolutions of steering networks of sigma-delta neurons on what their
// first layer sent.
func TestPilotNet(t *testing.T) {
	nets, err := filepath.Glob(filepath.Join(shared.Dir(t, "gold"), "pilotnet_sdnn*", "*.net"))
	if err != nil || len(nets) == 0 {
		t.Fatalf("no networks (%v)", err)
	}
	for _, file := range nets {
		folder := filepath.Base(filepath.Dir(file))
		t.Run(folder, func(t *testing.T) {
			c, s, n := compare(t), open(t, folder, "data.npz"), lavaNet(t, folder, filepath.Base(file))
			n.Input, n.Layers, n.Convention = n.Layers[0].Out, n.Layers[1:], fixed.Axonal
			named := func(prefix string) string {
				for name := range s.arrays {
					if name == prefix || strings.HasPrefix(name, prefix+"_") {
						return name
					}
				}
				return ""
			}
			in, ticks := s.population(named("act0"))
			for name, recs := range executors(t, n, messages(t, in, ticks), ticks) {
				for k := range recs {
					if layer := named(fmt.Sprint("sigma", k+1)); layer != "" {
						want, _ := s.population(layer)
						c.values(name+" "+layer, widen(recs[k].U), want)
					}
				}
			}
		})
	}
}
