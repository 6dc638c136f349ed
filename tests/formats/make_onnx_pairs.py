#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_onnx_pairs.py - ONNX files with an input and ONNX Runtime's answer beside them, for test_fixtures.c

Writes data/onnx/NAME.onnx, NAME.in.npy (height, width, channels), NAME.in2.npy where there is a second input, and
NAME.out.npy. Seeded. Needs numpy, onnx, onnxruntime.
"""
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

TO = Path(__file__).with_name("data") / "onnx"
RNG = np.random.default_rng(6)


def rand(*shape):
    return (RNG.random(shape) - 0.5).astype(np.float32)


def model(nodes, inputs, rank, weights):
    graph = helper.make_graph(nodes, "net", [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)],
                              [numpy_helper.from_array(v, k) for k, v in weights.items()])
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(m)
    return m


def write(name, m, *arrays, first=True):
    """Pictures are written with their channels last; `first`: the network wants them first."""
    TO.mkdir(exist_ok=True)
    feeds = {}
    for i, (port, a) in enumerate(zip(m.graph.input, arrays)):
        np.save(TO / f"{name}.in{i + 1 if i else ''}.npy", a)
        picture = a.ndim == 3 and len(port.type.tensor_type.shape.dim) == 4
        feeds[port.name] = (a.transpose(2, 0, 1) if picture and first else a)[None]
    y = onnxruntime.InferenceSession(m.SerializeToString()).run(None, feeds)[0][0]
    np.save(TO / f"{name}.out.npy", np.ascontiguousarray(y.transpose(1, 2, 0) if y.ndim == 3 and first else y))
    onnx.save(m, TO / f"{name}.onnx")


node = helper.make_node
write("upscale", model([node("Conv", ["x", "w", "b"], ["c"], pads=[1] * 4), node("Relu", ["c"], ["r"]),
                        node("DepthToSpace", ["r"], ["y"], blocksize=2, mode="CRD")],
                       [("x", [1, 3, None, None])], 4, dict(w=rand(12, 3, 3, 3), b=rand(12))), rand(9, 7, 3))
write("channels_last", model([node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), node("Conv", ["t", "w"], ["c"]),
                              node("Transpose", ["c"], ["y"], perm=[0, 2, 3, 1])],
                             [("x", [1, None, None, 2])], 4, dict(w=rand(3, 2, 3, 3))), rand(6, 8, 2), first=False)
write("sigma", model([node("Concat", ["x", "sigma"], ["a"], axis=1), node("Conv", ["a", "w"], ["y"], pads=[1] * 4)],
                     [("x", [1, 1, None, None]), ("sigma", [1, 1, None, None])], 4, dict(w=rand(2, 2, 3, 3))),
      rand(5, 6, 1), np.full((5, 6, 1), 25 / 255, np.float32))
write("classes", model([node("Conv", ["x", "w"], ["c"], strides=[2, 2]), node("Flatten", ["c"], ["f"]),
                        node("MatMul", ["f", "d"], ["m"]), node("Softmax", ["m"], ["y"], axis=1)],
                       [("x", [1, 1, 8, 8])], 2, dict(w=rand(4, 1, 3, 3), d=rand(36, 5))), rand(8, 8, 1))
