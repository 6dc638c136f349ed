# SPDX-License-Identifier: MIT
"""float64.py - what a network of nets.py answers in double precision; numpy alone, no runtime's code.

run(model, x, wanted=None): x is 1 x C x H x W; the graph's output, or the value of that name. Convolutions are matrix
products of gathered strips, so a reference at 256x256 takes seconds. An operator that no network here has raises KeyError.
"""
import numpy as np
from onnx import helper, numpy_helper

STRIP = 24 << 20  # bytes of a gathered strip


def conv(a, x, w, b=None):
    """Strips of output rows: taps gathered as rows of a matrix, one product each."""
    (s, _), (d, _), g = a["strides"], a["dilations"], a["group"]
    o, per, kh, kw = w.shape
    if g == x.shape[1] and per == 1:
        y = depthwise(x, w, s, d, a["pads"])
    else:
        assert g == 1
        y = dense(x, w, s, d, a["pads"])
    return y if b is None else y + b.reshape(1, o, 1, 1)


def padded(x, pads):
    return np.pad(x[0], ((0, 0), (pads[0], pads[2]), (pads[1], pads[3])))


def tap(p, ky, kx, s, d, y0, h, w):
    """h x w samples of every channel that this tap of the kernel meets, from output row y0 on."""
    y, x = ky * d + y0 * s, kx * d
    return p[:, y:y + (h - 1) * s + 1:s, x:x + (w - 1) * s + 1:s]


def out_size(p, w, s, d):
    return [(p.shape[1 + i] - d * (w.shape[2 + i] - 1) - 1) // s + 1 for i in (0, 1)]


def dense(x, w, s, d, pads):
    p = padded(x, pads)
    o, c, kh, kw = w.shape
    h, wd = out_size(p, w, s, d)
    matrix = w.transpose(0, 2, 3, 1).reshape(o, -1)
    y = np.empty((1, o, h, wd))
    rows = max(1, STRIP // (8 * wd * matrix.shape[1]))
    for y0 in range(0, h, rows):
        n = min(rows, h - y0)
        strip = np.concatenate([tap(p, ky, kx, s, d, y0, n, wd).reshape(c, -1) for ky in range(kh) for kx in range(kw)])
        y[0, :, y0:y0 + n] = (matrix @ strip).reshape(o, n, wd)
    return y


def depthwise(x, w, s, d, pads):
    p = padded(x, pads)
    h, wd = out_size(p, w, s, d)
    y = np.zeros((1, w.shape[0], h, wd))
    for ky in range(w.shape[2]):
        for kx in range(w.shape[3]):
            y[0] += w[:, 0, ky, kx, None, None] * tap(p, ky, kx, s, d, 0, h, wd)
    return y


def conv_transpose(a, x, w, b=None):
    """Every input pixel spreads one kernel; then what padding stands for is cut away."""
    (s, _), (p, _, _, _), (extra, _) = a["strides"], a["pads"], a["output_padding"]
    c, o, kh, kw = w.shape
    h, wd = x.shape[2:]
    full = np.zeros((o, (h - 1) * s + kh + extra, (wd - 1) * s + kw + extra))
    flat = x[0].reshape(c, -1)
    for ky in range(kh):
        for kx in range(kw):
            full[:, ky:ky + (h - 1) * s + 1:s, kx:kx + (wd - 1) * s + 1:s] += (w[:, :, ky, kx].T @ flat).reshape(o, h, wd)
    y = full[None, :, p:full.shape[1] - p, p:full.shape[2] - p]
    return y if b is None else y + b.reshape(1, o, 1, 1)


def depth_to_space(a, x):
    assert a["mode"] == b"CRD"
    r, (_, c, h, w) = a["blocksize"], x.shape
    return x.reshape(1, c // r ** 2, r, r, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(1, c // r ** 2, h * r, w * r)


def space_to_depth(a, x):
    r, (_, c, h, w) = a["blocksize"], x.shape
    return x.reshape(1, c, h // r, r, w // r, r).transpose(0, 3, 5, 1, 2, 4).reshape(1, c * r ** 2, h // r, w // r)


def resize(a, x, _, scales):
    assert a["mode"] == b"nearest" and (scales == scales.astype(int)).all()
    return x.repeat(int(scales[2]), axis=2).repeat(int(scales[3]), axis=3)


def max_pool(a, x):
    assert list(a["kernel_shape"]) == list(a["strides"]) == [2, 2]
    h, w = (n // 2 * 2 for n in x.shape[2:])
    return x[:, :, :h, :w].reshape(1, x.shape[1], h // 2, 2, w // 2, 2).max(axis=(3, 5))


def split(a, x, parts):
    return np.split(x, np.cumsum(parts.astype(int))[:-1], axis=a["axis"])


OPS = {"Conv": conv, "ConvTranspose": conv_transpose, "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth,
       "Resize": resize, "MaxPool": max_pool, "Split": split,
       "Relu": lambda a, x: np.maximum(x, 0),
       "PRelu": lambda a, x, slope: np.where(x < 0, slope * x, x),
       "LeakyRelu": lambda a, x: np.where(x < 0, a["alpha"] * x, x),
       "Sigmoid": lambda a, x: 1 / (1 + np.exp(-x)),
       "Sqrt": lambda a, x: np.sqrt(x), "Pow": lambda a, x, y: x ** y,
       "Add": lambda a, x, y: x + y, "Sub": lambda a, x, y: x - y,
       "Mul": lambda a, x, y: x * y, "Div": lambda a, x, y: x / y,
       "Concat": lambda a, *xs: np.concatenate(xs, axis=a["axis"]),
       "ReduceMean": lambda a, x: x.mean(axis=tuple(a["axes"]), keepdims=True),
       "GlobalAveragePool": lambda a, x: x.mean(axis=(2, 3), keepdims=True)}


def last_uses(graph, wanted):
    """{value: the last node that reads it}, so that memory goes back early."""
    last = {name: i for i, n in enumerate(graph.node) for name in n.input}
    last[wanted] = len(graph.node)
    return last


def run(model, x, wanted=None):
    graph = model.graph
    wanted = wanted or graph.output[0].name
    values = {t.name: numpy_helper.to_array(t).astype(np.float64) for t in graph.initializer}
    values[""], values[graph.input[0].name] = None, x.astype(np.float64)
    last = last_uses(graph, wanted)
    for i, n in enumerate(graph.node):
        a = {v.name: helper.get_attribute_value(v) for v in n.attribute}
        y = OPS[n.op_type](a, *[values[name] for name in n.input])
        values.update(zip(n.output, y if isinstance(y, list) else [y]))
        if wanted in n.output:
            return values[wanted]
        for name in n.input:
            if last[name] == i:
                values.pop(name, None)
    return values[wanted]
