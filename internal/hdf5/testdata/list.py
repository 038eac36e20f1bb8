"""Lists the datasets of an HDF5 file with h5py: path, type, shape, values.

    python3 list.py FILE
"""
import sys

import h5py
import numpy as np


def text(x):
    return x.decode() if isinstance(x, bytes) else str(x)


def show(name, d):
    if isinstance(d, h5py.Dataset):
        values = " ".join(text(x) for x in np.ravel(d[()]))
        print(f"{name} {d.dtype.name if d.dtype.kind != 'S' else d.dtype.str} {d.shape} {values}")


h5py.File(sys.argv[1], "r").visititems(show)
