"""Writes dense.net and graded.net with h5py: lava-dl networks of dense layers, 10-8d-4 of CUBA
neurons, and 10-6d-5-3 of sigma-delta neurons, resonate-and-fire neurons of complex weights and
sigma neurons, behind an input layer of delta neurons.

    python3 make.py
"""
import os

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))

cuba = {"type": "CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 80, "refDelay": 1, "gradedSpike": False}
sdnn = {"type": "SDNN", "activation": "relu", "vThMant": 2}
rf = {"type": "RF_PHASE", "sinDecay": 2103, "cosDecay": 3273, "vThMant": 1, "gradedSpike": False}


def weights(o, i):
    """Even numbers from −24 to 102, in an order without a pattern by rows."""
    return ((np.arange(o * i) * 37 % 64) * 2.0 - 24).reshape(o, i).astype("f4")


def layer(f, kind, n, neuron):
    g = f.create_group(f"layer/{len(f['layer']) if 'layer' in f else 0}")
    g.create_dataset("type", (1,), "S10", [kind])
    g["shape"] = np.array([n, 1, 1])
    for key, v in neuron.items():
        g[f"neuron/{key}"] = v
    return g


def dense(f, i, o, neuron):
    g = layer(f, b"dense", o, neuron)
    g["inFeatures"], g["outFeatures"] = i, o
    return g


with h5py.File("dense.net", "w") as f:
    for k, (i, o) in enumerate([(10, 8), (8, 4)]):
        g = dense(f, i, o, cuba)
        g["weight"] = weights(o, i)
        if k == 0:
            g["delay"] = np.arange(8, dtype="f4")

with h5py.File("graded.net", "w") as f:
    layer(f, b"input", 10, sdnn)
    g = dense(f, 10, 6, sdnn)
    g["weight"], g["bias"], g["delay"] = weights(6, 10), np.arange(6, dtype="f4") - 2, np.arange(6, dtype="f4")
    g = dense(f, 6, 5, rf)
    g["weight/real"], g["weight/imag"] = weights(5, 6), weights(5, 6)[::-1]
    g = dense(f, 5, 3, {**sdnn, "sigma_output": True})
    g["weight"] = weights(3, 5)
