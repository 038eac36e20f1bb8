package kernel

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/isospike/isospike/snn/fixed"
)

// onEvery runs f as a subtest on every level that this machine has.
func onEvery(t *testing.T, f func(t *testing.T)) {
	defer func(old level) { simd = old }(simd)
	for l := pure; l <= best(); l++ {
		simd = l
		t.Run(l.String(), f)
	}
}

// TestAdd compares with SignMode.Weight, synapse by synapse, strips of every length up to some blocks.
func TestAdd(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		compared := 0
		for draw := range 600 {
			codes, acc := make([]uint8, 1+r.IntN(1500)), make([]int32, Slack+1+r.IntN(1300))
			for i := range codes {
				codes[i] = uint8(r.Uint32())
			}
			for i := range acc {
				acc[i] = int32(r.Uint32())
			}
			mode, want := fixed.SignMode(draw%3), slices.Clone(acc)
			var strips []Strip
			n, to := 0, 0
			for i := range r.IntN(9) {
				if i == 0 || r.IntN(3) == 0 { // a new group
					n = r.IntN(min(len(codes), len(acc)-Slack) + 1)
					to = r.IntN(len(acc) - Slack - n + 1)
				}
				s := Strip{int32(to), int32(n), int32(r.IntN(len(codes) - n + 1))}
				strips = append(strips, s)
				for j := range s.Len {
					want[s.To+j] += int32(mode.Weight(codes[s.From+j]))
					compared++
				}
			}
			Add(mode, acc, codes, strips)
			if !slices.Equal(acc, want) {
				t.Fatalf("mode %v, strips %v:\n%v\nwant\n%v", mode, strips, acc, want)
			}
		}
		if t.Logf("compared %d", compared); compared == 0 {
			t.Error("nothing was compared")
		}
	})
}

// TestAddMany: groups of as many strips as it takes to fill 16 bits, and more, with the largest codes and the smallest.
func TestAddMany(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		compared := 0
		for _, n := range []int{1, 7, 8, 10, 16, 31, 32, 33, 100, 128, 700} {
			for _, code := range []uint8{0x7f, 0x80, 0xff, 1} {
				for _, count := range []int{255, 256, 257, 512, 600} {
					for _, mode := range []fixed.SignMode{fixed.Mixed, fixed.Excitatory, fixed.Inhibitory} {
						acc := make([]int32, n+Slack)
						Add(mode, acc, bytes.Repeat([]byte{code}, n), slices.Repeat([]Strip{{0, int32(n), 0}}, count))
						for j, a := range acc {
							want := int32(count) * int32(mode.Weight(code))
							if j >= n {
								want = 0
							}
							if a != want {
								t.Fatalf("%v, %d codes %#x of %d columns: sum %d is %d, want %d", mode, count, code, n, j, a, want)
							}
							compared++
						}
					}
				}
			}
		}
		t.Logf("compared %d", compared)
	})
}

// TestScatter compares with SignMode.Weight, synapse by synapse.
func TestScatter(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(5, 6))
		compared := 0
		for draw := range 600 {
			codes, targets, acc := make([]uint8, 1+r.IntN(200)), make([]uint16, 1+r.IntN(200)), make([]int32, 1+r.IntN(300))
			for i := range codes {
				codes[i] = uint8(r.Uint32())
			}
			most := r.IntN(len(acc)) // To at most
			for i := range targets {
				targets[i] = uint16(r.IntN(len(acc) - most))
			}
			mode, want := fixed.SignMode(draw%3), slices.Clone(acc)
			var strips []Strip
			for range r.IntN(12) {
				n := r.IntN(min(len(codes), len(targets)) + 1)
				s := Strip{int32(r.IntN(most + 1)), int32(n), int32(r.IntN(min(len(codes), len(targets)) - n + 1))}
				strips = append(strips, s)
				for j := range s.Len {
					want[s.To+int32(targets[s.From+j])] += int32(mode.Weight(codes[s.From+j]))
					compared++
				}
			}
			Scatter(mode, acc, targets, codes, strips)
			if !slices.Equal(acc, want) {
				t.Fatalf("mode %v, strips %v:\n%v\nwant\n%v", mode, strips, acc, want)
			}
		}
		if t.Logf("compared %d", compared); compared == 0 {
			t.Error("nothing was compared")
		}
	})
}

// TestStep compares with fixed.CUBA.Step over states, sums and parameters that favour their ends.
func TestStep(t *testing.T) {
	onEvery(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(3, 4))
		compared, spikes, rests := 0, 0, 0
		ends := func(most int32) int32 {
			switch r.IntN(5) {
			case 0:
				return most - r.Int32N(2)
			case 1:
				return -most + r.Int32N(2)
			case 2:
				return r.Int32N(3) - 1
			}
			return r.Int32N(2*most) - most
		}
		pick := func(v ...int32) int32 { return v[r.IntN(len(v))] }
		for range 3000 {
			n := r.IntN(70)
			c := fixed.CUBA{IDecay: pick(0, 1, 1024, 4095, 4096, r.Int32N(4097)), VDecay: pick(0, 1, 128, 4096, r.Int32N(4097)),
				VTh: pick(0, 1, 80, r.Int32N(fixed.MaxVTh+1), fixed.MaxVTh-1, fixed.MaxVTh), RefDelay: pick(1, 1, 2, 64)}
			exp := r.IntN(16) - 8
			p := NewParams(c, exp)
			u, v, acc, bias, ref, fired := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
			quiet := r.IntN(4) == 0
			for o := range n {
				if quiet && r.IntN(100) > 0 {
					continue
				}
				u[o], v[o], acc[o] = max(ends(fixed.UMax), 1-fixed.UMax), ends(fixed.VMax), ends(fixed.VMax)>>max(exp, 0)
				bias[o] = ends((fixed.MaxBias + 1) << fixed.MaxBiasExp)
				if c.RefDelay > 1 && r.IntN(3) == 0 {
					ref[o] = r.Int32N(c.RefDelay)
				}
			}
			if r.IntN(2) == 0 {
				bias = nil
			}
			if c.RefDelay == 1 && r.IntN(2) == 0 {
				ref = nil
			}
			want, wantFired, wantRest := make([]fixed.State, n), []int32{}, true
			for o := range n {
				s := fixed.State{U: u[o], V: v[o]}
				b := int64(0)
				if ref != nil {
					s.Ref = ref[o]
				}
				if bias != nil {
					b = int64(bias[o])
				}
				if c.Step(&s, fixed.Shift(int64(acc[o]), exp), b) {
					wantFired = append(wantFired, int32(o))
				}
				want[o] = s
				wantRest = wantRest && s == (fixed.State{})
			}
			fires, rest := Step(&p, u, v, acc, bias, ref, fired)
			for o, s := range want {
				if u[o] != s.U || v[o] != s.V || acc[o] != 0 || ref != nil && ref[o] != s.Ref {
					t.Fatalf("%v, exp %d, neuron %d of %d: u %d v %d, want %+v", c, exp, o, n, u[o], v[o], s)
				}
				compared++
			}
			if !slices.Equal(fired[:fires], wantFired) || rest != wantRest {
				t.Fatalf("%v: %v spike, want %v; at rest %v, want %v", c, fired[:fires], wantFired, rest, wantRest)
			}
			spikes += fires
			if rest && n > 0 {
				rests++
			}
		}
		if t.Logf("compared %d, %d spikes, %d ranges at rest", compared, spikes, rests); compared == 0 || spikes == 0 || rests == 0 {
			t.Error("too little was compared")
		}
	})
}

// TestBadSizesPanic: whatever the arguments, assembly never leaves the slices.
func TestBadSizesPanic(t *testing.T) {
	i := func(n int) []int32 { return make([]int32, n) }
	p := NewParams(fixed.CUBA{RefDelay: 1}, 0)
	for name, call := range map[string]func(){
		"sums":     func() { Add(fixed.Mixed, i(8+Slack), make([]uint8, 20), []Strip{{1, 8, 0}}) },
		"codes":    func() { Add(fixed.Mixed, i(40), make([]uint8, 8), []Strip{{0, 8, 1}}) },
		"negative": func() { Add(fixed.Mixed, i(40), make([]uint8, 8), []Strip{{-1, 1, 0}}) },
		"length":   func() { Add(fixed.Mixed, i(40), make([]uint8, 8), []Strip{{0, -1, 0}}) },
		"target":   func() { Scatter(fixed.Mixed, i(8), []uint16{7, 6, 5, 4, 1, 7}, make([]uint8, 6), []Strip{{1, 6, 0}}) },
		"targets":  func() { Scatter(fixed.Mixed, i(8), []uint16{7, 6}, make([]uint8, 6), []Strip{{0, 2, 1}}) },
		"few":      func() { Scatter(fixed.Mixed, i(8), []uint16{7, 6}, make([]uint8, 1), []Strip{{0, 2, 0}}) },
		"before":   func() { Scatter(fixed.Mixed, i(8), []uint16{7, 6}, make([]uint8, 2), []Strip{{-1, 2, 0}}) },
		"v":        func() { Step(&p, i(16), i(15), i(16), nil, nil, i(16)) },
		"acc":      func() { Step(&p, i(16), i(16), i(15), nil, nil, i(16)) },
		"bias":     func() { Step(&p, i(16), i(16), i(16), i(15), nil, i(16)) },
		"ref":      func() { Step(&p, i(16), i(16), i(16), nil, i(15), i(16)) },
		"fired":    func() { Step(&p, i(16), i(16), i(16), nil, nil, i(15)) },
	} {
		t.Run(name, func(t *testing.T) {
			onEvery(t, func(t *testing.T) {
				defer func() {
					if recover() == nil {
						t.Error("no panic")
					}
				}()
				call()
			})
		})
	}
}

// BenchmarkAdd is rows of a kind that spike at random among 4096, in order.
func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{10, 52, 100, 219, 512} {
		r := rand.New(rand.NewPCG(1, 2))
		codes, acc := make([]uint8, 1024*n), make([]int32, n+64)
		for i := range codes {
			codes[i] = uint8(r.Uint32())
		}
		var strips []Strip
		for row := range 1024 {
			if r.IntN(20) == 0 {
				strips = append(strips, Strip{0, int32(n), int32(row * n)})
			}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Add(fixed.Mixed, acc, codes, strips)
			}
			b.ReportMetric(float64(len(strips)*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gadds/s")
		})
	}
}

// BenchmarkScatter is rows of which every third neuron has a synapse.
func BenchmarkScatter(b *testing.B) {
	for _, n := range []int{10, 52, 100, 219} {
		r := rand.New(rand.NewPCG(1, 2))
		codes, targets, acc := make([]uint8, 512*n), make([]uint16, 512*n), make([]int32, 3*n)
		var strips []Strip
		for i := range codes {
			codes[i], targets[i] = uint8(r.Uint32()), uint16(3*(i%n)+r.IntN(3))
			if i%n == 0 && r.IntN(20) == 0 {
				strips = append(strips, Strip{0, int32(n), int32(i)})
			}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Scatter(fixed.Mixed, acc, targets, codes, strips)
			}
			b.ReportMetric(float64(len(strips)*n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gadds/s")
		})
	}
}

// BenchmarkStep is 512 neurons, of which none or 3 % spike in a tick.
func BenchmarkStep(b *testing.B) {
	const n = 512
	p := NewParams(fixed.CUBA{IDecay: 4096, VDecay: 4096, VTh: 1, RefDelay: 1}, 0)
	for _, spiking := range []int{0, n / 32} {
		u, v, acc, fired := make([]int32, n), make([]int32, n), make([]int32, n), make([]int32, n)
		r := rand.New(rand.NewPCG(1, 2))
		b.Run(fmt.Sprintf("%d-spikes", spiking), func(b *testing.B) {
			spikes := 0
			for b.Loop() {
				for range spiking {
					acc[r.IntN(n)] = 2
				}
				k, _ := Step(&p, u, v, acc, nil, nil, fired)
				spikes += k
			}
			if spikes > spiking*b.N || spiking > 0 && spikes < b.N {
				b.Fatalf("%d spikes in %d ticks", spikes, b.N)
			}
			b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gneurons/s")
		})
	}
}
