// Package npy reads and writes NumPy's .npy and .npz files, the form of recorded
// vectors and of traces.
//
// Read are versions 1 to 3 of the format, C and Fortran order, little-endian
// types |b1 |i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8 <f4 <f8 and <UN strings; written is
// version 1 in C order. No pickled objects. The format is specified at
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
package npy
