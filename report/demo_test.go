package report

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/isospike/isospike/snn/spike"
)

// noise is a raster of neurons that spike by chance, each as often as rate(neuron, tick) says.
func noise(seed uint64, neurons, ticks int, rate func(n, t int) float64) *spike.Raster {
	r, out := rand.New(rand.NewPCG(seed, 0)), spike.NewRaster(neurons)
	for t := range ticks {
		var at []int32
		for n := range neurons {
			if r.Float64() < rate(n, t) {
				at = append(at, int32(n))
			}
		}
		out.Append(at...)
	}
	return out
}

var digits = strings.Split("0 1 2 3 4 5 6 7 8 9", " ")

// demoSample is like a sample of N-MNIST on its way through 162-128d-10d: three
// saccades of 100 ticks, and an output that learned to answer with class 7.
func demoSample() Sample {
	saccade := func(t int) float64 { return 0.3 + 1.4*math.Pow(math.Sin(math.Pi*float64(t%100)/100), 2) }
	return Sample{
		Name: "test sample 17", TickMS: 1, Label: 7, Prediction: 7,
		Populations: []Population{
			{Name: "input 9x9x2", Channels: 2, Spikes: noise(1, 162, 300, func(n, t int) float64 {
				x, y := float64(n%9)-4, float64(n/9%9)-4
				return 0.16 * saccade(t) * math.Exp(-(x*x+y*y)/14)
			})},
			{Name: "dense1", Spikes: noise(2, 128, 300, func(n, t int) float64 { return 0.06 * saccade(t-12+200) * float64(n*37%128) / 128 })},
			{Name: "dense2", Labels: digits, Spikes: noise(3, 10, 300, func(n, t int) float64 {
				if n == 7 {
					return 0.22 * saccade(t+180)
				}
				return 0.012 * float64(1+n%4)
			})},
		},
	}
}

func demoEpochs() (e []Epoch) {
	r := rand.New(rand.NewPCG(4, 0))
	for i := range 25 {
		f := math.Exp(-float64(i) / 5)
		e = append(e, Epoch{0.8*f + 0.05 + 0.01*r.Float64(), 0.76*f + 0.09 + 0.02*r.Float64(), 0.992 - 0.55*f + 0.004*r.Float64(), 0.974 - 0.5*f + 0.006*r.Float64()})
	}
	return e
}

func demoDelays() []LayerDelays {
	r := rand.New(rand.NewPCG(5, 0))
	d := []LayerDelays{{Layer: "dense1", Delays: make([]uint8, 512)}, {Layer: "dense2", Delays: make([]uint8, 128)}}
	for _, l := range d {
		for i := range l.Delays {
			l.Delays[i] = uint8(min(max(r.NormFloat64()*11+18, 0), 62))
		}
	}
	return d
}

func demoTargets() []TargetUse {
	loihi := TargetUse{
		Name: "loihi1", Cores: 12, Mesh: Mesh{8, 4, 4, 128}, Traffic: "synaptic operations",
		Rows: []UseRow{{"chips", 1, 1}, {"cores", 12, 128}, {"neurons", 128, 1024}, {"delay accumulators", 8192, 8192}, {"axons in", 512, 4096},
			{"synapse words", 15104, 16384}, {"words of one row", 118, 0}, {"profiles", 1, 32}, {"axon-out entries", 1536, 4096}},
	}
	for i := range 12 {
		loihi.Cells = append(loihi.Cells, CoreCell{Chip: 0, X: i / 4, Slot: i % 4, Neurons: 128 - i%4*18, Fullest: UseRow{"delay accumulators", int64(8192 - i%4*1152), 8192}, Traffic: int64(40000 + 7919*i*i%90000)})
	}
	return []TargetUse{loihi, {
		Name: "icebreaker", Cores: 1, Mesh: Mesh{1, 1, 1, 1}, Traffic: "synaptic operations",
		Rows:  []UseRow{{"cores", 1, 1}, {"neurons", 138, 512}, {"axons in", 290, 1024}, {"synapse words", 22016, 65536}, {"profiles", 2, 4}},
		Cells: []CoreCell{{Neurons: 138, Fullest: UseRow{"synapse words", 22016, 65536}, Traffic: 834211}},
	}}
}

func demoConfusion() [][]int {
	r, m := rand.New(rand.NewPCG(6, 0)), make([][]int, 10)
	for i := range m {
		m[i] = make([]int, 10)
		m[i][i] = 960 + r.IntN(40)
		for range 26 {
			m[i][r.IntN(10)]++
		}
	}
	return m
}

func demoVerify() []VerifyRow {
	return []VerifyRow{
		{"training", "fixed", 1000, 1241837, 0},
		{"fixed", "sim on loihi1", 1000, 1241837, 0},
		{"fixed", "sim on icebreaker", 1000, 1241837, 0},
		{"sim on icebreaker", "rtl", 50, 62114, 0},
		{"sim on icebreaker", "board", 1000, 1241837, 0},
	}
}

func demoPage() *Page {
	return &Page{
		Title:    "9x9x2-128d-10d on N-MNIST",
		Accuracy: Accuracy{0.978, 0.974, 0.974, 0.974}, Samples: 1000, Spikes: 1241837, SynapticOps: 118204113,
		Command:   "isospike demo --seed 1 --epochs 25 -o run",
		Seed:      1,
		Artifacts: []Artifact{{"model.safetensors", strings.Repeat("3fa95c01", 8)}, {"fixed.safetensors", strings.Repeat("81bb02e7", 8)}, {"program.safetensors", strings.Repeat("c4409d1e", 8)}},
		Sections: []Section{
			{"Sample", []Figure{Raster(demoSample())}},
			{"Training", []Figure{Curves(demoEpochs()), Confusion(digits, demoConfusion()), Histogram(demoDelays())}},
			{"Hardware", []Figure{Usage(demoTargets()), CoreMap(demoTargets()[0]), CoreMap(demoTargets()[1])}},
		},
		Verify: demoVerify(),
	}
}

func demoRoad() Road {
	s := demoSample()
	r := Road{
		Title: "isospike", Tagline: "From events to neuromorphic hardware, without one spike changed.",
		Stages: []Stage{{"events", []string{"N-MNIST", "300 ticks of 1 ms"}}, {"train", []string{"SLAYER, 25 epochs", "97.4 % accuracy"}}, {"quantize", []string{"8-bit weights", "97.4 % accuracy"}},
			{"compile", []string{"12 Loihi cores", "or 1 FPGA core"}}, {"verify", []string{"5 comparisons", "0 mismatches"}}, {"board", []string{"iCEBreaker", "2.1 ms a sample"}}},
		Input: s.Populations[0], Verify: demoVerify(),
	}
	r.Input.Name = "input events, ON and OFF"
	for _, name := range []string{"training", "sim", "rtl", "board"} {
		r.Outputs = append(r.Outputs, Population{Name: name, Spikes: s.Populations[2].Spikes})
	}
	return r
}
