#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""denoise.py - trains models/denoise: colour, Gaussian noise of known strength, sigma 0 to 75.

The noise level is a plane beside the picture (Zhang, Zuo, Zhang: FFDNet, 2018); noise is
neither clipped nor rounded, as in the published tables.
"""
import os

import numpy as np
import torch

import common
from degrade import centre, find_pictures, is_grey, load_rgb, noisy, psnr
from nets import Denoiser
from pictures import framed, to_tensor

SIGMA_MAX = 75
USUAL = (8, 30)  # what cameras make of it
MARGIN = 24  # a plain picture then stays within a level up to its border, at any strength
SETS = ("CBSD68", "Kodak24", "McMaster18", "BSD68")


def denoise(run, picture, sigma):
    """Run the network over one float H x W x 3 picture on the 0..255 scale."""
    h, w = picture.shape[:2]
    x = framed(to_tensor(picture).float(), MARGIN, 8)
    y = run(image=x, sigma=torch.full_like(x[:, :1], sigma / 255))
    y = 255 * y[0, :, MARGIN:MARGIN + h, MARGIN:MARGIN + w].permute(1, 2, 0).numpy()
    return y.mean(2, keepdims=True).repeat(3, 2) if is_grey(picture) else y


def levels(o):
    """Of a batch, 0..1: o.usual of them evenly in USUAL, the rest up to SIGMA_MAX."""
    usual = USUAL[0] + (USUAL[1] - USUAL[0]) * torch.rand(o.batch, 1, 1, 1)
    other = SIGMA_MAX * torch.rand(o.batch, 1, 1, 1) ** o.bend
    return torch.where(torch.rand(o.batch, 1, 1, 1) < o.usual, usual, other) / 255


def mean_psnr(run, files, sigma):
    """Mean PSNR over pictures with noise seeded by their number; the answer clipped, not rounded."""
    pictures = [centre(load_rgb(f)) for f in files]
    clean = [denoise(run, noisy(p, sigma, i), sigma) for i, p in enumerate(pictures)]
    return float(np.mean([psnr(p, c.clip(0, 255)) for p, c in zip(pictures, clean)]))


class Denoise(common.Task):
    name = "denoise"
    channels = dict(image=3, sigma=1)
    margin = MARGIN
    ci = ("noisy25.png",)

    def network(self):
        return Denoiser()

    def example(self):
        """Inputs for comparing runtimes: not square, any multiple of 8."""
        generator = torch.Generator().manual_seed(0)
        return dict(image=torch.rand(1, 3, 72, 104, generator=generator),
                    sigma=torch.full((1, 1, 72, 104), 25 / 255))

    def loss(self, net, crops, o):
        """Charbonnier over crops whose noise is strong in few, weak and middling in many.

        Some crops are grey, with one noise for all three channels: that is what the tool feeds for
        a grey picture, and noise that is the same in every channel is else taken for detail.
        """
        clean = crops.batch(o.batch, o.crop)
        level = levels(o)
        noise = torch.randn_like(clean)
        grey = int(o.grey * o.batch + torch.rand(()).item())
        clean[:grey], noise[:grey] = clean[:grey].mean(1, keepdim=True), noise[:grey, :1]
        image = clean + level * noise
        return common.LOSSES[o.loss](net(image, level.expand(-1, 1, o.crop, o.crop)).float(), clean)

    def restore(self, run, picture):
        return denoise(run, picture, 25)

    def evaluate(self, run, o, full):
        """Ten pictures of CBSD68 at sigma 25; in full, four sets (BSD68 is grey) at three levels."""
        every = {n: find_pictures(os.path.join(o.bench, n)) for n in SETS}
        if not full:
            return {"CBSD68 (10 of 68) sigma 25": round(mean_psnr(run, every["CBSD68"][3::7], 25), 3)}
        return {f"{name} sigma {s}": round(mean_psnr(run, files, s), 2)
                for name, files in every.items() for s in (15, 25, 50)}

    def card(self, figures):
        return dict(name="denoise", task="denoise", author="cnnimg project", licence="MIT",
                    attribution="models/denoise/card.md", recipe="models/train/denoise.py",
                    colour="rgb", range=1, scale=1, multiple=8, margin=MARGIN, sigma_min=0, sigma_max=SIGMA_MAX,
                    data="692 of 702 free photographs (first runs: all), models/denoise/DATA.tsv",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0])
    parser.add_argument("--bend", type=float, default=1.4, help="sigma = 75 * uniform ** bend")
    parser.add_argument("--usual", type=float, default=0, help="share of the crops with a sigma from %d to %d" % USUAL)
    parser.add_argument("--grey", type=float, default=0.12, help="share of grey crops")
    common.main(Denoise(), parser.parse_args())
