#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""deblur.py - PSNR of cnn-denoise --deblur over benchmark pictures, beside scikit-image's deconvolutions.

  deblur.py --tool build/tools/cnn-denoise --pictures DIR [--count 10] [--crop 256] [--noise 2.55 7.65] [--keep FOLDER]

Each picture is cut from the middle, blurred by a Gaussian of 1.6 pixels or by motion of 15 pixels at 30 degrees (which the
camera saw more of than is left: what is beyond the border is nobody's to know), and gets noise, seeded by the picture's
number. Through PFM files: neither clipped nor rounded. A line for each kernel and noise: mean PSNR in dB of what was
blurred, of ours, of Wiener's filter with the best of 7 balances for each picture, which only who has the truth can choose,
and of Richardson's and Lucy's with the better of 10 and 30 iterations; both get the picture with a mirrored border, which
is cut off again, and weights that are drawn here. --keep writes the pictures of the first one as PNG files. Needs numpy,
Pillow and scikit-image (written with 0.26).
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image
from scipy import signal
from skimage import restoration

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/train"))
from degrade import centre, find_pictures, load_rgb, psnr, round_bytes  # noqa: E402
from toolrun import read_pfm, write_pfm  # noqa: E402

BALANCES = np.geomspace(1e-3, 1, 7)
ITERATIONS = (10, 30)
BORDER = 32


def gauss(sigma):
    r = int(np.ceil(4 * sigma))
    y, x = np.mgrid[-r:r + 1, -r:r + 1]
    k = np.exp(-(x * x + y * y) / (2 * sigma ** 2))
    return k / k.sum()


def motion(length, degrees):
    """A line as many points, each shared among the four pixels around it."""
    a = np.deg2rad(degrees)
    t = (np.arange(20000) + 0.5) / 20000 * length - length / 2
    r = int(np.ceil(length / 2)) + 1
    x, y = t * np.cos(a) + r, r - t * np.sin(a)
    k = np.zeros((2 * r + 1, 2 * r + 1))
    fx, fy = x % 1, y % 1
    for dy in (0, 1):
        for dx in (0, 1):
            np.add.at(k, (y.astype(int) + dy, x.astype(int) + dx), (fx if dx else 1 - fx) * (fy if dy else 1 - fy))
    return k / k.sum()


def blurred(x, kernel, sigma, seed):
    """What is left where all of the kernel lies in the picture, and the truth there."""
    r = len(kernel) // 2
    y = np.stack([signal.fftconvolve(x[..., c], kernel, mode="valid") for c in range(3)], -1)
    y += np.random.default_rng(seed).normal(0, sigma / 255, y.shape)
    return y, x[r:-r, r:-r]


def ours(o, work, seen, kernel, sigma):
    paths = [os.path.join(work, n) for n in ("seen.pfm", "kernel.pfm", "out.pfm")]
    write_pfm(paths[0], seen)
    write_pfm(paths[1], kernel[..., None])
    subprocess.run([o.tool, "-s", str(sigma), "--quiet", "--models-dir", o.models_dir, *o.args.split(), "--deblur",
                    paths[1], paths[0], paths[2]], check=True)
    return read_pfm(paths[2])


def per_channel(seen, function):
    wide = np.pad(seen, [(BORDER, BORDER)] * 2 + [(0, 0)], "symmetric")
    out = np.stack([function(wide[..., c]) for c in range(3)], -1)
    return out[BORDER:-BORDER, BORDER:-BORDER]


def wiener(seen, kernel, truth):
    tries = [per_channel(seen, lambda x, b=b: restoration.wiener(x, kernel, b, clip=False)) for b in BALANCES]
    return max(tries, key=lambda z: score(truth, z))


def lucy(seen, kernel, truth):
    positive = np.clip(seen, 1e-3, None)
    tries = [per_channel(positive, lambda x, n=n: restoration.richardson_lucy(x, kernel, n, clip=False)) for n in ITERATIONS]
    return max(tries, key=lambda z: score(truth, z))


def score(truth, x):
    return psnr(truth * 255, np.clip(x * 255, 0, 255))


def keep(o, name, pictures):
    os.makedirs(o.keep, exist_ok=True)
    row = np.concatenate([np.clip(p, 0, 1) for p in pictures], 1)
    Image.fromarray(round_bytes(row * 255).astype(np.uint8)).save(os.path.join(o.keep, name + ".png"))


def measure(o, work, name, kernel, sigma):
    found = []
    for i, path in enumerate(find_pictures(o.pictures)[:o.count]):
        rgb = centre(load_rgb(path), o.crop + len(kernel) - 1)
        seen, truth = blurred(rgb / 255.0, kernel, sigma, i)
        made = [seen, ours(o, work, seen, kernel, sigma), wiener(seen, kernel, truth), lucy(seen, kernel, truth)]
        found.append([score(truth, x) for x in made])
        if o.keep and i == 0:
            keep(o, f"{name.split()[0]}-{sigma}", [*made, truth])
    a = np.mean(found, 0)
    print(f"{name}, noise {sigma}: {len(found)} pictures, blurred {a[0]:.2f}, ours {a[1]:.2f}, Wiener {a[2]:.2f}, "
          f"Richardson-Lucy {a[3]:.2f} dB", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tool", required=True)
    p.add_argument("--pictures", required=True)
    p.add_argument("--count", type=int, default=10)
    p.add_argument("--crop", type=int, default=256, help="pixels a side, at most, of what is seen")
    p.add_argument("--noise", type=float, nargs="*", default=(2.55, 7.65))
    p.add_argument("--models-dir", default=os.path.join(os.path.dirname(__file__), "../../models"))
    p.add_argument("--args", default="", help="more options for the tool")
    p.add_argument("--keep", help="folder for PNG files: blurred, ours, Wiener, Richardson-Lucy, truth")
    o = p.parse_args()
    kernels = {"gauss 1.6": gauss(1.6), "motion 15 at 30": motion(15, 30)}
    with tempfile.TemporaryDirectory() as work:
        for name, kernel in kernels.items():
            for sigma in o.noise:
                measure(o, work, name, kernel, sigma)


if __name__ == "__main__":
    main()
