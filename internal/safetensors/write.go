package safetensors

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn/diag"
)

const (
	metaKey   = "__metadata__"
	maxHeader = 100_000_000 // bytes; the reference implementation refuses more
)

// Write writes f with its checksum; the same f always gives the same bytes. The
// error is an "artifact-malformed" or "tensor-type" one when f cannot be
// written (a shape against its data, a name used twice or not UTF-8), else w's.
func Write(w io.Writer, f *File) error {
	seen := map[string]bool{metaKey: true}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if _, err := t.size(); err != nil {
			return err
		}
		if seen[t.Name] || !utf8.ValidString(t.Name) {
			return malformed("tensor name %q is used twice, reserved or not UTF-8", t.Name)
		}
		seen[t.Name] = true
	}
	for k, v := range f.Meta {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return malformed("metadata %q: %q is not UTF-8", k, v)
		}
	}
	meta := maps.Clone(f.Meta)
	if meta == nil {
		meta = map[string]string{}
	}
	meta[DigestKey] = digest(f)
	head := header(meta, f.Tensors)
	head = append(head, bytes.Repeat([]byte{' '}, -len(head)&7)...)
	if len(head) > maxHeader {
		return malformed("names and metadata take %d bytes, more than %d", len(head), maxHeader)
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(head)))); err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, t := range f.Tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile writes f to path, completely or not at all.
func WriteFile(path string, f *File) error {
	return diag.InFile(atomicfile.Write(path, 0o666, func(w io.Writer) error { return Write(w, f) }), path)
}

// digest returns f's checksum: see the package documentation.
func digest(f *File) string {
	meta := maps.Clone(f.Meta)
	delete(meta, DigestKey)
	h := sha256.New()
	h.Write(header(meta, f.Tensors))
	for _, t := range f.Tensors {
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// header returns the canonical header: metadata sorted by key, then the tensors
// in the given order.
func header(meta map[string]string, tensors []Tensor) []byte {
	type entry struct {
		DType   string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	put := func(v any) {
		if err := enc.Encode(v); err != nil {
			panic(err) // strings and integers always encode
		}
		b.Truncate(b.Len() - 1) // Encode's newline
	}
	b.WriteByte('{')
	put(metaKey)
	b.WriteString(":{")
	for i, k := range slices.Sorted(maps.Keys(meta)) {
		if i > 0 {
			b.WriteByte(',')
		}
		put(k)
		b.WriteByte(':')
		put(meta[k])
	}
	b.WriteByte('}')
	end := 0
	for _, t := range tensors {
		b.WriteByte(',')
		put(t.Name)
		b.WriteByte(':')
		begin := end
		end += len(t.Data)
		put(entry{t.DType, append([]int{}, t.Shape...), [2]int{begin, end}})
	}
	b.WriteByte('}')
	return b.Bytes()
}
