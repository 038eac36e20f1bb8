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
