package link

import (
	"context"
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

var rtlSchedules = flag.Int("rtlschedules", 60, "fault schedules to run on the verilated board")

// An rtlSocket is where verilated boards are put, one after the other.
type rtlSocket struct {
	t       *testing.T
	program string
	rng     *rand.Rand
	keep    bool // a restart is the reset button, which keeps the memory; else it is a power failure
	faulty  func() bool

	board  *rtlBoard
	broken map[string]int // faults that only a line of bits has
}

// serve switches the board on and joins it to line until ctx ends. What has arrived on the line
// goes over the pins back to back, so that frames come while the board works.
func (s *rtlSocket) serve(ctx context.Context, line *end) {
	defer context.AfterFunc(ctx, func() { line.Close() })()
	switch {
	case s.board == nil || !s.keep:
		s.close()
		s.board = newRTLBoard(s.t, s.program, s.rng.Uint64())
	default:
		s.board.reset(s.rng.IntN(20000))
	}
	buf := make([]byte, 4096)
	for {
		if s.rng.IntN(3) == 0 {
			time.Sleep(time.Duration(s.rng.IntN(4000)) * time.Microsecond) // let more arrive
		}
		n, err := line.Read(buf)
		if err != nil || ctx.Err() != nil {
			return
		}
		line.Write(s.board.line(s.items(buf[:n])))
	}
}

// items is the line of some bytes, with what only a line of bits can suffer.
func (s *rtlSocket) items(p []byte) []uint16 {
	var items []uint16
	for _, b := range p {
		item := uint16(b)
		if s.faulty() {
			switch s.rng.IntN(2000) {
			case 0:
				s.broken["no stop bit"]++
				item |= noStop
			case 1:
				s.broken["glitch"]++
				items = append(items, glitch|uint16(s.rng.IntN(40)))
			case 2:
				s.broken["pause"]++
				items = append(items, pause|uint16(s.rng.IntN(256)))
			}
		}
		items = append(items, item)
	}
	return items
}

func (s *rtlSocket) close() {
	if s.board != nil {
		s.board.close()
		s.board = nil
	}
}

// TestRTLSchedules is TestSchedules for the Verilog: exactly the right result or a clear error,
// never a wrong one, never a hang.
func TestRTLSchedules(t *testing.T) {
	program := verilated(t)
	n := *rtlSchedules
	a := &tally{codes: map[string]int{}, faults: map[string]int{}}
	broken := map[string]int{}
	for seed := *firstSeed; seed < *firstSeed+uint64(n) && !t.Failed(); seed++ {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 77))
			s := newScenarioFor(newToy(), rng, seed)
			socket := &rtlSocket{t: t, program: program, rng: rand.New(rand.NewPCG(seed, 78)), keep: s.memory, broken: broken}
			bits := rng.IntN(3) == 0
			socket.faulty = func() bool { return bits && !s.down.healed.Load() }
			defer socket.close()
			s.run(t, seed, a, socket)
		})
	}
	t.Logf("%d schedules: %v; %d healed; %d ticks compared; faults %v %v", n, a.codes, a.healed, a.ticks, a.faults, broken)
	a.check(t, n)
}
