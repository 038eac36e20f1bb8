"""Writes NIR graphs as nir.write does, with h5py, and beside each, in a group "test", spikes
that go in and those that come out of it by forward Euler steps in float64, node by node.

    python3 makenir.py [FOLDER SEED]

The simulator below shares nothing with isospike: every node is a function of the arrays that
its neighbours give, and a spike passes all nodes in its own tick.
"""
import os
import sys

import h5py
import numpy as np

FOLDER, SEED = sys.argv[1:] or (os.path.join(os.path.dirname(os.path.abspath(__file__)), "nir"), 7)
rng = np.random.default_rng(int(SEED))
DT = 1e-3


def write_recursive(group, node):
    """As in nir: strings, arrays with their type, dictionaries as groups, the rest as it is."""
    for k, v in node.items():
        if k == "metadata":
            if v:
                write_recursive(group.create_group(k), v)
        elif isinstance(v, str):
            group.create_dataset(k, data=v, dtype=h5py.string_dtype())
        elif isinstance(v, np.ndarray):
            group.create_dataset(k, data=v, dtype=v.dtype)
        elif isinstance(v, dict):
            write_recursive(group.create_group(str(k)), v)
        else:
            group.create_dataset(k, data=v)


def conv(x, w, stride, padding, dilation, groups):
    kh, kw = w.shape[2:]
    if padding == "valid":
        pad = [(0, 0), (0, 0)]
    elif padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, (kh, kw))]
        pad = [(t // 2, t - t // 2) for t in total]
    else:
        pad = [(p, p) for p in padding]
    x = np.pad(x, [(0, 0), *pad])
    h = (x.shape[1] - dilation[0] * (kh - 1) - 1) // stride[0] + 1
    v = (x.shape[2] - dilation[1] * (kw - 1) - 1) // stride[1] + 1
    out = np.zeros((w.shape[0], h, v))
    per_in, per_out = w.shape[1], w.shape[0] // groups
    for o in range(w.shape[0]):
        first = o // per_out * per_in
        for i in range(h):
            for j in range(v):
                rows = slice(i * stride[0], i * stride[0] + dilation[0] * (kh - 1) + 1, dilation[0])
                columns = slice(j * stride[1], j * stride[1] + dilation[1] * (kw - 1) + 1, dilation[1])
                out[o, i, j] = (x[first : first + per_in, rows, columns] * w[o]).sum()
    return out


def two(x):
    return tuple(np.broadcast_to(x, 2)) if not isinstance(x, str) else x


def rows(b):
    return np.asarray(b).reshape(-1, 1, 1)


class Step:
    """One node, with its state."""

    def __init__(self, n):
        self.n, self.u, self.v, self.sent = n, 0.0, 0.0, []

    def __call__(self, x):
        n = self.n
        kind = n["type"]
        if kind in ("Input", "Output"):
            return x
        if kind == "Flatten":
            return x.ravel()
        if kind == "Linear":
            return n["weight"] @ x
        if kind == "Affine":
            return n["weight"] @ x + n["bias"]
        if kind == "Scale":
            return n["scale"] * x
        if kind == "Conv2d":
            return conv(x, n["weight"], two(n["stride"]), two(n["padding"]), two(n["dilation"]), int(n["groups"])) + rows(n["bias"])
        if kind.endswith("Pool2d"):
            size = two(n["kernel_size"])
            w = np.ones((x.shape[0], 1, *size)) / (np.prod(size) if kind[0] == "A" else 1)
            return conv(x, w, two(n["stride"]), two(n["padding"]), (1, 1), x.shape[0])
        if kind == "Threshold":
            return (x > n["threshold"]) * 1.0
        if kind == "Delay":
            self.sent.append(x)
            late = np.broadcast_to(np.rint(n["delay"] / DT).astype(int), x.shape)
            out = np.zeros_like(x)
            for at in np.ndindex(x.shape):
                t = len(self.sent) - 1 - late[at]
                out[at] = self.sent[t][at] if t >= 0 else 0
            return out
        if kind == "CubaLIF":
            self.u = self.u + DT / n["tau_syn"] * (n.get("w_in", 1.0) * x - self.u)
            self.v = self.v + DT / n["tau_mem"] * (n["v_leak"] - self.v + n["r"] * self.u)
        elif kind == "LIF":
            self.v = self.v + DT / n["tau"] * (n["v_leak"] - self.v + n["r"] * x)
        elif kind == "IF":
            self.v = self.v + n["r"] * x
        spikes = self.v > n["v_threshold"]
        self.v = np.where(spikes, 0, self.v)
        return spikes * 1.0


def graph(name, shape, *nodes, rate=0.3, ticks=60):
    nodes = [{"type": "Input", "shape": np.array(shape), "metadata": {}}, *nodes]
    steps = [Step(n) for n in nodes]
    spikes = (rng.random((ticks, *shape)) < rate).astype("u1")
    out = []
    for x in spikes.astype(float):
        for s in steps:
            x = s(x)
        out.append(x.ravel())
    out = np.array(out).astype("u1")
    print(name, spikes.sum(), "spikes in,", out.sum(), "of", out.size, "out")
    nodes.append({"type": "Output", "shape": np.array(x.shape), "metadata": {}})
    names = [f"{n['type'].lower()}_{i}" for i, n in enumerate(nodes)]
    with h5py.File(os.path.join(FOLDER, f"{name}.nir"), "w") as f:
        f.create_dataset("version", data="1.0.6")
        write_recursive(f.create_group("node"), {
            "nodes": dict(zip(names, nodes)), "edges": list(zip(names, names[1:])), "metadata": {}, "type": "NIRGraph"})
        f["test/in"] = spikes.reshape(ticks, -1)
        f["test/out"] = out


def weights(*shape, scale=1.0, dtype="f4"):
    return (rng.normal(0.2, 0.6, shape) * scale).astype(dtype)


def lif(tau=0.02, r=None, threshold=1.0, leak=0.0, **more):
    return {"type": "LIF", "tau": np.float32(tau), "r": np.float32(tau / DT if r is None else r),
            "v_leak": np.float32(leak), "v_threshold": np.float32(threshold), "v_reset": np.float32(0), "metadata": {}, **more}


def full(shape, x):
    return np.full(shape, x, "f4")


# As snnTorch exports: arrays of one value a neuron, r = tau_mem/dt, w_in = tau_syn/dt.
graph("cuba", (5,),
      {"type": "Linear", "weight": weights(6, 5)},
      {"type": "CubaLIF", "tau_syn": full(6, 4e-3), "tau_mem": full(6, 1e-2), "r": full(6, 10), "v_leak": full(6, 0),
       "v_threshold": full(6, 1.3), "v_reset": full(6, 0), "w_in": full(6, 4), "metadata": {"from": "test"}},
      {"type": "Affine", "weight": weights(4, 6, dtype="f8"), "bias": np.array([0.05, 0, -0.1, 0.2])},
      lif())

# Scalars everywhere, delays, no w_in.
graph("delays", (5,),
      {"type": "Linear", "weight": weights(7, 5, scale=9)},
      {"type": "CubaLIF", "tau_syn": np.float64(3e-3), "tau_mem": np.float64(8e-3), "r": np.float64(2), "v_leak": np.float64(0),
       "v_threshold": np.float64(0.5), "v_reset": np.float64(0)},
      {"type": "Delay", "delay": np.arange(7) * DT},
      {"type": "Linear", "weight": weights(6, 7)},
      {"type": "Threshold", "threshold": np.array(0.7)},
      {"type": "Delay", "delay": np.float64(2 * DT)},
      {"type": "Linear", "weight": weights(3, 6)},
      {"type": "IF", "r": full(3, 0.5), "v_threshold": full(3, 1.1), "v_reset": full(3, 0)})

# Convolutions of every kind, pools without neurons before, between and after weights.
graph("scnn", (2, 9, 8),
      {"type": "SumPool2d", "kernel_size": np.array([1, 2]), "stride": np.array([1, 1]), "padding": np.array([0, 0])},
      {"type": "Conv2d", "input_shape": np.array([9, 7]), "weight": weights(4, 1, 3, 2), "stride": np.array([1, 2]), "padding": np.array([0, 0]),
       "dilation": np.array([2, 1]), "groups": 2, "bias": weights(4)},
      {"type": "IF", "r": np.array(1.0), "v_threshold": np.array([2.0, 3.0, 2.5, 4.0]).reshape(4, 1, 1), "v_reset": np.array(0.0)},
      {"type": "SumPool2d", "kernel_size": np.array([2, 1]), "stride": np.array([1, 1]), "padding": np.array([0, 0])},
      {"type": "AvgPool2d", "kernel_size": np.array(2), "stride": np.array(1), "padding": np.array(0)},
      {"type": "Conv2d", "weight": weights(6, 4, 2, 2, scale=2), "stride": 1, "padding": "valid", "dilation": 1, "groups": 1, "bias": np.zeros(6)},
      {"type": "AvgPool2d", "kernel_size": np.array([2, 1]), "stride": np.array([2, 1]), "padding": np.array([0, 0])},
      lif(0.01, leak=0.3),
      {"type": "Flatten", "start_dim": 0, "end_dim": -1, "input_type": np.array([6, 1, 1])},
      {"type": "Affine", "weight": weights(5, 6), "bias": weights(5)},
      lif(0.05), rate=0.2)

# Padding "same" with even kernels, a pool with padding, a flattened pool.
graph("same", (1, 6, 5),
      {"type": "Conv2d", "weight": weights(3, 1, 2, 4), "stride": np.array([1, 1]), "padding": "same", "dilation": np.array([3, 1]),
       "groups": np.array(1), "bias": np.zeros(3, "f4")},
      lif(full((3, 6, 5), 0.03), r=np.array([20.0, 30, 40]).reshape(3, 1, 1)),
      {"type": "SumPool2d", "kernel_size": np.array([3, 2]), "stride": np.array([2, 2]), "padding": np.array([1, 1])},
      {"type": "Flatten", "start_dim": np.int64(0), "end_dim": np.int64(2), "input_type": np.array([3, 3, 3])},
      {"type": "Linear", "weight": weights(4, 27)},
      lif(0.02, leak=np.array([0.1, 0, -0.5, 0.2])), rate=0.2)

# Scales before and behind weights, gains and thresholds of each neuron.
graph("scale", (6,),
      {"type": "Scale", "scale": np.array([1, 0.5, -1, 2, 1, 0.1])},
      {"type": "Linear", "weight": weights(5, 6)},
      {"type": "Scale", "scale": np.array([1, 2, 0.5, 1, 3.0])},
      lif(0.02, r=np.array([20, 10, 30, 20, 5.0]), threshold=np.array([1, 2, 0.5, 1, 1.5])),
      {"type": "Scale", "scale": np.array(0.6)},
      lif(0.02), rate=0.4)
