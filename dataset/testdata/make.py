#!/usr/bin/env python3
"""Writes small files as the publishers of SHD and N-TIDIGITS18 made theirs:
with PyTables (python3-tables) and h5py (python3-h5py). Spike k of sample i is of
unit (100*i + 7*k) % n at k/1000 + i s, so that tests can tell what to expect."""
import h5py
import numpy as np
import tables

COUNTS = [3, 0, 40, 5]


def spikes(i, n):
    k = np.arange(COUNTS[i])
    return k / 1000 + i, (100 * i + 7 * k) % n


for name, labels in {"shd_train": [0, 19, 5, 5], "shd_test": [34, 1, 2, 3]}.items():
    with tables.open_file(name + ".h5", "w") as f:
        group = f.create_group("/", "spikes")
        times = f.create_vlarray(group, "times", tables.Float16Atom() if name == "shd_train" else tables.Float64Atom(),
                                 filters=tables.Filters(1), chunkshape=4)
        units = f.create_vlarray(group, "units", tables.UInt16Atom(), chunkshape=4)
        for i in range(len(labels)):
            t, u = spikes(i, 700)
            times.append(t)
            units.append(u)
        f.create_array("/", "labels", np.array(labels, "u2"))
        f.create_array(f.create_group("/", "extra"), "keys", [b"zero", b"one"])

with h5py.File("n-tidigits.hdf5", "w") as f:
    for part, names in {"train": ["man-ae-1-o", "man-ae-1-zo", "woman-bd-2-7"], "test": ["man-xx-1-z"]}.items():
        f[part + "_labels"] = np.array(names, "S")
        for i, name in enumerate(names):
            t, c = spikes(i, 64)
            f[f"{part}_timestamps/{name}"] = t.astype("f4")
            f[f"{part}_addresses/{name}"] = c.astype("u1")
