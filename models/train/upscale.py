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
from degrade import find_pictures, load_rgb, psnr_y, resize_float, round_bytes, shrink_picture
from nets import Upscaler
from pictures import framed, to_tensor


DEPTH = {2: 18, 3: 16, 4: 16}  # residual blocks: up to 0.8 million parameters
GREY = (0.299, 0.587, 0.114)  # luma of BT.601 on the full range: what colour=y in the card means


def grey(x):
    """Luma of N x 3 x H x W as N x 1 x H x W."""
    return torch.einsum("nchw,c->nhw", x, torch.tensor(GREY))[:, None]


class Upscale(common.Task):
    channels = dict(image=3)
    margin, mirror = 8, "symmetric"  # as MATLAB shrank the picture: Set5 x2 RGB 35.18 dB with it, reflected 34.97

    def __init__(self, scale):
        self.scale, self.name, self.ci = scale, f"upscale-x{scale}", (f"x{scale}.png",)

    def network(self):
        return Upscaler(self.scale, depth=DEPTH[self.scale])

    def adapt(self, held):
        """Blocks that the file lacks begin as identity, so that a deeper network goes on where the other stopped."""
        fresh = {k: torch.zeros_like(v) for k, v in self.network().state_dict().items() if ".conv2." in k}
        return {**fresh, **held}

    def enlarge(self, run, small):
        """Run the network over one picture of bytes; the answer on the same scale."""
        return 255 * self.through(run, to_tensor(small)).permute(1, 2, 0).numpy()

    def through(self, run, x):
        """The network's answer to 1 x C x H x W with its margin, without what the margin became."""
        (h, w), skip = (self.scale * n for n in x.shape[2:]), self.scale * self.margin
        return run(image=framed(x, self.margin, mode=self.mirror))[0, :, skip:skip + h, skip:skip + w]

    def score(self, run, path):
        """PSNR of Y without a border of `scale` pixels, after shrinking and enlarging a picture."""
        picture, scale = load_rgb(path), self.scale
        small = shrink_picture(picture, scale)
        truth = picture[:small.shape[0] * scale, :small.shape[1] * scale]
        return psnr_y(truth, round_bytes(self.enlarge(run, small)), scale, path)

    def example(self):
        """Inputs for comparing runtimes: not square, odd."""
        return dict(image=torch.rand(1, 3, 45, 61, generator=torch.Generator().manual_seed(0)))

    def loss(self, net, crops, o):
        small, large = crops.pairs(o.batch, o.crop)
        found, loss = net(small).float(), common.LOSSES[o.loss]
        if o.loss == "psnr":  # the tables measure luma; colours count, too, so that they stay right
            return (1 - o.luma) * loss(found, large) + o.luma * loss(grey(found), grey(large))
        return loss(found, large)

    def restore(self, run, picture):
        return self.enlarge(run, picture)

    def evaluate(self, run, o, full):
        """Mean PSNR-Y of Set5; in full also Set14 and Kodak24."""
        sets = ("Set5", "Set14", "Kodak24") if full else ("Set5",)
        files = {s: find_pictures(os.path.join(o.bench, s)) for s in sets}
        return {f"{s} Y": round(float(np.mean([self.score(run, f) for f in files[s]])), 2)
                for s in sets}

    def card(self, figures):
        return dict(name=self.name, task="upscale", author="cnnimg project", licence="MIT",
                    attribution=f"models/{self.name}/card.md", recipe="models/train/upscale.py",
                    colour="rgb", range=1, scale=self.scale, multiple=1, margin=self.margin, mirror=self.mirror,
                    degradation="bicubic (MATLAB imresize, antialiased, bytes)",
                    data="692 of 702 free photographs (first runs: all), models/denoise/DATA.tsv",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


class FastUpscale(Upscale):
    """x2 of the luma alone by a small network; colours are enlarged by bicubic interpolation, as the library does."""

    channels = dict(image=1)
    outputs = {"output": 1}

    def __init__(self):
        super().__init__(2)
        self.name = "upscale-fast"

    def network(self):
        return Upscaler(2, 16, 5, 1)

    def example(self):
        return dict(image=super().example()["image"][:, :1])

    def loss(self, net, crops, o):
        small, large = (grey(x) for x in crops.pairs(o.batch, o.crop))
        return common.LOSSES[o.loss](net(small).float(), large)

    def enlarge(self, run, small):
        """What is enlarged by interpolation, and what the network's luma differs from it."""
        h, w = 2 * small.shape[0], 2 * small.shape[1]
        luma = torch.from_numpy(small @ np.array(GREY) / 255).float()
        found = 255 * self.through(run, luma[None, None])[0].numpy()
        smooth = resize_float(np.float64(small), h, w)
        return smooth + (found - smooth @ np.array(GREY))[..., None]

    def card(self, figures):
        return {**super().card(figures), "colour": "y"}


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], crop=48, batch=8, rate=1e-3, loss="l1")
    parser.add_argument("--scale", type=int, choices=(2, 3, 4), default=2)
    parser.add_argument("--luma", type=float, default=0.5, help="weight of the luma beside RGB in --loss psnr")
    parser.add_argument("--fast", action="store_true", help="upscale-fast: x2, 26 thousand parameters")
    options = parser.parse_args()
    common.main(FastUpscale() if options.fast else Upscale(options.scale), options)
