#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_nets.py - writes identity-grey.onnx beside itself: one channel, which comes out as it went in

Needs onnx and numpy. The networks of three channels are those of tests/api/make_nets.py.
"""
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
picture, result = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 1, "H", "W"]) for n in ("image", "result"))
one = numpy_helper.from_array(np.ones((1, 1, 1, 1), np.float32), "w")
graph = helper.make_graph([helper.make_node("Conv", ["image", "w"], ["result"])], "identity", [picture], [result], [one])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="make_nets.py")
model.ir_version = 8
onnx.checker.check_model(model)
onnx.save(model, os.path.join(HERE, "identity-grey.onnx"))
