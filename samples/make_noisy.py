#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# make_noisy.py - samples/noisy from samples/photos: seeded white Gaussian noise, clipped and rounded to 8 bits
#
# Needs numpy and Pillow; neither the build nor the tests run it. JPEG files are written at 4:4:4, so that the
# noise stays the same in every channel. Their bytes depend on Pillow's libjpeg; PNG pixels do not.
import pathlib

import numpy
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
PICTURES = [  # name, suffix of the noisy file, sigma on the 0..255 scale
    ("chelsea", "png", 25),
    ("oakland-zoo-otters", "jpg", 15),
    ("blue-periwinkle", "jpg", 20),
    ("singaporean-cityscape", "jpg", 30),
]

for seed, (name, suffix, sigma) in enumerate(PICTURES):
    clean = numpy.asarray(Image.open(HERE / "photos" / f"{name}.jpg").convert("RGB"), numpy.float64)
    noise = numpy.random.default_rng(seed).normal(0, sigma, clean.shape)
    noisy = Image.fromarray(numpy.clip(numpy.rint(clean + noise), 0, 255).astype(numpy.uint8))
    options = {"quality": 90, "subsampling": 0} if suffix == "jpg" else {"optimize": True}
    noisy.save(HERE / "noisy" / f"{name}.{suffix}", **options)
    print(f"{name}.{suffix}: sigma {sigma}")
