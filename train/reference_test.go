package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/internal/slayerref"
	"github.com/isospike/isospike/snn"
)

// reference builds the network of a trainer in slayerref, from its parameters.
func reference(tr *Trainer) *slayerref.Net {
	m, e := tr.Model, tr.Model.Experiment
	net := &slayerref.Net{Centred: e.Training.DelayGrad == "centred"}
	for k, l := range m.Net.Layers {
		var w []float64
		for _, x := range m.Params[k].Weight.Value {
			if e.Training.Arithmetic == "integer" {
				w = append(w, float64(NewGrid(8, 0).Code(x))*WeightStep/WeightOne)
			} else {
				w = append(w, float64(x))
			}
		}
		layer := slayerref.Layer{}
		switch l.Kind {
		case snn.Dense:
			layer.Synapses = slayerref.Dense(l.In, l.Out.Size(), w)
		case snn.Pool:
			layer.Synapses = slayerref.Pool(l.In, l.Kernel, float64(tr.views[k].pool.weight))
		case snn.Conv:
			layer.Synapses = slayerref.Conv(l.In, slayerref.Geometry{Channels: l.Out.C, Kernel: l.Kernel, Stride: l.Stride, Padding: l.Padding, Dilation: l.Dilation, Groups: l.Groups}, byOutput(l, w))
		}
		for _, d := range neuronDelays(l, m.Params[k].Delay.Value) {
			layer.Delay = append(layer.Delay, int(d))
		}
		if l.Neuron.Kind == snn.SRM {
			r := l.Neuron.SRM
			layer.Neuron = slayerref.SRM{TauS: r.TauS, TauR: r.TauR, ScaleRef: r.ScaleRef, Theta: r.Theta, Refractory: r.Refractory,
				ThroughNu: e.Training.GradReset, Rho: slayerref.ExponentialRho(e.Surrogate.Tau, e.Surrogate.Scale, r.Theta)}
		} else {
			ku, kv := keep(l.Neuron)
			theta := float64(l.Neuron.VTh) / WeightOne
			layer.Neuron = slayerref.Cuba{Ku: float64(ku), Kv: float64(kv), Theta: theta, Refractory: l.Neuron.RefDelay,
				GradReset: e.Training.GradReset, Rho: slayerref.ExponentialRho(e.Surrogate.Tau, e.Surrogate.Scale, theta)}
		}
		net.Layers = append(net.Layers, layer)
	}
	return net
}

// byOutput lays weights out as [O][I/g][kH][kW] from [I][kH][kW][O/g].
func byOutput(l snn.Layer, w []float64) []float64 {
	k2, in, out := l.Kernel*l.Kernel, l.In.C/l.Groups, l.Out.C/l.Groups
	r := make([]float64, len(w))
	for o := range l.Out.C {
		for i := range in {
			for j := range k2 {
				r[(o*in+i)*k2+j] = w[((o/out*in+i)*k2+j)*out+o%out]
			}
		}
	}
	return r
}

// TestAgainstReference compares the backward pass with slayerref, which computes
// everything by sums over whole time courses: the spikes; then, spikes and surrogates
// given, the errors at the summed inputs and the gradients of weights and delays.
func TestAgainstReference(t *testing.T) {
	const ticks = 30
	compared, spikes, worst := 0, 0, 0.0
	for seed, net := range []string{
		"6x1-9d-7d-4", "4x4x2-4c3p1d-2ad-3", "6x5x2-4c3s2p1e2g2d-flat-5d-3", "5x5-3c2-2a-4c2d-4", "4x4x2-2ad-3c2p1-3",
	} {
		for _, kind := range []string{"integer", "float", "srm slayer", "srm paper"} {
			for _, through := range []bool{false, true} {
				r := rand.New(rand.NewPCG(uint64(seed), 9))
				e := testExperiment(net)
				e.Seed, e.Training.InitDelay, e.Training.InitGain, e.Training.GradReset = uint64(seed), 5, 3, through
				e.Training.Arithmetic, e.Training.DelayGrad = "float", []string{"slayer", "centred"}[seed%2]
				e.Neuron.IDecay, e.Neuron.VDecay, e.Neuron.RefDelay = 300+r.IntN(3000), 50+r.IntN(1500), 1+r.IntN(3)
				switch kind {
				case "integer":
					e.Training.Arithmetic = kind
				case "srm slayer", "srm paper":
					e.Neuron.Kind, e.Neuron.SRM.Refractory, e.Training.InitGain = snn.SRM, kind[4:], 12
					e.Neuron.SRM.TauS, e.Neuron.SRM.TauR = 2+r.Float64()*6, 1+r.Float64()*2
				}
				m, err := NewModel(e)
				if err != nil {
					t.Fatal(err)
				}
				tr := NewTrainer(m, ticks, 1)
				in := randomRaster(r, m.Net.Input.Size(), ticks, 0.4)
				s := slot{answer: answer{label: 1}}
				tr.forward(tr.workers[0], &s, in, true, nil)
				if err := tr.backward(tr.workers[0], &s); err != nil {
					t.Fatal(err)
				}
				ref := reference(tr)
				var forced []slayerref.Signal
				for _, sp := range tr.rasters(&s) {
					forced = append(forced, dense(sp))
				}
				if kind != "integer" { // whose rounding is its own: see TestForwardIsFixed
					for k, own := range ref.Forward(dense(in), nil) {
						for o, c := range own.Courses {
							for x := range c.S {
								if spikes++; c.S[x] != forced[k][o][x] {
									t.Fatalf("%s, %s, layer %d, neuron %d, tick %d: spike %g, want %g", net, kind, k+1, o, x, forced[k][o][x], c.S[x])
								}
							}
						}
					}
				}
				traces := ref.Forward(dense(in), forced)
				place := func(k, i int) int { // number in package snn of neuron i of layer k
					if n := tr.views[k].number; n != nil {
						return int(n[i])
					}
					return i
				}
				for k := range traces {
					for i := range tr.views[k].out {
						for x := range ticks {
							if rho := s.layers[k].rho; rho != nil {
								traces[k].Courses[place(k, i)].Rho[x] = float64(rho[x*tr.views[k].out+i])
							}
						}
					}
				}
				last := len(traces) - 1
				target := make([]float64, m.Net.Output().Size())
				for o := range target {
					target[o] = tr.loss.(countLoss).wrong
				}
				target[1] = tr.loss.(countLoss).right
				value, errs := slayerref.Rate(traces[last].Spikes(), target, 0, ticks)
				if math.Abs(value-s.loss) > 1e-6*(1+value) {
					t.Errorf("%s, %s: loss %g, want %g", net, kind, s.loss, value)
				}
				g := ref.Backward(traces, errs)
				for k, l := range m.Net.Layers {
					v := &tr.views[k]
					if !v.trained() && !v.learns {
						continue
					}
					var got, want []float64
					for i := range v.out {
						for x := range ticks {
							got, want = append(got, float64(s.layers[k].err[x*v.out+i])), append(want, g[k].Delta[place(k, i)][x])
						}
					}
					near(t, net, kind, "δ", k, got, want, &compared, &worst)
					if v.trained() {
						row := make([]float32, v.cols)
						got = nil
						for i := range v.rows {
							tr.weightGradient([]slot{s}, k, i, row)
							for _, x := range row {
								got = append(got, float64(x))
							}
						}
						if l.Kind == snn.Conv {
							got = byOutput(l, got)
						}
						near(t, net, kind, "weights", k, got, g[k].W, &compared, &worst)
					}
					if n := len(m.Params[k].Delay.Value); n > 0 && k < last {
						got, want = nil, make([]float64, n)
						for i, x := range s.delays[k] {
							got = append(got, float64(x))
							for o := range g[k].Delay {
								if o*n/len(g[k].Delay) == i {
									want[i] += g[k].Delay[o]
								}
							}
						}
						near(t, net, kind, "delays", k, got, want, &compared, &worst)
					}
				}
			}
		}
	}
	if compared == 0 {
		t.Fatal("nothing was compared")
	}
	t.Logf("compared %d outputs of neurons, %d values of the gradient that are not 0, the worst %.1g of the largest off", spikes, compared, worst)
}

// near wants got within 1e-4 of the largest value of want.
func near(t *testing.T, net, kind, what string, k int, got, want []float64, compared *int, worst *float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s, %s, layer %d: %d %s, want %d", net, kind, k+1, len(got), what, len(want))
	}
	largest := 0.0
	for _, x := range want {
		largest = max(largest, math.Abs(x))
	}
	for i := range want {
		if want[i] == 0 && got[i] == 0 {
			continue
		}
		*compared++
		off := math.Abs(got[i]-want[i]) / max(largest, 1e-12)
		if *worst = max(*worst, off); off > 1e-4 {
			t.Fatalf("%s, %s, layer %d: %s %d is %g, want %g", net, kind, k+1, what, i, got[i], want[i])
		}
	}
}
