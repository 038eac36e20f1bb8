package link

import (
	"errors"
	"testing"

	"github.com/isospike/isospike/snn/diag"
)

func TestChoose(t *testing.T) {
	usb := []string{"0403:6010", "0403:6014"}
	for name, c := range map[string]struct {
		ports []Candidate
		want  string
		code  string
	}{
		"second channel":      {[]Candidate{{"/dev/ttyUSB0", "0403:6010", 0}, {"/dev/ttyUSB1", "0403:6010", 1}}, "/dev/ttyUSB1", ""},
		"windows":             {[]Candidate{{"COM3", "0403:6010", 0}, {"COM14", "0403:6010", 1}, {"COM1", "1a86:7523", -1}}, "COM14", ""},
		"interface not known": {[]Candidate{{"/dev/cu.usbserial-1", "0403:6014", -1}}, "/dev/cu.usbserial-1", ""},
		"known before not":    {[]Candidate{{"a", "0403:6010", -1}, {"b", "0403:6010", 1}}, "b", ""},
		"none":                {nil, "", "no-port"},
		"another device":      {[]Candidate{{"/dev/ttyACM0", "2341:0043", 1}}, "", "no-port"},
		"first channel":       {[]Candidate{{"/dev/ttyUSB0", "0403:6010", 0}}, "", "no-port"},
		"two boards":          {[]Candidate{{"/dev/ttyUSB1", "0403:6010", 1}, {"/dev/ttyUSB3", "0403:6010", 1}}, "", "many-ports"},
		"two unknown":         {[]Candidate{{"a", "0403:6010", -1}, {"b", "0403:6010", -1}}, "", "many-ports"},
	} {
		got, err := Choose(c.ports, usb, 1)
		var e *diag.Error
		if got != c.want || (err != nil) != (c.code != "") || err != nil && (!errors.As(err, &e) || e.Code != c.code || e.Fix == "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestUSBInterface(t *testing.T) {
	for serial, want := range map[string]int{"": -1, "A": -1, "ibXYZA": 0, "ibXYZB": 1, "0123": -1} {
		if got := usbInterface("no such port", serial); got != want {
			t.Errorf("%q: %d, want %d", serial, got, want)
		}
	}
}

func TestNoLatencyTimer(t *testing.T) {
	if s := Latency(t.TempDir()); s != "" {
		t.Error(s)
	}
}
