package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/spike"
)

// smooth is the system whose exact gradient SLAYER's backward pass is: along a
// recorded trajectory every spike is replaced by
//
//	s(t) = s*(t) + ρ*(t)·(v(t) − v*(t)),
//
// v the voltage without reset (or, with cut, with its memory cut where s* spiked)
// and stars the recorded values. It is written independently of the engine, in
// float64, by plain convolution with the response kernel.
type smooth struct {
	net    *snn.Network
	ticks  int
	in     [][]float64   // [neuron][tick]
	spikes [][][]float64 // [layer][neuron][tick], recorded
	rho    [][][]float64
	vStar  [][][]float64
	cut    bool
}

func (s *smooth) voltages(w [][]float64, delay [][]float64, layer int, below [][]float64) [][]float64 {
	l := s.net.Layers[layer]
	in, out := l.In.Size(), l.Out.Size()
	ku, kv := float64(4096-l.Neuron.IDecay)/4096, float64(4096-l.Neuron.VDecay)/4096
	v := make([][]float64, out)
	for o := range out {
		a := make([]float64, s.ticks)
		for i := range in {
			d := 0.0
			if layer > 0 && delay[layer-1] != nil {
				d = delay[layer-1][i]
			}
			whole := int(math.Floor(d))
			frac := d - float64(whole)
			for t := range s.ticks {
				// A delay between two ticks interpolates between them.
				for k, share := range []float64{1 - frac, frac} {
					if at := t + 1 + whole + k; at < s.ticks {
						a[at] += share * w[layer][i*out+o] * below[i][t]
					}
				}
			}
		}
		v[o] = make([]float64, s.ticks)
		var u, last float64
		for t := range s.ticks {
			u = ku*u + a[t]
			if s.cut && t > 0 && s.spikes[layer][o][t-1] > 0 {
				last = 0
			}
			last = kv*last + u
			v[o][t] = last
		}
	}
	return v
}

// goal is the count loss with the targets right and wrong in the ticks from..to.
type goal struct {
	from, to     int
	right, wrong float64
}

func (s *smooth) loss(w, delay [][]float64, l goal, label int) float64 {
	below := s.in
	for k := range s.net.Layers {
		v := s.voltages(w, delay, k, below)
		next := make([][]float64, len(v))
		for o := range v {
			next[o] = make([]float64, s.ticks)
			for t := range s.ticks {
				next[o][t] = s.spikes[k][o][t] + s.rho[k][o][t]*(v[o][t]-s.vStar[k][o][t])
			}
		}
		below = next
	}
	sum, length := 0.0, float64(l.to-l.from)
	for o := range below {
		c := 0.0
		for t := l.from; t < l.to; t++ {
			c += below[o][t]
		}
		want := l.wrong
		if o == label {
			want = l.right
		}
		sum += (c - want) * (c - want) / (2 * length)
	}
	return sum
}

// TestGradientAgainstFiniteDifferences checks every weight's and delay's gradient
// of the engine against central differences of the smooth system's loss.
func TestGradientAgainstFiniteDifferences(t *testing.T) {
	compared, nonzero := 0, 0
	for seed, net := range []string{
		"3x2-4d-5d-3", "3x2-9d-5d-3", "3x2-5d-3", "6x1-7-5d-3",
		"4x4x2-3c3d-2ad-4d-3", "5x5-2c3p1d-3c3p1d-3", "6x5x2-4c3s2p1e2g2d-3", "4x4x2-2ad-2c2d-flat-3", "5x5-2c2-2a-3c2-3",
	} {
		for _, cut := range []bool{false, true} {
			for _, per := range []string{"channel", "neuron"} {
				if per == "neuron" && cut {
					continue // nothing new, and these take long
				}
				r := rand.New(rand.NewPCG(uint64(seed), 5))
				e := testExperiment(net)
				e.Seed, e.Training.GradReset, e.Training.InitGain, e.Training.InitDelay = uint64(seed), cut, 3, 4
				e.Training.DelayPer = per
				e.Loss.Kind, e.Loss.True, e.Loss.False = "count", 8, 1.2
				e.Neuron.IDecay, e.Neuron.VDecay = 200+r.IntN(3000), 50+r.IntN(1500)
				n, nz := checkGradients(t, r, e)
				compared, nonzero = compared+n, nonzero+nz
			}
		}
	}
	if nonzero == 0 {
		t.Fatal("no gradient differed from 0")
	}
	t.Logf("compared %d gradients, %d of them not 0", compared, nonzero)
}

func checkGradients(t *testing.T, r *rand.Rand, e *snn.Experiment) (compared, nonzero int) {
	m, err := NewModel(e)
	if err != nil {
		t.Fatal(err)
	}
	const ticks, label = 40, 1
	tr := NewTrainer(m, ticks, 1)
	in := randomRaster(r, m.Net.Input.Size(), ticks, 0.3)
	s := slot{answer: answer{label: label}}
	tr.forward(tr.workers[0], &s, in, true, nil)
	tr.backward(tr.workers[0], &s)
	aim := goal{0, ticks, e.Loss.True, e.Loss.False}

	ref := &smooth{net: m.Net, ticks: ticks, in: dense(in), cut: e.Training.GradReset}
	var w, delay, param [][]float64
	pool := make([]float64, len(m.Net.Layers))
	spikes := tr.rasters(&s)
	for k, l := range m.Net.Layers {
		v := &tr.views[k]
		var p []float64
		for _, x := range m.Params[k].Weight.Value {
			p = append(p, float64(NewGrid(8, 0).Code(x))*WeightStep/WeightOne)
		}
		if v.pool != nil {
			pool[k] = float64(v.pool.weight)
		}
		param = append(param, p)
		w = append(w, expand(l, append([]float64(nil), p...), pool[k]))
		var d []float64
		for _, x := range neuronDelays(l, m.Params[k].Delay.Value) {
			d = append(d, float64(x))
		}
		delay = append(delay, d)
		ref.spikes = append(ref.spikes, dense(spikes[k]))
		rho := make([][]float64, v.out)
		for i := range rho {
			o := i
			if v.number != nil {
				o = int(v.number[i])
			}
			rho[o] = make([]float64, ticks)
			for t := range ticks {
				if s.layers[k].rho != nil { // where nothing below learns there is none
					rho[o][t] = float64(s.layers[k].rho[t*v.out+i])
				}
			}
		}
		ref.rho = append(ref.rho, rho)
	}
	below := ref.in
	for k := range m.Net.Layers {
		ref.vStar = append(ref.vStar, ref.voltages(w, delay, k, below))
		below = ref.spikes[k]
	}
	check := func(what string, got, want float64) {
		compared++
		if got != 0 {
			nonzero++
		}
		if math.Abs(got-want) > 1e-4*(1+math.Abs(want)) {
			t.Errorf("%s, reset %v: %s: gradient %g, finite difference %g", m.Net, e.Training.GradReset, what, got, want)
		}
	}
	const h = 1e-5
	for k, l := range m.Net.Layers {
		v := &tr.views[k]
		g := make([]float32, v.cols)
		for i := range v.rows {
			tr.weightGradient([]slot{s}, k, i, g)
			for o := range v.cols {
				x := &param[k][i*v.cols+o]
				keep := *x
				loss := func(to float64) float64 {
					*x = to
					w[k] = expand(l, append([]float64(nil), param[k]...), 0)
					return ref.loss(w, delay, aim, label)
				}
				up, down := loss(keep+h), loss(keep-h)
				loss(keep)
				check(fmt.Sprintf("weight %d %d→%d", k+1, i, o), float64(g[o]), (up-down)/(2*h))
			}
		}
		params := len(m.Params[k].Delay.Value)
		for i := range params {
			if k == len(w)-1 {
				continue
			}
			// One-sided: between whole ticks the loss is smooth, at them it has a corner.
			loss := func(by float64) float64 {
				for o := range delay[k] {
					if o*params/len(delay[k]) == i {
						delay[k][o] += by
						defer func() { delay[k][o] -= by }()
					}
				}
				return ref.loss(w, delay, aim, label)
			}
			base, up, up2 := loss(0), loss(h), loss(2*h)
			check(fmt.Sprintf("delay %d %d", k+1, i), float64(s.delays[k][i]), (4*up-up2-3*base)/(2*h))
		}
	}
	return compared, nonzero
}

func testExperiment(net string) *snn.Experiment {
	e := snn.DefaultExperiment()
	e.Net = net
	return e
}

func randomRaster(r *rand.Rand, neurons, ticks int, p float64) *spike.Raster {
	in := spike.NewRaster(neurons)
	for range ticks {
		var f []int32
		for n := range neurons {
			if r.Float64() < p {
				f = append(f, int32(n))
			}
		}
		in.Append(f...)
	}
	return in
}

func dense(r *spike.Raster) [][]float64 {
	d := make([][]float64, r.Neurons)
	for n := range d {
		d[n] = make([]float64, r.Ticks())
	}
	for t := range r.Ticks() {
		for _, n := range r.At(t) {
			d[n][t] = 1
		}
	}
	return d
}
