#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_onnx.py - small ONNX files, and what ONNX Runtime answers on them, for test_onnx.c.

Run it in this folder with the packages onnx, onnxruntime and numpy. It writes data/NAME.onnx and data/cases.txt
(data/README.md says where from):
    run NAME COUNT [C H W]... OUT_C OUT_H OUT_W values...     inputs are noise(seed), see below and in the test
    refuse NAME WORDS                                          the message must contain the words
"""
import os

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data")
RNG = np.random.default_rng(20)
LINES = []
SIZE = dict(C=3, H=5, W=3)


def noise(count, seed):
    """The test's own noise: a multiplicative hash of the index, in [-1, 1)."""
    i = np.arange(count, dtype=np.uint64) + np.uint64(1 + 1000 * seed)
    h = (i * np.uint64(2654435761)) % np.uint64(2 ** 32)
    return ((h >> np.uint64(16)).astype(np.float64) / 32768 - 1).astype(np.float32)


def rand(*shape):
    """Weights: uniform in [-0.5, 0.5)."""
    return (RNG.random(shape) - 0.5).astype(np.float32)


def ints(*v):
    """A list of sizes."""
    return np.array(v, np.int64)


def node(op, inputs, output="y", **attributes):
    """A node with one output (or a list of them)."""
    outputs = output if isinstance(output, list) else [output]
    return helper.make_node(op, inputs, outputs, attributes.pop("name", op.lower() + "_" + outputs[0]), **attributes)


def model(nodes, init=None, inputs=None, opset=17, output="y", out_rank=4, ir=None, props=None, extra=None):
    """A model with one output; inputs: {name: dims}."""
    inputs = inputs or {"x": [1, "C", "H", "W"]}
    init = init or {}
    tensors = [v if isinstance(v, onnx.TensorProto) else numpy_helper.from_array(v, k) for k, v in init.items()]
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in inputs.items()]
    out = helper.make_tensor_value_info(output, TensorProto.FLOAT, [None] * out_rank)
    graph = helper.make_graph(nodes, "test", infos + (extra or []), [out], tensors)
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="make_onnx.py",
                          ir_version=ir or (8 if opset < 19 else 10))
    helper.set_model_props(m, props or {})
    return m


def save(name, m):
    """Write the file."""
    with open(os.path.join(DATA, name + ".onnx"), "wb") as f:
        f.write(m.SerializeToString())


def shapes_of(m, size):
    """The inputs' names and dims with open ones filled in; constants listed as inputs are left out."""
    constants = {t.name for t in m.graph.initializer}
    result = {}
    for i in m.graph.input:
        if i.name not in constants:
            dims = i.type.tensor_type.shape.dim
            result[i.name] = [d.dim_value or size.get(d.dim_param, 1) for d in dims]
    return result


def run(name, m, size=SIZE):
    """Save the file and ONNX Runtime's answer."""
    save(name, m)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"])
    shapes = shapes_of(m, size)
    feeds = {k: noise(int(np.prod(s)), i).reshape(s) for i, (k, s) in enumerate(shapes.items())}
    out = session.run(None, feeds)[0]
    dims = [(list(s) + [1, 1])[1:4] for s in list(shapes.values()) + [out.shape]]
    words = ["run", name, len(shapes)] + [d for dim in dims for d in dim]
    LINES.append(" ".join(map(str, words)) + " " + " ".join(f"{v:.6g}" for v in out.ravel()))


def refuse(name, m, words):
    """Save a file that must be refused with a sentence that contains the words."""
    save(name, m)
    LINES.append(f"refuse {name} {words}")


def convolutions():
    """Windows: every attribute of Conv and ConvTranspose, pooling, batch-norm."""
    w, b = rand(4, 3, 3, 3), rand(4)
    run("conv_same", model([node("Conv", ["x", "w", "b"], pads=[1, 1, 1, 1], kernel_shape=[3, 3])], dict(w=w, b=b)))
    run("conv_no_bias", model([node("Conv", ["x", "w"])], dict(w=w), opset=9))
    run("conv_stride", model([node("Conv", ["x", "w", "b"], strides=[2, 1], dilations=[1, 2], pads=[0, 2, 1, 1])],
                             dict(w=w, b=b), opset=11))
    run("conv_same_upper", model([node("Conv", ["x", "w"], strides=[2, 2], auto_pad="SAME_UPPER")], dict(w=w)))
    run("conv_same_lower", model([node("Conv", ["x", "w"], strides=[2, 2], auto_pad="SAME_LOWER")], dict(w=w)))
    run("conv_group", model([node("Conv", ["x", "w"], group=3, pads=[1] * 4)], dict(w=rand(6, 1, 3, 3))))
    run("conv_transpose", model([node("ConvTranspose", ["x", "w", "b"], strides=[2, 2], pads=[1, 1, 0, 1],
                                      output_padding=[1, 0])], dict(w=rand(3, 4, 3, 3), b=b)))
    run("conv_transpose_group", model([node("ConvTranspose", ["x", "w"], group=3, strides=[2, 2])],
                                      dict(w=rand(3, 2, 2, 2))))
    run("max_pool", model([node("MaxPool", ["x"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], opset=8))
    run("max_pool_ceil", model([node("MaxPool", ["x"], kernel_shape=[3, 2], strides=[2, 3], ceil_mode=1)], opset=12))
    run("average_pool", model([node("AveragePool", ["x"], kernel_shape=[2, 3], strides=[2, 1], pads=[0, 1, 0, 1])]))
    run("average_pool_include", model([node("AveragePool", ["x"], kernel_shape=[3, 3], pads=[1] * 4,
                                            count_include_pad=1)], opset=19))
    run("global_average", model([node("GlobalAveragePool", ["x"])]))
    run("global_max", model([node("GlobalMaxPool", ["x"])]))
    run("reduce_mean_13", model([node("ReduceMean", ["x"], axes=[2, 3])], opset=13))
    run("reduce_mean_18", model([node("ReduceMean", ["x", "a"], keepdims=0)], dict(a=ints(-1, -2)), opset=18, out_rank=2))
    stats = dict(s=rand(4) + 1, o=rand(4), m=rand(4), v=np.abs(rand(4)) + 0.1)
    run("batch_norm", model([node("BatchNormalization", ["x", "s", "o", "m", "v"], epsilon=0.01)],
                            {k: v[:3] for k, v in stats.items()}, opset=15))
    run("conv_batch_norm", model([node("Conv", ["x", "w"], "c", pads=[1] * 4),
                                  node("BatchNormalization", ["c", "s", "o", "m", "v"], "n"), node("Relu", ["n"])],
                                 dict(w=w, **stats), opset=9))
    run("conv_transpose_batch_norm", model(
        [node("ConvTranspose", ["x", "w", "b"], "c", group=3, strides=[2, 2]),
         node("BatchNormalization", ["c", "s", "o", "m", "v"], "n"), node("Mul", ["n", "k"], "q"),
         node("Sub", ["one", "q"])],
        dict(w=rand(3, 2, 2, 2), b=rand(6), s=rand(6) + 1, o=rand(6), m=rand(6), v=np.abs(rand(6)) + 0.1,
             k=rand(1, 6, 1, 1), one=np.float32(1))))


def points():
    """Activations, arithmetic, dense layers."""
    for op in ["Relu", "Sigmoid", "Tanh"]:
        run(op.lower(), model([node(op, ["x"])]))
    run("leaky", model([node("LeakyRelu", ["x"], alpha=0.2)]))
    run("prelu", model([node("PRelu", ["x", "s"])], dict(s=rand(3, 1, 1))))
    run("prelu_one", model([node("PRelu", ["x", "s"])], dict(s=rand(1)), opset=9))
    run("clip_6", model([node("Clip", ["x"], min=-0.25, max=0.5)], opset=9))
    run("clip_11", model([node("Clip", ["x", "", "hi"])], dict(hi=np.float32(0.3)), opset=13))
    run("softmax_13", model([node("Softmax", ["x"], axis=1)], opset=13))
    run("softmax_11", model([node("Flatten", ["x"], "f"), node("Softmax", ["f"])], opset=11, out_rank=2))
    run("add_maps", model([node("Add", ["x", "z"])], inputs={"x": [1, 3, "H", "W"], "z": [1, 3, "H", "W"]}))
    run("mul_one_channel", model([node("Mul", ["x", "z"])], inputs={"x": [1, 3, "H", "W"], "z": [1, 1, "H", "W"]}))
    run("sub_constant", model([node("Sub", ["k", "x"])], dict(k=rand(3, 1, 1))))
    run("div_constant", model([node("Div", ["x", "k"])], dict(k=rand(1, 3, 1, 1) + 1)))
    run("sum", model([node("Sum", ["x", "x"])]))
    run("dense", model([node("GlobalAveragePool", ["x"], "p"), node("Flatten", ["p"], "f"),
                        node("Gemm", ["f", "w", "b"], "g", alpha=0.5, beta=2.0, transB=1), node("Relu", ["g"], "r"),
                        node("MatMul", ["r", "v"], "m"), node("Sigmoid", ["m"], "s"),
                        node("Reshape", ["s", "t"], "q"), node("Mul", ["x", "q"])],
                       dict(w=rand(5, 3), b=rand(1), v=rand(5, 3), t=ints(-1, 3, 1, 1)),
                       inputs={"x": [1, 3, "H", "W"]}))
    run("flatten_map", model([node("Flatten", ["x"])], inputs={"x": [1, 2, 3, 4]}, out_rank=2))
    run("vector", model([node("Gemm", ["x", "w"], "g"), node("Unsqueeze", ["g", "a"])],
                        dict(w=rand(3, 4), a=ints(2, 3)), inputs={"x": [1, 3]}))


def spaces():
    """What moves pixels."""
    deep = {"x": [1, 8, 3, 4]}
    run("depth_dcr", model([node("DepthToSpace", ["x"], blocksize=2)], inputs=deep, opset=9))
    run("depth_crd", model([node("DepthToSpace", ["x"], blocksize=2, mode="CRD")], inputs=deep, opset=13))
    run("space", model([node("SpaceToDepth", ["x"], blocksize=2)]), dict(C=3, H=4, W=6))
    scale = dict(s=np.array([1, 1, 2, 2], np.float32))
    run("upsample_7", model([node("Upsample", ["x"], scales=[1.0, 1.0, 2.0, 3.0])], opset=8))
    run("upsample_9", model([node("Upsample", ["x", "s"], mode="linear")], scale, opset=9))
    run("resize_10", model([node("Resize", ["x", "s"])], dict(s=np.array([1, 1, 1.5, 0.5], np.float32)), opset=10))
    run("resize_10_linear", model([node("Resize", ["x", "s"], mode="linear")], scale, opset=10))
    roi = dict(r=np.zeros(0, np.float32), **scale)
    for coord in ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"]:
        run("linear_" + coord, model([node("Resize", ["x", "r", "s"], mode="linear",
                                           coordinate_transformation_mode=coord)], roi, opset=11))
    run("cubic", model([node("Resize", ["x", "", "s"], mode="cubic")], scale, opset=13))
    run("cubic_sizes", model([node("Resize", ["x", "", "", "z"], mode="cubic", cubic_coeff_a=-0.5)],
                             dict(z=ints(1, 3, 9, 5)), opset=13, inputs={"x": [1, 3, "H", "W"]}))
    for mode in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
        run("nearest_" + mode, model([node("Resize", ["x", "", "s"], nearest_mode=mode)],
                                     dict(s=np.array([1, 1, 1.5, 2], np.float32)), opset=17))
    run("resize_axes", model([node("Resize", ["x", "", "s"], axes=[2, 3])],
                             dict(s=np.array([2, 3], np.float32)), opset=19))
    for mode in ("linear", "cubic"):
        run("antialias_" + mode, model([node("Resize", ["x", "", "", "z"], mode=mode, antialias=1, axes=[2, 3])],
                                       dict(z=ints(2, 2)), opset=19))
    run("resize_symmetric", model([node("Resize", ["x", "", "s"], mode="linear", axes=[2, 3],
                                        coordinate_transformation_mode="half_pixel_symmetric")],
                                  dict(s=np.array([0.5, 1.5], np.float32)), opset=19))
    crop = dict(mode="linear", coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=2.5)
    run("crop", model([node("Resize", ["x", "r", "", "z"], **crop)],
                      dict(r=np.array([0, 0, 0.1, -0.3, 1, 1, 0.7, 0.8], np.float32), z=ints(1, 3, 4, 7)), opset=13))
    run("crop_backwards", model([node("Resize", ["x", "r", "", "z"], axes=[3, 2], **crop)],
                                dict(r=np.array([0.9, 0.2, 0.1, 0.7], np.float32), z=ints(7, 4)), opset=19))  # held
    for name, mode, pads in (("pad_wrap", "wrap", (1, 2, 7, 4)), ("pad_wrap_cut", "wrap", (-1, 2, 3, -1)),
                             ("pad_reflect_cut", "reflect", (-2, 0, 1, 1))):
        run(name, model([node("Pad", ["x", "p"], mode=mode)], dict(p=ints(0, 0, *pads[:2], 0, 0, *pads[2:])), opset=19))
    run("pad_2", model([node("Pad", ["x"], pads=[0, 0, 1, 2, 0, 0, 3, 0], value=0.5)], opset=9))
    for mode in ["constant", "reflect", "edge"]:
        run("pad_" + mode, model([node("Pad", ["x", "p", "c"], mode=mode)],
                                 dict(p=ints(0, 0, 2, 1, 0, 0, 1, 2), c=np.float32(-1)), opset=13))
    run("pad_axes", model([node("Pad", ["x", "p", "", "a"], mode="edge")], dict(p=ints(1, 2, 3, 0), a=ints(3, 2)), opset=18))


def cuts():
    """Concat, slice, split, names."""
    two = {"x": [1, 3, "H", "W"], "z": [1, 2, "H", "W"]}
    run("concat", model([node("Concat", ["x", "z"], axis=1)], inputs=two))
    run("concat_rows", model([node("Concat", ["x", "x"], axis=-2)]))
    run("concat_columns", model([node("Concat", ["x", "x", "x"], axis=3)]))
    run("slice_9", model([node("Slice", ["x"], starts=[1, -5], ends=[3, 100], axes=[1, 3])], opset=9))
    run("slice_10", model([node("Slice", ["x", "s", "e", "a", "t"])],
                          dict(s=ints(0, 0, 1), e=ints(1, 2 ** 62, -1), a=ints(0, 3, 2), t=ints(1, 2, 1)), opset=13))
    parts = [node("Split", ["x"], ["p", "q"], axis=1, split=[1, 2]), node("Mul", ["p", "q"])]
    run("split_11", model(parts, opset=11))
    parts = [node("Split", ["x", "s"], ["p", "q"], axis=1), node("Mul", ["p", "q"])]
    run("split_13", model(parts, dict(s=ints(2, 1)), opset=13))
    parts = [node("Split", ["x"], ["p", "q"], axis=1), node("Sub", ["q", "p"])]
    run("split_equal", model(parts, opset=11, inputs={"x": [1, 4, "H", "W"]}))
    parts = [node("Split", ["x"], ["p", "q", "r"], axis=1, num_outputs=3), node("Concat", ["r", "p", "q"], axis=1)]
    run("split_18", model(parts, opset=18, inputs={"x": [1, 5, "H", "W"]}))
    run("names", model([node("Identity", ["x"], "i"), node("Dropout", ["i"], ["d", "mask"], name=""),
                        node("Relu", ["d"], name="")], opset=13, props=dict(task="denoise", scale="1")))
    run("dead", model([node("Shape", ["x"], "n"), node("Relu", ["x"])]))


def constants():
    """Element types, constants made by nodes, old files."""
    w = rand(2, 3, 1, 1)
    conv = [node("Conv", ["x", "w"])]
    half = numpy_helper.from_array(w.astype(np.float16), "h")
    cast = [node("Cast", ["h"], "w", to=TensorProto.FLOAT)] + conv
    run("float16", model(cast, dict(h=half)))
    run("double", model(cast, dict(h=numpy_helper.from_array(w.astype(np.float64), "h"))))
    listed = helper.make_tensor("h", TensorProto.FLOAT16, w.shape, w.astype(np.float16).ravel(), raw=False)
    run("float16_listed", model(cast, dict(h=listed)))
    bf = helper.make_tensor("h", TensorProto.BFLOAT16, [2, 3, 1, 1], [0.5, -1.25, 2, 0.75, 3, -0.125])
    run("bfloat16", model(cast, dict(h=bf)))
    for name, kind in dict(int8=np.int8, uint8=np.uint8, int32=np.int32, int64=np.int64, int16=np.int16).items():
        run("cast_" + name, model(cast, dict(h=numpy_helper.from_array(np.array(
            [-3, 100, 7, 0, -128, 1]).astype(kind).reshape(2, 3, 1, 1), "h"))))
    run("bool", model(cast, dict(h=numpy_helper.from_array(w > 0, "h"))))
    floats = helper.make_tensor("w", TensorProto.FLOAT, w.shape, w.ravel(), raw=False)
    run("float_data", model(conv, dict(w=floats)))
    const = node("Constant", [], "w", value=numpy_helper.from_array(w, ""))
    run("constant_node", model([const] + conv))
    run("constant_floats", model([node("Constant", [], "l", value_floats=[1.0, -2.0, 0.5]),
                                  node("Constant", [], "t", value_ints=[1, 3, 1, 1]),
                                  node("Reshape", ["l", "t"], "w")] + conv))
    run("old_ir", model(conv, dict(w=w), opset=9, ir=3,
                        extra=[helper.make_tensor_value_info("w", TensorProto.FLOAT, [2, 3, 1, 1])]))
    run("shape_arithmetic", model(
        [node("Shape", ["w"], "s"), node("Constant", [], "one", value_int=1), node("Gather", ["s", "one"], "c"),
         node("Unsqueeze", ["c", "zero"], "u"), node("Concat", ["u", "u", "u"], "k", axis=0),
         node("Slice", ["k", "zero", "one1"], "f"), node("Sub", ["f", "f"], "o"),
         node("Concat", ["o", "o", "f", "f", "o", "o", "o", "o"], "p", axis=0), node("Pad", ["x", "p"], "q"),
         node("Conv", ["q", "w"])],
        dict(w=w, zero=ints(0), one1=ints(1)), opset=13))
    turn = [node("Slice", ["r", "last", "least", "zero", "back"], "b"), node("Transpose", ["b"], "t", perm=[1, 0]),
            node("Reshape", ["t", "flat"], "p"), node("Pad", ["x", "p"])]  # as PyTorch writes its pads
    run("torch_pads", model(turn, dict(r=ints(2, 1, 1, 0, 0, 0, 0, 0).reshape(4, 2), last=ints(-1), zero=ints(0),
                                       least=ints(-2 ** 63 + 1), back=ints(-1), flat=ints(-1)), opset=11))
    run("fold", model([node("Mul", ["a", "b"], "m"), node("ConstantOfShape", ["s"], "k"), node("Add", ["m", "k"], "n"),
                       node("Transpose", ["n"], "t", perm=[1, 0]), node("Unsqueeze", ["t", "ax"], "w"),
                       node("Squeeze", ["w", "ax"], "v"), node("Unsqueeze", ["v", "ax"], "u"),
                       node("Conv", ["x", "u"])],
                      dict(a=rand(3, 1), b=rand(1, 2), s=ints(3, 2), ax=ints(2, 3)), opset=13))


def networks():
    """Small networks as people write them."""
    w = dict(w0=rand(4, 12, 3, 3), w1=rand(4, 4, 3, 3), w2=rand(4, 4, 3, 3), b0=rand(4), b1=rand(4), b2=rand(4),
             d=rand(6, 4, 2, 2), u=rand(6, 4, 2, 2), t=rand(12, 4, 3, 3), bt=rand(12), sl=rand(4, 1, 1))
    nodes = [node("Concat", ["x", "z"], "i", axis=1), node("SpaceToDepth", ["i"], "s", blocksize=2),
             node("Slice", ["s", "from", "to", "ax"], "c"), node("Conv", ["c", "w0", "b0"], "h", pads=[1] * 4),
             node("Conv", ["h", "w1", "b1"], "a1", pads=[1] * 4), node("PRelu", ["a1", "sl"], "a2"),
             node("Conv", ["a2", "w2", "b2"], "a3", pads=[1] * 4), node("Add", ["h", "a3"], "r"),
             node("Conv", ["r", "d"], "e", strides=[2, 2]), node("LeakyRelu", ["e"], "e2"),
             node("ConvTranspose", ["e2", "u"], "f", strides=[2, 2]), node("Add", ["f", "r"], "g"),
             node("Relu", ["g"], "g2"), node("Conv", ["g2", "t", "bt"], "o", pads=[1] * 4),
             node("DepthToSpace", ["o"], "q", blocksize=2, mode="CRD"), node("Add", ["x", "q"])]
    run("unet", model(nodes, dict(**w, **{"from": ints(0), "to": ints(12), "ax": ints(1)}),
                      inputs={"x": [1, 3, "H", "W"], "z": [1, 1, "H", "W"]},
                      props=dict(name="unet", task="denoise", licence="MIT")), dict(H=8, W=4))
    gate = [node("Conv", ["x", "w"], "c"), node("GlobalAveragePool", ["c"], "p"), node("Conv", ["p", "v"], "k"),
            node("Sigmoid", ["k"], "s"), node("Mul", ["c", "s"], "m"), node("Conv", ["x", "w3"], "one"),
            node("Add", ["m", "one"], "a"), node("Conv", ["x", "v3"], "l"), node("Conv", ["p", "v"], "pk"),
            node("Add", ["l", "pk"], "b"), node("Add", ["a", "b"])]
    run("broadcasts", model(gate, dict(w=rand(4, 3, 1, 1), v=rand(4, 4, 1, 1), w3=rand(1, 3, 1, 1), v3=rand(4, 3, 1, 1))))


def refusals():
    """Well-formed files that are not ours."""
    w = rand(2, 3, 3, 3)
    outside = numpy_helper.from_array(w, "w")
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="weights.bin")
    refuse("no_external", model([node("Conv", ["x", "w"])], dict(w=outside)), "lies in another file")
    refuse("no_op", model([node("LSTM", ["x"], name="lstm")]), 'LSTM "lstm": this kind of operator is not known')
    refuse("no_domain", model([node("Relu", ["x"], domain="com.example")]), 'com.example.Relu "relu_y"')
    refuse("no_million", model([node("Relu", ["x"])], inputs={"x": [1, 1 << 20, 4, 5]}), "1048576 x 4 x 5")
    refuse("no_gather", model([node("Gather", ["x", "i"], axis=1)], dict(i=np.array([0, 7], np.int64))), "index 7 of 3")
    refuse("no_reshape", model([node("Reshape", ["x", "s"])], dict(s=np.array([1, 5, -1], np.int64)),
                               inputs={"x": [1, 3, 4, 4]}), "cannot be split as asked")
    refuse("no_step", model([node("Slice", ["x", "s", "e", "a", "z"])],
                            {k: np.array([v], np.int64) for k, v in dict(s=0, e=2, a=2, z=0).items()}), "step of 0")
    refuse("no_matrix", model([node("MatMul", ["x", "w"])], dict(w=rand(7, 2)), inputs={"x": [1, 3, 4, 4]}), "MatMul")
    refuse("no_stride", model([node("Conv", ["x", "w"], strides=[0, 1])], dict(w=w)), "strides of 0")
    refuse("no_pads", model([node("Conv", ["x", "w"], pads=[0, 0, 0, -1])], dict(w=w)), "pads of -1")
    refuse("no_group", model([node("Conv", ["x", "w"], group=-1)], dict(w=w)), "group of -1")
    refuse("no_channels", model([node("Conv", ["x", "w"])], dict(w=w), inputs={"x": [1, 4, "H", "W"]}),
           "weights 2 x 3 do not fit 4 channels")
    refuse("no_kernel", model([node("Conv", ["x", "w"], kernel_shape=[5, 3])], dict(w=w)), "kernel_shape says 5, the weights 3")
    refuse("no_value", model([node("Conv", ["x", "gone"])]), '"gone"')
    refuse("no_cycle", model([node("Add", ["x", "b"], "a"), node("Relu", ["a"], "b"), node("Relu", ["b"])]), "need each other's results")
    refuse("no_twice", model([node("Relu", ["x"]), node("Tanh", ["x"])]), "given to two things")
    refuse("no_opset", model([node("Relu", ["x"])], opset=99), "operator set 99")
    refuse("no_attribute", model([node("Relu", ["x"], odd=1)]), '"odd" is not known')
    refuse("no_bloat", model([node("ConstantOfShape", ["s"], "k"), node("Add", ["x", "k"])],
                             dict(s=ints(1, 3, 40000, 40000))), "the network's constants")
    refuse("no_count", model([node("Conv", ["x", "w"])], dict(w=short_tensor())), "20 bytes for 6 elements")
    huge = helper.make_tensor("w", TensorProto.FLOAT, [3], [1, 2, 3])
    huge.dims[:] = [1 << 20, 1 << 20]
    refuse("no_elements", model([node("Conv", ["x", "w"])], dict(w=huge)), "impossible dimensions")
    refuse("no_type", model([node("Conv", ["x", "w"])], dict(w=helper.make_tensor(
        "w", TensorProto.STRING, [1], [b"a"]))), "elements of type 8")
    refuse("no_map_constant", model([node("Add", ["x", "k"])], dict(k=rand(1, 1, 5, 3))), "sizes 192 and 5 do not match")
    refuse("no_terminal", model([node("Erf\x1b[31m", ["x"], name="a\nb")]), 'Erf?[31m "a?b"')


def short_tensor():
    """A tensor with fewer bytes than its dimensions say."""
    t = numpy_helper.from_array(np.zeros((2, 3, 1, 1), np.float32), "w")
    t.raw_data = t.raw_data[:20]
    return t


def main():
    """Everything."""
    os.makedirs(DATA, exist_ok=True)
    for group in (convolutions, points, spaces, cuts, constants, networks, refusals):
        group()
    with open(os.path.join(DATA, "cases.txt"), "w", encoding="ascii") as f:
        f.write("\n".join(LINES) + "\n")


if __name__ == "__main__":
    main()
