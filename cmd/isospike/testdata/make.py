"""Writes dense.net with h5py: a lava-dl network of two dense layers, 10-8d-4.

    python3 make.py
"""
import os

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))

cuba = {"type": "CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 80, "refDelay": 1, "gradedSpike": False}

with h5py.File("dense.net", "w") as f:
    for k, (i, o) in enumerate([(10, 8), (8, 4)]):
        g = f.create_group(f"layer/{k}")
        g.create_dataset("type", (1,), "S10", [b"dense"])
        g["shape"] = np.array([o, 1, 1])
        g["inFeatures"], g["outFeatures"] = i, o
        # Even numbers from −24 to 102, in an order without a pattern by rows.
        g["weight"] = ((np.arange(o * i) * 37 % 64) * 2.0 - 24).reshape(o, i).astype("f4")
        if k == 0:
            g["delay"] = np.arange(8, dtype="f4")
        for key, v in cuba.items():
            g[f"neuron/{key}"] = v
