package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// A desk is a host and a board on a good line, with everything that crosses it kept.
type desk struct {
	t        *testing.T
	board    *board
	f        *fake
	image    []Region
	sent     []byte // to the board
	received []byte // from the board
	session  uint32
}

// onDesk runs a test in virtual time.
func onDesk(t *testing.T, test func(d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{t: t, board: &board{down: newWire(), up: newWire(), nonce: 0xABCD}, session: 0x5EED0000}
		d.f = newFake(100, 80, 4096, 64, 9000)
		d.image = d.f.image(rand.New(rand.NewPCG(2, 2)))
		d.board.down.tap = func(p []byte) { d.sent = append(d.sent, p...) }
		d.board.up.tap = func(p []byte) { d.received = append(d.received, p...) }
		d.board.boot(d.f)
		defer d.board.halt()
		test(d)
	})
}

func (d *desk) dial() *Conn {
	d.t.Helper()
	d.session += 0x777
	c, err := dial(context.Background(), newEnd(d.board.up, d.board.down), Options{}, d.session)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { c.Close() })
	return c
}

func (d *desk) loaded() *Conn {
	d.t.Helper()
	c := d.dial()
	if err := c.Load(context.Background(), d.image); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// check runs a sample and demands the exact result.
func (d *desk) check(c *Conn, seed uint64) {
	d.t.Helper()
	in := sample(rand.New(rand.NewPCG(seed, 0)), 80, 130, 0.1)
	out, err := c.Run(context.Background(), in, 135)
	if err != nil {
		d.t.Fatal(err)
	}
	if !out.Equal(d.f.direct(d.image, in, 135)) {
		d.t.Error("wrong result")
	}
}

// wantCode demands a *diag.Error of kind k with a way out.
func wantCode(t *testing.T, err error, k diag.Kind, code string) {
	t.Helper()
	var e *diag.Error
	if !errors.As(err, &e) || e.Kind != k || e.Code != code || (k == diag.Link && e.Fix == "") {
		t.Errorf("got %v, want code %s", err, code)
	}
}

func TestLoadSkipsWhatIsThere(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		d.check(c, 1)
		first := c.Stats().BytesOut
		c.Close()
		total := -1
		d.session += 5
		c, err := dial(context.Background(), newEnd(d.board.up, d.board.down), Options{Progress: func(_, n int) { total = n }}, d.session)
		if err != nil {
			d.t.Fatal(err)
		}
		defer c.Close()
		if err := c.Load(context.Background(), d.image); err != nil {
			d.t.Fatal(err)
		}
		if n := c.Stats().BytesOut; n > 200 || total != -1 {
			d.t.Errorf("loading what is there took %d bytes (at first %d)", n, first)
		}
		d.check(c, 2)
		d.image[1].Data[5000] ^= 1
		if err := c.Load(context.Background(), d.image); err != nil {
			d.t.Fatal(err)
		}
		if total != blockSize {
			d.t.Errorf("%d bytes were written for one that changed", total)
		}
		d.check(c, 3)
	})
}

// TestStaleReplies: every frame that a board sent in one session comes again, at any time,
// in the next, where all the numbers are the same.
func TestStaleReplies(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		d.check(c, 1)
		c.Close()
		old := splitFrames(d.received)
		stale := int64(0)
		for at := range 40 {
			clear(d.f.mem[1]) // so that there is something to load
			c := d.dial()
			n := 0
			d.board.down.onSeen = func(int) {
				if n++; n == at {
					d.board.up.deliver(slices.Concat(old...))
				}
			}
			if err := c.Load(context.Background(), d.image); err != nil {
				d.t.Fatal(err)
			}
			d.check(c, 2)
			d.board.down.onSeen = nil
			stale += c.Stats().Stale
			c.Close()
			synctest.Wait()
		}
		if stale < int64(30*len(old)) {
			d.t.Errorf("only %d stale frames were seen", stale)
		}
	})
}

// TestStaleRequests: every frame that a host sent in one session, HELLO excepted, comes to the
// board again in the next.
func TestStaleRequests(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		d.check(c, 1)
		c.Close()
		old := splitFrames(d.sent)[1:]
		for at := range 40 {
			clear(d.f.mem[1])
			c := d.dial()
			n := 0
			d.board.up.onSeen = func(int) {
				if n++; n == at {
					d.board.down.deliver(slices.Concat(old...))
				}
			}
			if err := c.Load(context.Background(), d.image); err != nil {
				d.t.Fatal(err)
			}
			d.check(c, 2)
			d.board.up.onSeen = nil
			c.Close()
			synctest.Wait()
		}
	})
}

// splitFrames cuts what was on a line into frames, delimiters included.
func splitFrames(line []byte) [][]byte {
	var fs [][]byte
	for _, b := range bytes.Split(line, []byte{0}) {
		if len(b) > 0 {
			fs = append(fs, slices.Concat([]byte{0}, b, []byte{0}))
		}
	}
	return fs
}

func TestBoardReset(t *testing.T) {
	for _, replay := range []bool{false, true} {
		onDesk(t, func(d *desk) {
			c := d.loaded()
			d.check(c, 1)
			d.board.halt()
			d.board.boot(d.f) // its memory even survived
			if replay {       // and the line repeats the HELLO of this very session
				d.board.down.deliver(splitFrames(d.sent)[0])
			}
			_, err := c.Run(context.Background(), spike.NewRaster(80), 5)
			wantCode(d.t, err, diag.Link, "board-reset")
			_, again := c.Counters(context.Background())
			if again != err {
				d.t.Errorf("a dead Conn says %v", again)
			}
			c.Close()
			synctest.Wait()
			d.check(d.loaded(), 2)
		})
	}
}

// TestResetBeforeFirstCommand: the numbers of a fresh session and of a restarted board
// agree; only the board's nonce tells them apart.
func TestResetBeforeFirstCommand(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.dial()
		d.board.halt()
		d.board.boot(d.f)
		d.board.down.deliver(splitFrames(d.sent)[0])
		wantCode(d.t, c.Load(context.Background(), d.image), diag.Link, "board-reset")
	})
}

func TestAnotherProgramTakesTheBoard(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		d.board.down.deliver(appendFrame(nil, frame{opHello, 1, 1, append([]byte(magic), Version)}))
		_, err := c.Run(context.Background(), spike.NewRaster(80), 5)
		wantCode(d.t, err, diag.Link, "board-reset")
	})
}

func TestRunBeforeLoad(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.loaded().Close()
		_, err := d.dial().Run(context.Background(), spike.NewRaster(80), 5)
		wantCode(d.t, err, diag.Link, "not-loaded")
	})
}

func TestTablesRefused(t *testing.T) {
	onDesk(t, func(d *desk) {
		d.f.unusable = true
		wantCode(d.t, d.dial().Load(context.Background(), d.image), diag.Link, "tables-refused")
	})
}

func TestFaultyMemory(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.dial()
		n := 0
		d.board.up.onSeen = func(int) {
			if n++; n == 20 {
				d.f.mem[1][100] ^= 1
			}
		}
		err := c.Load(context.Background(), d.image)
		wantCode(d.t, err, diag.Link, "memory-faulty")
		if err != nil && !strings.Contains(err.Error(), "memory 1 at 0x0 ") {
			d.t.Error(err)
		}
	})
}

// TestMemoryDecays: a bit that flips after the blocks were found right is found by COMMIT.
func TestMemoryDecays(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		n := 0
		d.board.up.onSeen = func(int) {
			if n++; n == 1 { // the answer to CRC is under way
				d.f.mem[1][100] ^= 1
			}
		}
		wantCode(d.t, c.Load(context.Background(), d.image), diag.Link, "image-refused")
	})
}

func TestArguments(t *testing.T) {
	onDesk(t, func(d *desk) {
		ctx := context.Background()
		c := d.loaded()
		word := make([]byte, 4)
		wantCode(d.t, c.Load(ctx, nil), diag.Limit, "image-regions")
		wantCode(d.t, c.Load(ctx, make([]Region, 30)), diag.Limit, "image-regions")
		wantCode(d.t, c.Load(ctx, []Region{{ID: 2, Data: word}}), diag.Limit, "image-memory")
		wantCode(d.t, c.Load(ctx, []Region{{ID: -1, Data: word}}), diag.Limit, "image-memory")
		wantCode(d.t, c.Load(ctx, []Region{{ID: 0, Addr: 64, Data: word}}), diag.Limit, "image-too-large")
		wantCode(d.t, c.Load(ctx, []Region{{ID: 0, Addr: -4, Data: word}}), diag.Limit, "image-too-large")
		wantCode(d.t, c.Load(ctx, []Region{{ID: 0, Addr: 2, Data: word}}), diag.Usage, "image-words")
		wantCode(d.t, c.Load(ctx, []Region{{ID: 0, Data: word[:3]}}), diag.Usage, "image-words")
		wantCode(d.t, c.Read(ctx, 0, 62, word), diag.Limit, "image-too-large")
		run := func(ticks int, ids ...int32) error {
			r := spike.NewRaster(1000)
			r.Append(ids...)
			_, err := c.Run(ctx, r, ticks)
			return err
		}
		wantCode(d.t, run(0), diag.Usage, "sample-ticks")
		r := spike.NewRaster(80)
		r.Append()
		r.Append()
		_, err := c.Run(ctx, r, 1)
		wantCode(d.t, err, diag.Usage, "sample-too-long")
		wantCode(d.t, run(1, 80), diag.Limit, "input-exceeds-axons")
		wantCode(d.t, run(1, 5, 5), diag.Usage, "sample-order")
		wantCode(d.t, run(1, -1), diag.Usage, "sample-order")
		d.check(c, 1) // none of this harmed the Conn
		stop := errors.New("enough")
		if err := c.RunAll(ctx, []*spike.Raster{spike.NewRaster(80)}, 1, func(int, *spike.Raster) error { return stop }); err != stop {
			d.t.Errorf("RunAll returns %v", err)
		}
		c.Close()
		_, err = c.Counters(ctx)
		if err != stop {
			d.t.Errorf("after an error: %v", err)
		}
		c = d.dial()
		c.Close()
		c.Close()
		_, err = c.Counters(ctx)
		wantCode(d.t, err, diag.Link, "port-closed")
	})
}

func TestCancel(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		d.board.up.onSeen = func(int) {
			if n++; n == 5 {
				cancel()
			}
		}
		_, err := c.Run(ctx, sample(rand.New(rand.NewPCG(1, 1)), 80, 3000, 0.1), 3000)
		wantCode(d.t, err, diag.Interrupted, "interrupted")
		if !errors.Is(err, context.Canceled) {
			d.t.Error(err)
		}
		c.Close()
		synctest.Wait()
		d.check(d.loaded(), 1)
	})
}

func TestBoardFallsSilent(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		d.board.down.faults = &faults{rng: rand.New(rand.NewPCG(1, 1)), cutTo: 1 << 30}
		begin := time.Now()
		_, err := c.Run(context.Background(), spike.NewRaster(80), 5)
		wantCode(d.t, err, diag.Link, "board-silent")
		if took := time.Since(begin); took > 5*time.Second {
			d.t.Errorf("it took %v to notice", took)
		}
	})
}

// TestOneLossOnePoll: a lost frame, either way, is noticed by the next one, not by a
// timeout, and one POLL with one answer mends it.
func TestOneLossOnePoll(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		for _, w := range []*wire{d.board.down, d.board.up} {
			for k := 2; k < 8; k++ {
				c.tag |= 0xFF // the next tag would be one that no POLL may have
				n := 0
				w.tap = func([]byte) {
					w.faults = nil
					if n++; n == k {
						w.faults = &faults{rng: rand.New(rand.NewPCG(1, 1)), cutTo: 1 << 30}
					}
				}
				begin, polls := time.Now(), c.Stats().Polls
				d.check(c, 1)
				w.tap = nil
				if took := time.Since(begin); took > 200*time.Millisecond || c.Stats().Polls != polls+1 || n <= k {
					d.t.Errorf("frame %d of %d lost: %v, %d polls", k, n, took, c.Stats().Polls-polls)
				}
			}
		}
	})
}

// TestLastFrameLost: when nothing follows that would show the loss, the timeout does.
func TestLastFrameLost(t *testing.T) {
	onDesk(t, func(d *desk) {
		c := d.loaded()
		for _, w := range []*wire{d.board.down, d.board.up} {
			n := 0
			w.tap = func([]byte) {
				w.faults = nil
				if n++; n == 2 { // after RESET, the only RUN or its STATUS
					w.faults = &faults{rng: rand.New(rand.NewPCG(1, 1)), cutTo: 1 << 30}
				}
			}
			begin := time.Now()
			in := sample(rand.New(rand.NewPCG(1, 0)), 80, 2, 0.1)
			out, err := c.Run(context.Background(), in, 2)
			if err != nil || !out.Equal(d.f.direct(d.image, in, 2)) {
				d.t.Errorf("%v, %v", out, err)
			}
			if took := time.Since(begin); took < 500*time.Millisecond || took > 600*time.Millisecond {
				d.t.Errorf("it took %v", took)
			}
			w.tap = nil
		}
	})
}

func TestPortCloses(t *testing.T) {
	onDesk(t, func(d *desk) {
		port := newEnd(d.board.up, d.board.down)
		c, err := dial(context.Background(), port, Options{}, 1)
		if err != nil {
			d.t.Fatal(err)
		}
		defer c.Close()
		port.Close()
		wantCode(d.t, c.Load(context.Background(), d.image), diag.Link, "port-closed")
	})
}

func TestInfoRoundTrip(t *testing.T) {
	f := newFake(65535, 65535, 1<<17, 4, 1<<24)
	want := f.info
	want.Regions = []int{4, 1 << 24}
	got, nonce, err := parseInfo(want.append(nil, 0xDEADBEEF))
	if err != nil || nonce != 0xDEADBEEF || !bytes.Equal(got.append(nil, 0), want.append(nil, 0)) || got.Build != want.Build || got.OutBuffer != 1<<17 {
		t.Errorf("%+v, %v", got, err)
	}
	if n := binary.LittleEndian.Uint16(want.append(nil, 0)[10:]); n != 65535 {
		t.Errorf("neurons at offset 10: %d", n)
	}
}

func TestImpossibleMachine(t *testing.T) {
	f := newFake(16, 16, 16, 4) // the ring cannot hold a tick
	if err := Serve(t.Context(), newEnd(newWire(), newWire()), f); err == nil {
		t.Error("Serve takes a machine that cannot work")
	}
}
