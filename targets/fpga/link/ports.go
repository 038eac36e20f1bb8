//go:build !darwin || cgo

package link

import (
	"strings"

	"github.com/isospike/isospike/snn/diag"
	"go.bug.st/serial/enumerator"
)

// Ports lists the serial ports of USB devices.
func Ports() ([]Candidate, error) {
	list, err := enumerator.GetDetailedPortsList()
	if err != nil {
		return nil, &diag.Error{Kind: diag.Link, Code: "port-list", Msg: "cannot list the serial ports", Err: err, Fix: "name the port with --port"}
	}
	var ports []Candidate
	for _, p := range list {
		if p.IsUSB {
			ports = append(ports, Candidate{p.Name, strings.ToLower(p.VID + ":" + p.PID), usbInterface(p.Name, p.SerialNumber)})
		}
	}
	return ports, nil
}
