package quantize

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
	"pgregory.net/rapid"
)

const tuneTicks = 40

// task is something to train on: noise, with classes.
type task struct{ inputs, classes int }

func (s task) Len() int        { return 8 }
func (s task) Classes() int    { return s.classes }
func (s task) Label(i int) int { return i % s.classes }
func (s task) Raster(i, _, _ int) (*spike.Raster, error) {
	return noise(uint64(i), s.inputs, tuneTicks, 0.2), nil
}

// reread writes a network and reads it back.
func reread(rt *rapid.T, n *fixed.Network) *fixed.Network {
	var b bytes.Buffer
	if err := safetensors.Write(&b, n.File()); err != nil {
		rt.Fatal(err)
	}
	f, err := safetensors.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		rt.Fatal(err)
	}
	n, err = fixed.FromFile(f)
	if err != nil {
		rt.Fatal(err)
	}
	return n
}

// stored is what the hardware stores of a layer, apart from the values that training may change.
func stored(l *fixed.Layer) string {
	return fmt.Sprint(l.Name, l.In, l.Out, l.Kernel, l.WeightBits, l.WeightExp, l.NeuronExp, l.Mode, l.Neuron)
}

// TestFineTuning: from any network that quantize writes, training's forward pass is that network,
// spike by spike, before and after steps of training; what was trained quantizes without loss, to the
// same bits, exponents and thresholds, and delays that still fit.
func TestFineTuning(t *testing.T) {
	nets, spikes, changed, moved := 0, 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		e := snn.DefaultExperiment()
		e.Net = rapid.SampledFrom([]string{"20x1-16d-12d-4", "6x5x2-4c3-2a-9d-4", "6x6x2-4c3p1d-2ad-6c2g2d-4", "5x5x4-8c3g4d-flat-4", "30x1-7"}).Draw(rt, "net")
		e.Training.Arithmetic, e.Training.InitGain, e.Training.InitDelay = "float", rapid.Float64Range(1, 12).Draw(rt, "gain"), 8
		e.Training.DelayPer = rapid.SampledFrom([]string{"channel", "neuron"}).Draw(rt, "delay per")
		e.Neuron.IDecay, e.Neuron.VDecay = rapid.IntRange(1, 4096).Draw(rt, "i_decay"), rapid.IntRange(1, 4096).Draw(rt, "v_decay")
		e.Neuron.RefDelay, e.Seed = rapid.IntRange(1, 3).Draw(rt, "ref"), rapid.Uint64Max(math.MaxInt64).Draw(rt, "seed")
		m, err := train.NewModel(e)
		if err != nil {
			rt.Fatal(err)
		}
		var o Options
		for _, l := range m.Net.Layers {
			if l.Kind != snn.Pool {
				o.Bits = append(o.Bits, rapid.SampledFrom(allBits[:9]).Draw(rt, "bits")) // training has no 9
			}
		}
		o.PerChannel, o.DelayBits, o.ClipDelays = rapid.Bool().Draw(rt, "each"), rapid.IntRange(2, 4).Draw(rt, "delay bits"), true
		s, err := SourceOf(m)
		if err != nil {
			rt.Fatal(err)
		}
		n, _, err := s.Quantize(o)
		if err != nil {
			rt.Fatal(err)
		}
		n = reread(rt, n)
		if rapid.Bool().Draw(rt, "uneven exponents") { // as real layers have them, and these seldom
			for k := range n.Layers {
				if l := &n.Layers[k]; o.PerChannel && m.Net.Layers[k].Kind != snn.Pool {
					rows := s.Layers[k].rows()
					l.WeightExp, l.NeuronExp = 0, make([]int8, l.Out.Size())
					for i := range l.NeuronExp {
						l.NeuronExp[i] = int8(snn.WeightBits(l.WeightBits).MinExp() + i/(len(l.NeuronExp)/rows)*5%4)
					}
				}
			}
		}

		fresh := snn.DefaultExperiment()
		fresh.Training.Delays = "learned"
		fresh.Optimiser.Rate, fresh.Optimiser.DelayLR = 1, 2
		tuned, err := train.FromFixed(n, fresh)
		if err != nil {
			rt.Fatal(err)
		}
		trainer := train.NewTrainer(tuned, tuneTicks, 1)
		check := func(n *fixed.Network) {
			run := trainer.Runner()
			for i := range 2 {
				in := noise(uint64(100+i), n.Input.Size(), tuneTicks, 0.3)
				want, err := n.Run(in, tuneTicks, false)
				if err != nil {
					rt.Fatal(err)
				}
				for k, got := range run.Run(in) {
					spikes += got.Count()
					if d := got.Diff(want[k].Spikes); d > 0 {
						rt.Fatalf("%s %v, layer %d: %d spikes differ", e.Net, o.Bits, k+1, d)
					}
				}
			}
		}
		check(n)
		same, r, err := Quantize(tuned, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		if !r.Lossless || !reflect.DeepEqual(same.Layers, n.Layers) {
			rt.Fatalf("%s %v: without training it is another network", e.Net, o.Bits)
		}
		src := task{n.Input.Size(), n.Layers[len(n.Layers)-1].Out.Size()}
		for range 3 {
			if err := trainer.Step(context.Background(), src, []int{0, 1, 2, 3, 4, 5, 6, 7}); err != nil {
				rt.Fatal(err)
			}
		}
		after, r, err := Quantize(tuned, Options{DelayBits: o.DelayBits})
		if err != nil {
			rt.Fatal(err)
		}
		if !r.Lossless {
			rt.Fatal("not lossless")
		}
		after = reread(rt, after)
		check(after)
		for k := range n.Layers {
			a, b := &after.Layers[k], &n.Layers[k]
			if stored(a) != stored(b) {
				rt.Fatalf("layer %d was %s, is %s", k+1, stored(b), stored(a))
			}
			for i, w := range b.Weight {
				if a.Weight[i] != w {
					changed++
				}
			}
			for i, d := range b.Delay {
				if a.Delay[i] != d {
					moved++
				}
			}
		}
		nets++
	})
	t.Logf("compared %d networks, %d spikes; training changed %d weights and %d delays", nets, spikes, changed, moved)
	if spikes == 0 || changed == 0 || moved == 0 {
		t.Error("nothing was compared, or nothing changed")
	}
}

// What training's arithmetic does not have is refused by name.
func TestUntrainable(t *testing.T) {
	for want, spoil := range map[string]func(n *fixed.Network, l *fixed.Layer){
		"biases":                       func(_ *fixed.Network, l *fixed.Layer) { l.BiasMant = []int16{1, 2} },
		"graded spikes":                func(_ *fixed.Network, l *fixed.Layer) { l.Graded = true },
		"synaptic delays":              func(_ *fixed.Network, l *fixed.Layer) { l.SynDelay = []uint8{1, 2, 3, 4} },
		"srm neurons":                  func(_ *fixed.Network, l *fixed.Layer) { l.Neuron = fixed.SRM{VTh: 1} },
		"a weight exponent of -1":      func(_ *fixed.Network, l *fixed.Layer) { l.WeightExp = -1 },
		"convention slayer":            func(n *fixed.Network, _ *fixed.Layer) { n.Convention = fixed.Slayer },
		"excitatory weights of 8 bits": func(_ *fixed.Network, l *fixed.Layer) { l.Mode, l.Weight = fixed.Excitatory, []int16{1, 2, 3, 4} },
		"kernels that are not square": func(n *fixed.Network, l *fixed.Layer) {
			n.Input = snn.Shape{W: 2, H: 1, C: 1}
			l.In, l.Kernel = n.Input, fixed.Square(1, 1, 0, 1, 1)
			l.Kernel.Size[0] = 2
		},
	} {
		n := &fixed.Network{Input: snn.Flat(2), Convention: fixed.Axonal, Encoding: "", Layers: []fixed.Layer{
			{Name: "1", In: snn.Flat(2), Out: snn.Flat(2), Weight: []int16{2, 4, 6, 8}, WeightBits: 8, Neuron: fixed.CUBA{VTh: 1, RefDelay: 1}}}}
		spoil(n, &n.Layers[0])
		if _, err := train.FromFixed(n, snn.DefaultExperiment()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
