package dataset

import (
	"encoding/binary"

	"github.com/isospike/isospike/snn/diag"
)

// sound is a recording with one channel.
type sound struct {
	rate    int       // samples a second
	samples []float64 // −1 to 1
}

// maxSound bounds a recording in seconds: the ear keeps half a megabyte for each.
const maxSound = 120

// parseWAV reads a RIFF WAVE file of 8, 16, 24 or 32-bit integers (PCM, format 1), its
// channels mixed down to one.
func parseWAV(b []byte) (sound, error) {
	bad := func(format string, args ...any) (sound, error) {
		return sound{}, diag.Inputf("wav", "", format, args...).WithFix("convert it to PCM, such as: sox in.wav -b 16 out.wav")
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return bad("it does not begin as a WAVE file")
	}
	var s sound
	channels, bits := 0, 0
	for rest := b[12:]; len(rest) >= 8; {
		kind, size := string(rest[:4]), uint64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[8:]
		if size > uint64(len(body)) {
			return bad("the chunk %q has %d of its %d bytes", kind, len(body), size)
		}
		body = body[:size]
		switch kind {
		case "fmt ":
			if size < 16 {
				return bad("the format has %d bytes", size)
			}
			format := binary.LittleEndian.Uint16(body)
			channels, bits = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint16(body[14:]))
			s.rate = int(binary.LittleEndian.Uint32(body[4:]))
			if format != 1 || channels < 1 || bits%8 != 0 || bits < 8 || bits > 32 || s.rate < 1000 || s.rate > 192_000 {
				return bad("format %d, %d channels, %d bits, %d Hz", format, channels, bits, s.rate)
			}
		case "data":
			if channels == 0 {
				return bad("the data come before the format")
			}
			width := bits / 8 * channels
			n := len(body) / width
			if n > maxSound*s.rate {
				return bad("it lasts %d s, %d are allowed", n/s.rate, maxSound)
			}
			s.samples = make([]float64, n)
			for i := range s.samples {
				sum := 0.0
				for c := range channels {
					sum += pcm(body[i*width+c*bits/8:], bits)
				}
				s.samples[i] = sum / float64(channels)
			}
			return s, nil
		}
		step := size + size%2 // chunks begin at even bytes
		rest = rest[min(8+step, uint64(len(rest))):]
	}
	return bad("it has no data")
}

// pcm returns one sample, −1 to 1. 8 bits are unsigned, all others signed.
func pcm(b []byte, bits int) float64 {
	if bits == 8 {
		return (float64(b[0]) - 128) / 128
	}
	v := uint32(0)
	for i := range bits / 8 {
		v |= uint32(b[i]) << (32 - bits + 8*i)
	}
	return float64(int32(v)) / (1 << 31)
}
