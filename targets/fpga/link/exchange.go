package link

import (
	"context"
	"encoding/binary"
)

// ask sends a question until it is answered and returns the answer's payload.
// Questions change nothing on the board, so repeats do no harm. No numbered command
// may be under way.
func (c *Conn) ask(ctx context.Context, op byte, payload []byte) ([]byte, error) {
	if c.err != nil {
		return nil, c.err
	}
	p, err := c.question(ctx, op, payload)
	if err != nil {
		return nil, c.finish(err)
	}
	return p, nil
}

// question is ask, after whose errors the Conn goes on.
func (c *Conn) question(ctx context.Context, op byte, payload []byte) ([]byte, error) {
	c.tag++
	c.progress()
	question := appendFrame(nil, frame{op, c.key, c.tag, payload})
	for out := question; ; {
		ev, a, err := c.turn(ctx, out)
		switch {
		case err != nil:
		case ev == eventSent:
			out = nil
		case ev == eventExpired:
			err = c.expired(ctx)
			c.stats.Resent++
			out = question
		case !a.ok || a.key != c.key:
		case a.op == answer|op && a.seq == c.tag:
			c.progress()
			return a.payload, nil
		case a.op == opStatus:
			err = c.status(a.frame)
		}
		if err != nil {
			return nil, err
		}
	}
}

// A request is a numbered command.
type request struct {
	op    byte
	body  []byte // payload; for RUN the spike stream, before which the confirmation goes
	ticks int    // that the body completes
}

// size returns the bytes that the request takes on the line.
func (r request) size() int {
	if r.op == opRun {
		return overhead + 4 + len(r.body)
	}
	return overhead + len(r.body)
}

// stream has the board execute the commands that next gives, in order, until
// next says no and complete says yes. The window keeps the line full; after any
// trouble POLL finds out where the board is, and the commands from there on are sent again.
func (c *Conn) stream(ctx context.Context, next func() (request, bool), complete func() bool) error {
	if c.err != nil {
		return c.err
	}
	c.poll, c.trouble = 0, false
	c.progress()
	for more := true; ; {
		if more && c.sent == len(c.pending) {
			var r request
			if r, more = next(); more {
				c.pending = append(c.pending, r)
			}
		}
		if !more && len(c.pending) == 0 && complete() {
			return nil
		}
		var out []byte
		polling := c.trouble && c.poll == 0
		switch {
		case polling:
			out = c.pollFrame()
		case c.poll == 0 && c.sent < len(c.pending) && c.room(c.pending[c.sent]):
			out = c.requestFrame(c.sent)
		}
		ev, a, err := c.turn(ctx, out)
		switch {
		case err != nil:
		case ev == eventSent && polling:
			c.poll, c.trouble = byte(c.tag), false
			c.stats.Polls++
		case ev == eventSent:
			c.sent++
		case ev == eventExpired:
			c.poll, c.trouble = 0, true
			err = c.expired(ctx)
		case !a.ok:
			c.trouble = true
		case a.key == c.key && a.op == opStatus:
			err = c.status(a.frame)
		}
		if err == nil && c.noisy() {
			c.poll, c.trouble = 0, true
			err = c.fall(ctx, "too many damaged frames")
		}
		if err != nil {
			return c.finish(err)
		}
	}
}

// pollLen is what a POLL takes on the line.
const pollLen = overhead + 4

// pollFrame makes a POLL with the next tag, which is never 0 in its low byte.
func (c *Conn) pollFrame() []byte {
	if c.tag++; byte(c.tag) == 0 {
		c.tag++
	}
	return appendFrame(nil, frame{opPoll, c.key, c.tag, binary.LittleEndian.AppendUint32(nil, c.have)})
}

func (c *Conn) requestFrame(i int) []byte {
	r := c.pending[i]
	f := frame{r.op, c.key, c.base + uint32(i), r.body}
	if r.op == opRun {
		f.payload = append(binary.LittleEndian.AppendUint32(nil, c.have), r.body...)
	}
	return appendFrame(nil, f)
}

// status takes in what a STATUS of this session tells.
func (c *Conn) status(f frame) error {
	s, ok := parseStatus(f.payload)
	switch {
	case !ok:
		return nil
	case s.code == codeNoSession:
		return errReset()
	case s.code >= fatal:
		return errBoard(s.code)
	}
	if more := int8(s.bad - c.bad); more > 0 {
		c.stats.BadOut += int64(more)
		c.hurt += int(more)
		c.seen(0, int(more))
		c.bad = s.bad
	}

	// Numbers from before base, and impossible ones, come out above len(pending).
	if n := f.seq - c.base; n <= uint32(len(c.pending)) && (n > 0 || s.pos > c.pos) {
		c.pending = append(c.pending[:0], c.pending[n:]...)
		c.sent = max(0, c.sent-int(n))
		c.base, c.pos = f.seq, s.pos
		c.progress()
	}
	gap := false
	switch skip := c.have - s.offset; {
	case skip < uint32(len(s.data)):
		c.have += uint32(len(s.data)) - skip
		c.progress()
		if c.sink != nil {
			if err := c.sink(s.data[skip:]); err != nil {
				return err
			}
		}
	case int32(skip) < 0: // output before this was lost
		gap = true
	}
	if s.code == codeBusy {
		c.stats.Busy++
	}
	if c.poll != 0 && s.echo == c.poll {
		// Everything sent before the POLL has been executed or is lost.
		c.poll, c.trouble = 0, false
		c.stats.Resent += int64(c.sent)
		c.sent = 0
	}
	if gap || s.code != codeOK {
		c.trouble = true
	}
	return nil
}

// room reports whether r may join the commands under way.
func (c *Conn) room(r request) bool {
	if c.sent == 0 {
		return true
	}
	size, ticks := r.size(), r.ticks
	for _, p := range c.pending[:c.sent] {
		size += p.size()
		ticks += p.ticks
	}
	return size <= c.opt.Window && (ticks == 0 || ticks <= c.credit())
}

// A USB bridge of FTDI's hands over packet bytes at once; fewer wait for its timer, 16 ms unless it
// is set. A window that does not hold several commands of minBody bytes is for one at a time.
const (
	packet  = 62
	minBody = 32
)

// flows reports whether commands with so many bytes of payload, answered by so many bytes each,
// keep a line behind such a bridge full: the window must hold one on the line and one that the board
// executes, beside those whose answers wait until they are a packet.
func (c *Conn) flows(payload, answer int) bool {
	return (overhead+payload)*(2+(packet+answer-1)/answer) <= c.opt.Window
}
