#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""colorize.py - PSNR and colourfulness of cnn-colorize, by itself and with hints, over pictures made grey

colorize.py --bench DIR [--tool build/tools/cnn-colorize] [--few] [--save DIR] [-m MODEL ...] [--options ...]

DIR holds Kodak24 and McMaster18; pictures are made small, the short side 256 pixels. The tool gets L of Lab as grey of 16 bits and
gives 8-bit colours: light is the truth's, ab is the network's. RGB PSNR is of the whole picture, then the mean over pictures;
behind it, the colourfulness (Hasler and Suesstrunk 2003) as a share of the truth's. Hints: random pixels (seeded by the picture's
number) and three around each, in the mean colour of these in the truth. With --few, every third picture. Needs numpy, Pillow and torch.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/train"))
import lab  # noqa: E402
from colorize import HINTS, SETS, rebuilt, small_picture  # noqa: E402
from degrade import find_pictures, psnr  # noqa: E402

RADIUS = 3


def grey16(rgb):
    """A picture (1 x 3 x h x w, 0..1) -> uint16 h x w: grey of the same L."""
    full = lab.rgb_to_lab(rgb)
    full[:, 1:] = 0
    return np.uint16(lab.lab_to_rgb(full)[0, 1].numpy() * 65535 + 0.5)


def points(truth, count, seed):
    """Hints of their true colour, as the tool's JSON has them."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        y, x = (int(rng.integers(n)) for n in truth.shape[:2])
        near = truth[max(0, y - RADIUS):y + RADIUS + 1, max(0, x - RADIUS):x + RADIUS + 1]
        colour = "#" + "".join(f"{int(v + 0.5):02x}" for v in near.mean((0, 1)))
        made.append(dict(x=x, y=y, color=colour, radius=RADIUS))
    return made


class Tool:
    """cnn-colorize with a model, in a folder of its own."""

    def __init__(self, o, model, folder):
        self.command = [o.tool, "--quiet", "--depth", "8", *(["-m", model] if model else []), *o.options]
        self.names = [os.path.join(folder, n) for n in ("in.png", "hints.json", "out.png")]

    def __call__(self, light, hints):
        """Colours of a grey picture."""
        grey, listed, out = self.names
        Image.fromarray(light).save(grey, compress_level=1)
        with open(listed, "w", encoding="utf-8") as f:
            json.dump(dict(points=hints), f)
        done = subprocess.run([*self.command, *(["--hints", listed] if hints else []), grey, out], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return np.array(Image.open(out).convert("RGB"))


def told(truths, found):
    share = [lab.colourfulness(f) / lab.colourfulness(t) for t, f in zip(truths, found)]
    return f"{np.mean([psnr(t, f) for t, f in zip(truths, found)]):.2f} ({np.mean(share):.2f})"


def row(tool, pictures, truths, keep):
    cells = []
    for count in HINTS:
        found = [tool(grey16(p), points(t, count, i)) for i, (p, t) in enumerate(zip(pictures, truths))]
        cells.append(told(truths, found))
        for i, f in enumerate(found):
            if keep:
                Image.fromarray(f).save(f"{keep}-{count}-{i:02}.png")
    return cells


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--bench", required=True)
    p.add_argument("--tool", default="build/tools/cnn-colorize")
    p.add_argument("--few", action="store_true")
    p.add_argument("--save", help="keep the results in this folder")
    p.add_argument("-m", dest="models", nargs="+", default=[None])
    p.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="of the tool; the last")
    o = p.parse_args()
    print("| set | network | " + " | ".join(f"{n} hints" if n else "automatic" for n in HINTS) + " |")
    print("|---|---|" + "---|" * len(HINTS))
    for name in SETS:
        pictures = [small_picture(f) for f in find_pictures(os.path.join(o.bench, name))[::3 if o.few else 1]]
        truths = [np.uint8(255 * p[0].permute(1, 2, 0).numpy() + 0.5) for p in pictures]
        nothing = [np.uint8(rebuilt(lab.rgb_to_lab(p)[:, :1], 0 * p[:, :2, :8, :8])) for p in pictures]
        print(f"| {name} | grey | {told(truths, nothing)} |" + " |" * (len(HINTS) - 1), flush=True)
        for model in o.models:
            shown = os.path.basename(model) if model else "colorize"
            keep = os.path.join(o.save, f"{name}-{shown}") if o.save else None
            with tempfile.TemporaryDirectory() as folder:
                print(f"| {name} | {shown} | {' | '.join(row(Tool(o, model, folder), pictures, truths, keep))} |", flush=True)


if __name__ == "__main__":
    main()
