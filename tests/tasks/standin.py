# SPDX-License-Identifier: MIT
"""standin.py - what the scripts share that write networks with nothing to learn: a value's description, a model with its card"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


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


def told_where(centres, answer, weight, bias=None, producer="", **card):
    """A network that answers with what `weight` (1x1) and `bias` make of its hints, whose last plane says how far down a cell is."""
    small, constants = ["H/4", "W/4"], [("weight", weight)] + ([("middle", bias)] if bias is not None else [])
    nodes = [helper.make_node("Conv", ["hints", *(name for name, _ in constants)], ["down"]),
             helper.make_node("AveragePool", ["image"], ["light"], kernel_shape=[4, 4], strides=[4, 4]),
             helper.make_node("ReduceSum", ["palette", "axes"], ["colours"]),
             helper.make_node("Add", ["light", "colours"], ["both"]),
             helper.make_node("Mul", ["both", "nothing"], ["zero"]),
             helper.make_node("Add", ["down", "zero"], [answer])]
    constants += [("nothing", np.float32(0)), ("axes", np.array([1], np.int64))]
    graph = helper.make_graph(
        nodes, "place", [info("image", [1, 1, "H", "W"]), info("hints", [1, weight.shape[1], *small]),
                         info("palette", [1, len(centres) + 2, 1, 1])],
        [info(answer, [1, weight.shape[0], *small])], [numpy_helper.from_array(np.asarray(v), n) for n, v in constants])
    return model(graph, producer, centres, name="place", licence="MIT", multiple="16", size="128", **card)
