package link

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// tunedBoard is the port of a verilated board of 12 MHz: breaks and rates are levels at its pins.
type tunedBoard struct {
	b      *rtlBoard
	mu     sync.Mutex
	out    []byte
	ready  chan struct{}
	closed chan struct{}
	breaks int
	top    int // at higher rates the line damages a bit of some bytes
	baud   int
	rng    *rand.Rand
}

func (p *tunedBoard) put(items ...uint16) {
	got := p.b.line(items)
	p.mu.Lock()
	p.out = append(p.out, got...)
	p.mu.Unlock()
	select {
	case p.ready <- struct{}{}:
	default:
	}
}

func (p *tunedBoard) SetBaud(baud int) error {
	const clock = 4 * 3_000_000 // toyDivider
	p.baud = baud
	p.put(eighths | uint16((8*clock+baud/2)/baud))
	return nil
}

func (p *tunedBoard) Break(d time.Duration) error {
	p.breaks++
	var items []uint16
	for clocks := int(12e6 * d.Seconds()); clocks > 0; clocks -= 0x7FFF {
		items = append(items, low|uint16(min(clocks, 0x7FFF)))
	}
	p.put(append(items, pause|20)...)
	return nil
}

func (p *tunedBoard) Write(b []byte) (int, error) {
	var items []uint16
	for _, c := range b {
		if p.baud > p.top && len(b) > 1 && p.rng.IntN(100) == 0 {
			c ^= 1 << p.rng.IntN(8)
		}
		items = append(items, uint16(c))
	}
	p.put(items...)
	return len(b), nil
}

func (p *tunedBoard) Read(b []byte) (int, error) {
	for {
		p.mu.Lock()
		n := copy(b, p.out)
		p.out = p.out[n:]
		p.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-p.ready:
		case <-p.closed:
			return 0, io.ErrClosedPipe
		}
	}
}

func (p *tunedBoard) Close() error {
	close(p.closed)
	return nil
}

// TestRTLTune: the host goes up with the Verilog, to the highest clean rate, and what then runs is exact.
func TestRTLTune(t *testing.T) {
	program := verilated(t)
	compared := 0
	for _, top := range []int{3_000_000, 1_000_000} {
		p := &tunedBoard{b: newRTLBoard(t, program, uint64(top)), ready: make(chan struct{}, 1), closed: make(chan struct{}), top: top, rng: rand.New(rand.NewPCG(3, 3))}
		t.Cleanup(p.b.close)
		var notes []string
		c, err := dial(context.Background(), p, Options{Timeout: 2 * time.Second, Note: func(s string) { notes = append(notes, s) }}, 0xABCDE)
		if err != nil {
			t.Fatal(err)
		}
		f, rng := newToy(), rand.New(rand.NewPCG(1, uint64(top)))
		image := slices.DeleteFunc(f.image(rng), func(r Region) bool { return len(r.Data) == 0 })
		binary.LittleEndian.PutUint32(image[0].Data, 60)
		if err := c.Load(context.Background(), image); err != nil {
			t.Fatal(err, notes)
		}
		in := sample(rng, toyAxons, 40, 0.1)
		out, err := c.Run(context.Background(), in, 45)
		if err != nil {
			t.Fatal(err, notes)
		}
		if want := f.direct(image, in, 45); !out.Equal(want) {
			t.Error("wrong result")
		}
		if s := c.Stats(); s.Baud != top {
			t.Errorf("%d baud, want %d: %q", s.Baud, top, notes)
		}
		compared += out.Ticks()
		t.Logf("%q, %d breaks", notes, p.breaks)
		c.Close()
	}
	t.Logf("compared %d ticks", compared)
	if compared != 90 {
		t.Error("too few")
	}
}
