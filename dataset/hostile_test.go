package dataset

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wav returns a WAVE file of 8-bit samples.
func wav(rate uint32, samples []byte) []byte {
	b := append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"), binary.LittleEndian.AppendUint32(nil, rate)...)
	b = append(b, "\x00\x00\x00\x00\x01\x00\x08\x00data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(samples)))
	return append(b, samples...)
}

// heartbeat returns a record of n samples with a beat at each of the given ones.
func heartbeat(n string, samples int, at ...int) (header, data, notes []byte) {
	header = []byte("100 2 360 " + n + "\n100.dat 212 200 11 1024 995 -22131 0 MLII\n100.dat 212 200 11 1024 1011 20052 0 V5\n")
	last := 0
	for _, a := range at {
		notes = binary.LittleEndian.AppendUint16(notes, 59<<10)
		notes = binary.LittleEndian.AppendUint16(notes, uint16((a-last)>>16))
		notes = binary.LittleEndian.AppendUint16(notes, uint16(a-last))
		notes = binary.LittleEndian.AppendUint16(notes, 1<<10)
		last = a
	}
	return header, make([]byte, 3*samples), append(notes, 0, 0)
}

func TestWFDBHostile(t *testing.T) {
	header, data, notes := heartbeat("100", 100, 5, 50, 20)
	r, err := parseWFDB("100", header, data, notes)
	if err != nil || len(r.beats) != 3 || r.beats[2].at != 20 {
		t.Fatalf("%+v, %v", r, err)
	}
	for n := range notes {
		if _, err := parseWFDB("100", header, data, notes[:n]); err == nil {
			t.Errorf("annotations cut to %d bytes are read", n)
		}
	}
	// A number of samples whose triple wraps around to the size of the file.
	for _, n := range []string{fmt.Sprint(uint64(math.MaxUint64)/3 + 1), "6148914691236517206", "-100", "", "1e3"} {
		h, _, _ := heartbeat(n, 0)
		for _, size := range []int{0, 1, 2, 3, 300} {
			if _, err := parseWFDB("100", h, make([]byte, size), notes); err == nil {
				t.Errorf("%s samples in %d bytes are read", n, size)
			}
		}
	}
	for _, outside := range []int{100, 1 << 20, -1} {
		_, _, notes := heartbeat("100", 100, 5, outside)
		_, err := parseWFDB("100", header, data, notes)
		wantError(t, err, "wfdb", "a beat is at")
	}
	_, err = parseWFDB("100", header, nil, nil)
	wantError(t, err, "wfdb", "0 bytes for 100 samples")
}

func TestWAVHostile(t *testing.T) {
	s, err := parseWAV(wav(8000, []byte{0, 128, 255}))
	if err != nil || !slices.Equal(s.samples, []float64{-1, 0, 127.0 / 128}) {
		t.Fatalf("%v, %v", s, err)
	}
	_, err = parseWAV(wav(1000, make([]byte, 1000*maxSound+1)))
	wantError(t, err, "wav", "120 are allowed")
	for _, rate := range []uint32{0, 999, 192_001, math.MaxUint32} {
		_, err = parseWAV(wav(rate, make([]byte, 10)))
		wantError(t, err, "wav", fmt.Sprint(rate, " Hz"))
	}
	if events := hear(sound{rate: 8000}); len(events) != 0 {
		t.Error(events)
	}
}

// An archive of files in memory is read to its end, and what is doubtful in it refused.
func TestTarball(t *testing.T) {
	two := packTar(t, entry{"a/3_x_0.wav", wav(8000, nil), 0}, entry{"a/4_x_7.wav", wav(8000, nil), 0})
	s, err := Open(save(t, "words.tar.gz", gz(t, two))+"#speech:", "")
	if err != nil || s.Len() != 2 {
		t.Fatal(err)
	}
	damaged := gz(t, two)
	damaged[len(damaged)-8] ^= 1
	_, err = Open(save(t, "words.tar.gz", damaged)+"#speech:", "")
	wantError(t, err, "bad-archive", "checksum")
	_, err = Open(save(t, "words.tar.gz", gz(t, two[:1024]))+"#speech:", "")
	wantError(t, err, "bad-archive", "EOF")
	_, err = Open(save(t, "words.tar", packTar(t, entry{"a/3_x_0.wav", nil, 0}, entry{"b/3_x_0.wav", nil, 0}))+"#speech:", "")
	wantError(t, err, "id-twice", "3_x_0.wav")
	_, err = Open(save(t, "beats.tar.gz", damaged)+"#ecg:", "")
	wantError(t, err, "bad-archive", "checksum")
	big := packTar(t, entry{"1.wav", make([]byte, 3000), 0}, entry{"2.wav", make([]byte, 1100), 0})
	all := func(string) bool { return true }
	wantError(t, readFiles(bytes.NewReader(big), "x.tar", 4096, all, func(string, []byte) {}), "archive-too-large", "4096")
	wantError(t, readFiles(bytes.NewReader(gz(t, big)), "x.tar.gz", 4096, func(string) bool { return false }, nil), "archive-too-large", "4096")
	if err := readFiles(bytes.NewReader(packTar(t, entry{"1.wav", nil, tar.TypeSymlink})), "x.tar", 4096, all, func(string, []byte) { t.Error("a link is read") }); err != nil {
		t.Error(err)
	}
}

func TestVowelsHostile(t *testing.T) {
	line := strings.Repeat("0.5,1:", 12) + "3\n"
	file := save(t, "x.ts", []byte("@data\n"+line))
	if s, err := Open(file, ""); err != nil || s.Len() != 1 {
		t.Fatal(err)
	}
	b := append([]byte("@data\n"+line), bytes.Repeat([]byte("#\n"), maxVowels/2)...)
	_, err := Open(save(t, "x.ts.gz", gz(t, b)), "")
	wantError(t, err, "ts", "bytes in it")
	damaged := gz(t, []byte("@data\n"+line))
	damaged[len(damaged)-8] ^= 1
	_, err = Open(save(t, "x.ts.gz", damaged), "")
	wantError(t, err, "ts", "checksum")
}

func TestImagesHostile(t *testing.T) {
	dir := t.TempDir()
	writeIDX(t, filepath.Join(dir, "train-images-idx3-ubyte"), make([]byte, 300*300), 1, 300, 300)
	writeIDX(t, filepath.Join(dir, "train-labels-idx1-ubyte"), []byte{3}, 1)
	_, err := Open(dir, "")
	wantError(t, err, "idx", "300×300 pixels")
	// Ticks so long that their times do not fit 32 bits of µs are ticks none the less.
	writeIDX(t, filepath.Join(dir, "train-images-idx3-ubyte"), []byte{255, 0, 0, 9}, 1, 2, 2)
	s, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	short, err := Encoded{s, Encoding{Tick: 1000, Ticks: 50, Downsample: 1}}.Raster(0, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	long, err := Encoded{s, Encoding{Tick: math.MaxInt32, Ticks: 50, Downsample: 1}}.Raster(0, 0, 0)
	if err != nil || !long.Equal(short) || long.Count() == 0 {
		t.Errorf("%d spikes of %d, %v", long.Count(), short.Count(), err)
	}
	claim := binary.BigEndian.AppendUint32([]byte{0, 0, 8, 3}, 1<<31)
	os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte"), append(claim, 0, 0, 0, 9, 0, 0, 0, 9), 0o666)
	_, err = Open(dir, "")
	wantError(t, err, "idx", "are allowed")
}

func FuzzWAV(f *testing.F) {
	f.Add(wav(8000, []byte{0, 128, 255, 7, 200, 1, 1, 90}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseWAV(b)
		if err != nil {
			return
		}
		if len(s.samples) > len(b) {
			t.Fatalf("%d samples in %d bytes", len(s.samples), len(b))
		}
		for _, x := range s.samples {
			if !(x >= -1 && x <= 1) {
				t.Fatalf("sample %g", x)
			}
		}
		for _, e := range hear(s) {
			if int(e.X) >= earBands || int(e.T) > (len(s.samples)+1)*1_000_000/s.rate {
				t.Fatalf("%v", e)
			}
		}
	})
}

func FuzzWFDB(f *testing.F) {
	header, data, notes := heartbeat("100", 100, 5, 50, 20)
	f.Add(header, data, notes)
	f.Add([]byte("x 2 360 2\nx.dat 212 200\nx.dat 212 200\n"), []byte{1, 2, 3, 4, 5, 6}, []byte{1, 4, 0, 0})
	f.Fuzz(func(t *testing.T, header, data, notes []byte) {
		r, err := parseWFDB("100", header, data, notes)
		if err != nil {
			return
		}
		h := &heart{records: []*ecg{r}}
		for b := range r.beats {
			h.index = append(h.index, struct{ record, beat int }{0, b})
			events, err := h.Events(b)
			if err != nil || h.Label(b) >= h.Classes() {
				t.Fatal(err)
			}
			for _, e := range events {
				if int(e.X) >= h.Shape().W {
					t.Fatalf("%v", e)
				}
			}
		}
	})
}

func FuzzVowels(f *testing.F) {
	f.Add([]byte("# text\n@data\n" + strings.Repeat("0.5,1e300:", 12) + "3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		v := &vowels{}
		if v.parse(bytes.NewReader(b)) != nil {
			return
		}
		for i := range v.Len() {
			events, err := v.Events(i)
			if err != nil || v.Label(i) >= v.Classes() {
				t.Fatal(err)
			}
			for _, e := range events {
				if int(e.X) >= v.Shape().W || int(e.Y) >= v.Shape().H {
					t.Fatalf("%v", e)
				}
			}
		}
	})
}
