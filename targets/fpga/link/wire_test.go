package link

import (
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// A wire is one direction of a serial line. Its faults take place as bytes are written;
// all waiting is in the time of the clock, which in a synctest bubble is virtual.
type wire struct {
	mu     sync.Mutex
	data   []byte
	notify chan struct{}

	depth    int           // bytes that the receiver buffers before it drops; 0: any number
	perByte  time.Duration // that a byte takes on the line
	latency  time.Duration // an FTDI's: bytes are handed over 62 at a time or after this long
	held     []byte
	flushing bool

	faults *faults
	seen   int       // bytes written
	onSeen func(int) // called with seen as it grows
	tap    func([]byte)
}

// newWire returns a wire of 3 Mbaud. Without any delay, an endless exchange of frames would
// never reach a timeout in virtual time.
func newWire() *wire { return &wire{notify: make(chan struct{}, 1), perByte: 3333 * time.Nanosecond} }

// faults are what goes wrong on a wire: probabilities are per byte, or per write where it says so.
type faults struct {
	rng                           *rand.Rand
	drop, flip, repeat, insert    float64
	delay, late, move             float64 // per write: held up; delivered again later; only later
	cutFrom, cutTo                int     // bytes seen between which nothing passes
	recent                        []byte
	dropped, flipped, repeated    int
	inserted, delayed, lates, cut int
	moved                         int
	healed                        atomic.Bool
}

// apply returns what becomes of p at once; pieces that come later go to deliver.
func (f *faults) apply(w *wire, p []byte) []byte {
	var out []byte
	for i, b := range p {
		switch r := f.rng.Float64(); {
		case w.seen+i >= f.cutFrom && w.seen+i < f.cutTo:
			f.cut++
			continue
		case r < f.drop:
			f.dropped++
			continue
		case r < f.drop+f.flip:
			f.flipped++
			b ^= 1 << f.rng.IntN(8)
		case r < f.drop+f.flip+f.repeat:
			f.repeated++
			out = append(out, b)
		case r < f.drop+f.flip+f.repeat+f.insert:
			f.inserted++
			for range 1 + f.rng.IntN(4) {
				out = append(out, byte(f.rng.Uint32()>>(f.rng.Uint32()%9)))
			}
		}
		out = append(out, b)
	}
	f.recent = append(f.recent, out...)
	f.recent = f.recent[max(0, len(f.recent)-1000):]
	later := func(b []byte) {
		b = append([]byte(nil), b...)
		time.AfterFunc(time.Duration(f.rng.IntN(2000))*time.Millisecond, func() { w.deliver(b) })
	}
	if f.rng.Float64() < f.late {
		f.lates++
		later(f.recent[f.rng.IntN(len(f.recent)+1):])
	}
	if f.rng.Float64() < f.move {
		f.moved++
		later(out)
		out = nil
	}
	if f.rng.Float64() < f.delay {
		f.delayed++
		time.Sleep(time.Duration(f.rng.IntN(900)) * time.Millisecond)
	}
	return out
}

func (w *wire) write(p []byte) {
	if w.tap != nil {
		w.tap(p)
	}
	for len(p) > 0 {
		part := p
		if w.depth > 0 || w.latency > 0 { // then it matters when the pieces come
			part = p[:min(len(p), 16)]
		}
		time.Sleep(w.perByte * time.Duration(len(part)))
		p = p[len(part):]
		out := part
		if w.faults != nil && !w.faults.healed.Load() {
			out = w.faults.apply(w, part)
		}
		w.seen += len(part)
		if w.onSeen != nil {
			w.onSeen(w.seen)
		}
		w.pass(out)
	}
}

// pass delivers as an FTDI does.
func (w *wire) pass(p []byte) {
	if w.latency == 0 {
		w.deliver(p)
		return
	}
	w.mu.Lock()
	w.held = append(w.held, p...)
	var ready []byte
	if n := len(w.held) / 62 * 62; n > 0 {
		ready = append(ready, w.held[:n]...)
		w.held = append(w.held[:0], w.held[n:]...)
	}
	if len(w.held) > 0 && !w.flushing {
		w.flushing = true
		time.AfterFunc(w.latency, func() {
			w.mu.Lock()
			b := append([]byte(nil), w.held...)
			w.held, w.flushing = w.held[:0], false
			w.mu.Unlock()
			w.deliver(b)
		})
	}
	w.mu.Unlock()
	w.deliver(ready)
}

func (w *wire) deliver(p []byte) {
	w.mu.Lock()
	if w.depth > 0 {
		p = p[:min(len(p), max(0, w.depth-len(w.data)))]
	}
	w.data = append(w.data, p...)
	w.mu.Unlock()
	select {
	case w.notify <- struct{}{}:
	default:
	}
}

// An end is one side of a line; it implements Port. A closed end can be replaced by
// another one on the same wires, as when a program opens a port again or a board restarts.
type end struct {
	in, out *wire
	closed  chan struct{}
	once    sync.Once
	timeout time.Duration // Read returns (0, nil) after it; 0: never
}

func newEnd(in, out *wire) *end { return &end{in: in, out: out, closed: make(chan struct{})} }

func (e *end) Read(p []byte) (int, error) {
	var expired <-chan time.Time
	if e.timeout > 0 {
		expired = time.After(e.timeout)
	}
	for {
		select {
		case <-e.closed:
			return 0, io.ErrClosedPipe
		default:
		}
		e.in.mu.Lock()
		n := copy(p, e.in.data)
		e.in.data = e.in.data[n:]
		e.in.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-e.closed:
		case <-e.in.notify:
		case <-expired:
			return 0, nil
		}
	}
}

func (e *end) Write(p []byte) (int, error) {
	select {
	case <-e.closed:
		return 0, io.ErrClosedPipe
	default:
	}
	e.out.write(p)
	return len(p), nil
}

func (e *end) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}
