# SPDX-License-Identifier: MIT
"""masks.py - seeded holes of every kind (1: to be filled), and the diffuse fill that the network starts from."""
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch.nn import functional as F

MARK = (255, 0, 255)  # how tests/models/data shows what is to be filled
KINDS = ("text", "thin", "box", "wide", "random")


def text(draw, rng, h, w):
    """Lines of digits and letters over the whole picture."""
    size = int(rng.integers(10, 24))
    font = ImageFont.load_default(size)
    for y in range(int(rng.integers(size)), h, int(1.7 * size)):
        line = "".join(chr(c) for c in rng.choice(list(b"0123456789:./ ABCDEFGHKLMNORSTUabcdefghijklmnorstu"), 60))
        draw.text((-int(rng.integers(size)), y), line, fill=1, font=font)


def stroke(draw, rng, h, w, width, bends):
    """A line with corners, round at the ends."""
    points = [(float(rng.uniform(0, w)), float(rng.uniform(0, h)))]
    for _ in range(bends):
        step = rng.normal(0, 0.2 * min(h, w), 2)
        points.append((points[-1][0] + step[0], points[-1][1] + step[1]))
    draw.line(points, fill=1, width=width, joint="curve")
    for x, y in points:
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=1)


def thin(draw, rng, h, w):
    for _ in range(int(rng.integers(4, 10))):
        stroke(draw, rng, h, w, int(rng.integers(1, 4)), 4)


def box(draw, rng, h, w):
    """Boxes, an eighth to a third of the picture a side."""
    for _ in range(int(rng.integers(1, 3))):
        side = min(h, w) * rng.uniform(0.12, 0.33)
        x, y = rng.uniform(0, w - side), rng.uniform(0, h - side)
        draw.rectangle((x, y, x + side * rng.uniform(0.7, 1.4), y + side), fill=1)


def wide(draw, rng, h, w):
    for _ in range(int(rng.integers(1, 3))):
        stroke(draw, rng, h, w, int(rng.uniform(0.08, 0.35) * min(h, w)), 2)


DRAW = dict(text=text, thin=thin, box=box, wide=wide)


def mask(kind, rng, h, w):
    """uint8 h x w; random: 80 % of the pixels are missing."""
    if kind == "random":
        return np.uint8(rng.random((h, w)) < 0.8)
    canvas = Image.new("L", (w, h))
    DRAW[kind](ImageDraw.Draw(canvas), rng, h, w)
    return np.array(canvas)


TENSION = 0.5


def differ(x):
    """Four times a pixel less its neighbours; those that the picture does not have are as if they were equal."""
    p = F.pad(x, (1, 1, 1, 1), mode="replicate")
    return 4 * x - p[..., :-2, 1:-1] - p[..., 2:, 1:-1] - p[..., 1:-1, :-2] - p[..., 1:-1, 2:]


def relax(x, hole, tension, turns):
    """Conjugate gradients for L L x + tension L x = 0 in the hole, each picture of the batch by steps of its own."""
    def sums(a, b):
        return (a * b).sum((1, 2, 3), True)

    def bend(a):
        spread = differ(a)
        return hole * (differ(spread) + tension * spread)

    rest = -bend(x)
    step, rr = rest, sums(rest, rest)
    for _ in range(turns):
        bent = bend(step)
        share = rr / sums(step, bent).clamp(min=1e-20)
        x, rest = x + share * step, rest - share * bent
        last, rr = rr, sums(rest, rest)
        step = rest + rr / last.clamp(min=1e-20) * step
    return x


def diffuse(image, hole, turns=40, tension=TENSION):
    """Holes (N x 1 x H x W, 1: unknown) filled as libcnnimg/tasks/diffuse.h says: a spline in tension, coarse to fine."""
    h, w = image.shape[2:]
    known = 1 - hole
    if min(h, w) <= 2:
        mean = (image * known).sum((2, 3), True) / known.sum((2, 3), True).clamp(min=1)
        return relax(image * known + hole * mean, hole, tension, turns)
    padded = F.pad(torch.cat([image * known, known], 1), (0, w % 2, 0, h % 2))
    pooled = F.avg_pool2d(padded, 2)
    half_known = (pooled[:, 3:] > 0).float()
    half = diffuse(pooled[:, :3] / pooled[:, 3:].clamp(min=1e-6), 1 - half_known, turns, 4 * tension)
    large = F.interpolate(half, scale_factor=2, mode="bilinear", align_corners=False)[..., :h, :w]
    return relax(image * known + large * hole, hole, tension, turns)
