package rtl

import (
	"regexp"
	"strconv"
	"testing"
)

// TestMaxPayload: the places of the Verilog that know the most payload agree. That INFO says so,
// and that longer frames are refused, is tested with the link.
func TestMaxPayload(t *testing.T) {
	for file, v := range map[string]struct {
		pattern string
		more    int
	}{
		"link/link_memory.v": {`REGIONS_W\[7:0\], 8'd(\d+),`, 0},                 // INFO
		"link/sequencer.asm": {`(?m)^\.const PAYLOAD (\d+) `, 0},                 // READ
		"link/frame_rx.v":    {`(?m)^    localparam .* MAX = 8'd(\d+);`, 1 + 13}, // record byte, header and CRC
	} {
		text, err := Source(file)
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(v.pattern).FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%s does not say how much", file)
		}
		if got, _ := strconv.Atoi(m[1]); got != MaxPayload+v.more {
			t.Errorf("%s has %d for a payload of %d", file, got, MaxPayload)
		}
	}
}
