package compile

// Unimproved is Compile's layout before improve.
const Unimproved Baseline = -1
