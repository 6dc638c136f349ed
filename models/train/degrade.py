# SPDX-License-Identifier: MIT
"""degrade.py - what the published tables do to pictures, and how they measure: numpy and Pillow only.

Noise, MATLAB's bicubic, JPEG; PSNR and luma. The recipes and models/eval.py stand on it.
"""
import glob
import io
import os

import numpy as np
from PIL import Image

SUFFIXES = ("png", "webp", "jpg")


def find_pictures(folder):
    """All picture files of a folder, sorted by name."""
    return sorted(f for s in SUFFIXES for f in glob.glob(os.path.join(folder, "*." + s)))


def load_rgb(path):
    """A picture as uint8 H x W x 3."""
    return np.asarray(Image.open(path).convert("RGB"))


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two arrays on the 0..255 scale."""
    return 10 * np.log10(255.0 ** 2 / np.mean((np.float64(a) - np.float64(b)) ** 2))


def is_grey(picture):
    """Whether the three channels are one."""
    return bool((picture == picture[..., :1]).all())


def noisy(picture, sigma, seed):
    """picture (uint8) plus seeded float noise of sigma on the 0..255 scale, in double; grey stays grey."""
    shape = (*picture.shape[:2], 1 if is_grey(picture) else 3)
    return picture + np.random.default_rng(seed).normal(0, sigma, shape)


def centre(picture, size=500):
    """At most size x size pixels from the middle: the published tables cut Kodak's pictures so."""
    y, x = (max(0, n - size) // 2 for n in picture.shape[:2])
    return picture[y:y + size, x:x + size]


def jpeg_bytes(rgb, quality, subsampling):
    """rgb as a JPEG file; subsampling 0 is 4:4:4, 2 is 4:2:0."""
    held = io.BytesIO()
    Image.fromarray(rgb).save(held, "jpeg", quality=int(quality), subsampling=int(subsampling))
    return held.getvalue()


def jpeg(rgb, quality, subsampling):
    """rgb after compression and decompression."""
    return np.asarray(Image.open(io.BytesIO(jpeg_bytes(rgb, quality, subsampling))).convert("RGB"))


# --- MATLAB's imresize, bicubic: the degradation of every published upscaling table ---

def cubic(x):
    """Keys' cubic kernel, a = -0.5 (Keys 1981, eq. 15)."""
    a = np.abs(x)
    near = 1.5 * a ** 3 - 2.5 * a ** 2 + 1
    far = -0.5 * a ** 3 + 2.5 * a ** 2 - 4 * a + 2
    return near * (a <= 1) + far * ((a > 1) & (a <= 2))


def resize_matrix(n_in, n_out):
    """The n_out x n_in matrix of one axis: antialiased when shrinking, mirrored edges."""
    scale = n_out / n_in
    shrink = min(scale, 1.0)
    centre = (np.arange(n_out) + 0.5) / scale - 0.5
    reach = 2 / shrink
    taps = np.floor(centre - reach)[:, None] + np.arange(int(np.ceil(2 * reach)) + 2)
    weight = shrink * cubic(shrink * (centre[:, None] - taps))
    weight /= weight.sum(1, keepdims=True)
    fold = np.mod(taps.astype(int), 2 * n_in)
    fold = np.where(fold < n_in, fold, 2 * n_in - 1 - fold)
    matrix = np.zeros((n_out, n_in))
    np.add.at(matrix, (np.arange(n_out)[:, None], fold), weight)
    return matrix


def round_bytes(x):
    """Round half up and clip to 0..255, as MATLAB's uint8 does."""
    return np.clip(np.floor(x + 0.5), 0, 255)


def resize(rgb, h, w):
    """Bicubic resize of N x H x W x C bytes; rounds after each axis as MATLAB's uint8 path does."""
    rows, columns = resize_matrix(rgb.shape[1], h), resize_matrix(rgb.shape[2], w)
    x = round_bytes(np.einsum("oh,nhwc->nowc", rows, rgb, optimize=True))
    return round_bytes(np.einsum("ow,nhwc->nhoc", columns, x, optimize=True)).astype(np.uint8)


def resize_float(x, h, w):
    """The same of one H x W x C picture without rounding."""
    rows, columns = resize_matrix(x.shape[0], h), resize_matrix(x.shape[1], w)
    return np.einsum("oh,pw,hwc->opc", rows, columns, x, optimize=True)


def luma(rgb):
    """MATLAB rgb2ycbcr luma (16..235, rounded) of H x W x 3 bytes."""
    return np.floor(16 + np.float64(rgb) @ np.array([65.481, 128.553, 24.966]) / 255 + 0.5)


def shrink_by(rgb, factor):
    """A picture made smaller by MATLAB's bicubic, any factor below 1."""
    return resize(rgb[None], *(round(n * factor) for n in rgb.shape[:2]))[0]


def shrink_picture(rgb, scale):
    """MATLAB-bicubic 1/scale of a picture cut to a multiple of scale."""
    h, w = rgb.shape[0] // scale, rgb.shape[1] // scale
    return resize(rgb[None, :h * scale, :w * scale], h, w)[0]


ONE_CHANNEL = ("bridge",)  # the file of Set14 that is grey in the original set: its Y is the file


def psnr_y(truth, found, border, path=""):
    """PSNR of Y of two byte pictures without `border` pixels at each edge, as upscaling is measured."""
    grey = any(name in os.path.basename(path) for name in ONE_CHANNEL)
    a, b = (p.mean(2) if grey else luma(p) for p in (truth, found))
    return psnr(a[border:-border, border:-border], b[border:-border, border:-border])
