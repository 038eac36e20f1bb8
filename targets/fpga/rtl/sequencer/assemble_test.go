package sequencer

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write sequencer_rom.v")

// TestROM: the Verilog is what the source assembles to.
func TestROM(t *testing.T) {
	source, err := os.ReadFile("../link/sequencer.asm")
	if err != nil {
		t.Fatal(err)
	}
	words, err := Assemble(string(source))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d instructions", len(words), Words)
	const rom = "../link/sequencer_rom.v"
	if *update {
		if err := os.WriteFile(rom, []byte(Verilog(words)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rom)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Verilog(words) {
		t.Error("sequencer_rom.v is not what sequencer.asm assembles to: run with -update")
	}
}

func TestAssemble(t *testing.T) {
	words, err := Assemble(".reg A 0x10\n.const K 3\nstart: ld #K ; load\n st A+1\n add [x+]\n ld rx, x+\n ldx #2\n ld [x]\n cmp #'I'\n jnz start\n call start\n ret\n loop start\n st [x+]\n out step")
	if err != nil {
		t.Fatal(err)
	}
	want := []uint16{0x0003, 0x8011, 0x5100, 0x6120, 0x0302, 0x4000, 0x1A49, 0xC200, 0xE000, 0xE800, 0xF800, 0x8100, 0xB010}
	if len(words) != len(want) {
		t.Fatalf("%d words", len(words))
	}
	for i, w := range words {
		if w != want[i] {
			t.Errorf("word %d is 0x%04x, want 0x%04x", i, w, want[i])
		}
	}
}

func TestErrors(t *testing.T) {
	for source, want := range map[string]string{
		"a:\na: ret":                     "line 2: a is defined twice",
		".reg A":                         "line 1: .reg needs a name",
		"ret\njmp nowhere":               `line 2: jmp nowhere: "nowhere" is not known`,
		"ld #256":                        "is neither a name nor a byte",
		"ld A+9":                         "is neither a name nor a byte",
		".reg A 1\nld A-2":               "A-2 is no byte",
		"ld nothing":                     `"nothing" is neither a name`,
		"out nothing":                    `"nothing" is not known`,
		"ldx [x+]":                       "both address and result",
		"ldx rx":                         "only what is immediate",
		"push A":                         "no such instruction",
		".reg A 1\n.reg A 2\n":           "line 2: A is defined twice",
		"ld rx\nld rx":                   "line 2: ld rx: its byte has been moved on",
		"out skip\nput rx, x+":           "line 2: put rx,x+: its byte",
		"out seek_high\nput ring":        "line 2: put ring: its byte",
		strings.Repeat("ret\n", Words+1): "513 instructions",
	} {
		if _, err := Assemble(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %s", source, err, want)
		}
	}
}
