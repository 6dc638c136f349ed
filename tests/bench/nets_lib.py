# SPDX-License-Identifier: MIT
"""nets_lib.py - writes a network layer by layer as ONNX: seeded He-scaled weights, sizes open or fixed."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Net:
    """Values are names; .channels says how many channels each has. The same seed gives the same weights in every form."""

    def __init__(self, name, channels, size=None, last=1.0, seed=2026):
        self.name, self.size, self.last, self.seen_last = name, size, last, False
        self.rng = np.random.default_rng([seed, *name.encode()])
        self.nodes, self.held, self.channels, self.count = [], [], {}, 0
        self.x = "input"
        self.channels[self.x] = channels
        self.dims = [1, channels, *(size or ("H", "W"))]  # size: (height, width)

    # ---- one node --------------------------------------------------------------------------------

    def hold(self, array, hint):
        name = f"{hint}{len(self.held)}"
        self.held.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, inputs, channels, outputs=1, **attributes):
        out = [f"v{self.count + i}" for i in range(outputs)]
        self.count += outputs
        self.nodes.append(helper.make_node(op, inputs, out, **attributes))
        for name in out:
            self.channels[name] = channels
        return out[0] if outputs == 1 else out

    def same(self, op, *inputs, **attributes):
        """As many channels as the first input has."""
        return self.node(op, list(inputs), self.channels[inputs[0]], **attributes)

    # ---- layers with weights --------------------------------------------------------------------

    def weights(self, shape, fan_in, gain, last):
        """He et al. 2015; filters of no sum, so that what differs between pixels survives many layers."""
        w = self.rng.normal(0, gain * (2 / fan_in) ** 0.5, shape)
        if w[0].size > 1:
            w -= w.reshape(shape[0], -1).mean(1).reshape(-1, *[1] * (len(shape) - 1))
        self.seen_last |= last
        return (w * (self.last if last else 1)).astype(np.float32)

    def bias(self, n, last):
        return (self.rng.normal(0, 0.05, n) * (self.last if last else 1)).astype(np.float32)

    def conv(self, x, out, k=3, act=None, stride=1, dilation=1, groups=1, bias=True, pad=None, gain=1.0, last=False):
        """last: the layer whose scale makes the output's deviation what it should be."""
        per = self.channels[x] // groups
        inputs = [x, self.hold(self.weights((out, per, k, k), per * k * k, gain, last), "w")]
        if bias:
            inputs.append(self.hold(self.bias(out, last), "b"))
        pad = dilation * (k - 1) // 2 if pad is None else pad
        y = self.node("Conv", inputs, out, kernel_shape=[k, k], strides=[stride] * 2, dilations=[dilation] * 2,
                      group=groups, pads=[pad] * 4)
        return self.activate(y, act)

    def conv_transpose(self, x, out, k, stride, pad=0, extra=0, bias=True, last=False):
        per = self.channels[x]
        w = self.weights((out, per, k, k), per * k * k / stride ** 2, 1.0, last).transpose(1, 0, 2, 3)
        inputs = [x, self.hold(w, "w")]
        if bias:
            inputs.append(self.hold(self.bias(out, last), "b"))
        return self.node("ConvTranspose", inputs, out, kernel_shape=[k, k], strides=[stride] * 2, pads=[pad] * 4,
                         output_padding=[extra] * 2)

    def activate(self, y, act):
        if act is None:
            return y
        if act == "relu":
            return self.same("Relu", y)
        if act == "prelu":
            slopes = self.rng.uniform(0.1, 0.3, (self.channels[y], 1, 1)).astype(np.float32)
            return self.same("PRelu", y, self.hold(slopes, "slope"))
        return self.same("LeakyRelu", y, alpha=act)

    def scale(self, x, low, high):
        """One factor a channel, as NAFNet's beta and gamma."""
        c = self.channels[x]
        return self.same("Mul", x, self.hold(self.rng.uniform(low, high, (1, c, 1, 1)).astype(np.float32), "scale"))

    # ---- layers without -----------------------------------------------------------------------------

    def add(self, x, y):
        return self.same("Add", x, y)

    def times(self, x, number):
        return self.same("Mul", x, self.hold(np.float32(number), "number"))

    def shuffle(self, x, r):
        """PyTorch's PixelShuffle."""
        return self.node("DepthToSpace", [x], self.channels[x] // r ** 2, blocksize=r, mode="CRD")

    def unshuffle(self, x, r):
        return self.node("SpaceToDepth", [x], self.channels[x] * r ** 2, blocksize=r)

    def nearest(self, x, r):
        scales = self.hold(np.array([1, 1, r, r], np.float32), "scales")
        return self.same("Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric",
                         nearest_mode="floor")

    def concat(self, *parts):
        return self.node("Concat", list(parts), sum(self.channels[p] for p in parts), axis=1)

    def split(self, x, *parts):
        out = self.node("Split", [x, self.hold(np.array(parts, np.int64), "parts")], 0, outputs=len(parts), axis=1)
        for name, c in zip(out, parts):
            self.channels[name] = c
        return out

    def mean(self, x, *axes):
        return self.same("ReduceMean", x, axes=list(axes), keepdims=1)

    def map_of(self, x, value, factor):
        """One channel of one number, as large as x, which has 1/factor of the input's height and width."""
        if self.size:
            return self.known(self.hold(np.full((1, 1, *(n // factor for n in self.size)), value, np.float32), "map"), 1)
        sizes = self.node("Slice", [self.same("Shape", x), self.hold(np.array([2], np.int64), "from"),
                                    self.hold(np.array([4], np.int64), "to")], 0)
        whole = self.node("Concat", [self.hold(np.array([1, 1], np.int64), "one"), sizes], 0, axis=0)
        return self.node("Expand", [self.hold(np.full((1, 1, 1, 1), value, np.float32), "map"), whole], 1)

    def known(self, name, channels):
        self.channels[name] = channels
        return name

    # ---- the file -------------------------------------------------------------------------------------

    def model(self, y):
        assert self.seen_last, self.name
        self.nodes[-1].output[0] = "output"
        c = self.channels[y]
        graph = helper.make_graph(
            self.nodes, self.name, [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.dims)],
            [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, c, *self.out_dims()])], self.held)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8,
                                  producer_name="cnnimg bench")
        onnx.checker.check_model(model)
        return model

    def out_dims(self):
        return ["OH", "OW"] if not self.size else [None, None]
