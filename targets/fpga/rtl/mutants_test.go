package rtl_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/isospike/isospike/targets/fpga"
)

// A mutant is a planted bug: a text that occurs once in a file, and what replaces it; without a file, none.
type mutant struct {
	name, file, old, new string
	on                   int // index of the variant that runs it
}

var mutants = []mutant{
	{"ring: a bit replaces the word", "ring.v", "rdata | one", "one", 0},
	{"ring: drained words stay", "ring.v", "clearing_q || pend_drain_q ? 16'd0 : rdata | one", "clearing_q ? 16'd0 : pend_drain_q ? rdata : rdata | one", 0},
	{"ring: sets do not wait for a write", "ring.v", "wire        open = !clearing_q && !pend_q;", "wire        open = !clearing_q;", 0},
	{"ring: a drained word overtakes", "ring.v", "take = pend_q && pend_drain_q && !held", "take = pend_q && pend_drain_q", 0},
	{"ring: a cancelled word is skipped", "ring.v", "else if (pend_q && pend_drain_q) next_q <= {1'b0, addr_q[WW-1:0]};", "", 0},
	{"ring: the last word is not awaited", "ring.v", "next_q[WW] && !(pend_q && pend_drain_q) && !held", "next_q[WW] && !held", 0},
	{"ring: clear leaves the last words", "ring.v", "if (&addr_q) clearing_q", "if (&addr_q[RW-1:1]) clearing_q", 0},
	{"rows: a line too few", "rows.v", "active_q <= left_q != 6'd1;", "active_q <= left_q > 6'd2;", 0},
	{"rows: dense targets stay", "rows.v", "target_q <= target_q + 8'd8;", "", 0},
	{"rows: no gap between rows", "rows.v", "first_q  <= 1'b1;", "first_q  <= 1'b0;", 0},
	{"rows: mode of the row before", "rows.v", "mode_q   <= row[21:20];", "mode_q   <= first_q ? row[21:20] : mode_q;", 0},
	{"accumulate: conflicts ignored", "accumulate.v", "w[1] && !(w[0] && s[0]),", "w[1],", 0},
	{"accumulate: a line ends early", "accumulate.v", "half_q : left_q == 4'd0;", "half_q : 1'b1;", 0},
	{"accumulate: sparse after dense without a gap", "accumulate.v", "!(i_dense && read_dense_q)", "!read_dense_q", 0},
	{"accumulate: dense after sparse without a gap", "accumulate.v", "!(i_dense && read_dense_q)", "!i_dense", 0},
	{"accumulate: targets of the next group", "accumulate.v", "{half_q, B} < target_q[2:0]", "{half_q, B} <= target_q[2:0]", 0},
	{"accumulate: halves swapped", "accumulate.v", "dense_q ? {group, half_q} : target", "dense_q ? {group, !half_q} : target", 0},
	{"accumulate: mixed weights unsigned", "accumulate.v", "mode_q == 2'd0 ? {code, 1'b0}", "mode_q == 2'd0 ? {1'b0, code}", 0},
	{"accumulate: inhibitory off by one", "accumulate.v", ".i_add_carry (mode_q[1]),", ".i_add_carry (1'b0),", 0},
	{"accumulate: zero codes counted", "accumulate.v", "dense_q ? (half_q ? high_q : low_q) : go_q", "dense_q ? 4'd15 : go_q", 0},
	{"bank: the sum starts over", "bank.v", "o_rdata[SUM-1:0] + weight", "weight", 0},
	{"decay: floor", "decay.v", "negative_q && |low_q[11:0]", "1'b0", 0},
	{"decay: exact quotients off by one", "decay.v", "negative_q && |low_q[11:0]", "negative_q", 0},
	{"neuron: the shift rounds", "neuron.v", "y_sum  <= shifted[25:8];", "y_sum  <= shifted[25:8] + shifted[7];", 0},
	{"neuron: 2^23 is negative", "neuron.v", "{q_u[23] && |q_u[22:0], q_u}", "{q_u[23], q_u}", 0},
	{"neuron: u of 2^23 decays as negative", "neuron.v", "{i_u[23] && |i_u[22:0], i_u}", "{i_u[23], i_u}", 0},
	{"neuron: v saturates at −2^23", "neuron.v", "(!(&r_v[24:23]) || !(|r_v[22:0]))", "!(&r_v[24:23])", 0},
	{"neuron: saturates to −2^23", "neuron.v", "low ? 24'h800001", "low ? 24'h800000", 0},
	{"neuron: v wraps", "neuron.v", "low ? 24'h800001 : high ? 24'h7FFFFF : r_v[23:0]", "r_v[23:0]", 0},
	{"neuron: spikes at the threshold", "neuron.v", "$signed(r_v) > $signed({3'd0, i_vth[16:0]", "$signed(r_v) >= $signed({3'd0, i_vth[16:0]", 0},
	{"neuron: 131072 is a threshold", "neuron.v", "!i_zero && !i_vth[17] &&", "!i_zero &&", 0},
	{"neuron: v integrates at rest", "neuron.v", "t_spike || t_rest ? 24'd0 : t_v", "t_spike ? 24'd0 : t_v", 0},
	{"neuron: spikes at rest", "neuron.v", "r_valid && !resting && !i_zero", "r_valid && !i_zero", 0},
	{"neuron: rests a tick longer", "neuron.v", "t_spike ? i_rest : t_ref", "t_spike ? i_rest + 6'd1 : t_ref", 0},
	{"update: sums stay", "update.v", "assign o_bank_we[b] = d_valid_q ? d_n[1:0] == B :", "assign o_bank_we[b] = d_valid_q ? 1'b0 :", 0},
	{"update: profile of the neuron before", "update.v", "zero_q || known_q && b_word[22:20] == profile_q", "zero_q || known_q", 0},
	{"update: does not wait for the pipeline", "update.v", "ask = miss_q && idle_q", "ask = miss_q", 0},
	{"update: spikes are not held", "update.v", "wire ce = !(o_spike_valid && !i_spike_ready);", "wire ce = 1'b1;", 0},
	{"routes: only the first", "routes.v", "busy_q && i_ready && word[15]", "1'b0", 0},
	{"routes: a tick early", "routes.v", "i_slot + 6'd1 + word[14:9]", "i_slot + word[14:9]", 0},
	{"core: updates before the sums are complete", "core.v", "!rows_busy && !accumulate_busy", "!rows_busy", 0},
	{"core: a tick ends before the routes are set", "core.v", "updating_q && !update_busy && !routes_busy", "updating_q && !update_busy", 0},
	{"chip: the tick does not count", "chip.v", "ticks_q    <= ticks_q + 32'd1;", "", 0},
	{"chip: a taken spike stays", "chip.v", "valid_q <= valid_q ? !i_spike_ready : spike_valid[0];", "valid_q <= valid_q || spike_valid[0];", 0},
	{"decay: serial, floor", "decay.v", "last && i_x[24] && dropped_q", "1'b0", 1},
	{"decay: serial, a bit too few", "decay.v", "k_q    <= {1'b0, k_q[12:1]};", "k_q    <= {2'b0, k_q[11:1]};", 1},
	{"update: serial, the next neuron comes early", "update.v", "d_valid_q || busy)", "d_valid_q)", 1},
	{"chip: exchange to the first core", "chip.v", "set_core  = out ? to :", "set_core  = out ? {CW{1'b0}} :", 2},
	{"chip: exchange without delays", "chip.v", "set_slot  = out ? slot :", "set_slot  = out ? ticks_q[5:0] + 6'd1 :", 2},
	{"chip: exchange loses what has to wait", "chip.v", "out && set_ready[to]} << from_q", "out} << from_q", 2},
	{"chip: a list is left while its core runs", "chip.v", "empty[turn_q] && !busy[turn_q]", "empty[turn_q]", 2},
	{"chip: the tick ends before its spikes have left", "chip.v", "if (stepping_q && spikes_out) begin", "if (stepping_q) begin", 2},
	{"core: routes to others go to itself", "core.v", "CORES == 1 || route_core == NUMBER", "1'b1", 2},
	{"srm: sum exponents round", "srm.v", ": shifted[32:8];", ": shifted[32:8] + shifted[7];", 3},
	{"srm: the sum is cut to 24 bits", "srm.v", "{z_a[24], z_a, 6'd0}", "{{8{z_a[17]}}, z_a[17:0], 6'd0}", 3},
	{"srm: w wraps", "srm.v", "z_a[23:0] : sat(w)", "z_a[23:0] : w[23:0]", 3},
	{"srm: states end at −2^23", "srm.v", "(!(&v[30:23]) || !(|v[22:0]))", "!(&v[30:23])", 3},
	{"srm: shifts floor", "srm.v", "q_s[23] && |(q_s[14:0] & drop)", "1'b0", 3},
	{"srm: exact quotients off by one", "srm.v", "q_s[23] && |(q_s[14:0] & drop)", "q_s[23]", 3},
	{"srm: the other half's shift", "srm.v", "q_half ? i_rshift : i_sshift", "q_half ? i_sshift : i_rshift", 3},
	{"srm: x takes the ref after its decay", "srm.v", "z_half ? z_a[23:0] :", "z_half ? z_tzp :", 3},
	{"srm: x decays as ref does", "srm.v", "x_half ? i_xkeep : i_skeep", "x_half ? i_rkeep : i_skeep", 3},
	{"srm: u wraps, and x", "srm.v", "sat({{7{second[24]}}, second})", "second[23:0]", 3},
	{"srm: no bias", "srm.v", "{{6{r_bias[19]}}, r_bias}", "26'd0", 3},
	{"srm: bias of the next neuron", "srm.v", "z_bias <= x_bias", "z_bias <= i_bias", 3},
	{"srm: spikes only above the threshold", "srm.v", "$signed(v_sum) >= $signed(", "$signed(v_sum) > $signed(", 3},
	{"srm: 131072 is a threshold", "srm.v", "!i_zero && !i_vth[17] &&", "!i_zero &&", 3},
	{"srm: the first half spikes", "srm.v", "v_valid && v_half && !i_zero", "v_valid && !i_zero", 3},
	{"srm: a kick without a spike", "srm.v", "o_spike_q ? sat({{7{o_less[24]}}, o_less}) : o_p_q", "sat({{7{o_less[24]}}, o_less})", 3},
	{"srm: ref wraps", "srm.v", "o_spike_q ? sat({{7{o_less[24]}}, o_less}) :", "o_spike_q ? o_less[23:0] :", 3},
	{"srm: clear leaves ref and w", "srm.v", "o_p_q     <= i_zero ? 24'd0 : v_p", "o_p_q     <= v_p", 3},
	{"srm: serial, done a clock early", "srm.v", "busy_q && !o_valid_q", "busy_q && !r_valid", 4},
	{"update: srm, the last half is left out", "update.v", "{i_last[6:0], 1'b1}", "{i_last[6:0], 1'b0}", 3},
	{"update: srm, route index of the neuron before", "update.v", "t_valid && !t_q[0] && ce", "t_valid && t_q[0] && ce", 3},
	{"update: srm, shifts of the profile moved", "update.v", "shifts_q          <= i_bank_rdata[57:50]", "shifts_q          <= i_bank_rdata[58:51]", 3},
	{"core: srm, profiles overlap", "core.v", "SRM ? i_bus_addr[4:2] : i_bus_addr[3:1]", "i_bus_addr[3:1]", 3},
	{"core: srm, tables of cuba neurons", "core.v", "SRM ? 3 : 2", "2", 3},
}

// apply writes the core with the bug into dir.
func (x *mutant) apply(dir string) error {
	files, err := os.ReadDir("core")
	if err != nil {
		return err
	}
	for _, f := range files {
		text, err := os.ReadFile("core/" + f.Name())
		if err != nil {
			return err
		}
		if f.Name() == x.file {
			if n := bytes.Count(text, []byte(x.old)); n != 1 {
				return fmt.Errorf("%q occurs %d times in %s", x.old, n, x.file)
			}
			text = bytes.Replace(text, []byte(x.old), []byte(x.new), 1)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// TestMutants plants every bug in a copy of the core and sees that the co-simulation, or a
// proof, notices it. It prints what did. ISOSPIKE_MUTANTS=all asks both about every bug;
// otherwise the proofs are asked about what the co-simulation missed. ISOSPIKE_MUTANT picks those with a text in their names. That takes minutes on
// all processors, so nothing runs unless the variable is set.
func TestMutants(t *testing.T) {
	mode := os.Getenv("ISOSPIKE_MUTANTS")
	for i := range mutants { // that all can be applied is always checked
		check(t, mutants[i].apply(t.TempDir()))
	}
	if mode == "" {
		t.Skip("set ISOSPIKE_MUTANTS=1 to run the mutants")
	}
	for _, tool := range []string{"verilator", "yosys", "z3"} {
		needs(t, tool)
	}
	boards, examples := make([]*fpga.Board, len(variants)), make([][]*example, len(variants))
	for i, v := range variants {
		boards[i] = v.board(t)
		examples[i] = cases(t, boards[i], 15)
	}
	var chosen []*mutant
	for i, v := range variants { // without a bug nothing is noticed
		chosen = append(chosen, &mutant{name: "none in " + v.name, on: i})
	}
	for i := range mutants {
		if strings.Contains(mutants[i].name, os.Getenv("ISOSPIKE_MUTANT")) {
			chosen = append(chosen, &mutants[i])
		}
	}
	noticed, errs := make([][]string, len(chosen)), make([]error, len(chosen))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		build := t.TempDir() // with the objects of Verilator's library
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(chosen); i = int(next.Add(1)) - 1 {
				x := chosen[i]
				noticed[i], errs[i] = x.noticed(build, boards[x.on], examples[x.on], mode == "all")
			}
		})
	}
	workers.Wait()
	caught := map[string]int{}
	for i, x := range chosen {
		if errs[i] != nil {
			t.Errorf("%s: %v", x.name, errs[i])
		} else if bug := x.file != ""; bug != (len(noticed[i]) > 0) {
			t.Errorf("%s: noticed by %v", x.name, noticed[i])
		}
		for _, b := range noticed[i] {
			caught[b]++
		}
		t.Logf("%-45s %s", x.name, strings.Join(noticed[i], ", "))
	}
	t.Logf("%d mutants: %v", len(chosen)-len(variants), caught)
	if len(chosen) == len(variants) {
		t.Error("no mutant has that name")
	}
}

// noticed plants the bug and returns what notices it: the co-simulation of the cases, or else,
// or also, a proof. The model is built in the folder build.
func (x *mutant) noticed(build string, board *fpga.Board, cases []*example, all bool) (by []string, err error) {
	core, err := os.MkdirTemp(build, "core")
	if err != nil {
		return nil, err
	}
	if err := x.apply(core); err != nil {
		return nil, err
	}
	v := variants[x.on]
	path, err := buildModel(build, core, v.name, v.parameters)
	if err != nil {
		return nil, err
	}
	if replay(path, board, cases) != nil {
		by = append(by, "co-simulation")
	}
	if len(by) == 0 || all {
		if proof := disprove(x.file, core); proof != "" {
			by = append(by, "proof of "+proof)
		}
	}
	return by, nil
}

// replay runs the cases on a model, each from a load, until one differs.
func replay(path string, board *fpga.Board, cases []*example) (err error) {
	m, err := start(path)
	if err != nil {
		return err
	}
	defer func() {
		if stop := m.stop(); err == nil {
			err = stop
		}
	}()
	c := &chip{model: m, board: board, info: board.Info()}
	for _, x := range cases {
		if err := c.try(x, new(tally)); err != nil {
			return err
		}
	}
	return nil
}

// disprove returns the name of the proof that fails with the core in dir, "" when none does
// or none looks at the file.
func disprove(file, dir string) string {
	for _, p := range proofs {
		if p.about != file {
			continue
		}
		if p.run(dir) != nil {
			return p.top
		}
	}
	return ""
}

// A proof is a call of formal/prove.
type proof struct {
	about string // the file that it is about
	by    string // solver
	top   string
	args  []string // depth and parameters
	files []string // beside core/: from formal/
	uses  []string // of core
}

var proofs = []proof{
	{"ring.v", "smt", "ring", []string{"2", "AXONS=32"}, nil, []string{"ring.v", "ram.v"}},
	{"decay.v", "sat", "decay", []string{"4", "SERIAL=0"}, nil, []string{"decay.v"}},
	{"decay.v", "sat", "decay", []string{"4", "SERIAL=1"}, nil, []string{"decay.v"}},
	{"neuron.v", "sat", "neuron", []string{"10"}, []string{"decay_any.v"}, []string{"neuron.v"}},
	{"srm.v", "sat", "srm", []string{"5"}, []string{"decay_any.v"}, []string{"srm.v"}},
}

func (p *proof) run(core string) error {
	args := append([]string{p.by, p.top}, p.args...)
	args = append(args, "--")
	for _, f := range p.files {
		args = append(args, filepath.Join("formal", f))
	}
	for _, f := range p.uses {
		args = append(args, filepath.Join(core, f))
	}
	out, err := exec.Command("formal/prove", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", p.top, err, out)
	}
	return nil
}

// TestProofs: every proof holds.
func TestProofs(t *testing.T) {
	for _, tool := range []string{"yosys", "yosys-smtbmc", "z3"} {
		needs(t, tool)
	}
	if testing.Short() {
		t.Skip("proofs take a minute")
	}
	n := 0
	for i := range proofs {
		check(t, proofs[i].run("core"))
		n++
	}
	t.Log("proved", n)
}
