package train

import "github.com/isospike/isospike/snn"

// srmPopulation is the paper's spike response model: the potential is
//
//	p(t) = Σ ε(t − t')·(W·s_in)(t') + Σ ν(t − t')·s(t')
//
// over the input spikes and the neuron's own spikes before t, and the neuron spikes
// where p >= θ. An input arrives a tick after it was sent, so the response to
// arrivals is ε from t = 1 on; ν(0) is no part of the decision to spike, but of the
// potential at which the surrogate is taken (it is 0 in the form of SLAYER's code,
// and −scale_ref·e·θ in that of the paper).
type srmPopulation struct {
	view       *view
	n          snn.Neuron
	acc        []float32
	psp, ref   stream
	own        []float32 // the spikes of the tick before
	potential  []float32
	refraction []float32
	rho        floatRho
	atSpike    float32 // ν(0)
	scale      int32
}

func newSRMPopulation(v *view, n snn.Neuron, s snn.Surrogate) *srmPopulation {
	row := func() []float32 { return make([]float32, v.out) }
	p := &srmPopulation{view: v, n: n, acc: row(), own: row(), potential: row(), refraction: row(), rho: newFloatRho(s, n.SRM.Theta)}
	if n.SRM.Refractory == "paper" {
		p.atSpike = float32(-n.SRM.ScaleRef * n.SRM.Theta * exp(1))
	}
	return p
}

// psp is ε, and refractory ν, from the tick after the cause on.
func psp(r snn.Response) response { return newResponse(true, r.TauS, 1, 1) }

func refractory(r snn.Response) response {
	return newResponse(r.Refractory == "slayer", r.TauR, -r.ScaleRef*r.Theta, 1)
}

func (p *srmPopulation) scaleInput(scale int32) { p.scale = scale }

// record has nothing to keep: these neurons learn no decays.
func (p *srmPopulation) record(u, v []float32) {}

func (p *srmPopulation) reset() {
	p.psp.reset(psp(p.n.SRM), p.view.out)
	p.ref.reset(refractory(p.n.SRM), p.view.out)
	clear(p.own)
}

func (p *srmPopulation) step(inputs []int32, rho []float32, fired []int32) []int32 {
	p.view.deliverF32(p.acc, inputs)
	scaleSums(p.acc, p.scale)
	p.psp.push(p.acc, p.potential)
	p.ref.push(p.own, p.refraction)
	theta := float32(p.n.SRM.Theta)
	for o := range p.acc {
		p.acc[o], p.own[o] = 0, 0
		u := p.potential[o] + p.refraction[o]
		if u >= theta {
			fired = append(fired, int32(o))
			p.own[o] = 1
			u += p.atSpike
		}
		if rho != nil {
			distance := u - theta
			if distance < 0 {
				distance = -distance
			}
			rho[o] = p.rho.at(distance)
		}
	}
	return fired
}
