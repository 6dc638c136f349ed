#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_inpaint.py - writes data/: the spline in tension over a small picture's holes, and a network that stands in

inpaint.f32: of a picture of 45 x 37 pixels (door_pixel's, made smooth), its hole (1: unknown) and its fill, three numbers a
pixel, as SciPy's direct solver has it for L L u + t L u = 0 with t = 0.5, L being the graph Laplacian of the four neighbours.
inpaint.onnx has nothing to learn: inside the mask, which it takes as one channel, it answers 0.25 + 0.75 times the picture,
channels turned round; outside with nonsense, which nobody may see. Needs numpy, scipy, onnx. Run by hand.
"""
import os

import numpy as np
import onnx
from onnx import helper, numpy_helper
from scipy import ndimage, sparse
from scipy.sparse.linalg import spsolve

from standin import info, model

HERE = os.path.dirname(os.path.abspath(__file__))
TENSION = 0.5


def picture(width, height):
    """door_pixel of tests/api/door.c, blurred."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    rgb = ((x * 37 + y * 101 + c * 59 + x * y) % 256) / 255
    return np.float32(ndimage.gaussian_filter(rgb, (2, 2, 0), mode="nearest"))


def holes(width, height):
    """A wide one, a corner, a line from side to side, loose pixels."""
    hole = np.zeros((height, width), bool)
    hole[8:22, 10:27] = True
    hole[:5, :6] = True
    hole[29:31] = True
    hole[23:37:3, 30:45:2] = True
    return hole


def laplacian(width, height):
    at = np.arange(width * height).reshape(height, width)
    a = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    b = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    n = width * height
    beside = sparse.coo_matrix((np.ones(len(a)), (a, b)), (n, n))
    beside = beside + beside.T
    return sparse.diags(np.asarray(beside.sum(1)).ravel()) - beside


def spline(rgb, hole):
    height, width = hole.shape
    L = laplacian(width, height)
    A = (L @ L + TENSION * L).tocsr()
    u, known = hole.ravel(), ~hole.ravel()
    values = rgb.reshape(-1, 3).astype(np.float64)
    values[u] = spsolve(A[u][:, u].tocsc(), -(A[u][:, known] @ values[known]))
    return values.reshape(rgb.shape)


def network():
    weights = np.zeros((3, 4, 1, 1), np.float32)
    for c in range(3):
        weights[c, 2 - c] = 0.75
        weights[c, 3] = 1.25  # where the mask is 0 the sum is a whole too low
    nodes = [helper.make_node("Concat", ["image", "mask"], ["both"], axis=1),
             helper.make_node("Conv", ["both", "weights", "less"], ["output"])]
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.full(3, -1, np.float32), "less")]

    def picture_of(name, channels):
        return info(name, [1, channels, "H", "W"])

    graph = helper.make_graph(nodes, "inpaint", [picture_of("image", 3), picture_of("mask", 1)], [picture_of("output", 3)], constants)
    return model(graph, "make_inpaint.py", name="stand-in", task="inpaint", licence="MIT", multiple="16")


if __name__ == "__main__":
    rgb, hole = picture(45, 37), holes(45, 37)
    np.concatenate([rgb.ravel(), hole.ravel(), spline(rgb, hole).ravel()]).astype("<f4").tofile(
        os.path.join(HERE, "data", "inpaint.f32"))
    onnx.save(network(), os.path.join(HERE, "data", "inpaint.onnx"))
