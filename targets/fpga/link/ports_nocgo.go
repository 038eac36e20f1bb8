//go:build darwin && !cgo

package link

// Ports fails: macOS tells the USB ids of ports to programs with cgo alone.
func Ports() ([]Candidate, error) {
	return nil, linkError("port-list", "this isospike was built without cgo, and macOS does not tell it the USB ids of serial ports").
		WithFix("name the port with --port: ls /dev/cu.usbserial-*")
}
