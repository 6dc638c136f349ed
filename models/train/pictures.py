# SPDX-License-Identifier: MIT
"""pictures.py - photographs in, batches of random crops out.

The cache is one flat uint8 array of all pictures (H x W x 3, one after the other)
beside an index, so that a recipe starts in a second and maps the pixels instead of
decoding 700 files.
"""
import os

import numpy as np
import torch

from degrade import find_pictures, load_rgb, shrink_by, shrink_picture


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


def pack_pictures(folders, cache, without=(), shrunk=None):
    """The pictures of the folders, but those with a word of `without` in their name, decoded once into CACHE.

    shrunk: behind them all of them again, that much smaller.
    """
    if not os.path.exists(cache + ".index.npy"):
        files = [f for d in folders for f in find_pictures(d)]
        files = [f for f in files if not any(word in os.path.basename(f) for word in without)]
        if not files:
            raise SystemExit(f"no pictures in {folders}")
        pictures = [load_rgb(f) for f in files]
        Pack.write(cache, pictures + ([shrink_by(p, shrunk) for p in pictures] if shrunk else []))
        np.save(cache + ".names.npy", np.array([os.path.basename(f) for f in files]))
    return Pack(cache)


def pack_small(large, cache, scale):
    """The pictures of a pack, shrunk whole (not crop by crop: edges would differ), into CACHE.xSCALE."""
    path = f"{cache}.x{scale}"
    if not os.path.exists(path + ".index.npy"):
        Pack.write(path, [shrink_picture(large[i], scale) for i in range(len(large))])
    return Pack(path)


def turned(crop, turn, mirror):
    """One of the eight turns and mirrorings of a square."""
    crop = np.rot90(crop, turn)
    return crop[:, ::-1] if mirror else crop


class Crops:
    """Random square crops, turned (where `upright` is not set) and mirrored; with scale > 1, pairs of small and large ones.

    Bench and sample pictures must not be among `folders`: they are for measuring.
    """

    def __init__(self, folders, cache, seed, scale=1, without=(), shrunk=None):
        """shrunk: every other crop comes from the pictures made that much smaller, which are sharper and not JPEGs."""
        cache = f"{cache}.and{shrunk}" if shrunk else cache
        self.large, self.scale = pack_pictures(folders, cache, without, shrunk), scale
        self.small = pack_small(self.large, cache, scale) if scale > 1 else self.large
        area = self.small.index[:, 1] * self.small.index[:, 2]
        if shrunk:
            half = len(area) // 2
            area = np.concatenate([area[:half], area[half:] * (area[:half].sum() / area[half:].sum())])
        self.weight = area / area.sum()
        self.rng = np.random.default_rng(seed)
        self.upright = False

    def __len__(self):
        return len(self.large)

    def places(self, count, size):
        """count random (picture, y, x, turn, mirror) for squares of the small pictures."""
        chosen = self.rng.choice(len(self.small), count, p=self.weight)
        return [(i, self.rng.integers(self.small.index[i, 1] - size + 1),
                 self.rng.integers(self.small.index[i, 2] - size + 1),
                 0 if self.upright else self.rng.integers(4), self.rng.integers(2)) for i in chosen]

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


def framed(x, margin, multiple=1, mode="reflect"):
    """x with `margin` pixels of its mirror image around it, and more on the right and below until `multiple` divides it.

    What the library gives to networks whose card says margin, multiple and mirror: they are measured with it, too.
    """
    for axis in (2, 3):
        n = x.shape[axis]
        places = np.pad(np.arange(n), (margin, margin + -(n + 2 * margin) % multiple), mode)
        x = x.index_select(axis, torch.from_numpy(places))
    return x
