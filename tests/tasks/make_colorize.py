#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_colorize.py - writes data/: colorize.onnx, which stands in for a trained colorizer, sepia.onnx, place.onnx, and what the recipe says

It has nothing to learn: a hint's colour goes to what is about as light and not too far away, so it fills its own
object; all else gets the mean colour of the palette, or a brown where there is none. The scores of the cells are highest
at the answer. colorize.f32 holds the palette vector of the test picture (64x48), as models/train/colorize.py computes it, and a
grey picture (32x32) coloured brown, 32-bit floats. Needs onnx, numpy and torch (models/train/lab.py). Run by hand; `make check` reads what it wrote.
"""
import os
import sys

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from standin import info, model, told_where

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "models", "train"))
import colorize  # noqa: E402
import lab  # noqa: E402

LEVELS = 11  # of light
REACH = 16  # cells
BROWN = (6.0, 14.0)  # ab
SHARP = 0.01  # of the scores: a spread of ten in ab


def build():
    centres = lab.bins().numpy().astype(np.float32)
    k = len(centres)
    nodes, constants = [], []

    def const(name, value, dtype=np.float32):
        constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def op(kind, *inputs, out=None, **attributes):
        out = out or f"v{len(nodes)}"
        nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    cells = op("AveragePool", "image", kernel_shape=[4, 4], strides=[4, 4])
    levels = const("levels", np.arange(LEVELS).reshape(1, -1, 1, 1) / (LEVELS - 1))
    away = op("Abs", op("Sub", cells, levels))
    near = op("Relu", op("Sub", const("one", 1.0), op("Mul", away, const("steepness", float(LEVELS - 1)))))
    # Numerators of a and b and the denominator, a group for each level.
    to_levels = np.zeros((3 * LEVELS, 3, 1, 1))
    for i in range(3):
        to_levels[i * LEVELS:(i + 1) * LEVELS, i] = 1
    spread = op("Mul", op("Conv", "hints", const("to_levels", to_levels)), op("Concat", near, near, near, axis=1))
    shape = np.maximum(0, REACH + 1 - np.abs(np.arange(-REACH, REACH + 1)))
    for name, form, pads in (("down", (-1, 1), [REACH, 0, REACH, 0]), ("across", (1, -1), [0, REACH, 0, REACH])):
        kernel = np.broadcast_to((shape / shape.sum()).reshape(1, 1, *form), (3 * LEVELS, 1, *shape.reshape(form).shape))
        spread = op("Conv", spread, const(name, kernel), group=3 * LEVELS, pads=pads)
    own = op("Mul", spread, op("Concat", near, near, near, axis=1))
    back = np.zeros((3, 3 * LEVELS, 1, 1))
    for i in range(3):
        back[i, i * LEVELS:(i + 1) * LEVELS] = 1
    sums = op("Conv", own, const("back", back))
    top = op("Slice", sums, const("zero", [0], np.int64), const("two", [2], np.int64), const("axis", [1], np.int64))
    under = op("Slice", sums, const("from2", [2], np.int64), const("to3", [3], np.int64), "axis")
    # Where no palette is given its last number is 0, and brown counts.
    mean = np.concatenate([centres.T / lab.AB, np.zeros((2, 1)), -np.array(BROWN)[:, None] / lab.AB], 1)
    auto = op("Conv", "palette", const("mean", mean[..., None, None]), const("brown", np.array(BROWN) / lab.AB))
    little = const("little", 1e-7)
    ab = op("Div", op("Add", top, op("Mul", auto, little)), op("Add", under, little), out="ab")
    scores = 2 * SHARP * lab.AB * centres[..., None, None], -SHARP * (centres ** 2).sum(1)
    op("Conv", ab, const("scores", scores[0]), const("lengths", scores[1]), out="cells")

    small = ["H/4", "W/4"]
    graph = helper.make_graph(
        nodes, "colorize", [info("image", [1, 1, "H", "W"]), info("hints", [1, 3, *small]), info("palette", [1, k + 2, 1, 1])],
        [info("ab", [1, 2, *small]), info("cells", [1, k, *small])], constants)
    return model(graph, "make_colorize.py", centres, name="stand-in", task="colorize", licence="MIT", colour="lab", multiple="16", size="128")


def sepia():
    """A network as others make them: of a grey picture one of three channels, here blue first and of 0 to 255."""
    weight = np.array([0.3, 0.6, 0.9], np.float32).reshape(3, 1, 1, 1)
    node = helper.make_node("Conv", ["grey", "weight"], ["bgr"])
    graph = helper.make_graph(
        [node], "sepia", [info("grey", [1, 1, "H", "W"])], [info("bgr", [1, 3, "H", "W"])],
        [numpy_helper.from_array(weight, "weight")])
    return model(graph, "make_colorize.py", name="sepia", task="colorize", licence="MIT", range="255", order="bgr")


def place():
    """A network that is told how far down its cells are, -1 to 1: b is 30 times that."""
    weight = np.zeros((2, 4, 1, 1), np.float32)
    weight[1, 3] = 30 / lab.AB
    return told_where(lab.bins().numpy(), "ab", weight, producer="make_colorize.py", task="colorize", colour="lab")


def picture(width, height):
    """The picture that tests/api/door.c makes by the same formula."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    rgb = ((x * 37 + y * 101 + c * 59 + x * y) % 256).astype(np.float32) / np.float32(255)
    return torch.from_numpy(rgb.transpose(2, 0, 1)[None])


def golden():
    centres = lab.bins()
    ab = torch.nn.functional.avg_pool2d(lab.rgb_to_lab(picture(64, 48))[:, 1:], 4)
    grey = 0.3 + 0.4 * picture(32, 32)[:, :1]
    brown = torch.tensor(BROWN).reshape(1, 2, 1, 1).expand(1, 2, 32, 32)
    light = lab.rgb_to_lab(grey.expand(1, 3, 32, 32))[:, :1]
    rgb = lab.lab_to_rgb(torch.cat([light, brown], 1))[0].permute(1, 2, 0)
    return np.concatenate([colorize.palette(ab, centres).flatten(), rgb.flatten()]).astype("<f4")


if __name__ == "__main__":
    onnx.save(build(), os.path.join(HERE, "data", "colorize.onnx"))
    onnx.save(place(), os.path.join(HERE, "data", "place.onnx"))
    onnx.save(sepia(), os.path.join(HERE, "data", "sepia.onnx"))
    golden().tofile(os.path.join(HERE, "data", "colorize.f32"))
