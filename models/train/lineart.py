#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lineart.py - trains models/lineart: paint for drawings, by itself or with hints (after Ci et al. 2018, Cinarel 2018).

Inputs: image, the ink of the drawing, 1 less its light (encoded), so that paper is what convolutions pad with; hints at a quarter
of its size, red, green, blue and the share of the cell that has them, with which they are multiplied: each hint's colour all
through the area between strokes that it lies in; and how far down the cell is in the picture, -1 to 1; palette, one vector for the whole picture (its histogram over the ab
grid, its mean chroma, and 1 where there is one). Output: paint, red, green, blue at a quarter of the size, encoded, 0..1.
Whoever runs it spreads the paint between the strokes, but where hints say the colour, and multiplies the drawing with it, so
strokes stay as they are; paint under strokes does not count.
"""
import os

import numpy as np
import torch
from scipy import ndimage
from torch.nn import functional as F

import common
import lab
import strokes
from colorize import held_out, palette, resized, with_place, with_places
from degrade import find_pictures, load_rgb, psnr
from nets import Painter
from pictures import to_tensor

CELL, SEEN = 4, 176  # pixels of a cell; the network sees the short side at SEEN
WINDOWS = range(144, 201, 8)  # pixels of the pictures, most of each
HINTS = (0, 5, 20)
SHAPES = 0.25  # share of the samples with hints that are drawn shapes
BARE = 0.4  # share of the flat ones whose background is paper
CHROMA = 2  # how much more differences of hue count than those of light
KINDS = dict(bilateral=0.2, plain=0.3)  # the rest is flat


def lively(rgb, rng):
    """Photographs are darker and paler than drawings are painted."""
    light = strokes.luma(rgb)
    mean, wanted = float(np.clip(light.mean(), 0.05, 0.95)), rng.uniform(0.6, 0.9)
    if mean < wanted:
        rgb = rgb ** (np.log(wanted) / np.log(mean))
    light = strokes.luma(rgb)[..., None]
    return np.clip(light + (rgb - light) * rng.uniform(1, 1.7), 0, 1)


def repainted(rgb, regions, count, rng):
    """Each region in a random colour: only hints say which."""
    colours = rng.random((count, 3)) ** rng.uniform(0.4, 1)
    white = rng.random(count) < 0.15
    colours[white] = 1 - 0.1 * rng.random((int(white.sum()), 3))
    return np.float32(colours[regions] * rng.uniform(0.7, 1) + (1 - rng.uniform(0.9, 1)) * rgb).clip(0, 1)


def on_paper(paint, regions, count):
    """What is large and reaches the border stays paper: drawings of one thing have no background."""
    border = np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]])
    large = np.bincount(regions.ravel(), minlength=count) > 0.06 * regions.size
    bare = np.isin(regions, np.flatnonzero(large & (np.bincount(border, minlength=count) > 0)))
    return np.where(bare[..., None], np.float32(0.99), paint)


def simplified(rgb, rng):
    """(the picture as it is painted, its regions or None, how many)."""
    kind = rng.random()
    if kind < KINDS["plain"]:
        return rgb, None, 0
    if kind < KINDS["plain"] + KINDS["bilateral"]:
        return strokes.bilateral(rgb, 2, rng.uniform(0.05, 0.15), 2), None, 0
    regions, count = strokes.parts(strokes.quantised(rgb, rng, int(rng.integers(3, 10))))
    return strokes.flat(rgb, regions, count), regions, count


def cells(x):
    """Means of squares of CELL pixels."""
    h, w = x.shape[0] // CELL, x.shape[1] // CELL
    return x.reshape(h, CELL, w, CELL, *x.shape[2:]).mean((1, 3))


def pair(rgb, rng, freely):
    """(drawing, paint) of a picture; freely: hints will say the colours, so they may be any."""
    if freely and rng.random() < SHAPES:
        regions, count = strokes.shapes(*rgb.shape[:2], rng)
        rgb = paint = repainted(rgb, regions, count, rng)
        return strokes.draw(rgb, regions, rng), np.float32(paint)
    rgb, regions, count = simplified(rgb, rng)
    drawing = strokes.draw(rgb, regions, rng)
    paint = lively(rgb, rng)
    if freely and regions is not None and rng.random() < 0.5:
        paint = repainted(paint, regions, count, rng)
    elif freely and rng.random() < 0.4:
        paint = paint[..., rng.permutation(3)]
    if regions is not None and rng.random() < BARE:
        paint = on_paper(paint, regions, count)
    return drawing, np.float32(paint)


def random_count(rng, none):
    """No hint for the share `none` of the samples, else 1 to 40, few more often than many."""
    return 0 if rng.random() < none else int(np.exp(rng.uniform(0, np.log(40))))


def put_hints(drawing, paint, rng, count):
    """4 x h/4 x w/4: colours of `count` dots through the areas that they lie in, the nearest one's, and how much of each cell
    they cover. That is how the library hands hints on."""
    if not count:
        return np.zeros((4, paint.shape[0] // CELL, paint.shape[1] // CELL), np.float32)
    parts, dots = strokes.areas(drawing, rng), np.zeros(drawing.shape, bool)
    at = rng.integers(dots.shape[0], size=count), rng.integers(dots.shape[1], size=count)
    dots[at] = True
    near = ndimage.distance_transform_edt(~dots, return_distances=False, return_indices=True)
    owned = np.isin(parts, parts[at])[..., None]
    colours = paint + rng.normal(0, 0.01, paint.shape)
    return np.float32(cells(np.concatenate([colours[tuple(near)] * owned, owned], -1)).transpose(2, 0, 1))


def opponent(paint):
    """Light, and the differences of colours that hue and saturation are."""
    r, g, b = paint.split(1, 1)
    return torch.cat([(r + g + b) / 3, CHROMA * (r - g), CHROMA * ((r + g) / 2 - b)], 1)


def loss_of(found, paint, ink, hints):
    """Huber in opponent colours; what is vivid counts more, what lies under strokes or has a hint's colour less."""
    vivid = paint.amax(1, keepdim=True) - paint.amin(1, keepdim=True)
    weight = (0.5 + 1.5 * vivid) * (1.1 - F.avg_pool2d(ink, CELL)) * (1.1 - hints[:, 3:4])
    error = F.huber_loss(opponent(found.float()), opponent(paint), reduction="none", delta=0.1)
    return 10 * (weight * error).mean()


class LineArt(common.Task):
    name = "lineart"
    half_file = True
    ci = ("line.png",)

    def __init__(self):
        self.centres = lab.bins()
        self.size = len(self.centres) + 2
        self.channels = dict(image=1, hints=5, palette=self.size)
        self.outputs = dict(paint=3)
        self.shapes = dict(hints=[1, 5, "H/4", "W/4"], palette=[1, self.size, 1, 1], paint=[1, 3, "H/4", "W/4"])
        self.weighed = False

    def network(self):
        return Painter(self.size)

    def adapt(self, held):
        """The weights of the colorizer: ink is what light lacks, and its hints are ab and not paint."""
        if "ab.weight" not in held:
            return held
        place = {k: v[:, 3] for k, v in held.items() if k.startswith("hints.") and k.endswith("weight")}
        held = {k: v for k, v in held.items() if not k.startswith("hints.")}
        for k, v in self.network().state_dict().items():
            if k in place:
                v[:, 4] = place[k]
                held[k] = v
        light = held["head.weight"]
        return {**held, "head.weight": -light, "head.bias": held["head.bias"] + light.sum((1, 2, 3))}

    def example(self):
        generator = torch.Generator().manual_seed(0)
        return dict(image=torch.rand(1, 1, 96, 64, generator=generator),
                    hints=torch.zeros(1, 5, 24, 16), palette=torch.zeros(1, self.size, 1, 1))

    def prepare(self, crops):
        """Once: pictures without colours teach nothing, colourful ones more."""
        vivid = np.array([np.ptp(np.float32(crops.large[i][4::8, 4::8]), -1).mean() for i in range(len(crops.large))])
        crops.weight = np.where(vivid < 15, 0, crops.weight * np.minimum(vivid, 80))
        crops.weight /= crops.weight.sum()
        crops.upright = True  # skies are above
        self.weighed = True

    def batch(self, crops, o):
        """(ink, hints, palette, paint)."""
        side = WINDOWS[crops.rng.integers(len(WINDOWS))]
        places = crops.places(o.batch, side)
        rgb = F.interpolate(to_tensor(crops.cut(places, side)), (o.crop, o.crop), mode="bilinear", antialias=True)
        made = []
        for picture in rgb.permute(0, 2, 3, 1).numpy():
            count = random_count(crops.rng, o.none)
            drawing, paint = pair(np.ascontiguousarray(picture), crops.rng, count > 3)
            hints = put_hints(drawing, paint, crops.rng, count)
            made.append((drawing[None], hints, np.float32(cells(paint)).transpose(2, 0, 1)))
        drawing, hints, paint = (torch.from_numpy(np.stack(part)) for part in zip(*made))
        given = torch.from_numpy(crops.rng.random(len(paint)) < o.reference).float()[:, None, None, None]
        hints = with_places(hints, crops, places, side)
        return 1 - drawing, hints, palette(lab.rgb_to_lab(paint)[:, 1:], self.centres) * given, paint

    def loss(self, net, crops, o):
        if not self.weighed:
            self.prepare(crops)
        ink, hints, vector, paint = self.batch(crops, o)
        return loss_of(net(ink, hints, vector), paint, ink, hints)

    def restore(self, run, picture):
        """A drawing, H x W x 3 of 0..255, multiplied with what the network paints by itself."""
        ink = torch.from_numpy(1 - np.float32(picture[None, None, ..., 0]) / 255)
        h, w = ink.shape[2:]
        hints = with_place(torch.zeros(1, 4, h // CELL, w // CELL))
        paint = run(image=ink, hints=hints, palette=torch.zeros(1, self.size, 1, 1))
        return F.interpolate(paint, (h, w), mode="bilinear")[0].permute(1, 2, 0).numpy().clip(0, 1) * picture

    def evaluate(self, run, o, full):
        """PSNR of the paint with hints of its own, and its colourfulness as a share of the truth's."""
        files = find_pictures(os.path.join(o.bench, "Kodak24"))[::1 if full else 4]
        figures = {}
        for count in HINTS:
            told = []
            for i, path in enumerate(files):
                rng = np.random.default_rng(i)
                drawing, paint = pair(small_picture(path), rng, False)
                hints, paint = put_hints(drawing, paint, rng, count), cells(paint)
                feeds = dict(image=1 - drawing[None, None], hints=with_place(torch.from_numpy(hints[None])).numpy(),
                             palette=np.zeros((1, self.size, 1, 1), np.float32))
                found = run(**{k: torch.from_numpy(v) for k, v in feeds.items()})[0].permute(1, 2, 0).numpy().clip(0, 1)
                told.append((psnr(255 * paint, 255 * found),
                             lab.colourfulness(255 * found) / max(lab.colourfulness(255 * paint), 1)))
            figures[f"{count} hints"] = "%.2f (%.2f)" % tuple(np.mean(told, 0))
        return figures

    def card(self, figures):
        return dict(name="lineart", task="lineart", author="cnnimg project", licence="MIT",
                    attribution="models/lineart/card.md", recipe="models/train/lineart.py",
                    colour="rgb", scale=1, multiple=16, size=SEEN, data="free photographs, models/colorize/DATA.tsv",
                    cells=" ".join(f"{a:.0f},{b:.0f}" for a, b in self.centres.tolist()),
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


def small_picture(path):
    """H x W x 3, the short side at about SEEN, both multiples of 16."""
    return np.ascontiguousarray(resized(to_tensor(load_rgb(path)), SEEN)[0].permute(1, 2, 0).numpy())


def wash(task, o):
    """Write the network of --init with lighter and livelier paint, a matrix behind its last layer: by itself it knows little, and a
    mean of what may be is brown. Where hints say the colour the library takes that, so they stay as strong as they are."""
    light, chroma = o.wash
    mix = chroma * torch.eye(3) + (light - chroma) / 3

    def change(net):
        net.paint.weight.copy_(torch.einsum("oi,ichw->ochw", mix, net.paint.weight))
        net.paint.bias.copy_(mix @ net.paint.bias + 1 - light)
    common.rewrite(task, o, change)


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], crop=128, batch=8, rate=1e-3, without=held_out())
    parser.add_argument("--none", type=float, default=0.3, help="share of the samples without hints")
    parser.add_argument("--reference", type=float, default=0.25, help="share with the global vector")
    parser.add_argument("--wash", type=float, nargs=2, metavar=("LIGHT", "CHROMA"),
                        help="only write the network of --init, its paint so much of its darkness and of its chroma (0.5 1.4)")
    options = parser.parse_args()
    (wash if options.wash else common.main)(LineArt(), options)
