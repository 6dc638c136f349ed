#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""inpaint.py - PSNR and SSIM in the hole of cnn-inpaint's methods beside OpenCV's two, over pictures with seeded holes

inpaint.py --bench DIR [--tool build/tools/cnn-inpaint] [--few] [--methods diffuse,patch] [-m MODEL] [--save DIR]

DIR holds Kodak24 and McMaster18. Holes: text (lines of letters), thin (scratches of one to three pixels), boxes (three, 2 %
of the picture), wide5 and wide20 (blobs, 5 and 20 %), random (80 % of the pixels are missing). Seeded by the picture's number,
so every method gets the same. Damaged pixels are black. PSNR is of all samples in the hole of a picture, SSIM (Wang et al. 2004,
11 x 11 Gaussian, of luma) the mean of its map there; both are then means over pictures. Seconds are of the whole program, for
one picture. With --few, every sixth picture. Needs numpy and Pillow; OpenCV's columns, python3-opencv. Where a tool changes
a pixel outside, it ends with an error.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from PIL import Image, ImageDraw, ImageFont

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/train"))
from degrade import find_pictures  # noqa: E402

SETS = ("Kodak24", "McMaster18")
KINDS = ("text", "thin", "boxes", "wide5", "wide20", "random")
LETTERS = list("0123456789:./ ABCDEFGHKLMNORSTUabcdefghijklmnorstu")


# ---- holes ---------------------------------------------------------------------------------

def text(draw, rng, h, w):
    font = ImageFont.load_default(16)
    for y in range(int(rng.integers(20)), h, 40):
        draw.text((-int(rng.integers(20)), y), "".join(rng.choice(LETTERS, 120)), fill=1, font=font)


def thin(draw, rng, h, w):
    for _ in range(12):
        at = np.array([rng.uniform(0, w), rng.uniform(0, h)])
        turns = [at := at + rng.normal(0, 0.15 * min(h, w), 2) for _ in range(5)]
        draw.line([tuple(p) for p in turns], fill=1, width=int(rng.integers(1, 4)))


def boxes(draw, rng, h, w):
    side = (0.02 / 3 * h * w) ** 0.5
    for _ in range(3):
        wide = side * rng.uniform(0.7, 1.4)
        x, y = rng.uniform(0, w - wide), rng.uniform(0, h - side * side / wide)
        draw.rectangle((x, y, x + wide - 1, y + side * side / wide - 1), fill=1)


def smooth(noise, sigma):
    """Gaussian, by the product of spectra: the picture goes on at its other side."""
    fy, fx = np.fft.fftfreq(noise.shape[0])[:, None], np.fft.rfftfreq(noise.shape[1])[None]
    return np.fft.irfft2(np.fft.rfft2(noise) * np.exp(-2 * (np.pi * sigma) ** 2 * (fx ** 2 + fy ** 2)), noise.shape)


def hole(kind, seed, h, w):
    """uint8, 1: to be filled."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind == "random":
        return np.uint8(rng.random((h, w)) < 0.8)
    if kind.startswith("wide"):
        field = smooth(rng.normal(size=(h, w)), 0.04 * min(h, w))
        return np.uint8(field > np.quantile(field, 1 - int(kind[4:]) / 100))
    canvas = Image.new("L", (w, h))
    dict(text=text, thin=thin, boxes=boxes)[kind](ImageDraw.Draw(canvas), rng, h, w)
    return np.array(canvas)


# ---- measures ------------------------------------------------------------------------------

def blur(x):
    t = np.arange(-5, 6)
    k = np.exp(-t ** 2 / 4.5)
    k /= k.sum()
    x = np.pad(x, 5, mode="symmetric")
    x = sum(k[i] * x[i:x.shape[0] - 10 + i] for i in range(11))
    return sum(k[i] * x[:, i:x.shape[1] - 10 + i] for i in range(11))


def ssim_map(a, b):
    a, b = (x @ np.array([0.299, 0.587, 0.114]) for x in (a, b))
    ma, mb = blur(a), blur(b)
    va, vb, vab = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return (2 * ma * mb + c1) * (2 * vab + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def measures(truth, found, inside):
    truth, found = truth.astype(np.float64), found.astype(np.float64)
    error = ((truth - found) ** 2)[inside].mean()
    return 10 * np.log10(255 ** 2 / max(error, 1e-9)), ssim_map(truth, found)[inside].mean()


# ---- methods -------------------------------------------------------------------------------

def opencv(how):
    import cv2
    flag = dict(telea=cv2.INPAINT_TELEA, ns=cv2.INPAINT_NS)[how]
    return lambda damaged, inside: cv2.inpaint(damaged[..., ::-1].copy(), inside, 3, flag)[..., ::-1]


def ours(o, method, folder):
    names = [os.path.join(folder, n) for n in ("in.png", "hole.png", "out.png")]
    model = ["-m", o.model] if o.model and method in ("net", "auto") else []

    def fill(damaged, inside):
        Image.fromarray(damaged).save(names[0], compress_level=1)
        Image.fromarray(inside * 255).save(names[1], compress_level=1)
        subprocess.run([o.tool, "--quiet", "--method", method, *model, "--mask", names[1], names[0], names[2]], check=True)
        found = np.array(Image.open(names[2]))
        if (found != damaged)[inside == 0].any():
            sys.exit(f"{method} changed what lies outside the hole")
        return found
    return fill


def columns(o, folder):
    ways = {}
    try:
        ways.update(telea=opencv("telea"), ns=opencv("ns"))
    except ImportError:
        print("without OpenCV: python3-opencv is not there", file=sys.stderr)
    ways.update({m: ours(o, m, folder) for m in o.methods.split(",")})
    return ways


def pictures(o, name):
    files = find_pictures(os.path.join(o.bench, name))
    return list(enumerate(files))[::6 if o.few else 1]


def measure(o, ways, name, kind):
    """{way: mean PSNR, SSIM, seconds}"""
    rows = {w: [] for w in ways}
    for seed, path in pictures(o, name):
        truth = np.array(Image.open(path).convert("RGB"))
        inside = hole(kind, seed, *truth.shape[:2])
        damaged = truth * (1 - inside[..., None])
        for w, fill in ways.items():
            start = time.time()
            found = fill(damaged, inside)
            rows[w].append((*measures(truth, found, inside > 0), time.time() - start))
            if o.save:
                Image.fromarray(np.uint8(found)).save(os.path.join(o.save, f"{name}-{seed:02}-{kind}-{w}.png"))
    return {w: np.mean(r, 0) for w, r in rows.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="folder of Kodak24 and McMaster18")
    parser.add_argument("--tool", default="build/tools/cnn-inpaint")
    parser.add_argument("--few", action="store_true", help="every sixth picture")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--methods", default="diffuse,patch,auto", help="net too where there is a model")
    parser.add_argument("-m", "--model", help="of net and auto")
    parser.add_argument("--save", help="folder for the pictures")
    o = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ways = columns(o, folder)
        print(f"| set | hole | {' | '.join(ways)} |\n|---|---|{'---|' * len(ways)}")
        for name in o.sets.split(","):
            for kind in o.kinds.split(","):
                found = measure(o, ways, name, kind)
                cells = " | ".join(f"{p:.2f} {s:.3f} {t:.1f}s" for p, s, t in found.values())
                print(f"| {name} | {kind} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
