#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""filters.py - which filter should bring a network's result to the size that was asked for: Set5 in PSNR of Y

Pictures are shrunk by bicubic interpolation, enlarged by upscale-x2 (cnn-upscale, floats), and brought to their size by
each filter, in numpy; beside it cnn-upscale's own results, and for the factor 3 what upscale-x4 gives when it is shrunk.
Needs numpy and Pillow.

  tests/bench/filters.py --tools build/tools --bench BENCH
"""
import argparse
import os
import sys
import tempfile

import numpy as np

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(TOP, "models", "train")]
import degrade
from toolrun import Tools

MULTIPLE = 60  # pixels: every factor then divides the sides


def cubic(b, c):
    """Mitchell and Netravali's family."""
    def f(x):
        near = ((12 - 9 * b - 6 * c) * x ** 3 + (-18 + 12 * b + 6 * c) * x ** 2 + 6 - 2 * b) / 6
        far = ((-b - 6 * c) * x ** 3 + (6 * b + 30 * c) * x ** 2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c) / 6
        return np.where(x < 1, near, np.where(x < 2, far, 0))
    return f


FILTERS = {"Lanczos": lambda x: np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0),
           "Catmull-Rom": cubic(0, 0.5), "Mitchell": cubic(1 / 3, 1 / 3)}


def matrix(n, m, f):
    """From n samples to m, widened where that are fewer; nothing lies beyond the ends."""
    step = n / m
    centre = (np.arange(m) + 0.5) * step - 0.5
    w = f(np.abs(np.arange(n)[None] - centre[:, None]) / max(step, 1))
    return w / w.sum(1, keepdims=True)


def resized(x, h, w, f):
    return np.einsum("oh,pw,hwc->opc", matrix(x.shape[0], h, f), matrix(x.shape[1], w, f), x, optimize=True)


def score(truth, x):
    return degrade.psnr_y(truth, degrade.round_bytes(255 * x), 4)


def enlarged(tool, model, small, options):
    return np.float64(tool.restore(model, [small], ".png", ".pfm", options)[0])


def measure(tool, models, truth, factor):
    """{what: PSNR} of one picture."""
    h, w = truth.shape[:2]
    small = degrade.resize(truth[None], round(h / factor), round(w / factor))[0]
    twice = enlarged(tool, models["upscale-x2"], small, [])
    found = {name: score(truth, resized(twice, h, w, f)) for name, f in FILTERS.items()}
    size = ["--size", f"{w}x{h}"]
    found["cnn-upscale"] = score(truth, enlarged(tool, models["upscale-x2"], small, size))
    found["colours fixed"] = score(truth, enlarged(tool, models["upscale-x2"], small, [*size, "--fix-color", "on"]))
    found["from upscale-x4"] = score(truth, enlarged(tool, models["upscale-x4"], small, size))
    return found


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--tools", required=True, help="folder with cnn-upscale")
    p.add_argument("--bench", required=True, help="folder with Set5")
    o = p.parse_args()
    truths = [degrade.load_rgb(f) for f in degrade.find_pictures(os.path.join(o.bench, "Set5"))]
    truths = [t[:t.shape[0] // MULTIPLE * MULTIPLE, :t.shape[1] // MULTIPLE * MULTIPLE] for t in truths]
    with tempfile.TemporaryDirectory() as work:
        tool = Tools(o.tools, os.path.join(TOP, "models"), work)
        models = {m.name: m for m in tool.models()}
        for factor in (1.5, 2.5, 3, 4):
            rows = [measure(tool, models, t, factor) for t in truths]
            print(f"{factor:g}: " + ", ".join(f"{k} {np.mean([r[k] for r in rows]):.2f}" for k in rows[0]), flush=True)


if __name__ == "__main__":
    main()
