package link

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Port is a serial line. A Read without data may block, or return (0, nil) after a
// while; blocked calls must return when the port is closed.
type Port interface {
	io.ReadWriteCloser
}

// Options tune a Conn. The zero value is good for lines of 57600 baud and above.
type Options struct {
	// Window limits the bytes of commands on their way to the board unanswered. 0 and anything
	// above mean what Info.RxBuffer holds beside a POLL; one command is always let through.
	Window int
	// Timeout is how long the board may take to show progress before it is asked
	// again. It must be longer than the line needs for a full window and the board
	// for one frame of ticks. 0 means 500 ms.
	Timeout time.Duration
	// Retries is how often in a row the board is asked again without any progress
	// before an operation fails. 0 means 8.
	Retries int
	// Baud is the rate of a Tunable port; 0 means the highest at which no frame is damaged, and lower
	// ones when frames are damaged later. Own is the rate of boards that know only the one of their bitstream;
	// 0 means 3 Mbaud.
	Baud, Own int
	// Note, if set, is called with what happens to the rate.
	Note func(string)
	// Progress, if set, is called during Load with the bytes sent and to be sent.
	Progress func(done, total int)
}

// Stats counts what went over the line since Dial.
type Stats struct {
	FramesOut, FramesIn int64 // good frames of this session
	BytesOut, BytesIn   int64
	Resent              int64 // frames sent more than once
	Polls               int64 // times that the board was asked where it is
	Busy                int64 // times that the board waited for room in its output buffer
	Stale               int64 // frames of another session that arrived
	BadIn               int64 // damaged frames that arrived here
	BadOut              int64 // damaged frames that arrived at the board
	Baud                int   // rate of the line at last, bits a second; 0: the port has none that could be changed
}

// Conn is a session with a board. It is for one goroutine at a time. Once a method has
// failed, so does every later one: close the Conn and dial again. Only arguments that are
// refused at once (an image or a sample that the board cannot take) do no harm.
type Conn struct {
	port    Port
	opt     Options
	info    Info
	stats   Stats
	bytesIn atomic.Int64

	tx     chan []byte // to the writer
	orders chan func() // to the writer
	rx     chan arrival
	down   chan error    // why the port failed
	quit   chan struct{} // closed by Close
	wrote  chan struct{} // closed when the writer has ended
	timer  *time.Timer   // since the last progress, or since it last ran out

	key  uint32
	tag  uint32 // of the last question
	err  error  // why the Conn is finished
	bad  byte   // the board's count of damaged frames when last heard
	hurt int    // damaged frames since the last progress
	lost int    // times that the timer ran out since the last progress

	rates        []int // that a Tunable port may have, upward
	rate         int   // the one it has
	settled      bool  // it was found, and may fall
	clean, dirty int   // frames of late

	// The numbered commands that are not known to be executed, oldest first.
	pending []request
	sent    int    // those of them that are under way; the rest wait to be repeated
	base    uint32 // number of the first
	pos     byte   // bytes of its spike stream that the board has executed

	poll    byte               // tag of the POLL under way, 0 for none
	trouble bool               // a POLL is to be sent
	have    uint32             // bytes of the output stream that have arrived
	sink    func([]byte) error // takes them
	pace    pace
}

// An arrival is a frame from the board; not ok for a damaged one.
type arrival struct {
	frame
	ok bool
}

// Dial opens a session with the board on port, which is then the Conn's to
// close; when Dial fails it has closed the port. Errors are *diag.Error.
func Dial(ctx context.Context, port Port, opt Options) (*Conn, error) {
	return dial(ctx, port, opt, random())
}

func dial(ctx context.Context, port Port, opt Options, session uint32) (*Conn, error) {
	if opt.Timeout <= 0 {
		opt.Timeout = 500 * time.Millisecond
	}
	if opt.Retries <= 0 {
		opt.Retries = 8
	}
	if opt.Own <= 0 {
		opt.Own = 3_000_000
	}
	c := &Conn{
		port: port, opt: opt, key: session,
		tx: make(chan []byte), orders: make(chan func()), rx: make(chan arrival, 64), down: make(chan error, 2),
		quit: make(chan struct{}), wrote: make(chan struct{}),
		timer: time.NewTimer(opt.Timeout),
	}
	go c.write()
	go c.read()
	if err := c.meet(ctx); err != nil {
		c.Close()
		return nil, err
	}
	c.pace = pace{bytes: 4 * c.info.Neurons, ticks: 16} // a guess: a quarter of the neurons spike
	if most := c.info.RxBuffer - pollLen; opt.Window <= 0 || opt.Window > most {
		c.opt.Window = most
	}
	return c, nil
}

// Info returns what the board said of itself.
func (c *Conn) Info() Info { return c.info }

// Stats returns the counts so far.
func (c *Conn) Stats() Stats {
	s := c.stats
	s.BytesIn = c.bytesIn.Load()
	return s
}

// Close ends the session and closes the port. It waits at most a second for a write
// under way.
func (c *Conn) Close() error {
	if c.err == nil {
		c.err = errClosed(nil)
	}
	select {
	case <-c.quit:
		return nil
	default:
	}
	close(c.quit)
	c.timer.Stop()
	select {
	case <-c.wrote: // closing a descriptor under a Write could hit its next owner
	case <-time.After(time.Second):
	}
	return c.port.Close()
}

func (c *Conn) write() {
	defer close(c.wrote)
	for {
		select {
		case b := <-c.tx:
			if _, err := c.port.Write(b); err != nil {
				c.down <- err
				return
			}
		case do := <-c.orders:
			do()
		case <-c.quit:
			return
		}
	}
}

func (c *Conn) read() {
	var d decoder
	buf := make([]byte, 4096)
	for {
		n, err := c.port.Read(buf)
		c.bytesIn.Add(int64(n))
		for _, b := range buf[:n] {
			raw, end := d.feed(b)
			if !end {
				continue
			}
			var a arrival
			a.frame, a.ok = parseFrame(append([]byte(nil), raw...))
			select {
			case c.rx <- a:
			case <-c.quit:
				return
			}
		}
		if err != nil {
			c.down <- err
			return
		}
		select {
		case <-c.quit:
			return
		default:
		}
	}
}

// An event is what ended a turn of the event loop.
type event int

const (
	eventSent    event = iota // the frame was handed to the line
	eventArrived              // a frame arrived
	eventExpired              // the timer ran out
)

// turn offers out, if not nil, to the line and waits for one event. Everything that a
// Conn waits for, it waits for here and in order.
func (c *Conn) turn(ctx context.Context, out []byte) (event, arrival, error) {
	var tx chan<- []byte
	if out != nil {
		tx = c.tx
	}
	select {
	case <-ctx.Done():
		return 0, arrival{}, errInterrupted(ctx)
	case err := <-c.down:
		return 0, arrival{}, errClosed(err)
	case <-c.timer.C:
		return eventExpired, arrival{}, nil
	case a := <-c.rx:
		c.count(a)
		return eventArrived, a, nil
	case tx <- out:
		c.stats.FramesOut++
		c.stats.BytesOut += int64(len(out))
		return eventSent, arrival{}, nil
	}
}

func (c *Conn) count(a arrival) {
	switch {
	case !a.ok:
		c.stats.BadIn++
		c.hurt++
		c.seen(0, 1)
	case a.key != c.key || a.op&answer == 0:
		c.stats.Stale++
	default:
		c.stats.FramesIn++
		c.seen(1, 0)
	}
}

// progress notes that the board got further: patience starts afresh.
func (c *Conn) progress() {
	c.lost, c.hurt = 0, 0
	c.timer.Reset(c.opt.Timeout)
}

// expired notes that the timer ran out and fails when that was too often in a row, at the lowest rate.
func (c *Conn) expired(ctx context.Context) error {
	c.timer.Reset(c.opt.Timeout)
	c.lost++
	switch {
	case c.settled && c.rate > 0 && (c.lost > c.opt.Retries || c.hurt > 0 && c.lost > 2):
		return c.fall(ctx, "no progress")
	case c.settled && c.lost == c.opt.Retries/2+1: // the board may have lost the rate
		lost, hurt := c.lost, c.hurt
		defer func() { c.lost, c.hurt = lost, hurt }()
		return c.tune(ctx, c.rates[c.rate])
	case c.lost <= c.opt.Retries:
		return nil
	case c.info.Neurons == 0:
		return errNoBoard(c.bytesIn.Load())
	case c.hurt > 0:
		return errNoise(c.hurt)
	}
	return errSilent(c.opt.Timeout * time.Duration(c.lost))
}

// finish makes err, if any, the end of the Conn.
func (c *Conn) finish(err error) error {
	if c.err == nil {
		c.err = err
	}
	return err
}
