#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nets.py - the benchmark's twelve networks, with seeded random weights, as ONNX files.

  nets.py FOLDER [--nets dncnn edsr-x2 ...] [--size WxH]

Writes FOLDER/NAME.onnx with open height and width, or with --size FOLDER/NAME-WxH.onnx made for that size only (what
runtimes do best with). Needs numpy and onnx. The last layer is scaled so that the output deviates by 0.35 within a
channel over a noisy picture; the least that an error measured in it should be told against is 0.2.
"""
import argparse
import os
import sys
import time

import numpy as np
import onnx

import float64
from nets_lib import Net

DEVIATION = 0.35


# ---- the twelve ------------------------------------------------------------------------------------------

def dncnn(n):
    """Zhang et al. 2017: 17 layers, the noise is subtracted; batch norm folded."""
    y = n.conv(n.x, 64, act="relu")
    for _ in range(15):
        y = n.conv(y, 64, act="relu")
    return n.same("Sub", n.x, n.conv(y, 3, last=True))


def ffdnet(n):
    """Zhang et al. 2018, colour: 12 layers at half size, the noise level a thirteenth channel."""
    y = n.unshuffle(n.x, 2)
    y = n.concat(y, n.map_of(y, 25 / 255, 2))
    for _ in range(11):
        y = n.conv(y, 96, act="relu")
    return n.shuffle(n.conv(y, 12, last=True), 2)


def edsr_x2(n):
    """Lim et al. 2017, the baseline: 16 blocks without batch norm."""
    head = y = n.conv(n.x, 64)
    for _ in range(16):
        y = n.add(n.conv(n.conv(y, 64, act="relu"), 64, gain=0.3), y)
    y = n.add(n.conv(y, 64), head)
    return n.conv(n.shuffle(n.conv(y, 256), 2), 3, last=True)


def srvgg_x4(n):
    """Wang et al. 2021, "compact": a plain chain, PReLU, the enlarged input added."""
    y = n.conv(n.x, 64, act="prelu")
    for _ in range(16):
        y = n.conv(y, 64, act="prelu")
    return n.add(n.shuffle(n.conv(y, 48, last=True), 4), n.nearest(n.x, 4))


def drunet(n):
    """Zhang et al. 2021: a residual U-Net, skips added, no bias; the fourth channel is the noise level."""
    def blocks(y, c):
        for _ in range(4):
            y = n.add(y, n.conv(n.conv(y, c, act="relu", bias=False), c, bias=False, gain=0.4))
        return y
    y, kept = n.conv(n.x, 64, bias=False), []
    for c in (64, 128, 256):
        kept.append(y)
        y = n.conv(blocks(y, c), 2 * c, k=2, stride=2, pad=0, bias=False, gain=0.7)
    kept.append(y)
    y = blocks(y, 512)
    for c in (256, 128, 64):
        y = n.conv_transpose(n.add(y, kept.pop()), c, k=2, stride=2, bias=False)
        y = blocks(y, c)
    return n.conv(n.add(y, kept.pop()), 3, bias=False, last=True)


def fsrcnn_x2(n):
    """Dong et al. 2016, (56, 12, 4): small maps, the enlargement is the last layer."""
    y = n.conv(n.x, 56, k=5, act="prelu")
    y = n.conv(y, 12, k=1, act="prelu")
    for _ in range(4):
        y = n.conv(y, 12, act="prelu")
    y = n.conv(y, 56, k=1, act="prelu")
    return n.conv_transpose(y, 1, k=9, stride=2, pad=4, extra=1, last=True)


def srcnn(n):
    """Dong et al. 2014, 9-5-5: large kernels; its input is enlarged already."""
    y = n.conv(n.conv(n.x, 64, k=9, act="relu"), 32, k=5, act="relu")
    return n.conv(y, 1, k=5, last=True)


def unet(n):
    """Ronneberger et al. 2015 with padding: skips concatenated; batch norm folded."""
    def two(y, c):
        return n.conv(n.conv(y, c, act="relu"), c, act="relu")
    y, kept = n.x, []
    for c in (64, 128, 256):
        kept.append(two(y, c))
        y = n.same("MaxPool", kept[-1], kernel_shape=[2, 2], strides=[2, 2])
    y = two(y, 512)
    for c in (256, 128, 64):
        y = two(n.concat(kept.pop(), n.conv_transpose(y, c, k=2, stride=2)), c)
    return n.conv(y, 3, k=1, last=True)


def rrdb(n):
    """Wang et al. 2018, ESRGAN x4: 23 blocks of three dense blocks, growth 32."""
    def dense(x):
        parts = [x]
        for _ in range(4):
            parts.append(n.conv(n.concat(*parts) if len(parts) > 1 else x, 32, act=0.2))
        return n.add(n.times(n.conv(n.concat(*parts), 64), 0.2), x)
    head = y = n.conv(n.x, 64)
    for _ in range(23):
        y = n.add(n.times(dense(dense(dense(y))), 0.2), y)
    y = n.add(n.conv(y, 64), head)
    for _ in range(2):
        y = n.conv(n.nearest(y, 2), 64, act=0.2)
    return n.conv(n.conv(y, 64, act=0.2), 3, last=True)


def ircnn(n):
    """Zhang et al. 2017: dilated 1 2 3 4 3 2 1; batch norm folded."""
    y = n.x
    for d in (1, 2, 3, 4, 3, 2):
        y = n.conv(y, 64, act="relu", dilation=d)
    return n.same("Sub", n.x, n.conv(y, 3, last=True))


def nafnet(n):
    """Chen et al. 2022, SIDD, width 32: no activations, gates instead; layer norm as exporters write it."""
    y, kept = n.conv(n.x, 32), []
    for blocks, c in ((2, 32), (2, 64), (4, 128), (8, 256)):
        for _ in range(blocks):
            y = naf_block(n, y, c)
        kept.append(y)
        y = n.conv(y, 2 * c, k=2, stride=2, pad=0, gain=0.7)
    for _ in range(12):
        y = naf_block(n, y, 512)
    for c in (256, 128, 64, 32):
        y = n.add(n.shuffle(n.conv(y, 4 * c, k=1, bias=False, gain=0.7), 2), kept.pop())
        y = naf_block(n, naf_block(n, y, c), c)
    return n.add(n.conv(y, 3, last=True), n.x)


def imdn_x2(n):
    """Hui et al. 2019: a quarter of the channels is kept at each step; attention by mean and deviation."""
    head = y = n.conv(n.x, 64)
    outs = []
    for _ in range(6):
        y = imd_block(n, y)
        outs.append(y)
    y = n.add(n.conv(n.conv(n.concat(*outs), 64, k=1, act=0.05), 64), head)
    return n.shuffle(n.conv(y, 12, last=True), 2)


# ---- their larger parts -------------------------------------------------------------------------------------

def layer_norm(n, x):
    """Over the channels of each pixel."""
    c = n.channels[x]
    d = n.same("Sub", x, n.mean(x, 1))
    variance = n.mean(n.same("Pow", d, n.hold(np.float32(2), "two")), 1)
    y = n.same("Div", d, n.same("Sqrt", n.same("Add", variance, n.hold(np.float32(1e-6), "epsilon"))))
    beta = n.hold(n.rng.normal(0, 0.05, (1, c, 1, 1)).astype(np.float32), "beta")
    return n.add(n.scale(y, 0.8, 1.2), beta)


def gate(n, x):
    c = n.channels[x] // 2
    return n.same("Mul", *n.split(x, c, c))


def naf_block(n, x, c):
    y = n.conv(n.conv(layer_norm(n, x), 2 * c, k=1, gain=0.7), 2 * c, groups=2 * c)
    y = gate(n, y)
    y = n.same("Mul", y, n.conv(n.same("GlobalAveragePool", y), c, k=1))
    x = n.add(x, n.scale(n.conv(y, c, k=1), 0.2, 0.6))
    y = gate(n, n.conv(layer_norm(n, x), 2 * c, k=1, gain=0.7))
    return n.add(x, n.scale(n.conv(y, c, k=1), 0.2, 0.6))


def imd_block(n, x):
    kept, rest = [], x
    for _ in range(3):
        one, rest = n.split(n.conv(rest, 64, act=0.05), 16, 48)
        kept.append(one)
    y = n.concat(*kept, n.conv(rest, 16))
    mean = n.mean(y, 2, 3)
    d = n.same("Sub", y, mean)
    contrast = n.add(n.same("Sqrt", n.mean(n.same("Mul", d, d), 2, 3)), mean)
    weight = n.same("Sigmoid", n.conv(n.conv(contrast, 4, k=1, act="relu"), 64, k=1))
    return n.add(n.conv(n.same("Mul", y, weight), 64, k=1, gain=0.5), x)


# name: (builder, input channels, its height and width must be multiples of)
NETS = {"dncnn": (dncnn, 3, 1), "ffdnet": (ffdnet, 3, 2), "edsr-x2": (edsr_x2, 3, 1), "srvgg-x4": (srvgg_x4, 3, 1),
        "drunet": (drunet, 4, 8), "fsrcnn-x2": (fsrcnn_x2, 1, 1), "srcnn": (srcnn, 1, 1), "unet": (unet, 3, 8),
        "rrdb": (rrdb, 3, 1), "ircnn": (ircnn, 3, 1), "nafnet": (nafnet, 3, 16), "imdn-x2": (imdn_x2, 3, 1)}


# ---- files ----------------------------------------------------------------------------------------------------

def build(name, size=None, last=1.0):
    make, channels, _ = NETS[name]
    n = Net(name, channels, size, last)
    return n.model(make(n))


def picture(channels, height, width, seed=1):
    """Smooth shapes, an edge and noise, within 0..1: what these networks are for. 1 x C x H x W, float32."""
    rng = np.random.default_rng([seed, channels, height, width])
    y, x = np.meshgrid(np.linspace(0, 9, height), np.linspace(0, 12, width), indexing="ij")
    shape = 0.5 + 0.25 * np.sin(x + 0.4 * y) * np.cos(1.7 * y) + 0.15 * (np.sin(x * 1.3) > 0.2)
    planes = [np.roll(shape, 7 * c, axis=1) * (1 - 0.1 * c) for c in range(channels)]
    return np.clip(np.array(planes) + rng.normal(0, 0.1, (channels, height, width)), 0, 1).astype(np.float32)[None]


def deviation(y):
    """Within a channel, the mean of all; a channel's own level says nothing."""
    return float(np.mean(y[0].std(axis=(1, 2))))


def calibrate(name):
    """The scale of the last layer; rounded, so that another BLAS comes to the same file."""
    x = picture(NETS[name][1], 48, 48)
    model = build(name, (48, 48))
    # What is added to the last layer's answer is not scaled: judge the layer alone.
    last = [v for v in model.graph.node if v.op_type in ("Conv", "ConvTranspose")][-1]
    y = float64.run(model, x, last.output[0])
    return float(f"{DEVIATION / deviation(y):.2g}")


def scale_of(folder, name):
    """Of the last layer; the open file remembers it."""
    path = path_of(folder, name)
    if not os.path.exists(path):
        return calibrate(name)
    return float(next(p.value for p in onnx.load(path).metadata_props if p.key == "scale of the last layer"))


def path_of(folder, name, size=None):
    return os.path.join(folder, name + (f"-{size[1]}x{size[0]}" if size else "") + ".onnx")


def write(folder, name, size=None):
    """The file's path; it is made once."""
    path = path_of(folder, name, size)
    if not os.path.exists(path):
        scale = scale_of(folder, name)
        model = build(name, size, scale)
        onnx.helper.set_model_props(model, {"scale of the last layer": str(scale)})
        onnx.save(model, path + ".part")
        os.replace(path + ".part", path)
    return path


def fits(name, size):
    """The size as the network can take it: (height, width) cut to multiples."""
    m = NETS[name][2]
    return tuple(v // m * m for v in size)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--nets", nargs="+", default=list(NETS), choices=list(NETS))
    p.add_argument("--size", help="WxH: files for this size only")
    o = p.parse_args()
    os.makedirs(o.folder, exist_ok=True)
    size = tuple(int(v) for v in reversed(o.size.split("x"))) if o.size else None
    for name in o.nets:
        start = time.time()
        path = write(o.folder, name, size and fits(name, size))
        print(f"{path}: {os.path.getsize(path) / 1e6:.1f} MB, {time.time() - start:.1f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
