package interop

import (
	"errors"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
)

// LavaNet is a lava-dl network file.
type LavaNet struct {
	Layers  []LavaLayer // in the file's order, each fed by the one before
	Ts      float64     // sampling time, usually 1; 0 when the file has none
	TSample int         // ticks a sample lasts; 0 when the file has none

	// GradedInput, which no file says, makes what input spikes carry multiply the weights, as netx's
	// input_message_bits above 0 does.
	GradedInput bool
}

// LavaLayer is one layer as the file holds it. Fields that its type does not
// have are zero.
type LavaLayer struct {
	Type   string      // input, flatten, average, dense, dense_rec, conv, convT, pool or unpool
	Shape  []int       // of its neurons: C, H, W, or N
	Neuron *LavaNeuron // nil when the file has none

	InFeatures, OutFeatures           int    // dense, dense_rec
	InChannels, OutChannels           int    // conv, convT
	Kernel, Stride, Padding, Dilation [2]int // conv, convT, pool, unpool: H, W
	Groups                            int    // conv, convT

	// Weight is (out, in) for dense; (O, I/groups, kH, kW) for conv, to be used
	// as a cross-correlation; (I, O/groups, kH, kW) for convT; (1, 1, kH, kW) for
	// pool and unpool; one value, in any shape, for input.
	Weight     *LavaArray
	WeightImag *LavaArray // imaginary part where weights are complex, as for RF neurons
	WeightRec  *LavaArray // dense_rec: (out, out)

	Bias  []int32 // one value for input, one a channel for conv, one a neuron for dense; nil for none
	Delay []int32 // axonal, in ticks, 0 to snn.MaxDelay; one a channel, a neuron for dense; nil for none
}

// LavaNeuron holds a layer's neuron parameters.
type LavaNeuron struct {
	Type       string             // CUBA, LOIHI, SDNN, RF_PHASE, …
	Activation string             // of SDNN: relu
	Params     map[string]float64 // all numbers by lava-dl's names: iDecay, vThMant, …; booleans are 0 and 1
}

// LavaArray is an array of integers in C order.
type LavaArray struct {
	Shape []int
	Data  []int32
}

// lavaKeys lists what each type of layer has beside type and shape: first what
// it must have, then what it may.
var lavaKeys = map[string][2][]string{
	"input":     {nil, {"neuron", "weight", "bias"}},
	"flatten":   {},
	"average":   {},
	"dense":     {{"inFeatures", "outFeatures", "weight"}, {"neuron", "bias", "delay"}},
	"dense_rec": {{"inFeatures", "outFeatures", "weight", "weight_rec"}, {"neuron", "bias", "delay"}},
	"conv":      {lavaConvKeys, {"neuron", "bias", "delay"}},
	"convT":     {lavaConvKeys, {"neuron", "bias", "delay"}},
	"pool":      {{"kernelSize", "stride", "padding", "dilation", "weight"}, {"neuron", "delay"}},
	"unpool":    {{"kernelSize", "stride", "padding", "dilation", "weight"}, {"neuron", "delay"}},
}

var lavaConvKeys = []string{
	"inChannels", "outChannels", "kernelSize", "stride", "padding", "dilation", "groups", "weight",
}

// ReadLavaNet reads the lava-dl network at path. Errors are diagnostics that
// name the file and the layer: "lava-layers", "lava-type", "lava-key",
// "lava-value", "lava-shape", or those of package hdf5.
func ReadLavaNet(path string) (*LavaNet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	root, err := hdf5.Open(f, fi.Size())
	if err != nil {
		return nil, diag.InFile(err, path)
	}
	net, err := readLava(root)
	return net, diag.InFile(err, path)
}

func readLava(root *hdf5.Group) (*LavaNet, error) {
	net := &LavaNet{}
	if slices.Contains(root.Names(), "simulation") {
		sim, err := root.Group("simulation")
		if err != nil {
			return nil, err
		}
		if net.Ts, err = lavaNumber(sim, "Ts"); err != nil {
			return nil, err
		}
		t, err := lavaInts(sim, "tSample", 1, 1)
		if err != nil {
			return nil, err
		}
		net.TSample = t[0]
	}
	layers, err := root.Group("layer")
	if err != nil {
		return nil, err
	}
	names := layers.Names()
	if len(names) == 0 {
		return nil, diag.Inputf("lava-layers", "", "the network has no layers")
	}
	for i := range names {
		name := strconv.Itoa(i)
		if !slices.Contains(names, name) {
			return nil, diag.Inputf("lava-layers", "", "there are %d layers but none of number %d", len(names), i)
		}
		l, err := readLavaLayer(layers, name)
		if err != nil {
			return nil, inLayer(err, name)
		}
		net.Layers = append(net.Layers, *l)
	}
	return net, nil
}

func readLavaLayer(layers *hdf5.Group, name string) (*LavaLayer, error) {
	g, err := layers.Group(name)
	if err != nil {
		return nil, err
	}
	l := &LavaLayer{}
	if l.Type, err = lavaString(g, "type"); err != nil {
		return nil, err
	}
	keys, ok := lavaKeys[l.Type]
	if !ok {
		return nil, diag.Inputf("lava-type", "", "layers of type %q are not known", l.Type)
	}
	present := g.Names()
	for _, key := range append([]string{"shape"}, keys[0]...) {
		if !slices.Contains(present, key) {
			return nil, diag.Inputf("lava-key", "", "a layer of type %s needs %q, which is missing", l.Type, key)
		}
	}
	for _, key := range present {
		if key == "type" {
			continue
		}
		if key != "shape" && !slices.Contains(keys[0], key) && !slices.Contains(keys[1], key) {
			return nil, diag.Inputf("lava-key", "", "a layer of type %s has no %q: it would be lost", l.Type, key).
				WithFix("remove it from the file if the network does not depend on it")
		}
		if err := l.read(g, key); err != nil {
			return nil, err
		}
	}
	return l, l.check()
}

// read reads the value of one key of lavaKeys into its field.
func (l *LavaLayer) read(g *hdf5.Group, key string) (err error) {
	one := func(to *int) {
		var v []int
		if v, err = lavaInts(g, key, 1, 1); err == nil {
			*to = v[0]
		}
	}
	two := func(to *[2]int, least int) {
		var v []int
		if v, err = lavaInts(g, key, 0, least); err != nil {
			return
		}
		switch len(v) {
		case 1: // rows and columns alike, as in some older files
			*to = [2]int{v[0], v[0]}
		case 2:
			*to = [2]int(v)
		default:
			err = diag.Inputf("lava-shape", "", "%s holds %d values, want 2", key, len(v))
		}
	}
	list := func(to *[]int32) {
		var a *LavaArray
		if a, err = lavaArray(g, key); err == nil {
			*to = a.Data
		}
	}
	switch key {
	case "shape":
		l.Shape, err = lavaInts(g, key, 0, 1)
	case "inFeatures":
		one(&l.InFeatures)
	case "outFeatures":
		one(&l.OutFeatures)
	case "inChannels":
		one(&l.InChannels)
	case "outChannels":
		one(&l.OutChannels)
	case "groups":
		one(&l.Groups)
	case "kernelSize":
		two(&l.Kernel, 1)
	case "stride":
		two(&l.Stride, 1)
	case "padding":
		two(&l.Padding, 0)
	case "dilation":
		two(&l.Dilation, 1)
	case "bias":
		list(&l.Bias)
	case "delay":
		list(&l.Delay)
	case "weight":
		if parts, notGroup := g.Group(key); notGroup == nil {
			if l.Weight, err = lavaArray(parts, "real"); err == nil {
				l.WeightImag, err = lavaArray(parts, "imag")
			}
			return err
		}
		l.Weight, err = lavaArray(g, key)
	case "weight_rec":
		l.WeightRec, err = lavaArray(g, key)
	case "neuron":
		l.Neuron, err = lavaNeuron(g)
	}
	return err
}

// inLayer names the layer in err.
func inLayer(err error, name string) error {
	var e *diag.Error
	if errors.As(err, &e) {
		e.Layer = name
	}
	return err
}

func lavaNeuron(layer *hdf5.Group) (*LavaNeuron, error) {
	g, err := layer.Group("neuron")
	if err != nil {
		return nil, err
	}
	n := &LavaNeuron{Params: map[string]float64{}}
	if n.Type, err = lavaString(g, "type"); err != nil {
		return nil, err
	}
	for _, key := range g.Names() {
		switch key {
		case "type":
		case "activation":
			n.Activation, err = lavaString(g, key)
		default:
			n.Params[key], err = lavaNumber(g, key)
		}
		if err != nil {
			return nil, err
		}
	}
	return n, nil
}

// lavaString reads a single string.
func lavaString(g *hdf5.Group, key string) (string, error) {
	d, err := g.Dataset(key)
	if err != nil {
		return "", err
	}
	v, err := d.Strings()
	if err == nil && len(v) != 1 {
		err = diag.Inputf("lava-value", "", "%s holds %d strings, want one", key, len(v))
	}
	if err != nil {
		return "", err
	}
	return v[0], nil
}

// lavaNumber reads a single number, which is finite, or one that is there for each neuron.
func lavaNumber(g *hdf5.Group, key string) (float64, error) {
	d, err := g.Dataset(key)
	if err != nil {
		return 0, err
	}
	v, err := d.Floats()
	switch {
	case err != nil:
		return 0, err
	case len(v) != 1 && (len(v) == 0 || slices.Min(v) != slices.Max(v)):
		return 0, diag.Inputf("lava-value", "", "%s holds %d different numbers, want one for all neurons", key, len(v)).
			WithFix("train with parameters that the neurons of a layer share")
	case math.IsNaN(v[0]) || math.IsInf(v[0], 0):
		return 0, diag.Inputf("lava-value", "", "%s is %v", key, v[0])
	}
	return v[0], nil
}

// lavaInts reads n integers (any number of them for 0) from least to
// snn.MaxNeurons: extents and counts.
func lavaInts(g *hdf5.Group, key string, n, least int) ([]int, error) {
	a, err := lavaArray(g, key)
	if err != nil {
		return nil, err
	}
	if n > 0 && len(a.Data) != n {
		return nil, diag.Inputf("lava-shape", "", "%s holds %d values, want %d", key, len(a.Data), n)
	}
	v := make([]int, len(a.Data))
	for i, x := range a.Data {
		if v[i] = int(x); v[i] < least || v[i] > snn.MaxNeurons {
			return nil, diag.Inputf("lava-value", "", "%s is %v, want values from %d to %d", key, a.Data, least, snn.MaxNeurons)
		}
	}
	return v, nil
}

// lavaArray reads an array of integers, which lava-dl stores as floats.
func lavaArray(g *hdf5.Group, key string) (*LavaArray, error) {
	d, err := g.Dataset(key)
	if err != nil {
		return nil, err
	}
	v, err := d.Floats()
	if err != nil {
		return nil, err
	}
	a := &LavaArray{Shape: d.Shape, Data: make([]int32, len(v))}
	for i, x := range v {
		if x != math.Trunc(x) || math.Abs(x) > math.MaxInt32 {
			return nil, diag.Inputf("lava-value", "", "%s: value %d is %v, want an integer", key, i, x).
				WithFix("export the network quantized, as lava-dl's export_hdf5 does with a quantizing pre_hook_fx")
		}
		a.Data[i] = int32(x)
	}
	return a, nil
}
