package link

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

var (
	schedules = flag.Int("schedules", 2000, "fault schedules to run")
	firstSeed = flag.Uint64("seed", 1, "seed of the first of them")
)

// A board is Serve over a fake, which can be restarted in the middle of anything.
type board struct {
	down, up *wire // to the board, from the board
	stop     context.CancelFunc
	done     chan struct{}
	nonce    uint32

	rtl *rtlSocket // if set, a verilated board takes the place of Serve
}

func (b *board) boot(m Machine) {
	ctx, stop := context.WithCancel(context.Background())
	b.stop, b.done = stop, make(chan struct{})
	if b.rtl != nil {
		go func() {
			defer close(b.done)
			b.rtl.serve(ctx, newEnd(b.down, b.up))
		}()
		return
	}
	go func() {
		defer close(b.done)
		if err := serve(ctx, newEnd(b.down, b.up), m, func() uint32 { b.nonce += 0x01010101; return b.nonce }); err != nil {
			panic(err)
		}
	}()
}

func (b *board) halt() {
	b.stop()
	<-b.done
}

// scenario is one seeded schedule: a network, a fault mix and what the host is to do.
type scenario struct {
	rng     *rand.Rand
	fake    *fake
	image   []Region
	samples []*spike.Raster
	ticks   int
	want    []*spike.Raster
	opt     Options
	down    faults
	up      faults
	resets  []int // bytes sent to the board after which it restarts
	memory  bool  // memory survives a restart
}

func newScenario(seed uint64) *scenario {
	rng := rand.New(rand.NewPCG(seed, 7))
	pick := picker(rng)
	neurons, axons := 1+rng.IntN(300), 1+rng.IntN(300)
	out := 2
	for out <= neurons {
		out *= 2
	}
	f := newFake(neurons, axons, out*pick(1, 2, 8), 4*rng.IntN(30), 4*(1+rng.IntN(pick(20, 400))), 4*rng.IntN(1200))
	f.density = rng.Float64() * 0.3
	f.burst = pick(0, 0, 5, 20)
	f.info.RxBuffer = pick(256, 512, 2048, 60000)
	f.info.MaxPayload = pick(64, 101, 240)
	return newScenarioFor(f, rng, seed)
}

func picker(rng *rand.Rand) func(...int) int {
	return func(v ...int) int { return v[rng.IntN(len(v))] }
}

// newScenarioFor returns a schedule for a kind of board.
func newScenarioFor(f *fake, rng *rand.Rand, seed uint64) *scenario {
	pick, axons := picker(rng), f.info.Axons
	s := &scenario{rng: rng, fake: f, memory: rng.IntN(2) == 0}
	for _, r := range f.image(rng) {
		if len(r.Data) > 0 {
			s.image = append(s.image, r)
		}
	}
	if f.toy {
		binary.LittleEndian.PutUint32(s.image[0].Data, uint32(rng.IntN(120)+pick(0, 0, 3, 5)<<8))
	}
	s.ticks = 1 + rng.IntN(pick(10, 60))
	for range 1 + rng.IntN(3) {
		in := sample(rng, axons, rng.IntN(s.ticks+1), rng.Float64()*0.2)
		s.samples = append(s.samples, in)
		s.want = append(s.want, f.direct(s.image, in, s.ticks))
	}
	s.opt = Options{Window: pick(0, 1, 700), Timeout: 300 * time.Millisecond, Retries: 5}
	for i, f := range []*faults{&s.down, &s.up} {
		f.rng = rand.New(rand.NewPCG(seed, uint64(i)))
		rate := func(worst float64) float64 {
			return float64(pick(0, 0, 0, 1)) * worst * []float64{0.01, 0.1, 1}[rng.IntN(3)]
		}
		f.drop, f.flip, f.repeat, f.insert = rate(0.005), rate(0.005), rate(0.005), rate(0.005)
		f.delay, f.late, f.move = rate(0.2), rate(0.2), rate(0.1)
		if rng.IntN(6) == 0 {
			f.cutFrom = rng.IntN(12000)
			f.cutTo = f.cutFrom + pick(10, 500, 3000, 1<<30)
		}
	}
	for rng.IntN(3) == 0 {
		s.resets = append(s.resets, rng.IntN(12000))
	}
	return s
}

// tally is what a run of schedules did, to show that it tested something.
type tally struct {
	ticks, healed int
	codes         map[string]int
	faults        map[string]int
	stats         Stats
	longest       time.Duration
}

func (a *tally) note(f *faults) {
	for k, n := range map[string]int{"dropped": f.dropped, "flipped": f.flipped, "repeated": f.repeated, "inserted": f.inserted,
		"delayed": f.delayed, "late": f.lates, "moved": f.moved, "cut": f.cut} {
		a.faults[k] += n
	}
}

func (a *tally) add(s Stats) {
	a.stats.FramesOut += s.FramesOut
	a.stats.FramesIn += s.FramesIn
	a.stats.Resent += s.Resent
	a.stats.Polls += s.Polls
	a.stats.Busy += s.Busy
	a.stats.Stale += s.Stale
	a.stats.BadIn += s.BadIn
	a.stats.BadOut += s.BadOut
}

// work is everything a host does with a board.
func (s *scenario) work(port Port, session uint32, a *tally) error {
	ctx := context.Background()
	c, err := dial(ctx, port, s.opt, session)
	if err != nil {
		return err
	}
	defer func() {
		c.Close()
		a.add(c.Stats())
	}()
	if err := c.Load(ctx, s.image); err != nil {
		return err
	}
	before, err := c.Counters(ctx)
	if err != nil {
		return err
	}
	n := 0
	if err := c.RunAll(ctx, s.samples, s.ticks, func(i int, out *spike.Raster) error {
		if i != n || !out.Equal(s.want[i]) {
			return fmt.Errorf("WRONG RESULT for sample %d", i)
		}
		a.ticks += out.Ticks()
		n++
		return nil
	}); err != nil {
		return err
	}
	if n != len(s.samples) {
		return fmt.Errorf("%d results for %d samples", n, len(s.samples))
	}
	after, err := c.Counters(ctx)
	if err != nil {
		return err
	}
	if got := after.Ticks - before.Ticks; got != uint64(n*s.ticks) {
		return fmt.Errorf("the board ran %d ticks, not %d", got, n*s.ticks)
	}
	for id, m := range s.fake.mem {
		p := make([]byte, min(len(m), 300))
		if len(p) == 0 {
			continue
		}
		if err := c.Read(ctx, id, 0, p); err != nil {
			return err
		}
		if !s.holds(id, p) {
			return fmt.Errorf("WRONG MEMORY %d read back", id)
		}
	}
	return nil
}

func (s *scenario) holds(id int, p []byte) bool {
	for _, r := range s.image {
		if r.ID == id {
			return bytes.Equal(r.Data[:len(p)], p)
		}
	}
	return false
}

// run plays the schedule, then heals the line and demands the exact result.
func (s *scenario) run(t *testing.T, seed uint64, a *tally, socket *rtlSocket) {
	b := &board{down: newWire(), up: newWire(), nonce: uint32(seed), rtl: socket}
	b.down.faults, b.up.faults = &s.down, &s.up
	m := s.fake.twin()
	arm := func() {
		m.onStep = func() {
			if !m.holds(s.image) {
				t.Errorf("seed %d: a half-loaded board ran", seed)
			}
		}
	}
	arm()
	b.boot(m)
	resets := 0
	restart := make(chan struct{}, 100)
	b.down.onSeen = func(n int) {
		if len(s.resets) > 0 && n >= s.resets[0] {
			s.resets = s.resets[1:]
			restart <- struct{}{}
		}
	}
	over := make(chan struct{})
	supervised := make(chan struct{})
	go func() {
		defer close(supervised)
		for {
			select {
			case <-over:
				return
			case <-restart:
				b.halt()
				resets++
				old := m
				m = s.fake.twin()
				if s.memory {
					m.mem = old.mem
				}
				arm()
				b.boot(m)
			}
		}
	}()
	port := func() *end {
		e := newEnd(b.up, b.down)
		if s.rng.IntN(2) == 0 {
			e.timeout = 100 * time.Millisecond
		}
		return e
	}
	begin := time.Now()
	err := s.work(port(), uint32(seed)<<8, a)
	if d := time.Since(begin); d > a.longest {
		a.longest = d
	}
	code := "exact"
	if err != nil {
		var e *diag.Error
		if !errors.As(err, &e) || e.Kind != diag.Link || e.Fix == "" {
			t.Errorf("seed %d: not a clear error: %v", seed, err)
		} else if code = e.Code; code != "board-silent" && code != "link-noise" && code != "board-reset" && code != "no-board" {
			t.Errorf("seed %d: a line's fault is reported as %s: %v", seed, code, err)
		}
	}
	a.codes[code]++
	synctest.Wait()
	close(over)
	<-supervised
	s.down.healed.Store(true)
	s.up.healed.Store(true)
	time.Sleep(time.Second) // longer than a write is held up
	a.faults["reset"] += resets
	a.note(&s.down)
	a.note(&s.up)
	// What is still under way from before may break a first try, not a later one.
	for try := uint32(1); ; try++ {
		err := s.work(port(), uint32(seed)<<8+try, a)
		synctest.Wait()
		if err == nil {
			a.healed++
			break
		}
		if try == 5 {
			t.Errorf("seed %d: on a good line: %v", seed, err)
			break
		}
	}
	b.halt()
}

// TestSchedules: whatever the line does, the host gets exactly the right result or a clear
// error in bounded time, and a healed line works again.
func TestSchedules(t *testing.T) {
	n := *schedules
	if testing.Short() {
		n = min(n, 300)
	}
	a := &tally{codes: map[string]int{}, faults: map[string]int{}}
	for seed := *firstSeed; seed < *firstSeed+uint64(n) && !t.Failed(); seed++ {
		s := newScenario(seed)
		synctest.Test(t, func(t *testing.T) { s.run(t, seed, a, nil) })
	}
	t.Logf("%d schedules: %v; %d healed; %d ticks compared; faults %v", n, a.codes, a.healed, a.ticks, a.faults)
	a.check(t, n)
}

// check reports what the schedules did, and fails if they did too little.
func (a *tally) check(t *testing.T, n int) {
	t.Logf("longest %v of virtual time; %+v", a.longest, a.stats)
	if a.ticks == 0 || a.codes["exact"] == 0 {
		t.Error("nothing was compared")
	}
	if n >= 300 {
		if a.stats.Busy == 0 {
			t.Error("no output buffer was ever full")
		}
		for _, k := range []string{"dropped", "flipped", "repeated", "inserted", "delayed", "late", "moved", "cut", "reset"} {
			if a.faults[k] == 0 {
				t.Errorf("no fault of the kind %q", k)
			}
		}
	}
	if a.longest > 5*time.Minute {
		t.Errorf("a schedule took %v of virtual time", a.longest)
	}
}
