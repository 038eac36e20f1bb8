package spike

// Event is one address event of a camera or another sensor, before binning.
// For .bs1 files, which number neurons in one dimension, X is the neuron and Y is 0.
type Event struct {
	X, Y uint16
	P    uint8  // polarity: 0 OFF, 1 ON; in .bs3 files a channel 0..255
	T    uint32 // microseconds from the start of the recording
}
