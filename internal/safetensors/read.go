package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/isospike/isospike/internal/regular"
	"github.com/isospike/isospike/snn/diag"
)

// span is where a tensor's bytes lie, from the end of the header.
type span struct{ begin, end int64 }

// ReadFile reads the file at path; errors are those of [Read] with the file named.
func ReadFile(path string) (*File, error) {
	r, size, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := Read(r, size)
	return f, diag.InFile(err, path)
}

// Read reads a safetensors file of size bytes. It is strict: the tensors must
// cover the file without gap or overlap, every length must agree with shape and
// type, and no key may occur twice; an "artifact-malformed" error tells what is
// wrong. A checksum is verified where there is one: "artifact-corrupt".
func Read(r io.ReaderAt, size int64) (*File, error) {
	var lenBuf [8]byte
	if size < 8 {
		return nil, malformed("%d bytes are too few for a safetensors file", size)
	}
	if err := readAt(r, lenBuf[:], 0); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(lenBuf[:])
	if n > uint64(size-8) || n > maxHeader {
		return nil, malformed("the header claims %d bytes of a file of %d: not a safetensors file, or cut short", n, size)
	}
	head := make([]byte, n)
	if err := readAt(r, head, 8); err != nil {
		return nil, err
	}
	f, spans, err := parse(head)
	if err != nil {
		return nil, err
	}
	data := size - 8 - int64(n)
	order, err := layout(f, spans, data)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, data)
	if err := readAt(r, buf, 8+int64(n)); err != nil {
		return nil, err
	}
	tensors := make([]Tensor, len(order))
	for i, j := range order {
		t := f.Tensors[j]
		s := spans[j]
		t.Data = buf[s.begin:s.end:s.end]
		if _, err := t.size(); err != nil {
			return nil, err
		}
		tensors[i] = t
	}
	f.Tensors = tensors
	if want, ok := f.Meta[DigestKey]; ok {
		if got := digest(f); got != want {
			return nil, diag.Inputf("artifact-corrupt", "", "the checksum is %s but the file says %s", got, want).
				WithFix("make the file again, or copy it again from where it is intact")
		}
		f.verified = true
	}
	return f, nil
}

func readAt(r io.ReaderAt, b []byte, off int64) error {
	if _, err := io.ReadFull(io.NewSectionReader(r, off, int64(len(b))), b); err != nil {
		e := diag.Inputf("read-failed", "", "cannot read %d bytes at %d", len(b), off)
		e.Err = err
		return e
	}
	return nil
}

// layout returns the tensors' order by place, having checked that their spans
// cover the size bytes of data exactly.
func layout(f *File, spans []span, size int64) ([]int, error) {
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(spans[a].begin, spans[b].begin), cmp.Compare(spans[a].end, spans[b].end))
	})
	end := int64(0)
	for _, i := range order {
		if spans[i].begin != end || spans[i].end < end {
			return nil, malformed("tensor %q lies at bytes %d to %d, want it to begin at %d",
				f.Tensors[i].Name, spans[i].begin, spans[i].end, end)
		}
		end = spans[i].end
	}
	if end != size {
		return nil, malformed("the tensors take %d bytes but the file has %d for them", end, size)
	}
	return order, nil
}

// header reading: a token parser, because encoding/json lets the last of two
// equal keys win and matches field names without regard to case.

type parser struct{ dec *json.Decoder }

// parse reads the header; the tensors come without data, in the header's order.
func parse(head []byte) (*File, []span, error) {
	if len(head) == 0 || head[0] != '{' || !utf8.Valid(head) {
		return nil, nil, malformed("no JSON header: not a safetensors file")
	}
	p := parser{json.NewDecoder(bytes.NewReader(head))}
	p.dec.UseNumber()
	f := &File{Meta: map[string]string{}}
	var spans []span
	err := p.object(func(key string) error {
		if key == metaKey {
			return p.object(func(k string) error {
				v, err := p.string()
				f.Meta[k] = v
				return err
			})
		}
		t := Tensor{Name: key}
		s, err := p.tensor(&t)
		f.Tensors, spans = append(f.Tensors, t), append(spans, s)
		return err
	})
	if err == nil {
		if _, more := p.dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the header's object")
		}
	}
	if err != nil {
		e := malformed("bad header")
		e.Err = err
		return nil, nil, e
	}
	return f, spans, nil
}

// tensor reads one tensor's entry.
func (p parser) tensor(t *Tensor) (s span, err error) {
	fields := 0
	err = p.object(func(key string) (err error) {
		fields++
		switch key {
		case "dtype":
			t.DType, err = p.string()
		case "shape":
			var dims []int64
			dims, err = p.ints()
			t.Shape = make([]int, len(dims))
			for i, d := range dims {
				if t.Shape[i] = int(d); int64(t.Shape[i]) != d {
					return errors.New("a dimension is too large for this machine")
				}
			}
		case "data_offsets":
			var o []int64
			if o, err = p.ints(); err == nil && len(o) != 2 {
				err = errors.New("data_offsets are not two numbers")
			}
			if err == nil {
				s = span{o[0], o[1]}
			}
		default:
			err = errors.New("unknown field " + key)
		}
		return err
	})
	if err == nil && fields != 3 {
		err = errors.New("a tensor lacks dtype, shape or data_offsets")
	}
	return s, err
}

// object reads an object, calling value at each value; keys are unique.
func (p parser) object(value func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	seen := map[string]bool{}
	for p.dec.More() {
		key, err := p.string()
		if err != nil {
			return err
		}
		if seen[key] {
			return errors.New("key " + key + " occurs twice")
		}
		seen[key] = true
		if err := value(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

func (p parser) ints() ([]int64, error) {
	v := []int64{}
	if err := p.delim('['); err != nil {
		return nil, err
	}
	for p.dec.More() {
		tok, err := p.dec.Token()
		if err != nil {
			return nil, err
		}
		num, ok := tok.(json.Number)
		if !ok {
			return nil, errors.New("not a number in a list of numbers")
		}
		i, err := num.Int64()
		if err != nil {
			return nil, err
		}
		v = append(v, i)
	}
	return v, p.delim(']')
}

func (p parser) string() (string, error) {
	tok, err := p.dec.Token()
	if err != nil {
		return "", err
	}
	s, ok := tok.(string)
	if !ok {
		return "", errors.New("not a string where one belongs")
	}
	return s, nil
}

func (p parser) delim(want json.Delim) error {
	tok, err := p.dec.Token()
	if err != nil {
		return err
	}
	if tok != want {
		return errors.New("no " + want.String() + " where one belongs")
	}
	return nil
}
