#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_golden_nn.py - examples of the neural network's operations: convolution, pooling, normalization, resizing.

Writes golden_nn.txt and golden_nn.bin beside itself, see golden.py. take="runtime" where ONNX's reference evaluator is
known to be wrong or unable (groups of transposed convolutions, GlobalMaxPool of other ranks than 4, LRN of a batch),
or differs from PyTorch (bicubic sampling beyond the border); take="reference" where ONNX's own node tests say what it
says and ONNX Runtime does not (lengths that align_corners makes of scales, places of MaxUnpool in a larger output).
"""
import numpy as np

from golden import case, rng, write

random = rng("nn")


def f(*shape):
    return random.uniform(-1, 1, shape).astype(np.float32)


def positive(*shape):
    return random.uniform(0.1, 1, shape).astype(np.float32)


def i64(*values):
    return np.array(values, np.int64)


def f32(*values):
    return np.array(values, np.float32)


def conv():
    def c(name, x, w, bias, **attributes):
        inputs = [f(*x), f(*w)] + ([f(w[0])] if bias else [])
        case(name, "Conv", inputs, 11, **attributes)

    c("batch", (2, 4, 7, 6), (6, 4, 3, 3), True, pads=[1, 1, 1, 1])
    c("groups", (2, 4, 7, 6), (6, 2, 3, 2), False, group=2, strides=[2, 1], dilations=[1, 2], pads=[0, 1, 2, 1],
      kernel_shape=[3, 2])
    c("depthwise", (1, 4, 6, 5), (4, 1, 3, 3), True, group=4, auto_pad="SAME_UPPER", strides=[2, 2])
    c("same lower", (1, 2, 6, 5), (3, 2, 4, 2), False, auto_pad="SAME_LOWER", strides=[1, 2])
    c("valid", (1, 2, 6, 5), (3, 2, 4, 2), False, auto_pad="VALID", strides=[3, 2])
    c("1-D", (2, 3, 9), (4, 3, 4), True, strides=[2], pads=[3, 1], dilations=[2])
    c("3-D", (2, 2, 4, 5, 3), (2, 2, 2, 3, 2), True, pads=[1, 0, 1, 0, 1, 0], strides=[1, 2, 1])
    c("mostly padding", (1, 2, 3, 3), (2, 2, 3, 3), False, pads=[4, 4, 4, 4], dilations=[2, 2])
    c("long stride", (1, 2, 3, 3), (2, 2, 1, 1), False, strides=[5, 5])


def conv_transpose():
    def c(name, x, w, bias=0, **attributes):
        inputs = [f(*x), f(*w)] + ([f(bias)] if bias else [])
        case(name, "ConvTranspose", inputs, 11, quiet=True, **attributes)

    c("batch", (2, 4, 3, 4), (4, 3, 3, 3), 3, strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    c("groups", (2, 4, 3, 4), (4, 3, 3, 2), 6, take="runtime", group=2, strides=[3, 2], dilations=[2, 1],
      pads=[1, 0, 2, 1])
    c("depthwise", (1, 2, 4, 4), (2, 1, 2, 2), 2, take="runtime", group=2, strides=[2, 2])
    c("1-D", (2, 3, 5), (3, 2, 4), 2, strides=[2], pads=[1, 1])
    c("3-D", (1, 2, 2, 3, 2), (2, 1, 2, 2, 3), strides=[2, 1, 2])
    c("same upper", (1, 2, 3, 4), (2, 2, 3, 3), strides=[2, 2], auto_pad="SAME_UPPER")
    c("same lower", (1, 2, 3, 4), (2, 2, 4, 4), strides=[2, 3], auto_pad="SAME_LOWER")
    c("output_shape", (1, 2, 3, 4), (2, 2, 3, 3), take="runtime", strides=[2, 2], output_shape=[6, 8])
    c("output_shape upper", (1, 2, 3, 4), (2, 2, 3, 3), strides=[2, 2], output_shape=[6, 8], auto_pad="SAME_UPPER")
    c("dilations", (1, 2, 3, 3), (2, 1, 2, 3), dilations=[3, 2], strides=[2, 1], pads=[1, 2, 0, 1])


def max_pool():
    def c(name, x, opset=12, **attributes):
        case(name, "MaxPool", [f(*x)], opset, outs=(0, 1), quiet=True, **attributes)

    c("batch", (2, 3, 7, 6), kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    c("columns first", (2, 3, 7, 6), kernel_shape=[2, 2], strides=[3, 2], storage_order=1, dilations=[2, 1],
      ceil_mode=1)
    c("1-D", (2, 3, 11), kernel_shape=[3], strides=[2], pads=[1, 1])
    c("3-D", (1, 2, 4, 5, 6), kernel_shape=[2, 3, 2], strides=[1, 2, 2], pads=[1, 1, 1, 0, 0, 0])
    c("same upper", (1, 2, 6, 6), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    c("same lower", (1, 2, 6, 6), take="runtime", kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_LOWER")
    c("hanging over", (1, 1, 4, 4), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    c("not in the pads", (1, 1, 2, 2), kernel_shape=[1, 1], strides=[2, 2], ceil_mode=1)
    whole = random.randint(-9, 9, (1, 2, 5, 5)).astype(np.int8)
    case("integers", "MaxPool", [whole], 12, kernel_shape=[2, 2])


def average_pool():
    def c(name, x, opset=11, **attributes):
        case(name, "AveragePool", [f(*x)], opset, quiet=True, **attributes)

    pads = {"kernel_shape": [3, 2], "strides": [2, 2], "pads": [1, 0, 1, 1]}
    c("batch", (2, 3, 7, 6), **pads)
    c("pads count", (2, 3, 7, 6), **pads, count_include_pad=1)
    c("1-D hanging over", (2, 3, 9), kernel_shape=[4], strides=[3], ceil_mode=1)
    c("pads count, hanging over", (1, 2, 8, 8), 19, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 0],
      ceil_mode=1, count_include_pad=1)
    c("dilations", (1, 2, 7, 8), 19, kernel_shape=[2, 3], dilations=[2, 3], pads=[1, 2, 1, 2])
    c("same upper", (1, 2, 6, 6), kernel_shape=[2, 3], strides=[2, 2], auto_pad="SAME_UPPER")
    c("same lower", (1, 2, 6, 6), kernel_shape=[4, 3], strides=[1, 2], auto_pad="SAME_LOWER", count_include_pad=1)
    c("3-D", (1, 2, 5, 4, 3), kernel_shape=[2, 2, 2], strides=[2, 1, 1])


def other_pools():
    case("batch", "LpPool", [f(2, 2, 7, 6)], 18, kernel_shape=[3, 2], strides=[2, 2], pads=[1, 0, 1, 1])
    case("cubes", "LpPool", [f(2, 2, 7)], 18, kernel_shape=[3], p=3, dilations=[2])
    case("sums", "LpPool", [f(2, 2, 7, 7)], 11, kernel_shape=[2, 2], p=1)
    for op in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
        take = "reference" if op == "GlobalAveragePool" else "runtime"
        for name, shape in ("2-D", (2, 3, 5, 4)), ("1-D", (2, 3, 7)), ("3-D", (1, 2, 3, 2, 4)):
            case(name, op, [f(*shape)], 13, take=take, quiet=True)
    case("cubes", "GlobalLpPool", [f(2, 3, 5, 4)], 13, quiet=True, p=3)
    at = i64(0, 3, 9, 15, 16, 19, 24, 31).reshape(1, 2, 2, 2)
    half = {"kernel_shape": [2, 2], "strides": [2, 2]}
    case("plain", "MaxUnpool", [f(1, 2, 2, 2), at], 11, **half)
    case("larger", "MaxUnpool", [f(1, 2, 2, 2), at, i64(1, 2, 5, 4)], 11, known=(2,), **half)
    case("1-D", "MaxUnpool", [f(2, 1, 2), i64(1, 2, 5, 8).reshape(2, 1, 2)], 11, kernel_shape=[3], strides=[3],
         pads=[1, 0])


def norms():
    def batch():
        return [f(3), f(3), f(3), positive(3)]

    case("batch", "BatchNormalization", [f(2, 3, 4, 5)] + batch(), 15)
    case("1-D", "BatchNormalization", [f(2, 3, 7)] + batch(), 9, take="runtime", epsilon=0.01)
    case("vectors", "BatchNormalization", [f(4, 3)] + batch(), 14)
    case("batch", "InstanceNormalization", [f(2, 3, 4, 5), f(3), f(3)], 6)
    case("1-D", "InstanceNormalization", [f(2, 3, 9), f(3), f(3)], 6, epsilon=0.1)
    case("far from zero", "InstanceNormalization", [f(1, 2, 6, 6) + np.float32(300), f(2), f(2)], 6, tolerance=1e-4)
    case("a scale a group", "GroupNormalization", [f(2, 6, 4, 3), f(3), f(3)], 18, num_groups=3, epsilon=0.01)
    case("a scale a channel", "GroupNormalization", [f(2, 6, 4, 3), f(6), f(6)], 21, num_groups=3, epsilon=0.01)
    case("1-D", "GroupNormalization", [f(2, 4, 5), f(4), f(4)], 21, num_groups=1)
    three = (0, 1, 2)
    case("last axis", "LayerNormalization", [f(2, 3, 4, 5), f(5), f(5)], 17, outs=three)
    case("two axes", "LayerNormalization", [f(2, 3, 4, 5), f(4, 5), f(4, 5)], 17, outs=three, axis=2, epsilon=0.1)
    case("no bias", "LayerNormalization", [f(2, 3, 4), f(3, 4)], 17, outs=three, axis=1)
    case("broadcast", "LayerNormalization", [f(2, 3, 4), f(3, 1), f(4)], 17, quiet=True, axis=1)
    case("two axes", "RMSNormalization", [f(2, 3, 4, 5), f(4, 5)], 23, axis=2)
    case("last axis", "RMSNormalization", [f(2, 3, 4), f(4)], 23, epsilon=0.1)
    case("batch", "LRN", [f(3, 5, 4, 3)], 13, take="runtime", size=3, alpha=0.5, beta=0.6, bias=1.5)
    case("even", "LRN", [f(4, 4, 3, 2)], 13, quiet=True, size=4, alpha=0.9)
    case("last axis", "LpNormalization", [f(2, 3, 4)], 1)
    case("sums", "LpNormalization", [positive(2, 3, 4)], 1, axis=1, p=1)
    case("usual axes", "MeanVarianceNormalization", [f(2, 3, 4, 5)], 13)
    case("axes", "MeanVarianceNormalization", [f(2, 3, 4)], 13, axes=[0, 2])


def resize():
    def c(name, x, opset=19, roi=None, scales=None, sizes=None, **attributes):
        inputs = [x, roi, None if scales is None else f32(*scales), None if sizes is None else i64(*sizes)]
        case(name, "Resize", inputs if sizes else inputs[:3], opset, known=(1, 2, 3), quiet=True, **attributes)

    x = f(2, 2, 4, 5)
    coordinates = "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"
    for coordinate in coordinates:
        for mode in "nearest", "linear", "cubic":
            c(f"{coordinate} {mode} sizes", x, sizes=(2, 2, 7, 3), mode=mode, coordinate_transformation_mode=coordinate)
            c(f"{coordinate} {mode} scales", x, scales=(1, 1, 1.7, 0.6), mode=mode,
              coordinate_transformation_mode=coordinate)
    for rounding in "round_prefer_floor", "round_prefer_ceil", "floor", "ceil":
        for coordinate in "half_pixel", "asymmetric":
            c(f"{coordinate} {rounding}", x, 13, scales=(1, 1, 2, 0.5), mode="nearest", nearest_mode=rounding,
              coordinate_transformation_mode=coordinate)
    crop = {"coordinate_transformation_mode": "tf_crop_and_resize", "extrapolation_value": 7.0}
    for mode in "nearest", "linear", "cubic":
        c(f"crop {mode}", x, 13, f32(0, 0, 0.2, -0.3, 1, 1, 0.9, 1.1), sizes=(2, 2, 3, 6), mode=mode, **crop)
    c("crop axes", x, 18, f32(0.2, -0.3, 0.9, 1.1), sizes=(3, 6), axes=[3, 2], mode="linear", **crop)
    y = f(1, 1, 9, 8)
    c("antialias linear", y, 18, sizes=(1, 1, 4, 3), antialias=1, mode="linear")
    c("antialias cubic", y, 18, sizes=(1, 1, 4, 3), antialias=1, mode="cubic")
    c("antialias exclude", y, 18, sizes=(1, 1, 4, 13), antialias=1, mode="cubic", exclude_outside=1,
      cubic_coeff_a=-0.5)
    c("exclude", x, 13, scales=(1, 1, 2, 0.8), exclude_outside=1, mode="cubic", cubic_coeff_a=-0.5)
    c("axes", x, 18, scales=(2, 0.5), axes=[-1, 2], mode="linear")
    z = f(2, 6, 8)
    c("not larger", z, 18, sizes=(3, 5), axes=[1, 2], mode="linear", keep_aspect_ratio_policy="not_larger")
    c("not smaller", z, 18, sizes=(3, 5), axes=[1, 2], mode="nearest", keep_aspect_ratio_policy="not_smaller")
    c("three axes", f(3, 4, 5), 13, sizes=(5, 7, 2), mode="linear")
    c("five axes", f(2, 2, 2, 3, 2), 13, scales=(1, 1, 2, 2, 3), mode="linear")
    c("matrix", f(3, 4), 13, sizes=(5, 7), mode="cubic")
    c("same size", f(1, 1, 3, 4), 13, sizes=(1, 1, 3, 4), mode="cubic")
    c("empty lists", x, 11, f32(), scales=(), sizes=(2, 2, 7, 3), mode="linear")
    c("integers", random.randint(-9, 9, (1, 1, 3, 3)).astype(np.int32), 13, scales=(1, 1, 2, 2), mode="nearest")
    for mode in "nearest", "linear":
        case(f"old {mode}", "Resize", [x, f32(1, 1, 0.6, 2)], 10, known=(1,), take="runtime", quiet=True, mode=mode)
        case(f"input {mode}", "Upsample", [x, f32(1, 1, 2, 3)], 9, known=(1,), take="runtime", quiet=True, mode=mode)
        case(f"attribute {mode}", "Upsample", [x], 7, quiet=True, mode=mode, scales=[1.0, 1.0, 1.5, 2.0])


def space():
    case("DCR", "DepthToSpace", [f(2, 18, 2, 3)], 13, blocksize=3, mode="DCR")
    case("CRD", "DepthToSpace", [f(2, 8, 2, 3)], 13, blocksize=2, mode="CRD")
    case("old", "DepthToSpace", [f(2, 8, 2, 3)], 7, quiet=True, blocksize=2)
    case("integers", "DepthToSpace", [np.arange(16).reshape(1, 4, 2, 2)], 13, quiet=True, blocksize=2)
    case("batch", "SpaceToDepth", [f(2, 3, 4, 6)], 13, blocksize=2)
    case("threes", "SpaceToDepth", [f(1, 2, 3, 6)], 13, blocksize=3)


def pad():
    def c(name, x, pads, opset=19, more=(), known=(1, 3), **attributes):
        case(name, "Pad", [x, i64(*pads), *more], opset, known=known, quiet=True, **attributes)

    for mode in "constant", "reflect", "edge", "wrap":
        first = 0 if mode == "reflect" else 1
        c(mode, f(2, 2, 4, 5), (first, 0, 2, 3, 0, first, 3, 1), mode=mode)
        c(f"{mode} crops axes", f(2, 2, 4, 5), (2, -1, -1, 1), more=[np.float32(0.5), i64(-1, 2)], mode=mode)
    c("reflect, again and again", f(1, 1, 2, 3), (0, 0, 3, 4, 0, 0, 2, 5), mode="reflect")
    c("wrap, again and again", f(1, 1, 2, 3), (0, 0, 3, 7, 0, 0, 2, 5), mode="wrap")
    c("integers", random.randint(-9, 9, (2, 3)), (1, 1, 0, 2), 13, more=[np.int64(7)])
    case("attribute", "Pad", [f(3, 4)], 10, quiet=True, pads=[1, 2, 0, 1], value=2.5)
    case("attribute crops", "Pad", [f(3, 4)], 10, quiet=True, pads=[-1, 2, 0, -1], value=2.5)
    case("attribute edge", "Pad", [f(3, 4, 5)], 7, quiet=True, pads=[0, 1, 2, 0, 1, 1], mode="edge")
    case("all axes", "CenterCropPad", [f(7, 4, 5), i64(4, 7, 5)], 18, known=(1,))
    case("axes", "CenterCropPad", [f(2, 3, 7, 4), i64(4, 7)], 18, known=(1,), axes=[2, -1])


def grid():
    beyond = f(2, 4, 3, 2) * np.float32(1.6)
    for padding in "zeros", "border", "reflection":
        for corners in 0, 1:
            for mode in "linear", "nearest", "cubic":
                take = "runtime" if mode == "cubic" and padding == "border" else "reference"
                case(f"{mode} {padding} {corners}", "GridSample", [f(2, 3, 4, 5), beyond], 20, take=take, mode=mode,
                     padding_mode=padding, align_corners=corners)
    for corners in 0, 1:
        case(f"far reflection {corners}", "GridSample", [f(1, 2, 3, 4), f(1, 3, 4, 2) * np.float32(7)], 20, mode="linear",
             padding_mode="reflection", align_corners=corners)
    case("bilinear", "GridSample", [f(2, 3, 4, 5), beyond], 16, mode="bilinear")
    case("bicubic", "GridSample", [f(2, 3, 4, 5), beyond], 16, mode="bicubic")
    case("3-D", "GridSample", [f(1, 2, 3, 4, 2), f(1, 2, 3, 2, 3)], 20, mode="linear")
    case("3-D nearest", "GridSample", [f(1, 2, 3, 4, 2), f(1, 2, 3, 2, 3)], 20, mode="nearest", padding_mode="border")
    for corners in 0, 1:
        case(f"2-D {corners}", "AffineGrid", [f(2, 2, 3), i64(2, 3, 4, 5)], 20, known=(1,), align_corners=corners)
        case(f"3-D {corners}", "AffineGrid", [f(1, 3, 4), i64(1, 3, 2, 4, 3)], 20, known=(1,), align_corners=corners)


def windows(x, size):
    """[n, k, h, w] as [n, windows, k, pixels]."""
    n, k, h, w = x.shape
    x = x.reshape(n, k, h // size[0], size[0], w // size[1], size[1]).transpose(0, 2, 4, 1, 3, 5)
    return x.reshape(n, -1, k, size[0] * size[1])


def rolled_attention(x, table, heads, window, shift, scale):
    """As Swin's authors say it: the map rolled, cut into windows, with a mask between what was apart."""
    n, c3, h, w = x.shape
    x = np.roll(x.astype(np.float64), (-shift[0], -shift[1]), (2, 3))
    q, k, v = (p.reshape(*p.shape[:2], heads, -1, p.shape[3]) for p in np.split(windows(x, window), 3, axis=2))
    products = np.einsum("nwhcq,nwhck->nwhqk", q, k) * scale
    at = np.stack(np.meshgrid(*map(np.arange, window), indexing="ij")).reshape(2, -1)
    if table is not None:
        away = at[:, :, None] - at[:, None, :] + np.array(window).reshape(2, 1, 1) - 1
        products += table[:, away[0], away[1]]
    kind = np.zeros((1, 1, h, w))
    for axis in (0, 1):
        if shift[axis]:
            line = kind if axis == 0 else kind.transpose(0, 1, 3, 2)
            line[:, :, -shift[axis]:] += 1 + axis
    kind = windows(kind, window)[:, :, 0]
    products = np.where((kind[..., :, None] == kind[..., None, :])[:, :, None], products, -np.inf)
    e = np.exp(products - products.max(-1, keepdims=True))
    y = np.einsum("nwhqk,nwhck->nwhcq", e / e.sum(-1, keepdims=True), v)
    y = y.reshape(n, h // window[0], w // window[1], c3 // 3, *window).transpose(0, 3, 1, 4, 2, 5).reshape(n, -1, h, w)
    return np.roll(y, shift, (2, 3)).astype(np.float32)


def attention():
    def c(name, size, heads, window, shift=(0, 0), bias=True, scale=None):
        x = f(*size) * np.float32(2)
        table = f(heads, 2 * window[0] - 1, 2 * window[1] - 1) if bias else None
        more = {} if scale is None else {"scale": scale}
        want = rolled_attention(x, table, heads, window, shift, scale or (size[1] // 3 // heads) ** -0.5)
        inputs = [x] + ([table] if bias else [])
        case(name, "WindowAttention", inputs, 20, expected={0: want}, heads=heads, window=list(window), shift=list(shift),
             **more)

    c("batch", (2, 12, 4, 6), 2, (2, 3))
    c("shifted", (1, 18, 8, 8), 3, (4, 4), shift=(2, 2))
    c("shifted once", (1, 6, 6, 4), 1, (3, 2), shift=(1, 0), bias=False)
    c("one window", (1, 6, 4, 4), 2, (4, 4), shift=(1, 3), scale=0.75)


for part in conv, conv_transpose, max_pool, average_pool, other_pools, norms, resize, space, pad, grid, attention:
    part()
write("golden_nn", "make_golden_nn.py")
