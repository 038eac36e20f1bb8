package compile

import (
	"math"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/fixed"
)

// columns are the tables of a program as its artifact holds them: see Encode.
// Writing appends to them; reading cuts pieces off their front, and sets unfit
// when a piece is longer than what is left or a number is out of its type's range.
type columns struct {
	homeCore                 []uint32
	homeNeuron               []uint16
	inputRoutes              []uint32
	input, out               routeColumns
	place                    []int64
	count                    []uint32
	delayBits                []uint8
	profiles                 []int64
	profile                  []uint8
	bias                     []int16
	neuronRoutes             []uint32
	axonRow, axonBase        []uint16
	flags                    []uint8
	mode, weightBits, format []uint8
	rowSynapses              []uint32
	target                   []uint16
	code, delay              []uint8
	neurons                  []fixed.NeuronJSON // of the header
	unfit                    bool
}

// profileColumns is the width of the tensor "profile".
const profileColumns = 5

type routeColumns struct {
	core  []uint32
	axon  []uint16
	delay []uint8
}

// list names the tensors, in the order of the file.
func (w *columns) list() []column {
	return []column{
		tensor[uint32]{"home.core", 0, &w.homeCore},
		tensor[uint16]{"home.neuron", 0, &w.homeNeuron},
		tensor[uint32]{"input.routes", 0, &w.inputRoutes},
		tensor[uint32]{"input.route.core", 0, &w.input.core},
		tensor[uint16]{"input.route.axon", 0, &w.input.axon},
		tensor[uint8]{"input.route.delay", 0, &w.input.delay},
		tensor[int64]{"core.place", 4, &w.place},
		tensor[uint32]{"core.count", 6, &w.count},
		tensor[uint8]{"core.delay_bits", 0, &w.delayBits},
		tensor[int64]{"profile", profileColumns, &w.profiles},
		tensor[uint8]{"neuron.profile", 0, &w.profile},
		tensor[int16]{"neuron.bias", 0, &w.bias},
		tensor[uint32]{"neuron.routes", 0, &w.neuronRoutes},
		tensor[uint16]{"axon.row", 0, &w.axonRow},
		tensor[uint16]{"axon.base", 0, &w.axonBase},
		tensor[uint8]{"axon.flags", 0, &w.flags},
		tensor[uint8]{"row.mode", 0, &w.mode},
		tensor[uint8]{"row.weight_bits", 0, &w.weightBits},
		tensor[uint8]{"row.format", 0, &w.format},
		tensor[uint32]{"row.synapses", 0, &w.rowSynapses},
		tensor[uint16]{"synapse.target", 0, &w.target},
		tensor[uint8]{"synapse.code", 0, &w.code},
		tensor[uint8]{"synapse.delay", 0, &w.delay},
		tensor[uint32]{"route.core", 0, &w.out.core},
		tensor[uint16]{"route.axon", 0, &w.out.axon},
		tensor[uint8]{"route.delay", 0, &w.out.delay},
	}
}

// column is one tensor of the artifact.
type column interface {
	tensor() safetensors.Tensor
	read(f *safetensors.File) error
	left() int
}

// tensor is a column of T; width is its second dimension, 0 for none.
type tensor[T safetensors.Element] struct {
	name  string
	width int
	v     *[]T
}

func (t tensor[T]) tensor() safetensors.Tensor {
	shape := []int{len(*t.v)}
	if t.width > 0 {
		shape = []int{len(*t.v) / t.width, t.width}
	}
	return safetensors.Of(t.name, shape, *t.v)
}

func (t tensor[T]) read(f *safetensors.File) error {
	x, err := f.Tensor(t.name)
	if err != nil {
		return err
	}
	if t.width == 0 && len(x.Shape) != 1 || t.width > 0 && (len(x.Shape) != 2 || x.Shape[1] != t.width) {
		return invalid("", "tensor %q has shape %v", t.name, x.Shape)
	}
	*t.v, err = safetensors.As[T](x)
	return err
}

func (t tensor[T]) left() int { return len(*t.v) }

// cut takes the next n elements off a column.
func cut[T any](w *columns, from *[]T, n int) []T {
	if n < 0 || n > len(*from) {
		w.unfit = true
		return nil
	}
	piece := (*from)[:n:n]
	*from = (*from)[n:]
	return piece
}

// starts takes n counts off a column and returns where the things they count begin and end.
func (w *columns) starts(counts *[]uint32, n int) []uint32 {
	piece := cut(w, counts, n)
	s := make([]uint32, 1, len(piece)+1)
	sum := uint64(0)
	for _, c := range piece {
		sum += uint64(c)
		s = append(s, uint32(sum))
	}
	w.unfit = w.unfit || sum > math.MaxUint32
	return s
}

func (r *routeColumns) add(routes []Route) {
	for _, x := range routes {
		r.core, r.axon, r.delay = append(r.core, x.Core), append(r.axon, x.Axon), append(r.delay, x.Delay)
	}
}

func (w *columns) routes(from *routeColumns, n int) []Route {
	core, axon, delay := cut(w, &from.core, n), cut(w, &from.axon, n), cut(w, &from.delay, n)
	routes := make([]Route, min(len(core), len(axon), len(delay)))
	for i := range routes {
		routes[i] = Route{Core: core[i], Axon: axon[i], Delay: delay[i]}
	}
	return routes
}

// flagsOf returns the flags of a core's axons, nil where there are none.
func flagsOf(v []uint8) (flags []AxonFlags) {
	all := uint8(0)
	for _, f := range v {
		all |= f
		flags = append(flags, AxonFlags(f))
	}
	if all == 0 {
		return nil
	}
	return flags
}

// nextCore takes the tables of one core off the columns.
func (w *columns) nextCore() (c Core) {
	n, place := cut(w, &w.count, 6), cut(w, &w.place, 4)
	if w.unfit {
		return c
	}
	profiles, neurons, axons, rows, synapses, routes := int(n[0]), int(n[1]), int(n[2]), int(n[3]), int(n[4]), int(n[5])
	c.Chip, c.X, c.Y, c.Slot = int(place[0]), int(place[1]), int(place[2]), int(place[3])
	c.DelayBits = int(cut(w, &w.delayBits, 1)[0])
	for v := cut(w, &w.profiles, profileColumns*profiles); len(v) > 0; v = v[profileColumns:] {
		if v[0] < 0 || v[0] >= int64(len(w.neurons)) {
			w.unfit = true
			return c
		}
		c.Profiles = append(c.Profiles, Profile{Neuron: w.neurons[v[0]].Neuron,
			WeightExp: int(v[1]), BiasExp: int(v[2]), ResetInterval: int(v[3]), ResetPhase: int(v[4])})
	}
	c.Profile, c.Bias = cut(w, &w.profile, neurons), cut(w, &w.bias, neurons)
	c.OutStart = w.starts(&w.neuronRoutes, neurons)
	c.Row, c.Base = cut(w, &w.axonRow, axons), cut(w, &w.axonBase, axons)
	if len(w.flags) > 0 {
		c.Flags = flagsOf(cut(w, &w.flags, axons))
	}
	for _, m := range cut(w, &w.mode, rows) {
		c.Mode = append(c.Mode, fixed.SignMode(m))
	}
	c.WeightBits = cut(w, &w.weightBits, rows)
	for _, f := range cut(w, &w.format, rows) {
		c.Format = append(c.Format, RowFormat(f))
	}
	c.RowStart = w.starts(&w.rowSynapses, rows)
	c.Target, c.Code = cut(w, &w.target, synapses), cut(w, &w.code, synapses)
	if c.DelayBits > 0 {
		c.Delay = cut(w, &w.delay, synapses)
	}
	c.Route = w.routes(&w.out, routes)
	return c
}
