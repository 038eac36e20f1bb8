package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a piece of work is: a bar with rate and time left on a
// terminal that has room for them; elsewhere a plain line at most every plainEvery, and none for work
// that is over sooner.
type progress struct {
	a        *app
	what     string
	total    int
	done     int
	start    time.Time
	lastLine time.Time
	bar      *progressbar.ProgressBar
	narrow   bool // the bar has no room for extra text
	extra    string
}

const plainEvery = 10 * time.Second

// roomForExtra is the width of a terminal on which bar, count and extra text fit.
// Count, rate and time take up to roomForCount; a line that wraps stays where it is.
const (
	roomForExtra = 96
	roomForCount = 56
)

// terminalSize is that of standard error, which must be a terminal.
func (a *app) terminalSize() (width, height int) {
	width, height, err := term.GetSize(int(a.stderr.(*os.File).Fd()))
	if err != nil || width == 0 || height == 0 { // as on a serial line
		return 80, 24
	}
	return width, height
}

// progress begins a piece of work of total items.
func (a *app) progress(what, unit string, total int) *progress {
	p := &progress{a: a, what: what, total: total, start: time.Now(), lastLine: time.Now()}
	if a.quiet || !a.terminal() {
		return p
	}
	if width, _ := a.terminalSize(); width >= len(what)+roomForCount {
		p.narrow = width < roomForExtra
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowIts(), progressbar.OptionSetItsString(unit), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionUseANSICodes(true))
	}
	return p
}

// set says that done items are done; extra is shown beside them.
func (p *progress) set(done int, extra string) {
	p.done, p.extra = done, extra
	switch {
	case p.a.quiet:
	case p.bar != nil:
		if !p.narrow {
			p.bar.Describe(p.what + " " + extra)
		}
		_ = p.bar.Set(done)
	case time.Since(p.lastLine) >= plainEvery && done > 0:
		p.lastLine = time.Now()
		spent := time.Since(p.start)
		left := time.Duration(float64(spent) / float64(done) * float64(p.total-done))
		p.a.note("%s %s %d/%d, %.0f/s, %s left", p.what, extra, done, p.total, float64(done)/spent.Seconds(), left.Round(time.Second))
	}
}

// end finishes the work and takes the bar off the terminal, once.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
		p.bar = nil
	}
}

// seconds renders a duration for people.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
