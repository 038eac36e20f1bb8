// Package fpga is isospike's own core on an FPGA board, seen from the host: what
// the compiler must know of a board, the memory map that a program is written in,
// a board emulator, and the glue between programs and the serial link.
//
//	image, err := fpga.Encode(program)     // memories of the core; docs/memorymap.md
//	back, err := fpga.DecodeImage(image)   // what the core will make of them
//
//	stream, err := fpga.NewStream(ctx, conn, program)  // loads the board
//	records, err := stream.Run(ctx, input, 300)        // as fixed.Network.Run gives them
//
// NewEmulator makes a board without hardware: link.Serve puts it behind a serial
// line, and sim runs what DecodeImage finds in its memories.
package fpga
