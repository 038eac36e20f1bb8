// Package hdf5 reads and writes the part of HDF5 that network files are made of:
// lava-dl's .net and NIR, as h5py writes them by default. It reads
//
//	superblock        version 0 or 1, after a user block of any size
//	object headers    version 1, with continuation blocks
//	groups            symbol tables: B-tree version 1 of any depth, local heap
//	datasets          contiguous, compact, or chunked by a B-tree version 1;
//	                  deflate and shuffle filters
//	types             integers and IEEE floats of 8 to 64 bits and either byte
//	                  order, enumerations of integers (booleans), strings of
//	                  fixed and variable length
//
// Left out are attributes (not read), links other than hard ones, compound and
// other types, and the newer structures that libver="latest" or track_order
// bring: these are "hdf5-unsupported" errors that say what they met. A file that
// contradicts itself is "hdf5-malformed".
//
// It writes ([Bytes]) a subset of that: numbers, booleans and strings in contiguous
// datasets, in groups of any size, the same bytes for the same content.
//
// The format is specified in "HDF5 File Format Specification Version 3.0",
// The HDF Group; section numbers in the code refer to it.
//
// # Hostile files
//
// No structure is read twice while one object is read, so whatever reads more
// bytes than the file has goes in a circle (see walk). Values of one dataset take
// at most 1 GiB, and no more than its stored bytes can expand to.
package hdf5
