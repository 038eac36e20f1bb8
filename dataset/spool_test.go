package dataset

import (
	"bytes"
	"io"
	"runtime"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// What is written comes back, whether memory takes it or the disk.
func TestSpool(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &spool{limit: rapid.IntRange(0, 300).Draw(t, "limit")}
		var want []byte
		for _, p := range rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 40)).Draw(t, "writes") {
			if n, err := s.Write(p); n != len(p) || err != nil {
				t.Fatal(n, err)
			}
			want = append(want, p...)
		}
		if s.size != int64(len(want)) || (s.file != nil) != (len(want) > s.limit) {
			t.Fatalf("%d bytes of %d, on disk: %v", s.size, len(want), s.file != nil)
		}
		at := rapid.IntRange(0, len(want)).Draw(t, "at")
		n := rapid.IntRange(0, len(want)-at).Draw(t, "n")
		if got, err := io.ReadAll(s.section(int64(at), int64(n))); err != nil || !bytes.Equal(got, want[at:at+n]) {
			t.Fatalf("%x, want %x (%v)", got, want[at:at+n], err)
		}
	})
}

func TestSpoolIsReadByMany(t *testing.T) {
	s := &spool{limit: 0}
	for i := range 100 {
		s.Write([]byte{byte(i), byte(i)})
	}
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			if b, err := io.ReadAll(s.section(int64(2*i), 2)); err != nil || !bytes.Equal(b, []byte{byte(i), byte(i)}) {
				t.Errorf("section %d is %x, %v", i, b, err)
			}
		})
	}
	all.Wait()
}

// Memory does not grow with an archive: ten times the bytes that stay in memory take
// no more of it than these.
func TestSpoolMemory(t *testing.T) {
	const limit, block = 1 << 20, 1 << 16
	s := &spool{limit: limit}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	p := make([]byte, block)
	for range 10 * limit / block {
		if _, err := s.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > limit {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	runtime.KeepAlive(s)
}
