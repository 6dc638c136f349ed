#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""colorize.py - trains models/colorize: colours of a grey picture, by itself or with hints (Zhang et al. 2017).

Inputs: image, L of CIE Lab / 100; hints at a quarter of its size, ab / 110, where it is given, and how far down the cell is in the
picture, -1 to 1; palette, one vector for
the whole picture (its histogram over the ab grid, its mean chroma, and 1 where there is one). Outputs at a quarter of the
size: ab / 110, and scores of the cells of the ab grid (Zhang, Isola, Efros 2016), for suggestions and livelier colour.
"""
import os

import numpy as np
import torch
from torch.nn import functional as F

import common
import lab
from degrade import find_pictures, load_rgb, psnr, round_bytes
from nets import Colorizer
from pictures import to_tensor

SETS, SIDE = ("Kodak24", "McMaster18"), 256  # measured with the short side at SIDE
SEEN = 128  # of which the network sees so much: measured best from 80 to 160
HINTS = (0, 1, 10, 50, 100)
ANNEAL = 0.38  # temperature of the mean over cells (Zhang 2016, section 2.3)
HELD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../colorize/HELD.tsv")  # looked at, never learnt from
WINDOWS = range(120, 201, 16)  # pixels of the pictures, most of each: the whole says what a part is
GREY_CHROMA = 6  # pictures of less mean chroma teach nothing


def held_out():
    """Words in the names of pictures that do not teach."""
    rows = open(HELD, encoding="utf-8").read().splitlines()[1:]
    return [*common.HELD_OUT, *(os.path.splitext(r.split("\t")[0])[0] for r in rows)]


def put_hints(ab, rng, count):
    """ab (2 x h x w) -> 3 x h x w: `count` cells or squares of 2 x 2 with their true colour, and where."""
    mask = torch.zeros_like(ab[:1])
    for _ in range(count):
        y, x = rng.integers(ab.shape[1]), rng.integers(ab.shape[2])
        side = rng.integers(1, 3)
        mask[:, y:y + side, x:x + side] = 1
    return torch.cat([ab * mask, mask])


def with_place(hints, top=0, bottom=1):
    """N x 3 x h x w and how far down each cell is; top, bottom: of each window in its picture, 0 to 1."""
    n, _, h, w = hints.shape
    top, bottom = (torch.as_tensor(v, dtype=torch.float32).reshape(-1, 1, 1, 1) for v in (top, bottom))
    down = 2 * (top + (bottom - top) * ((torch.arange(h) + 0.5) / h)[:, None]) - 1
    return torch.cat([hints, down.expand(n, 1, h, w)], 1)


def with_places(hints, crops, places, side):
    """The same for windows of `side` pixels at places of the pictures."""
    tops, heights = [p[1] for p in places], [crops.large.index[p[0], 1] for p in places]
    return with_place(hints, np.divide(tops, heights), np.divide(np.add(tops, side), heights))


def random_count(rng, none):
    """No hint for the share `none` of the samples, else 1 to 120, few more often than many."""
    return 0 if rng.random() < none else int(np.exp(rng.uniform(0, np.log(120))))


def developed(light, rng):
    """L / 100 of a batch, half of it through a random tone curve: black and white prints were developed in many ways."""
    curve = np.where(rng.random(len(light)) < 0.5, np.exp(rng.uniform(-0.35, 0.35, len(light))), 1)
    top = np.where(rng.random(len(light)) < 0.3, rng.uniform(0.8, 1, len(light)), 1)
    curve, top = (torch.from_numpy(x).float()[:, None, None, None] for x in (curve, top))
    return top * light.clamp(min=1e-6) ** curve


def palette(ab, centres):
    """The global vector of each picture: histogram, mean chroma / 110, 1."""
    cells = F.one_hot(lab.bin_of(ab, centres), len(centres)).float().mean((1, 2))
    chroma = ab.norm(dim=1).mean((1, 2))[:, None] / lab.AB
    return torch.cat([cells, chroma, torch.ones_like(chroma)], 1)[..., None, None]


def rarity(pictures, centres):
    """Weights of the cells: rare colours count more (Zhang 2016, eq. 4), on average 1."""
    sample = [torch.from_numpy(np.array(p[4::16, 4::16])).reshape(-1, 3) for p in pictures]
    rgb = torch.cat(sample).T.reshape(1, 3, -1, 1).float() / 255
    share = torch.bincount(lab.bin_of(lab.rgb_to_lab(rgb)[:, 1:], centres).flatten(), minlength=len(centres))
    share = share / share.sum()
    weight = (0.5 * share + 0.5 / len(centres)) ** -0.5  # the paper's is -1: of few pictures, rare colours teach noise
    return weight / (share * weight).sum()


def tiers(o):
    """Weights of the packed pictures: scenes, animals and things (tier A of LICENCES.tsv) o.scenes times flowers and food."""
    scenes = set()
    for folder in o.data:
        table = os.path.join(folder, "LICENCES.tsv")
        rows = [line.split("\t") for line in open(table, encoding="utf-8")] if os.path.exists(table) else []
        scenes |= {r[0] for r in rows if "A" in r[6:7]}
    return np.where([name in scenes for name in np.load(o.cache + ".names.npy")], o.scenes, 1)


def resized(rgb, side):
    """A picture with about `side` as the short side, both multiples of 16."""
    size = [round(n * side / min(rgb.shape[2:]) / 16) * 16 for n in rgb.shape[2:]]
    return F.interpolate(rgb, size, mode="bicubic", antialias=True).clamp(0, 1)


def small_picture(path):
    """A picture with the short side at SIDE, cut to multiples of 16."""
    rgb = to_tensor(load_rgb(path))
    size = [round(n * SIDE / min(rgb.shape[2:])) for n in rgb.shape[2:]]
    rgb = F.interpolate(rgb, size, mode="bicubic", antialias=True).clamp(0, 1)
    h, w = (n // 16 * 16 for n in rgb.shape[2:])
    return rgb[..., :h, :w]


def rebuilt(light, ab):
    """L and small ab as bytes, H x W x 3."""
    large = F.interpolate(ab, light.shape[2:], mode="bilinear", align_corners=False)
    return round_bytes(255 * lab.lab_to_rgb(torch.cat([light, large], 1))[0].permute(1, 2, 0).numpy())


def annealed(scores, centres):
    """Mean colour of the cells, the likely ones made likelier."""
    return torch.einsum("nkhw,kc->nchw", torch.softmax(scores / ANNEAL, 1), centres)


class Colorize(common.Task):
    name = "colorize"
    half_file = True
    ci = ("png",)

    def __init__(self, side=SEEN):
        self.side = side
        self.centres = lab.bins()
        self.size = len(self.centres) + 2
        self.channels = dict(image=1, hints=4, palette=self.size)
        self.outputs = dict(ab=2, cells=len(self.centres))
        self.shapes = dict(hints=[1, 4, "H/4", "W/4"], palette=[1, self.size, 1, 1],
                           ab=[1, 2, "H/4", "W/4"], cells=[1, len(self.centres), "H/4", "W/4"])
        self.weight = None

    def network(self):
        return Colorizer(self.size, len(self.centres))

    def example(self):
        generator = torch.Generator().manual_seed(0)
        return dict(image=torch.rand(1, 1, 96, 64, generator=generator),
                    hints=torch.zeros(1, 4, 24, 16), palette=torch.zeros(1, self.size, 1, 1))

    def prepare(self, crops, o):
        """Once: which pictures teach (weights, in place), and how rare each cell is."""
        def chroma(p):
            rgb = to_tensor(np.array(p[4::8, 4::8]))
            return lab.rgb_to_lab(rgb)[:, 1:].norm(dim=1).mean().item()
        pictures = [crops.large[i] for i in range(len(crops.large))]
        dull = np.array([chroma(p) < GREY_CHROMA for p in pictures])
        self.weight = rarity([p for p, d in zip(pictures, dull) if not d], self.centres)
        crops.weight = np.where(dull, 0, crops.weight) * tiers(o)
        crops.weight /= crops.weight.sum()
        crops.upright = True  # the sky is above
        print(f"{dull.sum()} of {len(dull)} pictures are grey or nearly so and are left out", flush=True)

    def inputs(self, ab, rng, o):
        """(hints, palette) of a batch of small ab."""
        hints = torch.stack([put_hints(a / lab.AB, rng, random_count(rng, o.none)) for a in ab])
        given = torch.from_numpy(rng.random(len(ab)) < o.reference).float()[:, None, None, None]
        return hints, palette(ab, self.centres) * given

    def loss(self, net, crops, o):
        """Huber on ab, and cross entropy of the cells with rare colours weighed up; crops come at several scales."""
        if self.weight is None:
            self.prepare(crops, o)
        side = WINDOWS[crops.rng.integers(len(WINDOWS))]
        places = crops.places(o.batch, side)
        rgb = F.interpolate(to_tensor(crops.cut(places, side)), (o.crop, o.crop), mode="bilinear", antialias=True)
        full = lab.rgb_to_lab(rgb)
        ab = F.avg_pool2d(full[:, 1:], 4)
        hints, vector = self.inputs(ab, crops.rng, o)
        hints = with_places(hints, crops, places, side)
        found, scores = net(developed(full[:, :1] / 100, crops.rng), hints, vector)
        fine = F.huber_loss(found.float(), ab / lab.AB, delta=0.4) * 20
        return fine + o.cells * F.cross_entropy(scores.float(), lab.bin_of(ab, self.centres), self.weight)

    def colour(self, run, rgb, count, seed):
        """Small ab of a picture with `count` hints, as regressed and from the cells."""
        small = lab.rgb_to_lab(resized(rgb, min(self.side, *rgb.shape[2:])))
        ab = F.avg_pool2d(small[:, 1:], 4)
        hints = with_place(put_hints(ab[0] / lab.AB, np.random.default_rng(seed), count)[None])
        found, scores = run(image=small[:, :1] / 100, hints=hints, palette=torch.zeros(1, self.size, 1, 1))
        return found * lab.AB, annealed(scores, self.centres)

    def coloured(self, run, pictures, count, mix=0, saturation=1):
        """Bytes of the pictures; mix: the share of the cells' colours."""
        made = []
        for i, p in enumerate(pictures):
            ab, cells = self.colour(run, p, count, i)
            made.append(rebuilt(lab.rgb_to_lab(p)[:, :1], saturation * ((1 - mix) * ab + mix * cells)))
        return made

    def restore(self, run, picture):
        return self.coloured(run, [to_tensor(picture)], 0)[0]

    def evaluate(self, run, o, full):
        """RGB PSNR with the true L, and colourfulness as a share of the truth's."""
        figures = {}
        for name in SETS[:2 if full else 1]:
            pictures = [small_picture(f) for f in find_pictures(os.path.join(o.bench, name))[::1 if full else 4]]
            truths = [round_bytes(255 * p[0].permute(1, 2, 0).numpy()) for p in pictures]
            grey = [rebuilt(lab.rgb_to_lab(p)[:, :1], torch.zeros(1, 2, 8, 8)) for p in pictures]
            figures[f"{name} grey"] = self.told(truths, grey)
            for count in HINTS if full else (0, 10, 100):
                figures[f"{name} {count} hints"] = self.told(truths, self.coloured(run, pictures, count))
            figures[f"{name} livelier"] = self.told(truths, self.coloured(run, pictures, 0, 0, 1.25))
            figures[f"{name} cells"] = self.told(truths, self.coloured(run, pictures, 0, 1))
        return figures

    @staticmethod
    def told(truths, found):
        vivid = [lab.colourfulness(x) / lab.colourfulness(t) for t, x in zip(truths, found)]
        return f"{np.mean([psnr(t, x) for t, x in zip(truths, found)]):.2f} ({np.mean(vivid):.2f})"

    def card(self, figures):
        return dict(name="colorize", task="colorize", author="cnnimg project", licence="MIT",
                    attribution="models/colorize/card.md", recipe="models/train/colorize.py",
                    colour="lab", scale=1, multiple=16, size=self.side, data="free photographs, models/colorize/DATA.tsv",
                    cells=" ".join(f"{a:.0f},{b:.0f}" for a, b in self.centres.tolist()),
                    psnr="; ".join(f"{k} {v}" for k, v in figures.items()) or "not measured")


def enliven(task, o):
    """Write the network of --init with its ab that much larger: a mean of what may be is paler than each."""
    def change(net):
        net.ab.weight.mul_(o.lively)
        net.ab.bias.mul_(o.lively)
    common.rewrite(task, o, change)


if __name__ == "__main__":
    parser = common.options(__doc__.splitlines()[0], crop=64, batch=32, rate=2e-3, without=held_out())
    parser.add_argument("--side", type=int, default=SEEN, help="short side that the network sees")
    parser.add_argument("--none", type=float, default=0.75, help="share of the samples without hints")
    parser.add_argument("--scenes", type=float, default=3, help="weight of tier A of LICENCES.tsv")
    parser.add_argument("--reference", type=float, default=0.2, help="share with the global vector")
    parser.add_argument("--cells", type=float, default=0.4, help="weight of the distribution's loss")
    parser.add_argument("--lively", type=float, help="only write the network of --init, its ab so many times as large")
    options = parser.parse_args()
    run = enliven if options.lively else common.main
    run(Colorize(options.side), options)
