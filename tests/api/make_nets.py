#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_nets.py - writes data/: small networks with seeded weights, and what ONNX Runtime makes of a picture with them

Needs onnx, onnxruntime and numpy. Run by hand: tests/api/make_nets.py; `make check` reads what it wrote.
"""
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
rng = np.random.default_rng(4)


def const(name, value, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(value, dtype), name)


def weight(name, *shape):
    """About as much comes out of a layer as goes in."""
    fan = shape[1] * shape[2] * shape[3]
    return const(name, rng.normal(size=shape) / np.sqrt(fan))


def save(name, nodes, inputs, outputs, constants, **card):
    def info(n, shape):
        return helper.make_tensor_value_info(n, TensorProto.FLOAT, shape)

    graph = helper.make_graph(nodes, name, [info(*i) for i in inputs], [info(*o) for o in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make_nets.py")
    model.ir_version = 8
    helper.set_model_props(model, {k.replace("_", "."): v for k, v in card.items()})
    onnx.checker.check_model(model)
    onnx.save(model, os.path.join(HERE, name + ".onnx"))


def picture(width, height):
    """The picture that test programs make by the same formula: 8 bits, as the network gets them."""
    y, x, c = np.mgrid[0:height, 0:width, 0:3]
    return (((x * 37 + y * 101 + c * 59 + x * y) % 256).astype(np.float32) / np.float32(255)).transpose(2, 0, 1)


def golden(name, width, height, margin, odd=False):
    """The result for the picture with a mirrored margin (and one more on the right and below, where the network wants
    odd sizes), what that one makes cut off."""
    more = [odd and n % 2 == 0 for n in (height, width)]
    rows, columns = [mirrored(n, margin, margin + m) for n, m in zip((height, width), more)]
    p = picture(width, height)[:, rows][:, :, columns]
    out = ort.InferenceSession(os.path.join(HERE, name + ".onnx")).run(None, {"image": p[None]})[0][0]
    return out[:, :height, :width] if odd else out


def mirrored(n, before, after):
    period = max(2 * (n - 1), 1)
    i = np.abs(np.arange(-before, n + after)) % period if n > 1 else np.zeros(n + before + after, int)
    return np.where(i < n, i, period - i)


def keep(name, width, height, out):
    out.transpose(1, 2, 0).astype("<f4").tofile(os.path.join(HERE, f"{name}-{width}x{height}.f32"))


def conv(x, w, y, **attributes):
    return helper.make_node("Conv", [x, w], [y], **attributes)


def leaky(x, y):
    return helper.make_node("LeakyRelu", [x], [y], alpha=0.1)


PIC = ("image", [1, 3, "H", "W"])
OUT = ("result", [1, 3, "h", "w"])

# ---- colours -----------------------------------------------------------------------------
save("identity", [conv("image", "w", "result")], [PIC], [OUT], [const("w", np.eye(3).reshape(3, 3, 1, 1))])
save("halves", [conv("image", "w", "result")], [PIC], [OUT],
     [const("w", np.diag([0.5, 1, 1]).reshape(3, 3, 1, 1))])
save("double", [helper.make_node("Resize", ["image", "", "s"], ["result"], mode="nearest",
                                 coordinate_transformation_mode="asymmetric", nearest_mode="floor")],
     [PIC], [OUT], [const("s", [1, 1, 2, 2])])
save("last", [helper.make_node("Transpose", ["image"], ["a"], perm=[0, 3, 1, 2]), conv("a", "w", "b"),
              helper.make_node("Transpose", ["b"], ["result"], perm=[0, 2, 3, 1])],
     [("image", [1, "H", "W", 3])], [("result", [1, "H", "W", 3])],
     [const("w", np.diag([0.5, 1, 1]).reshape(3, 3, 1, 1))])

# ---- borders that are eaten ------------------------------------------------------------------
save("valid", [conv("image", "w1", "a"), leaky("a", "b"), conv("b", "w2", "c"), leaky("c", "d"),
               conv("d", "w3", "result")], [PIC], [OUT],
     [weight("w1", 6, 3, 3, 3), weight("w2", 6, 6, 3, 3), weight("w3", 3, 6, 3, 3)])
save("upvalid", [conv("image", "w1", "a"), leaky("a", "b"), conv("b", "w2", "c"), leaky("c", "d"),
                 helper.make_node("ConvTranspose", ["d", "w3"], ["result"], strides=[2, 2], pads=[3, 3, 3, 3])],
     [PIC], [OUT], [weight("w1", 6, 3, 3, 3), weight("w2", 6, 6, 3, 3), weight("w3", 6, 3, 4, 4)])
# A level of a U-Net after a 4x4 convolution: sizes must be odd, and 8 pixels are lost.
save("odd", [conv("image", "w1", "a"), leaky("a", "b"), conv("b", "w2", "c", strides=[2, 2]), leaky("c", "d"),
             conv("d", "w3", "e"), helper.make_node("ConvTranspose", ["e", "w4"], ["f"], strides=[2, 2]),
             helper.make_node("Slice", ["b", "from", "to", "axes"], ["g"]),
             helper.make_node("Add", ["f", "g"], ["h"]), conv("h", "w5", "result")], [PIC], [OUT],
     [weight("w1", 4, 3, 4, 4), weight("w2", 6, 4, 2, 2), weight("w3", 6, 6, 3, 3), weight("w4", 6, 4, 2, 2),
      weight("w5", 3, 4, 2, 2), const("from", [2, 2], np.int64), const("to", [-2, -2], np.int64),
      const("axes", [2, 3], np.int64)])
for w, h in (13, 9), (1, 1), (40, 21):
    keep("valid", w, h, golden("valid", w, h, 3))
    keep("upvalid", w, h, golden("upvalid", w, h, 3))
    keep("odd", w, h, golden("odd", w, h, 4, odd=True))

# ---- more inputs, a picture as a vector, plain arrays ----------------------------------------
save("inputs", [helper.make_node("Sub", ["one", "hole"], ["keep"]), helper.make_node("Mul", ["image", "keep"], ["a"]),
                conv("colours", "rgb", "b"), conv("colours", "known", "c"), helper.make_node("Mul", ["b", "c"], ["d"]),
                helper.make_node("Mul", ["d", "hole"], ["e"]), helper.make_node("Add", ["a", "e"], ["f"]),
                helper.make_node("Add", ["f", "noise"], ["g"]),
                helper.make_node("GlobalAveragePool", ["blur"], ["h"]), helper.make_node("Add", ["g", "h"], ["i"]),
                helper.make_node("Reshape", ["code", "shape"], ["j"]), helper.make_node("Add", ["i", "j"], ["result"])],
     [PIC, ("hole", [1, 1, "H", "W"]), ("colours", [1, 4, "H", "W"]), ("noise", [1, 1, "H", "W"]),
      ("blur", [1, 1, "K", "L"]), ("code", [1, 3])], [OUT],
     [const("one", [1.0]), const("rgb", np.eye(4)[:3].reshape(3, 4, 1, 1)),
      const("known", np.eye(4)[3:].reshape(1, 4, 1, 1)), const("shape", [1, 3, 1, 1], np.int64)],
     input_noise="sigma", input_hole="mask", input_colours="hint", input_blur="kernel", input_code="vector:0,0.25,0.5")
n = 3 * 4 * 4
save("reverse", [helper.make_node("Reshape", ["image", "flat"], ["a"]), helper.make_node("MatMul", ["a", "p"], ["b"]),
                 helper.make_node("Reshape", ["b", "shape"], ["result"])],
     [("image", [1, 3, 4, 4])], [("result", [1, 3, 4, 4])],
     [const("flat", [1, n], np.int64), const("p", np.eye(n)[::-1]), const("shape", [1, 3, 4, 4], np.int64)])
save("shift", [helper.make_node("Pad", ["image", "pads"], ["a"]),
               helper.make_node("Slice", ["a", "from", "to", "axes"], ["result"])], [PIC], [OUT],
     [const("pads", [0, 0, 40, 0, 0, 0, 0, 0], np.int64), const("from", [0], np.int64), const("to", [-40], np.int64),
      const("axes", [2], np.int64)])
save("arrays", [helper.make_node("MatMul", ["a", "b"], ["product"]),
                helper.make_node("ReduceSum", ["a", "axis"], ["sums"], keepdims=0)],
     [("a", ["M", "N"]), ("b", ["N", 3])], [("product", ["M", 3]), ("sums", ["M"])], [const("axis", [1], np.int64)])

# ---- one channel for pictures of three ----------------------------------------------------------
GREY, GREY_OUT = ("image", [1, 1, "H", "W"]), ("result", [1, 1, "h", "w"])
save("grey", [conv("image", "w1", "a", pads=[1, 1, 1, 1]), leaky("a", "b"), conv("b", "w2", "result", pads=[1, 1, 1, 1])],
     [GREY], [GREY_OUT], [weight("w1", 5, 1, 3, 3), weight("w2", 1, 5, 3, 3)])
for name, colour in ("luma", "y"), ("studio", "y-studio"):
    save(name, [conv("image", "w1", "a"), leaky("a", "b"), conv("b", "w2", "c"),
                helper.make_node("DepthToSpace", ["c"], ["result"], blocksize=2, mode="CRD")], [GREY], [GREY_OUT],
         [weight("w1", 5, 1, 3, 3), weight("w2", 4, 5, 1, 1)], task="upscale", colour=colour)


def run(name, x):
    return ort.InferenceSession(os.path.join(HERE, name + ".onnx")).run(None, {"image": x})[0]


def bicubic(x):
    node = helper.make_node("Resize", ["x", "", "s"], ["y"], mode="cubic", cubic_coeff_a=-0.5)
    graph = helper.make_graph([node], "up", [helper.make_tensor_value_info("x", TensorProto.FLOAT, x.shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [const("s", [1, 1, 2, 2])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return ort.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0]


def through_luma(name, x, weights, offset, gain):
    """BT.601's luma through the network, the rest enlarged; what the network loses is cut off."""
    y = (np.tensordot(np.asarray(weights), x.astype(np.float64), (0, 0)) + offset)[None, None].astype(np.float32)
    up = bicubic(x[None])[:, :, 2:-2, 2:-2].astype(np.float64)
    return (up + (run(name, y).astype(np.float64) - bicubic(y)[:, :, 2:-2, 2:-2]) * gain)[0]


for w, h in (13, 9), (40, 21):
    p = picture(w, h)
    keep("grey", w, h, np.concatenate([run("grey", p[None, c:c + 1])[0] for c in range(3)]))
    p = p[:, mirrored(h, 1, 1)][:, :, mirrored(w, 1, 1)]
    keep("luma", w, h, through_luma("luma", p, [0.299, 0.587, 0.114], 0, 1))
    keep("studio", w, h, through_luma("studio", p, np.array([65.481, 128.553, 24.966]) / 255, 16 / 255, 255 / 219))

# ---- a size that is in the file only because an exporter wrote it there ----------------------------
save("fixed", [conv("image", "w1", "a", pads=[1, 1, 1, 1]), helper.make_node("Reshape", ["a", "s1"], ["b"]),
               helper.make_node("Transpose", ["b"], ["c"], perm=[0, 1, 4, 2, 5, 3]),
               helper.make_node("Reshape", ["c", "s2"], ["result"])],
     [("image", [1, 3, 16, 24])], [("result", [1, 3, 48, 72])],
     [weight("w1", 27, 3, 3, 3), const("s1", [1, 3, 3, 3, 16, 24], np.int64), const("s2", [1, 3, 48, 72], np.int64)])
for w, h in (13, 9), (40, 21):
    m = onnx.load(os.path.join(HERE, "fixed.onnx"))
    for i in m.graph.initializer:
        if i.name in ("s1", "s2"):
            i.CopyFrom(const(i.name, [1, 3, 3, 3, h, w] if i.name == "s1" else [1, 3, 3 * h, 3 * w], np.int64))
    for v, (a, b) in (m.graph.input[0], (h, w)), (m.graph.output[0], (3 * h, 3 * w)):
        v.type.tensor_type.shape.dim[2].dim_value, v.type.tensor_type.shape.dim[3].dim_value = a, b
    keep("fixed", w, h, ort.InferenceSession(m.SerializeToString()).run(None, {"image": picture(w, h)[None]})[0][0])

# ---- a JPEG file's quality beside the picture -------------------------------------------------------
save("quality", [helper.make_node("Reshape", ["qf", "shape"], ["q"]), helper.make_node("Add", ["image", "q"], ["result"])],
     [("image", [1, 3, "h", "w"]), ("qf", [1, 1])], [("result", [1, 3, "h", "w"])],
     [const("shape", [1, 1, 1, 1], np.int64)], task="deblock")

# ---- a network that is told how much noise there is, in a small space --------------------------------
rng = np.random.default_rng(12)
save("told", [helper.make_node("Concat", ["image", "noise"], ["a"], axis=1), conv("a", "w1", "b", pads=[1, 1, 1, 1]), leaky("b", "c"),
              conv("c", "w2", "d", pads=[1, 1, 1, 1]), helper.make_node("Mul", ["d", "noise"], ["e"]),
              helper.make_node("Sub", ["image", "e"], ["result"])],
     [PIC, ("noise", [1, 1, "H", "W"])], [OUT], [weight("w1", 6, 4, 3, 3), weight("w2", 3, 6, 3, 3)], input_noise="sigma")
