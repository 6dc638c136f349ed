# SPDX-License-Identifier: MIT
"""golden.py - examples of tensor operations with what ONNX's reference evaluator and ONNX Runtime say of them.

For the generators beside it: case(...) as often as needed, then write(stem). Needs: numpy, onnx, onnxruntime.
"""
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)
HERE = Path(__file__).parent
text, data, names = [], [], set()


def rng(name):
    return np.random.RandomState(zlib.crc32(name.encode()) % 2**32)


def _kind(array):
    return {"b": "bool", "i": "int", "u": "int", "f": "float"}[array.dtype.kind]


def _array(array):
    """The words for an array; its values go to the binary."""
    array = np.asarray(array)
    kind = _kind(array)
    stored = {"bool": np.uint8, "int": "<i8", "float": "<f4"}[kind]
    data.append(array.astype(stored).tobytes())
    return " ".join([kind, str(array.ndim), *map(str, array.shape)])


def _attribute(key, value):
    if isinstance(value, np.ndarray):
        return f"tensor {key} {_array(value)}"
    if isinstance(value, str):
        return f"string {key} {value}"
    if isinstance(value, float):
        return f"float {key} {value!r}"
    if isinstance(value, int):
        return f"int {key} {int(value)}"
    kind = "floats" if value and isinstance(value[0], float) else "ints"
    return f"{kind} {key} " + " ".join(map(repr, value))


def _model(op, opset, inputs, n_out, attributes):
    made = {k: numpy_helper.from_array(v) if isinstance(v, np.ndarray) else v for k, v in attributes.items()}
    ins = ["" if v is None else f"x{k}" for k, v in enumerate(inputs)]
    outs = [f"y{k}" for k in range(n_out)]
    node = helper.make_node(op, ins, outs, **made)
    feed = {f"x{k}": np.asarray(v) for k, v in enumerate(inputs) if v is not None}
    infos = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
             for k, v in feed.items()]
    graph = helper.make_graph([node], "g", infos, [onnx.ValueInfoProto(name=o) for o in outs])
    # from_array makes initialisers of old opsets need a newer IR version than the opset is from: allowed
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9), feed


def _ask(who, model, feed):
    try:
        if who == "reference":
            return [np.asarray(v) for v in ReferenceEvaluator(model).run(None, feed)]
        typed = onnx.shape_inference.infer_shapes(model, strict_mode=False)
        session = onnxruntime.InferenceSession(typed.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, feed)
    except Exception as e:  # neither knows everything
        return f"{type(e).__name__}: {str(e)[:120]}"


def _agree(a, b, tolerance):
    if a.shape != b.shape:
        return f"shapes {a.shape} and {b.shape}"
    a, b = a.astype(np.float64), b.astype(np.float64)
    big = max([1.0, *np.abs(a[np.isfinite(a)]).ravel()])
    with np.errstate(invalid="ignore"):
        bad = ~((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= max(tolerance, 1e-5) * big))
    return f"values {a[bad][:3]} and {b[bad][:3]}" if bad.any() else None


def case(name, op, inputs=(), opset=19, outs=(0,), n_out=None, known=(), tolerance=None, wide=False, expected=None,
         take="reference", quiet=False, **attributes):
    """One node. inputs: arrays, or None where one is left out. known: those that decide the result's shape.
    outs: which outputs are wanted; n_out: how many the node has. tolerance: of the largest value (default: 1e-5 for
    floats, 0 for others). wide: integers that no float holds. expected: {output: array}, where neither knows.
    take: whose answer it is where the two differ."""
    assert (op, opset, name) not in names, (op, opset, name)
    names.add((op, opset, name))
    n_out = n_out or max(outs) + 1
    model, feed = _model(op, opset, inputs, n_out, attributes)
    answers = {}
    if expected is None:
        answers = {who: _ask(who, model, feed) for who in ("reference", "runtime")}
        good = {k: v for k, v in answers.items() if not isinstance(v, str)}
        for who, why in answers.items():
            if isinstance(why, str) and not quiet:
                print(f"{op} {opset} {name}: {who}: {why}")
        assert good, f"{op} {name}: nobody knows: {answers}"
        expected = dict(enumerate(good.get(take) or next(iter(good.values()))))
    lines = [f"case {op} {opset} {name}"]
    if n_out > 1:
        lines.append(f"outputs {n_out}")
    lines += [_attribute(k, v) for k, v in attributes.items()]
    for k, v in enumerate(inputs):
        lines.append("none" if v is None else ("known " if k in known else "open ") + _array(v))
    if wide:
        lines.append("wide")
    for k in outs:
        value = np.asarray(expected[k])
        near = tolerance if tolerance is not None else 1e-5 if _kind(value) == "float" else 0
        if len(answers) == 2 and not any(isinstance(v, str) for v in answers.values()):
            gap = _agree(answers["reference"][k], answers["runtime"][k], near)
            if gap:
                print(f"{op} {opset} {name}: reference and runtime differ: {gap}; the {take}'s is taken")
        lines.append(f"out {k} {near!r} {_array(value)}")
    text.append("\n".join(lines) + "\n")


def write(stem, maker):
    (HERE / f"{stem}.txt").write_text(f"# made by {maker}; the format: README.md\n" + "".join(text))
    (HERE / f"{stem}.bin").write_bytes(b"".join(data))
    print(f"{len(text)} cases, {sum(map(len, text))} + {sum(map(len, data))} bytes")
