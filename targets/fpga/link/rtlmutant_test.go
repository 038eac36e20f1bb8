package link

import (
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/isospike/isospike/targets/fpga/rtl"
	"github.com/isospike/isospike/targets/fpga/rtl/sequencer"
)

var mutants = flag.Bool("mutants", false, "plant faults in the link's Verilog, one at a time, and see which test finds each")

// A mutant is one change of one source of the link.
type mutant struct{ name, file, old, new string }

var linkMutants = []mutant{
	{"a byte without a stop bit counts", "uart_rx.v", "o_valid <= line;", "o_valid <= 1'b1;"},
	{"a pulse of a clock starts a byte", "uart_rx.v", "if (bits == START && line) bits <= IDLE;", ""},
	{"a break keeps the rate", "uart_rx.v", "bits <= AFTER;\n                o_full <= FULL[11:0];", "bits <= AFTER;"},
	{"a short break is one", "uart_rx.v", "count[15:12] <= 4'hF", "count[15:12] <= 4'h7"},
	{"no break", "uart_rx.v", "else if (done) begin\n                bits <= AFTER;", "else if (1'b0) begin\n                bits <= AFTER;"},
	{"the break itself is measured", "uart_rx.v", "AFTER: if (line) bits", "AFTER: bits"},
	{"the rate is not rounded", "uart_rx.v", "count <= 16'd2;", "count <= 16'd6;"},
	{"3 clocks a bit", "uart_rx.v", "&& count[4:3] != 2'd0", "&& count[4]"},
	{"the longest pulse is too long", "uart_rx.v", "wire fits = count[15] &&", "wire fits = count[15] && count[14:3] != 12'd0 &&"},
	{"a pulse may be too long", "uart_rx.v", "wire fits = count[15] &&", "wire fits ="},
	{"a long pulse is no break", "uart_rx.v", "end else if (long) bits <= BREAK;", "end"},
	{"the sender keeps its rate", "uart_tx.v", "if (shift == 10'd1) full <= i_full;", ""},
	{"any CRC is good", "frame_rx.v", "&& crc == 32'hB798B438;\n        fits", ";\n        fits"},
	{"a frame may be too long", "frame_rx.v", "MAX = 8'd242", "MAX = 8'd243"},
	{"a frame may end within a block", "frame_rx.v", "good <= !hurt && !open &&", "good <= !hurt &&"},
	{"the receive buffer overflows", "frame_rx.v", "fits <= (room[ADDR_BITS-1:2] != 0 || room[1:0] == 2'd3) && size", "fits <= size"},
	{"silence comes too early", "frame_rx.v", ": silent[5];", ": silent[4];"},
	{"a zero is encoded wrongly", "frame_tx.v", "if (zero) code <= at;", "if (zero) code <= at + 1'b1;"},
	{"an axon too many", "events_in.v", "axon >= LIMIT", "axon > LIMIT"},
	{"the spikes start anew in no tick", "spikes_out.v", "if (i_end || i_rst) low <= 0;", "if (i_rst) low <= 0;"},
	{"no watchdog", "core_port.v", "if (waited[6] && i_waiting)", "if (1'b0)"},
	{"a stuck core is not reset", "core_port.v", "assign o_core_rst = i_rst || o_stuck;", "assign o_core_rst = i_rst;"},
	{"the memory is written at power-up", "link.v", "(ram_write || tx_write) && !i_rst)", "ram_write || tx_write)"},
	{"addresses stand still", "memory_port.v", "{21'd0, o_done}", "22'd0"},
	{"the carry is lost between bytes", "sequencer.v", "inner ? carry : subtract", "subtract"},
	{"zero forgets the bytes before", "sequencer.v", "(zero || !with_before)", "1'b1"},
	{"a foreign key is good", "sequencer.asm", "loop    key\n        jnz     nosession", "loop    key\n        jnz     key0\nkey0:"},
	{"the output ring overflows", "sequencer.asm", "jge     busy", "jn      busy"},
	{"output that was never made is confirmed", "sequencer.asm", "jlt     confirm4", "jxz     confirm4"},
	{"BUSY loses the end of the tick", "sequencer.asm", "call    where\n        sub     #1", "call    where\n        sub     #0"},
	{"a number left out is no loss", "sequencer.asm", "jn      repeat", "jmp     repeat"},
	{"RESET keeps the place in the stream", "sequencer.asm", "out     clear\n        out     restart", "out     clear"},
	{"RUN before RESET", "sequencer.asm", "cmp     #READY", "cmp     #LOADED"},
	{"WRITE keeps the mode", "sequencer.asm", "jnxz    write1\n        ld      #OPEN", "jnxz    write1\n        ld      MODE"},
	{"a CRC of the wrong memory commits", "sequencer.asm", "ld      #E_IMAGE\n        jnz     fail", "ld      #E_IMAGE\n        jn      fail"},
	{"a span may wrap", "sequencer.asm", "loop    span1\n        jc      badaddress", "loop    span1\n        jc      span0\nspan0:"},
	{"the nonce stands still", "sequencer.asm", "add     NONCE", "ld      NONCE"},
}

// The tests that a mutant must not survive, the quicker first.
var mutantTests = []string{"TestRTLPowerUp", "TestRTLBits", "TestRTLRates", "TestRTLSpans", "TestRTLSilence", "TestRTLStuckCore", "TestRTLOverflow", "TestRTLNonce", "TestRTLEqualsDevice", "TestRTLSchedules"}

const mutantVariable = "ISOSPIKE_LINK_MUTANT"

// mutation returns the changed source, when this process is to test a mutant.
func mutation() map[string]string {
	for _, m := range linkMutants {
		if m.name == os.Getenv(mutantVariable) {
			return m.change()
		}
	}
	return nil
}

// change returns the source with the fault in it.
func (m mutant) change() map[string]string {
	s, err := rtl.Source("link/" + m.file)
	if err != nil || strings.Count(s, m.old) != 1 {
		panic("the place of the mutant is gone: " + m.name)
	}
	s = strings.Replace(s, m.old, m.new, 1)
	if m.file != "sequencer.asm" {
		return map[string]string{"link/" + m.file: s}
	}
	words, err := sequencer.Assemble(s)
	if err != nil {
		panic(err)
	}
	return map[string]string{"link/sequencer_rom.v": sequencer.Verilog(words)}
}

// TestRTLMutantsApply: the sources still have the places of the mutants.
func TestRTLMutantsApply(t *testing.T) {
	for _, m := range linkMutants {
		m.change()
	}
	t.Logf("%d mutants", len(linkMutants))
}

// TestRTLMutants: every planted fault is found, and the table says by what.
func TestRTLMutants(t *testing.T) {
	if !*mutants {
		t.Skip("run with -mutants")
	}
	found := 0
	for _, m := range linkMutants {
		by := ""
		for _, test := range mutantTests {
			cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.timeout", "120s", "-rtlschedules", "40")
			cmd.Env = append(os.Environ(), mutantVariable+"="+m.name)
			if out, err := cmd.CombinedOutput(); err != nil {
				if strings.Contains(string(out), "rtl-build") || strings.Contains(string(out), "cannot build") {
					t.Fatalf("%s: %s", m.name, out)
				}
				by = test
				break
			}
		}
		if by == "" {
			t.Errorf("%-42s survives", m.name)
			continue
		}
		found++
		t.Logf("%-42s %s", m.name, by)
	}
	t.Logf("%d of %d found", found, len(linkMutants))
}
