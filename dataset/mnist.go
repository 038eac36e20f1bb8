package dataset

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// images is a Set of still images: a raster is made of one for each encoding.
type images struct {
	name   string
	rows   int
	cols   int
	pixels []byte // image after image, row-major, 0 is background
	labels []byte
}

const (
	maxIDX   = 1 << 29 // bytes of an IDX file: ten times MNIST
	maxImage = 1 << 16 // pixels
)

// openMNIST reads MNIST's IDX files, compressed or not: path is the file of images, or
// the folder of them, of which part picks train or test (t10k).
func openMNIST(path, part, _ string) (Set, error) {
	file, err := findImages(path, part)
	if err != nil {
		return nil, err
	}
	pixels, shape, err := readIDX(file, 3)
	if err != nil {
		return nil, err
	}
	dir, base := filepath.Split(file)
	list := dir + strings.Replace(strings.Replace(base, "images", "labels", 1), "idx3", "idx1", 1)
	labels, count, err := readIDX(list, 1)
	if err != nil {
		return nil, err
	}
	if shape[1]*shape[2] > maxImage {
		return nil, diag.Inputf("idx", file, "its images have %d×%d pixels, allowed are %d in all", shape[2], shape[1], maxImage).WithFix("make them smaller")
	}
	if count[0] != shape[0] {
		return nil, diag.Inputf("idx", list, "it has %d labels for %d images", count[0], shape[0]).WithFix("get the two files anew")
	}
	for i, l := range labels {
		if l >= digits {
			return nil, diag.Inputf("idx", list, "label %d is %d", i, l).WithFix("digits are 0 to 9")
		}
	}
	name := strings.TrimSuffix(base, ".gz")
	return &images{name, shape[1], shape[2], pixels, labels}, nil
}

// findImages returns the one file of images at path that belongs to a part.
func findImages(path, part string) (string, error) {
	if part != "" && part != "train" && part != "test" {
		return "", unknownPart(path, part, "train", "test")
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", unreadable(path, err)
	}
	if !info.IsDir() {
		if part != "" {
			return "", diag.Inputf("no-part", path, "a file of images has no parts").WithFix("name the folder, or leave out #%s", part)
		}
		return path, nil
	}
	found := matching(path, "*-images?idx3-ubyte*") // some unpack them with a dot
	var fit []string
	for _, f := range found {
		if train := strings.HasPrefix(filepath.Base(f), "train"); part == "" || train == (part == "train") {
			fit = append(fit, f)
		}
	}
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return "", diag.Inputf("no-recordings", path, "there are no images of the part %q", part).WithFix("files of images end in -images-idx3-ubyte or -images-idx3-ubyte.gz")
	}
	return "", diag.Inputf("which-part", path, "the folder has several files of images: %s", some(fit)).WithFix("name one, or add #train or #test")
}

// readIDX reads an IDX file of bytes with the given number of dimensions.
func readIDX(name string, dims int) ([]byte, []int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, unreadable(name, err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(strings.ToLower(name), ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return nil, nil, diag.Inputf("idx", name, "cannot decompress: %v", err).WithFix("get the file anew")
		}
	}
	b, shape, err := parseIDX(r, dims)
	return b, shape, diag.InFile(err, name)
}

func parseIDX(r io.Reader, dims int) ([]byte, []int, error) {
	bad := func(format string, args ...any) ([]byte, []int, error) {
		return nil, nil, diag.Inputf("idx", "", format, args...).WithFix("is it an IDX file of unsigned bytes with %d dimensions, as MNIST is published?", dims)
	}
	head := make([]byte, 4+4*dims)
	if _, err := io.ReadFull(r, head); err != nil {
		return bad("the header is cut: %v", err)
	}
	if magic := binary.BigEndian.Uint32(head); magic != uint32(0x800+dims) {
		return bad("it begins with %d instead of %d", magic, 0x800+dims)
	}
	size := 1
	shape := make([]int, dims)
	for i := range shape {
		shape[i] = int(binary.BigEndian.Uint32(head[4+4*i:]))
		if shape[i] < 1 || shape[i] > maxIDX/size {
			return bad("dimension %d is %d, and %d bytes in all are allowed", i, shape[i], maxIDX)
		}
		size *= shape[i]
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(size)+1))
	if err != nil {
		return bad("cannot read: %v", err)
	}
	if len(b) != size {
		return bad("it has %d bytes of data for %v", len(b), shape)
	}
	return b, shape, nil
}

func (s *images) Name() string     { return s.name }
func (s *images) Len() int         { return len(s.labels) }
func (s *images) Classes() int     { return digits }
func (s *images) Shape() snn.Shape { return snn.Shape{W: s.cols, H: s.rows, C: 1} }
func (s *images) Label(i int) int  { return int(s.labels[i]) }
func (s *images) ID(i int) string  { return strconv.Itoa(i) }

// Events returns image i as the default coding shows it in 30 ticks of 1 ms.
func (s *images) Events(i int) ([]spike.Event, error) { return s.show(i, "", 1000, 30), nil }

// Encode shows image i, moved by (dx, dy), in the coding of e.
func (s *images) Encode(e Encoding, i, dx, dy int) (*spike.Raster, error) {
	e.Tick = 1 // of any length, for a spike is at the start of its tick
	events := s.show(i, e.Coding, e.Tick, e.Ticks)
	if dx != 0 || dy != 0 {
		events = Shift(s.Shape(), events, dx, dy)
	}
	r, _, err := e.Raster(s.Shape(), events)
	return r, err
}

// The codings of images.
const (
	CodingEven    = "even"    // a pixel spikes at even distances, a white one every other tick
	CodingRate    = "rate"    // a pixel spikes at random, a white one in half of the ticks
	CodingLatency = "latency" // a pixel spikes once, the brighter the sooner; dark ones never
)

// dark is the brightest pixel that has no spike in latency coding.
const dark = 39

// show returns the events of image i over the given ticks of tick µs.
func (s *images) show(i int, coding string, tick, ticks int) []spike.Event {
	var events []spike.Event
	r := newRandom(0x6d6e697374, uint64(i))
	for n, p := range s.pixels[i*s.rows*s.cols:][:s.rows*s.cols] {
		if p == 0 {
			continue
		}
		at := func(t int) {
			events = append(events, spike.Event{X: uint16(n % s.cols), Y: uint16(n / s.cols), T: uint32(t * tick)})
		}
		switch coding {
		case CodingLatency:
			if p > dark {
				at((255 - int(p)) * (ticks - 1) / (255 - dark))
			}
		case CodingRate:
			for t := range ticks {
				if r.below(510) < int(p) {
					at(t)
				}
			}
		default:
			charge := 255
			for t := range ticks {
				if charge += int(p); charge >= 510 {
					charge -= 510
					at(t)
				}
			}
		}
	}
	return events
}
