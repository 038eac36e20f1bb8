package train

import (
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train/kernel"
)

// adjointScratch is what the adjoint of neurons needs of memory.
type adjointScratch struct {
	row      []float32
	psp, ref stream
	resting  resting
	at       func(t int) []int32 // resting.at, made once
}

// resting lists the neurons that a spike holds at v = 0: at its tick, and for the
// refractory delay less one after it.
type resting struct {
	spikes  *spike.Raster
	ticks   int // the refractory delay
	neurons []int32
}

func (r *resting) at(t int) []int32 {
	if r.ticks <= 1 {
		return r.spikes.At(t)
	}
	// A neuron does not spike twice in so many ticks.
	r.neurons = append(r.neurons[:0], r.spikes.Index[r.spikes.Start[max(0, t-r.ticks+1)]:r.spikes.Start[t+1]]...)
	return r.neurons
}

// adjoint turns tr.err, the error e at a layer's spikes, into the error δ at its
// summed input, in place:
//
//	δ(t) = Σ_k ε(k)·ρ(t+k)·e(t+k)
//
// with ε the neuron's response to its input. SLAYER stops there; with
// Training.GradReset the gradient also knows what a spike does to its own neuron: the
// reset of CUBA cuts the path through v, and that of SRM adds the refractory
// response's share (as EXODUS does): e(t) += Σ_{k>0} ν(k)·ρ(t+k)·e(t+k).
func (v *view) adjoint(tr *trace, ticks int, e snn.Training, s *adjointScratch) {
	s.row = resize(s.row, v.out)
	if v.neuron.Kind == snn.SRM {
		v.adjointSRM(tr, ticks, e.GradReset, s)
		return
	}
	keepU, keepV := keep(v.neuron)
	var cut func(int) []int32
	if e.GradReset {
		if s.at == nil {
			s.at = s.resting.at
		}
		s.resting.spikes, s.resting.ticks = tr.spikes, v.neuron.RefDelay
		cut = s.at
	}
	kernel.Adjoint(tr.err, tr.rho, s.row, keepU, keepV, cut)
	if tr.u != nil {
		tr.decay = v.decayGradient(tr, ticks, keepU)
	}
}

func (v *view) adjointSRM(tr *trace, ticks int, through bool, s *adjointScratch) {
	s.psp.reset(psp(v.neuron.SRM), v.out)
	s.ref.reset(refractory(v.neuron.SRM), v.out)
	clear(s.row)
	for t := ticks - 1; t >= 0; t-- {
		err, rho := tr.err[t*v.out:][:v.out], tr.rho[t*v.out:][:v.out]
		if through {
			s.ref.push(s.row, s.row) // in: ρ·e of the tick after; out: its share here
			for o := range err {
				err[o] += s.row[o]
			}
		}
		for o := range err {
			err[o] = float32(err[o] * rho[o])
		}
		copy(s.row, err)
		s.psp.push(err, err)
	}
}

// decayGradient returns the gradient of the two decays in 1/4096, for all neurons of
// the layer have the same: with u[t] = (1 − i)·u[t−1] + a[t] and v[t] = (1 − d)·v[t−1] + u[t],
//
//	∂L/∂i = −Σ δ[t]·u[t−1],  ∂L/∂d = −Σ g[t]·v[t−1],  g[t] = δ[t] − (1 − i)·δ[t+1]
//
// where g is the error at v. u and v are those that the neurons had, v after its reset.
func (v *view) decayGradient(tr *trace, ticks int, keepU float32) [2]float32 {
	var sum [2]float64
	for t := 1; t < ticks; t++ {
		row := tr.err[t*v.out:][:v.out]
		u, volt := tr.u[(t-1)*v.out:][:v.out], tr.v[(t-1)*v.out:][:v.out]
		for o, d := range row {
			later := float32(0)
			if t+1 < ticks {
				later = tr.err[(t+1)*v.out+o]
			}
			sum[0] += float64(float64(d) * float64(u[o]))
			sum[1] += float64(float64(d-float32(keepU*later)) * float64(volt[o]))
		}
	}
	return [2]float32{float32(-sum[0] / fixed.DecayOne), float32(-sum[1] / fixed.DecayOne)}
}
