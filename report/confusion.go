package report

import (
	"fmt"
	"math"
)

// Confusion draws how often a class (row) was taken for each class (column):
// counts[label][prediction]. Classes without a name go by their number.
func Confusion(classes []string, counts [][]int) Figure {
	const title = "Confusion"
	n := max(len(classes), len(counts))
	for _, row := range counts {
		n = max(n, len(row))
	}
	if n == 0 {
		return nothing(title, "no samples were classified")
	}
	name := func(i int) string {
		if i < len(classes) {
			return clip(classes[i], 14)
		}
		return fmt.Sprint(i)
	}
	longest := 0
	for i := range n {
		longest = max(longest, len(name(i)))
	}
	left := max(float64(longest)*7+14, 56)
	side := min(520/float64(n), 40)
	width := side * float64(n)
	top, slanted := 46.0, float64(longest*7) > side
	if slanted {
		top += float64(longest) * 5
	}
	var s svg
	s.text(left-12, top-8, end+fill(muted)+size(11), "label ↓")
	s.text(left, 12, fill(muted)+size(11), "prediction →")
	s.text(left+width+14, top-8, fill(muted)+size(11), "recall")
	s.rect(left, top, width, width, fill(wash))
	right, all := 0, 0
	for i := range n {
		row := make([]int, n)
		if i < len(counts) {
			copy(row, counts[i])
		}
		sum := 0
		for _, c := range row {
			sum += max(c, 0)
		}
		right, all = right+max(row[i], 0), all+sum
		y := top + float64(i)*side
		if side >= 10 {
			s.text(left-12, y+side/2+4, end+size(11), name(i))
			x := left + (float64(i)+0.5)*side
			if slanted {
				s.text(x, top-6, size(11)+fmt.Sprintf(` transform="rotate(-60 %s %s)"`, num(x), num(top-6)), name(i))
			} else {
				s.text(x, top-8, middle+size(11), name(i))
			}
		}
		for k, c := range row {
			if c <= 0 {
				continue
			}
			part, color := math.Sqrt(float64(c)/float64(sum)), orange
			if k == i {
				color = blue
			}
			x := left + float64(k)*side
			s.cell(x, y, side, side, fill(color)+opacity(depth(part)), fmt.Sprintf("%s taken for %s: %s of %s", name(i), name(k), count(c), count(sum)))
			if side >= 22 {
				s.text(x+side/2, y+side/2+4, middle+size(min(12, side/3))+fill(over(part)), count(c))
			}
		}
		if sum > 0 && side >= 10 {
			s.text(left+width+14, y+side/2+4, size(11), percent(float64(row[i])/float64(sum)))
		}
	}
	for i := range n + 1 { // between the cells
		v := float64(i) * side
		s.path("M"+num(left)+" "+num(top+v)+"h"+num(width)+"M"+num(left+v)+" "+num(top)+"v"+num(width), stroke(paper, min(1, side/8)))
	}
	if all == 0 {
		return nothing(title, "no samples were classified")
	}
	return s.figure(top+width+2, title, fmt.Sprintf("%s of %s samples were classified as labelled (%s). Shades go with the square root of a cell's part of its row, so that rare mistakes show.",
		count(right), count(all), percent(float64(right)/float64(all))))
}
