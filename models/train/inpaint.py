#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""inpaint.py - trains models/inpaint: what to add to a hole that was filled smoothly.

Inputs: image, the picture with its holes filled by masks.diffuse(); mask, 1 inside. Output: the picture, the same outside.
Fed with an empty hole a network of this size stays below the classical fills for hours; fed with one of them it begins there.
Loss: L1 in the hole, or with --loss psnr the log of the mean square there, which is what is measured; and of the denoiser's
features (--features, what it sees at full and half depth) around it.
"""
import os

import numpy as np
import torch
from torch.nn import functional as F

import common
import masks
import onnxfile
from degrade import find_pictures, load_rgb
from nets import Denoiser, Inpainter
from pictures import to_tensor

LEVEL = 10 / 255  # the noise that the denoiser is told of when it only looks


class Features(torch.nn.Module):
    """Two maps of the denoiser's way down: edges and texture as a network trained on photographs sees them."""

    def __init__(self, path):
        super().__init__()
        net = Denoiser()
        onnxfile.load_weights(net, path)
        self.body = net.body.requires_grad_(False)

    def forward(self, image):
        b = self.body
        x = torch.cat([image, torch.full_like(image[:, :1], LEVEL)], 1)
        first = b.enter[0](b.head(b.unshuffle(x)))
        return first, b.enter[1](b.down[0](first))


INSIDE = dict(l1=lambda error, n: error.abs().sum((1, 2, 3)) / n,
              psnr=lambda error, n: torch.log(error.square().sum((1, 2, 3)) / n + 1e-4))


def feature_loss(features, found, truth):
    """L1 of both maps, relative to what the truth shows there."""
    with torch.no_grad():
        wanted = features(truth)
    return sum((a - b).abs().mean() / b.abs().mean() for a, b in zip(features(found), wanted))


def hole_psnr(truth, found, hole):
    """PSNR inside the hole of bytes on the 0..1 scale."""
    error = ((truth - (255 * found.clamp(0, 1)).round() / 255) ** 2 * hole).sum() / (3 * hole.sum())
    return float(-10 * torch.log10(error))


def classical(image, hole):
    """OpenCV's two, where python3-opencv is there: {name: filled}."""
    try:
        import cv2
    except ImportError:
        return {}
    bgr = np.uint8(255 * image[0].permute(1, 2, 0).numpy()[..., ::-1] + 0.5)
    ways = {"Telea": cv2.INPAINT_TELEA, "Navier-Stokes": cv2.INPAINT_NS}
    return {k: to_tensor(cv2.inpaint(bgr, np.uint8(hole[0, 0].numpy()), 3, way)[..., ::-1]) for k, way in ways.items()}


class Inpaint(common.Task):
    name = "inpaint"
    channels = dict(image=3, mask=1)
    features = None
    ci = ("hole.png",)

    def network(self):
        return Inpainter()

    def example(self):
        generator = torch.Generator().manual_seed(0)
        hole = torch.zeros(1, 1, 96, 64)
        hole[..., 20:50, 10:40] = 1
        return dict(image=torch.rand(1, 3, 96, 64, generator=generator), mask=hole)

    def holes(self, rng, count, side):
        """Random holes, every kind as often as any other, never empty."""
        made = []
        while len(made) < count:
            m = masks.mask(rng.choice(masks.KINDS), rng, side, side)
            made += [m] if m.any() else []
        return torch.from_numpy(np.stack(made))[:, None].float()

    def loss(self, net, crops, o):
        clean = crops.batch(o.batch, o.crop)
        hole = self.holes(crops.rng, o.batch, o.crop)
        with torch.no_grad():
            filled = masks.diffuse(clean, hole)
        found = net(filled, hole).float()
        inside = INSIDE[o.loss]((found - clean) * hole, 3 * hole.sum((1, 2, 3)))
        if not o.features:
            return inside.mean()
        self.features = self.features or Features(o.features)
        return inside.mean() + o.seen * feature_loss(self.features, found, clean)

    def restore(self, run, picture):
        """A picture whose holes are painted over with MARK."""
        hole = torch.from_numpy((picture == np.array(masks.MARK)).all(-1))[None, None].float()
        found = run(image=masks.diffuse(to_tensor(picture), hole, 200), mask=hole)
        return 255 * found[0].permute(1, 2, 0).numpy()

    def evaluate(self, run, o, full):
        """PSNR in the hole at 384 x 256: the fill, the network, and OpenCV's where it is installed."""
        files = find_pictures(os.path.join(o.bench, "Kodak24"))[::1 if full else 4]
        return {f"Kodak24 ({len(files)}) {kind}": self.measured(run, files, kind) for kind in masks.KINDS}

    def measured(self, run, files, kind):
        rows = []
        for i, f in enumerate(files):
            truth = F.interpolate(to_tensor(load_rgb(f)), scale_factor=0.5, mode="bicubic", antialias=True).clamp(0, 1)
            hole = torch.from_numpy(masks.mask(kind, np.random.default_rng(i), *truth.shape[2:]))[None, None].float()
            filled = masks.diffuse(truth, hole)
            found = {"fill": filled, "network": run(image=filled, mask=hole), **classical(truth * (1 - hole), hole)}
            rows.append({k: hole_psnr(truth, x, hole) for k, x in found.items()})
        return ", ".join(f"{k} {np.mean([r[k] for r in rows]):.2f}" for k in rows[0])

    def card(self, figures):
        return dict(name="inpaint", task="inpaint", author="cnnimg project", licence="MIT",
                    attribution="models/inpaint/card.md", recipe="models/train/inpaint.py",
                    colour="rgb", range=1, scale=1, multiple=16, fill="spline in tension 0.5",
                    data="free photographs, models/inpaint/DATA.tsv",
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], crop=128, batch=8, rate=8e-4, loss="l1", without=common.HELD_OUT)
    parser.add_argument("--features", help="models/denoise/denoise.onnx; nothing: L1 alone")
    parser.add_argument("--seen", type=float, default=0.02, help="weight of the features' loss")
    common.main(Inpaint(), parser.parse_args())
