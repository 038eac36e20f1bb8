package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/isospike/isospike/train"
)

// curve shows loss and accuracy by epoch: on a terminal below the line of the progress
// bar, which stays where it is; elsewhere nothing.
type curve struct {
	w      io.Writer // nil shows nothing
	width  int       // of the terminal
	epochs int
	judged bool // there is an accuracy
	shown  bool
}

// The plot needs a terminal of this size at least; curveRows is its own height.
const (
	curveRows    = 5
	leastColumns = 60
	leastLines   = 12
)

func newCurve(a *app, epochs int, judged bool) *curve {
	c := &curve{epochs: epochs, judged: judged}
	if a.quiet || !a.terminal() {
		return c
	}
	if width, height := a.terminalSize(); width >= leastColumns && height >= leastLines {
		c.w, c.width = a.stderr, width
	}
	return c
}

// draw shows the history below the line that the cursor is on, and brings it back there.
func (c *curve) draw(history []train.EpochMetrics) {
	if c.w == nil || len(history) < 2 {
		return
	}
	lines := c.lines(history)
	fmt.Fprintf(c.w, "\r\n%s\r\033[%dA", strings.Join(lines, "\r\n"), len(lines))
	c.shown = true
}

// clear takes away what draw drew, and the line that the cursor is on.
func (c *curve) clear() {
	if c.shown {
		fmt.Fprint(c.w, "\r\033[J")
		c.shown = false
	}
}

// print leaves the plot on the terminal.
func (c *curve) print(history []train.EpochMetrics) {
	if c.w != nil && len(history) >= 2 {
		fmt.Fprintf(c.w, "%s\r\n", strings.Join(c.lines(history), "\r\n"))
	}
}

// lines returns the plot: loss at the left and accuracy at the right, in training
// and, where there is one, in validation.
func (c *curve) lines(history []train.EpochMetrics) []string {
	var loss, accuracy [2][]float64
	validated := history[len(history)-1].ValLoss >= 0
	for _, e := range history {
		loss[0], accuracy[0] = append(loss[0], e.Loss), append(accuracy[0], 100*e.Accuracy)
		if validated {
			loss[1], accuracy[1] = append(loss[1], e.ValLoss), append(accuracy[1], 100*e.ValAcc)
		}
	}
	panels := []panel{{"loss", loss[0], "%.3g"}}
	if validated && !c.judged {
		panels = append(panels, panel{"validation", loss[1], "%.3g"})
	}
	if c.judged {
		panels = append(panels, panel{"accuracy %", accuracy[0], "%.1f"})
		if validated {
			panels = append(panels, panel{"validation %", accuracy[1], "%.1f"})
		}
	}
	lines := make([]string, curveRows)
	each := min(48, c.width/len(panels))
	for _, p := range panels {
		for i, row := range p.rows(each, c.epochs) {
			lines[i] += row
		}
	}
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

// panel is one plot of values by epoch.
type panel struct {
	title  string
	values []float64
	format string
}

// axisWidth is the room for the numbers at the left of a panel.
const axisWidth = 9

// rows renders a panel of a width, for so many epochs: bars of eighths of a line, with
// the least and the largest value at their left, and the title with the last below.
func (p panel) rows(width, epochs int) []string {
	columns := width - axisWidth - 3
	per := max(1, (max(epochs, len(p.values))+columns-1)/columns) // epochs that share a column
	var means []float64
	for i := 0; i < len(p.values); i += per {
		sum, n := 0.0, min(per, len(p.values)-i)
		for _, v := range p.values[i:][:n] {
			sum += v
		}
		means = append(means, sum/float64(n))
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range means {
		least, most = min(least, v), max(most, v)
	}
	const bars = curveRows - 1
	blocks := []rune(" ▁▂▃▄▅▆▇█")
	rows := make([]string, curveRows)
	for r := range bars {
		label := ""
		switch r {
		case 0:
			label = fmt.Sprintf(p.format, most)
		case bars - 1:
			label = fmt.Sprintf(p.format, least)
		}
		var b strings.Builder
		for _, v := range means {
			level := 1.0 // in eighths of a line, of which the lowest is always there
			if most > least {
				level = 1 + (v-least)/(most-least)*(8*bars-1)
			}
			b.WriteRune(blocks[int(max(0, min(8, math.Round(level)-float64(8*(bars-1-r)))))])
		}
		rows[r] = fmt.Sprintf("%*s ┤%-*s ", axisWidth-1, label, width-axisWidth-2, b.String())
	}
	last := fmt.Sprintf("%s "+p.format, p.title, p.values[len(p.values)-1])
	rows[bars] = fmt.Sprintf("%*s %-*s", axisWidth, "", width-axisWidth-1, last)
	return rows
}
