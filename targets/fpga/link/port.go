package link

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"go.bug.st/serial"
)

// serialPort is a Tunable.
type serialPort struct{ serial.Port }

func (p serialPort) SetBaud(baud int) error {
	if err := p.Drain(); err != nil {
		return err
	}
	return p.SetMode(&serial.Mode{BaudRate: baud, DataBits: 8})
}

func (p serialPort) Break(d time.Duration) error {
	if err := p.Drain(); err != nil {
		return err
	}
	return p.Port.Break(d)
}

// pseudo reports whether name is that of a pseudo-terminal, which has neither a rate nor breaks.
func pseudo(name string) bool {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		name = real
	}
	return strings.HasPrefix(name, "/dev/pts/") || runtime.GOOS == "darwin" && strings.HasPrefix(name, "/dev/ttys")
}

// Open opens the serial port of the given name ("/dev/ttyUSB1", "COM3", or the path of a
// pseudo-terminal) at baud bits a second, 8N1, without flow control. Its Read returns (0, nil) after
// 100 ms without data. It is Tunable, unless it is a pseudo-terminal. Modem lines are left alone: pseudo-terminals have none.
func Open(name string, baud int) (Port, error) {
	p, err := serial.Open(name, &serial.Mode{BaudRate: baud, DataBits: 8})
	if err == nil {
		if err = p.SetReadTimeout(100 * time.Millisecond); err == nil {
			if pseudo(name) {
				return p, nil
			}
			return serialPort{p}, nil
		}
		p.Close()
	}
	e := &diag.Error{Kind: diag.Link, Code: "port-open", Msg: "cannot open the serial port " + name, Err: err,
		Fix: "check the name and that the board is plugged in"}
	var pe *serial.PortError
	if errors.As(err, &pe) {
		switch pe.Code() {
		case serial.PortBusy:
			e.Fix = "close the program that has it open"
		case serial.PermissionDenied:
			e.Fix = "give this user read and write access to " + name
		case serial.InvalidSpeed:
			e.Fix = "use a baud rate that the port supports"
		}
	}
	return nil, e
}
