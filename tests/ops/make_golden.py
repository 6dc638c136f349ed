#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_golden.py - examples of every op with what ONNX's reference evaluator says of them.

Writes golden.txt (the nodes) and golden.bin (the results, float32, little endian) into the folder given
(default: this one). Inputs are not stored: both sides draw them from the same generator. Where it can, the
script asks ONNX Runtime too and complains about differences. Needs: numpy, onnx, onnxruntime.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

OPSET = 20
onnxruntime.set_default_logger_severity(3)
ACT = {name: i for i, name in enumerate("""none relu leaky prelu sigmoid tanh clip elu selu celu softplus softsign
    hard_sigmoid hard_swish swish gelu gelu_tanh mish thresholded shrink abs neg sqrt exp log reciprocal erf floor ceil
    round trunc sign not sin cos tan asin acos atan sinh cosh asinh acosh atanh""".split())}
cases = []
# ONNX's names of activations, and of the attributes that a and b are
MORE = {"elu": ("Elu", ("alpha",)), "selu": ("Selu", ("alpha", "gamma")), "celu": ("Celu", ("alpha",)),
        "hard_sigmoid": ("HardSigmoid", ("alpha", "beta")), "hard_swish": ("HardSwish", ()),
        "thresholded": ("ThresholdedRelu", ("alpha",)), "shrink": ("Shrink", ("lambd", "bias"))}


class Random:
    """The linear congruential generator of harness.c."""

    def __init__(self, seed):
        self.state = seed

    def draw(self, dims, positive=False):
        out = np.empty(int(np.prod(dims, dtype=np.int64)), np.float32)
        for i in range(out.size):
            self.state = (self.state * 1664525 + 1013904223) % 2**32
            out[i] = ((self.state >> 8) - 2**23) / 2**23
        if positive:
            out = np.abs(out) + np.float32(0.25)
        return out.reshape(dims)


class Case:
    """One example: values in the order of drawing, the node as we write it, and as ONNX writes it."""

    def __init__(self, name):
        self.name, self.lines, self.values, self.kinds = name, [], [], []
        self.random = Random(len(cases) + 1)
        self.nodes, self.extra, self.last = [], {}, None
        cases.append(self)

    def map(self, c, h, w):
        self.lines.append(f"map {c} {h} {w}")
        return self._add(self.random.draw((c, h, w))[None], "map")

    def positive_map(self, c, h, w):
        self.lines.append(f"positivemap {c} {h} {w}")
        return self._add(self.random.draw((c, h, w), True)[None], "map")

    def holes(self, c, h, w):
        """A map of which about half is 0."""
        self.lines.append(f"holes {c} {h} {w}")
        v = self.random.draw((c, h, w))
        return self._add(np.where(np.abs(v) < 0.5, np.float32(0), v)[None], "map")

    def ints(self, *values):
        self.lines.append("ints " + " ".join(map(str, values)))
        return self._add(np.array(values, np.int64), "const")

    def const(self, *dims, positive=False):
        self.lines.append(("positive " if positive else "const ") + " ".join(map(str, dims)))
        return self._add(self.random.draw(dims, positive), "const")

    def _add(self, value, kind):
        self.values.append(value)
        self.kinds.append(kind)
        return len(self.values) - 1

    def node(self, op, inputs, **fields):
        self.lines.append(f"node {op} " + " ".join(map(str, inputs)))
        for key, value in fields.items():
            value = value if isinstance(value, (list, tuple)) else [value]
            self.lines.append(f"{key} " + " ".join(repr(v) if isinstance(v, float) else str(v) for v in value))

    def onnx(self, op, inputs, **attributes):
        """inputs: value numbers, None, or arrays (constants of ONNX's own)."""
        names = []
        for i in inputs:
            if isinstance(i, np.ndarray):
                name = f"extra{len(self.extra)}"
                self.extra[name] = i
                names.append(name)
            else:
                names.append("" if i is None else i if isinstance(i, str) else f"v{i}")
        self.last = f"y{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, names, [self.last], **attributes))
        return self.last

    def act(self, kind, a=0.0, b=0.0, slope=None, key="act"):
        self.lines.append(f"{key} {ACT[kind]} {a!r} {b!r} {-1 if slope is None else slope}")
        if kind == "prelu":
            value = self.values[slope].reshape(-1, 1, 1)
            self.onnx("PRelu", [self.last, value])
        elif kind == "clip":
            self.onnx("Clip", [self.last, np.array(a, np.float32), np.array(b, np.float32)])
        elif kind == "leaky":
            self.onnx("LeakyRelu", [self.last], alpha=a)
        else:
            op, names = MORE.get(kind, (kind.title(), ()))
            self.onnx(op, [self.last], **dict(zip(names, (a, b))))

    def say(self, line):
        self.lines.append(line)

    def model(self):
        maps = [i for i, k in enumerate(self.kinds) if k == "map"]
        ins = [helper.make_tensor_value_info(f"v{i}", TensorProto.FLOAT, self.values[i].shape) for i in maps]
        consts = {f"v{i}": v for i, v in enumerate(self.values) if self.kinds[i] == "const"} | self.extra
        inits = [onnx.numpy_helper.from_array(v, k) for k, v in consts.items()]
        out = helper.make_tensor_value_info(self.last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "g", ins, [out], inits)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
        return model, {f"v{i}": self.values[i] for i in maps}

    def result(self):
        model, feed = self.model()
        runtime = reference = None
        try:
            reference = ReferenceEvaluator(model).run(None, feed)[0]
        except Exception as e:  # the reference does not know everything
            print(f"{self.name}: reference: {type(e).__name__}: {e}")
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
            runtime = session.run(None, feed)[0]
        except Exception as e:
            print(f"{self.name}: runtime: {type(e).__name__}: {str(e)[:150]}")
        if reference is None or runtime is None:
            return runtime if reference is None else reference
        if reference.shape != runtime.shape:
            print(f"{self.name}: shapes {reference.shape} and {runtime.shape}; the runtime's is taken")
            return runtime
        gap = np.abs(reference.astype(np.float64) - runtime).max()
        if gap > 2e-5 * max(1, np.abs(reference).max()):
            print(f"{self.name}: reference and runtime differ by {gap}; the runtime's is taken")
            return runtime
        return reference


def conv(name, shape, cout, kernel, stride=(1, 1), dilation=(1, 1), pads=(0, 0, 0, 0), group=1, bias=True,
         auto=0, act=None, residual=False, act2=None, loose=False):
    """auto: 1 same upper, 2 same lower, 3 valid."""
    c = Case(name)
    x, w = c.map(*shape), c.const(cout, shape[0] // group, *kernel)
    ins = [x, w] + ([c.const(cout)] if bias else [])
    how = dict(kernel_shape=kernel, strides=stride, dilations=dilation, group=group)
    how |= dict(auto_pad=["", "SAME_UPPER", "SAME_LOWER", "VALID"][auto]) if auto else dict(pads=pads)
    y = c.onnx("Conv", ins, **how)
    slopes = [c.const(cout) if a and a[0] == "prelu" else None for a in (act, act2)]
    if residual:
        model, feed = c.model()
        size = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)[0].shape[1:]
        add = c.map(*size)
    node_ins = ins + ([] if bias else [-1]) + [add] if residual else ins
    c.node("conv", node_ins, kernel=kernel, stride=stride, dilation=dilation, pads=pads, group=group, auto_pad=auto)
    if act:
        c.act(*act, slope=slopes[0])
    if residual:
        c.say("residual 3")
        c.onnx("Add", [c.last, add])
    if act2:
        c.act(*act2, slope=slopes[1], key="act2")
    if loose:
        c.say("loose")


def transposed(name, shape, cout, kernel, stride=(1, 1), dilation=(1, 1), pads=(0, 0, 0, 0), out_pads=(0, 0),
               group=1, bias=True, auto=0, act=None, residual=False, loose=False):
    c = Case(name)
    x, w = c.map(*shape), c.const(shape[0], cout // group, *kernel)
    ins = [x, w] + ([c.const(cout)] if bias else [])
    how = dict(kernel_shape=kernel, strides=stride, dilations=dilation, group=group, output_padding=out_pads)
    how |= dict(auto_pad=["", "SAME_UPPER", "SAME_LOWER", "VALID"][auto]) if auto else dict(pads=pads)
    c.onnx("ConvTranspose", ins, **how)
    slope = c.const(cout) if act and act[0] == "prelu" else None
    if residual:
        model, feed = c.model()
        size = onnxruntime.InferenceSession(model.SerializeToString()).run(None, feed)[0].shape[1:]
        add = c.map(*size)
    node_ins = ins + ([] if bias else [-1]) + [add] if residual else ins
    c.node("conv_transpose", node_ins, kernel=kernel, stride=stride, dilation=dilation, pads=pads,
           out_pads=out_pads, group=group, auto_pad=auto)
    if act:
        c.act(*act, slope=slope)
    if residual:
        c.say("residual 3")
        c.onnx("Add", [c.last, add])
    if loose:
        c.say("loose")


def convolutions():
    conv("1x1", (5, 6, 7), 9, (1, 1))
    conv("3x3 same", (3, 7, 9), 8, (3, 3), pads=(1, 1, 1, 1))
    conv("3x3 wide", (6, 2, 45), 20, (3, 3), pads=(1, 1, 1, 1))
    conv("48 channels", (16, 2, 26), 48, (3, 3), pads=(1, 1, 1, 1), act=("relu",))
    conv("80 channels", (4, 2, 8), 80, (3, 3), pads=(1, 1, 1, 1))
    conv("112 channels", (3, 2, 13), 112, (2, 2))
    conv("3 channels out", (17, 5, 27), 3, (3, 3), pads=(1, 1, 1, 1), bias=False)
    conv("1 channel out", (2, 5, 6), 1, (5, 3), pads=(2, 1, 2, 1))
    conv("no padding", (4, 8, 9), 5, (3, 3))
    conv("padding on two sides", (4, 8, 9), 5, (3, 2), pads=(2, 0, 0, 1))
    conv("more padding than map", (2, 2, 3), 4, (5, 5), pads=(4, 3, 3, 4))
    conv("stride 2", (4, 9, 11), 6, (3, 3), stride=(2, 2), pads=(1, 1, 1, 1))
    conv("stride 2, even", (4, 8, 12), 6, (2, 2), stride=(2, 2))
    conv("stride 3 by 1", (3, 11, 8), 6, (4, 3), stride=(3, 1), pads=(1, 0, 2, 1))
    conv("stride beyond kernel", (3, 11, 10), 6, (2, 1), stride=(3, 4))
    conv("dilation 2", (4, 11, 12), 6, (3, 3), dilation=(2, 2), pads=(2, 2, 2, 2), loose=True)
    conv("dilation 3 by 2, stride 2", (3, 14, 9), 5, (3, 2), stride=(2, 1), dilation=(3, 2), pads=(3, 1, 2, 2),
         loose=True)
    conv("7x7", (3, 10, 12), 10, (7, 7), pads=(3, 3, 3, 3))
    conv("1x9", (3, 5, 12), 4, (1, 9), pads=(0, 4, 0, 4))
    conv("two groups", (8, 6, 7), 10, (3, 3), pads=(1, 1, 1, 1), group=2)
    conv("three odd groups", (9, 2, 26), 15, (3, 3), pads=(1, 1, 1, 1), group=3, act=("prelu",), residual=True)
    conv("groups of wide", (8, 2, 13), 72, (3, 3), pads=(1, 1, 1, 1), group=2)
    conv("depth-wise", (7, 6, 9), 7, (3, 3), pads=(1, 1, 1, 1), group=7)
    conv("depth-wise 20, stride 2", (20, 7, 9), 20, (5, 5), stride=(2, 2), pads=(2, 2, 2, 2), group=20,
         act=("clip", 0.0, 6.0))
    conv("depth-wise, act, residual", (18, 5, 6), 18, (3, 3), pads=(1, 1, 1, 1), group=18, act=("prelu",),
         residual=True, act2=("relu",))
    conv("depth-wise, two filters each", (4, 6, 7), 8, (3, 3), pads=(1, 1, 1, 1), group=4)
    conv("same upper", (3, 7, 10), 4, (3, 4), stride=(2, 3), auto=1)
    conv("same lower", (3, 7, 10), 4, (2, 4), stride=(2, 3), auto=2)
    conv("valid", (3, 7, 10), 4, (3, 4), auto=3)
    conv("relu", (4, 5, 9), 12, (3, 3), pads=(1, 1, 1, 1), act=("relu",))
    conv("leaky", (4, 5, 9), 12, (3, 3), pads=(1, 1, 1, 1), act=("leaky", 0.125))
    conv("prelu", (4, 5, 9), 19, (3, 3), pads=(1, 1, 1, 1), act=("prelu",))
    conv("sigmoid", (4, 5, 9), 12, (3, 3), pads=(1, 1, 1, 1), act=("sigmoid",))
    conv("tanh", (4, 5, 9), 12, (3, 3), pads=(1, 1, 1, 1), act=("tanh",))
    conv("residual", (4, 3, 29), 12, (3, 3), pads=(1, 1, 1, 1), residual=True)
    conv("relu, residual, prelu", (4, 3, 9), 35, (3, 3), pads=(1, 1, 1, 1), act=("relu",), residual=True,
         act2=("prelu",))
    conv("no bias, residual, tanh", (4, 5, 9), 3, (3, 3), pads=(1, 1, 1, 1), bias=False, residual=True,
         act2=("tanh",))
    conv("one pixel", (6, 1, 1), 7, (3, 3), pads=(1, 1, 1, 1))


def tiles():
    """3x3 convolutions by Winograd's tiles: sizes around the grid of tiles, every way of finishing a pixel."""
    def tiled(name, shape, cout, pads=(1, 1, 1, 1), **how):
        conv(name, shape, cout, (3, 3), pads=pads, loose=True, **how)

    for k in range(4):
        tiled(f"tiles and {k} pixels", (16, 8 + k, 12 + (k + 2) % 4), 16)
    tiled("tiles, no padding", (17, 11, 13), 20, pads=(0, 0, 0, 0))
    tiled("tiles, padding on two sides", (12, 9, 15), 33, pads=(2, 0, 0, 1))
    tiled("tiles, same upper", (13, 9, 10), 18, auto=1, pads=(0, 0, 0, 0))
    tiled("tiles, much padding", (12, 4, 5), 17, pads=(3, 4, 5, 3))
    tiled("tiles, 3 channels out", (20, 9, 11), 3, residual=True)
    tiled("tiles, 7 channels out", (33, 8, 9), 7, act=("prelu",))
    tiled("tiles, 12 channels out", (48, 9, 10), 12, bias=False)
    tiled("tiles, 80 channels", (16, 9, 9), 80, act=("relu",))
    tiled("tiles, 112 channels", (12, 8, 8), 112, residual=True)
    tiled("many tiles", (12, 9, 75), 18, act=("relu",))
    tiled("tiles, residual, relu", (16, 10, 9), 24, residual=True, act2=("relu",))
    tiled("tiles, prelu, residual, prelu", (16, 11, 9), 35, act=("prelu",), residual=True, act2=("prelu",))
    tiled("tiles, leaky", (16, 8, 14), 24, act=("leaky", 0.125))
    tiled("tiles, clip, no bias", (16, 9, 9), 16, bias=False, act=("clip", -5.0, 6.0))
    tiled("tiles, 130 channels in", (130, 8, 9), 16)
    for k in range(6):
        tiled(f"tiles, {12 + k} columns", (12, 8, 12 + k), 16)
    tiled("tiles, dilation 2", (12, 17, 19), 16, pads=(2, 2, 2, 2), dilation=(2, 2))
    tiled("tiles, dilation 3, residual", (12, 25, 26), 20, pads=(3, 3, 3, 3), dilation=(3, 3), residual=True)
    tiled("tiles, dilation 2, no padding", (16, 22, 31), 8, pads=(0, 0, 0, 0), dilation=(2, 2), act=("relu",))


def transposed_convolutions():
    transposed("2x2 stride 2", (6, 4, 5), 7, (2, 2), stride=(2, 2))
    transposed("2x2 stride 2, 48 wide", (5, 1, 14), 48, (2, 2), stride=(2, 2), bias=False)
    transposed("3x3 stride 2", (4, 5, 6), 5, (3, 3), stride=(2, 2), pads=(1, 1, 1, 1), out_pads=(1, 1))
    transposed("4x4 stride 2", (4, 5, 6), 5, (4, 4), stride=(2, 2), pads=(1, 1, 1, 1), act=("relu",))
    transposed("stride 1", (3, 5, 6), 4, (3, 3), pads=(1, 1, 1, 1))
    transposed("stride 3 by 2", (3, 4, 5), 4, (4, 3), stride=(3, 2), pads=(0, 1, 2, 0), out_pads=(1, 0))
    transposed("kernel below stride", (3, 4, 5), 4, (1, 2), stride=(2, 3), loose=True)
    transposed("dilation 2, stride 1", (3, 5, 6), 4, (3, 3), dilation=(2, 2), pads=(2, 1, 1, 2), loose=True)
    transposed("dilation 2, stride 3", (3, 3, 4), 3, (3, 3), stride=(3, 3), dilation=(2, 2), loose=True)
    transposed("dilation 2, stride 2", (3, 4, 5), 4, (2, 3), stride=(2, 2), dilation=(2, 2), loose=True)
    transposed("dilation 3, stride 2", (3, 4, 5), 4, (4, 3), stride=(2, 2), dilation=(3, 3), pads=(2, 1, 0, 1),
               loose=True)
    transposed("groups", (6, 4, 5), 8, (3, 3), stride=(2, 2), group=2, act=("prelu",))
    transposed("depth-wise, residual", (5, 4, 5), 5, (4, 4), stride=(2, 2), pads=(1, 1, 1, 1), group=5,
               residual=True)
    transposed("same upper", (3, 4, 5), 4, (3, 3), stride=(2, 2), auto=1)
    transposed("same lower", (3, 4, 5), 4, (3, 3), stride=(2, 2), auto=2)
    transposed("9x9 stride 4", (3, 3, 4), 2, (9, 9), stride=(4, 4), pads=(3, 3, 3, 3), out_pads=(1, 1))
    transposed("pads beyond", (3, 5, 6), 2, (3, 3), stride=(2, 2), pads=(3, 4, 3, 2))


def shuffles():
    for b, shape in ((2, (12, 3, 5)), (3, (18, 2, 3)), (4, (32, 2, 2))):
        for mode in ("DCR", "CRD"):
            c = Case(f"depth to space {mode} {b}")
            x = c.map(*shape)
            c.onnx("DepthToSpace", [x], blocksize=b, mode=mode)
            c.node("depth_to_space", [x], block=b, crd=int(mode == "CRD"))
    for b, shape in ((2, (5, 6, 8)), (3, (3, 6, 9)), (2, (4, 2, 2))):
        c = Case(f"space to depth {b} {shape[0]}")
        x = c.map(*shape)
        c.onnx("SpaceToDepth", [x], blocksize=b)
        c.node("space_to_depth", [x], block=b)


def resize(name, shape, mode, coord, nearest=0, scale=None, size=None, a=-0.75, loose=False, antialias=0, exclude=0,
           roi=None, beyond=0.0, both=False):
    """roi: y, x from and to. both: the node has the size beside the scale."""
    c = Case(name)
    x = c.map(*shape)
    coords = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric",
              "tf_half_pixel_for_nn", "tf_crop_and_resize"]
    rounding = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
    how = dict(mode=["nearest", "linear", "cubic"][mode], coordinate_transformation_mode=coords[coord],
               cubic_coeff_a=a, nearest_mode=rounding[nearest], antialias=antialias, exclude_outside=exclude,
               extrapolation_value=beyond)
    part = np.array([0, 0, *roi[:2], 1, 1, *roi[2:]], np.float32) if roi else None
    if scale:
        c.onnx("Resize", [x, part, np.array([1, 1, *scale], np.float32)], **how)
    else:
        c.onnx("Resize", [x, part, None, np.array([1, shape[0], *size], np.int64)], **how)
    fields = dict(scale=[float(np.float32(s)) for s in scale]) if scale else dict(size=size)
    if both:
        fields["size"] = size
    if antialias or exclude:
        fields |= dict(antialias=antialias, exclude_outside=exclude)
    if roi:
        fields |= dict(roi=[float(np.float32(v)) for v in roi], value=beyond)
    c.node("resize", [x], mode=mode, coord=coord, nearest=nearest, cubic_a=a, **fields)
    if roi and (min(roi) < 0 or max(roi) > 1):
        c.say("flat")  # what is beyond the map reads nothing
    if loose:
        c.say("loose")


def rare_resizes():
    """Coordinates, borders and kernels that few networks have."""
    symmetric, for_nn, crop = 4, 5, 6
    for nearest in range(4):
        resize(f"nearest symmetric {nearest}", (3, 9, 10), 0, symmetric, nearest, scale=(0.6, 1.75))
        resize(f"nearest for nn {nearest}", (3, 9, 10), 0, for_nn, nearest, scale=(0.5, 1.5))
    for mode, word in ((1, "linear"), (2, "cubic")):
        loose = mode == 2
        resize(f"{word} symmetric", (3, 9, 10), mode, symmetric, scale=(0.6, 1.75), loose=loose)
        resize(f"{word} symmetric size", (3, 9, 10), mode, symmetric, size=(4, 23), loose=loose)
        resize(f"{word} for nn", (3, 9, 10), mode, for_nn, scale=(0.5, 1.5), loose=loose)
        for coord in (0, 1, 2, 3, symmetric):
            for exclude in (0, 1):
                name = f"{word} antialias {coord}{exclude}"
                resize(f"{name} down", (3, 19, 21), mode, coord, size=(7, 5), antialias=1, exclude=exclude, loose=loose)
                resize(f"{name} far down", (2, 23, 31), mode, coord, size=(2, 3), antialias=1, exclude=exclude, loose=True)
                resize(f"{name} up", (3, 4, 5), mode, coord, size=(9, 7), antialias=1, exclude=exclude, loose=loose)
            resize(f"{word} exclude outside {coord} up", (3, 4, 5), mode, coord, scale=(2.0, 3.0), exclude=1, loose=loose)
            resize(f"{word} exclude outside {coord} down", (3, 9, 10), mode, coord, size=(4, 6), exclude=1, loose=loose)
        resize(f"{word} antialias, scale", (3, 19, 21), mode, 0, scale=(0.35, 0.8), antialias=1, loose=loose)
        resize(f"{word} antialias to one", (3, 19, 21), mode, 0, size=(1, 1), antialias=1, loose=loose)
    resize("scale and size", (3, 10, 11), 1, 0, scale=(1.25, 0.65), size=(12, 7), both=True)
    for mode in range(3):
        for i, roi in enumerate(((0.0, 0.0, 1.0, 1.0), (0.25, 0.125, 0.75, 0.9), (-0.31, 0.2, 0.8, 1.4), (0.5, 1.1, 0.5, 1.6))):
            for size in ((5, 12), (12, 5), (1, 7)):
                resize(f"crop {mode} {i} {size}", (3, 8, 9), mode, crop, size=size, roi=roi, beyond=10.0, loose=True)


def resizes():
    for coord in range(4):
        for nearest in range(4):
            resize(f"nearest up {coord}{nearest}", (3, 4, 5), 0, coord, nearest, scale=(2.0, 3.0))
            resize(f"nearest down {coord}{nearest}", (3, 9, 10), 0, coord, nearest, scale=(0.5, 0.625))
        resize(f"nearest size {coord}", (2, 5, 7), 0, coord, size=(8, 4))
        resize(f"linear up {coord}", (3, 4, 5), 1, coord, scale=(2.0, 3.0))
        resize(f"linear down {coord}", (3, 9, 10), 1, coord, scale=(0.5, 0.75))
        resize(f"linear size {coord}", (6, 5, 7), 1, coord, size=(7, 6))
        resize(f"cubic up {coord}", (3, 4, 5), 2, coord, scale=(2.0, 3.0), loose=True)
        resize(f"cubic down {coord}", (3, 9, 10), 2, coord, scale=(0.5, 0.625), loose=True)
        resize(f"cubic size {coord}", (2, 6, 7), 2, coord, size=(9, 5), a=-0.5, loose=True)
    resize("linear to one", (3, 5, 6), 1, 1, size=(1, 1))
    resize("linear 8x wide", (2, 2, 4), 1, 0, scale=(8.0, 8.0))
    resize("a scale that is no fraction", (3, 10, 11), 1, 0, scale=(1.3, 0.7))


def pads():
    for mode, word in enumerate(("constant", "reflect", "edge", "wrap")):
        for p in ((1, 2, 3, 0), (0, 1, 0, 4), (2, 2, 2, 2), (-1, 0, 2, -2), (-3, 2, 2, -4), (7, 0, 0, 16), (0, -1, 0, -2)):
            if mode == 1 and max(p) > 5:
                continue
            c = Case(f"pad {word} {p}")
            x = c.map(5, 6, 7)
            value = [np.array(0.5, np.float32)] if mode == 0 else []
            c.onnx("Pad", [x, np.array([0, 0, p[0], p[1], 0, 0, p[2], p[3]], np.int64)] + value, mode=word)
            c.node("pad", [x], mode=mode, pads=p, value=0.5)
            if word in ("reflect", "wrap"):
                c.say("loose")


def pools():
    shapes = [("plain", (3, 8, 9), dict(kernel=(2, 2), stride=(2, 2))),
              ("3x3 pads", (5, 7, 9), dict(kernel=(3, 3), stride=(2, 2), pads=(1, 1, 1, 1))),
              ("uneven", (17, 4, 18), dict(kernel=(3, 2), stride=(1, 2), pads=(1, 0, 2, 1))),
              ("ceil", (4, 7, 10), dict(kernel=(3, 3), stride=(2, 2), ceil_mode=1)),
              ("ceil pads", (4, 6, 8), dict(kernel=(2, 3), stride=(3, 2), pads=(1, 1, 1, 1), ceil_mode=1)),
              ("same upper", (3, 7, 8), dict(kernel=(3, 2), stride=(2, 1), auto_pad=1)),
              ("same lower", (3, 7, 8), dict(kernel=(3, 2), stride=(2, 1), auto_pad=2)),
              ("valid", (3, 7, 8), dict(kernel=(3, 2), stride=(2, 1), auto_pad=3)),
              ("dilated", (3, 9, 10), dict(kernel=(3, 2), stride=(1, 2), dilation=(2, 3), pads=(1, 2, 2, 0)))]
    for op, word in (("MaxPool", "max_pool"), ("AveragePool", "average_pool")):
        for name, shape, f in shapes:
            for include in ((0, 1) if op == "AveragePool" else (0,)):
                c = Case(f"{word} {name}" + (" include" if include else ""))
                x = c.map(*shape)
                how = dict(kernel_shape=f["kernel"], strides=f["stride"], ceil_mode=f.get("ceil_mode", 0),
                           dilations=f.get("dilation", (1, 1)))
                auto = f.get("auto_pad", 0)
                how |= (dict(auto_pad=["", "SAME_UPPER", "SAME_LOWER", "VALID"][auto]) if auto
                        else dict(pads=f.get("pads", (0, 0, 0, 0))))
                if op == "AveragePool":
                    how["count_include_pad"] = include
                c.onnx(op, [x], **how)
                extra = dict(count_include_pad=1) if include else {}
                c.node(word, [x], **f, **extra)
                if "dilation" in f:
                    c.say("loose")
    for op, word in (("GlobalMaxPool", 2), ("GlobalAveragePool", 1)):
        for shape in ((5, 7, 9), (20, 4, 33), (3, 1, 1)):
            c = Case(f"{op} {shape}")
            x = c.map(*shape)
            c.onnx(op, [x])
            c.node("reduce", [x], mode=word)


def small_ones():
    for channels in (3, 20):
        c = Case(f"batch norm {channels}")
        x = c.map(channels, 4, 5)
        ins = [x, c.const(channels), c.const(channels), c.const(channels), c.const(channels, positive=True)]
        c.onnx("BatchNormalization", ins, epsilon=0.001)
        c.node("batch_norm", ins, value=0.001)
    c = Case("batch norm, prelu")
    x = c.map(6, 4, 5)
    ins = [x, c.const(6), c.const(6), c.const(6), c.const(6, positive=True)]
    slope = c.const(6)
    c.onnx("BatchNormalization", ins, epsilon=1e-5)
    c.node("batch_norm", ins, value=1e-5)
    c.act("prelu", slope=slope)
    for kind, a, b in (("relu", 0.0, 0.0), ("leaky", 0.25, 0.0), ("sigmoid", 0.0, 0.0), ("tanh", 0.0, 0.0),
                       ("clip", -0.25, 0.5)):
        for channels in (3, 7, 18):
            c = Case(f"{kind} {channels}")
            x = c.map(channels, 4, 7)
            c.last = f"v{x}"
            c.node("activation", [x])
            c.act(kind, a, b)
    for channels, slopes in ((3, 1), (3, 3), (7, 7), (18, 18)):
        c = Case(f"prelu {channels} {slopes}")
        x, s = c.map(channels, 4, 7), c.const(slopes)
        c.last = f"v{x}"
        c.node("activation", [x])
        c.act("prelu", slope=s)
    for channels in (2, 3, 10, 21):
        c = Case(f"softmax {channels}")
        x = c.map(channels, 3, 5)
        c.onnx("Softmax", [x], axis=1)
        c.node("softmax", [x], axis=1)


def more_activations():
    """Every kind; numbers that it is made for, and some more."""
    kinds = {"elu": (0.75, 0.0), "selu": (1.5, 1.25), "celu": (0.5, 0.0), "softplus": (), "softsign": (),
             "hard_sigmoid": (0.5, 0.25), "hard_swish": (), "mish": (), "thresholded": (0.25, 0.0),
             "shrink": (0.25, 0.125), "abs": (), "neg": (), "sqrt": (), "exp": (), "log": (), "reciprocal": (),
             "erf": (), "floor": (), "ceil": (), "round": (), "sign": (), "sin": (), "cos": (), "tan": (),
             "asin": (), "acos": (), "atan": (), "sinh": (), "cosh": (), "asinh": (), "atanh": ()}
    for kind, ab in kinds.items():
        for channels, factor in ((3, 1), (18, 1), (5, 4)):
            if factor > 1 and kind in ("asin", "acos", "atanh", "tan"):
                continue
            c = Case(f"{kind} {channels} {factor}")
            x = (c.positive_map if kind in ("sqrt", "log", "reciprocal") else c.map)(channels, 4, 7)
            c.last = f"v{x}"
            if factor == 4:  # further from 0: the op is a product that takes the activation along
                k = c.const(channels, 1, 1, positive=True)
                c.onnx("Mul", [x, k])
                c.node("binary", [x, k], mode=2)
            else:
                c.node("activation", [x])
            c.act(kind, *ab)
    c = Case("acosh")  # of sums of at least 1.25
    x = c.positive_map(5, 4, 7)
    c.onnx("ReduceSum", [x, np.array([1], np.int64)], keepdims=1)
    c.node("channel_reduce", [x], mode=0)
    c.act("acosh")
    for channels in (3, 18):
        c = Case(f"not {channels}")
        x = c.holes(channels, 4, 7)
        c.onnx("Cast", [c.onnx("Not", [c.onnx("Cast", [x], to=TensorProto.BOOL)])], to=TensorProto.FLOAT)
        c.node("activation", [x])
        c.lines.append(f"act {ACT['not']} 0.0 0.0 -1")
        c.say("flat")
    for channels in (3, 18):
        for name, approximate in (("gelu", "none"), ("gelu_tanh", "tanh")):
            c = Case(f"{name} {channels}")
            x = c.map(channels, 4, 7)
            c.onnx("Gelu", [x], approximate=approximate)
            c.node("activation", [x])
            c.lines.append(f"act {ACT[name]} 0.0 0.0 -1")
        c = Case(f"swish {channels}")
        x = c.map(channels, 4, 7)
        c.onnx("Mul", [x, c.onnx("Sigmoid", [c.onnx("Mul", [x, np.array(1.5, np.float32)])])])
        c.node("activation", [x])
        c.lines.append(f"act {ACT['swish']} 1.5 0.0 -1")
        c = Case(f"trunc {channels}")
        x = c.map(channels, 4, 7)
        c.onnx("Cast", [c.onnx("Cast", [x], to=TensorProto.INT64)], to=TensorProto.FLOAT)
        c.node("activation", [x])
        c.lines.append(f"act {ACT['trunc']} 0.0 0.0 -1")


def more_binaries():
    """All operations, every way to broadcast."""
    names = {3: "Div", 4: "Min", 5: "Max", 7: "Equal", 8: "Greater", 9: "GreaterOrEqual", 10: "Less", 11: "LessOrEqual"}
    pairs = [(("map", 5, 4, 6), ("map", 5, 4, 6)), (("map", 18, 4, 5), ("map", 18, 1, 1)),
             (("map", 6, 4, 5), ("map", 1, 4, 5)), (("map", 6, 4, 5), ("const", 6, 1, 1)),
             (("map", 3, 4, 5), ("map", 3, 1, 5)), (("map", 3, 4, 5), ("map", 3, 4, 1)),
             (("map", 3, 4, 1), ("map", 3, 1, 5)), (("map", 1, 4, 1), ("map", 7, 1, 5)),
             (("map", 7, 4, 5), ("const", 4, 1)), (("map", 7, 1, 5), ("const", 7, 4, 1))]
    for mode, op in {0: "Add", 1: "Sub", **names}.items():
        for i, (a, b) in enumerate(pairs):
            c = Case(f"{op} broadcast {i}")
            v = [c.map(*k[1:]) if k[0] == "map" else c.const(*k[1:]) for k in ((a, b) if i % 2 else (b, a))]
            if op == "Div" and i in (4, 5):
                cases.pop()
                continue
            y = c.onnx(op, v)
            if 7 <= mode <= 11:
                c.onnx("Cast", [y], to=TensorProto.FLOAT)
            c.node("binary", v, mode=mode)
            if mode >= 7:
                c.say("flat")
    c = Case("Mod fmod")
    v = [c.map(5, 4, 6), c.const(5, 1, 1, positive=True)]
    c.onnx("Mod", v, fmod=1)
    c.node("binary", v, mode=16)
    c = Case("Mod")  # ONNX has it of integers only
    v = [c.map(5, 4, 6), c.map(1, 4, 6)]
    rest = c.onnx("Mod", v, fmod=1)
    other = c.onnx("Less", [c.onnx("Mul", [rest, v[1]]), np.array(0, np.float32)])
    c.onnx("Where", [other, c.onnx("Add", [rest, v[1]]), rest])
    c.node("binary", v, mode=15)
    c.say("flat")
    c = Case("Div of integers")
    v = [c.map(5, 4, 6), c.const(5, 1, 1, positive=True)]
    c.onnx("Cast", [c.onnx("Cast", [c.onnx("Div", v)], to=TensorProto.INT64)], to=TensorProto.FLOAT)
    c.node("binary", v, mode=17)
    c.say("flat")
    c = Case("Pow")
    v = [c.positive_map(5, 4, 6), c.map(5, 1, 1)]
    c.onnx("Pow", v)
    c.node("binary", v, mode=6)
    for mode, op in ((12, "And"), (13, "Or"), (14, "Xor")):
        c = Case(op)
        v = [c.holes(5, 4, 6), c.holes(1, 4, 6)]
        truth = [c.onnx("Cast", [i], to=TensorProto.BOOL) for i in v]
        c.onnx("Cast", [c.onnx(op, truth)], to=TensorProto.FLOAT)
        c.node("binary", v, mode=mode)
        c.say("flat")
    for i, shapes in enumerate([((5, 4, 6),) * 3, ((1, 4, 6), (5, 4, 6), (5, 1, 1)), ((5, 4, 1), (5, 1, 6), (1, 4, 6))]):
        c = Case(f"where {i}")
        v = [c.holes(*shapes[0])] + [c.map(*s) for s in shapes[1:]]
        yes = c.onnx("Cast", [v[0]], to=TensorProto.BOOL)
        c.onnx("Where", [yes, v[1], v[2]])
        c.node("where", v)
        c.say("flat")


def reductions():
    words = ("Sum", "Mean", "Max", "Min", "L1", "L2", "SumSquare", "Prod", "LogSum", "LogSumExp")
    for mode, word in enumerate(words):
        for shape in ((5, 7, 9), (20, 4, 33), (3, 1, 1)):
            for op, axes in (("reduce", (2, 3)), ("channel_reduce", (1,))):
                c = Case(f"{op} {word} {shape}")
                x = (c.positive_map if word in ("LogSum", "Prod") else c.map)(*shape)
                c.onnx("Reduce" + word, [x, np.array(axes, np.int64)], keepdims=1)
                c.node(op, [x], mode=mode)
    for mode, word in ((10, "ArgMax"), (11, "ArgMin")):
        c = Case(f"channel_reduce {word}")
        x = c.map(11, 4, 5)
        c.onnx("Cast", [c.onnx(word, [x], axis=1, keepdims=1)], to=TensorProto.FLOAT)
        c.node("channel_reduce", [x], mode=mode)


def norms():
    for channels, groups in ((6, 6), (6, 1), (6, 3), (20, 5)):
        c = Case(f"moments {channels} {groups}")  # x as one pixel row: normalise with scale and shift and compare those
        x, gamma, beta = c.map(channels, 5, 7), c.const(channels), c.const(channels)
        grouped = c.onnx("Reshape", [x, np.array([1, groups, -1], np.int64)])
        mean = c.onnx("ReduceMean", [grouped, np.array([2], np.int64)], keepdims=1)
        away = c.onnx("Sub", [grouped, mean])
        variance = c.onnx("ReduceMean", [c.onnx("Mul", [away, away]), np.array([2], np.int64)], keepdims=1)
        each = c.onnx("Reciprocal", [c.onnx("Sqrt", [c.onnx("Add", [variance, np.array(1e-3, np.float32)])])])
        ones = np.ones((1, groups, channels // groups), np.float32)
        flat = np.array([1, channels, 1, 1], np.int64)
        each = c.onnx("Reshape", [c.onnx("Mul", [each, ones]), flat])
        mean = c.onnx("Reshape", [c.onnx("Mul", [mean, ones]), flat])
        scale = c.onnx("Mul", [each, c.onnx("Reshape", [gamma, flat])])
        shift = c.onnx("Sub", [c.onnx("Reshape", [beta, flat]), c.onnx("Mul", [mean, scale])])
        c.onnx("Concat", [scale, shift], axis=1)
        c.node("moments", [x, gamma, beta], group=groups, value=1e-3)
    for channels in (3, 18):
        c = Case(f"affine {channels}")
        x, s = c.map(channels, 4, 5), c.map(2 * channels, 1, 1)
        scale = c.onnx("Slice", [s, np.array([0]), np.array([channels]), np.array([1])])
        shift = c.onnx("Slice", [s, np.array([channels]), np.array([2 * channels]), np.array([1])])
        c.onnx("Add", [c.onnx("Mul", [x, scale]), shift])
        c.node("affine", [x, s])
    for channels in (3, 18):
        c = Case(f"layer norm {channels}")
        x, gamma, beta = c.map(channels, 4, 5), c.const(channels), c.const(channels)
        last = c.onnx("Transpose", [x], perm=[0, 2, 3, 1])
        y = c.onnx("LayerNormalization", [last, gamma, beta], axis=-1, epsilon=1e-3)
        c.onnx("Transpose", [y], perm=[0, 3, 1, 2])
        c.node("layer_norm", [x, gamma, beta], value=1e-3)
    for channels, size in ((5, 3), (20, 5)):
        c = Case(f"lrn {channels} {size}")
        x = c.map(channels, 3, 4)
        c.onnx("LRN", [x], size=size, alpha=0.5, beta=0.6, bias=1.5)
        c.node("lrn", [x], size=(size, 0), value=0.5, beta=0.6, bias=1.5)


def moves():
    for shape, order in (((5, 4, 6), (4, 0, 0, 2)), ((20, 3, 3), tuple(range(19, -1, -1)))):
        c = Case(f"pick {len(order)}")
        x, k = c.map(*shape), c.ints(*order)
        c.onnx("Gather", [x, k], axis=1)
        c.node("pick", [x, k])
    for shape in ((3, 4, 5), (18, 2, 3), (7, 1, 1)):
        c = Case(f"unflatten {shape}")
        x = c.map(int(np.prod(shape)), 1, 1)
        c.onnx("Reshape", [x, np.array((1, *shape), np.int64)])
        c.node("unflatten", [x], shape=shape)
    for mode, word in enumerate(("nearest", "linear", "cubic")):
        for pad, border in enumerate(("zeros", "border", "reflection")):
            for corners in (0, 1):
                c = Case(f"grid_sample {word} {border} {corners}")
                x, grid, k = c.map(5, 6, 7), c.map(2, 4, 5), None
                last = c.onnx("Transpose", [grid], perm=[0, 2, 3, 1])
                c.onnx("GridSample", [x, last], mode=word, padding_mode=border, align_corners=corners)
                c.node("grid_sample", [x, grid], mode=mode, grid_pad=pad, align_corners=corners)
                c.say("flat")


def binaries():
    ops = ("Add", "Sub", "Mul")
    pairs = [("same", ("map", 5, 4, 6), ("map", 5, 4, 6)), ("same, wide", ("map", 19, 3, 8), ("map", 19, 3, 8)),
             ("pixel", ("map", 6, 4, 5), ("map", 6, 1, 1)), ("plane", ("map", 6, 4, 5), ("map", 1, 4, 5)),
             ("one", ("map", 6, 4, 5), ("map", 1, 1, 1)), ("pixel and plane", ("map", 6, 1, 1), ("map", 1, 4, 5)),
             ("scalar", ("map", 6, 4, 5), ("const",)), ("vector", ("map", 6, 4, 5), ("const", 6, 1, 1)),
             ("vector of 4", ("map", 18, 4, 5), ("const", 1, 18, 1, 1)), ("grey", ("map", 1, 4, 5), ("const", 1)),
             ("grey to three", ("map", 1, 4, 5), ("const", 3, 1, 1)), ("whole", ("map", 5, 4, 6), ("const", 5, 4, 6)),
             ("whole plane", ("map", 5, 4, 6), ("const", 4, 6)), ("grey whole", ("map", 1, 4, 6), ("const", 1, 4, 6)),
             ("one pixel", ("map", 7, 1, 1), ("map", 7, 1, 1))]
    for name, a, b in pairs:
        for mode, op in enumerate(ops):
            for turn in (0, 1):
                if turn and op == "Add":
                    continue
                c = Case(f"{op} {name}" + (" turned" if turn else ""))
                v = [c.map(*i[1:]) if i[0] == "map" else c.const(*i[1:]) for i in (a, b)]
                v = v[::-1] if turn else v
                c.onnx(op, v)
                c.node("binary", v, mode=mode)
    c = Case("Add, relu")
    v = [c.map(5, 4, 6), c.map(5, 4, 6)]
    c.onnx("Add", v)
    c.node("binary", v, mode=0)
    c.act("relu")


def pieces():
    for axis, shapes in ((1, [(3, 4, 5), (1, 4, 5)]), (1, [(16, 3, 4), (5, 3, 4), (9, 3, 4)]), (1, [(2, 3, 3)]),
                         (2, [(3, 4, 5), (3, 2, 5)]), (3, [(3, 4, 5), (3, 4, 1), (3, 4, 6)])):
        c = Case(f"concat {axis} {len(shapes)}")
        v = [c.map(*s) for s in shapes]
        c.onnx("Concat", v, axis=axis)
        c.node("concat", v, axis=axis)
    big = 2**31 - 1
    for axis, start, end, step in ((1, 2, 5, 1), (1, 0, 7, 2), (1, -3, big, 1), (2, 1, 6, 1), (2, 1, big, 3),
                                   (3, 0, -2, 1), (3, -7, 100, 2), (2, -100, 2, 1)):
        c = Case(f"slice {axis} {start} {end} {step}")
        x = c.map(9, 8, 10)
        c.onnx("Slice", [x] + [np.array([i], np.int64) for i in (start, end, axis, step)])
        c.node("slice", [x], axis=axis, start=start, end=end, step=step)
    for cin, cout, trans, alpha, beta, bias in ((5, 7, 0, 1.0, 1.0, 7), (20, 35, 1, 0.5, 2.0, 35),
                                                (6, 3, 1, 1.0, 1.0, 0), (6, 3, 0, 1.5, 0.5, 1)):
        c = Case(f"dense {cin} {cout} {trans}")
        x = c.map(cin, 1, 1)
        w = c.const(*((cout, cin) if trans else (cin, cout)))
        ins = [x, w] + ([c.const(bias)] if bias else [])
        flat = c.onnx("Reshape", [x, np.array([1, cin], np.int64)])
        c.onnx("Gemm", [flat] + ins[1:], transB=trans, alpha=alpha, beta=beta)
        c.onnx("Reshape", [c.last, np.array([1, cout, 1, 1], np.int64)])
        c.node("dense", ins, trans_b=trans, value=alpha, beta=beta)
    for shape in ((3, 4, 5), (18, 2, 3), (7, 1, 1)):
        c = Case(f"flatten {shape}")
        x = c.map(*shape)
        c.onnx("Flatten", [x])
        c.onnx("Reshape", [c.last, np.array([1, -1, 1, 1], np.int64)])
        c.node("flatten", [x])


def large_kernels():
    """Convolutions by Fourier tiles of 16, 32, 64 and 128: sizes around the grids, every way of finishing a pixel."""
    def large(name, shape, cout, kernel, pads=None, **how):
        kh, kw = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        pads = ((kh - 1) // 2, (kw - 1) // 2, kh // 2, kw // 2) if pads is None else pads
        conv(f"large {name}", shape, cout, (kh, kw), pads=pads, loose=True, **how)

    large("5x5", (16, 12, 12), 12, 5)
    large("5x5, wide", (17, 24, 36), 8, 5, act=("relu",))
    large("5x5, a pixel more", (32, 25, 37), 9, 5, residual=True)
    large("9x9", (12, 24, 24), 20, 9)
    large("9x9, a pixel less", (16, 23, 47), 18, 9, act=("prelu",), residual=True, act2=("relu",))
    large("9x9, a pixel more", (19, 25, 24), 3, 9, bias=False, act=("clip", -5.0, 6.0))
    large("9x9, one to 16", (1, 40, 24), 16, 9)
    large("9x9, no padding", (12, 32, 40), 8, 9, pads=(0, 0, 0, 0))
    large("9x9, small map", (33, 9, 7), 17, 9)
    large("10x10", (16, 22, 23), 16, 10, residual=True)
    large("8x8 same upper", (16, 25, 24), 8, 8, pads=(0, 0, 0, 0), auto=1)
    large("12x12 same lower", (16, 21, 20), 8, 12, pads=(0, 0, 0, 0), auto=2)
    large("9x5", (16, 30, 29), 16, (9, 5))
    large("5x11", (16, 23, 40), 12, (5, 11), act=("leaky", 0.125))
    large("13x13, odd pads", (12, 20, 40), 5, 13, pads=(1, 12, 9, 4))
    large("17x17, much padding", (16, 11, 9), 4, 17, pads=(16, 20, 3, 17))
    large("21x21", (12, 45, 20), 5, 21, residual=True)
    large("31x31 beyond the map", (4, 20, 17), 4, 31)
    large("31x31", (3, 35, 34), 4, 31, act=("relu",))
    large("47x47", (4, 40, 40), 4, 47)
    large("63x63 beyond the map", (3, 20, 30), 3, 63)
    large("9x9 on one pixel", (16, 1, 1), 8, 9)
    large("31x31 on a line", (16, 2, 40), 8, 31)
    large("13x13 depth-wise", (20, 40, 33), 20, 13, group=20)
    large("9x9 depth-wise, 7 channels", (7, 25, 24), 7, 9, group=7, act=("prelu",))
    large("13x13 depth-wise, residual", (12, 21, 23), 12, 13, group=12, residual=True, act2=("relu",))
    large("31x31 depth-wise", (18, 40, 36), 18, 31, group=18, act=("relu",), residual=True, act2=("prelu",))
    large("31x31 depth-wise beyond the map", (3, 12, 20), 3, 31, group=3, bias=False)
    large("51x51 depth-wise", (5, 40, 40), 5, 51, group=5)


def attention():
    """Attention within windows as attention of everything to everything, where pairs of different windows get nothing."""
    def starts(size, window, shift):
        lead = window - shift if shift else 0
        return (np.arange(size) + lead) // window * window - lead

    def one(name, channels, size, window, heads=1, shift=(0, 0), overlap=(0, 0), bias=True, scale=None, act=None):
        c = Case(f"window attention {name}")
        each = channels // heads
        x = c.map(3 * channels, *size)
        table = [2 * window[i] - 1 + 2 * overlap[i] for i in (0, 1)]
        t = c.const(heads, *table) if bias else None
        around = [size[i] + 2 * overlap[i] for i in (0, 1)]
        at = [np.arange(around[i]) - overlap[i] for i in (0, 1)]  # keys, beyond the map too
        ky, kx = (v.ravel() for v in np.meshgrid(*at, indexing="ij"))
        qy, qx = (v.ravel() for v in np.meshgrid(*map(np.arange, size), indexing="ij"))
        together, place = True, 0
        for q, k, i in ((qy, ky, 0), (qx, kx, 1)):
            start = starts(size[i], window[i], shift[i])[q][:, None]
            here = (k >= start - overlap[i]) & (k < start + window[i] + overlap[i])
            together = together & here
            away = np.clip(q[:, None] - k + window[i] - 1 + overlap[i], 0, table[i] - 1)
            place = place * table[1] + away
        parts = []
        for i in range(3):
            part = c.onnx("Slice", [x] + [np.array([v], np.int64) for v in (i * channels, (i + 1) * channels, 1)])
            if i:
                pads = [0, 0, *overlap, 0, 0, *overlap]
                part = c.onnx("Pad", [part, np.array(pads, np.int64)])
            parts.append(c.onnx("Reshape", [part, np.array([heads, each, -1], np.int64)]))
        q = c.onnx("Transpose", [parts[0]], perm=[0, 2, 1])
        products = c.onnx("MatMul", [q, parts[1]])
        scale = scale or each**-0.5
        products = c.onnx("Mul", [products, np.array(scale, np.float32)])
        if bias:
            flat = c.onnx("Reshape", [t, np.array([heads, -1], np.int64)])
            products = c.onnx("Add", [products, c.onnx("Gather", [flat, place.astype(np.int64)], axis=1)])
        products = c.onnx("Add", [products, np.where(together, 0, -1e30).astype(np.float32)])
        weights = c.onnx("Softmax", [products], axis=-1)
        y = c.onnx("MatMul", [parts[2], c.onnx("Transpose", [weights], perm=[0, 2, 1])])
        c.onnx("Reshape", [y, np.array([1, channels, *size], np.int64)])
        c.node("window_attention", [x] + ([t] if bias else []), kernel=window, group=heads, pads=(*shift, *overlap),
               value=float(np.float32(scale)))
        if act:
            c.act(act)

    one("8x8", 8, (16, 8), (8, 8), heads=2)
    one("8x8 shifted", 8, (16, 16), (8, 8), heads=2, shift=(4, 4))
    one("4x2 shifted, 3 heads of 5", 15, (12, 8), (4, 2), heads=3, shift=(2, 1), act="relu")
    one("7x7 shifted, no bias", 20, (7, 14), (7, 7), shift=(3, 3), bias=False)
    one("shifted rows only", 6, (12, 6), (4, 3), heads=2, shift=(1, 0), scale=2.0)
    one("overlapping", 10, (8, 12), (4, 4), heads=2, overlap=(1, 2))
    one("overlapping, no bias", 4, (6, 6), (3, 2), overlap=(1, 1), bias=False)
    one("16x16, heads of 30", 60, (16, 16), (16, 16), heads=2)
    one("1x9", 6, (2, 18), (1, 9), heads=2, shift=(0, 4))
    one("whole map of 5 heads", 40, (10, 9), (10, 9), heads=5)


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for make in (convolutions, transposed_convolutions, shuffles, resizes, pads, pools, small_ones, binaries, pieces,
                 tiles, rare_resizes, more_activations, more_binaries, reductions, norms, moves,
                 large_kernels, attention):
        make()
    with open(folder / "golden.txt", "w") as text, open(folder / "golden.bin", "wb") as values:
        text.write("# written by make_golden.py; read by harness.c\n")
        for c in cases:
            y = c.result()
            text.write(f"case {c.name}\n" + "\n".join(c.lines) + f"\nout {y.shape[1]} {y.shape[2]} {y.shape[3]}\ndone\n")
            values.write(y.astype("<f4").tobytes())
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
