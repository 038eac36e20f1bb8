package golden

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestClaimsAllocateNothing: whatever a short file claims to hold, reading it takes little memory.
func TestClaimsAllocateNothing(t *testing.T) {
	claim := func(numbers ...uint64) []byte {
		b := []byte(magic)
		for _, n := range numbers {
			b = binary.AppendUvarint(b, n)
		}
		return append(b, make([]byte, 50)...)
	}
	const neurons, gigabyte = 1 << 24, 1 << 30
	for name, b := range map[string][]byte{
		"ticks":            claim(5, gigabyte<<1),
		"graded ticks":     claim(5, gigabyte<<1|1),
		"neurons":          claim(gigabyte),
		"allowed neurons":  claim(neurons, 1<<1, gigabyte),
		"spikes of a tick": claim(neurons, 1<<1, neurons),
		"layers":           claim(0, 0, gigabyte),
		"allowed layers":   claim(0, 0, maxLayers, neurons, 0, 0),
		"registers":        claim(0, 0, 1, neurons, 0),
		"ticks of a layer": claim(0, 0, 1, 1, gigabyte<<1),
	} {
		var err error
		if n := allocated(func() { _, err = decode(b) }); n > 1<<16 || err == nil {
			t.Errorf("%s: %d bytes allocated, %v", name, n, err)
		}
	}
	// What is there may take more memory than bytes, within bounds.
	silent := append(claim(3, 1_000_000<<1)[:len(magic)+4], make([]byte, 1_000_000)...) // neurons, ticks, and none spikes
	if b := claim(0, 0, maxLayers+1); len(b) > 50 {
		b = append(b[:len(b)-50], make([]byte, 2*maxLayers+2)...)
		if _, err := decode(b); err == nil {
			t.Errorf("%d layers were read", maxLayers+1)
		}
	}
	many := claim(0, 0, maxLayers)
	many = append(many[:len(many)-50], make([]byte, 2*maxLayers)...) // of no neurons and no ticks
	for name, b := range map[string][]byte{"silent ticks": append(silent, 0), "empty layers": many} {
		var err error
		if n := allocated(func() { _, err = decode(b) }); n > 1<<21+30*uint64(len(b)) || err != nil {
			t.Errorf("%s: %d bytes allocated of %d, %v", name, n, len(b), err)
		}
	}
}

// TestHostileFolders: names, counts and files that are not what they seem are refused, with the file.
func TestHostileFolders(t *testing.T) {
	record := func(t *testing.T, ids ...string) string {
		dir := filepath.Join(t.TempDir(), "a", "b", "golden")
		w, err := Create(dir, network())
		if err != nil {
			t.Fatal(err)
		}
		r := &Run{Input: spike.NewRaster(2), Layers: []Layer{{spike.NewRaster(1), []int32{3}, []int32{-4}}}}
		r.Input.Append(1)
		r.Layers[0].Spikes.Append(0)
		for _, id := range ids {
			if err := w.Add(id, 0, r); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	// Names of samples are text: no file is named after them, so they lead nowhere.
	dir := record(t, "../../evil", "/etc/passwd", "..\\evil", "\x00", "")
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	above, _ := filepath.Glob(filepath.Join(dir, "..", "..", "*"))
	if err != nil || len(files) != 7 || len(above) != 1 {
		t.Errorf("%v, %v, %v", files, above, err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Samples {
		if _, err := f.Run(i); err != nil {
			t.Error(err)
		}
	}

	change := func(old, new string) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, manifestName)
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			changed := strings.Replace(string(b), old, new, 1)
			if changed == string(b) {
				return fmt.Errorf("there is no %s", old)
			}
			return os.WriteFile(path, []byte(changed), 0o666)
		}
	}
	replace := func(file string, with func(path string) error) func(dir string) error {
		return func(dir string) error {
			path := filepath.Join(dir, file)
			return errors.Join(os.Remove(path), with(path))
		}
	}
	folder := func(path string) error { return os.Mkdir(path, 0o777) }
	endless := func(path string) error { return os.Symlink("/dev/zero", path) }
	for name, c := range map[string]struct {
		do   func(dir string) error
		file string
	}{
		"more samples than runs":  {change(`"samples": [`, `"samples": [{"id": "x", "sha256": "`+strings.Repeat("0", 64)+`"}, `), "000000.run"},
		"samples without hashes":  {change(`"samples": [`, `"samples": [{"id": "x"}, `), manifestName},
		"a sample twice":          {change(`"samples": [`, `"samples": [{"id": "a", "spikes": 1, "sha256": "`+strings.Repeat("0", 64)+`"}, `), "000000.run"},
		"another count of spikes": {change(`"spikes": 1`, `"spikes": 1000000`), "000000.run"},
		"a negative count":        {change(`"spikes": 1`, `"spikes": -1`), "000000.run"},
		"a count beyond integers": {change(`"spikes": 1`, `"spikes": 1e400`), manifestName},
		"a longer hash":           {change(`"sha256": "`, `"sha256": "0`), manifestName},
		"another field":           {change(`"format"`, `"fields": 1, "format"`), manifestName},
		"something behind":        {change("]\n}", "]\n}{"), manifestName},
		"no list":                 {change(`"samples": [`, `"samples": 5, "more": [`), manifestName},
		"many empty samples":      {change(`"samples": [`, `"samples": [`+strings.Repeat("{},", 100_000)), manifestName},
		"another network":         {change(`"network_sha256": "`, `"network_sha256": "0`), NetworkName},
		"no network":              {replace(NetworkName, func(string) error { return nil }), NetworkName},
		"a run that is a folder":  {replace("000001.run", folder), "000001.run"},
		"a run without an end":    {replace("000001.run", endless), "000001.run"},
		"a list without an end":   {replace(manifestName, endless), manifestName},
		"a long list": {replace(manifestName, func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o666), os.Truncate(path, 1<<40))
		}), manifestName},
		"a long run": {replace("000001.run", func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o666), os.Truncate(path, 1<<40))
		}), "000001.run"},
	} {
		dir := record(t, "a", "b")
		if err := c.do(dir); err != nil {
			if _, zero := os.Stat("/dev/zero"); zero != nil && strings.Contains(name, "without an end") {
				continue
			}
			t.Fatalf("%s: %v", name, err)
		}
		var err error
		n := allocated(func() {
			var f *Folder
			if f, err = Open(dir); err != nil {
				return
			}
			_, err = f.Network()
			for i := range f.Samples {
				if err == nil {
					_, err = f.Run(i)
				}
			}
		})
		var e *diag.Error
		named := errors.As(err, &e) && (strings.HasSuffix(e.File, c.file) || strings.Contains(e.Error(), c.file))
		var path *os.PathError
		if missing := errors.As(err, &path) && strings.HasSuffix(path.Path, c.file); !named && !missing || n > 1<<21 { // the longest list has 300 kB
			t.Errorf("%s: %v, %d bytes allocated", name, err, n)
		}
	}
}
