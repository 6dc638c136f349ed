#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Pictures of another size, as Pillow makes them of floats (mode F): data/resample.bin, which test_resample reads.

Each case: five little-endian int32 (filter 0 Lanczos or 1 Catmull-Rom, width and height before and after), then the
floats of the picture before and after, row by row. Needs numpy and Pillow (written with 12)."""
import pathlib
import numpy as np
from PIL import Image

SIZES = [(1, 1, 3, 2), (1, 1, 1, 1), (7, 5, 11, 8), (13, 9, 5, 4), (40, 3, 9, 7), (16, 16, 16, 5), (5, 4, 5, 4),
         (9, 11, 27, 44), (64, 37, 7, 3), (3, 50, 4, 1), (20, 20, 19, 21), (2, 2, 15, 15)]
FILTERS = [Image.Resampling.LANCZOS, Image.Resampling.BICUBIC]

random = np.random.default_rng(7)
with open(pathlib.Path(__file__).parent / "data" / "resample.bin", "wb") as out:
    for number, filter in enumerate(FILTERS):
        for w, h, W, H in SIZES:
            before = random.random((h, w), dtype=np.float32)
            after = np.asarray(Image.fromarray(before, "F").resize((W, H), filter))
            out.write(np.array([number, w, h, W, H], "<i4").tobytes())
            out.write(before.astype("<f4").tobytes() + after.astype("<f4").tobytes())
