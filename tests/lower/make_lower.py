#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_lower.py - graphs as exporters write them, and what ONNX Runtime answers on them, for test_lower.c.

Run it in this folder with the packages onnx, onnxruntime and numpy. It writes data/NAME.onnx and data/cases.txt
(data/README.md says where from):
    case NAME
    in RANK DIMS...                      one an input; floats are noise(index), integers 0 to 9 made of it
    ops WORDS...                         what the first output's graph must consist of, in order: written by hand below,
                                         so that a network of pictures does not silently become held arrays
    out RANK DIMS... values...           one an output
    refuse NAME WORDS                    the message must contain the words
    accept NAME                          it is lowered (at its own sizes, too large to be run here)
    survive NAME                         any answer will do
"""
import os
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "formats"))
from make_onnx import ints, node, noise  # noqa: E402

DATA = os.path.join(HERE, "data")
RNG = np.random.default_rng(30)
LINES = []
F, I = TensorProto.FLOAT, TensorProto.INT64


def rand(*shape):
    """Weights: uniform in [-0.5, 0.5)."""
    return (RNG.random(shape) - 0.5).astype(np.float32)


def feed(shape, index, kind):
    """What the test feeds to input `index`."""
    v = noise(int(np.prod(shape)), index).reshape(shape)
    return v if kind == F else np.floor((v + 1) * 5).astype(np.int64)


def save(name, nodes, inputs, outputs, init, opset, types):
    """Write the file; answers its bytes."""
    infos = [helper.make_tensor_value_info(k, types.get(k, F), v) for k, v in inputs.items()]
    outs = [helper.make_tensor_value_info(k, types.get(k, F), None) for k in outputs]
    tensors = [v if isinstance(v, TensorProto) else numpy_helper.from_array(v, k) for k, v in (init or {}).items()]
    m = helper.make_model(helper.make_graph(nodes, "test", infos, outs, tensors), producer_name="make_lower.py",
                          opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 10)
    with open(os.path.join(DATA, name + ".onnx"), "wb") as f:
        f.write(m.SerializeToString())
    return m.SerializeToString()


def case(name, nodes, ops, init=None, inputs=None, outputs=("y",), opset=17, types=None, sizes=None):
    """Save the file and ONNX Runtime's answers. inputs: {name: dims as declared}; sizes: dims as run."""
    inputs = inputs or {"x": [1, 4, "H", "W"]}
    types, sizes = types or {}, sizes or {"H": 6, "W": 4, "L": 7}
    data = save(name, nodes, inputs, outputs, init, opset, types)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    shapes = {k: [sizes.get(d, d) for d in v] for k, v in inputs.items()}
    answers = session.run(None, {k: feed(s, i, types.get(k, F)) for i, (k, s) in enumerate(shapes.items())})
    LINES.append("case " + name)
    LINES.extend(" ".join(map(str, ["in", len(s)] + s)) for s in shapes.values())
    LINES.append("ops " + ops)
    for a in answers:
        words = ["out", a.ndim] + list(a.shape) + [f"{v:.6g}" for v in a.astype(np.float32).ravel()]
        LINES.append(" ".join(map(str, words)))


def refuse(name, words, nodes, init=None, inputs=None, outputs=("y",), opset=17):
    """Save a file that must be refused with a sentence that contains the words; "": taken; None: survived."""
    save(name, nodes, inputs or {"x": [1, 4, "H", "W"]}, outputs, init, opset, {})
    LINES.append(f"refuse {name} {words}" if words else ("survive " if words is None else "accept ") + name)


def size_of(value, axis, name):
    """PyTorch's x.size(axis), as a list of one number."""
    return [node("Shape", [value], name + "_s"), node("Constant", [], name + "_i", value_int=axis),
            node("Gather", [name + "_s", name + "_i"], name + "_g", axis=0), node("Unsqueeze", [name + "_g", "zero"], name)]


def shuffles():
    """Pixel shuffles and channel shuffles, written as reshapes and a transposition."""
    hw = size_of("x", 2, "h") + size_of("x", 3, "w") + [
        node("Mul", ["h", "two"], "h2"), node("Mul", ["w", "two"], "w2"), node("Concat", ["head", "h2", "w2"], "to", axis=0)]
    k = dict(zero=ints(0), two=ints(2))
    deep = {"x": [1, 8, "H", "W"]}
    for name, first, perm in [("crd", (1, 2, 2, 2), [0, 1, 4, 2, 5, 3]), ("dcr", (1, 2, 2, 2), [0, 3, 4, 1, 5, 2])]:
        nodes = hw + [node("Concat", ["cut", "h", "w"], "s", axis=0), node("Reshape", ["x", "s"], "r"),
                      node("Transpose", ["r"], "t", perm=perm), node("Reshape", ["t", "to"], "p"), node("Relu", ["p"])]
        case("shuffle_" + name, nodes, "depth_to_space activation", dict(k, cut=ints(*first), head=ints(1, 2)), deep)
    half = size_of("x", 2, "h") + size_of("x", 3, "w") + [node("Div", ["h", "two"], "h2"), node("Div", ["w", "two"], "w2")]
    for name, perm, ops in [("crd", [0, 1, 3, 5, 2, 4], "space_to_depth pick"), ("dcr", [0, 3, 5, 1, 2, 4], "space_to_depth")]:
        nodes = half + [node("Concat", ["ch", "h2", "two", "w2", "two"], "s", axis=0), node("Reshape", ["x", "s"], "r"),
                        node("Transpose", ["r"], "t", perm=perm), node("Concat", ["many", "h2", "w2"], "to", axis=0),
                        node("Reshape", ["t", "to"])]
        case("unshuffle_" + name, nodes, ops, dict(k, ch=ints(1, 4), many=ints(1, 16)))
    nodes = size_of("x", 2, "h") + size_of("x", 3, "w") + [
        node("Concat", ["cut", "h", "w"], "s", axis=0), node("Reshape", ["x", "s"], "r"),
        node("Transpose", ["r"], "t", perm=[0, 2, 1, 3, 4]), node("Concat", ["to", "h", "w"], "q", axis=0), node("Reshape", ["t", "q"])]
    case("channel_shuffle", nodes, "pick", dict(zero=ints(0), cut=ints(1, 2, 4), to=ints(1, 8)), deep)
    nodes = [node("Reshape", ["x", "cut"], "r"), node("Transpose", ["r"], "t", perm=[0, 2, 1, 3]),
             node("Shape", ["x"], "s"), node("Reshape", ["t", "s"])]
    case("channel_shuffle_flat", nodes, "pick", dict(cut=ints(1, 4, 2, -1)), deep)
    nodes = [node("Transpose", ["x"], "n", perm=[0, 2, 3, 1]), node("Reshape", ["n", "cut"], "r"),
             node("Transpose", ["r"], "t", perm=[0, 1, 3, 2, 4, 5]), node("Reshape", ["t", "to"], "q"),
             node("Transpose", ["q"], perm=[0, 3, 1, 2])]
    case("shuffle_last", nodes, "depth_to_space", dict(cut=ints(1, 6, 4, 2, 2, 2), to=ints(1, 12, 8, 2)), deep)
    case("shuffle_wrong", [node("Reshape", ["x", "cut"], "r"), node("Transpose", ["r"], "t", perm=[0, 1, 4, 3, 5, 2]),
                           node("Reshape", ["t", "to"])], "flatten held unflatten",
         dict(cut=ints(1, 2, 2, 2, 6, 4), to=ints(1, 2, 12, 8)), deep)


def layouts():
    """Channels last, as TensorFlow's exporters write it."""
    last = {"x": [1, "H", "W", 3]}
    w, w2 = rand(8, 3, 3, 3), rand(3, 8, 3, 3)
    nodes = [node("Transpose", ["x"], "n", perm=[0, 3, 1, 2]), node("Conv", ["n", "w"], "c", pads=[1] * 4),
             node("Transpose", ["c"], "l", perm=[0, 2, 3, 1]), node("Add", ["l", "b"], "a"), node("Relu", ["a"], "r"),
             node("Transpose", ["r"], "m", perm=[0, 3, 1, 2]), node("Conv", ["m", "w2"], "d", pads=[1] * 4),
             node("Transpose", ["d"], "e", perm=[0, 2, 3, 1]), node("Add", ["e", "x"])]
    case("last", nodes, "conv binary activation conv binary", dict(w=w, w2=w2, b=rand(8)), last)
    nodes = [node("Transpose", ["x"], "n", perm=[0, 2, 3, 1]), node("ReduceMean", ["n"], "m", axes=[-1]), node("Sub", ["n", "m"], "d"),
             node("Pow", ["d", "two"], "q"), node("ReduceMean", ["q"], "v", axes=[-1]), node("Add", ["v", "eps"], "ve"),
             node("Sqrt", ["ve"], "s"), node("Div", ["d", "s"], "z"), node("Mul", ["z", "g"], "zg"), node("Add", ["zg", "b"], "zb"),
             node("MatMul", ["zb", "w"], "k"), node("Transpose", ["k"], perm=[0, 3, 1, 2])]
    case("layer_norm_parts", nodes, "channel_reduce binary binary channel_reduce binary activation binary binary binary conv",
         dict(two=np.float32(2), eps=np.float32(1e-5), g=rand(4), b=rand(4), w=rand(4, 5)))
    nodes = [node("Transpose", ["x"], "n", perm=[0, 2, 3, 1]), node("LayerNormalization", ["n", "g", "b"], "l", axis=-1, epsilon=1e-4),
             node("Transpose", ["l"], perm=[0, 3, 1, 2])]
    case("layer_norm", nodes, "layer_norm", dict(g=rand(4), b=rand(4)))
    nodes = [node("Transpose", ["x"], "n", perm=[0, 2, 3, 1]), node("Concat", ["n", "n"], "c", axis=3), node("Slice", ["c", "s", "e", "a"], "d"),
             node("ReduceMean", ["d"], "g", axes=[1, 2]), node("Mul", ["d", "g"], "m"), node("Pad", ["m", "p"], "q"),
             node("Transpose", ["q"], perm=[0, 3, 1, 2])]
    case("last_ops", nodes, "concat slice slice reduce binary pad",
         dict(s=ints(1, 2), e=ints(5, 7), a=ints(1, 3), p=ints(0, 1, 2, 0, 0, 0, 1, 0)))
    nodes = [node("Conv", ["x", "w"], "c"), node("Transpose", ["c"], "l", perm=[0, 2, 3, 1]), node("Reshape", ["l", "s"], "f"),
             node("Gemm", ["f", "v", "b"])]
    case("classifier_last", nodes, "conv flatten held dense", dict(w=rand(3, 4, 1, 1), s=ints(1, -1), v=rand(72, 5), b=rand(5)))
    case("both", [node("Transpose", ["x"], "n", perm=[0, 2, 3, 1]), node("Transpose", ["n"], "m", perm=[0, 3, 1, 2]),
                  node("Add", ["x", "m"])], "binary")
    case("swap", [node("Transpose", ["x"], perm=[0, 1, 3, 2])], "flatten held unflatten")


def norms():
    """Statistics of the whole map."""
    g, b = rand(4, 1, 1), rand(4, 1, 1)
    nodes = [node("Reshape", ["x", "s"], "r"), node("InstanceNormalization", ["r", "one", "none"], "i", epsilon=1e-3),
             node("Shape", ["x"], "z"), node("Reshape", ["i", "z"], "n"), node("Mul", ["n", "g"], "m"), node("Add", ["m", "b"])]
    case("group_norm_torch", nodes, "moments affine binary binary",
         dict(s=ints(0, 2, -1), one=np.ones(2, np.float32), none=np.zeros(2, np.float32), g=g, b=b))
    nodes = [node("Reshape", ["x", "s"], "r"), node("InstanceNormalization", ["r", "one", "none"], "i"), node("Reshape", ["i", "z"])]
    case("group_norm_scaled", nodes, "flatten unflatten moments affine flatten unflatten",
         dict(s=ints(0, 2, -1), one=rand(2), none=rand(2), z=ints(1, 4, 6, 4)))
    case("instance_norm", [node("InstanceNormalization", ["x", "g", "b"])], "moments affine", dict(g=rand(4), b=rand(4)))
    case("group_norm_21", [node("GroupNormalization", ["x", "g", "b"], num_groups=2)], "moments affine", dict(g=rand(4), b=rand(4)), opset=21)
    case("mean_of_all", [node("ReduceMean", ["x"], "m", axes=[1, 2, 3]), node("Sub", ["x", "m"])], "flatten held binary")
    nodes = [node("ReduceMean", ["x"], "m", axes=[1]), node("Sub", ["x", "m"], "d"), node("Mul", ["d", "d"], "q"),
             node("ReduceMean", ["q"], "v", axes=[1]), node("Add", ["v", "e"], "w"), node("Sqrt", ["w"], "r"), node("Div", ["d", "r"], "n"),
             node("Mul", ["n", "g"], "s"), node("Add", ["s", "b"], "t"), node("Split", ["t"], ["p", "q2"], axis=1), node("Mul", ["p", "q2"])]
    case("simple_gate", nodes, "channel_reduce binary binary channel_reduce binary activation binary binary binary slice slice binary",
         dict(e=np.float32(1e-6), g=rand(1, 4, 1, 1), b=rand(1, 4, 1, 1)))


def gates():
    """Squeeze and excitation, attention over channels and places."""
    nodes = [node("GlobalAveragePool", ["x"], "p"), node("Flatten", ["p"], "f"), node("Gemm", ["f", "w", "b"], "h", transB=1),
             node("Relu", ["h"], "r"), node("Gemm", ["r", "v", "c"], "k", transB=1), node("HardSigmoid", ["k"], "s"),
             node("Reshape", ["s", "to"], "q"), node("Mul", ["x", "q"])]
    case("gate", nodes, "reduce dense activation dense activation binary", dict(w=rand(2, 4), b=rand(2), v=rand(4, 2), c=rand(4), to=ints(1, 4, 1, 1)))
    nodes = [node("ReduceMean", ["x"], "p", axes=[2, 3], keepdims=0), node("MatMul", ["p", "w"], "h"), node("Sigmoid", ["h"], "s"),
             node("Unsqueeze", ["s", "a"], "u"), node("Expand", ["u", "z"], "e"), node("Mul", ["x", "e"])]
    case("gate_expanded", nodes, "reduce dense activation held unflatten binary", dict(w=rand(4, 4), a=ints(2, 3), z=ints(1, 4, 6, 4)))
    nodes = [node("ReduceMean", ["x"], "a", axes=[1]), node("ReduceMax", ["x"], "b", axes=[1]), node("Concat", ["a", "b"], "c", axis=1),
             node("Conv", ["c", "w"], "d", pads=[1] * 4), node("Sigmoid", ["d"], "s"), node("Mul", ["x", "s"])]
    case("spatial_gate", nodes, "channel_reduce channel_reduce concat conv activation binary", dict(w=rand(1, 2, 3, 3)))
    nodes = [node("Reshape", ["x", "s"], "q"), node("Transpose", ["q"], "t", perm=[0, 2, 1]), node("MatMul", ["t", "q"], "m"),
             node("Softmax", ["m"], "f", axis=-1), node("MatMul", ["q", "f"], "o"), node("Shape", ["x"], "z"), node("Reshape", ["o", "z"], "r"),
             node("Add", ["r", "x"])]
    case("attention", nodes, "flatten held held held held unflatten binary", dict(s=ints(1, 4, -1)))


def arithmetic():
    """Sizes computed from H and W."""
    nodes = [node("MaxPool", ["x"], "d", kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1), node("Shape", ["x"], "s"),
             node("Slice", ["s", "i2", "i4", "i0"], "hw"), node("Shape", ["d"], "sd"), node("Slice", ["sd", "i0", "i2", "i0"], "nc"),
             node("Concat", ["nc", "hw"], "to", axis=0),
             node("Resize", ["d", "", "", "to"], "u", mode="linear", coordinate_transformation_mode="half_pixel"), node("Add", ["u", "x"])]
    case("resize_to_skip", nodes, "max_pool resize binary", dict(i0=ints(0), i2=ints(2), i4=ints(4)), sizes={"H": 7, "W": 5})
    nodes = size_of("x", 2, "h") + size_of("x", 3, "w") + [
        node("Mod", ["h", "eight"], "a"), node("Sub", ["eight", "a"], "b"), node("Mod", ["b", "eight"], "ph"),
        node("Mod", ["w", "eight"], "c"), node("Sub", ["eight", "c"], "d"), node("Mod", ["d", "eight"], "pw"),
        node("Concat", ["none", "none", "none", "none", "none", "none", "ph", "pw"], "p", axis=0), node("Pad", ["x", "p"], "q", mode="reflect"),
        node("Conv", ["q", "k"], "c2", pads=[1] * 4), node("Concat", ["h", "w"], "hw", axis=0), node("Slice", ["c2", "from", "hw", "ax"])]
    case("pad_to_8", nodes, "pad conv slice slice", dict(zero=ints(0), none=ints(0), eight=ints(8), k=rand(4, 4, 3, 3), ax=ints(2, 3), **{"from": ints(0, 0)}),
         sizes={"H": 6, "W": 5})
    nodes = size_of("x", 2, "h") + size_of("x", 3, "w") + [
        node("Cast", ["h"], "hf", to=F), node("Cast", ["w"], "wf", to=F), node("Mul", ["hf", "by"], "h2"), node("Mul", ["wf", "by"], "w2"),
        node("Floor", ["h2"], "h3"), node("Floor", ["w2"], "w3"), node("Concat", ["h3", "w3"], "o", axis=0), node("Cast", ["o"], "oi", to=I),
        node("Shape", ["x"], "s"), node("Slice", ["s", "zero", "two"], "nc"), node("Concat", ["nc", "oi"], "to", axis=0),
        node("Resize", ["x", "", "", "to"], mode="cubic", coordinate_transformation_mode="pytorch_half_pixel")]
    case("interpolate", nodes, "resize", dict(zero=ints(0), two=ints(2), by=np.array([1.5], np.float32)))
    nodes = size_of("x", 2, "h") + size_of("x", 3, "w") + [
        node("Squeeze", ["w"], "ws"), node("Range", ["n0", "ws", "n1"], "r"), node("Cast", ["r"], "rf", to=F), node("Div", ["rf", "by"], "u"),
        node("Concat", ["one", "one", "h", "w"], "z", axis=0), node("Expand", ["u", "z"], "e"), node("Concat", ["x", "e"], "c", axis=1),
        node("Conv", ["c", "k"])]
    case("coordinates", nodes, "held unflatten concat conv",
         dict(zero=ints(0), one=ints(1), n0=np.int64(0), n1=np.int64(1), by=np.float32(3), k=rand(2, 5, 1, 1)))
    nodes = [node("Conv", ["x", "k"], "c"), node("Slice", ["x", "s", "e", "a"], "m"), node("Add", ["c", "m"])]
    case("valid_crop", nodes, "conv slice slice binary", dict(k=rand(4, 4, 3, 3), s=ints(1, 1), e=ints(-1, -1), a=ints(2, 3)))
    case("resize_shrinks", [node("Resize", ["x", "s"])], "resize", dict(s=np.array([1, 1, 0.6, 0.75], np.float32)), opset=10)
    case("resize_both", [node("Resize", ["x", "s"])], "flatten held unflatten", dict(s=np.array([1, 1, 0.6, 1.5], np.float32)), opset=10)
    case("size_as_value", [node("Shape", ["x"], "s"), node("Cast", ["s"], "f", to=F), node("ReduceProd", ["f"], "p", keepdims=0), node("Div", ["x", "p"])],
         "binary")


def others():
    """Rows, text, several outputs, and what no map is."""
    row = {"x": [1, 4, "L"]}
    nodes = [node("Conv", ["x", "w", "b"], "c", pads=[1, 1]), node("BatchNormalization", ["c", "s", "o", "m", "v"], "n"), node("Relu", ["n"], "r"),
             node("MaxPool", ["r"], "p", kernel_shape=[2], strides=[2]), node("ConvTranspose", ["p", "t"], "u", strides=[2]), node("GlobalMaxPool", ["u"], "g"),
             node("Mul", ["u", "g"])]
    case("row", nodes, "conv batch_norm activation max_pool conv_transpose reduce binary",
         dict(w=rand(6, 4, 3), b=rand(6), s=rand(6), o=rand(6), m=rand(6), v=rand(6) + 1, t=rand(6, 3, 2)), row)
    nodes = [node("Gather", ["table", "x"], "e", axis=0), node("Transpose", ["e"], "t", perm=[0, 2, 1]), node("Conv", ["t", "w"], "c", pads=[1, 1]),
             node("Relu", ["c"], "r"), node("ReduceMax", ["r"], "m", axes=[2], keepdims=0), node("Gemm", ["m", "v", "b"], "g"), node("Softmax", ["g"])]
    case("text", nodes, "held held unflatten conv activation reduce dense softmax", dict(table=rand(10, 5), w=rand(6, 5, 3), v=rand(6, 3), b=rand(3)),
         {"x": [1, "L"]}, types={"x": I}, sizes={"L": 7})
    nodes = [node("Conv", ["x", "w"], "c", pads=[1] * 4), node("Relu", ["c"], "y"), node("GlobalAveragePool", ["y"], "g"), node("Flatten", ["g"], "z"),
             node("ArgMax", ["y"], "k", axis=1), node("Identity", ["x"], "same"), node("Constant", [], "fixed", value_floats=[1.0, 2.0])]
    case("outputs", nodes, "conv activation", dict(w=rand(3, 4, 3, 3)), outputs=("y", "z", "k", "same", "fixed"), types={"k": I})
    case("two_pictures", [node("Conv", ["x", "w"])], "held", dict(w=rand(3, 4, 3, 3)), {"x": [2, 4, 5, 4]})
    case("volume", [node("Conv", ["x", "w"], "c", pads=[1] * 6, strides=[1, 2, 1]), node("Relu", ["c"])], "held activation", dict(w=rand(2, 3, 3, 3, 3)),
         {"x": [1, 3, 4, 5, 4]})
    case("flip", [node("Slice", ["x", "s", "e", "a", "t"])], "flatten held unflatten", dict(s=ints(-1), e=ints(-100), a=ints(3), t=ints(-1)))
    case("flip_channels", [node("Slice", ["x", "s", "e", "a", "t"])], "pick", dict(s=ints(-1), e=ints(-100), a=ints(1), t=ints(-2)))
    nodes = [node("Greater", ["x", "z"], "m"), node("Where", ["m", "x", "n"], "a"), node("Min", ["a", "x", "k"], "b"), node("Clip", ["b", "lo", "hi"])]
    case("masks", nodes, "binary where binary binary activation",
         dict(z=np.float32(0), n=rand(4, 1, 1), k=np.float32(0.5), lo=np.float32(-0.25), hi=np.float32(0.4)))
    nodes = [node("ReduceMean", ["x"], "m", axes=[1, 2], keepdims=0), node("Add", ["x", "m"], "a"), node("Mul", ["a", "k"])]
    case("lower_rank", nodes, "flatten held unflatten binary binary", dict(k=rand(4)))
    nodes = [node("Add", ["x", "b"])]
    case("row_onto_picture", nodes, "unflatten binary", inputs={"x": [1, 4, "H", "W"], "b": ["W"]})
    nodes = [node("Squeeze", ["x", "a"], "s"), node("Relu", ["s"], "r"), node("Unsqueeze", ["r", "a"])]
    case("squeezed", nodes, "flatten activation unflatten", dict(a=ints(0, 1)), {"x": [1, 1, "H", "W"]})
    theta = np.stack(np.meshgrid(np.linspace(-1.1, 0.9, 5), np.linspace(-0.8, 1, 4)), -1)[None].astype(np.float32)
    case("grid", [node("GridSample", ["x", "g"], align_corners=1, padding_mode="border")], "held held unflatten grid_sample", dict(g=theta))
    nodes = [node("Gather", ["x", "i"], "a", axis=1), node("Gather", ["x", "one"], "b", axis=1), node("Unsqueeze", ["b", "ax"], "c"), node("Mul", ["a", "c"])]
    case("min_after_conv", [node("Conv", ["x", "w"], "c"), node("Min", ["c", "k"])], "conv binary", dict(w=rand(3, 4, 1, 1), k=rand(3, 1, 1)))
    case("columns_after_conv", [node("Conv", ["x", "w"], "c"), node("Add", ["c", "k"])], "conv binary", dict(w=rand(4, 4, 1, 1), k=rand(4)))
    case("before_the_first", [node("Slice", ["x", "s", "e", "a", "t"])], "slice", dict(s=ints(-9), e=ints(-9), a=ints(1), t=ints(-1)))
    case("window_over_end", [node("MaxPool", ["x"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], "max_pool", sizes={"H": 2, "W": 3})
    case("picked", nodes, "pick flatten held unflatten binary", dict(i=ints(3, -4, 1), one=np.int64(2), ax=ints(1)))


def subpixels():
    """Transposed convolutions that are faster as a convolution to phases and a pixel shuffle."""
    def up(name, ops, cin, cout, kernel, stride, pads, out=(0, 0), bias=True):
        nodes = [node("ConvTranspose", ["x", "w", "b"][:3 if bias else 2], kernel_shape=kernel, strides=stride, pads=pads, output_padding=out)]
        init = dict(w=rand(cin, cout, *kernel)) | (dict(b=rand(cout)) if bias else {})
        case(name, nodes, ops, init, {"x": [1, cin, "H", "W"]})

    up("up_9x9", "conv depth_to_space", 5, 1, (9, 9), (2, 2), (4, 4, 4, 4), (1, 1))
    up("up_4x4", "conv depth_to_space", 3, 6, (4, 4), (2, 2), (1, 1, 1, 1))
    up("up_by_3", "conv depth_to_space", 3, 2, (5, 7), (3, 3), (1, 2, 1, 2), bias=False)
    up("up_odd", "conv_transpose", 3, 2, (3, 3), (2, 2), (0, 0, 0, 0))
    up("up_2x2", "conv_transpose", 3, 6, (2, 2), (2, 2), (0, 0, 0, 0))


def refusals():
    """Files that want too much, or make no sense."""
    refuse("no_kind", "is of the wrong kind", [node("Concat", ["x", "x"], axis=[0])])
    refuse("no_kind_float", "is of the wrong kind", [node("LeakyRelu", ["x"], alpha=1)])
    refuse("no_double_cut", "axis 2 twice", [node("Slice", ["x", "s", "e", "a"])], dict(s=ints(1, 0), e=ints(3, 2), a=ints(2, -2)))
    many = {f"x{i}": [1, 3, "H", "W"] for i in range(257)}
    refuse("no_inputs", "more than 256 inputs", [node("Sum", list(many))], inputs=many)
    parts = [f"y{i}" for i in range(300)]
    refuse("no_split", "300 outputs", [node("Split", ["x"], parts, axis=1)], inputs={"x": [1, 300, "H", "W"]}, outputs=("y0",))
    refuse("no_time", "takes too long", [node("ConstantOfShape", ["s"], "c"), node("TopK", ["c", "k"], ["t", "i"], axis=0), node("Add", ["x", "t"])],
           dict(s=ints(4000000), k=ints(2000000)))
    huge = helper.make_tensor("h", I, [0], [])
    huge.dims[:] = [0, 1 << 40, 1 << 40]
    refuse("no_strides", "impossible dimensions", [node("Transpose", ["h"], "t"), node("Concat", ["t", "x"], axis=0)], dict(h=huge))
    refuse("no_strides_computed", "impossible dimensions", [node("ConstantOfShape", ["s"], "c"), node("Transpose", ["c"], "t"), node("Add", ["x", "t"])],
           dict(s=ints(0, 1 << 40, 1 << 40)))
    refuse("no_sizes", "impossible sizes", [node("Relu", ["x"])], inputs={"x": [1, 2 ** 31 - 1, 63, 2 ** 31 - 1]})
    big = ints(2 ** 62, 2 ** 62, 2 ** 62)
    refuse("sum", None, [node("ReduceSum", ["b"], "s"), node("Exp", ["b"], "e"), node("Add", ["s", "e"], "t"), node("Range", ["s", "t", "b"], "r"),
                         node("Cast", ["t"], "f", to=F), node("Mul", ["x", "f"])], dict(b=big))
    lists = np.array([np.nan, 1e30, -1e30], np.float32)
    wide = [node("Shape", ["x"], f"s{i}") for i in range(3)] + [node("Sum", ["s0", "s1", "s2"], "t"), node("Cast", ["t"], "f", to=F),
                                                               node("ReduceMax", ["f"], "m", keepdims=0), node("Mul", ["x", "m"])]
    refuse("many_shapes", "", wide, inputs={"x": [1, 64, 8192, 8192]})
    refuse("old_slice", None, [node("Slice", ["x", "s", "e", "a"])], dict(s=ints(1), e=ints(3), a=ints(2)), opset=9)
    refuse("float_lists", None, [node("Slice", ["x", "s", "e", "a"], "c"), node("Gather", ["c", "s"], "g", axis=1), node("Pad", ["g", "p"])],
           dict(s=lists, e=lists[::-1].copy(), a=ints(1, 2, 3), p=np.array([0, 0, np.nan, 1, 0, 0, 1e30, 0], np.float32)))


def main():
    """Everything."""
    os.makedirs(DATA, exist_ok=True)
    for group in (shuffles, layouts, norms, gates, arithmetic, others, refusals, subpixels):
        group()
    with open(os.path.join(DATA, "cases.txt"), "w", encoding="ascii") as f:
        f.write("\n".join(LINES) + "\n")


if __name__ == "__main__":
    main()
