// Package safetensors writes and reads the safetensors format, in which
// isospike keeps its artifacts, with a checksum that covers the whole file.
//
// # Format
//
//	8 bytes    N, the header's length, little endian
//	N bytes    the header, JSON, padded with spaces so that 8 divides N
//	the rest   the tensors' bytes, little endian, C order, without gaps
//
// The header is {"__metadata__": {string: string}, NAME: {"dtype", "shape",
// "data_offsets": [begin, end]}, …}, offsets counted from the first byte after it.
// The format is specified at https://github.com/huggingface/safetensors.
//
// # Checksum
//
// [Write] adds the metadata entry "isospike.sha256": SHA-256, in hexadecimal,
// over the canonical header without that entry and without padding, then the
// tensors' bytes. The canonical header is what Write writes: metadata first,
// keys sorted, tensors in the order of their bytes, no white space. So a changed
// shape or provenance is found as surely as a changed weight, and any program
// can check it. Same File, same bytes.
package safetensors
