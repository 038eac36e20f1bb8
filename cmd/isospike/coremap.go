package main

import (
	"io"

	"github.com/isospike/isospike/compile"
	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/report"
)

// targetUse is what p takes of t as figures show it, with the traffic of each core in some unit.
func targetUse(p *compile.Program, t compile.Target, traffic []int64, unit string) report.TargetUse {
	l := t.Limits()
	u := report.TargetUse{Name: p.Target, Cores: len(p.Cores), Traffic: unit, Mesh: report.Mesh{Width: l.Across(), TileCores: max(l.TileCores, 1), Cores: l.CoresPerChip}}
	row := u.Mesh.Width * u.Mesh.TileCores
	u.Mesh.Height = (l.CoresPerChip + row - 1) / row
	for _, r := range p.Manifest.Use {
		u.Rows = append(u.Rows, report.UseRow{Resource: r.Resource, Used: r.Used, Limit: r.Limit})
	}
	for i, f := range p.Fullest(t) {
		c := &p.Cores[i]
		u.Cells = append(u.Cells, report.CoreCell{Chip: c.Chip, X: c.X, Y: c.Y, Slot: c.Slot, Neurons: len(c.Profile),
			Fullest: report.UseRow{Resource: f.Resource, Used: f.Used, Limit: f.Limit}, Traffic: traffic[i]})
	}
	return u
}

// writeMap draws the cores of a target in a file.
func writeMap(path string, u report.TargetUse) error {
	return atomicfile.Write(path, 0o666, func(w io.Writer) error {
		_, err := w.Write(report.CoreMap(u).SVG)
		return err
	})
}
