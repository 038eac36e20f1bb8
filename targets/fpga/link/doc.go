// Package link carries a program, its inputs and its output spikes over a serial
// line to a board, and survives a bad line: whatever bytes are lost, damaged,
// repeated or late, the host gets exactly what the board computed, or an error.
//
// docs/protocol.md has the wire format, the state machine and the argument why
// every command is executed exactly once. In short:
//
//   - Frames are COBS between zero bytes and end in a CRC-32C.
//   - HELLO opens a session. The host's random number and the board's own,
//     exclusive-ored, are the key that every later frame carries both ways, so
//     neither side takes a frame of an earlier session or of an earlier boot.
//   - Commands that change the board (WRITE, COMMIT, RESET, RUN) are numbered and
//     executed in order. The board remembers one number and one position within
//     the frame; each STATUS tells both, so that no reply need be kept for repeats.
//   - Output spikes are a stream with absolute offsets in a ring on the board,
//     freed only when the host says how far it has read.
//   - POLL is the one way out of every trouble: it tells where the board is, and
//     the board repeats the output that the host has not confirmed.
//   - A board runs only after a COMMIT whose CRC-32C matches its own memory.
//
// Dial, Conn.Load and Conn.Run are the host's side. Serve is the board's side, over
// any Machine; it is written to be read next to the Verilog that does the same.
package link
