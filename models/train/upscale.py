#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""upscale.py - trains models/upscale-xN: colour, x2, x3 or x4, of bicubically shrunk pictures.

The small pictures are made as in the published tables: MATLAB's imresize on bytes. Loss L1.
x3 and x4 learn faster when they start from x2 (--init); all but tail and skip fits.
"""
import os

import numpy as np
import torch

import common
from degrade import find_pictures, load_rgb, psnr_y, round_bytes, shrink_picture
from nets import Upscaler
from pictures import to_tensor


def enlarge(run, small):
    """Run the network over one picture of bytes; the answer on the same scale."""
    return 255 * run(image=to_tensor(small))[0].permute(1, 2, 0).numpy()


def score(run, path, scale):
    """PSNR of Y without a border of `scale` pixels, after shrinking and enlarging a picture."""
    picture = load_rgb(path)
    small = shrink_picture(picture, scale)
    truth = picture[:small.shape[0] * scale, :small.shape[1] * scale]
    found = round_bytes(enlarge(run, small))
    return psnr_y(truth, found, scale, path)


class Upscale(common.Task):
    channels = dict(image=3)

    def __init__(self, scale):
        self.scale, self.name, self.ci = scale, f"upscale-x{scale}", (f"x{scale}.png",)

    def network(self):
        return Upscaler(self.scale)

    def example(self):
        """Inputs for comparing runtimes: not square, odd."""
        return dict(image=torch.rand(1, 3, 45, 61, generator=torch.Generator().manual_seed(0)))

    def loss(self, net, crops, o):
        small, large = crops.pairs(o.batch, o.crop)
        return (net(small).float() - large).abs().mean()

    def restore(self, run, picture):
        return enlarge(run, picture)

    def evaluate(self, run, o, full):
        """Mean PSNR-Y of Set5; in full also Set14 and Kodak24."""
        sets = ("Set5", "Set14", "Kodak24") if full else ("Set5",)
        files = {s: find_pictures(os.path.join(o.bench, s)) for s in sets}
        return {f"{s} Y": round(float(np.mean([score(run, f, self.scale) for f in files[s]])), 2)
                for s in sets}

    def card(self, figures):
        return dict(name=self.name, task="upscale", author="cnnimg project", licence="MIT",
                    attribution=f"models/{self.name}/card.md", recipe="models/train/upscale.py",
                    colour="rgb", range=1, scale=self.scale, multiple=1,
                    degradation="bicubic (MATLAB imresize, antialiased, bytes)",
                    data="702 free photographs, models/denoise/DATA.tsv",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], crop=48, batch=8, rate=1e-3)
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), default=2)
    options = parser.parse_args()
    common.main(Upscale(options.scale), options)
