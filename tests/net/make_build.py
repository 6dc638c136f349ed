#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_build.py - what PyTorch computes for the networks of test_build.c, in test_build.txt

A line a case: its name, channels, height, width, values. The input is noise(0) of 8 x 4 x 6, weights are noise by
their seeds, as the test makes them (ci_test_noise). Needs numpy and torch.
"""
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

H, W, C = 4, 6, 8


def noise(*dims, seed):
    """The tests' own noise: a multiplicative hash of the index, in [-1, 1)."""
    i = np.arange(int(np.prod(dims)), dtype=np.uint64) + np.uint64(1 + 1000 * seed)
    h = (i * np.uint64(2654435761)) % np.uint64(2 ** 32)
    return torch.from_numpy((h >> np.uint64(16)).astype(np.float64) / 32768 - 1).reshape(dims)


x = noise(1, C, H, W, seed=0)
w3, w5, wg, wt = (noise(6, C, 3, 3, seed=1), noise(6, C, 5, 5, seed=2), noise(4, 4, 3, 3, seed=3),
                  noise(C, 3, 3, 3, seed=4))
b3, b5, bt = noise(6, seed=5), noise(6, seed=6), noise(3, seed=7)
gain, shift, mean, var = (noise(C, seed=8), noise(C, seed=9), noise(C, seed=10), noise(C, seed=11).abs() + 0.25)
slope, one = noise(C, seed=12), noise(1, seed=13)


def resize(mode, factor, **more):
    return F.interpolate(x, scale_factor=factor, mode=mode, **more)


def layer_norm_2d():
    y = F.layer_norm(x.permute(0, 2, 3, 1), (C,), gain, shift, 1e-6)
    return y.permute(0, 3, 1, 2)


cases = dict(
    conv=F.conv2d(x, w3, b3, stride=2, padding=1),
    conv_group=F.conv2d(x, wg, None, padding=2, dilation=2, groups=2),
    conv_same=F.conv2d(x, w5, b5, padding=2),
    conv_transpose=F.conv_transpose2d(x, wt, bt, stride=2, padding=1, output_padding=1),
    conv_values=F.conv2d(x, w3, None, padding=1),
    leaky=F.leaky_relu(x, 0.1),
    prelu=F.prelu(x, slope),
    prelu_one=F.prelu(x, one),
    batch_norm=F.batch_norm(x, mean, var, gain, shift, eps=1e-3),
    layer_norm_2d=layer_norm_2d(),
    pixel_shuffle=F.pixel_shuffle(x, 2),
    pixel_unshuffle=F.pixel_unshuffle(x, 2),
    nearest=resize("nearest", 3),
    bilinear=resize("bilinear", 2, align_corners=False),
    bicubic=resize("bicubic", 2, align_corners=False),
    global_mean=x.mean((2, 3), keepdim=True),
    channels=x[:, 2:5],
    concat=torch.cat([x, 0.5 * x, torch.tanh(x)], 1),
    subtract=x - x.clamp(max=0.25),
)

with open(Path(__file__).with_name("test_build.txt"), "w") as out:
    for name, y in cases.items():
        _, c, h, w = y.shape
        print(name, c, h, w, *(f"{v:.7g}" for v in y.flatten().tolist()), file=out)
