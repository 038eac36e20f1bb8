// Package sequencer assembles the program of the link's sequencer (targets/fpga/rtl/link).
package sequencer

import (
	"fmt"
	"strconv"
	"strings"
)

// Words is how many instructions a program may have.
const Words = 512

// Ports are what a computation can read beside memory: the selector, with the bit of what moves
// on by being read. Names in small letters are theirs.
var ports = map[string]int{
	"rx": 1 << 5, "ring": 1 | 1<<6, "data": 2 | 1<<7, "crc": 3, "x": 4, "head0": 5, "head1": 6,
	"synops0": 16, "synops1": 17, "synops2": 18, "spikes0": 20, "spikes1": 21, "spikes2": 22,
	"cycles0": 24, "cycles1": 25, "cycles2": 26,
}

// Units of an out.
const (
	misc = 1 << 8
	rx   = 1 << 9
	tx   = 1 << 10
	mem  = 1 << 11
	core = 1 << 12
)

// Outs are the unit and the actions in it.
var outs = map[string]int{
	"wait": misc | 2, "mend": misc | 4, "seek_low": misc | 8, "seek_high": misc | 16, "empty": misc | 32,
	"rewind": rx | 1, "skip": rx | 2, "free": rx | 4,
	"begin": tx | 1, "end": tx | 2, "shift": tx | 4,
	"address": mem | 1, "data": mem | 2, "load": mem | 4, "store": mem | 4 | 8,
	"restart": core | 1, "pass": core | 2, "event": core | 4, "clear": core | 8, "step": core | 16,
}

// Functions of an arithmetic instruction, in place. Those that end in x have their result
// in x, and cmp has none. put sends its operand over the line, with putcrc as a byte of the CRC,
// and crc takes it into the CRC.
var functions = map[string]int{
	"ld": 0 << 10, "xor": 1 << 10, "and": 2 << 10, "add": 4 << 10, "sub": 6 << 10,
	"ldx": 0<<10 | drop | toX, "addx": 4<<10 | drop | toX, "subx": 6<<10 | drop | toX, "cmp": 6<<10 | drop,
	"put": 0<<10 | drop, "putcrc": 1<<10 | drop, "crc": 2<<10 | drop,
}

const (
	drop = 1 << 9 // a stays
	toX  = 1 << 8 // of what is immediate or from memory
	step = 1 << 8 // of what is at x or from a port
)

// Jumps are the condition and, in bit 12, what it must be.
var jumps = map[string]int{
	"call": 7 << 13, "jmp": 7<<13 | 2<<11, "loop": 7<<13 | 3<<11,
	"jpast": 6<<13 | 1<<12 | 0<<9, "jz": 6<<13 | 1<<12 | 1<<9, "jnz": 6<<13 | 1<<9, "jc": 6<<13 | 1<<12 | 2<<9, "jnc": 6<<13 | 2<<9,
	"jge": 6<<13 | 1<<12 | 2<<9, "jlt": 6<<13 | 2<<9, "jn": 6<<13 | 1<<12 | 3<<9,
	"jxz": 6<<13 | 1<<12 | 4<<9, "jnxz": 6<<13 | 4<<9, "jnxa": 6<<13 | 5<<9,
	"jntables": 6<<13 | 6<<9, "jstuck": 6<<13 | 1<<12 | 7<<9,
}

const (
	immediate = 0 << 13
	memory    = 1 << 13
	indexed   = 2 << 13
	port      = 3 << 13
	store     = 4 << 13
	out       = 5 << 13
	ret       = 7<<13 | 1<<11
)

// A line of the source that is an instruction.
type line struct {
	number   int
	op, args string
}

// Assemble returns the words of a program. Errors name the line.
func Assemble(source string) ([]uint16, error) {
	names, labels := map[string]int{}, map[string]int{}
	define := func(m map[string]int, name string, v int) error {
		if _, ok := m[name]; ok {
			return fmt.Errorf("%s is defined twice", name)
		}
		m[name] = v
		return nil
	}
	var lines []line
	for i, text := range strings.Split(source, "\n") {
		text, _, _ = strings.Cut(text, ";")
		var err error
		if label, rest, ok := strings.Cut(text, ":"); ok {
			err = define(labels, strings.TrimSpace(label), len(lines))
			text = rest
		}
		f := strings.Fields(text)
		switch {
		case len(f) == 0:
		case f[0] == ".reg" || f[0] == ".const":
			v := int64(0)
			if len(f) == 3 {
				v, err = strconv.ParseInt(f[2], 0, 9)
			} else {
				err = fmt.Errorf("%s needs a name and a value", f[0])
			}
			if err == nil {
				err = define(names, f[1], int(v))
			}
		default:
			lines = append(lines, line{i + 1, f[0], strings.Join(f[1:], "")})
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %v", i+1, err)
		}
	}
	if len(lines) > Words {
		return nil, fmt.Errorf("%d instructions, the memory holds %d", len(lines), Words)
	}
	words := make([]uint16, len(lines))
	for i, l := range lines {
		w, err := l.encode(names, labels)
		if err != nil {
			return nil, fmt.Errorf("line %d: %s %s: %v", l.number, l.op, l.args, err)
		}
		words[i] = uint16(w)
		if i > 0 && tooEarly(int(words[i-1]), w) {
			return nil, fmt.Errorf("line %d: %s %s: its byte has been moved on by the instruction before, and is there after another one", l.number, l.op, l.args)
		}
	}
	return words, nil
}

// tooEarly reports whether w reads rx or ring, whose byte comes out of a memory, while the
// instruction before has just moved the place of it.
func tooEarly(before, w int) bool {
	moved := 0 // bits of the ports, as an instruction that reads has them
	switch {
	case before>>13 == port>>13:
		moved = before
	case before>>13 == out>>13 && before&rx != 0:
		moved = ports["rx"]
	case before>>13 == out>>13 && before&misc != 0:
		moved = ports["ring"]
	}
	return w>>13 == port>>13 && w&moved&(1<<5|1<<6) != 0
}

// encode returns the word of one instruction.
func (l line) encode(names, labels map[string]int) (int, error) {
	look := func(m map[string]int, name string) (int, error) {
		if v, ok := m[name]; ok {
			return v, nil
		}
		return 0, fmt.Errorf("%q is not known", name)
	}
	if f, ok := functions[l.op]; ok {
		switch {
		case strings.HasPrefix(l.args, "[x") && f&(drop|toX) == drop|toX:
			return 0, fmt.Errorf("x cannot be both address and result")
		case l.args == "[x+]":
			return indexed | step | f, nil
		case l.args == "[x]":
			return indexed | f, nil
		case strings.HasPrefix(l.args, "#"):
			v, err := value(names, l.args[1:])
			return immediate | f | v, err
		}
		if name, x := strings.CutSuffix(l.args, ",x+"); ports[name] != 0 {
			if f&(drop|toX) == drop|toX {
				return 0, fmt.Errorf("only what is immediate or in memory goes to x")
			}
			v := port | f | ports[name]
			if x {
				v |= step
			}
			return v, nil
		}
		v, err := value(names, l.args)
		return memory | f | v, err
	}
	if j, ok := jumps[l.op]; ok {
		v, err := look(labels, l.args)
		return j | v, err
	}
	switch l.op {
	case "out":
		v, err := look(outs, l.args)
		return out | v, err
	case "st":
		if l.args == "[x+]" {
			return store | step, nil
		}
		v, err := value(names, l.args)
		return store | v, err
	case "ret":
		return ret, nil
	}
	return 0, fmt.Errorf("no such instruction")
}

// value returns a number, a character, or a name, and what is added to it or taken from it:
// 0x1F, 'I', KEY+2, E_LOADED-OPEN.
func value(names map[string]int, s string) (int, error) {
	if len(s) == 3 && s[0] == '\'' && s[2] == '\'' {
		return int(s[1]), nil
	}
	if i := strings.LastIndexAny(s, "+-"); i > 0 {
		v, err := value(names, s[:i])
		if err != nil {
			return 0, err
		}
		w, err := value(names, s[i+1:])
		if s[i] == '-' {
			w = -w
		}
		if v += w; err == nil && (v < 0 || v > 255) {
			err = fmt.Errorf("%s is no byte", s)
		}
		return v, err
	}
	if v, ok := names[s]; ok {
		return v, nil
	}
	n, err := strconv.ParseUint(s, 0, 8)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a name nor a byte", s)
	}
	return int(n), nil
}

// Verilog returns the memory with the program in it, as a module.
func Verilog(words []uint16) string {
	var b strings.Builder
	b.WriteString(`// The program of the sequencer, assembled from sequencer.asm by
//   go test ./targets/fpga/rtl/sequencer -update

` + "`default_nettype none" + `

module sequencer_rom (
    input wire i_clk,

    input wire        i_read,
    input wire [8:0]  i_addr,
    output reg [15:0] o_word
);

`)
	fmt.Fprintf(&b, "    localparam [16*%d-1:0] PROGRAM = {\n", Words)
	for i := Words - 1; i >= 0; i-- {
		if i%8 == 7 {
			b.WriteString("       ")
		}
		w := uint16(0)
		if i < len(words) {
			w = words[i]
		}
		fmt.Fprintf(&b, " 16'h%04x", w)
		if i > 0 {
			b.WriteString(",")
		}
		if i%8 == 0 {
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, `    };

    reg [15:0] mem [0:%d];

    integer i;
    initial for (i = 0; i < %d; i = i + 1) mem[i] = PROGRAM[16*i +: 16];

    always @(posedge i_clk) if (i_read) o_word <= mem[i_addr];

endmodule

`+"`default_nettype wire\n", Words-1, Words)
	return b.String()
}
