package rtl

// What the link in Verilog has, as it says in INFO: a block RAM for what comes in and one for what
// goes out, which boards with more neurons enlarge. Of payload it takes as much as leaves room in a
// third one for the registers and constants of its sequencer.
const (
	RxBuffer   = 512 // bytes of the receive buffer
	OutBuffer  = 512 // bytes of output, at least
	MaxPayload = 228 // bytes of payload in a frame to the board
)

// How many clocks a bit of the serial line may take (link/uart_rx.v).
const (
	MinDivider = 4
	MaxDivider = 4096
)
