package link

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// unstuff returns the one frame that is on the line, without its COBS.
func unstuff(t testing.TB, line []byte) []byte {
	t.Helper()
	var d decoder
	var got [][]byte
	for _, b := range line {
		if raw, end := d.feed(b); end {
			got = append(got, slices.Clone(raw))
		}
	}
	if len(got) != 1 {
		t.Fatalf("%d frames", len(got))
	}
	return got[0]
}

// TestCOBSVectors has the examples of the COBS paper that are short enough.
func TestCOBSVectors(t *testing.T) {
	for _, v := range []struct{ raw, enc []byte }{
		{nil, []byte{1}},
		{[]byte{0}, []byte{1, 1}},
		{[]byte{0, 0}, []byte{1, 1, 1}},
		{[]byte{0, 0x11, 0}, []byte{1, 2, 0x11, 1}},
		{[]byte{0x11, 0x22, 0, 0x33}, []byte{3, 0x11, 0x22, 2, 0x33}},
		{[]byte{0x11, 0x22, 0x33, 0x44}, []byte{5, 0x11, 0x22, 0x33, 0x44}},
		{[]byte{0x11, 0, 0, 0}, []byte{2, 0x11, 1, 1, 1}},
	} {
		if got := appendCOBS(nil, v.raw); !bytes.Equal(got, v.enc) {
			t.Errorf("% x: % x, want % x", v.raw, got, v.enc)
		}
		if got := unstuff(t, append(slices.Clone(v.enc), 0)); !bytes.Equal(got, v.raw) {
			t.Errorf("% x: % x, want % x", v.enc, got, v.raw)
		}
	}
}

func TestDecoderLimits(t *testing.T) {
	var d decoder
	feed := func(p ...byte) (raw []byte, ends int) {
		for _, b := range p {
			if r, end := d.feed(b); end {
				raw, ends = slices.Clone(r), ends+1
			}
		}
		return raw, ends
	}
	if _, n := feed(0, 0, 0); n != 0 {
		t.Error("idle line is reported as frames")
	}
	if raw, n := feed(3, 1, 0); n != 1 || raw != nil {
		t.Error("a cut block is taken for a frame")
	}
	long := bytes.Repeat([]byte{1}, maxFrame)
	if raw, n := feed(append(appendCOBS(nil, long), 0)...); n != 1 || len(raw) != maxFrame {
		t.Error("the longest frame does not pass")
	}
	if raw, n := feed(append(appendCOBS(nil, append(long, 1)[:maxFrame+1]), 0)...); n != 1 || raw != nil {
		t.Error("a frame that is too long passes")
	}
	if _, n := feed(bytes.Repeat([]byte{7}, 100000)...); n != 0 {
		t.Error("noise without an end is a frame")
	}
	if raw, n := feed(0, 2, 9, 0); n != 2 || !bytes.Equal(raw, []byte{9}) {
		t.Error("no recovery after noise")
	}
}

func TestGapsCarryAnyTick(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	ticks := [][]int32{nil, {0}, {253}, {254}, {255}, {0, 254, 509}, {65534}, {0, 65534}}
	for range 50 {
		ticks = append(ticks, sample(rng, 3000, 1, rng.Float64()*rng.Float64()).At(0))
	}
	all := make([]int32, 65535)
	for i := range all {
		all[i] = int32(i)
	}
	ticks = append(ticks, all)
	var stream []byte
	for _, ids := range ticks {
		n := len(stream)
		stream = appendTick(stream, ids)
		if len(ids) > 0 && len(stream)-n > int(ids[len(ids)-1])+2 {
			t.Errorf("%d bytes for a tick of ids up to %d", len(stream)-n, ids[len(ids)-1])
		}
	}
	g := gapReader{limit: 65535}
	var got []int32
	i := 0
	for _, b := range stream {
		switch id, ev := g.feed(b); ev {
		case gapSpike:
			got = append(got, id)
		case gapEnd:
			if !slices.Equal(got, ticks[i]) {
				t.Fatalf("tick %d differs", i)
			}
			got, i = got[:0], i+1
		case gapBad:
			t.Fatalf("tick %d is refused", i)
		}
	}
	if i != len(ticks) {
		t.Errorf("%d ticks of %d", i, len(ticks))
	}
	// A board may write the skip before it knows that no spike follows.
	g = gapReader{limit: 256}
	for _, b := range []byte{gapSkip, gapTick, gapSkip, 1} {
		if _, ev := g.feed(b); ev == gapBad {
			t.Error("a skip at the end of a tick is refused")
		}
	}
	if _, ev := g.feed(0); ev != gapBad {
		t.Error("neuron 256 of 256 passes")
	}
}
