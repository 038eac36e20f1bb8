// Package rtl holds the Verilog of isospike's core, and the tests that hold it to the
// simulator.
package rtl

import "embed"

// Core is the Verilog of the core, without what surrounds it: core/*.v, chip.v on top.
//
//go:embed core/*.v
var Core embed.FS
