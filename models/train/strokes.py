#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""strokes.py - drawings made of colour pictures: six ways to find lines, and what paper, pens and printers do to them.

Pictures are H x W x 3 floats in 0..1; ink is H x W, 0 paper and 1 black; a drawing is H x W, 0 black and 1 white.
`strokes.py OUT.png PICTURE...` draws a sheet to look at; `strokes.py --check` draws a disc in each way and judges it.
"""
import sys

import numpy as np
from scipy import ndimage

LUMA = np.float32([0.299, 0.587, 0.114])


def blur(x, sigma):
    return ndimage.gaussian_filter(x, sigma, mode="nearest", truncate=3)


def luma(rgb):
    return rgb @ LUMA


# ---- flat colours --------------------------------------------------------------------------

def bilateral(rgb, reach, range_, rounds):
    """Colours averaged over near and similar pixels, several times: what is nearly one colour becomes one."""
    for _ in range(rounds):
        total, weight = rgb.copy(), np.ones_like(rgb[..., :1])
        for dy in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                if dy or dx:
                    other = np.roll(rgb, (dy, dx), (0, 1))
                    w = np.exp(-((other - rgb) ** 2).sum(-1, keepdims=True) / (2 * range_ ** 2))
                    total, weight = total + w * other, weight + w
        rgb = total / weight
    return rgb


def quantised(rgb, rng, count):
    """Labels of the nearest of `count` of the picture's own colours, specks taken out: the regions of a cartoon."""
    smooth = blur(rgb, (1.2, 1.2, 0))
    centres = smooth.reshape(-1, 3)[rng.choice(rgb.shape[0] * rgb.shape[1], count)]
    for _ in range(2):  # k-means on every ninth pixel
        sample = smooth[::3, ::3].reshape(-1, 3)
        near = ((sample[:, None] - centres) ** 2).sum(-1).argmin(1)
        for k in np.unique(near):
            centres[k] = sample[near == k].mean(0)
    labels = ((smooth[:, :, None] - centres) ** 2).sum(-1).argmin(-1).astype(np.uint8)
    for _ in range(2):
        labels = ndimage.median_filter(labels, 5, mode="nearest")
    return labels


def parts(labels):
    """Labels of connected regions, and how many there are."""
    whole, n = np.zeros(labels.shape, np.int32), 0
    for k in np.unique(labels):
        found, count = ndimage.label(labels == k)
        whole += np.where(found, found + n, 0)
        n += count
    return whole - 1, n


def flat(rgb, regions, count):
    """Each region in its mean colour."""
    size = np.maximum(np.bincount(regions.ravel(), minlength=count), 1)
    means = np.stack([np.bincount(regions.ravel(), rgb[..., c].ravel(), count) / size for c in range(3)], -1)
    return means[regions].astype(np.float32)


def shapes(h, w, rng):
    """Regions of overlapping ellipses and bent polygons, as children draw them."""
    labels = np.zeros((h, w), np.int32)
    y, x = np.mgrid[:h, :w].astype(np.float32)
    for k in range(1, int(rng.integers(3, 14))):
        v, u = y - rng.uniform(0, h), x - rng.uniform(0, w)
        angle, size = np.arctan2(v, u), rng.uniform(0.06, 0.4) * min(h, w)
        reach = 1 + 0.3 * rng.uniform(0, 1) * np.cos(rng.integers(2, 8) * angle + rng.uniform(0, 6))
        turn = rng.uniform(0, np.pi)
        a, b = u * np.cos(turn) + v * np.sin(turn), (v * np.cos(turn) - u * np.sin(turn)) * rng.uniform(0.7, 2)
        radius = np.hypot(a, b) if rng.random() < 0.7 else np.maximum(abs(a), abs(b))
        labels[radius < size * reach] = k
    return parts(labels)


# ---- lines ---------------------------------------------------------------------------------

def xdog(light, rng):
    """Extended difference of Gaussians (Winnemoeller, Kyprianidis, Olsen 2012)."""
    sigma, p = rng.uniform(0.5, 1.5), rng.uniform(8, 30)
    level = light / (blur(light, rng.uniform(8, 30)) + 0.05) if rng.random() < 0.7 else light / (light.mean() + 0.05)
    sharp = (1 + p) * blur(level, sigma) - p * blur(level, 1.6 * sigma)
    threshold = rng.uniform(0.3, 0.75)
    return -np.tanh(np.minimum(0, rng.uniform(2, 12) * (sharp - threshold)))


def edges(light, rng):
    """Thin lines on the ridges of the gradient, weak ones where they go on from strong ones (Canny 1986)."""
    smooth = blur(light, rng.uniform(0.8, 2))
    gy, gx = ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1)
    size = np.hypot(gx, gy)
    angle = np.round(np.arctan2(gy, gx) / (np.pi / 4)).astype(int) % 4
    ridge = np.zeros(size.shape, bool)
    for k, (dy, dx) in enumerate(((0, 1), (1, 1), (1, 0), (1, -1))):
        ahead, behind = np.roll(size, (dy, dx), (0, 1)), np.roll(size, (-dy, -dx), (0, 1))
        ridge |= (angle == k) & (size >= ahead) & (size > behind)
    strong = np.quantile(size, rng.uniform(0.85, 0.95))
    weak, _ = ndimage.label(ridge & (size > rng.uniform(0.3, 0.6) * strong), np.ones((3, 3)))
    kept = np.unique(weak[ridge & (size > strong)])
    return np.float32(np.isin(weak, kept[kept > 0]))


def dodge(light, rng):
    """Colour dodge of a picture with its blurred negative: pencil."""
    pencil = 1 - (light + 0.02) / (blur(light, rng.uniform(1.5, 5)) + 0.02)
    return np.clip(pencil * rng.uniform(2, 6), 0, 1)


def laplacian(light, rng):
    """The dark side of every edge: where the Laplacian of Gaussian is large."""
    found = ndimage.gaussian_laplace(light, rng.uniform(0.8, 2))
    threshold = max(np.quantile(found, rng.uniform(0.85, 0.94)), 1e-4)
    return np.clip(found / threshold - rng.uniform(0.5, 1), 0, 1)


def hats(light, rng):
    """Narrow dark things (black top-hat), and the outlines of the others (morphological gradient)."""
    side = int(rng.integers(2, 6))
    hat = ndimage.grey_closing(light, side) - light
    outline = ndimage.morphological_gradient(blur(light, 0.7), 3)
    return np.clip(rng.uniform(3, 8) * np.maximum(hat, 0.5 * outline) - 0.15, 0, 1)


def borders(regions):
    """Closed lines between regions."""
    ink = np.zeros(regions.shape, np.float32)
    ink[:, 1:] = regions[:, 1:] != regions[:, :-1]
    ink[1:] = np.maximum(ink[1:], regions[1:] != regions[:-1])
    return ink


WAYS = (xdog, edges, dodge, laplacian, hats)


# ---- pens, paper, print --------------------------------------------------------------------

def clouds(shape, rng, sigma):
    """Smooth noise, about standard normal."""
    small = [max(2, int(n / sigma) + 2) for n in shape]
    noise = ndimage.zoom(rng.standard_normal(small).astype(np.float32), [n / s for n, s in zip(shape, small)], order=1)
    return noise[:shape[0], :shape[1]] * 1.5


def pen(ink, rng):
    """Lines of another width, not everywhere as dark, broken here and there."""
    width = rng.choice([0, 1, 2, 3], p=[0.55, 0.3, 0.12, 0.03])
    if width:
        ink = ndimage.grey_dilation(ink, (width + 1, width + 1))
    if width or rng.random() < 0.5:
        ink = np.clip(blur(ink, rng.uniform(0.4, 0.8)) * rng.uniform(1.2, 2), 0, 1)
    if rng.random() < 0.6:
        ink = ink * (clouds(ink.shape, rng, 6) < rng.uniform(1.2, 3))
    if rng.random() < 0.3:
        ink = ink * np.clip(1 + 0.4 * clouds(ink.shape, rng, 12), 0.2, 1)
    return ink * rng.uniform(0.45, 1)


def screentone(light, rng):
    """Ink of dots on a turned grid, larger where it is darker, in the shadows only."""
    pitch, angle = rng.uniform(2.5, 7), rng.uniform(0, np.pi)
    y, x = np.mgrid[:light.shape[0], :light.shape[1]].astype(np.float32) * (2 * np.pi / pitch)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    shadow = np.quantile(light, rng.uniform(0.1, 0.5))
    dark = blur(np.float32(light < shadow), 1) * rng.uniform(0.2, 0.9)
    return np.clip(2 * ((np.cos(u) + np.cos(v)) / 4 + 0.5 + dark - 1), 0, 1) * (dark > 0.1)


def shade(light, rng):
    """Ink of grey washes or of black areas."""
    shadow = np.quantile(light, rng.uniform(0.03, 0.25))
    return blur(np.float32(light < shadow), 0.7) * rng.uniform(0.15, 1)


def scan(drawing, rng):
    """Grey or uneven paper, noise."""
    if rng.random() < 0.4:
        drawing = drawing * rng.uniform(0.8, 1) * np.clip(1 + 0.05 * clouds(drawing.shape, rng, 40), 0, 1)
    if rng.random() < 0.5:
        drawing = drawing + rng.standard_normal(drawing.shape) * rng.uniform(0.003, 0.04)
    return np.clip(drawing, 0, 1)


def shrunk(drawing):
    """A half of the size as the library makes drawings small: between their mean and their darkest, so thin lines stay."""
    h, w = drawing.shape
    four = drawing.reshape(h // 2, 2, w // 2, 2)
    return (four.mean((1, 3)) + four.min((1, 3))) / 2


def draw(rgb, regions, rng):
    """A drawing of a picture; with regions (or None) half of the lines go between them."""
    large = rng.random() < 0.3  # lines of half a pixel
    if large:
        rgb = np.clip(ndimage.zoom(rgb, (2, 2, 1), order=1), 0, 1)
        regions = None if regions is None else regions.repeat(2, 0).repeat(2, 1)
    light = luma(rgb)
    if regions is not None and rng.random() < 0.7:
        ink = borders(regions)
        if rng.random() < 0.5:
            ink = np.maximum(ink, 0.8 * WAYS[rng.integers(len(WAYS))](light, rng))
    else:
        ink = WAYS[rng.integers(len(WAYS))](light, rng)
    ink = pen(ink, rng)
    for more, share in ((screentone, 0.2), (shade, 0.2)):
        if rng.random() < share:
            ink = np.maximum(ink, more(light, rng))
    drawing = scan(1 - np.clip(ink, 0, 1), rng)
    return np.float32(shrunk(drawing) if large else drawing)


# ---- what strokes keep apart -----------------------------------------------------------------

def areas(drawing, rng):
    """Labels of the areas between strokes, about as libcnnimg/tasks/parts.c finds them: balls of a random size close gaps."""
    paper = ndimage.grey_closing(drawing, 5)
    ink = (drawing < 0.75 * paper) | (drawing < 0.3 * paper.mean())
    far = ndimage.distance_transform_edt(~ink) if ink.any() else np.full(ink.shape, 99.0)
    found, count = ndimage.label(far > rng.uniform(1, 4))
    if not count:
        return np.zeros(ink.shape, np.int32)
    near = ndimage.distance_transform_edt(found == 0, return_distances=False, return_indices=True)
    return found[tuple(near)] - 1


# ---- to look at, to check --------------------------------------------------------------------

def sheet(paths, out):
    """Rows: a picture, then each way, the borders, and three random drawings."""
    from PIL import Image
    rows = []
    for i, path in enumerate(paths):
        picture = Image.open(path).convert("RGB")
        picture.thumbnail((220, 220))
        rgb = np.float32(picture.resize((220, 160))) / 255
        rng = np.random.default_rng(i)
        regions, count = parts(quantised(rgb, rng, 7))
        inks = [pen(way(luma(rgb), rng), rng) for way in WAYS] + [pen(borders(regions), rng)]
        tiles = [1 - k for k in inks] + [draw(rgb, regions if k else None, rng) for k in range(3)]
        row = [rgb, bilateral(rgb, 2, 0.1, 2), flat(rgb, regions, count)]
        rows.append(np.hstack(row + [np.repeat(t[..., None], 3, 2) for t in tiles]))
    Image.fromarray(np.uint8(255 * np.clip(np.vstack(rows), 0, 1) + 0.5)).save(out)


def check():
    """A dark disc on white: every way must draw its border, and nothing far from it."""
    y, x = np.mgrid[:96, :96] - 47.5
    radius = np.hypot(x, y)
    light = np.float32(np.clip(radius - 29.5, 0, 1) * 0.6 + 0.3)
    rim, far = abs(radius - 30) < 2.5, (abs(radius - 30) > 8) & (radius > 8)
    for way in WAYS + (lambda light, rng: borders(np.int32(light > 0.5)),):
        for seed in range(20):
            ink = way(light, np.random.default_rng(seed))
            angles = np.int32((np.arctan2(y, x) + np.pi) * 8 / np.pi) % 16
            drawn = [ink[rim & (angles == a)].max() for a in range(16)]
            name = getattr(way, "__name__", "borders")
            assert ink.shape == light.shape and ink.min() >= 0 and ink.max() <= 1, name
            assert min(drawn) > 0.3, (name, seed, min(drawn))
            assert ink[far & (radius > 30)].mean() < 0.1, (name, seed, ink[far].mean())
    light[:, :48] = 1
    tone = screentone(light, np.random.default_rng(1))
    assert tone[:, :40].max() < 0.1 < tone[30:66, 60:70].mean() and tone[30:66, 60:70].std() > 0.1
    print("every way draws the border of a disc, and screentone the shadow")


if __name__ == "__main__":
    check() if sys.argv[1:] == ["--check"] else sheet(sys.argv[2:], sys.argv[1])
