"""Reads a trace and artifacts with NumPy and the standard library alone.

    python3 read.py trace.npz trace.json ARTIFACT...

trace.json is what `isospike sim --json` printed beside the trace.
"""
import json
import struct
import sys

import numpy as np

trace, said = np.load(sys.argv[1]), json.load(open(sys.argv[2]))
assert sorted(trace) == sorted(["s_in"] + [f"{v}{k}" for v in "suv" for k in range(len(said["spikes"]))])
assert trace["s_in"].dtype == np.uint8 and trace["s_in"].max() == 1 and trace["s_in"].shape[1] == said["ticks"]
for k, spikes in enumerate(said["spikes"]):
    s, u, v = (trace[f"{name}{k}"] for name in "suv")
    assert s.dtype == np.uint8 and u.dtype == v.dtype == np.int32 and s.shape == u.shape == v.shape
    assert s.max() == 1 and s.sum() == spikes and s.shape[1] == said["ticks"], (k, spikes)
    print(f"{sys.argv[1]}: layer {k}: {s.shape[0]} neurons, {s.sum()} spikes")

size = {"U8": 1, "I8": 1, "U16": 2, "I16": 2, "U32": 4, "I32": 4, "F32": 4, "I64": 8, "F64": 8}
for path in sys.argv[3:]:
    raw = open(path, "rb").read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    meta, end = header.pop("__metadata__"), 0
    for name, t in header.items():
        begin, stop = t["data_offsets"]
        assert begin == end and stop - begin == size[t["dtype"]] * np.prod(t["shape"], dtype=int), name
        end = stop
    assert header and 8 + n + end == len(raw)
    print(f"{path}: {meta['isospike.kind']}, {len(header)} tensors")
