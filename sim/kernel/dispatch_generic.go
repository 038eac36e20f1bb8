//go:build !amd64 || purego

package kernel

import "github.com/isospike/isospike/snn/fixed"

func best() level { return pure }

func add(mode fixed.SignMode, acc []int32, codes []uint8, strips []Strip) {
	addGo(mode, acc, codes, strips)
}

func scatter(mode fixed.SignMode, acc []int32, targets []uint16, codes []uint8, strips []Strip) {
	scatterGo(mode, acc, targets, codes, strips)
}

func step(p *Params, u, v, acc, bias, ref, fired []int32) (int, bool) {
	return stepGo(0, 0, p, u, v, acc, bias, ref, fired)
}
