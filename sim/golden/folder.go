package golden

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/isospike/isospike/internal/artifact"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/internal/regular"
	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/diag"
)

// NetworkName is the file of a folder that holds the artifact that was run.
const NetworkName = "network.safetensors"

const (
	manifestName = "golden.json"
	format       = 1
	maxManifest  = 1 << 28 // bytes of golden.json
	maxRun       = 1 << 31 // bytes of a .run file
)

// manifest is golden.json.
type manifest struct {
	Format  int      `json:"format"`
	Network string   `json:"network_sha256"` // as the artifact names itself
	Samples []Sample `json:"samples"`
}

// Sample is one of a folder's runs.
type Sample struct {
	ID     string `json:"id"`
	Label  int    `json:"label"`  // −1: none
	Spikes int    `json:"spikes"` // of all layers
	SHA256 string `json:"sha256"` // of its .run file
}

// Writer fills a new folder.
type Writer struct {
	dir  string
	made bool // the folder was not there
	m    manifest
}

// Create makes the folder dir, which must not be there or be empty, for runs of an artifact.
func Create(dir string, network *safetensors.File) (*Writer, error) {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		return nil, diag.Inputf("golden-exists", dir, "the folder is not empty").WithFix("remove it, or record into another one")
	}
	w := &Writer{dir: dir, made: errors.Is(err, fs.ErrNotExist), m: manifest{Format: format}}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, input(err, dir, "cannot make the folder")
	}
	path := filepath.Join(dir, NetworkName)
	if err := safetensors.WriteFile(path, network); err != nil {
		return nil, errors.Join(err, w.Discard())
	}
	written, err := artifact.Read(path)
	if err != nil {
		return nil, errors.Join(err, w.Discard())
	}
	w.m.Network = artifact.Hash(written)
	return w, nil
}

// Discard removes what was written, of a recording that does not come to its end.
func (w *Writer) Discard() error {
	names := []string{NetworkName}
	for i := range len(w.m.Samples) + 1 { // the last may be there in part
		names = append(names, runName(i))
	}
	var err error
	for _, name := range names {
		if e := os.Remove(filepath.Join(w.dir, name)); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	if w.made {
		err = errors.Join(err, os.Remove(w.dir))
	}
	return err
}

// Add writes the next run. It may be cut by a full disk or a crash: until golden.json is there the folder is refused, and then so is every
// file that is not as that says. So nothing waits for the disk here, which takes far longer than the run.
func (w *Writer) Add(id string, label int, r *Run) error {
	b := r.encode()
	path := filepath.Join(w.dir, runName(len(w.m.Samples)))
	if err := os.WriteFile(path, b, 0o666); err != nil {
		return input(err, path, "cannot write the run")
	}
	w.m.Samples = append(w.m.Samples, Sample{id, label, r.Spikes(), hash(b)})
	return nil
}

// Close writes golden.json, which makes the folder whole.
func (w *Writer) Close() error {
	if w.m.Samples == nil {
		w.m.Samples = []Sample{}
	}
	b, err := json.MarshalIndent(w.m, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(w.dir, manifestName), 0o666, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
}

func runName(i int) string { return fmt.Sprintf("%06d.run", i) }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Folder is a folder of runs to be read.
type Folder struct {
	Samples []Sample
	SHA256  string // of golden.json, and so of everything in the folder
	dir     string
	network string
}

// Open reads golden.json of a folder.
func Open(dir string) (*Folder, error) {
	path := filepath.Join(dir, manifestName)
	b, err := read(path, maxManifest)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(b)
	if err != nil {
		return nil, input(err, path, "the list of runs is unreadable").WithFix("restore it, or record the folder again")
	}
	if m.Format != format {
		return nil, diag.Inputf("golden-format", path, "the folder has format %d, this isospike reads %d", m.Format, format).WithFix("record it again with `isospike golden record`")
	}
	return &Folder{m.Samples, hash(b), dir, m.Network}, nil
}

// readManifest reads golden.json, sample by sample: each must have a hash, so what they take is bounded by the file's length.
func readManifest(b []byte) (m manifest, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	next := func(want json.Delim) {
		if err != nil {
			return
		}
		var t json.Token
		if t, err = d.Token(); err == nil && t != want {
			err = fmt.Errorf("%v at byte %d, expected %v", t, d.InputOffset(), want)
		}
	}
	next('{')
	for err == nil && d.More() {
		var key json.Token
		if key, err = d.Token(); err != nil {
			break
		}
		switch key {
		case "format":
			if err = d.Decode(&m.Format); err == nil && m.Format != format {
				return m, nil // what the rest of another format is, is not known
			}
		case "network_sha256":
			err = d.Decode(&m.Network)
		case "samples":
			next('[')
			for err == nil && d.More() {
				var s Sample
				if err = d.Decode(&s); err == nil && len(s.SHA256) != 2*sha256.Size {
					err = fmt.Errorf("sample %d has no SHA-256", len(m.Samples))
				}
				m.Samples = append(m.Samples, s)
			}
			next(']')
		default:
			err = fmt.Errorf("there is no field %q", key)
		}
	}
	next('}')
	if err == nil && d.More() {
		err = fmt.Errorf("something follows the list")
	}
	return m, err
}

// Network reads the artifact that was run.
func (f *Folder) Network() (*safetensors.File, error) {
	path := filepath.Join(f.dir, NetworkName)
	n, err := artifact.Read(path)
	if err != nil {
		return nil, err
	}
	if artifact.Hash(n) != f.network {
		return nil, diag.Inputf("golden-corrupt", path, "this is not the network that was recorded").WithFix("restore it, or record the folder again")
	}
	return n, nil
}

// Run reads run i.
func (f *Folder) Run(i int) (*Run, error) {
	path := filepath.Join(f.dir, runName(i))
	b, err := read(path, maxRun)
	if err != nil {
		return nil, err
	}
	if hash(b) != f.Samples[i].SHA256 {
		return nil, diag.Inputf("golden-corrupt", path, "the run of sample %s is not what was recorded", f.Samples[i].ID).WithFix("restore it, or record the folder again")
	}
	r, err := decode(b)
	if err != nil {
		return nil, input(err, path, "the run is unreadable")
	}
	if n := r.Spikes(); n != f.Samples[i].Spikes {
		return nil, diag.Inputf("golden-corrupt", path, "the run of sample %s has %d spikes, %s says %d", f.Samples[i].ID, n, manifestName, f.Samples[i].Spikes)
	}
	return r, nil
}

func read(path string, most int64) ([]byte, error) {
	f, size, err := regular.Open(path)
	if e := (*diag.Error)(nil); errors.As(err, &e) {
		return nil, err
	}
	if err != nil {
		return nil, input(err, path, "cannot read the recording").WithFix("give a folder that `isospike golden record` wrote")
	}
	defer f.Close()
	if size > most {
		return nil, diag.Inputf("golden-corrupt", path, "the file is longer than %d bytes", most)
	}
	b, err := io.ReadAll(io.LimitReader(f, size)) // what is added meanwhile is not of the recording
	if err != nil {
		return nil, input(err, path, "cannot read the recording")
	}
	return b, nil
}

func input(err error, path, msg string) *diag.Error {
	e := diag.Inputf("golden-unusable", path, "%s", msg)
	e.Err = err
	return e
}
