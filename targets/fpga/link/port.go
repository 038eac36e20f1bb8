package link

import (
	"errors"
	"time"

	"github.com/isospike/isospike/snn/diag"
	"go.bug.st/serial"
)

// Open opens the serial port of the given name ("/dev/ttyUSB1", "COM3", or the path of a
// pseudo-terminal) at baud bits a second, 8N1, without flow control. Its Read returns (0, nil) after
// 100 ms without data. Modem lines are left alone: pseudo-terminals have none.
func Open(name string, baud int) (Port, error) {
	p, err := serial.Open(name, &serial.Mode{BaudRate: baud, DataBits: 8})
	if err == nil {
		if err = p.SetReadTimeout(100 * time.Millisecond); err == nil {
			return p, nil
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
