package train

import "github.com/isospike/isospike/snn/spike"

// Runner runs single samples through training's forward pass. Runners of one
// Trainer may run at the same time, as long as it does not train.
type Runner struct {
	t *Trainer
	w *worker
	s slot
}

// Runner returns a runner with neurons of its own.
func (t *Trainer) Runner() *Runner { return &Runner{t: t, w: t.newWorker()} }

// Run returns the spikes of every layer. They are valid until the next call.
func (r *Runner) Run(in *spike.Raster) []*spike.Raster {
	r.t.forward(r.w, &r.s, in, false, nil)
	return r.t.rasters(&r.s)
}
