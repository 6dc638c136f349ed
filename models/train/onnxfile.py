# SPDX-License-Identifier: MIT
"""onnxfile.py - a network to ONNX and its weights back.

The graph is walked with torch.fx and written node by node, so that the file holds the
operators one would draw (Conv, Relu, Add, SpaceToDepth ...) and no shape arithmetic.
Initializers carry the names of the state dict: loading is a lookup by name.
"""
import operator
import os

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn

from nets import SpaceToDepth

OPSET = 17


class Tracer(fx.Tracer):
    """Stops at our own operators as well as at torch's."""

    def is_leaf_module(self, module, name):
        return isinstance(module, SpaceToDepth) or super().is_leaf_module(module, name)


def conv_attributes(m):
    """Attributes of a Conv or ConvTranspose node."""
    return dict(kernel_shape=list(m.kernel_size), strides=list(m.stride), group=m.groups,
                pads=list(m.padding) * 2, dilations=list(m.dilation))


def module_node(module):
    """(operator, attributes) of a leaf module."""
    if isinstance(module, nn.Conv2d):
        return "Conv", conv_attributes(module)
    if isinstance(module, nn.ConvTranspose2d):
        return "ConvTranspose", conv_attributes(module)
    if isinstance(module, SpaceToDepth):
        return "SpaceToDepth", dict(blocksize=2)
    if isinstance(module, nn.AdaptiveAvgPool2d):
        return "GlobalAveragePool", {}
    if isinstance(module, nn.PixelShuffle):
        return "DepthToSpace", dict(blocksize=module.upscale_factor, mode="CRD")
    if isinstance(module, nn.AvgPool2d):
        return "AveragePool", dict(kernel_shape=[module.kernel_size] * 2, strides=[module.stride] * 2)
    if isinstance(module, nn.BatchNorm2d):
        return "BatchNormalization", dict(epsilon=module.eps)
    plain = {nn.ReLU: "Relu", nn.Sigmoid: "Sigmoid"}
    if type(module) in plain:
        return plain[type(module)], {}
    if isinstance(module, nn.LeakyReLU):
        return "LeakyRelu", dict(alpha=module.negative_slope)
    raise NotImplementedError(f"no ONNX rule for {module}")


def function_node(node):
    """(operator, attributes, inputs) of a call to a function."""
    if node.target in (operator.add, torch.add):
        return "Add", {}, list(node.args)
    if node.target in (operator.mul, torch.mul):
        return "Mul", {}, list(node.args)
    if node.target is torch.cat:
        return "Concat", dict(axis=node.args[1]), list(node.args[0])
    raise NotImplementedError(f"no ONNX rule for {node.target}")


def rename(nodes, names):
    """Values of a list of nodes get the names of a dict."""
    for node in nodes:
        for values in (node.input, node.output):
            values[:] = [names.get(v, v) for v in values]


def nodes_of(net, outputs):
    """The network as a list of ONNX nodes and the list of its inputs; its results get the names `outputs`."""
    modules, nodes, inputs = dict(net.named_modules()), [], []
    for node in Tracer().trace(net).nodes:
        if node.op == "placeholder":
            inputs.append(node.name)
        elif node.op == "output":
            results = node.args[0] if isinstance(node.args[0], (tuple, list)) else [node.args[0]]
            rename(nodes, {r.name: name for r, name in zip(results, outputs)})
        elif node.op == "call_module":
            op, attributes = module_node(modules[node.target])
            weights = [f"{node.target}.{n}" for n in state_of(modules[node.target])]
            names = [a.name for a in node.args] + weights
            called = node.name if node.target in (n.name for n in nodes) else node.target
            nodes.append(helper.make_node(op, names, [node.name], called, **attributes))
        else:
            op, attributes, args = function_node(node)
            names = [a.name for a in args]
            nodes.append(helper.make_node(op, names, [node.name], node.name, **attributes))
    return nodes, inputs


def state_of(net):
    """Its tensors by name, in the order of the operators' inputs: parameters, and what normalizations have counted."""
    return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def initializers(net, half):
    """Every tensor under its own name; half: in fp16."""
    kind = np.float16 if half else np.float32
    return [numpy_helper.from_array(v.detach().float().contiguous().numpy().astype(kind), k)
            for k, v in state_of(net).items()]


def widened(nodes, parameters):
    """The nodes, behind casts of the parameters to fp32."""
    rename(nodes, {k: k + ".wide" for k in parameters})
    return [helper.make_node("Cast", [k], [k + ".wide"], k + ".wide", to=TensorProto.FLOAT) for k in parameters] + nodes


def value_info(name, shape):
    """A float value; sizes may be symbols."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def export(net, path, inputs, outputs, metadata, half=False):
    """Write net to path. inputs, outputs: {name: shape}; metadata: the model card, text to text; half: weights in fp16."""
    nodes, names = nodes_of(net.eval(), list(outputs))
    nodes = widened(nodes, list(state_of(net))) if half else nodes
    graph = helper.make_graph(nodes, metadata["name"], [value_info(n, inputs[n]) for n in names],
                              [value_info(n, shape) for n, shape in outputs.items()], initializers(net, half))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)],
                              producer_name="cnnimg", ir_version=8)
    helper.set_model_props(model, {k: str(v) for k, v in metadata.items()})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path + ".part")
    os.replace(path + ".part", path)


def load_weights(net, path, adapt=dict):
    """Copy the initializers of an ONNX file into the parameters of the same names and shapes.

    adapt({name: tensor}) may change them first, where they come from a network that is nearly the same.
    What does not fit keeps its fresh values (the tail, when x3 starts from x2); returns its names.
    """
    own = state_of(net)
    held = adapt({t.name: torch.from_numpy(numpy_helper.to_array(t).astype(np.float32))
                  for t in onnx.load(path).graph.initializer})
    held = {k: v for k, v in held.items() if k in own and own[k].shape == v.shape}
    if not held:
        raise SystemExit(f"{path}: no weights of this network")
    net.load_state_dict(held, strict=False)
    return sorted(own.keys() - held.keys())


def difference(net, path, feeds):
    """Largest |torch - ONNX Runtime| over the output for the given named tensors."""
    session = open_session(path)
    with torch.no_grad():
        truth = net.eval()(**feeds)
    truth = truth if isinstance(truth, tuple) else (truth,)
    got = session.run(None, {k: v.numpy() for k, v in feeds.items()})
    return max(float(np.abs(t.numpy() - g).max()) for t, g in zip(truth, got))


def open_session(path, threads=1):
    """An ONNX Runtime session on the CPU; the package is needed here only."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
