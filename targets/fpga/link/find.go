package link

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Candidate is a serial port of a USB device.
type Candidate struct {
	Name      string // as Open takes it
	USB       string // VID:PID in small hexadecimal digits
	Interface int    // number of the USB interface; −1: not known
}

// usbInterface returns the number of a port's USB interface: what Linux says of it, else what the
// letter at the end of the serial number of FTDI's Windows and macOS drivers means, else −1.
func usbInterface(name, serial string) int {
	if data, err := os.ReadFile(sysfs(name, "device/../bInterfaceNumber")); err == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 16, 8); err == nil {
			return int(n)
		}
	}
	if len(serial) > 1 && strings.ContainsRune("ABCD", rune(serial[len(serial)-1])) {
		return int(serial[len(serial)-1] - 'A')
	}
	return -1
}

// sysfs returns the path at which Linux keeps what it knows of a serial port.
func sysfs(name, file string) string { return "/sys/class/tty/" + filepath.Base(name) + "/" + file }

// Choose returns the port of a board, by the ids of its USB bridge and the number of the bridge's
// interface that is the serial line. There is an error unless exactly one port fits; ports whose
// interface is not known fit, unless there is one of which it is.
func Choose(ports []Candidate, usb []string, number int) (string, error) {
	var sure, maybe []string
	for _, p := range ports {
		switch {
		case !slices.Contains(usb, p.USB):
		case p.Interface == number:
			sure = append(sure, p.Name)
		case p.Interface < 0:
			maybe = append(maybe, p.Name)
		}
	}
	if len(sure) == 0 {
		sure = maybe
	}
	switch len(sure) {
	case 1:
		return sure[0], nil
	case 0:
		return "", linkError("no-port", "no serial port with the USB id %s is there", strings.Join(usb, " or ")).
			WithFix("plug the board in, name its port with --port, or start `isospike board emulate`")
	}
	return "", linkError("many-ports", "%d serial ports could be the board's: %s", len(sure), strings.Join(sure, ", ")).
		WithFix("name one with --port")
}

// Latency sets the time that an FTDI bridge waits before it hands over a packet that is not full to
// 1 ms, where Linux lets this user do so, and says what it did. "" is that the port has no such timer.
func Latency(name string) string {
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return ""
	}
	path := sysfs(real, "device/latency_timer")
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	was := strings.TrimSpace(string(data))
	if was == "1" {
		return "the FTDI latency timer is 1 ms"
	}
	if err := os.WriteFile(path, []byte("1"), 0); err != nil {
		return fmt.Sprintf("the FTDI latency timer stays at %s ms, which costs time at the end of a stream: %v", was, err)
	}
	return fmt.Sprintf("the FTDI latency timer is set from %s to 1 ms", was)
}
