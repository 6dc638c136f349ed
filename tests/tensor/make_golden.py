#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_golden.py - examples of operations on arrays: element by element, moves, reductions, products.

Writes golden.txt and golden.bin beside itself, see golden.py.
"""
import numpy as np
from onnx import TensorProto

from golden import case, rng, write

F, I, B = np.float32, np.int64, np.bool_
INF, NAN = np.inf, np.nan
FAR = 2**63 - 1
SPECIAL = np.array([-INF, -3.5, -1.0, -0.5, -0.0, 0.0, 0.25, 0.5, 1.0, 1.5, 2.5, 100.0, INF, NAN], F)


def draw(name, *dims, scale=2.0):
    return np.asarray(rng(name).standard_normal(dims) * scale).astype(F)


def ints(name, *dims, low=-9, high=10):
    return rng(name).randint(low, high, dims).astype(I)


def truths(name, *dims):
    return np.asarray(rng(name).random_sample(dims) < 0.5)


def i64(*v):
    return np.array(v, I)


def passing():
    case("floats", "Identity", [draw("identity", 2, 3)])
    case("integers", "Identity", [i64(1, 2**40)], wide=True)
    case("number", "Identity", [np.array(2.5, F)])
    case("empty", "Identity", [np.zeros((2, 0, 3), F)])


def functions():
    everywhere = ["Relu", "Softplus", "Softsign", "HardSwish", "Sigmoid", "Tanh", "Erf", "Mish", "Abs", "Neg", "Exp",
                  "Floor", "Ceil", "Round", "Sign", "Sin", "Cos", "Tan", "Atan", "Sinh", "Cosh", "Asinh"]
    for op in everywhere:
        case("values", op, [draw(op, 3, 5, 7)])
    for op in ("Relu", "Sigmoid", "Tanh", "Abs", "Neg", "Exp", "Floor", "Ceil", "Sign", "Atan", "Sqrt", "Log"):
        with np.errstate(all="ignore"):
            case("special", op, [SPECIAL])
    case("halves", "Round", [np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.4999, 8388607.5], F)])
    for op in ("Sqrt", "Log", "Reciprocal"):
        case("positive", op, [np.abs(draw(op, 4, 6)) + F(0.1)])
    for op in ("Asin", "Acos", "Atanh"):
        case("inside", op, [np.linspace(-0.99, 0.99, 23, dtype=F)])
    case("above 1", "Acosh", [np.linspace(1, 9, 21, dtype=F)])
    case("old", "Sigmoid", [draw("old", 3)], opset=7)
    case("large", "Softplus", [np.array([-200, -30, 0, 30, 200], F)], take="runtime")
    case("large", "Sigmoid", [np.array([-200, -30, 0, 30, 200], F)])
    case("scalar", "Sigmoid", [np.array(0.5, F)])
    case("empty", "Relu", [np.zeros((0, 3), F)])
    for op, how in (("LeakyRelu", dict(alpha=0.125)), ("Elu", dict(alpha=1.5)), ("Celu", dict(alpha=1.5)),
                    ("Selu", dict(alpha=1.25, gamma=0.75)), ("HardSigmoid", dict(alpha=0.3, beta=0.4)),
                    ("ThresholdedRelu", dict(alpha=0.75)), ("Shrink", dict(lambd=0.75, bias=0.25))):
        case("defaults", op, [draw(op + "d", 4, 9)])
        case("parameters", op, [draw(op + "p", 4, 9)], **how)
    case("exact", "Gelu", [draw("gelu", 4, 9)], opset=20)
    case("tanh", "Gelu", [draw("gelu2", 4, 9)], opset=20, approximate="tanh")
    case("none", "Gelu", [draw("gelu3", 4, 9)], opset=20, approximate="none")
    for op in ("Abs", "Neg", "Sign", "Relu"):
        case("integers", op, [ints(op, 3, 5)])
        case("wide", op, [i64(-2**62 - 1, -1, 0, 1, 2**62 + 1)], wide=True)
    case("least", "Neg", [i64(-2**63, 2**63 - 1)], wide=True, expected={0: i64(-2**63, -2**63 + 1)})
    case("least", "Abs", [i64(-2**63, 5)], wide=True, expected={0: i64(-2**63, 5)})
    case("truths", "Not", [truths("not", 4, 3)])
    case("special", "IsNaN", [SPECIAL])
    case("special", "IsInf", [SPECIAL])
    case("negative", "IsInf", [SPECIAL], detect_positive=0)
    case("positive", "IsInf", [SPECIAL], detect_negative=0)
    case("neither", "IsInf", [SPECIAL], detect_negative=0, detect_positive=0)


def clips():
    x = draw("clip", 3, 7)
    case("attributes", "Clip", [x], opset=6 + 1, min=-0.5, max=0.75)
    case("lower attribute", "Clip", [x], opset=10, min=-0.5)
    case("no attributes", "Clip", [x], opset=10)
    case("inputs", "Clip", [x, np.array(-0.5, F), np.array(0.75, F)], opset=11)
    case("known", "Clip", [x, np.array(-0.5, F), np.array(0.75, F)], opset=13, known=(1, 2))
    case("upper", "Clip", [x, None, np.array(0.75, F)])
    case("lower", "Clip", [x, np.array(0.25, F)])
    case("neither", "Clip", [x])
    case("crossed", "Clip", [x, np.array(2, F), np.array(1, F)])
    case("special", "Clip", [SPECIAL, np.array(-1, F), np.array(1, F)])
    case("integers", "Clip", [ints("clip i", 3, 7), np.array(-3, I), np.array(4, I)])
    case("wide", "Clip", [i64(-2**60, 5, 2**60), np.array(-2**59, I), np.array(2**59 + 1, I)], wide=True)
    case("integers, upper", "Clip", [ints("clip i2", 3, 7), None, np.array(4, I)])


SHAPES = [("equal", (2, 3, 4), (2, 3, 4)), ("scalar", (2, 3, 4), ()), ("scalar first", (), (2, 3, 4)),
          ("one", (2, 3, 4), (1,)), ("row", (2, 3, 4), (4,)), ("column", (2, 3, 4), (3, 1)),
          ("channel", (2, 3, 2, 2), (3, 1, 1)), ("both", (2, 1, 4), (3, 1)), ("outer", (5, 1), (1, 4)),
          ("batch", (3, 2, 2), (3, 1, 2)), ("ranks", (2, 1, 3, 1, 2), (4, 1, 5, 1)), ("scalars", (), ()),
          ("empty", (2, 0, 3), (1, 3)), ("eight", (1, 2, 1, 2, 1, 2, 1, 2), (2, 1, 2, 1, 2, 1, 2, 1))]


def arithmetic():
    for op in ("Add", "Sub", "Mul", "Div"):
        for name, a, b in SHAPES:
            if op in ("Sub", "Div") or name in ("equal", "column"):
                x, y = draw(op + name, *a), draw(op + name + "b", *b)
                if op == "Div":
                    y = np.sign(y) * (np.abs(y) + F(0.5))
                case(name, op, [x, y.astype(F)])
        x, y = ints(op + "i", 2, 3, 7), ints(op + "j", 3, 1, low=1)
        case("integers", op, [x, y])
        case("integers and known", op, [x, y], known=(1,))
        case("known and integers", op, [x, y], known=(0,))
    case("long", "Add", [draw("long", 700), draw("long2", 1)])
    case("long integers", "Mul", [ints("long", 700), ints("long2", 700)], known=(1,))
    case("old", "Add", [draw("old", 2, 3), draw("old2", 3)], opset=7)
    case("by zero", "Div", [SPECIAL, np.zeros(1, F)])
    case("signs", "Div", [i64(-7, 7, -7, 7, -1, 0), i64(2, -2, -2, 2, 5, 3)], take="runtime")
    case("not exact", "Div", [i64(16777215, 16777213, -16777215), i64(16777216, 4, 2)], take="runtime")
    case("zero and least", "Div", [i64(5, -2**63, -2**63, 2**63 - 1), i64(0, -1, 2, 2)], wide=True,
         expected={0: i64(0, -2**63, -2**62, 2**62 - 1)})
    for op, want in (("Add", i64(-2**63, 2**62 + 2**54 + 1)), ("Sub", i64(2**63 - 2, 2**62 - 2**54 + 1)),
                     ("Mul", i64(2**63 - 1, 2**54))):
        case("wraps", op, [i64(2**63 - 1, 2**62 + 1), i64(1, 2**54)], wide=True, expected={0: want})
    powers()
    remainders()


def powers():
    base = np.abs(draw("pow", 2, 3, 4)) + F(0.1)
    for name, a, b in SHAPES[:6]:
        case(name, "Pow", [np.abs(draw("pow" + name, *a)) + F(0.1), draw("power" + name, *b)])
    case("square", "Pow", [draw("square", 3, 4), np.array(2, F)])
    case("old", "Pow", [base, draw("power", 4)], opset=7)
    case("by integers", "Pow", [draw("powi", 3, 4), i64(0, 1, 2, 3)])
    case("integers", "Pow", [i64(-3, 2, 0, 1, 10), i64(3, 10, 0, 60, 7)])
    case("integers by floats", "Pow", [i64(3, 2, 10, 4), np.array([2, 10, 3, 0.5], F)], take="runtime")
    case("wide", "Pow", [i64(3, -7, 10), i64(39, 21, 18)], wide=True)


def remainders():
    a, b = i64(-7, 7, -7, 7, 6, 0, -6), i64(3, -3, -3, 3, 3, 5, 3)
    case("integers", "Mod", [a, b])
    case("dividend's sign", "Mod", [a, b], fmod=1)
    case("broadcast", "Mod", [ints("mod", 3, 5), ints("mod2", 5, low=1)])
    case("floats", "Mod", [draw("modf", 3, 5), draw("modf2", 5)], fmod=1)
    case("zero and least", "Mod", [i64(5, -2**63, 2**62 + 1), i64(0, -1, 2**61)], wide=True,
         expected={0: i64(0, 0, 1)})


def comparisons():
    for op in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
        for name, a, b in SHAPES[:8]:
            if op in ("Less", "Equal") or name in ("equal", "column"):
                case(name, op, [np.round(draw(op + name, *a)), np.round(draw(op + name + "b", *b))])
        case("integers", op, [ints(op, 3, 5, low=-2, high=3), ints(op + "b", 5, low=-2, high=3)])
        case("wide", op, [i64(2**60, 2**60 + 1, 2**60), i64(2**60, 2**60, 2**60 + 1)], wide=True)
        with np.errstate(all="ignore"):
            case("special", op, [SPECIAL, SPECIAL[::-1].copy()])
    case("truths", "Equal", [truths("eq", 3, 4), truths("eq2", 4)])
    for op in ("And", "Or", "Xor"):
        for name, a, b in SHAPES[:8]:
            case(name, op, [truths(op + name, *a), truths(op + name + "b", *b)])


def several():
    x, y, z = draw("several", 2, 3, 4), draw("several2", 3, 1), draw("several3", 4)
    for op in ("Min", "Max", "Sum", "Mean"):
        case("one", op, [x])
        case("two", op, [x, y], opset=8)
        case("three", op, [y, x, z])
        case("small first", op, [z, y, x])
        if op in ("Min", "Max"):
            case("integers", op, [ints(op, 3, 4), ints(op + "b", 4)])
            case("wide", op, [i64(2**60, 5), i64(2**60 + 1, 6)], wide=True)
            case("special", op, [SPECIAL, np.array([0.1], F)])


def choices():
    for name, a, b in SHAPES[:8]:
        case(name, "Where", [truths("where" + name, *a), draw("w" + name, *b), draw("v" + name, *a)])
    case("three ways", "Where", [truths("where", 3, 1, 1), draw("w", 4, 1), draw("v", 5)])
    case("integers", "Where", [truths("wi", 3, 4), ints("wi1", 4), ints("wi2", 3, 1)], known=(1,))
    case("wide", "Where", [truths("ww", 3), i64(2**60 + 1, 2, 3), np.array(2**60 + 3, I)], wide=True)
    x = draw("prelu", 2, 3, 4, 5)
    for name, dims in (("channel", (3, 1, 1)), ("one", (1,)), ("last", (5,)), ("all", (2, 3, 4, 5))):
        case(name, "PRelu", [x, draw("slope" + name, *dims)])
    case("old", "PRelu", [x, draw("slope", 3, 1, 1)], opset=7)
    case("integers", "PRelu", [ints("prelu", 3, 4), ints("prelu2", 4)], take="reference")


def casts():
    x = np.array([-2.75, -1.0, -0.5, 0.0, 0.25, 0.999, 1.0, 3.9, 200.5], F)
    for name, to in (("float", TensorProto.FLOAT), ("double", TensorProto.DOUBLE), ("int32", TensorProto.INT32),
                     ("int64", TensorProto.INT64), ("bool", TensorProto.BOOL)):
        case("floats to " + name, "Cast", [x], to=int(to))
        case("integers to " + name, "Cast", [ints("cast", 3, 4)], to=int(to))
        case("truths to " + name, "Cast", [truths("cast", 3, 4)], to=int(to))
    wild = np.concatenate([draw("half", 200, scale=100.0), np.array([65504, 65519, 65520, 70000, -70000, 6.1e-5, 5.9e-5,
                          3e-8, 2.9e-8, 2.98e-8, 1e-9, 1.0009765, 1.00048828125, 1.00146484375, 0, INF, -INF, NAN], F)])
    with np.errstate(all="ignore"):
        case("to half", "Cast", [wild], to=int(TensorProto.FLOAT16), tolerance=0.0,
             expected={0: wild.astype(np.float16).astype(F)})
        case("to brain", "Cast", [wild], to=int(TensorProto.BFLOAT16), tolerance=0.0, expected={0: brain(wild)})
    case("wide", "Cast", [i64(2**60 + 1, -2**62)], to=int(TensorProto.INT64), wide=True)
    case("old", "Cast", [x], opset=7, to=int(TensorProto.INT32))
    case("to floats", "CastLike", [ints("like", 3), draw("like", 1)])
    case("to integers", "CastLike", [x, ints("like2", 1)])
    case("to truths", "CastLike", [x, truths("like3", 1)])


def brain(x):
    """Rounded to bfloat16, ties to even, by PyTorch's arithmetic on bits."""
    import torch
    return torch.from_numpy(x).to(torch.bfloat16).to(torch.float32).numpy()


def sizes():
    x = draw("shape", 2, 3, 4)
    case("all", "Shape", [x], opset=7)
    case("from 1", "Shape", [x], start=1)
    case("last", "Shape", [x], start=-1)
    case("to -1", "Shape", [x], end=-1)
    case("1 to 2", "Shape", [x], start=1, end=2)
    case("far", "Shape", [x], start=-9, end=9)
    case("crossed", "Shape", [x], start=2, end=1)
    case("number", "Shape", [np.array(1, F)])
    case("empty", "Shape", [np.zeros((3, 0), F)])
    for name, a in (("all", x), ("number", np.array(1, F)), ("empty", np.zeros((3, 0), F))):
        case(name, "Size", [a])


def constants():
    case("tensor", "Constant", value=draw("constant", 2, 3))
    case("integers", "Constant", value=ints("constant", 2, 3))
    case("truths", "Constant", value=truths("constant", 3))
    case("number", "Constant", value=np.array(3, I))
    case("float", "Constant", value_float=2.5)
    case("floats", "Constant", value_floats=[2.5, -1.25])
    case("int", "Constant", value_int=7)
    case("ints", "Constant", value_ints=[7, -8, 9])
    case("wide", "Constant", value_int=2**60 + 1, wide=True)
    case("default", "ConstantOfShape", [i64(2, 3)], known=(0,))
    case("float", "ConstantOfShape", [i64(2, 3)], known=(0,), value=np.array([1.5], F))
    case("int", "ConstantOfShape", [i64(4)], known=(0,), value=np.array([-3], I))
    case("truth", "ConstantOfShape", [i64(4)], known=(0,), value=np.array([True]))
    case("number", "ConstantOfShape", [np.zeros(0, I)], known=(0,), value=np.array([5], I))
    case("empty", "ConstantOfShape", [i64(3, 0)], known=(0,))
    known = (0, 1, 2)
    for name, v in (("up", (2, 9, 3)), ("down", (9, 2, -3)), ("none", (5, 2, 1)), ("exact", (0, 9, 3)), ("one", (0, 1, 5))):
        case("integers " + name, "Range", [np.array(i, I) for i in v], known=known)
        case("floats " + name, "Range", [np.array(i, F) for i in v], known=known)
    case("fractions", "Range", [np.array(i, F) for i in (0.5, 2.25, 0.25)], known=known)
    case("wide", "Range", [np.array(i, I) for i in (2**60, 2**60 + 5, 2)], known=known, wide=True)


def patterns():
    for k in (-1, 0, 2):
        case(f"k {k}", "EyeLike", [draw("eye", 3, 4)], k=k)
    case("integers", "EyeLike", [draw("eye", 4, 3)], dtype=int(TensorProto.INT64))
    case("of integers", "EyeLike", [ints("eye", 2, 3)])
    x = draw("trilu", 2, 4, 5)
    for upper in (0, 1):
        for k in (-9, -2, 0, 1, 9):
            case(f"upper {upper} k {k}", "Trilu", [x, np.array(k, I)], upper=upper)
        case(f"upper {upper}", "Trilu", [x], upper=upper)
        case(f"integers {upper}", "Trilu", [ints("trilu", 3, 4), np.array(1, I)], upper=upper)
    case("empty", "Trilu", [np.zeros((0, 4), F)])
    values = np.array([-1, 4], F)
    for axis in (-1, 0, 1):
        case(f"axis {axis}", "OneHot", [ints("hot", 2, 3, low=-5, high=5), np.array(5, I), values], axis=axis, known=(1,))
    case("outside", "OneHot", [i64(0, 5, 9, -5, -6), np.array([5], I), values], known=(1,), take="runtime")
    case("number", "OneHot", [np.array(2, I), np.array(4, I), i64(0, 1)], known=(1,), take="reference")
    for name, a in (("floats", np.round(draw("zero", 3, 4, scale=0.7))), ("integers", ints("zero", 7, low=-1, high=2)),
                    ("truths", truths("zero", 2, 2, 3)), ("none", np.zeros((2, 3), F)), ("empty", np.zeros((0, 3), F))):
        case(name, "NonZero", [a], known=(0,))
    x = draw("cumsum", 2, 3, 4)
    for axis in (0, 1, -1):
        case(f"axis {axis}", "CumSum", [x, np.array(axis, I)])
    case("exclusive", "CumSum", [x, np.array(1, I)], exclusive=1, known=(1,))
    case("reverse", "CumSum", [x, np.array(1, I)], reverse=1)
    case("both", "CumSum", [x, np.array(2, I)], reverse=1, exclusive=1)
    case("integers", "CumSum", [ints("cumsum", 3, 4), np.array(0, I)])
    case("wide", "CumSum", [i64(2**60, 1, 2), np.array(0, I)], wide=True)
    case("empty", "CumSum", [np.zeros((2, 0), F), np.array(0, I)])
    case("data", "Dropout", [draw("dropout", 2, 3)])
    case("mask", "Dropout", [draw("dropout2", 2, 3), np.array(0.5, F)], outs=(0, 1))
    case("not training", "Dropout", [draw("dropout3", 2), np.array(0.5, F), np.array(False)], known=(2,))
    case("old", "Dropout", [draw("dropout4", 2)], opset=7, ratio=0.25)


def reshapes():
    x = draw("reshape", 2, 3, 4)
    for name, to in (("plain", (4, 6)), ("flat", (-1,)), ("open", (2, -1, 2)), ("copied", (0, 0, -1)),
                     ("ones", (1, 2, 1, 3, 4, 1)), ("copied, open", (0, -1))):
        case(name, "Reshape", [x, i64(*to)], known=(1,))
    case("to a number", "Reshape", [draw("r", 1), np.zeros(0, I)], known=(1,))
    case("from a number", "Reshape", [np.array(2, F), i64(1, 1)], known=(1,))
    case("empty", "Reshape", [np.zeros((0, 3), F), i64(3, 0)], allowzero=1, known=(1,))
    case("empty, copied", "Reshape", [np.zeros((2, 0, 3), F), i64(6, 0)], known=(1,))
    case("integers", "Reshape", [ints("reshape", 2, 6), i64(3, 4)], known=(1,))
    case("wide", "Reshape", [i64(2**60 + 1, 2), i64(2, 1)], known=(1,), wide=True)
    case("old", "Reshape", [x, i64(4, 6)], opset=7, known=(1,))
    for axis in (0, 1, 2, 3, -1, -3):
        case(f"axis {axis}", "Flatten", [x], axis=axis)
    case("default", "Flatten", [x], opset=9)
    case("number", "Flatten", [np.array(2, F)], axis=0)
    y = draw("squeeze", 1, 3, 1, 4, 1)
    case("all", "Squeeze", [y])
    case("attribute", "Squeeze", [y], opset=11, axes=[0, 2])
    case("all, old", "Squeeze", [y], opset=7)
    case("input", "Squeeze", [y, i64(-1, 0)], known=(1,))
    case("none", "Squeeze", [x])
    case("attribute", "Unsqueeze", [x], opset=11, axes=[0, 4])
    case("input", "Unsqueeze", [x, i64(-1, 1)], known=(1,))
    case("number", "Unsqueeze", [np.array(2, I), i64(0)], known=(1,))
    case("five", "Unsqueeze", [x, i64(0, 2, 4, 6, 7)], known=(1,))


def moves():
    x = draw("expand", 3, 1)
    for name, to in (("wider", (3, 4)), ("longer", (2, 1, 6)), ("smaller", (1,)), ("same", (3, 1)), ("none", (0,))):
        case(name, "Expand", [x, i64(*to)], known=(1,))
    case("number", "Expand", [np.array(2, I), i64(2, 3)], known=(1,))
    case("channels", "Expand", [draw("e", 1, 3, 1, 2), i64(2, 3, 4, 2)], known=(1,))
    y = draw("transpose", 2, 3, 4, 5)
    for perm in ([0, 2, 3, 1], [0, 3, 1, 2], [3, 2, 1, 0], [0, 1, 3, 2], [1, 0, 2, 3], [0, 1, 2, 3], [2, 0, 3, 1]):
        case(" ".join(map(str, perm)), "Transpose", [y], perm=perm)
    case("default", "Transpose", [draw("t", 2, 3, 4)])
    case("vector", "Transpose", [draw("t", 5)])
    case("number", "Transpose", [np.array(1, F)])
    case("empty", "Transpose", [np.zeros((2, 0, 3), F)], perm=[2, 0, 1])
    case("windows", "Transpose", [draw("t6", 1, 2, 2, 2, 3, 2)], perm=[0, 1, 3, 2, 4, 5])
    case("integers", "Transpose", [ints("t", 2, 3)], perm=[1, 0])
    for name, a, times in (("rows", (2, 3), (2, 1)), ("columns", (2, 3), (1, 3)), ("both", (2, 3), (3, 2)),
                           ("none", (2, 3), (1, 0)), ("three", (2, 1, 3), (2, 4, 2)), ("vector", (3,), (4,))):
        case(name, "Tile", [draw("tile" + name, *a), i64(*times)], known=(1,))
    case("integers", "Tile", [ints("tile", 2, 2), i64(2, 2)], known=(1,))


def joins():
    parts = [draw("concat0", 2, 3, 4), draw("concat1", 2, 1, 4), draw("concat2", 2, 2, 4)]
    case("middle", "Concat", parts, axis=1)
    case("negative", "Concat", parts, axis=-2)
    case("first", "Concat", [draw("c", 1, 3), draw("c2", 2, 3)], axis=0)
    case("last", "Concat", [draw("c", 2, 3), draw("c2", 2, 1)], axis=-1)
    case("one", "Concat", parts[:1], axis=2)
    case("empty", "Concat", [draw("c", 2, 3), np.zeros((2, 0), F), draw("d", 2, 2)], axis=1)
    case("shapes", "Concat", [i64(1), i64(3), i64(-1)], axis=0, known=(1,))
    case("old", "Concat", parts, axis=1, opset=7)
    x = draw("split", 6, 4)
    case("halves", "Split", [x], opset=7, outs=(0, 1))
    case("lengths", "Split", [x], opset=11, outs=(0, 1, 2), axis=0, split=[1, 2, 3])
    case("input", "Split", [x, i64(3, 1)], opset=13, outs=(0, 1), axis=1, known=(1,))
    case("empty part", "Split", [x, i64(0, 6)], opset=13, outs=(0, 1), known=(1,))
    case("thirds", "Split", [x], opset=13, outs=(0, 1, 2))
    case("uneven", "Split", [draw("s", 7, 2)], opset=18, outs=(0, 1, 2), num_outputs=3)
    case("negative", "Split", [x], opset=18, outs=(0, 1), axis=-1, num_outputs=2)
    case("middle", "Split", [draw("s3", 2, 4, 3), i64(1, 3)], opset=18, outs=(0, 1), axis=1, known=(1,))


def slices():
    x = draw("slice", 5, 6, 7)
    case("attributes", "Slice", [x], opset=9, starts=[1, -3], ends=[4, 100], axes=[0, 2])
    case("no axes", "Slice", [x], opset=7, starts=[1, 0, 2], ends=[-1, 5, FAR])
    known = (1, 2, 3, 4)

    def cut(name, starts, ends, axes=None, steps=None, a=x):
        case(name, "Slice", [a, i64(*starts), i64(*ends)] + ([i64(*axes)] if axes or steps else []) +
             ([i64(*steps)] if steps else []), known=known)

    cut("starts, ends", [1, 2], [3, 4])
    cut("axes", [1, 2], [3, 4], [-1, 0])
    cut("to the end", [2], [FAR], [1])
    cut("steps", [0, 1], [5, 7], [0, 2], [2, 3])
    cut("reversed", [-1], [-2**63], [1], [-1])
    cut("reversed by 2", [FAR], [-2**63], [0], [-2])
    cut("reversed part", [4], [1], [2], [-1])
    cut("all reversed", [-1, -1, -1], [-99, -99, -99], [0, 1, 2], [-1, -1, -1])
    cut("nothing", [3], [3], [1])
    cut("crossed", [4], [2], [1])
    cut("before", [-99], [-98], [0])
    cut("huge step", [1], [5], [0], [FAR])
    cut("huge step back", [4], [-99], [0], [-FAR])
    cut("of nothing", [0], [9], [1], [1], a=np.zeros((2, 0), F))
    cut("integers", [1], [3], [0], [1], a=ints("slice", 4, 2))
    case("no steps, axes left out", "Slice", [x, i64(1, 2, 3), i64(4, 5, 6), None, i64(1, 2, 1)], known=known)
    y = draw("compress", 3, 4)
    case("rows", "Compress", [y, np.array([True, False, True])], axis=0, known=(1,))
    case("columns", "Compress", [y, np.array([False, True, True])], axis=-1, known=(1,))
    case("flat", "Compress", [y, np.array([False, True, True, False, True, True])], known=(1,))
    case("nothing", "Compress", [y, np.array([False, False])], axis=1, known=(1,))
    z = draw("sequence", 4, 3, 2)
    case("time first", "ReverseSequence", [z, i64(4, 1, 2)], time_axis=0, batch_axis=1)
    case("batch first", "ReverseSequence", [z, i64(1, 3, 2, 3)], time_axis=1, batch_axis=0)
    case("default", "ReverseSequence", [z, i64(0, 3, 4)], known=(1,), expected={0: reversed_rows(z, (0, 3, 4))})


def reversed_rows(z, lengths):
    out = z.copy()
    for b, n in enumerate(lengths):
        out[:n, b] = z[:n, b][::-1]
    return out


def gathers():
    x = draw("gather", 3, 4, 5)
    for axis in (0, 1, -1):
        case(f"axis {axis}", "Gather", [x, i64(2, 0, -1)], axis=axis)
    case("number", "Gather", [x, np.array(1, I)], axis=1)
    case("matrix", "Gather", [x, i64(0, 1, 2, -3).reshape(2, 2)], axis=1)
    case("known", "Gather", [x, i64(-3, 2)], axis=0, known=(1,))
    case("of a shape", "Gather", [i64(1, 3, 224), np.array(2, I)], known=(0, 1))
    case("wide", "Gather", [i64(2**60 + 1, 3), i64(0, 0)], wide=True)
    case("nothing", "Gather", [x, np.zeros(0, I)], axis=1)
    case("old", "Gather", [x, i64(1)], opset=7)
    for axis in (0, 1, 2):
        case(f"axis {axis}", "GatherElements", [x, ints(f"ge{axis}", 3, 4, 5, low=-3, high=3)], axis=axis)
    case("fewer", "GatherElements", [x, ints("ge", 2, 6, 3, low=-4, high=4)], axis=1)
    case("vector", "GatherElements", [draw("gev", 5), i64(4, -5, 0)], opset=11, known=(1,))
    for name, index, batch in (("rows", ints("nd1", 4, 1, low=-3, high=3), 0), ("places", ints("nd2", 2, 3, 3, low=-3, high=3), 0),
                               ("pairs", ints("nd3", 2, 2, low=-3, high=3), 0), ("batch", ints("nd4", 3, 2, 1, low=-4, high=4), 1),
                               ("batch, one list", ints("nd5", 3, 2, low=-4, high=4), 1)):
        case(name, "GatherND", [x, index], batch_dims=batch)
    case("known", "GatherND", [x, i64(1, 2).reshape(1, 2)], opset=11, known=(1,))


def scatters():
    x = draw("scatter", 3, 4)
    index, update = i64(1, 0, 2, 2, -1, 0).reshape(2, 3), draw("update", 2, 3)
    case("axis 0", "ScatterElements", [x, index, update])
    case("axis 1", "ScatterElements", [x, index, update], axis=1)
    case("negative", "ScatterElements", [x, index, update], axis=-1, known=(1,))
    case("old", "ScatterElements", [x, index, update], axis=1, opset=11)
    again = i64(1, 1, 1).reshape(1, 3)
    for how in ("add", "mul", "max", "min"):
        case(how, "ScatterElements", [x, again, draw("up", 1, 3)], axis=1, reduction=how, opset=18)
        case("integers " + how, "ScatterElements", [ints("si", 3, 4), again, ints("su", 1, 3)], axis=1, reduction=how,
             opset=18)
    case("axis 0", "Scatter", [x, index, update], opset=10, take="runtime")
    case("axis 1", "Scatter", [x, index, update], opset=9, axis=1, take="runtime")
    y = draw("scatter nd", 3, 4, 2)
    case("rows", "ScatterND", [y, i64(2, 0).reshape(2, 1), draw("u1", 2, 4, 2)])
    case("places", "ScatterND", [y, i64(2, 0, 1, -1, 3, 0).reshape(2, 3), draw("u2", 2)])
    case("pairs", "ScatterND", [y, i64(2, 0, 1, -4).reshape(2, 2), draw("u3", 2, 2)], opset=11, known=(1,))
    case("one list", "ScatterND", [y, i64(1, 2), draw("u4", 2)])
    for how in ("add", "mul", "max", "min"):
        case(how, "ScatterND", [y, i64(1, 1, 0).reshape(3, 1), draw("u5", 3, 4, 2)], opset=18, reduction=how)


REDUCTIONS = ["Sum", "Mean", "Max", "Min", "L1", "L2", "SumSquare", "Prod", "LogSum", "LogSumExp"]


def reductions():
    for r in REDUCTIONS:
        op = "Reduce" + r
        x = draw(op, 2, 3, 4, 5, scale=1.0)
        if r == "LogSum":
            x = np.abs(x) + F(0.1)
        case("old", op, [x], opset=11, axes=[1, 3], tolerance=2e-5)
        case("old, one, dropped", op, [x], opset=11, axes=[-1], keepdims=0)
        case("all", op, [x], opset=18, tolerance=2e-5)
        case("all, dropped", op, [x], opset=18, keepdims=0, tolerance=2e-5)
        for axes in ((0,), (2, 3), (-3, 0), (0, 1, 2, 3)):
            case(" ".join(map(str, axes)), op, [x, i64(*axes)], opset=18, known=(1,), tolerance=2e-5)
        case("empty list", op, [x, np.zeros(0, I)], opset=18, known=(1,), tolerance=2e-5)
        case("number", op, [np.array(2.5, F)], opset=18)
        if r in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "SumSquare"):
            case("integers", op, [ints(op, 3, 4, low=1, high=6), i64(1)], opset=18, known=(1,))
    x = draw("noop", 2, 3)
    case("none", "ReduceSum", [x], opset=13, noop_with_empty_axes=1)
    case("empty and none", "ReduceMax", [x, np.zeros(0, I)], opset=18, noop_with_empty_axes=1, known=(1,))
    case("opset 13", "ReduceSum", [x, i64(0)], opset=13, known=(1,), keepdims=0)
    case("of nothing", "ReduceSum", [np.zeros((2, 0, 4), F), i64(1)], opset=18, known=(1,))
    case("of nothing", "ReduceProd", [np.zeros((2, 0, 4), F), i64(1)], opset=18, known=(1,))
    case("of nothing", "ReduceMax", [np.zeros((2, 0, 4), F), i64(1)], opset=20, known=(1,))
    case("of nothing", "ReduceMin", [np.zeros((2, 0, 4), F), i64(1)], opset=20, known=(1,))
    case("wide", "ReduceSum", [i64(2**60, 1, 5)], opset=13, wide=True)
    case("large", "ReduceLogSumExp", [np.array([[500, 501], [-500, -501], [-INF, -INF]], F), i64(1)], opset=18, known=(1,),
         take="runtime")
    case("truths", "ReduceMax", [truths("rm", 3, 4), i64(1)], opset=20, known=(1,))


def orders():
    x, ties = draw("arg", 3, 4, 5), i64(1, 3, 3, 0, 0, 3, 1, 1).reshape(2, 4)
    for op in ("ArgMax", "ArgMin"):
        for axis in (0, 1, -1):
            case(f"axis {axis}", op, [x], axis=axis)
        case("dropped", op, [x], axis=1, keepdims=0)
        case("default", op, [x], opset=7)
        case("ties", op, [ties], axis=1)
        case("ties, last", op, [ties], axis=1, select_last_index=1)
        case("wide", op, [i64(2**60, 2**60 + 1, 2**60 - 1)], wide=True)
    k = lambda n: i64(n)
    y = draw("top", 3, 8, 4)
    case("attribute", "TopK", [draw("top9", 3, 6)], opset=9, outs=(0, 1), k=3)
    for axis in (0, 1, -1):
        case(f"axis {axis}", "TopK", [y, k(3)], outs=(0, 1), axis=axis, known=(1,))
    case("smallest", "TopK", [y, k(5)], outs=(0, 1), axis=1, largest=0, known=(1,))
    case("all", "TopK", [y, k(8)], outs=(0, 1), axis=1, known=(1,))
    case("one", "TopK", [y, k(1)], outs=(0, 1), axis=1, known=(1,))
    case("none", "TopK", [y, k(0)], outs=(0, 1), axis=1, known=(1,), quiet=True)
    case("ties", "TopK", [ties, k(3)], outs=(0, 1), known=(1,), take="runtime")
    case("ties, smallest", "TopK", [ties, k(3)], outs=(0, 1), largest=0, known=(1,), take="runtime")
    case("many", "TopK", [draw("top many", 500), k(40)], outs=(0, 1), known=(1,))
    case("wide", "TopK", [i64(2**60, 2**60 + 1, 2**60 - 1), k(2)], outs=(0, 1), known=(1,), wide=True)
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for axis in (0, 1, -1):
            case(f"axis {axis}", op, [x], axis=axis)
        case("default", op, [x])
        case("old default", op, [x], opset=11, take="runtime")
        case("old axis 2", op, [x], opset=11, axis=2, take="runtime")
        case("old axis 0", op, [x], opset=7, axis=0, take="runtime")
        case("large", op, [draw("large", 2, 6, scale=400.0)], take="runtime")
        case("empty", op, [np.zeros((2, 0), F)], expected={0: np.zeros((2, 0), F)})
    case("ties", "Hardmax", [np.array([[1, 3, 3], [0, 0, 0]], F)])


def products():
    for name, a, b in (("plain", (3, 4), (4, 5)), ("batch", (2, 3, 4), (2, 4, 5)), ("one matrix", (2, 3, 4), (4, 5)),
                       ("one matrix first", (3, 4), (2, 4, 5)), ("two batches", (2, 1, 3, 4), (3, 4, 2)),
                       ("vector", (4,), (4, 5)), ("by a vector", (3, 4), (4,)), ("vectors", (4,), (4,)),
                       ("batch by a vector", (2, 3, 4), (4,)), ("vector by a batch", (4,), (2, 4, 5)),
                       ("row", (1, 4), (4, 5)), ("column", (3, 4), (4, 1)), ("outer", (3, 1), (1, 5)),
                       ("empty inside", (3, 0), (0, 5)), ("empty", (0, 4), (4, 5)), ("long", (5, 130), (130, 37))):
        case(name, "MatMul", [draw("m" + name, *a), draw("n" + name, *b)], tolerance=2e-5, quiet=name == "empty inside")
    case("integers", "MatMul", [ints("mm", 2, 3, 4), ints("mm2", 4, 2)])
    case("integers, known", "MatMul", [ints("mm3", 3, 4), ints("mm4", 4, 2)], known=(1,))
    case("wide", "MatMul", [i64(2**31, 1).reshape(1, 2), i64(2**29, 1).reshape(2, 1)], wide=True)
    a, b, c = draw("gemm", 3, 4), draw("gemm2", 4, 5), draw("gemm3", 3, 5)
    case("plain", "Gemm", [a, b])
    case("added", "Gemm", [a, b, c])
    case("old", "Gemm", [a, b, c], opset=7)
    for ta in (0, 1):
        for tb in (0, 1):
            case(f"turned {ta} {tb}", "Gemm", [a.T.copy() if ta else a, b.T.copy() if tb else b, c], transA=ta, transB=tb)
    for name, d in (("row", c[0]), ("one row", c[:1]), ("column", c[:, :1]), ("number", np.array(0.5, F)), ("one", np.array([0.5], F))):
        case("added " + name, "Gemm", [a, b, d])
    case("alpha, beta", "Gemm", [a, b, c], alpha=0.5, beta=-1.5)
    case("alpha", "Gemm", [a, b.T.copy()], alpha=0.25, transB=1)
    case("integers", "Gemm", [ints("gi", 2, 3), ints("gi2", 3, 2), ints("gi3", 2)], take="reference")
    case("integers turned", "Gemm", [ints("gi", 2, 3), ints("gi2", 2, 3), ints("gi3", 2)], transB=1, known=(1,))
    for name, eq, dims in (("product", "ij,jk->ik", [(3, 4), (4, 5)]), ("implicit", "ij,jk", [(3, 4), (4, 5)]),
                           ("transpose", "ij->ji", [(3, 4)]), ("implicit order", "ba", [(3, 4)]), ("sum", "ij->", [(3, 4)]),
                           ("rows", "ij->i", [(3, 4)]), ("diagonal", "ii->i", [(4, 4)]), ("trace", "ii", [(4, 4)]),
                           ("batch", "bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]), ("outer", "i,j->ij", [(3,), (4,)]),
                           ("heads", "bhid,bhjd->bhij", [(1, 2, 3, 4), (1, 2, 5, 4)]),
                           ("three", "ij,jk,k->i", [(3, 4), (4, 5), (5,)]), ("spaces", "i j , j k -> k i", [(3, 4), (4, 5)]),
                           ("ellipsis", "...ij,...jk->...ik", [(2, 3, 3, 4), (2, 3, 4, 5)]),
                           ("ellipses of ranks", "...ij,...jk->...ik", [(2, 1, 3, 4), (3, 4, 5)]),
                           ("implicit ellipsis", "...ij,...jk", [(2, 3, 4), (1, 4, 5)]),
                           ("ellipsis last", "ij...->j...i", [(2, 3, 4, 2)])):
        case(name, "Einsum", [draw("e" + name + str(k), *d) for k, d in enumerate(dims)], equation=eq, tolerance=2e-5)
    case("integers", "Einsum", [ints("ei", 3, 4), ints("ei2", 4, 2)], equation="ij,jk->ik")


for make in (passing, functions, clips, arithmetic, comparisons, several, choices, casts, sizes, constants, patterns,
             reshapes, moves, joins, slices, gathers, scatters, reductions, orders, products):
    make()
write("golden", "make_golden.py")
