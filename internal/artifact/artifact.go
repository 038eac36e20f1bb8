// Package artifact is what isospike's artifacts (model, fixed network, program)
// have in common: a safetensors file whose metadata says what it is, where it
// comes from and which bytes it must hold.
package artifact

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/isospike/isospike/internal/safetensors"
	"github.com/isospike/isospike/snn/diag"
)

// Kinds of artifacts, as the metadata key isospike.kind names them.
const (
	Model   = "model"
	Fixed   = "fixed"
	Program = "program"
)

// Metadata keys. A provenance entry x is kept under isospike.provenance.x.
const (
	kindKey    = "isospike.kind"
	versionKey = "isospike.version"
	fromPrefix = "isospike.provenance."
)

// version is the layout that this isospike writes and reads, of all kinds.
const version = "1"

// maker names the command that makes each kind.
var maker = map[string]string{Model: "isospike train -o", Fixed: "isospike quantize -o", Program: "isospike compile -o"}

// noun is what each kind is called in messages.
var noun = map[string]string{Model: "model", Fixed: "fixed network", Program: "program"}

// New returns an empty artifact of a kind with its provenance.
func New(kind string, provenance map[string]string) *safetensors.File {
	f := &safetensors.File{Meta: map[string]string{kindKey: kind, versionKey: version}}
	for k, v := range provenance {
		f.Meta[fromPrefix+k] = v
	}
	return f
}

// Kind returns what f says it is, "" when it is no artifact.
func Kind(f *safetensors.File) string { return f.Meta[kindKey] }

// Hash returns the SHA-256 that identifies an artifact that was read from a file.
func Hash(f *safetensors.File) string { return f.Meta[safetensors.DigestKey] }

// Expect returns the provenance of f, or an error when f is of another kind or
// of a layout that this isospike does not read.
func Expect(f *safetensors.File, kind string) (map[string]string, error) {
	switch got := Kind(f); {
	case got == "":
		return nil, diag.Inputf("artifact-kind", "", "this is not an isospike %s", noun[kind]).WithFix("give a file that `%s` wrote", maker[kind])
	case got != kind:
		return nil, diag.Inputf("artifact-kind", "", "this is a %s, not a %s", cmp.Or(noun[got], got), noun[kind]).WithFix("give a file that `%s` wrote", maker[kind])
	}
	if v := f.Meta[versionKey]; v != version {
		return nil, diag.Inputf("artifact-version", "", "%s version %q, this isospike reads %q", kind, v, version).WithFix("make it again with `%s`", maker[kind])
	}
	provenance := map[string]string{}
	for _, k := range slices.Sorted(maps.Keys(f.Meta)) {
		if name, ok := strings.CutPrefix(k, fromPrefix); ok {
			provenance[name] = f.Meta[k]
		}
	}
	return provenance, nil
}

// Read reads an artifact and checks it against its hash.
func Read(path string) (*safetensors.File, error) {
	f, err := safetensors.ReadFile(path)
	if err != nil {
		return nil, diag.InFile(err, path)
	}
	if Kind(f) == "" {
		return nil, diag.Inputf("artifact-kind", path, "this is a safetensors file, but not one of isospike")
	}
	if !f.Verified() {
		return nil, diag.Inputf("artifact-corrupt", path, "the artifact has no hash, so nothing says that it is whole").WithFix("make it again with `%s`", maker[Kind(f)])
	}
	return f, nil
}
