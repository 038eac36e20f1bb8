"""Writes the .h5 files of this folder with h5py, and gold.txt from recorded networks.

    python3 make.py [SHARED/gold/*/*.net ...]

The files are the test's independent oracle, so they are made by HDF5's own
library; hdf5_test.go repeats their content as formulas. gold.txt lists, for each
dataset of the networks given, its shape and sum of v[i]·(i mod 97 + 1).
"""
import os
import sys

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))

with h5py.File("types.h5", "w") as f:
    for order, name in (("<", "le"), (">", "be")):
        for kind in "iu":
            for size in (1, 2, 4, 8):
                t = np.dtype(f"{order}{kind}{size}")
                v = [np.iinfo(t).min, 5, min(np.iinfo(t).max, 2**63 - 1)]
                f[f"{name}/{kind}{size}"] = np.array(v, t)
        for size in (4, 8):
            f[f"{name}/f{size}"] = np.array([1.5, -0.1, np.inf], f"{order}f{size}")
    f["text/fixed"] = np.array([b"dense", b"", b"0123456789"], "S10")
    space = h5py.h5t.C_S1.copy()
    space.set_size(6)
    space.set_strpad(h5py.h5t.STR_SPACEPAD)
    d = h5py.h5d.create(f["text"].id, b"space", space, h5py.h5s.create(h5py.h5s.SCALAR))
    d.write(h5py.h5s.create(h5py.h5s.SCALAR), h5py.h5s.create(h5py.h5s.SCALAR), np.array(b"ab    ", "S6"), space)
    f["text/scalar"] = "CUBA é"
    f["text/list"] = ["a", "", "ccc"]
    f["bool"] = np.array([True, False, True])
    f["scalar"] = 42
    f["empty"] = np.zeros((0, 3), "i4")
    f["null"] = h5py.Empty("i4")
    f.create_dataset("unwritten", (4,), "i4")
    f["half"] = np.array([1], "f2")
    f["compound"] = np.array([(1, 2)], [("a", "i4"), ("b", "i4")])
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    v = np.array([1, -2, 3], "i2")
    d = h5py.h5d.create(f.id, b"compact", h5py.h5t.STD_I16LE, h5py.h5s.create_simple((3,)), plist)
    d.write(h5py.h5s.ALL, h5py.h5s.ALL, v)
    # Attributes added later do not fit the header: continuation blocks.
    d = f.create_dataset("continued", data=np.arange(3))
    for i in range(6):
        d.attrs[f"attribute {i}"] = "x" * 40

# A node of a group's B-tree has up to 32 children of up to 8 links: two levels.
with h5py.File("groups.h5", "w") as f:
    f["d"] = np.arange(2)
    for i in range(200):
        f[f"link {i:03}"] = f["d"]
    f["a/b/c"] = 7
    f["a/root"] = f["/"]  # a cycle
    f["soft"] = h5py.SoftLink("/d")

with h5py.File("chunks.h5", "w") as f:
    v = np.arange(7 * 10, dtype="i4").reshape(7, 10)
    opts = {"plain": {}, "gzip": {"compression": "gzip"}, "shuffle": {"shuffle": True},
            "both": {"compression": 9, "shuffle": True}}
    for name, o in opts.items():
        f.create_dataset(name, data=v, chunks=(3, 4), **o)
    f.create_dataset("cube", data=np.arange(60.0).reshape(3, 4, 5), chunks=(2, 3, 2), compression=1)
    f.create_dataset("levels", data=np.arange(150, dtype="u1"), chunks=(1,))  # 64 chunks a node
    f.create_dataset("strings", data=["a", "bb", "ccc"], chunks=(2,), compression=1,
                     dtype=h5py.string_dtype())
    d = f.create_dataset("mask", (4,), "i4", chunks=(2,), compression=1)
    d[:2] = [1, 2]
    d.id.write_direct_chunk((2,), np.array([3, 4], "i4").tobytes(), filter_mask=1)
    d = f.create_dataset("hole", (4,), "i4", chunks=(2,))
    d[:2] = [1, 2]
    f.create_dataset("checksum", data=v, chunks=(3, 4), fletcher32=True)

with h5py.File("userblock.h5", "w", userblock_size=512) as f:
    f["d"] = np.arange(3)

with h5py.File("latest.h5", "w", libver="latest") as f:
    f["d"] = np.arange(3)

with h5py.File("tracked.h5", "w", track_order=True) as f:
    f["d"] = np.arange(3)

# Lists of numbers, as event data sets have them: plain, in chunks, and one of many values.
with h5py.File("lists.h5", "w") as f:
    values = [[0, 0.5, -2], [], [65504, 2**-24, -0.0, float("inf")], list(range(1000))]
    for name, dtype in {"f2": "<f2", "f4": "<f4", "f8": ">f8", "i8": "<i8", "u2": "<u2"}.items():
        for how, o in {"plain": {}, "chunks": {"chunks": (2,), "compression": 1, "shuffle": True}}.items():
            d = f.create_dataset(f"{how}/{name}", (4,), h5py.vlen_dtype(np.dtype(dtype)), **o)
            for i, v in enumerate(values):
                if dtype[1] != "f":
                    v = [int(x) if 0 <= x < 2**15 else 7 for x in v]
                d[i] = np.array(v, dtype)
    f.create_dataset("text", data=["a", "b"], dtype=h5py.string_dtype())
    f["long"] = np.array([1], np.longdouble)
    f.create_dataset("nested", (1,), h5py.vlen_dtype(h5py.string_dtype()))

if len(sys.argv) > 1:
    with open("gold.txt", "w") as out:
        for path in sys.argv[1:]:
            rel = "/".join(os.path.abspath(path).split("/gold/")[1:])
            def show(name, d):
                if not isinstance(d, h5py.Dataset):
                    return
                v = np.asarray(d[()])
                if v.dtype.kind in "OS":
                    value = "|".join(s.decode() for s in v.ravel())
                else:
                    w = np.arange(v.size) % 97 + 1
                    value = repr(float((v.ravel().astype(float) * w).sum()))
                print(rel, name, ",".join(map(str, v.shape)) or "-", value, file=out)
            with h5py.File(path) as f:
                f.visititems(show)
