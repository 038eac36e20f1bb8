package report

import (
	"fmt"
	"math"
)

// TargetUse is what a program takes of a target.
type TargetUse struct {
	Name    string
	Cores   int // cores in use
	Rows    []UseRow
	Mesh    Mesh
	Cells   []CoreCell // the cores in use
	Traffic string     // what CoreCell.Traffic counts: "spikes", "synaptic operations"
}

// UseRow is the use of one resource. A resource that every core has is given
// for the fullest core.
type UseRow struct {
	Resource    string
	Used, Limit int64 // a limit of 0 is none
}

// Usage draws how much of every resource each target gives and the program takes.
func Usage(targets []TargetUse) Figure {
	const (
		title            = "Resources"
		rowHeight, track = 23.0, 100.0
		left             = 178.0 // of the bars, from the left of a target
	)
	var s svg
	y, rowBottom := 0.0, 0.0
	for i := range targets {
		t := &targets[i]
		x := float64(i%2) * (figureWidth/2 + 16)
		if i%2 == 0 {
			y = rowBottom
		}
		s.spans(x, y+14, "", [2]string{bold + size(13), clip(t.Name, 30)}, [2]string{fill(muted), "    " + plural(t.Cores, "core") + " in use"})
		for k, r := range t.Rows {
			s.use(r, x, y+30+float64(k)*rowHeight, left, track)
		}
		rowBottom = max(rowBottom, y+30+float64(len(t.Rows))*rowHeight+16)
	}
	if rowBottom == 0 {
		return nothing(title, "nothing was compiled")
	}
	return s.figure(rowBottom-16, title, "Used and available. A resource that every core has is shown for the fullest core. Amber is 90 % or more, red is more than there is.")
}

// use draws one resource in a row 23 px high.
func (s *svg) use(r UseRow, x, y, left, track float64) {
	s.text(x, y+12, "", clip(r.Resource, 30))
	numbers := x + left + track + 10
	if r.Limit <= 0 {
		s.spans(x+left, y+12, "", [2]string{"", count(r.Used)}, [2]string{fill(muted), "  no limit"})
		return
	}
	part := float64(r.Used) / float64(r.Limit)
	color := blue
	switch {
	case part > 1:
		color = red
	case part >= 0.9:
		color = amber
	}
	s.rect(x+left, y+2, track, 12, fill(rule)+round(3))
	s.rect(x+left, y+2, track*math.Min(part, 1), 12, fill(color)+round(3))
	s.spans(numbers, y+12, size(11), [2]string{fill(color) + bold, fmt.Sprintf("%.0f %%", 100*part)},
		[2]string{fill(muted), "  " + amount(r.Used) + " / " + amount(r.Limit)})
}
