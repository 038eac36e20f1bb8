package link

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/isospike/isospike/snn/diag"
)

// A Tunable is a Port whose rate can be changed and that can send a break. Both take effect after what
// was written before has left.
type Tunable interface {
	Port
	SetBaud(baud int) error
	Break(d time.Duration) error
}

// FirstBaud is the rate at which a board is looked for.
const FirstBaud = 115200

// The rates that are tried, upward; the highest is the board's own (Info.MaxBaud).
var ladder = []int{FirstBaud, 230400, 460800, 1_000_000, 2_000_000, 3_000_000}

const (
	// A board takes a low line for a break after 2^16 clocks and a byte at its slowest rate, of 4096 clocks a bit: 9 ms at 12 MHz.
	breakLen = 25 * time.Millisecond
	syncByte = 0x80 // low for 8 bits, which the board measures
	fewPairs = 4    // questions of each kind at every rate on the way up
	allPairs = 25   // at the rate that is kept

	// orderPatience is how long the port may take for what is done between two frames. Before it sends a break
	// what was written must leave: 512 bytes at the slowest rate of a board, which takes 2 s.
	orderPatience = 5 * time.Second
)

// meet finds the board and the rate of the line, and opens the session.
func (c *Conn) meet(ctx context.Context) error {
	port, ok := c.port.(Tunable)
	if !ok {
		return c.hello(ctx)
	}
	c.rates = ladder[:1]
	if c.opt.Baud > 0 {
		c.rates = []int{c.opt.Baud}
	}
	answered := false
	for try := 0; try < 2 && !answered; try++ {
		err := c.tune(ctx, c.rates[0])
		if err == nil {
			err = c.briefly(func() error { return c.hello(ctx) })
		}
		if answered = err == nil; !answered && !unanswered(err) {
			return err
		}
	}
	if !answered {
		c.rates, c.stats.Baud = nil, c.opt.Own
		if c.opt.Baud > 0 {
			c.stats.Baud = c.opt.Baud
		}
		baud := c.stats.Baud
		if err := c.order(ctx, func() error { return port.SetBaud(baud) }); err != nil {
			return err
		}
		if err := c.hello(ctx); err != nil {
			return err
		}
		c.note("the line runs at %d baud: the board's bitstream knows no other rate", baud)
		return nil
	}
	if c.opt.Baud == 0 {
		if err := c.climb(ctx); err != nil {
			return err
		}
	}
	c.note("the line runs at %d baud", c.rates[c.rate])
	c.settled = true
	return nil
}

// hello opens the session.
func (c *Conn) hello(ctx context.Context) error {
	p, err := c.question(ctx, opHello, append([]byte(magic), Version))
	if err != nil {
		return err
	}
	var nonce uint32
	if c.info, nonce, err = parseInfo(p); err == nil {
		c.key ^= nonce
	}
	return err
}

// ratesOf returns the rates for a board of the given highest one.
func ratesOf(most int) []int {
	if most == 0 {
		return ladder
	}
	var rates []int
	for _, r := range ladder {
		if r < most {
			rates = append(rates, r)
		}
	}
	return append(rates, most)
}

// climb takes the line to the highest rate at which no frame is damaged.
func (c *Conn) climb(ctx context.Context) error {
	c.rates = ratesOf(c.info.MaxBaud)
	best := 0
	for next := 1; next < len(c.rates); next++ {
		clean, err := c.try(ctx, next, fewPairs)
		if err != nil {
			return err
		}
		if !clean {
			c.note("frames are damaged at %d baud", c.rates[next])
			break
		}
		best = next
	}
	for c.rate = best; ; c.rate-- {
		clean, err := c.try(ctx, c.rate, allPairs)
		if err != nil || clean || c.rate == 0 {
			return err
		}
		c.note("frames are damaged at %d baud", c.rates[c.rate])
	}
}

// try reports whether pairs of long frames go through undamaged at a rate.
func (c *Conn) try(ctx context.Context, rate, pairs int) (bool, error) {
	clean := false
	var err error
	for attempt := 0; attempt < 2; attempt++ { // the pulse may have been damaged
		if c.stats.Baud != c.rates[rate] || attempt > 0 {
			err = c.tune(ctx, c.rates[rate])
		}
		if err == nil {
			err = c.briefly(func() error {
				_, err := c.question(ctx, opCounters, nil)
				return err
			})
		}
		if err == nil {
			break
		}
		if !unanswered(err) {
			return false, err
		}
	}
	if err == nil {
		err = c.briefly(func() error { clean, err = c.trial(ctx, pairs); return err })
	}
	if unanswered(err) {
		return false, nil
	}
	return clean, err
}

// trial asks questions that are as long as frames can be, and ones with such answers, until one is damaged.
func (c *Conn) trial(ctx context.Context, pairs int) (bool, error) {
	before := c.stats
	var sums, bytes []byte
	for id, size := range c.info.Regions {
		if size == 0 {
			continue
		}
		for range c.info.MaxPayload / spanLen {
			sums = appendSpan(sums, span{uint32(id) << 24, 4})
		}
		bytes = appendSpan(nil, span{uint32(id) << 24, uint32(min(size, c.info.MaxPayload&^3))})
		break
	}
	for range pairs {
		for _, q := range []struct {
			op      byte
			payload []byte
		}{{opCRC, sums}, {opRead, bytes}} {
			if len(q.payload) == 0 {
				q.op = opCounters
			}
			if _, err := c.question(ctx, q.op, q.payload); err != nil {
				return false, err
			}
			if s := c.stats; s.BadIn != before.BadIn || s.BadOut != before.BadOut || s.Resent != before.Resent {
				return false, nil
			}
		}
	}
	return true, nil
}

// fall goes down one rate, if there is one, or sets the lowest anew.
func (c *Conn) fall(ctx context.Context, why string) error {
	c.lost, c.hurt = 0, 0
	for {
		if c.rate > 0 {
			c.rate--
			c.note("%s at %d baud: the line goes on at %d", why, c.stats.Baud, c.rates[c.rate])
		}
		err := c.tune(ctx, c.rates[c.rate])
		if err == nil || c.rate == 0 || !unanswered(err) {
			c.timer.Reset(c.opt.Timeout)
			return err
		}
	}
}

// noisy reports whether so many of the last frames were damaged that a lower rate is faster.
func (c *Conn) noisy() bool { return c.settled && c.rate > 0 && c.dirty >= 16 && 8*c.dirty > c.clean }

// seen counts frames for noisy; old ones lose weight.
func (c *Conn) seen(clean, dirty int) {
	c.clean += clean
	c.dirty += dirty
	if c.clean+c.dirty > 256 {
		c.clean, c.dirty = c.clean/2, c.dirty/2
	}
}

// tune sets the rate of both ends: a break takes the board to its own rate and has it measure the byte
// that follows.
func (c *Conn) tune(ctx context.Context, baud int) error {
	port := c.port.(Tunable)
	c.clean, c.dirty, c.stats.Baud = 0, 0, baud
	return c.order(ctx, func() error {
		err := port.Break(breakLen)
		if err == nil {
			err = port.SetBaud(baud)
		}
		if err == nil {
			_, err = port.Write([]byte{syncByte})
		}
		return err
	})
}

// order has the writer do something between two frames. What arrives meanwhile is of no rate, and dropped.
// A device that takes no bytes, which is no board, holds the writer up.
func (c *Conn) order(ctx context.Context, do func() error) error {
	orders, done := c.orders, make(chan error, 1)
	late := time.NewTimer(orderPatience)
	defer late.Stop()
	for {
		select {
		case <-ctx.Done():
			return errInterrupted(ctx)
		case err := <-c.down:
			return errClosed(err)
		case <-late.C:
			if c.info.Neurons == 0 {
				return errNoBoard(c.bytesIn.Load())
			}
			return errSilent(orderPatience)
		case <-c.rx:
		case orders <- func() { done <- do() }:
			orders = nil
		case err := <-done:
			if err != nil {
				return errBaud(err)
			}
			return nil
		}
	}
}

// briefly is f with the patience for an answer that comes at once or not at all.
func (c *Conn) briefly(f func() error) error {
	was := c.opt
	c.opt.Timeout, c.opt.Retries = was.Timeout*3/5, 2
	defer func() { c.opt.Timeout, c.opt.Retries = was.Timeout, was.Retries }()
	return f()
}

// unanswered reports whether err says that a rate does not work.
func unanswered(err error) bool {
	var e *diag.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case "no-board", "board-silent", "link-noise", "port-baud":
		return true
	}
	return false
}

func (c *Conn) note(format string, args ...any) {
	if c.opt.Note != nil {
		c.opt.Note(fmt.Sprintf(format, args...))
	}
}
