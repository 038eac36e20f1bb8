package dataset

import (
	"bufio"
	"compress/gzip"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// vowels is the set Japanese Vowels (Kudo, Toyama and Shimbo 1999): utterances as
// sequences of LPC cepstra, to be told apart by speaker.
//
// A coefficient becomes spikes by a population of fields: triangles that each overlap
// half of their neighbours, evenly over ±2.2/(1 + 0.35·k) for coefficient k, since
// cepstra fall off with their order. In every frame each field spikes once, the
// earlier the nearer the value is to its middle; fields that the value is not in do not.
type vowels struct {
	name  string
	seqs  [][][]float64 // by sequence and channel
	label []int
}

const (
	vowelFields  = 16
	vowelFrame   = 10_000 // µs
	vowelLatest  = 8      // ms into the frame at which the weakest spike comes
	vowelClasses = 9
	maxVowels    = 1 << 26 // bytes of text
)

// openVowels reads a .ts file, compressed or not, or of a folder the one that part names.
func openVowels(path, part, _ string) (Set, error) {
	file, err := pick(path, part, map[string]string{"train": "*_TRAIN*.ts*", "test": "*_TEST*.ts*"})
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable(file, err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, diag.Inputf("ts", file, "cannot decompress: %v", err).WithFix("get the file anew")
		}
	}
	v := &vowels{name: filepath.Base(file)}
	return v, diag.InFile(v.parse(r), file)
}

// pick returns the one file that a part of a set is: path itself, or in a folder what
// the part's pattern finds.
func pick(path, part string, patterns map[string]string) (string, error) {
	pattern, ok := patterns[part]
	if part != "" && !ok {
		return "", unknownPart(path, part, slices.Sorted(maps.Keys(patterns))...)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", unreadable(path, err)
	case !info.IsDir() && part != "":
		return "", diag.Inputf("no-part", path, "this is one file, which has no parts").WithFix("name its folder, or leave out #%s", part)
	case !info.IsDir():
		return path, nil
	case part == "":
		return "", diag.Inputf("which-part", path, "the folder has several parts").WithFix("add # and one of %s", strings.Join(slices.Sorted(maps.Keys(patterns)), ", "))
	}
	found := matching(path, pattern)
	if len(found) != 1 {
		return "", diag.Inputf("which-part", path, "%d files are called %s", len(found), pattern).WithFix("name one of them")
	}
	return found[0], nil
}

// parse reads the lines after @data: channels between colons, values between commas,
// the class in the last field.
func (v *vowels) parse(r io.Reader) error {
	left := int64(maxVowels)
	lines := bufio.NewScanner(&bounded{r, &left, maxVowels})
	lines.Buffer(nil, 1<<20)
	n, data := 0, false
	bad := func(format string, args ...any) error {
		e := diag.Inputf("ts", "", format, args...).WithFix("is it a .ts file of Japanese Vowels, 12 channels and a class of 1 to 9 a line?")
		e.Line = n
		return e
	}
	for lines.Scan() {
		n++
		text := strings.TrimSpace(lines.Text())
		if text == "" || text[0] == '#' || text[0] == '@' {
			data = data || strings.EqualFold(text, "@data")
			continue
		}
		fields := strings.Split(text, ":")
		if !data || len(fields) != 13 {
			return bad("the line has %d fields", len(fields))
		}
		class, err := strconv.Atoi(fields[12])
		if err != nil || class < 1 || class > vowelClasses {
			return bad("%q is not a class", fields[12])
		}
		var seq [][]float64
		for _, f := range fields[:12] {
			var channel []float64
			for _, x := range strings.Split(f, ",") {
				value, err := strconv.ParseFloat(x, 64)
				if err != nil || math.IsInf(value, 0) || value != value {
					return bad("%q is not a number", x)
				}
				channel = append(channel, value)
			}
			if len(seq) > 0 && len(channel) != len(seq[0]) {
				return bad("channels of %d and %d frames", len(seq[0]), len(channel))
			}
			seq = append(seq, channel)
		}
		v.seqs, v.label = append(v.seqs, seq), append(v.label, class-1)
	}
	if err := lines.Err(); err != nil {
		return bad("cannot read on: %v", err)
	}
	if len(v.seqs) == 0 {
		return bad("there is no sequence")
	}
	return nil
}

func (v *vowels) Name() string     { return v.name }
func (v *vowels) Len() int         { return len(v.seqs) }
func (v *vowels) Classes() int     { return vowelClasses }
func (v *vowels) Shape() snn.Shape { return snn.Shape{W: 12, H: vowelFields, C: 1} }
func (v *vowels) Label(i int) int  { return v.label[i] }
func (v *vowels) ID(i int) string  { return strconv.Itoa(i) }

func (v *vowels) Events(i int) ([]spike.Event, error) {
	var events []spike.Event
	for k, channel := range v.seqs[i] {
		reach := 2.2 / (1 + float64(0.35*float64(k)))
		for frame, x := range channel {
			at := (max(-1, min(1, x/reach)) + 1) / 2 * (vowelFields - 1) // in fields
			low := int(at)
			for j, near := range []float64{float64(low+1) - at, at - float64(low)} {
				field := low + j
				if near <= 0 || field >= vowelFields {
					continue
				}
				late := math.RoundToEven((1 - near) * vowelLatest)
				events = append(events, spike.Event{X: uint16(k), Y: uint16(field), T: uint32(frame*vowelFrame + int(late)*1000)})
			}
		}
	}
	return events, nil
}
