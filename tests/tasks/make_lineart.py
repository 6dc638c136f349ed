#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_lineart.py - writes data/lineart.onnx, which stands in for a trained network for drawings, and lineart-place.onnx

Its paint is BARE, or GIVEN where there is a palette, and everywhere SHARE times the mean of the hints (over all cells) more; it
is darker where there is ink, as no trained one would be: what the library makes of that tells whether paint from under
strokes counts. Needs onnx and numpy, and torch (models/train/lab.py). Run by hand; `make check` reads what it wrote.
"""
import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

from standin import info, model, told_where

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models", "train"))
import lab  # noqa: E402

BARE, GIVEN = np.array([0.6, 0.5, 0.3]), np.array([0.3, 0.4, 0.7])
SHARE = 0.5
INKED = 0.25  # paint is darker by so much of the ink


def build():
    centres = lab.bins().numpy()
    size = len(centres) + 2
    nodes, constants = [], []

    def const(name, value):
        constants.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
        return name

    def op(kind, *inputs, out=None, **attributes):
        out = out or f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    choice = np.zeros((3, size, 1, 1))
    choice[:, -1, 0, 0] = GIVEN - BARE
    plain = op("Conv", "palette", const("choice", choice), const("bare", BARE))
    take = np.zeros((3, 4, 1, 1))
    take[range(3), range(3)] = SHARE
    mean = op("Conv", op("GlobalAveragePool", "hints"), const("take", take))
    ink = op("Mul", op("AveragePool", "image", kernel_shape=[4, 4], strides=[4, 4]), const("inked", INKED))
    op("Sub", op("Add", plain, mean), ink, out="paint")

    small = ["H/4", "W/4"]
    graph = helper.make_graph(
        nodes, "lineart", [info("image", [1, 1, "H", "W"]), info("hints", [1, 4, *small]), info("palette", [1, size, 1, 1])],
        [info("paint", [1, 3, *small])], constants)
    return model(graph, "make_lineart.py", centres, name="stand-in", task="lineart", licence="MIT", colour="rgb", multiple="32", size="128")


def place():
    """One that is told how far down its cells are, -1 to 1: paint is 0.5 and 0.4 times that."""
    weight = np.zeros((3, 5, 1, 1), np.float32)
    weight[:, 4] = 0.4
    return told_where(lab.bins().numpy(), "paint", weight, np.full(3, 0.5, np.float32), "make_lineart.py", task="lineart", colour="rgb")


if __name__ == "__main__":
    onnx.save(place(), os.path.join(HERE, "data", "lineart-place.onnx"))
    onnx.save(build(), os.path.join(HERE, "data", "lineart.onnx"))
