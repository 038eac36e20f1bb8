package dataset

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/spike"
)

// filmEvent is an event as a film has it.
type filmEvent struct {
	x, y, p uint32
	t       int64
	invalid bool
}

const filmText = "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n"

// filmPacket writes a packet; those of another kind than 1 have rubbish in them.
func filmPacket(kind uint16, events ...filmEvent) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, 1)
	overflow := uint32(0)
	if len(events) > 0 {
		overflow = uint32(events[0].t >> 31)
	}
	for _, v := range []uint32{8, 4, overflow, uint32(len(events)) + 5, uint32(len(events)), uint32(len(events))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for _, e := range events {
		data := e.x<<17 | e.y<<2 | e.p<<1 | 1
		if e.invalid {
			data &^= 1
		}
		if kind != 1 {
			data = 0xffffffff
		}
		b = binary.LittleEndian.AppendUint32(b, data)
		b = binary.LittleEndian.AppendUint32(b, uint32(e.t&0x7fffffff))
	}
	return b
}

// films writes a folder of two users.
func films(t testing.TB) string {
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	late := int64(1) << 31
	write("user02_led.aedat", slices.Concat([]byte(filmText),
		filmPacket(1, filmEvent{1, 2, 0, 99, false}, filmEvent{127, 0, 1, 100, false}, filmEvent{3, 127, 0, 150, true}, filmEvent{3, 4, 1, 199, false}),
		filmPacket(2, filmEvent{t: 120}),
		filmPacket(1, filmEvent{5, 6, 1, 200, false}, filmEvent{7, 8, 0, 250, false}),
		filmPacket(1),
		filmPacket(1, filmEvent{9, 10, 1, late + 5, false}, filmEvent{11, 12, 0, late + 5, false})))
	write("user02_led_labels.csv", []byte("class,startTime_usec,endTime_usec\n3,100,200\n11,200,250\n1,2147483648,2147483660\n"))
	write("user25_natural.aedat", slices.Concat([]byte(filmText), filmPacket(1, filmEvent{1, 1, 1, 7, false})))
	write("user25_natural_labels.csv", []byte("class,startTime_usec,endTime_usec\n2,0,10\n"))
	return dir
}

func TestAEDAT(t *testing.T) {
	dir := films(t)
	s, err := Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		id     string
		class  int
		events []spike.Event
	}{
		{"user02_led@0", 2, []spike.Event{{X: 127, Y: 0, P: 1, T: 0}, {X: 3, Y: 4, P: 1, T: 99}}},
		{"user02_led@1", 10, []spike.Event{{X: 5, Y: 6, P: 1, T: 0}}},
		{"user02_led@2", 0, []spike.Event{{X: 9, Y: 10, P: 1, T: 5}, {X: 11, Y: 12, P: 0, T: 5}}},
		{"user25_natural@0", 1, []spike.Event{{X: 1, Y: 1, P: 1, T: 7}}},
	}
	if s.Len() != len(want) || s.Classes() != 11 {
		t.Fatalf("%d samples, %d classes", s.Len(), s.Classes())
	}
	for i, w := range want {
		if events, err := s.Events(i); err != nil || !slices.Equal(events, w.events) || s.ID(i) != w.id || s.Label(i) != w.class {
			t.Errorf("%s, class %d: %v, want %v (%v)", s.ID(i), s.Label(i), events, w, err)
		}
	}
	ids := func(ref string) (ids []string) {
		s, err := Open(ref, "")
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Len() {
			ids = append(ids, s.ID(i))
		}
		return ids
	}
	// By users, and by the lists where there are any.
	if got := ids(dir + "#test"); !slices.Equal(got, []string{"user25_natural@0"}) {
		t.Errorf("test is %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "trials_to_train.txt"), []byte("user25_natural.aedat\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := ids(dir + "#train"); !slices.Equal(got, []string{"user25_natural@0"}) {
		t.Errorf("train is %v", got)
	}
	if got := ids(filepath.Join(dir, "user02_led.aedat")); len(got) != 3 {
		t.Errorf("the film has %v", got)
	}
}

func TestAEDATRefuses(t *testing.T) {
	read := func(b []byte) error {
		packets, err := indexFilm(bytes.NewReader(b), int64(len(b)))
		if err == nil {
			_, err = between(bytes.NewReader(b), packets, 0, 1<<40)
		}
		return err
	}
	good := slices.Concat([]byte(filmText), filmPacket(1, filmEvent{1, 2, 0, 99, false}, filmEvent{1, 2, 0, 100, false}))
	if err := read(good); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if n != len(filmText) && read(good[:n]) == nil {
			t.Errorf("cut to %d of %d bytes it is read", n, len(good))
		}
	}
	huge := slices.Clone(good)
	binary.LittleEndian.PutUint32(huge[len(filmText)+20:], 1<<32-1)
	wantError(t, read(huge), "aedat", "beyond the end")
	wantError(t, read(slices.Concat([]byte(filmText), filmPacket(1, filmEvent{128, 2, 0, 99, false}))), "aedat", "column 128")
	wantError(t, read(slices.Concat([]byte(filmText), filmPacket(1, filmEvent{0, 2, 0, 99, false}, filmEvent{t: 150}, filmEvent{0, 2, 0, 100, false}))), "aedat", "at 150 µs")
	wantError(t, read([]byte("#!AER-DAT2.0\r\n#!END-HEADER\r\n")), "aedat", "no header")
	dir := films(t)
	labels := filepath.Join(dir, "user02_led_labels.csv")
	for text, want := range map[string]string{"12,0,1\n": "class of 1 to 11", "1,5,4\n": "class of 1 to 11", "1,2\n": "class of 1 to 11", "class,a,b\n1,x,2\n": "invalid syntax"} {
		if err := os.WriteFile(labels, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Open(dir, "")
		wantError(t, err, "gesture-label", want)
	}
	os.Remove(labels)
	_, err := Open(dir, "")
	wantError(t, err, "unreadable", labels)
}

func FuzzAEDAT(f *testing.F) {
	f.Add(slices.Concat([]byte(filmText), filmPacket(1, filmEvent{1, 2, 0, 99, false}), filmPacket(2, filmEvent{}), filmPacket(1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		packets, err := indexFilm(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if len(packets) > len(b)/packetHeader {
			t.Fatalf("%d packets in %d bytes", len(packets), len(b))
		}
		events, err := between(bytes.NewReader(b), packets, 0, 1<<32)
		if err == nil && len(events) > len(b)/polaritySize {
			t.Fatalf("%d events", len(events))
		}
	})
}
