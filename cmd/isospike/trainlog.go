package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/isospike/isospike/internal/atomicfile"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/train"
)

// logLine is what --log keeps of an epoch. The learning rate is that of the weights at
// its last step; seconds include validation.
type logLine struct {
	train.EpochMetrics
	LearningRate     float64 `json:"learning_rate"`
	Seconds          float64 `json:"seconds"`
	SamplesPerSecond float64 `json:"samples_per_second"`
}

// trainLog is a file with a line for every epoch. It is written whole each time, so
// that a crash cannot leave half a line, nor resuming an epoch twice.
type trainLog struct {
	path  string
	json  bool
	lines []string // with the header of a .csv
}

// openLog begins a log ("": nil, which takes lines and drops them), or goes on with
// the one that is there up to where the model is.
func openLog(path string, m *train.Model) (*trainLog, error) {
	if path == "" {
		return nil, nil
	}
	l := &trainLog{path: path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv":
		l.lines = []string{logHeader(len(m.Net.Layers))}
	case ".jsonl":
		l.json = true
	default:
		return nil, diag.Usagef("usage", "--log is %s: it is not clear which form it is to have", path).WithFix("name a file that ends in .csv or .jsonl")
	}
	if m.Progress.Epoch > 0 {
		if err := l.read(m.Progress.Epoch); err != nil {
			return nil, err
		}
	}
	return l, l.write()
}

func logHeader(layers int) string {
	head := "epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,samples_per_second"
	for k := range layers {
		head += fmt.Sprintf(",rate_%d", k+1)
	}
	return head
}

// read takes over the lines of the file up to an epoch.
func (l *trainLog) read(epochs int) error {
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if i == 0 && !l.json {
			if line != l.lines[0] {
				return diag.Inputf("log", l.path, "it is not the log of this network: its first line is not %s", l.lines[0]).WithFix("name another file with --log")
			}
			continue
		}
		var e logLine
		if l.json {
			err = json.Unmarshal([]byte(line), &e)
		} else {
			first, _, _ := strings.Cut(line, ",")
			e.Epoch, err = strconv.Atoi(first)
		}
		if err != nil || e.Epoch < 1 {
			bad := diag.Inputf("log", l.path, "this is not a line of a log").WithFix("name another file with --log")
			bad.Line = i + 1
			return bad
		}
		if e.Epoch <= epochs {
			l.lines = append(l.lines, line)
		}
	}
	return nil
}

// add appends an epoch.
func (l *trainLog) add(e logLine) error {
	if l == nil {
		return nil
	}
	if l.json {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		l.lines = append(l.lines, string(b))
		return l.write()
	}
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 7, 64) }
	optional := func(x float64) string { // -1 is none
		if x < 0 {
			return ""
		}
		return number(x)
	}
	fields := []string{strconv.Itoa(e.Epoch), number(e.Loss), number(e.Accuracy), optional(e.ValLoss), optional(e.ValAcc),
		number(e.LearningRate), number(e.Seconds), number(e.SamplesPerSecond)}
	for _, r := range e.Rates {
		fields = append(fields, number(r))
	}
	l.lines = append(l.lines, strings.Join(fields, ","))
	return l.write()
}

func (l *trainLog) write() error {
	err := atomicfile.Write(l.path, 0o666, func(w io.Writer) error {
		var b bytes.Buffer
		for _, line := range l.lines {
			b.WriteString(line + "\n")
		}
		_, err := w.Write(b.Bytes())
		return err
	})
	if err != nil {
		return diag.Inputf("write", l.path, "cannot write the log: %v", err)
	}
	return nil
}
