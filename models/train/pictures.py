# SPDX-License-Identifier: MIT
"""pictures.py - photographs in, batches of random crops out; and the measuring side.

The cache is one flat uint8 array of all pictures (H x W x 3, one after the other)
beside an index, so that a recipe starts in a second and maps the pixels instead of
decoding 700 files.
"""
import glob
import os

import numpy as np
import torch
from PIL import Image

SUFFIXES = ("png", "webp", "jpg")


def find_pictures(folder):
    """All picture files of a folder, sorted by name."""
    return sorted(f for s in SUFFIXES for f in glob.glob(os.path.join(folder, "*." + s)))


def load_rgb(path):
    """A picture as uint8 H x W x 3."""
    return np.asarray(Image.open(path).convert("RGB"))


class Pack:
    """Pictures one after the other in one flat uint8 array, mapped from PATH.pixels.npy."""

    def __init__(self, path):
        self.pixels = np.load(path + ".pixels.npy", mmap_mode="r")
        self.index = np.load(path + ".index.npy")

    def __len__(self):
        return len(self.index)

    def __getitem__(self, i):
        start, h, w = self.index[i]
        return self.pixels[start:start + h * w * 3].reshape(h, w, 3)

    @staticmethod
    def write(path, pictures):
        start = np.cumsum([0] + [p.size for p in pictures[:-1]])
        index = np.array([(o, *p.shape[:2]) for o, p in zip(start, pictures)], np.int64)
        np.save(path + ".pixels.npy", np.concatenate([p.reshape(-1) for p in pictures]))
        np.save(path + ".index.npy", index)


def pack_pictures(folders, cache):
    """The pictures of the folders, decoded once into CACHE."""
    if not os.path.exists(cache + ".index.npy"):
        files = [f for d in folders for f in find_pictures(d)]
        if not files:
            raise SystemExit(f"no pictures in {folders}")
        Pack.write(cache, [load_rgb(f) for f in files])
    return Pack(cache)


def pack_small(large, cache, scale):
    """The pictures of a pack, shrunk whole (not crop by crop: edges would differ), into CACHE.xSCALE."""
    path = f"{cache}.x{scale}"
    if not os.path.exists(path + ".index.npy"):
        Pack.write(path, [shrink_picture(large[i], scale) for i in range(len(large))])
    return Pack(path)


def shrink_picture(rgb, scale):
    """MATLAB-bicubic 1/scale of a picture cut to a multiple of scale."""
    h, w = rgb.shape[0] // scale, rgb.shape[1] // scale
    return resize(rgb[None, :h * scale, :w * scale], h, w)[0]


def turned(crop, turn, mirror):
    """One of the eight turns and mirrorings of a square."""
    crop = np.rot90(crop, turn)
    return crop[:, ::-1] if mirror else crop


class Crops:
    """Random square crops, turned and mirrored; with scale > 1, pairs of small and large ones.

    Bench and sample pictures must not be among `folders`: they are for measuring.
    """

    def __init__(self, folders, cache, seed, scale=1):
        self.large, self.scale = pack_pictures(folders, cache), scale
        self.small = pack_small(self.large, cache, scale) if scale > 1 else self.large
        area = self.small.index[:, 1] * self.small.index[:, 2]
        self.weight = area / area.sum()
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return len(self.large)

    def places(self, count, size):
        """count random (picture, y, x, turn, mirror) for squares of the small pictures."""
        chosen = self.rng.choice(len(self.small), count, p=self.weight)
        return [(i, self.rng.integers(self.small.index[i, 1] - size + 1),
                 self.rng.integers(self.small.index[i, 2] - size + 1),
                 self.rng.integers(4), self.rng.integers(2)) for i in chosen]

    def cut(self, places, size, scale=1):
        """The crops at places, uint8 N x S x S x 3, S = size * scale."""
        pack, s = (self.large if scale > 1 else self.small), scale
        return np.stack([turned(pack[i][y * s:(y + size) * s, x * s:(x + size) * s], turn, mirror)
                         for i, y, x, turn, mirror in places])

    def batch(self, count, size):
        """count crops as a float tensor N x 3 x size x size in [0, 1], channels last."""
        return to_tensor(self.cut(self.places(count, size), size))

    def pairs(self, count, size):
        """(small, large) crops of the same places as float tensors; large is scale times size."""
        places = self.places(count, size)
        return to_tensor(self.cut(places, size)), to_tensor(self.cut(places, size, self.scale))


def to_tensor(rgb):
    """N x H x W x 3 (or one picture) on the 0..255 scale -> float N x 3 x H x W in [0, 1]."""
    rgb = rgb[None] if rgb.ndim == 3 else rgb
    return torch.from_numpy(np.array(rgb, order="C")).permute(0, 3, 1, 2).float() / 255


def pad_multiple(x, multiple):
    """Mirror the right and lower edge until height and width divide by `multiple`."""
    h, w = x.shape[2:]
    return torch.nn.functional.pad(x, (0, -w % multiple, 0, -h % multiple), mode="reflect")


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two arrays on the 0..255 scale."""
    return 10 * np.log10(255.0 ** 2 / np.mean((np.float64(a) - np.float64(b)) ** 2))


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


def luma(rgb):
    """MATLAB rgb2ycbcr luma (16..235, rounded) of H x W x 3 bytes."""
    return np.floor(16 + np.float64(rgb) @ np.array([65.481, 128.553, 24.966]) / 255 + 0.5)
