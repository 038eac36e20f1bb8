package gold

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/internal/shared"
	"github.com/isospike/isospike/interop"
	"github.com/isospike/isospike/sim"
	"github.com/isospike/isospike/snn"
	"github.com/isospike/isospike/snn/fixed"
	"github.com/isospike/isospike/snn/spike"
	"github.com/isospike/isospike/train"
)

// TestLavaRuntimeNet runs networks that netx.Network ran: the .net file through
// the importer, the reference, and the Program.
func TestLavaRuntimeNet(t *testing.T) {
	for _, name := range sets(t, "net_*") {
		t.Run(name, func(t *testing.T) {
			c, s := compare(t), open(t, "lava_runtime", name+".npz")
			var m struct {
				File     string `json:"net_file"`
				Interval int    `json:"reset_interval"`
				Offset   int    `json:"reset_offset"`
			}
			s.meta(&m)
			n := lavaNet(t, "lava_runtime", "nets", path.Base(m.File))
			n.Reset = fixed.Reset{Interval: m.Interval, Offset: m.Offset}
			values, ticks := s.population("s_in")
			in := messages(t, values, ticks)
			for exec, recs := range executors(t, n, in, ticks) {
				for k, r := range recs {
					for register, got := range map[string][]int32{"u": r.U, "v": r.V} {
						if register == "u" && k == 0 && n.Convention == fixed.Immediate {
							continue // NetX drives the neurons of an input layer by their bias, not through u
						}
						if name := fmt.Sprint(register, k); s.arrays[name] != nil {
							want, _ := s.population(name)
							c.values(exec+" "+name, widen(got), want)
						}
					}
				}
				want, _ := s.population("s_out")
				c.values(exec+" s_out", sent(recs[len(recs)-1].Spikes, 0, ticks), want)
			}
		})
	}
}

// TestNMNISTLoihi classifies real recordings with the network that slayerPytorch
// exported: its text form through the importer, the .bs2 files through the data
// set, the reference and the Program.
func TestNMNISTLoihi(t *testing.T) {
	s := open(t, "nmnist_loihi_GPL3", "data.npz")
	net, err := snn.Parse("34x34x2-512-10")
	if err != nil {
		t.Fatal(err)
	}
	var weights [][]int16
	for k, l := range net.Layers {
		var text strings.Builder
		for _, w := range s.ints(fmt.Sprintf("fc%d", k+1)) {
			fmt.Fprintln(&text, w)
		}
		w, err := interop.ReadSlayerWeights(strings.NewReader(text.String()), l.Out.Size(), l.In.Size())
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, w)
	}
	n, err := interop.Slayer(net, weights, train.Cuba(snn.LoihiNeuron), "tick=1000us ticks=300 downsample=1")
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	for v := s.ints("labels"); len(v) > 0; v = v[2:] {
		fmt.Fprintf(&list, "%d\t%d\n", v[0], v[1])
	}
	set, err := dataset.Open(shared.Dir(t, "gold", "nmnist_loihi_GPL3", "bs2"), writeFile(t, "labels.txt", list.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	enc, err := dataset.ParseEncoding(n.Encoding)
	if err != nil {
		t.Fatal(err)
	}
	data := dataset.Encoded{Set: set, Encoding: enc}
	machines := programs(t, n)
	right := map[string]int{}
	c := compare(t)
	for i := range data.Len() {
		in, err := data.Raster(i, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		recs, err := n.Run(in, enc.Ticks, false)
		if err != nil {
			t.Fatal(err)
		}
		vote := func(name string, recs []fixed.Record) {
			out := recs[len(recs)-1].Spikes
			if spike.Classify(out.Counts(0, out.Ticks(), nil)) == data.Label(i) {
				right[name]++
			}
		}
		vote("fixed", recs)
		for name, m := range machines {
			res, err := m.Run(t.Context(), in, enc.Ticks, sim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			vote(name, res.Layers)
			for k := range recs {
				c.spikes(fmt.Sprintf("%s sample %s layer %d", name, data.ID(i), k+1), res.Layers[k].Spikes, recs[k].Spikes)
			}
		}
	}
	for name, n := range right {
		t.Logf("%s: %d of %d recordings right", name, n, data.Len())
		if n != data.Len() {
			t.Errorf("%s: %d of %d recordings right", name, n, data.Len())
		}
	}
	if data.Len() == 0 || len(right) < 2 {
		t.Errorf("%d recordings on %d executors", data.Len(), len(right))
	}
}
