package link

import (
	"fmt"
	"os"

	"github.com/isospike/isospike/snn/diag"
	"golang.org/x/sys/unix"
)

// pty is the master of a pseudo-terminal. It keeps the other end open too, so that
// programs may come and go there without the master seeing the end of the file.
type pty struct {
	*os.File
	slave *os.File
}

// Close closes both ends.
func (p *pty) Close() error {
	p.slave.Close()
	return p.File.Close()
}

// OpenPTY makes a pseudo-terminal in raw mode: what is written to line can be read
// from the serial port at path, and the other way round. It is how a board emulator
// looks like a board. Closing line removes the port.
func OpenPTY() (line Port, path string, err error) {
	line, path, err = openPTY()
	if err != nil {
		return nil, "", &diag.Error{Kind: diag.Link, Code: "no-pty", Msg: "cannot make a pseudo-terminal", Err: err,
			Fix: "check that /dev/ptmx and /dev/pts are there"}
	}
	return line, path, nil
}

func openPTY() (*pty, string, error) {
	// The descriptor is non-blocking from the start and stays so: os.File.Fd would
	// make it blocking again, and then Close would wait for Read.
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, "", err
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = setRaw(fd)
	}
	path := fmt.Sprintf("/dev/pts/%d", n)
	var slave *os.File
	if err == nil {
		slave, err = os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		unix.Close(fd)
		return nil, "", err
	}
	return &pty{os.NewFile(uintptr(fd), "/dev/ptmx"), slave}, path, nil
}

// setRaw is cfmakeraw: no echo, no lines, no signals, 8 bits.
func setRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return err
	}
	t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}
