#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""denoise.py - PSNR of cnn-denoise over benchmark pictures, and the error of its noise estimate.

  denoise.py psnr  --tool build/tools/cnn-denoise --pictures DIR [--sigma 15 25 50] [--crop 500]
  denoise.py sigma --tool build/tools/cnn-denoise --pictures DIR [--sigma 0 5 15 25 50] [--jpeg 90/420]

Noise is Gaussian, seeded by the picture's number. `psnr` measures through float files (PFM in and
out: noise neither clipped nor rounded, as the papers do; the answer clipped to 0..255) and through
8-bit PNG files beside it. `sigma` measures the estimate of 8-bit files. Needs numpy and Pillow.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/train"))
from degrade import centre, find_pictures, load_rgb, psnr, round_bytes  # noqa: E402
from toolrun import read_pfm, write_pfm  # noqa: E402


def pictures(folder, crop):
    """Every picture of a folder, uint8 RGB, in order; at most crop x crop from the middle."""
    for path in find_pictures(folder):
        yield centre(load_rgb(path), crop) if crop else load_rgb(path)


def noisy(rgb, sigma, seed):
    """Three channels of noise, on grey pictures too."""
    return rgb + np.random.default_rng(seed).normal(0, sigma, rgb.shape)


def to_png(path, x):
    Image.fromarray(round_bytes(x).astype(np.uint8)).save(path)


def restore(o, work, image, sigma, suffix):
    """One run of the tool over `image` (0..255); the answer on the same scale."""
    source, target = (os.path.join(work, n + suffix) for n in ("in", "out"))
    if suffix == ".pfm":
        write_pfm(source, image / 255)
    else:
        to_png(source, image)
    subprocess.run([o.tool, "-s", str(sigma), "--quiet", "--models-dir", o.models_dir, *o.args.split(),
                    source, target], check=True)
    return read_pfm(target) * 255 if suffix == ".pfm" else np.asarray(Image.open(target))


def measure_psnr(o, work):
    for sigma in o.sigma or (15, 25, 50):
        found = []
        for i, rgb in enumerate(pictures(o.pictures, o.crop)):
            image = noisy(rgb, sigma, i)
            found.append([psnr(rgb, np.clip(restore(o, work, image, sigma, s), 0, 255)) for s in (".pfm", ".png")])
        a, b = np.mean(found, axis=0)
        print(f"{os.path.basename(os.path.normpath(o.pictures))} sigma {sigma}: {len(found)} pictures, "
              f"{a:.2f} dB through floats, {b:.2f} dB through 8 bit", flush=True)


def measure_sigma(o, work):
    for sigma in o.sigma or (0, 5, 15, 25, 50):
        found = []
        for i, rgb in enumerate(pictures(o.pictures, o.crop)):
            path = os.path.join(work, "in.png")
            to_png(path, noisy(rgb, sigma, i))
            if o.jpeg:
                png, path = path, os.path.join(work, "in.jpg")
                quality, colour = o.jpeg.split("/")
                Image.open(png).save(path, quality=int(quality), subsampling={"444": 0, "422": 1, "420": 2}[colour])
            run = subprocess.run([o.tool, "--estimate", path], check=True, capture_output=True, text=True)
            found.append(float(run.stdout.split()[0]))
        error = np.abs(np.array(found) - sigma)
        print(f"{os.path.basename(os.path.normpath(o.pictures))} sigma {sigma}: {len(found)} pictures, estimates "
              f"{min(found):.2f} to {max(found):.2f}, mean error {error.mean():.2f}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("psnr", "sigma"))
    p.add_argument("--tool", required=True)
    p.add_argument("--pictures", required=True)
    p.add_argument("--sigma", type=float, nargs="*")
    p.add_argument("--crop", type=int, default=0, help="pixels; 500 for the published Kodak24 tables")
    p.add_argument("--models-dir", default=os.path.join(os.path.dirname(__file__), "../../models"))
    p.add_argument("--jpeg", help="sigma: through JPEG files of that quality and subsampling, as 90/420")
    p.add_argument("--args", default="", help="more options for the tool")
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        (measure_psnr if o.what == "psnr" else measure_sigma)(o, work)


if __name__ == "__main__":
    main()
