"""Writes layers.net with h5py: one layer of each type, with lava-dl's keys.

    python3 make.py

lava_test.go repeats the content. The layers need not fit each other.
"""
import os

import h5py
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))


def layer(f, kind, shape, neuron=None, **keys):
    g = f.create_group(f"layer/{len(f['layer']) if 'layer' in f else 0}")
    g.create_dataset("type", (1,), "S10", [kind.encode()])
    g["shape"] = np.array(shape)
    for k, v in keys.items():
        g[k.replace("__", "/")] = v
    for k, v in (neuron or {}).items():
        g[f"neuron/{k}"] = v


def weights(*shape):
    """Even numbers -8, -6, … as floats."""
    return (np.arange(np.prod(shape)) * 2.0 - 8).reshape(shape).astype("f4")


cuba = {"type": "CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 80, "refDelay": 1, "gradedSpike": False}
sdnn = {"type": "SDNN", "activation": "relu", "vThMant": 13, "sigma_output": True}
kernel = {"kernelSize": [2, 3], "stride": [1, 2], "padding": [0, 1], "dilation": [1, 1]}

with h5py.File("layers.net", "w") as f:
    layer(f, "input", (2, 4, 6), cuba, weight=np.float32([36]), bias=np.float32(-34))
    layer(f, "conv", (4, 3, 3), cuba, inChannels=2, outChannels=4, groups=2, weight=weights(4, 1, 2, 3, 1),
          bias=weights(4), delay=np.float32([0, 1, 2, 62]), **kernel)
    layer(f, "pool", (4, 2, 2), cuba, weight=weights(1, 1, 2, 3), **kernel)
    layer(f, "convT", (6, 4, 4), cuba, inChannels=4, outChannels=6, groups=2, weight=weights(4, 3, 2, 3), **kernel)
    layer(f, "unpool", (6, 8, 8), cuba, weight=weights(1, 1, 2, 3), **kernel)
    layer(f, "flatten", (384, 1, 1))
    layer(f, "dense", (3, 1, 1), sdnn, inFeatures=2, outFeatures=3, weight=weights(3, 2), bias=weights(3))
    layer(f, "dense_rec", (2,), cuba, inFeatures=3, outFeatures=2, weight=weights(2, 3), weight_rec=weights(2, 2))
    layer(f, "dense", (2,), {"type": "RF_PHASE", "sinDecay": 100, "cosDecay": 4000, "vThMant": 64},
          inFeatures=2, outFeatures=2, weight__real=weights(2, 2), weight__imag=-weights(2, 2))
    layer(f, "dense", (2,), inFeatures=2, outFeatures=2, weight=weights(2, 2))
    layer(f, "average", (2, 1, 1))
    f["simulation/Ts"] = 1
    f["simulation/tSample"] = 300
