package fixed_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// small is a network of a convolution and a dense layer with delays.
func small() *fixed.Network {
	in, mid := snn.Shape{W: 4, H: 4, C: 1}, snn.Shape{W: 4, H: 4, C: 2}
	cuba := fixed.CUBA{IDecay: 1024, VDecay: 128, VTh: 80, RefDelay: 1}
	return &fixed.Network{Input: in, Convention: fixed.Axonal, Layers: []fixed.Layer{
		{Name: "1", In: in, Out: mid, Kernel: fixed.Square(3, 1, 1, 1, 1), Weight: make([]int16, 18), WeightBits: 8, Neuron: cuba, Delay: make([]uint8, 32)},
		{Name: "2", In: mid, Out: snn.Flat(3), Weight: make([]int16, 96), WeightBits: 8, Neuron: cuba},
	}}
}

// TestHostileArtifacts: headers that claim what the tensors do not hold are refused, and nothing is allocated for the claims.
func TestHostileArtifacts(t *testing.T) {
	read := func(change func(f *safetensors.File)) (size, allocated uint64, err error) {
		f := small().File()
		change(f)
		var b bytes.Buffer
		if err := safetensors.Write(&b, f); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		back, err := safetensors.Read(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err == nil {
			_, err = fixed.FromFile(back)
		}
		runtime.ReadMemStats(&after)
		return uint64(b.Len()), after.TotalAlloc - before.TotalAlloc, err
	}
	if _, _, err := read(func(*safetensors.File) {}); err != nil {
		t.Fatal(err)
	}
	const key = "isospike.network"
	swap := func(old, new string) func(f *safetensors.File) {
		return func(f *safetensors.File) {
			h := f.Meta[key]
			if f.Meta[key] = strings.Replace(h, old, new, 1); f.Meta[key] == h {
				t.Fatalf("%s is not in %s", old, h)
			}
		}
	}
	for name, change := range map[string]func(f *safetensors.File){
		"no header":         func(f *safetensors.File) { delete(f.Meta, key) },
		"half a header":     func(f *safetensors.File) { f.Meta[key] = f.Meta[key][:len(f.Meta[key])/2] },
		"another version":   func(f *safetensors.File) { f.Meta["isospike.version"] = "2" },
		"a huge input":      swap(`{"W":4,"H":4,"C":1}`, `{"W":1073741824,"H":1073741824,"C":1}`),
		"an input of 2^62":  swap(`{"W":4,"H":4,"C":1}`, `{"W":4611686018427387904,"H":4,"C":1}`),
		"a negative input":  swap(`{"W":4,"H":4,"C":1}`, `{"W":-4,"H":-4,"C":1}`),
		"a huge layer":      swap(`{"W":1,"H":1,"C":3}`, `{"W":16777216,"H":1,"C":1}`),
		"a layer of none":   swap(`{"W":1,"H":1,"C":3}`, `{"W":0,"H":1,"C":1}`),
		"a huge kernel":     swap(`"size":[3,3]`, `"size":[1073741824,1073741824]`),
		"no stride":         swap(`"stride":[1,1]`, `"stride":[0,0]`),
		"a huge padding":    swap(`"padding":[1,1]`, `"padding":[4611686018427387904,1]`),
		"no groups":         swap(`"groups":1`, `"groups":0`),
		"negative groups":   swap(`"groups":1`, `"groups":-1`),
		"a huge dilation":   swap(`"dilation":[1,1]`, `"dilation":[4611686018427387904,4611686018427387904]`),
		"no neuron":         swap(`"RefDelay":1`, `"RefDelay":0`),
		"a huge exponent":   swap(`"weight_exp":0`, `"weight_exp":1000000000`),
		"a negative reset":  swap(`"Interval":0`, `"Interval":-1`),
		"another sign mode": swap(`"mode":"mixed"`, `"mode":"wild"`),
		"a thousand layers": swap(`"layers":[`, `"layers":[`+strings.Repeat(`{},`, 1000)),
		"a delay of 255":    func(f *safetensors.File) { f.Tensors[1].Data[0] = 255 },
		"a tensor too many": func(f *safetensors.File) {
			f.Tensors = append(f.Tensors, safetensors.Of("../../x", []int{1}, []uint8{1}))
		},
		"a tensor less": func(f *safetensors.File) { f.Tensors = f.Tensors[1:] },
		"another type":  func(f *safetensors.File) { f.Tensors[0] = safetensors.Of("1.weight", []int{18}, make([]float32, 18)) },
	} {
		size, allocated, err := read(change)
		var e *diag.Error
		if !errors.As(err, &e) || e.Kind != diag.Input {
			t.Errorf("%s: %v", name, err)
		}
		if allocated > 1<<18+60*size {
			t.Errorf("%s: %d bytes allocated for %d", name, allocated, size)
		}
	}
	// A length of the file's own header that is not there.
	b := binary.LittleEndian.AppendUint64(nil, 1<<30)
	if _, err := safetensors.Read(bytes.NewReader(b), int64(len(b))); err == nil {
		t.Error("a header of 1 GB was read")
	}
}

// TestTooManyTicks: a run that would take more memory than there is, is refused before it takes any.
func TestTooManyTicks(t *testing.T) {
	var e *diag.Error
	if _, err := small().Run(spike.NewRaster(16), 1<<26, true); !errors.As(err, &e) || e.Kind != diag.Limit || e.Used != 1<<31 || e.Layer != "1" {
		t.Error(err)
	}
}

// FuzzFromFile replaces the header of a valid network. What passes runs, and is read again as it is written.
func FuzzFromFile(f *testing.F) {
	const key = "isospike.network"
	head := small().File().Meta[key]
	f.Add(head)
	f.Add(strings.Replace(head, `"padding":[1,1]`, `"padding":[2,0]`, 1))
	f.Add(strings.Replace(head, `"Interval":0`, `"Interval":3`, 1))
	f.Add(strings.Replace(head, `"W":4,"H":4`, `"W":16,"H":1`, 1))
	f.Fuzz(func(t *testing.T, head string) {
		file := small().File()
		file.Meta[key] = head
		n, err := fixed.FromFile(file)
		if err != nil {
			return
		}
		in := spike.NewRaster(n.Input.Size())
		in.Append(0)
		if _, err := n.Run(in, 3, true); err != nil {
			t.Fatal(err)
		}
		if _, err := fixed.FromFile(n.File()); err != nil {
			t.Fatal(err)
		}
	})
}
