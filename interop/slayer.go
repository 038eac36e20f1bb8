package interop

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// ReadSlayerWeights reads a dense layer's weights from slayerPytorch's text
// export for Loihi: one integer a line, C order of (out, in); "-0" is 0. It
// returns out·in weights, those into neuron o at o·in to o·in + in − 1. An error
// is a "slayer-text" diagnostic with the line, where one is to blame, or wraps r's.
func ReadSlayerWeights(r io.Reader, out, in int) ([]int16, error) {
	if out < 1 || in < 1 {
		return nil, diag.Usagef("slayer-shape", "a layer of %d inputs and %d neurons has no weights", in, out)
	}
	var w []int16 // grows with the file: the shape alone proves nothing
	full := func() bool { return len(w)/in >= out }
	lines := bufio.NewScanner(r)
	line := 0
	fail := func(format string, args ...any) *diag.Error {
		e := diag.Inputf("slayer-text", "", format, args...)
		e.Line = line
		return e
	}
	for lines.Scan() {
		line++
		if full() {
			return nil, fail("more than the %d×%d weights of the layer", out, in)
		}
		text := strings.TrimSpace(lines.Text())
		x, err := strconv.ParseInt(text, 10, 16)
		if err != nil {
			return nil, fail("%.40q is not an integer of 16 bits", text)
		}
		w = append(w, int16(x))
	}
	if err := lines.Err(); err != nil {
		line++
		e := fail("cannot read the line")
		e.Err = err
		return nil, e
	}
	if !full() {
		line = 0
		return nil, fail("%d weights, but the layer has %d×%d", len(w), out, in).
			WithFix("check the network's shape against the file")
	}
	return w, nil
}
