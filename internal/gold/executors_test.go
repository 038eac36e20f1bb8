package gold

import (
	"testing"

	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
)

// executors runs a network on everything that can: the reference, and the
// simulator on the Program of every target that holds it.
func executors(t *testing.T, n *fixed.Network, in *spike.Raster, ticks int) map[string][]fixed.Record {
	t.Helper()
	if err := n.Validate(); err != nil {
		t.Fatal(err)
	}
	recs, err := n.Run(in, ticks, true)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]fixed.Record{"fixed": recs}
}
