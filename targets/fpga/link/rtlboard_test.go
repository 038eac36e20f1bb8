package link

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/isospike/isospike/targets/fpga/rtl"
)

const toyDivider = 4 // clocks a bit

// toyDesign is the board of the tests: the link in Verilog before rtl/sim/link/chip.v.
func toyDesign() *rtl.Design {
	sizes := ""
	for _, n := range toyRegions {
		sizes = fmt.Sprintf("%08x", n) + sizes
	}
	return &rtl.Design{Chip: "sim/link", Changed: mutation(), Parameters: map[string]string{
		"DIVIDER": strconv.Itoa(toyDivider), "TICK_BITS": "9", "OUT_BITS": "8",
		"NEURONS": strconv.Itoa(toyNeurons), "AXONS": strconv.Itoa(toyAxons), "BUILD": "64'h0123456789abcdef",
		"REGION_BYTES": "256'h" + sizes,
	}}
}

// verilated returns the simulation of toyDesign. Where its tools are missing the test is skipped,
// but not in CI.
func verilated(t testing.TB) string { return simulation(t, toyDesign()) }

func simulation(t testing.TB, d *rtl.Design) string {
	t.Helper()
	program, err := rtl.Verilate(context.Background(), d, nil)
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	return program
}

// An rtlBoard is a verilated board, from power-up to close.
type rtlBoard struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

// What goes over the line beside bytes.
const (
	noStop = 0x100 // a byte with a broken stop bit
	pause  = 0x200 // so many bits of silence
	glitch = 0x300 // low for so many clocks

	eighths = 0x1000 // from here on bits of so many eighths of a clock
	low     = 0x8000 // low for so many clocks, and no pause
)

func newRTLBoard(t testing.TB, program string, seed uint64) *rtlBoard {
	t.Helper()
	cmd := exec.Command(program, "script", strconv.Itoa(toyDivider), strconv.FormatUint(seed%1000003+1, 10))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err == nil {
		var out io.ReadCloser
		if out, err = cmd.StdoutPipe(); err == nil {
			if err = cmd.Start(); err == nil {
				return &rtlBoard{t: t, cmd: cmd, in: in, out: out}
			}
		}
	}
	t.Fatal(err)
	return nil
}

func (b *rtlBoard) close() {
	b.in.Close()
	if err := b.cmd.Wait(); err != nil {
		b.t.Errorf("the simulation: %v", err)
	}
}

// request does one request of rtl/sim/board.cpp and returns what the board sent, and whether
// it has nothing more to do.
func (b *rtlBoard) request(op byte, n int, items []byte) ([]byte, bool) {
	req := binary.LittleEndian.AppendUint32([]byte{op}, uint32(n))
	if _, err := b.in.Write(append(req, items...)); err != nil {
		b.t.Errorf("the simulation: %v", err)
		return nil, true
	}
	var size [4]byte
	if _, err := io.ReadFull(b.out, size[:]); err != nil {
		b.t.Errorf("the simulation: %v", err)
		return nil, true
	}
	sent := make([]byte, binary.LittleEndian.Uint32(size[:])+1)
	if _, err := io.ReadFull(b.out, sent); err != nil {
		b.t.Errorf("the simulation: %v", err)
		return nil, true
	}
	last := len(sent) - 1
	return sent[:last], sent[last] == 1
}

// line puts items on the line and runs until the board has nothing more to do, which it
// must reach.
func (b *rtlBoard) line(items []uint16) []byte {
	var raw []byte
	for _, i := range items {
		raw = binary.LittleEndian.AppendUint16(raw, i)
	}
	sent, idle := b.request('L', len(items), raw)
	if !idle {
		b.t.Error("the board hangs")
	}
	return sent
}

// bytes is line for good bytes.
func (b *rtlBoard) bytes(p []byte) []byte {
	items := make([]uint16, len(p))
	for i, c := range p {
		items[i] = uint16(c)
	}
	return b.line(items)
}

// reset presses the reset button, some clocks before the next request.
func (b *rtlBoard) reset(clocks int) { b.request('R', clocks, nil) }

// run lets the clock run.
func (b *rtlBoard) run(clocks int) []byte {
	sent, _ := b.request('C', clocks, nil)
	return sent
}
