#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deblock.py - trains models/deblock: colour, JPEG of unknown quality 5 to 100.

The crops are compressed by libjpeg while training, half of them with halved chroma, and
cut at any offset of the 8x8 grid, since pictures are cropped after compression too.
--init ../denoise/denoise.onnx starts from the denoiser, whose network is the same but for
the noise plane.
"""
import os

import numpy as np
import torch

import common
from degrade import find_pictures, jpeg, load_rgb, luma, psnr, round_bytes
from nets import Deblocker
from pictures import Crops, framed, to_tensor

GRID = 8
MARGIN = 24  # as the denoiser's, whose network it is; JPEG's grid lies as it does without it
HEAD = "body.head"
TAKEN_FOR = 8 / 255  # the noise level that a denoiser is told, once and for all, when it starts to deblock
FULL = [(10, 2), (20, 2), (40, 2), (95, 2), (10, 0), (20, 0), (40, 0), (95, 0)]  # quality, subsampling
LOOK = [(10, 2), (40, 2), (95, 0)]


def random_quality(rng, fine):
    """5 to 95, half of them below 21; of the fine pictures two in five are good JPEGs, which must not lose."""
    good = fine and rng.random() < 0.4
    return rng.integers(85, 101) if good else round(5 + 90 * rng.random() ** 2.5)


def compressed(crop, rng, fine, low):
    """One crop as JPEG: at random, or, `low` of those that are not fine, of quality 7 to 14 with halved chroma."""
    if not fine and rng.random() < low:
        return jpeg(crop, int(rng.integers(7, 15)), 2)
    return jpeg(crop, random_quality(rng, fine), rng.choice((0, 2)))


def grainy(clean, rng):
    """Half of the crops with grain of up to 6 levels, the same in all channels or not: it belongs to the picture.

    Without it a good JPEG of rough water or gravel comes back smoother than it was.
    """
    kept = rng.random((len(clean), 1, 1, 1)) < 0.5
    colour = rng.random((len(clean), 1, 1, 1)) < 0.3
    grain = rng.normal(size=(*clean.shape[:3], 3)).astype(np.float32)
    grain = np.where(colour, grain, grain[..., :1]) * (kept * rng.uniform(0.5, 6, kept.shape))
    return np.clip(clean + grain + 0.5, 0, 255).astype(np.uint8)


def degraded(clean, rng, fine, low):
    """(compressed, clean) crops, GRID smaller than those given, at a random place of the grid."""
    clean = grainy(clean, rng) if fine else clean
    y, x = rng.integers(GRID, size=2)
    size = clean.shape[1] - GRID
    bad = np.stack([compressed(np.ascontiguousarray(c), rng, fine, low) for c in clean])
    window = np.s_[:, y:y + size, x:x + size]
    return to_tensor(bad[window]), to_tensor(clean[window])


def gain_loss(found, given, clean, floor=3e-6):
    """Natural logarithm of what is left of each crop's mean squared error; a crop made worse counts three times.

    psnr_loss of common.py hardly sees the errors of good JPEGs, which are below its floor; floor is 55 dB here.
    """
    after, before = (((x - clean) ** 2).mean((1, 2, 3)) + floor for x in (found, given))
    left = torch.log(after / before)
    return (left + 2 * torch.relu(left)).mean()


def deblock(run, picture):
    """Run the network over one picture of bytes; the answer on the same scale."""
    h, w = picture.shape[:2]
    y = run(image=framed(to_tensor(picture), MARGIN, 8))[0, :, MARGIN:MARGIN + h, MARGIN:MARGIN + w]
    return 255 * y.permute(1, 2, 0).numpy()


def gains(run, picture, quality, subsampling):
    """[before, gain, luma before, luma gain] in dB of a picture compressed and restored to bytes."""
    bad = jpeg(picture, quality, subsampling)
    good = round_bytes(deblock(run, bad))
    rgb = [psnr(picture, p) for p in (bad, good)]
    grey = [psnr(luma(picture), luma(p)) for p in (bad, good)]
    return [rgb[0], rgb[1] - rgb[0], grey[0], grey[1] - grey[0]]


def told(row):
    """A row of means and the smallest gain as text."""
    mean, least = np.mean(row, 0), np.min(row, 0)
    return "{:.2f} {:+.2f} (least {:+.2f}), luma {:.2f} {:+.2f}".format(mean[0], mean[1], least[1], *mean[2:])


class Deblock(common.Task):
    name = "deblock"
    channels = dict(image=3)
    margin = MARGIN
    ci = ("q10.jpg", "q40.jpg", "q95.jpg")
    half = None

    def network(self):
        return Deblocker()

    def adapt(self, held):
        """Weights of the denoiser: the noise planes of its head become part of the bias.

        Space to depth puts the channels of one pixel side by side, so of 4 * 4 planes every
        fourth is noise; a constant plane adds the same to every pixel, except at the picture's edge.
        """
        head = held.get(HEAD + ".weight")
        if head is None or head.shape[1] != 16:
            return held
        noise = head[:, 3::4].sum((1, 2, 3)) * TAKEN_FOR
        kept = [i for i in range(16) if i % 4 != 3]
        return {**held, HEAD + ".weight": head[:, kept], HEAD + ".bias": held[HEAD + ".bias"] + noise}

    def example(self):
        """Inputs for comparing runtimes: not square, any multiple of 8."""
        return dict(image=torch.rand(1, 3, 72, 104, generator=torch.Generator().manual_seed(0)))

    def loss(self, net, crops, o):
        """Half of the crops from the pictures as they are, half from the same shrunk to a half.

        The training pictures are themselves JPEG of quality 95. Shrunk, they are as good as never compressed:
        only they can teach what a good JPEG has lost.
        """
        self.half = self.half or Crops(o.data, o.cache, o.seed + 1, 2, o.without)
        size, count = o.crop + GRID, o.batch // 2
        parts = [degraded(c.cut(c.places(n, size), size), crops.rng, fine, o.low)
                 for c, n, fine in ((crops, o.batch - count, False), (self.half, count, True))]
        image, clean = (torch.cat(p) for p in zip(*parts))
        if o.loss == "psnr":
            return gain_loss(net(image).float(), image, clean)
        return common.LOSSES[o.loss](net(image).float(), clean)

    def restore(self, run, picture):
        return deblock(run, picture)

    def evaluate(self, run, o, full):
        """RGB and luma PSNR of the decoder on Kodak24, and what is gained (on six pictures; in full on all)."""
        files = find_pictures(os.path.join(o.bench, "Kodak24"))[::1 if full else 4]
        pictures = [load_rgb(f) for f in files]
        rows = {k: [gains(run, p, *k) for p in pictures] for k in (FULL if full else LOOK)}
        return {f"Kodak24 ({len(files)}) quality {q} 4:{'20' if s else '44'}": told(row)
                for (q, s), row in rows.items()}

    def card(self, figures):
        return dict(name="deblock", task="deblock", author="cnnimg project", licence="MIT",
                    attribution="models/deblock/card.md", recipe="models/train/deblock.py",
                    colour="rgb", range=1, scale=1, multiple=8, margin=MARGIN, quality_min=5, quality_max=100,
                    data="692 free photographs, those of models/denoise/DATA.tsv without w-budgie, w-lomiri, w-e",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], rate=1e-3)
    parser.add_argument("--low", type=float, default=0, help="share of the crops of quality 7 to 14, chroma halved")
    common.main(Deblock(), parser.parse_args())
