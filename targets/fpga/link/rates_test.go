package link

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isospike/isospike/snn/diag"
)

// A ratedEnd is the host's end of a line whose bytes are damaged as its rate makes them: always where the
// two ends are not of one rate, else with the probability worst gives.
type ratedEnd struct {
	*end
	mu          sync.Mutex
	down, up    *rand.Rand
	host, board int
	own         int  // the board's after a break
	fixed       bool // the board does not follow
	armed       bool // the next byte sets its rate
	most        int  // that the port can; 0: any
	noBreak     bool
	stuck       int // the break, from 1, before which the line takes no bytes, so that it never comes
	worst       func(baud int) float64
	deaf        int // the pulse that is damaged, from 1
	breaks      int
	tried       []int
}

func (e *ratedEnd) SetBaud(baud int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.most > 0 && baud > e.most {
		return errors.New("invalid speed")
	}
	e.host = baud
	e.tried = append(e.tried, baud)
	return nil
}

func (e *ratedEnd) Break(d time.Duration) error {
	if e.noBreak {
		return errors.New("no breaks here")
	}
	if e.breaks+1 == e.stuck {
		<-e.closed
		return errors.New("the port is closed")
	}
	if time.Sleep(d); d < 10*time.Millisecond {
		return nil // too short for a board of 12 MHz
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.breaks++
	if !e.fixed {
		e.board, e.armed = e.own, true
	}
	return nil
}

// turn changes how often bytes are damaged from here on.
func (e *ratedEnd) turn(worst func(baud int) float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.worst = worst
}

// damage returns what becomes of p. It needs the lock.
func (e *ratedEnd) damage(p []byte, rng *rand.Rand) []byte {
	q := make([]byte, len(p))
	share := e.worst(e.host)
	if e.host != e.board {
		share = 0.7
	}
	for i, b := range p {
		if q[i] = b; rng.Float64() < share {
			q[i] ^= 1 << rng.IntN(8)
		}
	}
	return q
}

func (e *ratedEnd) Write(p []byte) (int, error) {
	e.mu.Lock()
	n, sent := len(p), p
	if e.armed && n > 0 {
		e.armed = false
		switch {
		case e.breaks == e.deaf:
			e.board = 12345
		case p[0] == 0x80: // low for 8
			e.board = e.host
		case p[0] == 0: // low for 9 bits
			e.board = e.host * 8 / 9
		}
		sent = p[1:]
	}
	sent = e.damage(sent, e.down)
	e.mu.Unlock()
	if _, err := e.end.Write(sent); err != nil {
		return 0, err
	}
	return n, nil
}

func (e *ratedEnd) Read(p []byte) (int, error) {
	n, err := e.end.Read(p)
	e.mu.Lock()
	defer e.mu.Unlock()
	copy(p, e.damage(p[:n], e.up))
	return n, err
}

func cleanTo(most int, share float64) func(int) float64 {
	return func(baud int) float64 {
		if baud > most {
			return share
		}
		return 0
	}
}

// onRates runs a test over a line with rates; e is what it does not find good.
func onRates(t *testing.T, e *ratedEnd, opt Options, test func(d *desk, c *Conn, err error, notes *[]string)) {
	onDesk(t, func(d *desk) {
		d.t = t
		e.end = newEnd(d.board.up, d.board.down)
		e.down, e.up = rand.New(rand.NewPCG(5, 5)), rand.New(rand.NewPCG(6, 6))
		if e.own == 0 {
			e.own = 3_000_000
		}
		e.board = e.own
		if e.worst == nil {
			e.worst = cleanTo(1<<30, 0)
		}
		var notes []string
		opt.Note = func(s string) { notes = append(notes, s) }
		c, err := dial(context.Background(), e, opt, 0x5EED1234)
		test(d, c, err, &notes)
		if err == nil {
			c.Close()
		}
	})
}

// TestRates: the line ends at the highest rate at which it is clean.
func TestRates(t *testing.T) {
	compared := 0
	for _, c := range []struct {
		name string
		end  *ratedEnd
		opt  Options
		want int
	}{
		{"a good line", &ratedEnd{}, Options{}, 3_000_000},
		{"clean to 1 Mbaud", &ratedEnd{worst: cleanTo(1_000_000, 0.05)}, Options{}, 1_000_000},
		{"rare damage", &ratedEnd{worst: cleanTo(230_400, 0.0005)}, Options{}, 230_400},
		{"clean to the lowest", &ratedEnd{worst: cleanTo(115_200, 1)}, Options{}, 115_200},
		{"the port cannot do more", &ratedEnd{most: 1_000_000}, Options{}, 1_000_000},
		{"very rare damage", &ratedEnd{worst: cleanTo(2_000_000, 0.0001)}, Options{}, 2_000_000},
		{"a lost pulse", &ratedEnd{deaf: 1}, Options{}, 3_000_000},
		{"a lost pulse on the way up", &ratedEnd{deaf: 3}, Options{}, 3_000_000},
		{"a rate that was asked for", &ratedEnd{}, Options{Baud: 250_000}, 250_000},
		{"a rate that was asked for, of a board that knows no other", &ratedEnd{fixed: true}, Options{Baud: 3_000_000}, 3_000_000},
		{"a board that knows only its own rate", &ratedEnd{fixed: true, own: 2_000_000}, Options{Own: 2_000_000}, 2_000_000},
		{"no breaks", &ratedEnd{noBreak: true}, Options{}, 3_000_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			onRates(t, c.end, c.opt, func(d *desk, conn *Conn, err error, notes *[]string) {
				if err != nil {
					t.Fatal(err, *notes)
				}
				if err := conn.Load(context.Background(), d.image); err != nil {
					t.Fatal(err, *notes)
				}
				d.check(conn, 1)
				if s := conn.Stats(); s.Baud != c.want || c.end.host != c.want || s.BadIn+s.BadOut > 0 && c.name == "a good line" {
					t.Errorf("%d baud (the port has %d), want %d: %q, tried %d", s.Baud, c.end.host, c.want, *notes, c.end.tried)
				}
				if at := slices.Index(ladder, c.want); at >= 0 && at+1 < len(ladder) && c.opt.Own == 0 && slices.Max(c.end.tried) > ladder[at+1] {
					t.Errorf("went up past a rate that is not clean: %d", c.end.tried)
				}
				if last := (*notes)[len(*notes)-1]; !strings.Contains(last, fmt.Sprint(c.want)) {
					t.Errorf("the notes do not name the rate: %q", *notes)
				}
				compared++
			})
		})
	}
	t.Logf("compared %d lines", compared)
	if compared != 12 {
		t.Error("lines are missing")
	}
}

// TestRatesFall: noise that begins in the middle of a load or a run takes the line down, and the result is exact.
func TestRatesFall(t *testing.T) {
	compared := 0
	for _, share := range []float64{0.001, 0.01, 0.05, 1} {
		for _, when := range []string{"load", "run"} {
			for _, most := range []int{1_000_000, 115_200} {
				t.Run(fmt.Sprint(when, share, most), func(t *testing.T) {
					e := &ratedEnd{}
					onRates(t, e, Options{}, func(d *desk, c *Conn, err error, notes *[]string) {
						if err != nil {
							t.Fatal(err)
						}
						begin := func(at int) {
							d.board.down.seen = 0
							d.board.down.onSeen = func(n int) {
								if n > at {
									e.turn(cleanTo(most, share))
								}
							}
						}
						if when == "load" {
							begin(3000)
						}
						if err := c.Load(context.Background(), d.image); err != nil {
							t.Fatal(err, *notes)
						}
						if when == "run" {
							begin(500)
						}
						for seed := range uint64(8) {
							d.check(c, seed)
						}
						if s := c.Stats(); s.Baud > most && share > 0.01 || s.Baud == 3_000_000 || s.Baud < most {
							t.Errorf("ends at %d baud: %q", s.Baud, *notes)
						}
						if len(*notes) < 2 {
							t.Errorf("notes %q", *notes)
						}
						compared++
					})
				})
			}
		}
	}
	t.Logf("compared %d lines", compared)
	if compared != 16 {
		t.Error("lines are missing")
	}
}

// TestRatesEnd: what ends a session on a line with rates.
func TestRatesEnd(t *testing.T) {
	silent := &ratedEnd{worst: cleanTo(0, 1)}
	onRates(t, silent, Options{}, func(_ *desk, _ *Conn, err error, _ *[]string) { wantCode(t, err, diag.Link, "no-board") })
	onRates(t, &ratedEnd{fixed: true}, Options{Baud: 115200}, func(_ *desk, _ *Conn, err error, _ *[]string) { wantCode(t, err, diag.Link, "no-board") })
	for _, baud := range []int{0, 1_000_000} { // noise at every rate
		e := &ratedEnd{}
		onRates(t, e, Options{Baud: baud}, func(d *desk, c *Conn, err error, notes *[]string) {
			if err != nil {
				t.Fatal(err)
			}
			was := e.breaks
			e.turn(cleanTo(0, 0.2))
			wantCode(t, c.Load(context.Background(), d.image), diag.Link, "link-noise")
			if falls := 5; baud == 0 && (c.stats.Baud != 115200 || e.breaks < was+falls) || baud > 0 && c.stats.Baud != baud {
				t.Errorf("ends at %d baud: %q", c.stats.Baud, *notes)
			}
		})
	}
	// A reset takes the board to its own rate: the host finds it again, and says so.
	for _, baud := range []int{0, 1_000_000} {
		e := &ratedEnd{worst: cleanTo(1_000_000, 0.05)}
		onRates(t, e, Options{Baud: baud}, func(d *desk, c *Conn, err error, _ *[]string) {
			if err != nil {
				t.Fatal(err)
			}
			d.board.halt()
			d.board.boot(d.f)
			e.mu.Lock()
			e.board = e.own
			e.mu.Unlock()
			wantCode(t, c.Load(context.Background(), d.image), diag.Link, "board-reset")
		})
	}
	// A device that takes no bytes holds up what waits until they have left.
	for stuck, code := range map[int]string{2: "no-board", 9: "board-silent"} {
		e := &ratedEnd{stuck: stuck, fixed: stuck == 2}
		onRates(t, e, Options{}, func(d *desk, c *Conn, err error, _ *[]string) {
			if err == nil {
				e.turn(cleanTo(0, 0.2))
				err = c.Load(context.Background(), d.image)
			}
			wantCode(t, err, diag.Link, code)
		})
	}
	// An end of the context ends the search.
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer stop()
		e := &ratedEnd{end: newEnd(newWire(), newWire()), down: rand.New(rand.NewPCG(1, 1)), worst: cleanTo(1, 0)}
		_, err := dial(ctx, e, Options{}, 1)
		wantCode(t, err, diag.Interrupted, "interrupted")
	})
}
