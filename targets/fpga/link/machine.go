package link

// Machine is a board without its serial line. Serve calls it from one goroutine.
type Machine interface {
	// Info describes the board. Serve calls it once, before anything else; Regions
	// is taken from Memory.
	Info() Info
	// Memory returns the storage of each region. Serve calls it once and then reads and
	// writes the bytes at any time; what they hold counts from the next Start on.
	Memory() [][]byte
	// Start is called when COMMIT has found the memory to be what the host meant.
	// An error means that the tables make no sense; the board then refuses to run.
	Start() error
	// Reset brings the state to that before the first tick: u, v and the delay ring
	// zero. It follows Start, before every sample.
	Reset()
	// Step runs one tick. axons are the inputs, ascending and below Info.Axons; the
	// neurons that spike are appended to spikes, ascending and below Info.Neurons.
	Step(axons, spikes []int32) []int32
	// Counters returns what the board has done since it started.
	Counters() Counters
}

// Counters is the work that a board has done since it was powered up or reset.
type Counters struct {
	Ticks    uint64 // ticks run
	Synapses uint64 // synaptic operations: weights added to an accumulator
	Spikes   uint64 // spikes of all neurons
	Cycles   uint64 // clocks that the core took for them; 0 where there is no clock
}
