#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# make_before_after.py - the picture of README.md: details of samples/noisy beside what the demo made of them
#
# Run ./bootstrap demo first; needs Pillow. Usage: python3 samples/make_before_after.py
import pathlib

from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
DETAILS = [  # file, left, top of a detail
    ("chelsea.png", 90, 30),
    ("oakland-zoo-otters.jpg", 180, 90),
    ("singaporean-cityscape.jpg", 300, 60),
]
WIDTH, HEIGHT, GAP = 320, 240, 6

page = Image.new("RGB", (2 * WIDTH + GAP, len(DETAILS) * (HEIGHT + GAP) - GAP), "white")
for row, (name, left, top) in enumerate(DETAILS):
    for column, folder in enumerate((HERE / "noisy", HERE.parent / "build" / "demo")):
        detail = Image.open(folder / name).convert("RGB").crop((left, top, left + WIDTH, top + HEIGHT))
        page.paste(detail, (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
page.save(HERE / "before-after.jpg", quality=88)
