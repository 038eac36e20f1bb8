package interop

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/isospike/isospike/internal/hdf5"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
)

// NIR is a graph of the Neuromorphic Intermediate Representation as nir.write puts it
// into a file: nodes with parameters, and edges between their names.
type NIR struct {
	Nodes map[string]*NIRNode
	Edges [][2]string // from, to

	// Stored and Dt are there in a file that isospike exported: the network itself, and
	// the seconds of a tick.
	Stored *fixed.Network
	Dt     float64
}

// NIRNode is a node. Every number is in Arrays, also a single one, with an empty shape.
type NIRNode struct {
	Type   string
	Text   map[string]string // parameters that are words: padding may be
	Arrays map[string]NIRArray
}

// NIRArray is an array of numbers in C order.
type NIRArray struct {
	Shape []int
	Data  []float64
	whole bool // written as integers
}

// nirKeys lists the parameters of each type of node that isospike knows: those that it
// must have, then those that it may.
var nirKeys = map[string][2][]string{
	"Input":     {{"shape"}},
	"Output":    {{"shape"}},
	"Linear":    {{"weight"}},
	"Affine":    {{"weight", "bias"}},
	"Conv2d":    {{"weight", "stride", "padding", "dilation", "groups"}, {"bias", "input_shape"}},
	"SumPool2d": {{"kernel_size", "stride", "padding"}},
	"AvgPool2d": {{"kernel_size", "stride", "padding"}},
	"Flatten":   {nil, {"start_dim", "end_dim", "input_type"}},
	"Scale":     {{"scale"}},
	"Delay":     {{"delay"}},
	"Threshold": {{"threshold"}},
	"IF":        {{"r", "v_threshold"}, {"v_reset"}},
	"LIF":       {{"tau", "r", "v_leak", "v_threshold"}, {"v_reset"}},
	"CubaLIF":   {{"tau_syn", "tau_mem", "r", "v_leak", "v_threshold"}, {"v_reset", "w_in"}},
	"I":         {{"r"}},
	"LI":        {{"tau", "r", "v_leak"}},
	"CubaLI":    {{"tau_syn", "tau_mem", "r", "v_leak"}, {"w_in"}},
}

const (
	nirVersion   = "1.0" // of nir, whose layout is written
	storedGroup  = "isospike"
	maxNIRValues = 1 << 25 // of one array, and of weights that folding makes
	maxFolding   = 1 << 32 // products that folding takes
	maxNIRSize   = 1 << 22 // neurons of a population
)

// nirError is about a node, which takes the place of the layer.
func nirError(code, node, format string, args ...any) *diag.Error {
	return &diag.Error{Kind: diag.Input, Code: code, Msg: fmt.Sprintf("node %q: ", node) + fmt.Sprintf(format, args...)}
}

// ReadNIR reads the graph in the file at path. Errors are diagnostics that name the file
// and the node: "nir-node", "nir-key", "nir-value", or those of packages hdf5 and safetensors.
func ReadNIR(path string) (*NIR, error) {
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
	g, err := readNIR(root)
	return g, diag.InFile(err, path)
}

func readNIR(root *hdf5.Group) (*NIR, error) {
	node, err := root.Group("node")
	if err != nil {
		return nil, err
	}
	if kind, err := lavaString(node, "type"); err != nil {
		return nil, err
	} else if kind != "NIRGraph" {
		return nil, diag.Inputf("nir-node", "", "the file holds a single node of type %q, not a graph", kind)
	}
	g := &NIR{Nodes: map[string]*NIRNode{}}
	edges, err := node.Dataset("edges")
	if err != nil {
		return nil, err
	}
	names, err := edges.Strings()
	if err != nil {
		return nil, err
	}
	if len(edges.Shape) != 2 || edges.Shape[1] != 2 {
		return nil, diag.Inputf("nir-value", "", "the edges have shape %v, want pairs of names", edges.Shape)
	}
	for pair := range slices.Chunk(names, 2) {
		g.Edges = append(g.Edges, [2]string(pair))
	}
	nodes, err := node.Group("nodes")
	if err != nil {
		return nil, err
	}
	for _, name := range nodes.Names() {
		n, err := nodes.Group(name)
		if err != nil {
			return nil, err
		}
		if g.Nodes[name], err = readNIRNode(n, name); err != nil {
			return nil, err
		}
	}
	if slices.Contains(root.Names(), storedGroup) {
		err = g.readStored(root)
	}
	return g, err
}

func readNIRNode(g *hdf5.Group, name string) (*NIRNode, error) {
	n := &NIRNode{Text: map[string]string{}, Arrays: map[string]NIRArray{}}
	var err error
	if n.Type, err = lavaString(g, "type"); err != nil {
		return nil, err
	}
	keys, ok := nirKeys[n.Type]
	switch {
	case n.Type == "NIRGraph":
		return nil, nirError("nir-node", name, "a graph within the graph, as recurrent layers are stored, is not supported by import")
	case !ok:
		return nil, nirError("nir-node", name, "nodes of type %q are not supported by import; it knows %q", n.Type, slices.Sorted(maps.Keys(nirKeys)))
	}
	for _, key := range g.Names() {
		if key == "type" || key == "metadata" {
			continue
		}
		if !slices.Contains(keys[0], key) && !slices.Contains(keys[1], key) {
			return nil, nirError("nir-key", name, "%s has no %q: it would be lost", n.Type, key)
		}
		d, err := g.Dataset(key)
		if err != nil {
			return nil, err
		}
		if d.Kind == hdf5.String {
			if n.Text[key], err = lavaString(g, key); err != nil {
				return nil, err
			}
			continue
		}
		values := 1
		for _, x := range d.Shape {
			if values *= x; values > maxNIRValues {
				return nil, nirError("nir-value", name, "%s has shape %v, more than %d values", key, d.Shape, maxNIRValues)
			}
		}
		a := NIRArray{Shape: d.Shape, whole: d.Kind == hdf5.Int}
		if a.Data, err = d.Floats(); err != nil {
			return nil, err
		}
		for i, x := range a.Data {
			if x != x {
				return nil, nirError("nir-value", name, "%s: value %d is not a number", key, i)
			}
		}
		n.Arrays[key] = a
	}
	for _, key := range keys[0] {
		_, number := n.Arrays[key]
		if _, word := n.Text[key]; !number && !word {
			return nil, nirError("nir-key", name, "%s needs %q, which is missing", n.Type, key)
		}
	}
	return n, nil
}

// readStored reads the network that export put beside the graph.
func (g *NIR) readStored(root *hdf5.Group) error {
	stored, err := root.Group(storedGroup)
	if err != nil {
		return err
	}
	if g.Dt, err = lavaNumber(stored, "dt"); err != nil {
		return err
	}
	d, err := stored.Dataset("fixed")
	if err != nil {
		return err
	}
	b, err := d.Bytes()
	if err != nil {
		return err
	}
	f, err := safetensors.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	g.Stored, err = fixed.FromFile(f)
	return err
}

// Bytes returns the graph as an HDF5 file as nir.write lays it out. Beside the graph, where nir
// does not look, is a group isospike with Dt and Stored as the bytes of its artifact.
func (g *NIR) Bytes() ([]byte, error) {
	root := hdf5.NewFolder()
	root.Put("version", hdf5.Text(nirVersion))
	node := root.Folder("node")
	node.Put("type", hdf5.Text("NIRGraph"))
	var edges []string
	for _, e := range g.Edges {
		edges = append(edges, e[:]...)
	}
	node.Put("edges", hdf5.TextsOf([]int{len(g.Edges), 2}, edges))
	for name, n := range g.Nodes {
		f := node.Folder("nodes/" + name)
		f.Put("type", hdf5.Text(n.Type))
		for key, s := range n.Text {
			f.Put(key, hdf5.Text(s))
		}
		for key, a := range n.Arrays {
			f.Put(key, a.value())
		}
	}
	if g.Stored != nil {
		var artifact bytes.Buffer
		if err := safetensors.Write(&artifact, g.Stored.File()); err != nil {
			return nil, err
		}
		root.Folder(storedGroup).Put("dt", hdf5.Scalar(g.Dt))
		root.Folder(storedGroup).Put("fixed", hdf5.NumbersOf([]int{artifact.Len()}, artifact.Bytes()))
	}
	return hdf5.Bytes(root), nil
}

// value is the array as PyTorch's users of nir write it: integers of 64 bits, floats of 32.
func (a NIRArray) value() hdf5.Value {
	if a.whole {
		v := make([]int64, len(a.Data))
		for i, x := range a.Data {
			v[i] = int64(x)
		}
		return hdf5.NumbersOf(a.Shape, v)
	}
	v := make([]float32, len(a.Data))
	for i, x := range a.Data {
		v[i] = float32(x)
	}
	return hdf5.NumbersOf(a.Shape, v)
}
