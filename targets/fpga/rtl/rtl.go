// Package rtl holds the Verilog of the FPGA boards and builds simulations of it.
//
//	core/         the neurons: chip.v on top
//	link/         the board's side of the serial protocol
//	top/          what is around both on a board
//	sim/          what drives a simulation
//	sim/link/     a chip for the tests of the link
//
// The sources are part of the program, so that a simulation can be built wherever
// Verilator and a C++ compiler are.
package rtl

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/isospike/isospike/snn/diag"
)

//go:embed core/*.v link/*.v link/*.asm top/*.v sim/*/*.v sim/*.cpp
var files embed.FS

// A Design is a board: the modules of the link and of a chip, and their parameters.
type Design struct {
	// Chip is the folder of module chip and what it is made of.
	Chip string
	// PLL is the file in top/ of the board's clock generator. Without it the design is module board
	// alone, as simulations drive it; with it, module top.
	PLL string
	// Parameters are those of the topmost module, by name, as Verilog constants, and PLLParameters
	// those of module pll.
	Parameters, PLLParameters map[string]string
	// Changed sources take the place of those of the same path, so that a test can plant faults.
	Changed map[string]string
}

// source returns the content of a source.
func (d *Design) source(name string) ([]byte, error) {
	if s, ok := d.Changed[name]; ok {
		return []byte(s), nil
	}
	return files.ReadFile(name)
}

// Source returns a source as it is in the program.
func Source(name string) (string, error) {
	data, err := files.ReadFile(name)
	return string(data), err
}

// Sources returns the paths of the design's Verilog, sorted.
func (d *Design) Sources() ([]string, error) {
	list := []string{"top/board.v"}
	if d.PLL != "" {
		list = append(list, "top/top.v", "top/"+d.PLL+".v")
	}
	for _, folder := range []string{"link", d.Chip} {
		m, err := fs.Glob(files, folder+"/*.v")
		if err != nil {
			return nil, err
		}
		list = append(list, m...)
	}
	slices.Sort(list)
	if !slices.Contains(list, path.Join(d.Chip, "chip.v")) {
		return nil, &diag.Error{Kind: diag.Tool, Code: "rtl-chip", Msg: fmt.Sprintf("this isospike has no Verilog of the chip %q", d.Chip),
			Fix: "use an isospike that was built with it"}
	}
	return list, nil
}

// Write writes the design's Verilog under dir and returns the paths in it, sorted.
func (d *Design) Write(dir string) ([]string, error) {
	list, err := d.Sources()
	if err != nil {
		return nil, err
	}
	return list, d.write(dir, list)
}

// write writes sources under dir.
func (d *Design) write(dir string, list []string) error {
	for _, name := range list {
		data, err := d.source(name)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// digest returns the SHA-256 of files and parameters.
func (d *Design) digest(list []string) ([sha256.Size]byte, error) {
	h := sha256.New()
	for _, name := range list {
		data, err := d.source(name)
		if err != nil {
			return [sha256.Size]byte{}, err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(data), data)
	}
	for module, parameters := range []map[string]string{d.Parameters, d.PLLParameters} {
		for _, name := range slices.Sorted(maps.Keys(parameters)) {
			fmt.Fprintf(h, "%d %s=%s\n", module, name, parameters[name])
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// Build returns the number by which a board tells what it was made of: the first 8 bytes of
// the SHA-256 of the sources and of the parameters beside BUILD, which is for this number.
func (d *Design) Build() (uint64, error) {
	list, err := d.Sources()
	if err != nil {
		return 0, err
	}
	bare := *d
	bare.Parameters = maps.Clone(d.Parameters)
	delete(bare.Parameters, "BUILD")
	sum, err := bare.digest(list)
	return binary.BigEndian.Uint64(sum[:]), err
}
