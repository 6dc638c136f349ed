#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""random_lower.py - random graphs, and whether what they are lowered to computes what ONNX Runtime does. By hand:

  random_lower.py --test build/tests/lower/test_lower [--seed 1] [--count 200] [--nodes 7]

Each graph is a few nodes that read what earlier ones made, whatever its rank. Needs onnx, onnxruntime and numpy; the
files of a graph that fails stay in the folder that is named.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "formats"))
from make_onnx import ints, node, noise  # noqa: E402

onnxruntime.set_default_logger_severity(4)


def answer(nodes, init, feeds, output, opset):
    """ONNX Runtime's answer, or None."""
    infos = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v.shape) for k, v in feeds.items()]
    out = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "test", infos, [out], [numpy_helper.from_array(v, k) for k, v in init.items()])
    m = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset < 19 else 10)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(m.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return m, session.run(None, feeds)[0]
    except Exception:  # whatever it does not take is not tried
        return m, None


class Net:
    """A graph that grows."""

    def __init__(self, seed, opset):
        self.rng = np.random.default_rng(seed)
        self.opset, self.nodes, self.init, self.made = opset, [], {}, {}
        r = self.rng.integers
        shape = [[1, int(r(1, 9)), int(r(2, 9)), int(r(2, 9))], [1, int(r(1, 7)), int(r(2, 12))]][int(r(0, 5)) == 0]
        self.feeds = {"x": noise(int(np.prod(shape)), 0).reshape(shape)}
        self.made["x"] = self.feeds["x"]

    def pick(self, *options):
        """One of them."""
        return options[int(self.rng.integers(0, len(options)))]

    def number(self, low, high):
        """low <= n < high"""
        return int(self.rng.integers(low, max(high, low + 1)))

    def const(self, array):
        """A constant's name."""
        name = f"k{len(self.init)}"
        self.init[name] = np.asarray(array)
        return name

    def weight(self, *shape):
        """A constant of noise."""
        return self.const((self.rng.random(shape) - 0.5).astype(np.float32))

    def value(self, rank=None):
        """Something that is there, rather late than early; None: nothing of that rank."""
        names = [k for k, v in self.made.items() if rank is None or v.ndim == rank]
        return names[max(self.number(0, len(names)), self.number(0, len(names)))] if names else None

    def operand(self, v):
        """What broadcasts with v: something that is there, or a constant."""
        names = []
        for k, u in self.made.items():
            try:
                np.broadcast_shapes(u.shape, v.shape)
                names.append(k)
            except ValueError:
                pass
        if self.number(0, 3):
            return names[self.number(0, len(names))]
        shape = [d if self.number(0, 2) else 1 for d in v.shape][self.number(0, v.ndim + 1):]
        return self.weight(*shape)

    def propose(self):
        """A node, more or less sensible."""
        x = self.value()
        v = self.made[x]
        axis = self.number(-v.ndim, v.ndim)
        kind = self.number(0, 36) if v.ndim else 20
        r = lambda *o: self.pick(*o)  # noqa: E731
        if 3 <= v.ndim <= 5 and kind == 0:
            k, space = r(1, 3), v.ndim - 2
            return "Conv", [x, self.weight(r(1, 3, 4), v.shape[1], *[k] * space)], dict(pads=[r(0, 1)] * 2 * space, strides=[r(1, 1, 2)] * space)
        if 3 <= v.ndim <= 5 and kind == 1 and min(v.shape[2:]) >= 3:  # what does not fit is not refused by everybody
            k, space = r(2, 3), v.ndim - 2
            return r("MaxPool", "AveragePool"), [x], dict(kernel_shape=[k] * space, strides=[r(1, 2)] * space, pads=[r(0, 1)] * 2 * space, ceil_mode=r(0, 1))
        if 3 <= v.ndim <= 5 and kind == 2:
            return "ConvTranspose", [x, self.weight(v.shape[1], r(1, 3), *[2] * (v.ndim - 2))], dict(strides=[r(1, 2)] * (v.ndim - 2))
        if kind in (3, 4, 5):
            perm = [int(i) for i in self.rng.permutation(v.ndim)]
            if v.ndim == 4 and self.number(0, 3):
                perm = r([0, 2, 3, 1], [0, 3, 1, 2], [0, 2, 1, 3])
            return "Transpose", [x], dict(perm=perm)
        if kind in (6, 7):
            return "Reshape", [x, self.const(ints(*self.cut(v)))], {}
        if kind in (8, 9):
            n = self.number(1, 3)
            axes = [int(i) for i in self.rng.permutation(v.ndim)[:n]]
            lists = [[self.number(-v.shape[a] - 1, v.shape[a] + 2) for a in axes] for _ in range(2)]
            return "Slice", [x] + [self.const(ints(*u)) for u in lists + [axes, [r(1, 1, 1, 2, -1, -2) for _ in axes]]], {}
        if kind == 10:
            return "Concat", [x] + [self.value(v.ndim) for _ in range(self.number(1, 3))], dict(axis=axis)
        if kind == 11:
            p = [r(0, 0, 1, 2, -1) for _ in range(2 * v.ndim)]
            if self.number(0, 3):
                p = [0 if i % v.ndim < v.ndim - 2 else q for i, q in enumerate(p)]
            return "Pad", [x, self.const(ints(*p))], dict(mode=r("constant", "reflect", "edge"))
        if kind in (12, 13):
            axes = [int(i) for i in self.rng.permutation(v.ndim)[:self.number(1, 3)]]
            if v.ndim == 4 and self.number(0, 2):
                axes = r([2, 3], [1], [1, 2], [3])
            return r("ReduceMean", "ReduceMax", "ReduceL2", "ReduceMin", "ReduceLogSumExp"), [x], dict(axes=axes, keepdims=r(0, 1))
        if kind in (14, 15, 16):
            op, pair = r("Add", "Sub", "Mul", "Max", "Min"), [x, self.operand(v)]
            return op, pair[::r(1, -1)], {}
        if kind == 17:
            return r("Relu", "Sigmoid", "Tanh", "Abs", "HardSwish", "LeakyRelu", "Elu", "Softplus", "Erf", "Neg"), [x], {}
        if kind == 18:
            return "Softmax", [x], dict(axis=axis)
        if kind == 19:
            many = [self.number(-v.shape[axis], v.shape[axis]) for _ in range(self.number(1, 4))]
            return "Gather", [x, self.const(ints(*many) if self.number(0, 3) else np.int64(many[0]))], dict(axis=axis)
        if kind == 20:
            return "Unsqueeze", [x, self.const(ints(self.number(0, v.ndim + 1)))], {}
        if kind == 21:
            ones = [i for i, d in enumerate(v.shape) if d == 1]
            return "Squeeze", [x, self.const(ints(*ones[:self.number(1, 3)]))] if ones else [x], {}
        if kind == 22:
            return r("DepthToSpace", "SpaceToDepth"), [x], dict(blocksize=2)
        if kind == 23 and v.ndim == 4:
            s = self.const(np.array([1, 1, r(1, 2, 1.5, 0.5), r(1, 2, 0.75)], np.float32))
            return "Resize", [x, "", s], dict(mode=r("nearest", "linear", "cubic"), coordinate_transformation_mode=r("half_pixel", "asymmetric"))
        if kind == 24 and v.ndim >= 2:
            return r(("MatMul", [x, self.weight(v.shape[-1], r(1, 3, 5))], {}), ("InstanceNormalization", [x, self.weight(v.shape[1]), self.weight(v.shape[1])], {}),
                     ("LayerNormalization", [x, self.weight(v.shape[-1]), self.weight(v.shape[-1])], dict(axis=-1)),
                     ("PRelu", [x, self.weight(*r([v.shape[1]] + [1] * (v.ndim - 2), [1], [v.shape[-1]]))], {}), ("GlobalAveragePool", [x], {}))
        if kind == 25:
            return "Flatten", [x], dict(axis=self.number(0, min(3, v.ndim + 1)))
        if kind in (26, 27, 28) and v.ndim >= 4:
            return self.shuffle(x, v)
        if kind == 29 and v.ndim > 1:
            c = v.shape[1]
            return r(("BatchNormalization", [x, self.weight(c), self.weight(c), self.weight(c), self.const(np.full(c, 0.7, np.float32))], {}),
                     ("LRN", [x], dict(size=3, alpha=0.5)), ("GlobalMaxPool", [x], {}))
        if kind == 30:
            shape = [d if d > 1 else r(1, 2, 3) for d in v.shape]
            return r(("Expand", [x, self.const(ints(*(r([], [1], [2]) + shape)))], {}), ("Tile", [x, self.const(ints(*[r(1, 1, 2) for _ in v.shape]))], {}))
        if kind == 31:
            pair = [self.operand(v), x][::r(1, -1)]
            shape = [d if self.number(0, 2) else 1 for d in v.shape][self.number(0, v.ndim + 1):]
            return "Where", [self.const(self.rng.random(shape) > 0.4)] + pair, {}
        if kind == 32:
            return r(("Clip", [x, self.const(np.float32(-0.2)), self.const(np.float32(0.3))], {}), ("Pow", [x, self.const(np.float32(2))], {}),
                     ("Div", [x, self.const(np.float32(r(-3, 0.5)) * np.ones([r(1, v.shape[-1])], np.float32))], {}), ("Sum", [x, self.operand(v), self.operand(v)], {}))
        if kind == 33 and v.ndim == 2:
            return "Gemm", [x, self.weight(v.shape[1], 3), self.weight(3)], dict(alpha=0.5, beta=2.0)
        if kind == 34 and v.ndim >= 2:
            y = self.value()
            return "MatMul", [x, y], {}
        size = v.shape[axis]
        first = self.number(1, size)
        return "Split", [x, self.const(ints(first, size - first))], dict(axis=axis)

    def cut(self, v):
        """Dimensions with as many elements: factors joined and split."""
        dims = list(v.shape)
        for _ in range(self.number(1, 4)):
            i = self.number(0, len(dims))
            if self.number(0, 2) and i + 1 < len(dims):
                dims[i:i + 2] = [dims[i] * dims[i + 1]]
            elif len(dims) < 6:
                parts = [d for d in range(1, dims[i] + 1) if dims[i] % d == 0]
                d = parts[self.number(0, len(parts))]
                dims[i:i + 1] = [d, dims[i] // d]
        return dims

    def shuffle(self, x, v):
        """A step of a pixel shuffle or a channel shuffle, one way or the other round."""
        d = list(v.shape)
        if v.ndim == 4:
            a, b = (d[1] // 4, 2) if d[1] % 4 == 0 else (d[1], 1)
            cuts = [[d[0], a, b, b] + d[2:], [d[0], b, b, a] + d[2:], [d[0], d[1], d[2] // 2, 2, d[3] // 2, 2], [d[0], 2, d[1] // 2] + d[2:],
                    [d[0], 2, d[1] // 2, d[2] * d[3]], d[:3] + [b, b, d[3] // 4]]
            return "Reshape", [x, self.const(ints(*self.pick(*cuts)))], {}
        if self.number(0, 2) and v.ndim < 7:
            perms = {5: [[0, 2, 1, 3, 4]], 6: [[0, 1, 4, 2, 5, 3], [0, 3, 4, 1, 5, 2], [0, 1, 3, 5, 2, 4], [0, 3, 5, 1, 2, 4], [0, 1, 3, 2, 4, 5]]}
            return "Transpose", [x], dict(perm=self.pick(*perms[v.ndim]))
        at = sorted(int(i) for i in self.rng.permutation(v.ndim - 1)[:3] + 1)
        groups = [d[i:j] for i, j in zip([0] + at, at + [v.ndim])]
        return "Reshape", [x, self.const(ints(*[int(np.prod(g)) for g in groups]))], {}

    def grow(self):
        """One more node, if ONNX Runtime takes it and the result is of an ordinary size."""
        op, inputs, attributes = self.propose()
        name = f"v{len(self.nodes)}"
        n = node(op, inputs, ["u" + name, name] if op == "Split" else name, **{k: a for k, a in attributes.items() if a != []})
        feeds = {k: self.made[k] for k in inputs if k in self.made}
        _, got = answer([n], {k: self.init[k] for k in inputs if k in self.init}, feeds, name, self.opset)
        if got is not None and 0 < got.size < 4000 and got.ndim < 7 and np.all(np.isfinite(got)) and np.abs(got).max() < 1000:
            self.nodes.append(n)
            self.made[name] = got


def build(seed, count):
    """A graph's file and its lines of cases.txt."""
    net = Net(seed, [17, 17, 11, 12, 13, 18, 21][seed % 7])
    for _ in range(4 * count):
        if len(net.nodes) < count:
            net.grow()
    if not net.nodes:
        return None
    used = {i for n in net.nodes for i in n.input}
    m, got = answer(net.nodes, {k: v for k, v in net.init.items() if k in used}, net.feeds, net.nodes[-1].output[0], net.opset)
    if got is None:
        return None
    x = net.feeds["x"]
    lines = [" ".join(map(str, ["in", x.ndim] + list(x.shape))),
             " ".join(map(str, ["out", got.ndim] + list(got.shape) + [f"{v:.6g}" for v in got.ravel()]))]
    return m, lines


def main():
    """Graph after graph."""
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--test", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--nodes", type=int, default=7)
    o = p.parse_args()
    top = tempfile.mkdtemp(prefix="random_lower.")
    data = os.path.join(top, "tests", "lower", "data")
    os.makedirs(data)
    failed = 0
    for seed in range(o.seed, o.seed + o.count):
        made = build(seed, o.nodes)
        if not made:
            continue
        with open(os.path.join(data, f"net{seed}.onnx"), "wb") as f:
            f.write(made[0].SerializeToString())
        with open(os.path.join(data, "cases.txt"), "w", encoding="ascii") as f:
            f.write("\n".join([f"case net{seed}"] + made[1]) + "\n")
        run = subprocess.run([o.test], env=dict(os.environ, abs_top_srcdir=top, CNNIMG_TEST_FEW="1"), capture_output=True, text=True, check=False)
        if run.returncode:
            failed += 1
            print(run.stdout + run.stderr, seed, flush=True)
        else:
            os.remove(os.path.join(data, f"net{seed}.onnx"))
    print(f"{failed} of {o.count} graphs failed; files in {data}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
