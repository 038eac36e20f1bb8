package snn

// Window is the span of ticks in which output spikes count: From up to, but not
// including, To. A To of 0 is the last tick.
type Window struct {
	From int `toml:"from" json:"from"`
	To   int `toml:"to" json:"to"`
}

// Bounds returns the window's ticks in a run of the given length.
func (w Window) Bounds(ticks int) (from, to int) {
	to = ticks
	if w.To > 0 {
		to = min(w.To, ticks)
	}
	return min(w.From, to), to
}

// Valid reports whether the window is not empty.
func (w Window) Valid() bool { return w.From >= 0 && (w.To == 0 || w.To > w.From) }
