#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Blurred pictures and what plug-and-play deblurring makes of them: data/deblur.bin, which test_deblur reads, and
data/deblur-{seen,truth,kernel}.png, which tests/tools/deblur.sh sends through the program.

Written apart from the C code: NumPy's transforms in double precision, ONNX Runtime for the network. Needs numpy, Pillow
and onnxruntime (written with 2, 12 and 1.32); run from anywhere.

deblur.bin: for each case eight little-endian int32 (colours, width, height, kernel's width and height, wrap as
CNNIMG_WRAP_*, iterations, 1000 sigma), the kernel's floats, the blurred picture as bytes (interleaved), the answer's
floats (0..1). Then the drawn kernels: three int32 (0 Gauss, 1 motion; 1000 sigma or length; 1000 degrees), int32 side,
its floats. A case of 0 colours ends the first list, a kernel of -1 the second.
"""
import pathlib

import numpy as np
import onnxruntime
from PIL import Image

here = pathlib.Path(__file__).parent
top = here.parent.parent
# a small network of the tests' own: the weights of models/denoise change, these answers stay
session = onnxruntime.InferenceSession(top / "tests" / "api" / "data" / "told.onnx")
FAR = 16  # pixels of copies that are more than it looks


def network(picture, sigma, wrap):
    """The network over H x W x C, with the picture's other side where it wraps."""
    h, w, c = picture.shape
    x = picture if c == 3 else np.repeat(picture, 3, 2)
    top, left = FAR * (wrap >> 1 & 1), FAR * (wrap & 1)
    x = np.pad(x, [(top, top), (left, left), (0, 0)], "wrap")
    feed = {"image": np.ascontiguousarray(x.transpose(2, 0, 1)[None], np.float32),
            "noise": np.full((1, 1, *x.shape[:2]), sigma / 255, np.float32)}
    y = session.run(None, feed)[0][0].transpose(1, 2, 0)[top:top + h, left:left + w].astype(np.float64)
    return y if c == 3 else y.mean(2, keepdims=True)


def smooth_size(n):
    while True:
        rest = n
        for p in (2, 3, 5, 7):
            while rest % p == 0:
                rest //= p
        if rest == 1:
            return n
        n += 1


def extend(a, more):
    """Behind the last row both mirror images, one fading into the other."""
    if not more:
        return a
    n = len(a)
    wide = np.pad(a, [(more, more)] + [(0, 0)] * (a.ndim - 1), "reflect") if n > 1 else np.repeat(a, 2 * more + 1, 0)
    t = ((np.arange(more) + 1) / (more + 1)).reshape(-1, *[1] * (a.ndim - 1))
    t = t * t * (3 - 2 * t)
    return np.concatenate([a, wide[more + n:] * (1 - t) + wide[:more] * t])


def deblur(seen, kernel, sigma, iterations, wrap):
    h, w, _ = seen.shape
    kh, kw = kernel.shape
    H = h if wrap & 2 else smooth_size(h + max(kh, 8))
    W = w if wrap & 1 else smooth_size(w + max(kw, 8))
    top, left = (H - h) // 2, (W - w) // 2
    guess = extend(seen, H - h).swapaxes(0, 1)
    guess = np.roll(extend(guess, W - w).swapaxes(0, 1), (top, left), (0, 1))
    at = np.zeros((H, W))
    at[:kh, :kw] = kernel / kernel.sum()
    forth = lambda a: np.fft.fft2(a, axes=(0, 1))
    back = lambda a: np.fft.ifft2(a, axes=(0, 1)).real
    k = forth(np.roll(at, (-(kh // 2), -(kw // 2)), (0, 1)))[:, :, None]
    noise = max(sigma, 0.255)
    falling = np.geomspace(max(49, noise), noise, iterations) if iterations > 1 else [noise]
    for s in falling:
        alpha = 0.23 * noise ** 2 / s ** 2
        z = forth(guess)
        x = z
        for _ in range(4 if W > w or H > h else 1):
            y = back(k * x)
            y[top:top + h, left:left + w] = seen
            x = (k.conj() * forth(y) + alpha * z) / (abs(k) ** 2 + alpha)
        guess = network(back(x), s, wrap)
    return guess[top:top + h, left:left + w]


def gauss(sigma):
    r = int(np.ceil(4 * sigma))
    y, x = np.mgrid[-r:r + 1, -r:r + 1]
    k = np.exp(-(x * x + y * y) / (2 * sigma ** 2))
    return k / k.sum()


def motion(length, degrees):
    """Many points of the line, each given to the pixel that it is in along the line's longer way, shared across."""
    a = np.deg2rad(degrees)
    t = (np.arange(400000) + 0.5) / 400000 * length - length / 2
    x, y = t * np.cos(a), -t * np.sin(a)
    steep = abs(np.sin(a)) > abs(np.cos(a))
    along, across = (y, x) if steep else (x, y)
    r = int(length) + 3
    k = np.zeros((2 * r + 1, 2 * r + 1))
    low = np.floor(across)
    for d in (0, 1):
        np.add.at(k, (np.rint(along).astype(int) + r, (low + d).astype(int) + r), 1 - abs(across - low - d))
    k = k if steep else k.T
    k[k < 1e-3 * k.max()] = 0  # ends of the line that rounding put there
    rows, columns = np.nonzero(k.sum(1))[0], np.nonzero(k.sum(0))[0]
    m = max(r - rows[0], rows[-1] - r, r - columns[0], columns[-1] - r)
    k = k[r - m:r + m + 1, r - m:r + m + 1]
    return k / k.sum()


def blurred(picture, kernel, sigma, random, mode):
    """Seen through the kernel: rows and columns that would need more than there is are cut off (mode valid)."""
    h, w = picture.shape[:2]
    kh, kw = kernel.shape
    at = np.zeros((h, w))
    at[:kh, :kw] = kernel / kernel.sum()
    k = np.fft.fft2(np.roll(at, (-(kh // 2), -(kw // 2)), (0, 1)))[:, :, None]
    y = np.fft.ifft2(np.fft.fft2(picture, axes=(0, 1)) * k, axes=(0, 1)).real
    y = y + random.normal(0, sigma / 255, y.shape)
    if mode == "valid":
        y = y[kh:-kh, kw:-kw]
    return np.clip(np.rint(y * 255), 0, 255).astype(np.uint8)


def crop(name, x, y, w, h):
    picture = np.asarray(Image.open(top / "samples" / "photos" / name).convert("RGB"))[y:y + h, x:x + w]
    return picture / 255.0


def case(out, picture, kernel, sigma, iterations, wrap, random):
    kernel = kernel.astype(np.float32)
    seen = blurred(picture, kernel.astype(float), sigma, random, "wrap" if wrap == 3 else "valid")
    answer = deblur(seen / 255.0, kernel.astype(float), sigma, iterations, wrap)
    h, w, c = seen.shape
    numbers = [c, w, h, kernel.shape[1], kernel.shape[0], wrap, iterations, round(1000 * sigma)]
    out.write(np.array(numbers, "<i4").tobytes() + kernel.astype("<f4").tobytes() + seen.tobytes() +
              answer.astype("<f4").tobytes())


def main():
    random = np.random.default_rng(9)
    crooked = random.random((6, 9)) * (random.random((6, 9)) > 0.6)  # of even height, nowhere symmetrical
    crooked[0, 7] = 3
    (here / "data").mkdir(exist_ok=True)
    with open(here / "data" / "deblur.bin", "wb") as out:
        case(out, crop("chelsea.jpg", 120, 90, 63, 52), crooked, 5, 8, 0, random)
        case(out, crop("chelsea.jpg", 60, 30, 70, 60).mean(2, keepdims=True), motion(9, 70), 2, 3, 0, random)
        case(out, crop("singaporean-cityscape.jpg", 100, 100, 48, 40), gauss(1.2), 4, 4, 3, random)
        case(out, crop("singaporean-cityscape.jpg", 200, 150, 62, 57), motion(7, -30), 3, 5, 1, random)
        case(out, crop("oakland-zoo-otters.jpg", 200, 150, 60, 50), gauss(1), 12, 1, 0, random)
        case(out, crop("oakland-zoo-otters.jpg", 200, 150, 41, 30), np.ones((1, 1)), 0, 8, 0, random)
        out.write(np.array([0] * 8, "<i4").tobytes())
        for kind, a, b in [(0, 1.6, 0), (0, 0.5, 0), (1, 15, 0), (1, 15, 90), (1, 12, 30), (1, 20.5, -75), (1, 9, 45),
                           (1, 1, 10)]:
            k = motion(a, b) if kind else gauss(a)
            out.write(np.array([kind, round(1000 * a), round(1000 * b), len(k)], "<i4").tobytes() +
                      k.astype("<f4").tobytes())
        out.write(np.array([-1, 0, 0, 0], "<i4").tobytes())
    pictures(random)


def pictures(random):
    kernel = motion(11, 30)
    kernel = np.rint(kernel / kernel.max() * 65535).astype(np.uint16)
    kh, kw = kernel.shape
    picture = crop("chelsea.jpg", 100, 60, 144 + 2 * kw, 112 + 2 * kh)
    seen = blurred(picture, kernel.astype(float), 2.55, random, "valid")
    Image.fromarray(seen).save(here / "data" / "deblur-seen.png", optimize=True)
    truth = np.rint(picture[kh:-kh, kw:-kw] * 255).astype(np.uint8)
    Image.fromarray(truth).save(here / "data" / "deblur-truth.png", optimize=True)
    Image.fromarray(kernel).save(here / "data" / "deblur-kernel.png", optimize=True)


main()
