package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/isospike/isospike/dataset"
	"github.com/isospike/isospike/snn/diag"
	"github.com/isospike/isospike/train"
)

// validation returns the training samples and those to validate on, or nil: the data
// of --val, or a share of every class that is taken off src. Which samples these are
// depends on the data and the experiment's seed alone.
func (f *trainFlags) validation(a *app, m *train.Model, src dataset.Encoded) (dataset.Encoded, *dataset.Encoded, error) {
	if f.val.path == "" {
		return src, nil, nil
	}
	number, isShare := strings.CutSuffix(f.val.path, "%")
	if _, err := os.Stat(f.val.path); err == nil || !isShare {
		val, err := f.val.open(a, m.Experiment.Encoding)
		return src, &val, err
	}
	percent, err := strconv.ParseFloat(number, 64)
	if err != nil || !(percent > 0 && percent < 100) {
		return src, nil, diag.Usagef("usage", "--val is %s, allowed are shares between 0%% and 100%%", f.val.path)
	}
	if f.val.labels != "" {
		return src, nil, diag.Usagef("usage", "--val-labels is for the data of --val, which is a share of --data here")
	}
	if src.Classes() == 0 {
		return src, nil, diag.Usagef("usage", "the data has no classes to take %s of each", f.val.path).
			WithFix("name parts of it: --data PATH#-0/10 --val PATH#0/10")
	}
	val, rest, err := dataset.Split(src.Set, percent/100, m.Experiment.Seed)
	if err != nil {
		return src, nil, err
	}
	if val.Len() == 0 || rest.Len() == 0 {
		return src, nil, diag.Usagef("usage", "%s of every class is %d of the %d samples", f.val.path, val.Len(), src.Len()).
			WithFix("give a share that leaves samples to both sides")
	}
	a.note("%d samples to train on, %d to validate", rest.Len(), val.Len())
	return dataset.Encoded{Set: rest, Encoding: src.Encoding}, &dataset.Encoded{Set: val, Encoding: src.Encoding}, nil
}

// sameData writes into a fresh model's provenance what data it is trained on. When
// training is resumed it refuses other data than the checkpoint's.
func sameData(m *train.Model, src dataset.Encoded, val *dataset.Encoded, resume bool) error {
	const content = ".content"
	before := m.Provenance["data"+content] != "" // models from before there were fingerprints take any data
	for _, d := range []struct {
		key, flag string
		set       *dataset.Encoded
	}{{"data", "--data", &src}, {"val", "--val", val}} {
		name, is := "", "none"
		if d.set != nil {
			sum, err := fingerprint(*d.set)
			if err != nil {
				return err
			}
			name, is = d.set.Name(), fmt.Sprintf("%d samples, %s", d.set.Len(), sum)
		}
		if resume && before {
			had := cmp.Or(m.Provenance[d.key+content], "none")
			if had == is && m.Provenance[d.key] != name {
				had, is = m.Provenance[d.key], name
			}
			if had != is {
				return diag.Usagef("resume", "the checkpoint was trained with other data: %s was %s, now it is %s", d.flag, had, is).
					WithFix("name the same data, or train anew without --resume")
			}
		}
		if d.set != nil {
			m.Provenance[d.key], m.Provenance[d.key+content] = name, is
		}
	}
	return nil
}

// fingerprintSamples is how many samples fingerprint reads.
const fingerprintSamples = 8

// fingerprint is a hash of all labels and of the first few samples as rasters: enough
// to tell data sets apart, and cheap.
func fingerprint(src dataset.Encoded) (string, error) {
	h := sha256.New()
	word := func(x int) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(x))
		h.Write(b[:])
	}
	word(src.Len())
	word(src.Classes())
	for i := range src.Len() {
		word(src.Label(i))
	}
	for i := range min(fingerprintSamples, src.Len()) {
		r, err := src.Raster(i, 0, 0)
		if err != nil {
			return "", err
		}
		for t := range r.Ticks() {
			at := r.At(t)
			word(len(at))
			for _, n := range at {
				word(int(n))
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}
