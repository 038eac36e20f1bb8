package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/internal/regular"
	"github.com/isospike/isospike/snn/diag"
)

// passed are the samples that passed in earlier runs of the same binary on the same
// folder, by what ran them.
type passed struct {
	Binary string           `json:"binary_sha256"`
	Folder string           `json:"folder_sha256"`
	By     map[string][]int `json:"passed"` // samples, in order
	path   string
	seen   map[string]map[int]bool
	saved  time.Time // when the file was written
}

// saveEvery is how long samples pass between two writings of the file.
const saveEvery = time.Second

// openPassed reads the file at path, "" for none, and writes it, so that a file that cannot be kept is found before the work.
// What another binary or folder left in it counts for nothing.
func openPassed(path, folder string) (*passed, error) {
	p := &passed{Folder: folder, By: map[string][]int{}, path: path, seen: map[string]map[int]bool{}}
	if path == "" {
		return p, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if p.Binary, err = fileHash(exe); err != nil {
		return nil, err
	}
	f, _, err := regular.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, p.write()
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	var old passed
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, diag.Inputf("resume-file", path, "this is no list of samples that passed: %v", err).WithFix("remove it, or name another file")
	}
	if old.Binary == p.Binary && old.Folder == folder {
		for key, samples := range old.By {
			p.By[key] = samples
			p.seen[key] = map[int]bool{}
			for _, i := range samples {
				p.seen[key][i] = true
			}
		}
	}
	return p, p.write()
}

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// has reports whether sample i passed before this run.
func (p *passed) has(key string, i int) bool { return p.seen[key][i] }

func (p *passed) add(key string, i int) error {
	p.By[key] = append(p.By[key], i)
	if time.Since(p.saved) < saveEvery {
		return nil
	}
	return p.write()
}

func (p *passed) write() error {
	if p.path == "" {
		return nil
	}
	p.saved = time.Now()
	return atomicfile.Write(p.path, 0o666, func(w io.Writer) error { return json.NewEncoder(w).Encode(p) })
}
