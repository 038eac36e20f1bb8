package link

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"os"
	"strings"
	"testing"
)

// TestWorkedExample holds the frames in docs/protocol.md to the code.
func TestWorkedExample(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	info := Info{Build: 0x0123456789abcdef, Cores: 1, Neurons: 256, Axons: 512, Synapses: 65536, RingSlots: 64,
		RxBuffer: 2048, MaxPayload: 240, OutBuffer: 2048, MaxBaud: 3000000, Regions: []int{131072, 4096}}
	const session, nonce = 0x11223344, 0xA0B0C0D0
	const key = session ^ nonce
	board := newFake(256, 512, 2048, 131072, 4096)
	board.info = info
	frames := []struct {
		name string
		f    frame
	}{
		{"HELLO", frame{opHello, session, 1, []byte("ISPK\x01")}},
		{"its answer", frame{answer | opHello, session, 1, info.append(nil, nonce)}},
		{"RUN", frame{opRun, key, 7, run(5, appendTick(appendTick(nil, []int32{0, 3, 300}), nil)...)}},
		{"STATUS", frame{opStatus, key, 8, status{offset: 5, data: appendTick(appendTick(nil, nil), []int32{2, 255})}.append(nil)}},
	}
	for _, f := range frames {
		want := fmt.Sprintf("% x", appendFrame(nil, f.f))
		i := strings.Index(string(doc), "\n"+f.name+":\n\n")
		if i < 0 {
			t.Errorf("%s is not in the document:\n%s", f.name, want)
			continue
		}
		var got strings.Builder
		for _, line := range strings.Split(string(doc[i:]), "\n")[3:] {
			if !strings.HasPrefix(line, "    ") {
				break
			}
			got.WriteString(" " + strings.TrimSpace(line))
		}
		if got.String() != " "+want {
			t.Errorf("%s:\n%s\nis in the document\n%s", f.name, want, got.String())
		}
		raw, err := hex.DecodeString(strings.ReplaceAll(want, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		// The document's shortcut for hardware: over frame and CRC, the register ends here.
		if r := ^crc32.Checksum(unstuff(t, raw), castagnoli); r != 0xB798B438 {
			t.Errorf("CRC residue 0x%08X", r)
		}
	}
	var line bytes.Buffer
	d, err := newDevice(&line, board, func() uint32 { return nonce })
	if err != nil {
		t.Fatal(err)
	}
	if err := d.handle(unstuff(t, appendFrame(nil, frames[0].f))); err != nil {
		t.Fatal(err)
	}
	if want := appendFrame(nil, frames[1].f); !bytes.Equal(line.Bytes(), want) {
		t.Errorf("the device answers HELLO with\n% x, not\n% x", line.Bytes(), want)
	}
}
