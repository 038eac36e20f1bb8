package snn

import "fmt"

// Shape is the extent of a population: W columns, H rows, C channels.
type Shape struct{ W, H, C int }

// Flat returns the shape of a dense population of n neurons.
func Flat(n int) Shape { return Shape{1, 1, n} }

// Size returns the number of neurons.
func (s Shape) Size() int { return s.W * s.H * s.C }

// String returns the notation: "34x34x2", or "10" for a flat population.
func (s Shape) String() string {
	if s.W == 1 && s.H == 1 {
		return fmt.Sprint(s.C)
	}
	return fmt.Sprintf("%dx%dx%d", s.W, s.H, s.C)
}

// Valid reports whether the shape has 1 to MaxNeurons neurons.
func (s Shape) Valid() bool {
	return s.W > 0 && s.H > 0 && s.C > 0 && s.W <= MaxNeurons && s.H <= MaxNeurons && s.C <= MaxNeurons &&
		s.W*s.H <= MaxNeurons && s.W*s.H*s.C <= MaxNeurons
}
