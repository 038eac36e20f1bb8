package report

// VerifyRow is one comparison of the spikes that two executors gave to the same samples.
type VerifyRow struct {
	A, B       string // "training", "sim", "rtl", "board"
	Samples    int    // compared
	Spikes     int    // compared, those of A
	Mismatches int    // spikes that exactly one of the two gave
}

// Verdict is what a set of comparisons comes to.
type Verdict int

// The verdicts.
const (
	NotVerified Verdict = iota // nothing was compared, or one comparison had no samples or no spikes
	Mismatch                   // a spike differs
	BitExact                   // all that was compared is identical
)

// Judge returns the verdict on the comparisons. One that compared nothing proves
// nothing, so it takes BitExact away.
func Judge(rows []VerifyRow) Verdict {
	v := BitExact
	for _, r := range rows {
		switch {
		case r.Mismatches != 0:
			return Mismatch
		case r.Samples <= 0 || r.Spikes <= 0:
			v = NotVerified
		}
	}
	if len(rows) == 0 {
		return NotVerified
	}
	return v
}

// verdicts says how each verdict is shown. The sign is there so that it does not
// rest on colour alone.
var verdicts = [...]struct{ word, row, class, mark, color string }{
	NotVerified: {"NOT VERIFIED", "nothing compared", "not-verified", "?", amber},
	Mismatch:    {"MISMATCH", "differs", "mismatch", "✗", red},
	BitExact:    {"BIT-EXACT", "identical", "bit-exact", "✓", green},
}

// String returns the verdict as it is shown: BIT-EXACT.
func (v Verdict) String() string { return verdicts[v].word }

// mismatches and compared sum the comparisons.
func mismatches(rows []VerifyRow) (n int64) {
	for _, r := range rows {
		n += int64(r.Mismatches)
	}
	return n
}

func compared(rows []VerifyRow) (n int64) {
	for _, r := range rows {
		n += int64(r.Spikes)
	}
	return n
}
