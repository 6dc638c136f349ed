#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_crops.py - the crops on which tests/models/cards.sh and the recipes measure the built-in models.

Details of samples/photos (never of a benchmark set), and the same with noise, shrunk, as JPEG, with text or lines painted over, or drawn: the borders of
what has one colour.
Run by hand, once: the files are committed, and the figures in the cards belong to these bytes.
Needs numpy, Pillow and, for masks.py, torch and scipy. Usage: python3 tests/models/make_crops.py
"""
import pathlib
import sys

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "models" / "train"))
from degrade import jpeg_bytes, noisy, round_bytes, shrink_picture  # noqa: E402
from masks import MARK, mask  # noqa: E402
from strokes import borders, parts, quantised  # noqa: E402

SIDE = 96  # a multiple of 2, 3, 4 and 8
DETAILS = {"chelsea": (141, 75), "oakland-zoo-otters": (219, 131), "blue-periwinkle": (331, 205),
           "singaporean-cityscape": (347, 101)}
SIGMA = 25
QUALITIES = (10, 40, 95)


def main():
    data = HERE / "data"
    for seed, (name, (left, top)) in enumerate(DETAILS.items()):
        photo = Image.open(TOP / "samples" / "photos" / (name + ".jpg")).convert("RGB")
        truth = photo.crop((left, top, left + SIDE, top + SIDE))
        rgb = np.asarray(truth)
        truth.save(data / f"{name}.png", optimize=True)
        Image.fromarray(np.uint8(round_bytes(noisy(rgb, SIGMA, seed)))).save(data / f"{name}.noisy{SIGMA}.png", optimize=True)
        for scale in (2, 3, 4):
            Image.fromarray(shrink_picture(rgb, scale)).save(data / f"{name}.x{scale}.png", optimize=True)
        for quality in QUALITIES:
            (data / f"{name}.q{quality}.jpg").write_bytes(jpeg_bytes(rgb, quality, 2))
        hole = mask(("text", "thin")[seed % 2], np.random.default_rng(seed), SIDE, SIDE)[..., None]
        Image.fromarray(np.uint8(np.where(hole, MARK, rgb))).save(data / f"{name}.hole.png", optimize=True)
        regions, _ = parts(quantised(np.float32(rgb) / 255, np.random.default_rng(seed), 6))
        Image.fromarray(np.uint8(255 * (1 - borders(regions)))).save(data / f"{name}.line.png", optimize=True)


if __name__ == "__main__":
    main()
