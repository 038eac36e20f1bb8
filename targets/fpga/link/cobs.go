package link

// COBS (Cheshire and Baker, 1999) takes the zero bytes out of a frame so that zero can
// delimit frames. Frames are shorter than 254 bytes, so the code byte 0xFF, which
// stands for a full block without a zero, never occurs.

// appendCOBS appends the encoding of raw, one byte longer, without delimiters.
// Like a board that holds one frame, it fills in each code byte when it meets
// the next zero.
func appendCOBS(dst, raw []byte) []byte {
	code := len(dst)
	dst = append(dst, 1)
	for _, b := range raw {
		if b == 0 {
			code = len(dst)
			dst = append(dst, 1)
			continue
		}
		dst = append(dst, b)
		dst[code]++
	}
	return dst
}

// decoder takes the line's bytes one at a time and gives the frames in them.
type decoder struct {
	buf  [maxFrame]byte
	n    int  // bytes in buf
	left byte // data bytes before the next code byte
	zero bool // the current block ends in a zero, unless the frame ends first
	any  bool // a byte has arrived since the last delimiter
	bad  bool // the frame is too long
}

// feed takes one byte. At the end of a frame it reports end, with the decoded frame
// in raw or, when the encoding is wrong, a nil raw. Empty frames are idle line and
// are not reported. The slice is valid until the next call.
func (d *decoder) feed(b byte) (raw []byte, end bool) {
	if b == 0 {
		if d.any {
			end = true
			if d.left == 0 && !d.bad {
				raw = d.buf[:d.n:d.n]
			}
		}
		d.n, d.left, d.zero, d.any, d.bad = 0, 0, false, false, false
		return raw, end
	}
	d.any = true
	if d.left > 0 {
		d.left--
		d.put(b)
		return nil, false
	}
	if d.zero {
		d.put(0)
	}
	d.left, d.zero = b-1, true
	return nil, false
}

func (d *decoder) put(b byte) {
	if d.n == len(d.buf) {
		d.bad = true
		return
	}
	d.buf[d.n] = b
	d.n++
}
