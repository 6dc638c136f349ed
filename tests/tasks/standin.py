# SPDX-License-Identifier: MIT
"""standin.py - what the scripts share that write networks with nothing to learn: a value's description, a model with its card"""
import onnx
from onnx import TensorProto, helper


def info(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def model(graph, producer, centres=None, **card):
    """The graph with its card, checked; centres: of the ab grid, which the card lists last."""
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name=producer)
    made.ir_version = 8
    if centres is not None:
        card["cells"] = " ".join(f"{a:.0f},{b:.0f}" for a, b in centres.tolist())
    helper.set_model_props(made, card)
    onnx.checker.check_model(made)
    return made
