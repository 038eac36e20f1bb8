package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// lastInputs is how many arriving spikes a Divergence tells of.
const lastInputs = 10

// Divergence is the first value in which two runs of a program differ.
type Divergence struct {
	Tick       int    // in which it was computed; recorded spikes show SpikeLag later
	Layer      string // its name
	Neuron     int    // in the layer
	Core       int    // index into Program.Cores, −1 where no program is known
	CoreNeuron int    // compartment of the core, −1 as well
	Register   string // "u", "v" or "s" (the spike, or what a graded one carries)
	Want, Got  int64
	Inputs     []Input // the last spikes that arrived up to Tick, oldest first
	layer      int     // its number
}

// Input is a spike that reached a neuron.
type Input struct {
	Synapse
	Sent    int   `json:"sent"`    // tick of the spike; for an input, its column
	Arrived int   `json:"arrived"` // tick
	Carries int64 `json:"carries"` // 1 of a plain spike
}

// String tells it on a line.
func (i Input) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "spike of %s neuron %d in tick %d, delay %d, weight %d", i.From, i.Source, i.Sent, i.Delay, i.Weight)
	if i.Exp != 0 {
		fmt.Fprintf(&b, "·2^%d", i.Exp)
	}
	if i.Imag {
		b.WriteString("·i")
	}
	if i.Carries != 1 {
		fmt.Fprintf(&b, ", carries %d", i.Carries)
	}
	return b.String()
}

// String tells it over several lines.
func (d *Divergence) String() string {
	what := fmt.Sprintf("%s is %d, should be %d", d.Register, d.Got, d.Want)
	switch {
	case d.Register != "s":
	case d.Got == 0 && d.Want == 1:
		what = "it does not spike, should"
	case d.Got == 1 && d.Want == 0:
		what = "it spikes, should not"
	default:
		what = fmt.Sprintf("it sends %d, should send %d", d.Got, d.Want)
	}
	return fmt.Sprintf("%s: %s%s", d.Place(), what, d.Trail())
}

// Place says where it is: tick, layer, neuron, and core.
func (d *Divergence) Place() string {
	place := fmt.Sprintf("tick %d, layer %s, neuron %d", d.Tick, d.Layer, d.Neuron)
	if d.Core >= 0 {
		place += fmt.Sprintf(" (core %d, neuron %d there)", d.Core, d.CoreNeuron)
	}
	return place
}

// Trail tells the inputs, a line each; it is empty where no program is known.
func (d *Divergence) Trail() string {
	if d.Core < 0 {
		return ""
	}
	if len(d.Inputs) == 0 {
		return "\n  no spike had arrived there"
	}
	var b strings.Builder
	for _, i := range d.Inputs {
		b.WriteString("\n  " + i.String())
	}
	return b.String()
}

// FirstDivergence compares two runs of p on the input in, layer by layer, and
// returns where they first differ: by tick, then layer, neuron and register, u
// before v before s. It returns nil when they agree, and how many values it
// compared until then. Registers that one of the runs did not record are left
// out, and so are the spikes of layers of which got has none. The error is an Input one for records that do not belong together or to p.
func FirstDivergence(p *compile.Program, in *spike.Raster, want, got []fixed.Record) (*Divergence, int64, error) {
	if len(want) != len(p.Layers) || in.Neurons != len(p.InputStart)-1 {
		return nil, 0, differ("%d layers for %d, input of %d neurons for %d", len(want), len(p.Layers), in.Neurons, len(p.InputStart)-1)
	}
	names := make([]string, len(p.Layers))
	for k := range p.Layers {
		if names[k] = p.Layers[k].Name; want[k].Spikes.Neurons != len(p.Layers[k].Home) {
			return nil, 0, differ("layer %s has %d neurons in one of them, not %d", names[k], want[k].Spikes.Neurons, len(p.Layers[k].Home))
		}
	}
	d, compared, err := FirstDifference(names, p.Convention.SpikeLag, want, got)
	if d != nil {
		cell := ProgramCell(p, d.layer, d.Neuron)
		d.Core, d.CoreNeuron = cell.Core, cell.CoreNeuron
		inputs := arrivals(cell.Synapses, cell.latency, in, rasters(want), p.Convention.SpikeLag, d.Tick)
		d.Inputs = inputs[max(0, len(inputs)-lastInputs):]
	}
	return d, compared, err
}

// FirstDifference is FirstDivergence of runs of which no program is known: it tells neither cores nor inputs. names are those
// of the layers, and lag is by how many ticks the spikes are recorded later than they were sent.
func FirstDifference(names []string, lag int, want, got []fixed.Record) (*Divergence, int64, error) {
	ticks, err := sameShape(names, want, got)
	if err != nil {
		return nil, 0, err
	}
	compared := int64(0)
	for t := -lag; t < ticks; t++ {
		for k, name := range names {
			w, g := &want[k], &got[k]
			d := Divergence{Tick: t, Neuron: w.Spikes.Neurons, Layer: name, layer: k, Core: -1, CoreNeuron: -1}
			if t >= 0 && w.U != nil && g.U != nil {
				compared += d.states("u", w.U, g.U, t, ticks)
			}
			if t >= 0 && w.V != nil && g.V != nil {
				compared += d.states("v", w.V, g.V, t, ticks)
			}
			if t+lag < ticks && g.Spikes != nil {
				compared += d.spikes(w.Spikes, g.Spikes, t+lag)
			}
			if d.Register != "" {
				return &d, compared, nil
			}
		}
	}
	return nil, compared, nil
}

func rasters(recs []fixed.Record) (all []*spike.Raster) {
	for k := range recs {
		all = append(all, recs[k].Spikes)
	}
	return all
}

func differ(format string, args ...any) error {
	return diag.Inputf("records-differ", "", "the runs cannot be compared: "+format, args...)
}

// sameShape returns the ticks of two runs of a network, or why they cannot be compared.
func sameShape(names []string, want, got []fixed.Record) (ticks int, err error) {
	if len(want) != len(names) || len(got) != len(names) {
		return 0, differ("%d and %d layers for %d", len(want), len(got), len(names))
	}
	for k, name := range names {
		if k == 0 {
			ticks = want[0].Spikes.Ticks()
		}
		n := want[k].Spikes.Neurons
		for _, r := range []*fixed.Record{&want[k], &got[k]} {
			if s := r.Spikes; s != nil && (s.Neurons != n || s.Ticks() != ticks) {
				return 0, differ("layer %s has %d neurons over %d ticks in one of them, not %d over %d", name, s.Neurons, s.Ticks(), n, ticks)
			}
			if r.U != nil && len(r.U) != n*ticks || r.V != nil && len(r.V) != n*ticks {
				return 0, differ("layer %s has %d values of u and %d of v in one of them, not those of %d neurons over %d ticks", name, len(r.U), len(r.V), n, ticks)
			}
		}
	}
	return ticks, nil
}

// states notes the first neuron before d.Neuron whose register differs at tick t.
func (d *Divergence) states(register string, want, got []int32, t, ticks int) int64 {
	for o := range len(want) / ticks {
		i := o*ticks + t
		if want[i] != got[i] && o < d.Neuron {
			d.Neuron, d.Register, d.Want, d.Got = o, register, int64(want[i]), int64(got[i])
		}
	}
	return int64(len(want) / ticks)
}

// spikes notes the first neuron before d.Neuron that sends different messages in column t of
// two runs: 0 for no spike, 1 for a plain one.
func (d *Divergence) spikes(want, got *spike.Raster, t int) int64 {
	w, g := want.At(t), got.At(t)
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] && message(want, t, i) == message(got, t, i) {
		i++
	}
	note := func(neuron int32, w, g int64) {
		if int(neuron) < d.Neuron {
			d.Neuron, d.Register, d.Want, d.Got = int(neuron), "s", w, g
		}
	}
	switch {
	case i == len(w) && i == len(g):
	case i == len(g) || i < len(w) && w[i] < g[i]:
		note(w[i], message(want, t, i), 0)
	case i == len(w) || g[i] < w[i]:
		note(g[i], 0, message(got, t, i))
	default:
		note(w[i], message(want, t, i), message(got, t, i))
	}
	return int64(want.Neurons)
}

// message returns what spike i of column t carries.
func message(r *spike.Raster, t, i int) int64 {
	if carries := r.Messages(t); carries != nil {
		return int64(carries[i])
	}
	return 1
}

// arrivals returns the spikes that reached a neuron over some of its synapses in a tick, and before it where that are fewer than lastInputs. sent are the
// spikes of the layers, recorded so many ticks after they were sent, and latency is that of the input's.
func arrivals(synapses []Synapse, latency int, in *spike.Raster, sent []*spike.Raster, recorded, tick int) []Input {
	var last []Input
	for _, s := range synapses {
		spikes, lag, latency := in, 0, latency
		if s.layer >= 0 {
			spikes, lag, latency = sent[s.layer], recorded, 1
		}
		found := 0
		for at := min(tick-s.Delay-latency, spikes.Ticks()-1-lag); at >= 0 && found < lastInputs; at-- {
			if i, fired := slices.BinarySearch(spikes.At(at+lag), int32(s.Source)); fired {
				last = append(last, Input{s, at, at + s.Delay + latency, message(spikes, at+lag, i)})
				found++
			}
		}
	}
	slices.SortStableFunc(last, func(a, b Input) int { return cmp.Compare(a.Arrived, b.Arrived) })
	from := max(0, len(last)-lastInputs)
	for from > 0 && last[from-1].Arrived == tick {
		from--
	}
	return last[from:]
}
