package rtl_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/isospike/isospike/targets"
	"github.com/isospike/isospike/targets/fpga"
	"github.com/isospike/isospike/targets/fpga/link"
)

// A variant is a board and the parameters with which the core is built for it.
type variant struct {
	name       string
	toml       string // of the board
	parameters []string
	build      sync.Once
	path       string
	err        error
}

var variants = []*variant{
	{name: "up5k", toml: `inherits = "up5k"`},
	{name: "hx8k", toml: "inherits = \"up5k\"\n[limits]\naxons_in = 256\nsynapse_words = 2048\naxons_out = 256",
		parameters: []string{"AXONS=256", "SYNAPSES=2048", "ROUTES=256", "SPRAM=0", "SERIAL=1'b1"}},
	{name: "four", toml: "inherits = \"up5k\"\n[limits]\ncores_per_chip = 4\nneurons = 16\naxons_in = 128\nsynapse_words = 4096",
		parameters: []string{"CORES=4", "NEURONS=16", "AXONS=128", "SYNAPSES=4096", "SPRAM=0"}},
	{name: "srm", toml: `inherits = "icebreaker-srm"`, parameters: []string{"NEURONS=128", "ROUTES=256", "SRM=1'b1"}},
	{name: "srmserial", toml: "inherits = \"icebreaker-srm\"\n[limits]\naxons_in = 256\nsynapse_words = 2048",
		parameters: []string{"NEURONS=128", "AXONS=256", "SYNAPSES=2048", "ROUTES=256", "SPRAM=0", "SERIAL=1'b1", "SRM=1'b1"}},
}

func (v *variant) board(t testing.TB) *fpga.Board {
	x, err := targets.Parse(v.name, []byte(v.toml))
	check(t, err)
	return x.(*fpga.Board)
}

// needs skips the test where a tool is missing, but not in continuous integration.
func needs(t testing.TB, tool string) {
	if _, err := exec.LookPath(tool); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(tool, "is not installed")
	}
}

// program returns the path of the variant's model, built once.
func (v *variant) program(t testing.TB) string {
	needs(t, "verilator")
	v.build.Do(func() {
		v.path, v.err = buildModel(scratch, "core", v.name, v.parameters)
	})
	check(t, v.err)
	return v.path
}

// buildModel makes a program of the Verilog in a folder and of sim/core.cpp. Models of several
// names share dir and with it the objects of Verilator's library.
func buildModel(dir, core, name string, parameters []string) (string, error) {
	files, err := filepath.Glob(filepath.Join(core, "*.v"))
	if err != nil || len(files) == 0 {
		return "", errors.Join(err, errors.New("there is no Verilog"))
	}
	harness, err := os.ReadFile("sim/core.cpp")
	if err != nil {
		return "", err
	}
	main := filepath.Join(dir, name+".cpp")
	if old, err := os.ReadFile(main); err != nil || !bytes.Equal(old, harness) {
		if err := os.WriteFile(main, harness, 0o666); err != nil {
			return "", err
		}
	}
	args := []string{"--cc", "--exe", "--build", "-O3", "--x-assign", "unique", "--x-initial", "unique", "-CFLAGS", "-O1 -w -DMODEL=V" + name,
		"-Wno-WIDTH", "-Wno-fatal", "--top-module", "chip", "--prefix", "V" + name, "-Mdir", dir, "-o", name}
	for _, p := range parameters {
		args = append(args, "-G"+p)
	}
	// The makefile is new and the library's objects depend on it: without this they are made anew.
	library, err := filepath.Glob(filepath.Join(dir, "verilated*.o"))
	if err != nil {
		return "", err
	}
	for _, object := range library {
		args = append(args, "-MAKEFLAGS", "-o "+filepath.Base(object))
	}
	if out, err := exec.Command("verilator", append(append(args, files...), main)...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("verilator: %w\n%s", err, out)
	}
	return filepath.Join(dir, name), nil
}

// model is a running model of a chip. Its errors are kept: err is the first.
type model struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	w   *bufio.Writer
	r   *bufio.Reader
	err error

	said bytes.Buffer // on standard error
}

func start(path string) (*model, error) {
	m := &model{cmd: exec.Command(path, "+verilator+rand+reset+2", "+verilator+seed+7")}
	m.cmd.Stderr = &m.said
	in, err := m.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	m.in, m.w, m.r = in, bufio.NewWriter(in), bufio.NewReader(out)
	return m, m.cmd.Start()
}

func (m *model) stop() error {
	m.w.Flush()
	m.in.Close()
	err := m.cmd.Wait()
	if err != nil {
		err = fmt.Errorf("%w %s", err, &m.said)
	}
	return errors.Join(m.err, err)
}

// send queues a command.
func (m *model) send(op byte, args ...any) {
	m.w.WriteByte(op)
	for _, a := range args {
		if err := binary.Write(m.w, binary.LittleEndian, a); err != nil && m.err == nil {
			m.err = err
		}
	}
}

// receive sends what is queued and reads an answer.
func (m *model) receive(v any) {
	if err := m.w.Flush(); err != nil && m.err == nil {
		m.err = err
	}
	if m.err == nil {
		m.err = binary.Read(m.r, binary.LittleEndian, v)
	}
}

// load writes an image and clears the state.
func (m *model) load(parts []link.Region) {
	for _, p := range parts {
		for at := 0; at < len(p.Data); at += 4 {
			m.write(p.ID, at, binary.LittleEndian.Uint32(p.Data[at:]))
		}
	}
	m.send('C')
}

func (m *model) write(region, at int, word uint32) {
	var b [9]byte
	b[0] = 'W'
	binary.LittleEndian.PutUint32(b[1:], uint32(region)<<24+uint32(at))
	binary.LittleEndian.PutUint32(b[5:], word)
	m.w.Write(b[:])
}

// read reads bytes of a memory; all at once, so few.
func (m *model) read(region, at, n int) []byte {
	for i := 0; i < n; i += 4 {
		m.send('R', uint32(region)<<24+uint32(at+i))
	}
	b := make([]byte, n)
	m.receive(b)
	return b
}

// step runs a tick and returns the spikes and the clocks that it took.
func (m *model) step() ([]uint16, int) {
	m.send('S')
	var n uint16
	m.receive(&n)
	ids := make([]uint16, n)
	m.receive(ids)
	var clocks uint32
	m.receive(&clocks)
	return ids, int(clocks)
}

type counters struct {
	OK                     uint8
	Ticks                  uint32
	Synops, Spikes, Cycles uint64
}

func (m *model) counters() (c counters) {
	m.send('K')
	m.receive(&c)
	return c
}

func check(t interface{ Fatal(...any) }, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// scratch holds the models.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if scratch, err = os.MkdirTemp("", "rtl"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(scratch)
		return m.Run()
	}())
}
