package targets_test

import (
	"os"
	"strings"
	"testing"

	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// TestOwnBoard: the board file in docs/board.md is an iCEBreaker but for what it says, and a bitstream can be made for it.
func TestOwnBoard(t *testing.T) {
	page, err := os.ReadFile("../docs/board.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```toml\n")
	text, _, ok := strings.Cut(text, "```")
	if !ok || !strings.Contains(text, `inherits = "icebreaker"`) {
		t.Fatal("the page has no board file")
	}
	x, err := targets.Parse("myboard", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	b := x.(*fpga.Board)
	parent, err := targets.Lookup("icebreaker")
	if err != nil {
		t.Fatal(err)
	}
	p := parent.(*fpga.Board)
	if b.Title != "My board" || b.Limits().Neurons != 128 || b.Pins["clk"] != "20" || b.Pins["led"] != "11" || b.PLLPad || b.LEDLow || b.USB[0] != "0403:6015" || b.Interface != 0 || b.Seed != 3 {
		t.Errorf("its own: %+v", b)
	}
	if b.FPGA != p.FPGA || b.Package != p.Package || b.Baud != p.Baud || b.Pins["rx"] != p.Pins["rx"] || b.Pins["tx"] != p.Pins["tx"] || len(b.Flash) != len(p.Flash) ||
		b.SPRAM != p.SPRAM || b.Limits().AxonsIn != p.Limits().AxonsIn || b.Limits().AxonsOut != p.Limits().AxonsOut {
		t.Errorf("the parent's: %+v", b)
	}
	d, err := b.Design(0)
	if err != nil {
		t.Fatal(err)
	}
	// 16 MHz · 60 / 2^5 = 30 MHz, of which 3 Mbaud are 10 clocks a bit.
	for name, want := range map[string]string{"DIVR": "0", "DIVF": "59", "DIVQ": "5", "PAD": "0"} {
		if d.PLLParameters[name] != want {
			t.Errorf("the PLL's %s is %s, not %s", name, d.PLLParameters[name], want)
		}
	}
	for name, want := range map[string]string{"DIVIDER": "10", "NEURONS": "128", "LED_LOW": "0"} {
		if d.Parameters[name] != want {
			t.Errorf("%s is %s, not %s", name, d.Parameters[name], want)
		}
	}
}

// TestOwnUSB: the digits of a USB id may be large, as lsusb's are not and Windows' are.
func TestOwnUSB(t *testing.T) {
	x, err := targets.Parse("myboard", []byte("inherits = \"icebreaker\"\n[board]\nusb = [\"1A86:55D4\"]"))
	if err != nil {
		t.Fatal(err)
	}
	b := x.(*fpga.Board)
	if port, err := link.Choose([]link.Candidate{{Name: "COM7", USB: "1a86:55d4", Interface: -1}}, b.USB, b.Interface); err != nil || port != "COM7" {
		t.Errorf("%q, %v", port, err)
	}
}

// TestClocks: what the PLL of each built-in board makes of its oscillator.
func TestClocks(t *testing.T) {
	n := 0
	for name, want := range map[string]map[string]string{
		"icebreaker": {"DIVR": "0", "DIVF": "47", "DIVQ": "4", "FILTER": "1", "PAD": "1"}, // 12 · 48 / 16 = 36
		"hx8k":       {"DIVR": "0", "DIVF": "63", "DIVQ": "4", "FILTER": "1", "PAD": "0"}, // 12 · 64 / 16 = 48
		"ulx3s-85f":  {"DIVIDE": "5", "MULTIPLY": "12", "OUT": "10"},                      // 25 · 12 / 5 = 60
		"tangnano9k": {"IDIV": "0", "FBDIV": "1", "ODIV": "8", "IN_MHZ": `"27"`},          // 27 · 2 = 54
		"arty-a7":    {"DIVIDE": "1", "MULTIPLY": "9", "OUT": "15", "IN_KHZ": "100000"},   // 100 · 9 / 15 = 60
	} {
		x, err := targets.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := x.(*fpga.Board).Design(0)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.PLLParameters) != len(want) {
			t.Errorf("%s: %v", name, d.PLLParameters)
		}
		for k, v := range want {
			if n++; d.PLLParameters[k] != v {
				t.Errorf("%s: %s is %s, not %s", name, k, d.PLLParameters[k], v)
			}
		}
	}
	t.Logf("compared %d settings", n)
}
