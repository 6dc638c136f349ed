#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_caffe.py - small caffemodels of both generations, and what PyTorch answers

    python3 make_caffe.py          # numpy, torch

Caffe itself is no longer installable: the messages are written here, field by field, after caffe.proto. Answers are
PyTorch's, layer by layer as Caffe's documentation has them. Seeded; writes data/caffe/.
"""
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "caffe")
RNG = np.random.default_rng(13)


# ---- the wire -------------------------------------------------------------------------------

def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def num(field, v):
    return varint(field << 3) + varint(int(v))


def blob_of(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def text(field, s):
    return blob_of(field, s.encode())


def real(field, v):
    return varint(field << 3 | 5) + struct.pack("<f", v)


def array(a, old=False, spread=False, double=False):
    """A BlobProto: with a shape, or with Caffe's first four numbers; packed, one by one, or double."""
    a = np.asarray(a, "float32")
    if old:
        shape = (1,) * (4 - a.ndim) + a.shape
        head = b"".join(num(1 + i, n) for i, n in enumerate(shape))
    else:
        head = blob_of(7, blob_of(1, b"".join(varint(n) for n in a.shape)))
    if double:
        return head + blob_of(8, a.astype("<f8").tobytes())
    if spread:
        return head + b"".join(real(5, v) for v in a.ravel())
    return head + blob_of(5, a.astype("<f4").tobytes())


# ---- layers -------------------------------------------------------------------------------------

def layer(kind, name, bottoms, tops, blobs=(), param=None, field=0):
    out = text(1, name) + text(2, kind)
    out += b"".join(text(3, b) for b in bottoms) + b"".join(text(4, t) for t in tops)
    out += b"".join(blob_of(7, b) for b in blobs)
    return blob_of(100, out + (blob_of(field, param) if field else b""))


def old_layer(kind, name, bottoms, tops, blobs=(), param=None, field=0):
    out = b"".join(text(2, b) for b in bottoms) + b"".join(text(3, t) for t in tops) + text(4, name) + num(5, kind)
    out += b"".join(blob_of(6, b) for b in blobs)
    return blob_of(2, out + (blob_of(field, param) if field else b""))


def noise(*shape, scale=None):
    fan = max(1, int(np.prod(shape[1:])))
    return RNG.normal(0, scale or 1.2 / np.sqrt(fan), shape).astype("float32")


def t(a):
    return torch.from_numpy(np.asarray(a, "float32"))


def save(name, message, x, y):
    with open(os.path.join(HERE, name + ".caffemodel"), "wb") as f:
        f.write(message)
    np.save(os.path.join(HERE, name + ".in.npy"), x.astype("float32"))
    y = y.detach().numpy()[0]
    np.save(os.path.join(HERE, name + ".out.npy"), y.transpose(1, 2, 0) if y.ndim == 3 else y)
    print(name, x.shape, "->", y.shape)


def picture(h, w, c):
    x = RNG.uniform(0, 1, (h, w, c)).astype("float32")
    return x, t(x.transpose(2, 0, 1)[None])


def ceil_average(x, k, s, p):
    """Caffe's: windows rounded up, a window's share cut at the padded edge."""
    h, w = x.shape[2:]
    oh, ow = [-(-(n + 2 * p - k) // s) + 1 for n in (h, w)]
    oh, ow = [o - 1 if (o - 1) * s >= n + p else o for o, n in ((oh, h), (ow, w))]
    out = torch.zeros(1, x.shape[1], oh, ow)
    for i in range(oh):
        for j in range(ow):
            y0, x0 = i * s - p, j * s - p
            y1, x1 = min(y0 + k, h + p), min(x0 + k, w + p)
            size = (y1 - y0) * (x1 - x0)
            out[:, :, i, j] = x[:, :, max(y0, 0):min(y1, h), max(x0, 0):min(x1, w)].sum((2, 3)) / size
    return out


def layers():
    x, v = picture(13, 11, 3)
    m = text(1, "small") + layer("Input", "data", [], ["data"], param=blob_of(1, blob_of(1, b"".join(
        varint(n) for n in (1, 3, 13, 11)))), field=143)
    w, b = noise(6, 3, 3, 3), noise(6)
    m += layer("Convolution", "conv1", ["data"], ["c1"], [array(w), array(b, spread=True)],
               num(1, 6) + num(3, 1) + num(4, 3) + num(6, 2), 106)
    c1 = F.conv2d(v, t(w), t(b), stride=2, padding=1)
    mean, var, factor = noise(6, scale=0.3), RNG.uniform(0.5, 2, 6).astype("float32"), np.float32(2.5)
    m += layer("BatchNorm", "bn", ["c1"], ["c1"], [array(mean), array(var), array([factor])], num(1, 1) + real(3, 1e-3), 139)
    g, h = RNG.uniform(0.5, 1.5, 6).astype("float32"), noise(6)
    m += layer("Scale", "scale", ["c1"], ["c1"], [array(g), array(h, double=True)], num(4, 1), 142)
    c1 = F.batch_norm(c1, t(mean / factor), t(var / factor), t(g), t(h), eps=1e-3)
    m += layer("Split", "split", ["c1"], ["c1_0", "c1_1", "c1_2"])
    m += layer("ReLU", "relu", ["c1_0"], ["r"], param=real(1, 0.1), field=123)
    a = RNG.uniform(0.1, 0.4, 6).astype("float32")
    m += layer("PReLU", "prelu", ["c1_1"], ["p"], [array(a)], b"", 131)
    r, p = F.leaky_relu(c1, 0.1), F.prelu(c1, t(a))
    m += layer("Eltwise", "sum", ["r", "p"], ["s"], param=num(1, 1) + real(2, 0.5) + real(2, -1.5), field=110)
    s = 0.5 * r - 1.5 * p
    m += layer("Slice", "slice", ["s"], ["s0", "s1", "s2"], param=num(3, 1) + num(2, 1) + num(2, 4), field=126)
    s0, s1, s2 = s[:, :1], s[:, 1:4], s[:, 4:]
    m += layer("Sigmoid", "sig", ["s0"], ["s0"]) + layer("TanH", "tanh", ["s1"], ["s1"])
    m += layer("ELU", "elu", ["s2"], ["s2"], param=real(1, 0.7), field=140)
    s0, s1, s2 = torch.sigmoid(s0), torch.tanh(s1), F.elu(s2, 0.7)
    m += layer("Power", "power", ["s0"], ["s0p"], param=real(1, 2) + real(2, 0.5) + real(3, 0.25), field=122)
    m += layer("Exp", "exp", ["s1"], ["s1e"], param=real(1, 2) + real(2, 0.5) + real(3, 0.25), field=111)
    m += layer("AbsVal", "abs", ["s2"], ["s2a"])
    s0, s1, s2 = (0.25 + 0.5 * s0) ** 2, 2 ** (0.25 + 0.5 * s1), s2.abs()
    m += layer("Concat", "cat", ["s0p", "s1e", "s2a"], ["cat"], param=num(2, 1), field=104)
    cat = torch.cat([s0, s1, s2], 1)
    m += layer("LRN", "lrn", ["cat"], ["cat"], param=num(1, 3) + real(2, 0.9) + real(3, 0.6) + real(5, 1.5), field=118)
    cat = F.local_response_norm(cat, 3, 0.9, 0.6, 1.5)
    m += layer("Pooling", "max", ["cat"], ["mx"], param=num(1, 0) + num(2, 2) + num(3, 2), field=121)
    m += layer("Pooling", "ave", ["cat"], ["av"], param=num(1, 1) + num(2, 3) + num(3, 2) + num(4, 1), field=121)
    mx, av = F.max_pool2d(cat, 2, 2, ceil_mode=True), ceil_average(cat, 3, 2, 1)
    m += layer("Crop", "crop", ["av", "mx"], ["cr"], param=num(1, 2) + num(2, 0), field=144)
    m += layer("Eltwise", "prod", ["mx", "cr"], ["pr"], param=num(1, 0), field=110)
    y = mx * av[:, :, :mx.shape[2], :mx.shape[3]]
    m += layer("Pooling", "global", ["c1_2"], ["gl"], param=num(1, 1) + num(12, 1), field=121)
    m += layer("Scale", "gate", ["pr", "gl"], ["gated"], param=num(1, 0), field=142)
    y = y * c1.mean((2, 3), keepdim=True)
    w, b = noise(6, 2, 4, 4), noise(4)
    m += layer("Deconvolution", "up", ["gated"], ["up"], [array(w), array(b)],
               num(1, 4) + num(3, 1) + num(4, 4) + num(5, 2) + num(6, 2), 106)
    y = F.conv_transpose2d(y, t(w), t(b), stride=2, padding=1, groups=2)
    b = noise(4)
    m += layer("Bias", "bias", ["up"], ["up"], [array(b)], b"", 141) + layer("Dropout", "drop", ["up"], ["up"])
    y = y + t(b).view(1, 4, 1, 1)
    m += layer("EuclideanLoss", "loss", ["up", "label"], ["loss"])
    save("layers", m, x, y)


def classifier():
    """The old messages, as a training run saves them: data with labels, a loss at the end."""
    x, v = picture(9, 8, 1)
    m = text(1, "old") + old_layer(12, "data", [], ["data", "label"])
    w, b = noise(4, 1, 3, 3), noise(4)
    m += old_layer(4, "conv", ["data"], ["conv"], [array(w, old=True), array(b, old=True)],
                   num(1, 4) + num(4, 3), 10) + old_layer(18, "relu", ["conv"], ["conv"])
    y = F.relu(F.conv2d(v, t(w), t(b)))
    m += old_layer(17, "pool", ["conv"], ["pool"], param=num(1, 0) + num(2, 2) + num(3, 2), field=19)
    y = F.max_pool2d(y, 2, 2, ceil_mode=True)
    n = y.numel()
    w, b = noise(5, n), noise(5)
    m += old_layer(14, "ip", ["pool"], ["ip"], [array(w, old=True), array(b, old=True)], num(1, 5), 17)
    y = torch.softmax(F.linear(y.flatten(1), t(w), t(b)), 1)
    m += old_layer(21, "loss", ["ip", "label"], ["loss"])
    save("old_classifier", m, x, y)


def beside():
    """A network whose prototxt is named; its weights lie beside."""
    with open(os.path.join(HERE, "old_classifier.prototxt"), "w") as f:
        f.write('name: "old"\ninput: "data"\nlayers {\n  name: "conv"\n  type: CONVOLUTION\n  bottom: "data"\n  top: "conv"\n}\n')


if __name__ == "__main__":
    layers()
    classifier()
    beside()
