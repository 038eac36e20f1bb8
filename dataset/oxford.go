package dataset

import (
	"os"
	"path/filepath"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// pattern is a Set of one sample without a class: input spike trains and the output
// that is wanted for them.
type pattern struct {
	name          string
	input, output []spike.Event
	in, out       int // neurons
}

// openOxford reads a folder with input.bs1 and output.bs1, SLAYER's pattern to
// pattern task. Populations are as large as the highest neuron asks for.
func openOxford(path, part, _ string) (Set, error) {
	if part != "" {
		return nil, unknownPart(path, part)
	}
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		path = filepath.Dir(path)
	}
	p := &pattern{name: filepath.Base(filepath.Clean(path))}
	var err error
	if p.input, p.in, err = readTrains(filepath.Join(path, "input.bs1")); err != nil {
		return nil, err
	}
	p.output, p.out, err = readTrains(filepath.Join(path, "output.bs1"))
	return p, err
}

// readTrains reads spike trains, and returns how many neurons there are. The sign of
// an event is dropped: SLAYER has one channel here.
func readTrains(name string) ([]spike.Event, int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, unreadable(name, err)
	}
	defer f.Close()
	events, err := spike.ReadBS1(f)
	if err != nil {
		return nil, 0, diag.InFile(err, name)
	}
	if len(events) == 0 {
		return nil, 0, diag.Inputf("no-recordings", name, "there is no spike in it").WithFix("get the file anew")
	}
	n := 0
	for i := range events {
		events[i].P = 0
		n = max(n, int(events[i].X)+1)
	}
	return events, n, nil
}

func (p *pattern) Name() string     { return p.name }
func (p *pattern) Len() int         { return 1 }
func (p *pattern) Classes() int     { return 0 }
func (p *pattern) Shape() snn.Shape { return snn.Shape{W: p.in, H: 1, C: 1} }
func (p *pattern) Label(int) int    { return -1 }
func (p *pattern) ID(int) string    { return p.name }
func (p *pattern) Events(int) ([]spike.Event, error) {
	return append([]spike.Event(nil), p.input...), nil
}

// Pattern returns the desired output.
func (p *pattern) Pattern(e Encoding, _ int) (*spike.Raster, error) {
	e.Downsample = 1
	r, _, err := e.Raster(snn.Shape{W: p.out, H: 1, C: 1}, p.output)
	return r, err
}
