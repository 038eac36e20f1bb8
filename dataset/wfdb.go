package dataset

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/isospike/isospike/snn/diag"
)

// ecg is one record of the MIT-BIH Arrhythmia Database: two leads and its annotated beats.
type ecg struct {
	name  string
	lead  [2][]int16 // 360 samples a second, 200 units a mV
	beats []beat
}

// beat is one annotated heartbeat.
type beat struct {
	at    int // sample of its R peak
	class int // AAMI class, see heartClasses
}

// heartClasses are the classes of the AAMI standard EC57: normal, supraventricular
// and ventricular ectopic, fusion, and unknown or paced.
var heartClasses = [...]string{"N", "S", "V", "F", "Q"}

// heartClass gives the class of each annotation code of WFDB that is a beat.
var heartClass = map[uint16]int{
	1: 0, 2: 0, 3: 0, 11: 0, 34: 0, // N L R j e
	4: 1, 7: 1, 8: 1, 9: 1, // a J A S
	5: 2, 10: 2, // V E
	6:  3,               // F
	12: 4, 13: 4, 38: 4, // / Q f
}

const (
	ecgRate    = 360     // samples a second
	ecgUnit    = 200     // units a mV
	maxECG     = 1 << 26 // samples: two days
	skipCode   = 59
	firstAux   = 60
	commentAux = 63
)

// parseWFDB reads a record of two leads at 360 Hz in format 212: header, samples and
// annotations (PhysioNet, header(5), signal(5), annot(5)).
func parseWFDB(name string, header, samples, notes []byte) (*ecg, error) {
	bad := func(format string, args ...any) error {
		return diag.Inputf("wfdb", name, format, args...).WithFix("get the record anew: NAME.hea, NAME.dat and NAME.atr")
	}
	first := strings.Fields(strings.SplitN(string(header), "\n", 2)[0])
	if len(first) < 4 || first[1] != "2" || first[2] != strconv.Itoa(ecgRate) || strings.Count(string(header), " 212 ") != 2 {
		return nil, bad("it is not a record of two leads at %d Hz in format 212", ecgRate)
	}
	n, err := strconv.Atoi(first[3])
	if err != nil || n < 1 || n > maxECG || len(samples) != 3*n {
		return nil, bad("it has %d bytes for %s samples", len(samples), first[3])
	}
	r := &ecg{name: name}
	for l := range r.lead {
		r.lead[l] = make([]int16, n)
	}
	for i := range n { // two 12-bit numbers in three bytes
		b := samples[3*i:]
		r.lead[0][i] = int16(uint16(b[0])<<4|uint16(b[1]&0xf)<<12) >> 4
		r.lead[1][i] = int16(uint16(b[2])<<4|uint16(b[1]>>4)<<12) >> 4
	}
	at := 0
	for len(notes) >= 2 {
		word := binary.LittleEndian.Uint16(notes)
		notes = notes[2:]
		code, delta := word>>10, int(word&0x3ff)
		switch {
		case word == 0:
			return r, nil
		case code == skipCode:
			if len(notes) < 4 {
				return nil, bad("its annotations are cut")
			}
			at += int(int32(uint32(binary.LittleEndian.Uint16(notes))<<16 | uint32(binary.LittleEndian.Uint16(notes[2:]))))
			notes = notes[4:]
		case code == commentAux:
			notes = notes[min((delta+1)/2*2, len(notes)):]
		case code >= firstAux: // number, subtype, channel: no time passes
		default:
			at += delta
			if class, ok := heartClass[code]; ok {
				if at < 0 || at >= n {
					return nil, bad("a beat is at sample %d of %d", at, n)
				}
				r.beats = append(r.beats, beat{at, class})
			}
		}
	}
	return nil, bad("its annotations have no end")
}
