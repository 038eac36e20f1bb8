package train

import "math"

// exp returns e^x to within a few units in the last place, with the same bits on
// every machine: math.Exp is assembly on some of them. It rounds x to a multiple of
// ln 2 and sums the series of the rest.
func exp(x float64) float64 {
	switch {
	case x > 709:
		return math.Inf(1)
	case x < -745:
		return 0
	case x != x:
		return x
	}
	const hi, lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10 // ln 2 in two parts
	k := math.RoundToEven(x / math.Ln2)
	r := (x - float64(k*hi)) - float64(k*lo)
	sum := 1.0
	for n := 14; n > 0; n-- {
		sum = 1 + float64(sum*r)/float64(n)
	}
	return math.Ldexp(sum, int(k))
}

// Exp is e^x with the same bits on every machine, for others who make integers of it.
func Exp(x float64) float64 { return exp(x) }

// log returns the natural logarithm of x > 0 to within 1e-14, by Newton's steps on exp.
func log(x float64) float64 {
	frac, k := math.Frexp(x)
	y := frac - 1 // within 0.2 of log(frac)
	for range 5 {
		y += float64(frac*exp(-y)) - 1
	}
	return float64(float64(k)*math.Ln2) + y
}
