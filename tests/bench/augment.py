#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""augment.py - what -x (the mean of eight turns) gains: Set5 enlarged twice, Kodak24 with noise of sigma 25

Needs numpy and Pillow. Pictures are spoilt and compared as models/eval.py does.
  tests/bench/augment.py --tools build/tools --bench BENCH [--every N]
"""
import argparse
import os
import sys
import tempfile

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path[:0] = [os.path.join(TOP, "models"), os.path.join(TOP, "models", "train")]
import eval as evaluation
from toolrun import Tools


class Turned(Tools):
    """The same programs, always with -x."""

    def restore(self, model, pictures, suffix, result, options):
        return super().restore(model, pictures, suffix, result, [*options, "-x"])


def set5(tool, model, bench):
    return evaluation.upscale_set(tool, model, bench.files("Set5"))


def kodak(tool, model, bench):
    return evaluation.denoise_set(tool, model, bench.files("Kodak24"), 25, False)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--tools", required=True, help="folder with cnn-denoise and cnn-upscale")
    p.add_argument("--bench", required=True, help="folder with Set5 and Kodak24")
    p.add_argument("--every", type=int, default=1, help="only every N-th picture")
    o = p.parse_args()
    bench = evaluation.Bench(o.bench, o.every)
    for name, measure in ("upscale-x2", set5), ("denoise", kodak):
        found = []
        for kind in Tools, Turned:
            with tempfile.TemporaryDirectory() as work:
                tool = kind(o.tools, os.path.join(TOP, "models"), work)
                model = next(m for m in tool.models() if m.name == name)
                found.append(measure(tool, model, bench))
        print(f"{name}: {found[0]:.2f} dB, with -x {found[1]:.2f} dB, {found[1] - found[0]:+.3f}", flush=True)


if __name__ == "__main__":
    main()
