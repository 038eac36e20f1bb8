package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// A format is a kind of data set that Open knows.
type format struct {
	name string
	what string
	// sniff reports whether what lies at path looks like the format: by names, cheaply.
	sniff func(path string, names []string) bool
	// open takes the path, the part of the set ("" for all) and a list of classes.
	open func(path, part, list string) (Set, error)
	// encoding is what its recordings are best seen with, where nothing else is said.
	encoding Encoding
}

var standard = Encoding{Tick: 1000, Ticks: 300, Downsample: 1}

// formats lists what Open tries, in this order.
var formats []format

func init() { // not in the declaration, for names below refer to the table
	formats = []format{
		{"mnist", "handwritten digits as IDX images", sniffNames("-images-idx3-ubyte", "-images.idx3-ubyte"), openMNIST, Encoding{Tick: 1000, Ticks: 30, Downsample: 1}},
		{"oxford", "SLAYER's pattern to pattern: input.bs1 and output.bs1", sniffNames("input.bs1"), openOxford, Encoding{Tick: 1000, Ticks: 1900, Downsample: 1}},
		{"shd", "Heidelberg spoken digits or commands (SHD, SSC) as .h5", sniffNames(".h5"), openSHD, Encoding{Tick: 5000, Ticks: 280, Downsample: 1}},
		{"ntidigits", "N-TIDIGITS18, single digits from a silicon cochlea, as .hdf5", sniffNames(".hdf5"), openNTIDIGITS, Encoding{Tick: 5000, Ticks: 400, Downsample: 1}},
		{"npz", "a NumPy .npz of labels and events or spikes; see data convert", sniffNames(".npz"), openNPZ, standard},
		{"qtdb", "QT database, ECG as spikes with a class for each step: x and y as .npy", sniffNames("_x.npy"), openQTDB, Encoding{Tick: 1000, Ticks: 1301, Downsample: 1}},
		{"vowels", "Japanese Vowels, speakers by LPC cepstra: .ts", sniffNames(".ts"), openVowels, Encoding{Tick: 1000, Ticks: 300, Downsample: 1}},
		{"speech", "spoken digits as digit_speaker_repetition.wav, through a cochlea of 64 bands", func(path string, names []string) bool {
			return sniffPath("fsdd")(path, names) || sniffNames(".wav")(path, names)
		}, openSpeech, Encoding{Tick: 4000, Ticks: 150, Downsample: 1}},
		{"ecg", "MIT-BIH heartbeats as WFDB records (.hea, .dat, .atr), by level crossing", func(path string, names []string) bool {
			return sniffPath("mitbih")(path, names) || sniffNames(".hea")(path, names)
		}, openECG, Encoding{Tick: 4000, Ticks: 180, Downsample: 1}},
		{"aedat", "DVS128 Gesture as published, films of AEDAT 3.1 with their labels", sniffNames(".aedat"), openAEDAT, Encoding{Tick: 1000, Ticks: 1450, Downsample: 1}},
		{"dvsgesture", "DVS128 Gesture as .bs2 or .bs3 events of 128×128 pixels", sniffPath("dvs", "gesture"), noParts(dvsGesture), Encoding{Tick: 1000, Ticks: 1450, Downsample: 1}},
		{"nmnist", "N-MNIST as .bin or .bs2 events of 34×34 pixels", func(string, []string) bool { return true }, noParts(atis), standard},
	}
}

// takesList reports whether a list may say of which classes the recordings are.
func (f format) takesList() bool { return f.name == "nmnist" || f.name == "dvsgesture" }

// noParts opens event recordings, which have no parts of their own.
func noParts(c sensor) func(path, part, list string) (Set, error) {
	return func(path, part, list string) (Set, error) {
		if part != "" {
			return nil, unknownPart(path, part)
		}
		return openFiles(c, path, list)
	}
}

// unknownPart is the error for a part that a set does not have.
func unknownPart(path, part string, has ...string) error {
	e := diag.Inputf("no-part", path, "the data set has no part %q", part)
	if len(has) == 0 {
		return e.WithFix("leave out #%s", part)
	}
	return e.WithFix("its parts are %s", strings.Join(has, ", "))
}

func sniffNames(suffixes ...string) func(string, []string) bool {
	return func(_ string, names []string) bool {
		return slices.ContainsFunc(names, func(n string) bool {
			n = strings.TrimSuffix(strings.ToLower(n), ".gz")
			return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(n, s) })
		})
	}
}

func sniffPath(words ...string) func(string, []string) bool {
	return func(path string, _ []string) bool {
		abs, err := filepath.Abs(path)
		if err != nil {
			return false
		}
		for _, w := range words {
			if !strings.Contains(strings.ToLower(filepath.Base(abs)), w) {
				return false
			}
		}
		return true
	}
}

// matching returns the files of a folder whose names match a pattern, which is a good one; the
// folder may be called what it likes, also "digits[1]". What cannot be read has none.
func matching(folder, pattern string) (files []string) {
	entries, _ := os.ReadDir(folder)
	for _, e := range entries {
		if ok, _ := filepath.Match(pattern, e.Name()); ok {
			files = append(files, filepath.Join(folder, e.Name()))
		}
	}
	return files
}

// nothingIn is the error for a path with nothing of what is looked for; a folder may have it packed.
func nothingIn(path, what, fix string) *diag.Error {
	if packed := slices.Concat(matching(path, "*.tar*"), matching(path, "*.tgz")); len(packed) > 0 {
		return diag.Inputf("which-archive", path, "there is no %s in the folder, but archives: %s", what, some(packed)).WithFix("name one of them, as in %s", packed[0])
	}
	return diag.Inputf("no-recordings", path, "there is no %s in it", what).WithFix("%s", fix)
}

// Formats describes what Open knows, a line each.
func Formats() string {
	var b strings.Builder
	for _, f := range formats {
		b.WriteString(f.name + strings.Repeat(" ", max(1, 12-len(f.name))) + f.what + "\n")
	}
	return b.String()
}

// reference is what a user writes for a data set: PATH, or PATH#PART, or PATH#FORMAT:PART.
type reference struct{ path, format, part string }

func parseReference(ref string) reference {
	if _, err := os.Stat(ref); err == nil {
		return reference{path: ref}
	}
	i := strings.LastIndexByte(ref, '#')
	if i < 0 {
		return reference{path: ref}
	}
	r := reference{path: ref[:i], part: ref[i+1:]}
	if f, part, ok := strings.Cut(r.part, ":"); ok {
		r.format, r.part = f, part
	}
	return r
}

// find returns the format of what a reference names.
func (r reference) find() (format, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return format{}, unreadable(r.path, err)
	}
	var known []string
	for _, f := range formats {
		if f.name == r.format {
			return f, nil
		}
		known = append(known, f.name)
	}
	if r.format != "" {
		return format{}, diag.Inputf("no-format", r.path, "there is no format %q", r.format).WithFix("known are %s", strings.Join(known, ", "))
	}
	names := []string{filepath.Base(r.path)}
	if info.IsDir() {
		entries, err := os.ReadDir(r.path)
		if err != nil {
			return format{}, unreadable(r.path, err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	for _, f := range formats {
		if f.sniff(r.path, names) {
			return f, nil
		}
	}
	panic("dataset: the last format takes everything")
}

// Open returns the data set that ref names: the path of a file, an archive or a folder;
// after a '#' the part of it, such as train or test, where the set has parts; and
// before that the format and a ':' where it is not recognised: "digits#nmnist:",
// "mnist#test", "speech.tar.gz#speech:train". See Formats.
//
// Several paths with a '+' between them are one set, one after the other. Of any set,
// the part K/N is every N-th sample from number K on, and -K/N all others: the folds
// of a cross-validation, as in "train.tar.gz+test.tar.gz#-0/5".
//
// list is a file of the recordings' classes for event recordings that have none
// in their folders' names; "" looks for one.
func Open(ref, list string) (Set, error) {
	r := parseReference(ref)
	fold, isFold := parseFold(r.part)
	if isFold {
		r.part = ""
	}
	var all Set
	for _, path := range r.paths() {
		one := r
		one.path = path
		f, err := one.find()
		if err != nil {
			return nil, err
		}
		if list != "" && !f.takesList() {
			return nil, diag.Usagef("labels", "%s says itself of which classes its samples are: the list %s would not be read", path, list).WithFix("leave out the list")
		}
		s, err := f.open(path, r.part, list)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = s
		} else if all, err = join(all, s); err != nil {
			return nil, diag.InFile(err, path)
		}
	}
	if isFold {
		return fold.of(all, ref)
	}
	return all, nil
}

// paths returns the paths that a reference joins.
func (r reference) paths() []string {
	if _, err := os.Stat(r.path); err == nil {
		return []string{r.path}
	}
	return strings.Split(r.path, "+")
}

// DefaultEncoding returns the encoding that suits the data set that ref names.
func DefaultEncoding(ref string) (Encoding, error) {
	r := parseReference(ref)
	r.path = r.paths()[0]
	f, err := r.find()
	return f.encoding, err
}
