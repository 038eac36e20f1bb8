package dataset

import "slices"

// point is a place in a glyph, and later in an image; x to the right, y down.
type point struct{ x, y int }

// glyphs are the ways to write each digit: strokes of the pen, each a smooth
// curve through its points. A digit is 100 high, and as a rule 60 wide. A
// corner is where one stroke ends and the next begins.
var glyphs = [digits][][][]point{
	{
		{{{32, 0}, {10, 16}, {2, 50}, {10, 84}, {30, 100}, {52, 84}, {58, 50}, {50, 16}, {30, 0}, {18, 6}}},
		{{{44, 6}, {20, 4}, {4, 34}, {4, 70}, {22, 98}, {44, 90}, {58, 58}, {54, 22}, {36, 2}}},
	},
	{
		{{{30, 0}, {30, 50}, {30, 100}}},
		{{{36, 0}, {31, 50}, {26, 100}}},
		{{{12, 24}, {32, 0}}, {{32, 0}, {31, 50}, {30, 100}}},
		{{{12, 24}, {32, 0}}, {{32, 0}, {31, 50}, {30, 98}}, {{8, 100}, {30, 98}, {54, 99}}},
	},
	{
		{{{6, 22}, {16, 4}, {36, 0}, {52, 14}, {48, 36}, {30, 66}, {4, 98}}, {{4, 98}, {30, 96}, {60, 98}}},
		{{{6, 20}, {24, 2}, {46, 6}, {50, 30}, {34, 62}, {14, 92}, {2, 84}, {12, 72}, {34, 90}, {60, 96}}},
	},
	{
		{{{6, 12}, {26, 0}, {48, 8}, {46, 32}, {22, 46}}, {{22, 46}, {50, 56}, {54, 82}, {32, 100}, {4, 90}}},
		{{{6, 3}, {28, 4}, {50, 2}}, {{50, 2}, {24, 40}}, {{24, 40}, {50, 54}, {52, 82}, {30, 100}, {4, 90}}},
	},
	{
		{{{10, 4}, {6, 30}, {8, 54}}, {{8, 54}, {34, 55}, {58, 50}}, {{48, 2}, {45, 50}, {40, 100}}},
		{{{40, 2}, {22, 30}, {2, 64}}, {{2, 64}, {30, 62}, {58, 62}}, {{40, 2}, {39, 50}, {38, 100}}},
	},
	{
		{{{52, 2}, {34, 4}, {14, 4}}, {{14, 4}, {10, 44}}, {{10, 44}, {36, 38}, {54, 58}, {48, 86}, {26, 100}, {2, 92}}},
		{{{54, 0}, {34, 4}, {20, 6}}, {{20, 6}, {12, 44}}, {{12, 44}, {40, 46}, {50, 70}, {34, 96}, {6, 94}}},
	},
	{
		{{{46, 2}, {20, 26}, {6, 60}, {12, 90}, {32, 100}, {52, 84}, {46, 62}, {26, 58}, {9, 76}}},
		{{{34, 0}, {14, 40}, {10, 78}, {26, 100}, {48, 88}, {44, 66}, {24, 64}, {11, 80}}},
	},
	{
		{{{4, 6}, {30, 5}, {56, 4}}, {{56, 4}, {38, 48}, {24, 100}}},
		{{{6, 18}, {8, 4}}, {{8, 4}, {30, 5}, {54, 3}}, {{54, 3}, {40, 48}, {32, 100}}},
		{{{4, 6}, {30, 5}, {56, 4}}, {{56, 4}, {38, 48}, {24, 100}}, {{16, 52}, {52, 48}}},
	},
	{
		{{{50, 12}, {30, 0}, {10, 14}, {20, 38}, {44, 60}, {50, 84}, {30, 100}, {8, 86}, {14, 62}, {40, 38}, {50, 12}}},
		{
			{{32, 2}, {12, 12}, {14, 36}, {30, 46}, {46, 34}, {48, 12}, {30, 2}},
			{{30, 46}, {8, 62}, {8, 88}, {30, 100}, {52, 88}, {50, 62}, {30, 46}},
		},
	},
	{
		{{{50, 20}, {34, 2}, {12, 12}, {8, 36}, {26, 48}, {44, 36}, {52, 12}}, {{52, 12}, {48, 60}, {42, 100}}},
		{{{48, 18}, {32, 2}, {10, 14}, {8, 38}, {26, 48}, {44, 36}, {50, 14}}, {{50, 14}, {52, 60}, {36, 96}, {12, 94}}},
	},
}

const (
	pixel = 256 // units of length in a pixel
	// spanSteps straight pieces make the curve between two points of a stroke.
	spanSteps = 6
)

// handwrite returns the digit as some hand once wrote it: straight lines from point
// to point, one slice a stroke, in units of 1/256 pixel from the middle of the
// camera, and the radius of the pen.
func handwrite(r random, digit int) (strokes [][]point, pen int) {
	forms := glyphs[digit]
	form := forms[r.below(len(forms))]

	width := r.about(225, 95)   // of 1/1000 pixel a unit of the glyph
	height := r.about(190, 30)  // so that a digit is 16 to 22 pixels high
	slant := r.about(-200, 440) // x to y, in 1/1000; most hands lean to the right
	turn := r.about(0, 220)     // tangent of the angle in 1/1000
	middle := point{pixel * r.about(0, 150) / 100, pixel * r.about(0, 150) / 100}
	pen = r.about(320, 140)

	sum, n := point{}, 0
	for _, stroke := range form {
		moved := make([]point, len(stroke))
		for i, p := range stroke {
			moved[i] = point{p.x + r.about(0, 11), p.y + r.about(0, 11)}
		}
		// A stroke that goes on from the last one stays joined to it.
		if k := len(strokes); k > 0 {
			if last := form[k-1]; last[len(last)-1] == stroke[0] {
				moved[0] = strokes[k-1][len(strokes[k-1])-1]
			}
		}
		strokes = append(strokes, moved)
	}
	for k, stroke := range strokes {
		line := smooth(stroke)
		for i, p := range line {
			x := (p.x*1000 + slant*p.y) * width / 1000
			y := p.y * height
			x, y = (x*1000-turn*y)/1000, (y*1000+turn*x)/1000
			// From 1/1000 pixel a unit, in the finer units of the curve.
			p = point{x * pixel / (1000 * curveUnit), y * pixel / (1000 * curveUnit)}
			line[i], sum, n = p, point{sum.x + p.x, sum.y + p.y}, n+1
		}
		strokes[k] = line
	}
	for _, line := range strokes {
		for i := range line {
			line[i].x += middle.x - sum.x/n
			line[i].y += middle.y - sum.y/n
		}
	}
	return strokes, pen
}

// curveUnit is what the result of smooth counts as one unit of its argument.
const curveUnit = 16

// smooth returns a Catmull-Rom spline through the points.
func smooth(p []point) []point {
	p = slices.Concat(p[:1], p, p[len(p)-1:])
	var line []point
	for i := 1; i+2 < len(p); i++ {
		for k := range spanSteps {
			line = append(line, point{
				spline(p[i-1].x, p[i].x, p[i+1].x, p[i+2].x, k),
				spline(p[i-1].y, p[i].y, p[i+1].y, p[i+2].y, k),
			})
		}
	}
	end := p[len(p)-1]
	return append(line, point{end.x * curveUnit, end.y * curveUnit})
}

// spline is one coordinate at k/spanSteps of the way from b to c.
func spline(a, b, c, d, k int) int {
	const n = spanSteps
	return curveUnit * (2*b*n*n*n + (c-a)*k*n*n + (2*a-5*b+4*c-d)*k*k*n + (3*b-a-3*c+d)*k*k*k) / (2 * n * n * n)
}
