"""Reads exported networks with h5py, as nir and lava-dl do, and compares them with the artifact.

    python3 readhdf5.py fixed.safetensors network.nir network.net

The network is one of dense layers, with 8-bit weights and no exponents.
"""
import json
import struct
import sys

import h5py
import numpy as np

raw = open(sys.argv[1], "rb").read()
(n,) = struct.unpack("<Q", raw[:8])
header = json.loads(raw[8 : 8 + n])
layers = json.loads(header["__metadata__"]["isospike.network"])["layers"]


def tensor(name, dtype):
    t = header[name]
    return np.frombuffer(raw[8 + n :], dtype, int(np.prod(t["shape"])), t["data_offsets"][0]).reshape(t["shape"])


with h5py.File(sys.argv[2], "r") as f:
    assert f["node/type"][()] == b"NIRGraph" and f["version"][()]
    edges = [(a.decode(), b.decode()) for a, b in f["node/edges"][()]]
    order = ["input"]
    while order[-1] != "output":
        order += [b for a, b in edges if a == order[-1]]
    assert sorted(order) == sorted(f["node/nodes"]) and len(order) == len(edges) + 1
    nodes = [{k: v[()] for k, v in f["node/nodes"][name].items()} for name in order]
    linear = [x["weight"] for x in nodes if x["type"] == b"Linear"]
    neurons = [x for x in nodes if x["type"] == b"CubaLIF"]
    dt = f["isospike/dt"][()]
    for k, layer in enumerate(layers):
        assert (linear[k] == tensor(f"{k + 1}.weight", "<i2")).all()
        p, x = layer["neuron"], neurons[k]
        assert np.allclose(4096 * dt / x["tau_syn"], p["IDecay"]) and np.allclose(4096 * dt / x["tau_mem"], p["VDecay"])
        assert (x["v_threshold"] == p["VTh"]).all() and len(set(v.shape for v in x.values() if v is not x["type"])) == 1
    assert f["isospike/fixed"][()].tobytes() == raw
    print(f"{sys.argv[2]}: {len(order)} nodes, {sum(w.size for w in linear)} weights")

with h5py.File(sys.argv[3], "r") as f:
    dense = [f["layer"][str(i)] for i in range(len(f["layer"])) if f["layer"][str(i)]["type"][0] == b"dense"]
    for k, layer in enumerate(layers):
        assert (dense[k]["weight"][()] == tensor(f"{k + 1}.weight", "<i2")).all()
        assert dense[k]["neuron/iDecay"][()] == layer["neuron"]["IDecay"] and dense[k]["neuron/vThMant"][()] == layer["neuron"]["VTh"]
    assert len(dense) == len(layers) > 0
    print(f"{sys.argv[3]}: {len(f['layer'])} layers, {sum(d['weight'].size for d in dense)} weights")
