# SPDX-License-Identifier: MIT
"""lab.py - sRGB and CIE Lab (D65) of tensors N x 3 x H x W, and the grid of quantised ab."""
import numpy as np
import torch

TO_XYZ = torch.tensor([[0.4124564, 0.3575761, 0.1804375],
                       [0.2126729, 0.7151522, 0.0721750],
                       [0.0193339, 0.1191920, 0.9503041]])
WHITE = TO_XYZ.sum(1)
KNEE = 6 / 29
STEP = 10  # of the ab grid
AB = 110  # ab / AB is what the network sees and says


def mix(matrix, x):
    return torch.einsum("oc,nchw->nohw", matrix, x)


def rgb_to_lab(rgb):
    """[0, 1] sRGB -> L 0..100, a, b."""
    linear = torch.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    t = mix(TO_XYZ / WHITE[:, None], linear)
    f = torch.where(t > KNEE ** 3, t.clamp(min=1e-8) ** (1 / 3), t / (3 * KNEE ** 2) + 4 / 29)
    x, y, z = f.split(1, 1)
    return torch.cat([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_to_rgb(lab):
    """The inverse; what no screen shows is clipped."""
    l, a, b = lab.split(1, 1)
    y = (l + 16) / 116
    f = torch.cat([y + a / 500, y, y - b / 200], 1)
    t = torch.where(f > KNEE, f ** 3, 3 * KNEE ** 2 * (f - 4 / 29))
    linear = mix(torch.linalg.inv(TO_XYZ / WHITE[:, None]), t).clamp(0, 1)
    return torch.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clamp(min=1e-8) ** (1 / 2.4) - 0.055)


def bins():
    """The centres (K x 2) of the cells of the ab grid that hold a colour of sRGB."""
    ramp = torch.linspace(0, 1, 33)
    cube = torch.stack(torch.meshgrid(ramp, ramp, ramp, indexing="ij")).reshape(1, 3, -1, 1)
    cells = torch.unique(torch.round(rgb_to_lab(cube)[0, 1:, :, 0].T / STEP), dim=0)
    return cells * STEP


def bin_of(ab, centres):
    """Index of the nearest centre of ab, N x 2 x H x W."""
    n, _, h, w = ab.shape
    flat = ab.permute(0, 2, 3, 1).reshape(-1, 2)
    return torch.cdist(flat, centres).argmin(1).reshape(n, h, w)


def colourfulness(rgb):
    """Hasler and Suesstrunk 2003, of H x W x 3 on the 0..255 scale."""
    r, g, b = np.float64(rgb).transpose(2, 0, 1)
    rg, yb = r - g, (r + g) / 2 - b
    return np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean())
