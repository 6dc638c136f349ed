#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deblock.py - trains models/deblock: colour, JPEG of unknown quality 5 to 95.

The crops are compressed by libjpeg while training, half of them with halved chroma, and
cut at any offset of the 8x8 grid, since pictures are cropped after compression too.
"""
import io
import os

import numpy as np
import torch
from PIL import Image

import common
from nets import Deblocker
from pictures import find_pictures, load_rgb, luma, pad_multiple, psnr, round_bytes, to_tensor

GRID = 8


def jpeg(rgb, quality, subsampling):
    """rgb after compression and decompression; subsampling 0 is 4:4:4, 2 is 4:2:0."""
    held = io.BytesIO()
    Image.fromarray(rgb).save(held, "jpeg", quality=int(quality), subsampling=int(subsampling))
    return np.asarray(Image.open(held))


def degraded(clean, rng):
    """(compressed, clean) crops, GRID smaller than those given, at a random place of the grid."""
    y, x = rng.integers(GRID, size=2)
    size = clean.shape[1] - GRID
    bad = np.stack([jpeg(np.ascontiguousarray(c), rng.integers(5, 96), rng.choice((0, 2)))
                    for c in clean])
    window = np.s_[:, y:y + size, x:x + size]
    return to_tensor(bad[window]), to_tensor(clean[window])


def luma_psnr(run, picture, quality):
    """(before, after): PSNR of luma of a picture compressed as 4:2:0."""
    bad, (h, w) = jpeg(picture, quality, 2), picture.shape[:2]
    y = run(image=pad_multiple(to_tensor(bad), 8))[0, :, :h, :w].permute(1, 2, 0).numpy()
    return [psnr(luma(picture), luma(p)) for p in (bad, round_bytes(255 * y))]


class Deblock(common.Task):
    name = "deblock"
    channels = dict(image=3)

    def network(self):
        return Deblocker()

    def example(self):
        """Inputs for comparing runtimes: not square, any multiple of 8."""
        return dict(image=torch.rand(1, 3, 72, 104, generator=torch.Generator().manual_seed(0)))

    def loss(self, net, crops, o):
        size = o.crop + GRID
        image, clean = degraded(crops.cut(crops.places(o.batch, size), size), crops.rng)
        return common.charbonnier(net(image).float(), clean)

    def evaluate(self, run, o, full):
        """Luma PSNR before and after on Kodak24 (six pictures, quality 10; in full all, four qualities)."""
        files = find_pictures(os.path.join(o.bench, "Kodak24"))[::1 if full else 4]
        qualities = (10, 20, 30, 40) if full else (10,)
        mean = {q: np.mean([luma_psnr(run, load_rgb(f), q) for f in files], 0) for q in qualities}
        return {f"Kodak24 ({len(files)}) quality {q}": "{:.2f} -> {:.2f}".format(*m) for q, m in mean.items()}

    def card(self, figures):
        return dict(name="deblock", task="deblock", author="cnnimg project", licence="MIT",
                    attribution="models/deblock/card.md", recipe="models/train/deblock.py",
                    colour="rgb", range=1, scale=1, multiple=8, quality_min=5, quality_max=95,
                    data="702 free photographs, models/denoise/DATA.tsv",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


if __name__ == "__main__":
    common.main(Deblock(), common.options(__doc__.splitlines()[0], rate=1e-3).parse_args())
