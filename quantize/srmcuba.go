package quantize

import (
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
)

// Conversion says what stands in for the neurons of a layer.
type Conversion struct {
	Name   string `json:"name"`
	Neuron string `json:"neuron"`
	// Distance is how far the output spikes under ε are from those of the SRM neuron, on the drive of
	// the fit, root mean square over root mean square.
	Distance float64 `json:"distance"`
}

// fit is the CUBA neuron that stands in for an SRM neuron with the same weights. Its u and v are
// two decays in a row too, so the response to a single spike could be had exactly. But its reset
// forgets at a spike all that v has integrated, where SRM keeps it and subtracts ν, and with that response
// it fires far too seldom. So what is matched is what the next layer sees: output spikes under ε,
// on a drive like that of trained layers.
type fit struct {
	iDecay, vDecay, refDelay int32
	threshold                float64 // in thresholds of the SRM neuron
	distance                 float64 // as in Conversion
}

// What fitCUBA tries: time constants of u and v in τs, thresholds relative to the one at which a
// single spike needs the same weight, refractory delays.
var (
	fitI         = []float64{0.7, 1, 1.2, 1.5, 2, 2.5, 3}
	fitV         = []float64{1, 0.7, 0.5, 0.35, 0.25, 0.18, 0.12, 0.06}
	fitThreshold = []float64{0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.1}
	fitRef       = []int32{1, 2, 3, 4, 8, 16, 32}
	// The potential's mean and deviation in thresholds: a trained neuron is inhibited most of the time.
	fitDrive = []struct{ mean, deviation float64 }{{0, 0.7}, {-1, 2}, {0, 1.5}, {0.5, 1}, {-0.5, 3}, {1, 0.5}}
)

// maxStretch bounds the ticks of each of them.
const maxStretch = 4000

// bench is where fits are tried: an SRM neuron on a drive.
type bench struct {
	n     fixed.SRM
	drive []int64
	want  []int32 // as seen returns it
	size  float64 // sum of its squares
}

func newBench(r snn.Response) *bench {
	x := toResponses(r)
	b := &bench{n: x.neuron(x.limit())}
	b.drive = driveOf(b.n, r.TauS)
	b.want = b.seen(b.n)
	for _, y := range b.want {
		b.size += float64(y) * float64(y) // whole numbers, below 2^53
	}
	return b
}

// distance returns what Conversion says of a fit.
func (b *bench) distance(f fit) float64 {
	sum := 0.0
	for t, y := range b.seen(f.neuron(b.n.VTh)) {
		d := float64(y - b.want[t])
		sum += float64(d * d)
	}
	return math.Sqrt(sum / max(1, b.size))
}

// single returns the threshold, in those of the SRM neuron, that makes a single spike need the same weight.
func (b *bench) single(iDecay, vDecay int32) float64 {
	return cascadePeak(iDecay, vDecay) / math.Ldexp(cascadePeak(b.n.SDecay, b.n.SDecay), -int(b.n.SShift))
}

// fitCUBA fits a CUBA neuron, by trying all.
func fitCUBA(r snn.Response) fit {
	b, best := newBench(r), fit{distance: math.Inf(1)}
	for _, i := range fitI {
		for _, v := range fitV {
			f := fit{iDecay: decayOf(i * r.TauS), vDecay: decayOf(v * r.TauS)}
			single := b.single(f.iDecay, f.vDecay)
			for _, th := range fitThreshold {
				for _, f.refDelay = range fitRef {
					f.threshold = th * single
					if f.distance = b.distance(f); f.distance < best.distance {
						best = f
					}
				}
			}
		}
	}
	return best
}

// fit gives every SRM layer the neuron that stands in.
func (s *Source) fit() {
	fits := map[snn.Response]*fit{}
	for k := range s.Layers {
		l := &s.Layers[k]
		if l.SRM == nil || l.fit != nil {
			continue
		}
		if fits[*l.SRM] == nil {
			f := fitCUBA(*l.SRM)
			fits[*l.SRM] = &f
		}
		l.fit = fits[*l.SRM]
	}
}

// neuron returns the CUBA neuron for an SRM neuron of that threshold.
func (f fit) neuron(threshold int32) fixed.CUBA {
	return fixed.CUBA{IDecay: f.iDecay, VDecay: f.vDecay, RefDelay: f.refDelay, VTh: int32(math.RoundToEven(f.threshold * float64(threshold)))}
}

// driveOf returns the summed weights of each tick for neuron n: noise without memory, of the mean and
// deviation that give the potential those of fitDrive.
func driveOf(n fixed.SRM, tau float64) []int64 {
	q := 1 - float64(n.SDecay)/fixed.DecayOne
	area, energy, power := 0.0, 0.0, math.Ldexp(1, -int(n.SShift))
	for k := 1.0; k*power > 1e-6; k++ {
		y := float64(k * power)
		area, energy = area+y, energy+float64(y*y)
		power *= q
	}
	random := rand.New(rand.NewPCG(1, 2))
	var drive []int64
	for _, p := range fitDrive {
		mean := p.mean * float64(n.VTh) / area
		step := p.deviation * float64(n.VTh) / math.Sqrt(energy) / math.Sqrt(8)
		for range min(maxStretch, int(20*tau)+20) {
			coins := float64(2*bits.OnesCount8(uint8(random.Uint32())) - 8)
			drive = append(drive, int64(math.RoundToEven(mean+float64(step*coins))))
		}
	}
	return drive
}

// seen returns what a neuron's spikes on the drive are under ε.
func (b *bench) seen(neuron fixed.Neuron) []int32 {
	eps := b.n
	eps.Kick, eps.VTh = 0, fixed.MaxVTh
	var s, after fixed.State
	out := make([]int32, len(b.drive))
	for t, a := range b.drive {
		eps.Advance(&after, fixed.Drive{Sum: 1024 * int64(neuron.Advance(&s, fixed.Drive{Sum: a}))})
		out[t] = after.U
	}
	return out
}
