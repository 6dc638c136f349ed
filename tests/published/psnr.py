#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""psnr.py - the figures in case.json's "verified" that pictures can give again: PSNR over benchmark sets

Called by `make check-published BENCH=DIR`, where DIR holds the folders Set5, Set12, BSD68 of lossless pictures. The
networks run in the program that --program names; the protocol is here: MATLAB's bicubic reduction, luma as rgb2ycbcr has
it, the border left out, PSNR with a peak of 255. Writes a line a case: its name, ok or bad or -, what is shown, why
something is not compared. Needs numpy and Pillow.
"""
import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

WITHIN = 0.02  # dB
GREY = ("Set12", "BSD68")  # lossless WebP has no grey of its own

# ---- the protocol ----------------------------------------------------------------------


def cubic(x):
    x = np.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def weights(n, m, scale):
    """Taps and places for m samples of n: MATLAB's imresize, which widens the kernel where it reduces."""
    stretch = min(scale, 1)
    at = (np.arange(m) + 0.5) / scale - 0.5
    reach = 2 / stretch
    first = np.floor(at - reach).astype(int) + 1
    place = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 1)
    w = stretch * cubic(stretch * (at[:, None] - place))
    fold = np.mod(place, 2 * n)
    return w / w.sum(1, keepdims=True), np.where(fold < n, fold, 2 * n - 1 - fold)


def resize(a, scale):
    """8 bit in, 8 bit out, rounded after each direction; floats stay floats."""
    out = a.astype(np.float64)
    for axis in (0, 1):
        m = int(np.ceil(a.shape[axis] * scale - 1e-9))
        w, place = weights(a.shape[axis], m, scale)
        taps = np.take(out, place, axis)
        shape = [1] * taps.ndim
        shape[axis], shape[axis + 1] = w.shape
        out = (taps * w.reshape(shape)).sum(axis + 1)
        if a.dtype == np.uint8:
            out = np.clip(np.floor(out + 0.5), 0, 255)
    return out.astype(a.dtype) if a.dtype == np.uint8 else out


def studio(a):
    """MATLAB's luma of 8 bit: 16 to 235, rounded."""
    if a.ndim == 2:
        return a.astype(np.float64)
    return np.floor(16 + a.astype(np.float64) @ [65.481, 128.553, 24.966] / 255 + 0.5)


def full(a):
    """JPEG's luma: 0 to 255, not rounded."""
    return a.astype(np.float64) @ [0.299, 0.587, 0.114]


def eight(a):
    return np.clip(np.floor(a.astype(np.float64) + 0.5), 0, 255)


def psnr(a, b, border):
    d = (a.astype(np.float64) - b)[border or None:-border or None, border or None:-border or None]
    return 10 * np.log10(255 ** 2 / np.mean(d * d))


def opencv_half(a, scale):
    """OpenCV's cubic at one half: no widening, a = -0.75, edges repeated."""
    assert scale == 0.5
    taps = np.array([-0.09375, 0.59375, 0.59375, -0.09375])
    out = a.astype(np.float64)
    for axis in (0, 1):
        n = out.shape[axis]
        place = np.clip(2 * np.arange(n // 2)[:, None] + np.arange(-1, 3), 0, n - 1)
        shape = [1] * (out.ndim + 1)
        shape[axis + 1] = 4
        out = (np.take(out, place, axis) * taps.reshape(shape)).sum(axis + 1)
    return eight(out).astype(a.dtype)


# ---- recipes: of a picture, what goes in, and the PSNR of what comes out -----------------


def rgb(a, s, pad=0, even=False, enlarge=False):
    """A network of colours: 8 bit in and out, compared by luma. pad: what "valid" layers eat."""
    small = resize(a, 1 / s)
    h, w = small.shape[:2]
    more = [(pad, pad + (n % 2 if even else 0)) for n in (h, w)]
    x = np.pad(resize(small, s) if enlarge else small, more + [(0, 0)], "edge") / 255

    def judge(y):
        got = eight(255 * y[:a.shape[0], :a.shape[1]]).astype(np.uint8)
        return psnr(studio(got), studio(a), s)
    return x, None, judge


def opencv(a, s):
    """A network of full-range luma, the picture reduced as OpenCV does; nothing but the small picture is rounded."""
    return full(opencv_half(a, 1 / s))[..., None] / 255, None, lambda y: psnr(np.clip(255 * y[..., 0], 0, 255), full(a), s)


def grey(a, s, enlarge=False, second=False):
    """A network of luma alone, which stays a float where it is reduced."""
    y = studio(a)
    small = resize(y, 1 / s)
    up = resize(small, s)[..., None] / 255
    x = up if enlarge else small[..., None] / 255
    return x, up if second else None, lambda got: psnr(eight(255 * got[..., 0]), y, s)


def noisy(a, sigma):
    """Noise as np.random makes it from seed 0, a picture after the other; compared without rounding."""
    x = a + np.random.normal(0, sigma, a.shape)
    return x[..., None] / 255, None, lambda y: psnr(np.clip(255 * y[..., 0], 0, 255), a, 0)


def job(where, recipe, scale, options=(), first=None, crop=0, **more):
    """A figure: the mean over a folder, or over its `first` pictures, their sides cut to multiples of `crop` (0: of the
    factor). case.json does not say how they were cut: its figure for the bicubic picture does."""
    return dict(where=where, recipe=recipe, scale=scale, options=options, first=first, more=more, crop=crop or scale)


def denoise(where, first=None, **more):
    return job(where, noisy, 25, first=first, **more)


DNCNN = (r"BSD68 sigma ?25 ([\d.]+) dB.*?Set12 ([\d.]+)", [denoise("BSD68"), denoise("Set12")])
X2 = r"Set5 x2 ([\d.]+) dB"
VDSR = (r"Set5 x2/3/4 ([\d.]+)/([\d.]+)/([\d.]+) dB", [job("Set5", grey, s, enlarge=True) for s in (2, 3, 4)])

# case: where in "verified" the numbers stand, and how each is measured
FIGURES = {
    "denoise/dncnn-s25-bnorm-mat73": (r"Set12 #1 ([\d.]+) dB", [denoise("Set12", first=1)]),
    "denoise/dncnn25-keras2-h5": (r"Set12 sigma25 ([\d.]+) dB", [denoise("Set12")]),
    "denoise/dncnn25-onnx": DNCNN,
    "denoise/dncnn25-pth-legacy": DNCNN,
    "denoise/dncnn25-safetensors": DNCNN,
    "denoise/ffdnet-gray-mat73": (r"BSD68 sigma25 ([\d.]+) dB.*?Set12 ([\d.]+)",
                                  [denoise("BSD68", sigma=25), denoise("Set12", sigma=25)]),
    "upscale/anime4k-2x-s-json": (X2, [job("Set5", rgb, 2, crop=12)]),
    "upscale/carn-m-pth": (r"Set5 x2/3/4 ([\d.]+)/([\d.]+)/([\d.]+) dB",
                           [job("Set5", rgb, s, options=[f"scale={s}"]) for s in (2, 3, 4)]),
    "upscale/dcscn-c-x2-tf-ckpt": (X2, [job("Set5", grey, 2, crop=12, second=True)]),
    "upscale/distilled-resnetsr-keras2-h5": (r"; ([\d.]+) dB \(over-sharpens", [job("Set5", rgb, 2, crop=12)]),
    "upscale/espcn-x2-tf-pb": (r"Set5 .*? ([\d.]+) vs", [job("Set5", opencv, 2)]),
    "upscale/espcn-x3-onnx": (r"Set5 x3 ([\d.]+)", [job("Set5", grey, 3)]),
    "upscale/espcn-x3-pth-module": (r"Set5 x3 ([\d.]+)", [job("Set5", grey, 3)]),
    "upscale/esrgan-oldarch-x4-pth": (r"Set5 x4 ([\d.]+) dB", [job("Set5", rgb, 4, crop=32)]),
    "upscale/fsrcnn-x2-tf-pb": (r"full-range Y\) ([\d.]+).*?studio Y\) ([\d.]+)",
                                [job("Set5", opencv, 2), job("Set5", grey, 2)]),
    "upscale/imdn-rtc-pth": (X2, [job("Set5", rgb, 2, crop=12)]),
    "upscale/imdn-x2-pth": (X2, [job("Set5", rgb, 2)]),
    "upscale/rdn-slim-x2-tfjs": (X2, [job("Set5", rgb, 2)]),
    "upscale/realcugan-se-2x-denoise1-ncnn": (X2, [job("Set5", rgb, 2, pad=18, even=True)]),
    "upscale/srcnn-keras1-h5": (X2, [job("Set5", rgb, 2, enlarge=True, crop=12)]),
    "upscale/srmd-x2-ncnn": (r"Set5 x2 ([\d.]+) dB at sigma 3, ([\d.]+) dB at sigma 0",
                             [job("Set5", rgb, 2, crop=12, sigma=3), job("Set5", rgb, 2, crop=12, sigma=0)]),
    "upscale/srvgg-aniscale-x2-pth": (X2, [job("Set5", rgb, 2, crop=12)]),
    "upscale/vdsr-caffe": VDSR,
    "upscale/vdsr-official-mat5": VDSR,
    "upscale/waifu2x-cunet-scale2-ncnn": (X2, [job("Set5", rgb, 2, pad=18, even=True)]),
    "upscale/waifu2x-upconv7-scale2-ncnn": (X2, [job("Set5", rgb, 2, pad=7)]),
}
# figures that pictures of those sets cannot give again
NOT = {
    "classify/mnist-keras3": "the 10,000 digits are not among the pictures",
    "colorize/dilated4-pth": "LIVE1 is not among the pictures, and the crops are not described",
    "denoise/ffdnet-gray-mat73": "the inpainting figure is of an algorithm around the network",
    "upscale/distilled-resnetsr-keras2-h5": "how the blur rounds and ends is not said: 35.66 to 35.83 dB",
    "upscale/srvgg-animevideov3-x2-ncnn": "the figure is the x4 network's, whose .param is another one",
    "upscale/srvgg-aniscale-x2-pth": "the figure with params in place of params_ema is of the weights that are not taken",
    "upscale/vdsr-caffe": "the figures with the taps transposed are of another network",
    "format-fixtures/torch7": "no pictures",
}

# ---- measuring -----------------------------------------------------------------------------


def pictures(bench, name, multiple):
    for path in sorted(p for p in (bench / name).iterdir() if p.suffix in (".png", ".webp", ".bmp")):
        a = np.asarray(Image.open(path).convert("RGB"))
        if name in GREY or "bridge" in path.name:
            a = a[..., 0]
        yield a[:a.shape[0] // multiple * multiple, :a.shape[1] // multiple * multiple]


def run(program, case, arrays, options, sigma, second):
    """Arrays through the case's network."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--run", case] + [w for o in options for w in ("--opt", o)]
        command += ["--sigma", str(sigma)] if sigma is not None else []
        names = []
        for i, a in enumerate(arrays):
            names += [f"{folder}/{i}.npy", f"{folder}/{i}.out.npy"]
            np.save(names[-2], a.astype(np.float32))
        for i, a in enumerate(second):
            if a is not None:
                np.save(f"{folder}/{i}.second.npy", a.astype(np.float32))
        if second[0] is None:
            subprocess.run(command + names, check=True, stderr=subprocess.PIPE, text=True)
        for i in range(len(arrays)) if second[0] is not None else ():
            subprocess.run(command + ["--second", f"{folder}/{i}.second.npy"] + names[2 * i:2 * i + 2], check=True,
                           stderr=subprocess.PIPE, text=True)
        return [np.load(n) for n in names[1::2]]


def measure(a, case, job_):
    """The mean PSNR of a job."""
    more = dict(job_["more"])
    sigma = more.pop("sigma", None)
    np.random.seed(0)
    jobs = [job_["recipe"](p, job_["scale"], **more)
            for p in pictures(a.bench, job_["where"], 1 if job_["recipe"] is noisy else job_["crop"])][:job_["first"]]
    out = run(a.program, str(case), [x for x, _, _ in jobs], job_["options"], sigma, [s for _, s, _ in jobs])
    return float(np.mean([judge(y) for (_, _, judge), y in zip(jobs, out)]))


def check(a, path, about):
    """One line of the answer, or None where there is nothing to say."""
    name, said = about["case"], about.get("verified") or ""
    if name not in FIGURES:
        return f"{name}\t-\t-\t{NOT[name]}" if name in NOT and said else None
    pattern, jobs = FIGURES[name]
    found = re.search(pattern, said)
    if not found:
        return f"{name}\t-\t-\tcase.json's \"verified\" says no figure that is known here"
    got, words, bad = [], [], False
    for wanted, j in zip(found.groups(), jobs):
        try:
            got.append(measure(a, path, j))
        except subprocess.CalledProcessError as e:
            return f"{name}\tbad\t-\t{(e.stderr or 'it crashed').strip().splitlines()[-1]}"
        bad = bad or abs(got[-1] - float(wanted)) > WITHIN + 0.5 * 10 ** -len(wanted.partition(".")[2])
        words.append(f"{j['where']} {got[-1]:.3f} / {wanted}")
    if name in NOT:
        words.append(NOT[name])
    return f"{name}\t{'bad' if bad else 'ok'}\t{'/'.join(f'{g:.2f}' for g in got)}\t{', '.join(words)}"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", required=True, help="tests/published/published of the build")
    p.add_argument("--weights", required=True, type=Path)
    p.add_argument("--bench", required=True, type=Path)
    p.add_argument("--to", required=True, type=Path)
    p.add_argument("--only", default="", help="a part of the cases' names")
    a = p.parse_args()
    with open(a.to, "w", encoding="utf-8") as out:
        for path in sorted(a.weights.glob("*/*/case.json")):
            about = json.loads(path.read_text(encoding="utf-8"))
            line = check(a, path.parent, about) if a.only in about["case"] else None
            if line:
                print(line, file=out, flush=True)
                print(line.replace("\t", "  "), file=sys.stderr)


if __name__ == "__main__":
    main()
