package link

import (
	"context"
	"io"
	"testing"
	"testing/synctest"

	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/snn/spike"
)

// A script is a port that answers each write by a function.
type script struct {
	answer func([]byte) []byte
	data   chan []byte
	rest   []byte
	closed chan struct{}
}

func (s *script) Write(p []byte) (int, error) {
	if a := s.answer(p); a != nil {
		s.data <- a
	}
	return len(p), nil
}

func (s *script) Read(p []byte) (int, error) {
	for len(s.rest) == 0 {
		select {
		case s.rest = <-s.data:
		case <-s.closed:
			return 0, io.EOF
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *script) Close() error { close(s.closed); return nil }

func TestStrangeBoards(t *testing.T) {
	good := newFake(10, 10, 16, 64).info
	good.Regions = []int{64}
	info := func(change func(i *Info, p []byte) []byte) func([]byte) []byte {
		return func(line []byte) []byte {
			f, _ := parseFrame(unstuff(t, line))
			i := good
			p := change(&i, i.append(nil, 0))
			if p == nil {
				p = i.append(nil, 0)
			}
			return appendFrame(nil, frame{answer | opHello, f.key, f.seq, p})
		}
	}
	for _, c := range []struct {
		name, code string
		answer     func([]byte) []byte
	}{
		{"nobody there", "no-board", func([]byte) []byte { return nil }},
		{"an echo", "no-board", func(p []byte) []byte { return p }},
		{"noise", "no-board", func(p []byte) []byte { return []byte("login: \x00\x05\x00") }},
		{"the answer to another", "no-board", func([]byte) []byte {
			return appendFrame(nil, frame{answer | opHello, 1, 1, good.append(nil, 0)})
		}},
		{"another version", "protocol-version", info(func(_ *Info, p []byte) []byte { p[4] = 9; return p[:5] })},
		{"another device", "board-info", info(func(_ *Info, p []byte) []byte { p[0] = 'X'; return p })},
		{"no answer to speak of", "board-info", info(func(_ *Info, p []byte) []byte { return p[:3] })},
		{"cut short", "board-info", info(func(_ *Info, p []byte) []byte { return p[:20] })},
		{"a region missing", "board-info", info(func(_ *Info, p []byte) []byte { return p[:40] })},
		{"no neurons", "board-info", info(func(i *Info, _ []byte) []byte { i.Neurons = 0; return nil })},
		{"no axons", "board-info", info(func(i *Info, _ []byte) []byte { i.Axons = 0; return nil })},
		{"small output", "board-info", info(func(i *Info, _ []byte) []byte { i.OutBuffer = 8; return nil })},
		{"odd output", "board-info", info(func(i *Info, _ []byte) []byte { i.OutBuffer = 17; return nil })},
		{"small frames", "board-info", info(func(i *Info, _ []byte) []byte { i.MaxPayload = 63; return nil })},
		{"large frames", "board-info", info(func(i *Info, _ []byte) []byte { i.MaxPayload = 241; return nil })},
		{"small input", "board-info", info(func(i *Info, _ []byte) []byte { i.RxBuffer = 255; return nil })},
		{"half words", "board-info", info(func(i *Info, _ []byte) []byte { i.Regions = []int{62}; return nil })},
		{"a large region", "board-info", info(func(i *Info, _ []byte) []byte { i.Regions = []int{1<<24 + 4}; return nil })},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := Dial(context.Background(), &script{answer: c.answer, data: make(chan []byte, 100), closed: make(chan struct{})}, Options{})
				wantCode(t, err, diag.Link, c.code)
			})
		})
	}
}

// TestOutputWithoutSense: a board whose frames are intact but whose spikes are not.
func TestOutputWithoutSense(t *testing.T) {
	good := newFake(10, 10, 16, 64).info
	for _, stream := range [][]byte{{10}, {gapSkip}, {gapTick, gapTick, gapTick}} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{data: make(chan []byte, 100), closed: make(chan struct{})}
			s.answer = func(line []byte) []byte {
				f, _ := parseFrame(unstuff(t, line))
				if f.op == opHello {
					return appendFrame(nil, frame{answer | opHello, f.key, f.seq, good.append(nil, 0)})
				}
				return appendFrame(nil, frame{opStatus, f.key, f.seq + 1, status{data: stream}.append(nil)})
			}
			c, err := Dial(context.Background(), s, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_, err = c.Run(context.Background(), spike.NewRaster(10), 1)
			wantCode(t, err, diag.Link, "board-output")
		})
	}
}

// TestRepeatedOutput: output that comes again, in other pieces, is taken once.
func TestRepeatedOutput(t *testing.T) {
	good := newFake(10, 10, 4096, 64).info
	synctest.Test(t, func(t *testing.T) {
		s := &script{data: make(chan []byte, 100), closed: make(chan struct{})}
		s.answer = func(line []byte) []byte {
			f, _ := parseFrame(unstuff(t, line))
			send := func(seq uint32, s status) []byte {
				return appendFrame(nil, frame{opStatus, f.key, seq, s.append(nil)})
			}
			switch f.op {
			case opHello:
				return appendFrame(nil, frame{answer | opHello, f.key, f.seq, good.append(nil, 0)})
			case opReset:
				return send(1, status{})
			}
			a := send(1, status{data: []byte{3, gapTick}})
			a = append(a, send(1, status{data: []byte{3}})...)
			return append(a, send(2, status{offset: 1, data: []byte{gapTick, 5, gapTick}})...)
		}
		c, err := Dial(context.Background(), s, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		want := spike.NewRaster(10)
		want.Append(3)
		want.Append(5)
		if out, err := c.Run(context.Background(), spike.NewRaster(10), 2); err != nil || !out.Equal(want) {
			t.Errorf("%v, %v", out, err)
		}
	})
}
