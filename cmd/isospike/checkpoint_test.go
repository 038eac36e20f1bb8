package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/isospike/isospike/internal/npy"
)

// TestCheckpoint: the traces of a run that was stopped anywhere, one after the other, are those of the run that was not.
func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, 0, "import", "lava", filepath.Join("testdata", "dense.net"), "-o", file("fixed"))
	mustRun(t, 0, "compile", file("fixed"), "--target", "loihi1", "-o", file("program"))
	const ticks = 40
	in := make([]uint8, 10*ticks)
	for i := range in {
		in[i] = uint8(i * i % 7 % 2)
	}
	if err := npy.WriteNPZ(file("in.npz"), map[string]*npy.Array{"s_in": npy.Of([]int{10, ticks}, in)}); err != nil {
		t.Fatal(err)
	}
	read := func(name string) map[string][]int64 {
		arrays, err := npy.ReadNPZ(file(name))
		if err != nil {
			t.Fatal(err)
		}
		all := map[string][]int64{}
		for n, a := range arrays {
			if all[n], err = a.Ints(); err != nil {
				t.Fatal(err)
			}
		}
		return all
	}
	mustRun(t, 0, "sim", file("program"), "--input", file("in.npz"), "-o", file("whole.npz"), "--checkpoint", file("end"))
	whole := read("whole.npz")
	values, spikes := 0, int64(0)
	for _, at := range []int{1, 7, 20, 39} {
		mustRun(t, 0, "sim", file("program"), "--input", file("in.npz"), "--ticks", strconv.Itoa(at), "--checkpoint", file("state"), "-o", file("a.npz"))
		mustRun(t, 0, "sim", file("program"), "--input", file("in.npz"), "--restore", file("state"), "--checkpoint", file("end2"), "-o", file("b.npz"))
		a, b := read("a.npz"), read("b.npz")
		for name, want := range whole {
			for row := range len(want) / ticks {
				w := want[row*ticks : (row+1)*ticks]
				if got := slices.Concat(a[name][row*at:(row+1)*at], b[name][row*(ticks-at):(row+1)*(ticks-at)]); !slices.Equal(got, w) {
					t.Errorf("stopped at %d: %s of %d is %v, want %v", at, name, row, got, w)
				}
				values += ticks
				if name == "s1" {
					for _, x := range w {
						spikes += x
					}
				}
			}
		}
		end, err := os.ReadFile(file("end"))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := os.ReadFile(file("end2")); err != nil || !bytes.Equal(end, again) {
			t.Errorf("stopped at %d, the state at the end is another one: %v", at, err)
		}
	}
	if t.Logf("compared %d values, %d spikes of the last layer", values, spikes); values == 0 || spikes == 0 {
		t.Error("too little was compared")
	}
}
