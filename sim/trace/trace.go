// Package trace writes what chosen neurons did in a run: as a value change dump, which GTKWave and
// other viewers of waveforms read, in GTKWave's binary form, and as CSV.
package trace

import (
	"encoding/csv"
	"io"
	"strconv"

	"github.com/isospike/isospike/snn/fixed"
)

// Signal is one neuron over the ticks of a run.
type Signal struct {
	Layer     string
	Neuron    int     // in the layer
	From      int     // the first tick, of all signals of a trace the same
	Message   []int32 // by tick from From on: what it sent, 1 of a plain spike, 0 of none
	U, V      []int32 // registers after each tick; nil where they were not recorded
	Threshold int64   // in units of V; 0 is none that stays the same
}

// Of returns neuron n of a layer's record over its ticks.
func Of(layer string, n int, rec *fixed.Record, neuron fixed.Neuron) Signal {
	ticks := rec.Spikes.Ticks()
	s := Signal{Layer: layer, Neuron: n, Message: make([]int32, ticks)}
	for t := range ticks {
		messages := rec.Spikes.Messages(t)
		for i, o := range rec.Spikes.At(t) {
			if int(o) == n {
				if s.Message[t] = 1; messages != nil {
					s.Message[t] = messages[i]
				}
			}
		}
	}
	if rec.U != nil {
		s.U, s.V = rec.U[n*ticks:][:ticks], rec.V[n*ticks:][:ticks]
	}
	switch p := neuron.(type) {
	case fixed.CUBA:
		s.Threshold = int64(p.VTh) << fixed.ActShift
	case fixed.SRM:
		s.Threshold = int64(p.VTh) << fixed.ActShift
	}
	return s
}

// CSV writes a line for each signal and tick; what was not recorded is empty.
func CSV(w io.Writer, signals []Signal) error {
	b := csv.NewWriter(w) // names of layers may have commas
	_ = b.Write([]string{"layer", "neuron", "tick", "message", "u", "v", "threshold"})
	for _, s := range signals {
		threshold := ""
		if s.Threshold != 0 {
			threshold = strconv.FormatInt(s.Threshold, 10)
		}
		for t, m := range s.Message {
			u, v := "", ""
			if s.U != nil {
				u, v = strconv.Itoa(int(s.U[t])), strconv.Itoa(int(s.V[t]))
			}
			_ = b.Write([]string{s.Layer, strconv.Itoa(s.Neuron), strconv.Itoa(s.From + t), strconv.Itoa(int(m)), u, v, threshold})
		}
	}
	b.Flush()
	return b.Error() // the first of all
}
