#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_mat.py - writes tests/formats/data/mat: MatConvNet's networks in MAT files, with answers by NumPy alone

    python3 make_mat.py      needs numpy, scipy (version 5), hdf5storage 0.2 (version 7.3)

MATLAB itself was not at hand: SciPy and hdf5storage write what it reads. Seeded. The answers are float64 arithmetic on the
arrays as MATLAB indexes them ([row, column, in, out]), in loops that share nothing with the library."""
import os

import hdf5storage
import numpy as np
import scipy.io

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "mat")
rng = np.random.default_rng(6)


def weights(*shape):
    return (rng.standard_normal(shape) * 0.3).astype(np.float32)


# ---- what the layers compute; maps are [row, column, channel] -----------------------------------------------
def conv(x, f, b, pad=1, dilate=1):
    x = np.pad(x.astype(np.float64), ((pad, pad), (pad, pad), (0, 0)))
    kh, kw = f.shape[:2]
    h, w = x.shape[0] - (kh - 1) * dilate, x.shape[1] - (kw - 1) * dilate
    y = np.zeros((h, w, f.shape[3]))
    for i in range(kh):
        for j in range(kw):
            y += x[i * dilate:i * dilate + h, j * dilate:j * dilate + w] @ f[i, j].astype(np.float64)
    return y + (0 if b is None else b.ravel().astype(np.float64))


def bnorm(x, gamma, beta, moments):
    return gamma.ravel() * (x - moments[:, 0]) / moments[:, 1] + beta.ravel()


def relu(x, leak=0.0):
    return np.maximum(x, 0) + leak * np.minimum(x, 0)


def split(x):
    """SubP 0.5: of each channel the four sub-images, down the columns first."""
    return np.stack([x[i::2, j::2, c] for c in range(x.shape[2]) for j in (0, 1) for i in (0, 1)], axis=2)


def join(x):
    y = np.zeros((x.shape[0] * 2, x.shape[1] * 2, x.shape[2] // 4))
    for c in range(y.shape[2]):
        for k, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
            y[i::2, j::2, c] = x[:, :, 4 * c + k]
    return y


# ---- files ---------------------------------------------------------------------------------------------------
def cell(items, column=False):
    c = np.empty((len(items), 1) if column else (1, len(items)), dtype=object)
    for i, v in enumerate(items):
        c.reshape(-1)[i] = v
    return c


def squeezed(f):
    """MATLAB knows no dimensions of 1 at the end."""
    while f.ndim > 2 and f.shape[-1] == 1:
        f = f[..., 0]
    return f


def number(v):
    return np.array([[float(v)]])


def layer(kind, name, **fields):
    s = {"type": kind, "name": name}
    s.update(fields)
    return s


def conv_layer(name, f, b, pad=1, dilate=1):
    return layer("conv", name, weights=cell([squeezed(f), b]), pad=number(pad), stride=number(1), dilate=number(dilate))


def save(name, what, five=True, seven=True):
    if five:
        scipy.io.savemat(os.path.join(HERE, name + "_5.mat"), what, do_compression=True)
    if seven:
        file = os.path.join(HERE, name + "_73.mat")
        if os.path.exists(file):
            os.remove(file)
        options = hdf5storage.Options(matlab_compatible=True, oned_as="row")
        hdf5storage.savemat(file, what, format="7.3", options=options)


def answers(name, x, y, sigma=None, kinds=("5", "73")):
    for kind in kinds:
        stem = os.path.join(HERE, f"{name}_{kind}")
        np.save(stem + ".in.npy", x.astype(np.float32))
        np.save(stem + ".out.npy", y.astype(np.float32))
        if sigma is not None:
            np.save(stem + ".in2.npy", sigma.astype(np.float32))


def dncnn():
    """A chain whose answer is the noise; three colours, moments, a leak, a dilated layer, no bias in one."""
    f = [weights(3, 3, 3, 6), weights(3, 3, 6, 6), weights(3, 3, 6, 3)]
    b = [weights(1, 6), np.zeros((1, 6), np.float32), weights(1, 3)]
    gamma, beta = weights(6, 1), weights(6, 1)
    moments = np.concatenate([weights(6, 1), rng.uniform(0.5, 1.5, (6, 1)).astype(np.float32)], axis=1)
    net = {"layers": cell([
        conv_layer("layer1", f[0], b[0]),
        layer("relu", "layer2", leak=number(0.1), weights=cell([])),
        conv_layer("layer3", f[1], b[1], pad=2, dilate=2),
        layer("bnorm", "layer4", weights=cell([gamma, beta, moments])),
        layer("relu", "layer5", leak=number(0)),
        conv_layer("layer6", f[2], b[2]),
        layer("loss", "layer7")])}
    x = rng.random((7, 9, 3)).astype(np.float32)
    y = relu(conv(x, f[0], b[0]), 0.1)
    y = relu(bnorm(conv(y, f[1], b[1], 2, 2), gamma, beta, moments))
    save("dncnn", {"net": net})
    answers("dncnn", x, x - conv(y, f[2], b[2]))


def ffdnet():
    """Blocks of pixels in MATLAB's order, a map of sigma, an odd side."""
    f = [weights(3, 3, 5, 6), weights(3, 3, 6, 4)]
    b = [weights(1, 6), weights(1, 4)]
    net = {"layers": cell([
        layer("SubP", "layer1", scale=number(0.5)), layer("concat", "layer2"),
        conv_layer("layer3", f[0], b[0]), layer("relu", "layer4", leak=number(0)),
        conv_layer("layer5", f[1], b[1]), layer("SubP", "layer6", scale=number(2))])}
    x = rng.random((7, 8, 1)).astype(np.float32)
    sigma = np.full((7, 8, 1), 25 / 255, np.float32)
    grown = np.pad(x, ((0, 1), (0, 0), (0, 0)), mode="edge")
    y = np.concatenate([split(grown), np.full((4, 4, 1), sigma[0, 0, 0], np.float64)], axis=2)
    y = join(conv(relu(conv(y, f[0], b[0])), f[1], b[1]))[:7]
    save("ffdnet", {"net": net})
    answers("ffdnet", x, y, sigma)


def struct_array(items):
    fields = list(items[0])
    a = np.empty((1, len(items)), dtype=[(k, object) for k in fields])
    for i, item in enumerate(items):
        for k in fields:
            a[0, i][k] = item[k]
    return a


def dag():
    """DagNN: layers name what they take; a sum closes it, a loss hangs on it. The last filters have one output."""
    f = [weights(3, 3, 1, 5), weights(3, 3, 5, 1)]
    b = weights(5, 1)

    def block(**k):
        return {a: number(v) for a, v in k.items()}

    def node(kind, name, inputs, outputs, params, fields):
        return {"name": name, "type": "dagnn." + kind, "inputs": cell(inputs), "outputs": cell(outputs),
                "params": cell(params), "block": fields}
    net = {
        "layers": struct_array([
            node("Conv", "conv1", ["input"], ["x1"], ["f1", "b1"], block(pad=1, stride=1, dilate=1, hasBias=1)),
            node("ReLU", "relu1", ["x1"], ["x2"], [], block(leak=0)),
            node("Conv", "conv2", ["x2"], ["x3"], ["f2"], block(pad=1, stride=1, dilate=1, hasBias=0)),
            node("Sum", "sum", ["x3", "input"], ["prediction"], [], block(numInputs=2)),
            node("Loss", "loss", ["prediction", "label"], ["objective"], [], block(numInputs=2))]),
        "params": struct_array([{"name": "f1", "value": f[0]}, {"name": "b1", "value": b},
                                {"name": "f2", "value": squeezed(f[1])}])}
    x = rng.random((6, 8, 1)).astype(np.float32)
    save("dag", {"net": net})
    answers("dag", x, x + conv(relu(conv(x, f[0], b)), f[1], None))


def vdsr():
    """struct model with the cells weight and bias, as VDSR's authors published it; the picture is input plus answer."""
    f = [weights(3, 3, 1, 4), weights(3, 3, 4, 4), weights(3, 3, 4, 1)]
    b = [weights(4, 1), weights(4, 1), weights(1, 1)]
    save("vdsr", {"model": {"weight": cell([squeezed(v) for v in f], True), "bias": cell(b, True)}})
    x = rng.random((6, 5, 1)).astype(np.float32)
    y = conv(relu(conv(relu(conv(x, f[0], b[0])), f[1], b[1])), f[2], b[2])
    answers("vdsr", x, x + y)


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for make in (dncnn, ffdnet, dag, vdsr):
        make()
