#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_saved.py - writes every model of a folder as ONNX, and lets ONNX Runtime and us run what was written

  check_saved.py --build build FOLDER|FILE...

For each weight file that we load: `cnn-denoise --save-model`, then the same arrays through our engine on the file, through
our engine on what was saved (the bytes must be equal) and through ONNX Runtime on what was saved. One line a file; files
that we do not load are counted only (--verbose names them). Exits 1 where something differs by more than --limit of the
largest value, or what was saved is not run. By hand: needs numpy, onnx, onnxruntime, and programs from `make check` in
--build (tests/bench/bench).
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

SIZES = ((64, 80), (128, 64), (56, 112), (72, 96), (33, 49), (28, 28), (224, 224))  # height, width
SKIP = (".npy", "_0.pb", "_1.pb", "_2.pb", "_3.pb", "_4.pb", "_5.pb", "_6.pb", "_7.pb", "_8.pb", ".json.license", ".png", ".jpg", ".md", ".txt", ".py", ".sha256", ".pb.license", ".card.json")
TYPES = {onnx.TensorProto.FLOAT: np.float32, onnx.TensorProto.INT64: np.int64, onnx.TensorProto.BOOL: bool}


def files_of(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for folder, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if not name.startswith(".") and not name.endswith(SKIP) and "LICEN" not in name:
                    yield os.path.join(folder, name)


def shape_of(info, size, channels, last):
    dims = [d.dim_value for d in info.type.tensor_type.shape.dim]
    if len(dims) != 4:
        return [d or size[0] for d in dims]
    last = not dims[1] and (last or dims[3] in (1, 3))
    fill = (1, *size, channels) if last else (1, channels, *size)
    return [d or f for d, f in zip(dims, fill)]


def array(rng, info, size, channels, last):
    shape = shape_of(info, size, channels, last)
    kind = TYPES[info.type.tensor_type.elem_type]
    if kind is not np.float32:
        return rng.integers(0, 2, shape).astype(kind)
    if info.name == "sigma":
        return np.full(shape, 25 / 255, np.float32)
    return rng.random(shape, dtype=np.float32)


def examples(path, inputs):
    """The arrays that lie beside one of ONNX's own examples, or {}."""
    found = {}
    for i, v in enumerate(inputs):
        name = os.path.join(os.path.dirname(path), "test_data_set_0", f"input_{i}.pb")
        if not os.path.isfile(name):
            return {}
        t = onnx.TensorProto()
        with open(name, "rb") as f:
            t.ParseFromString(f.read())
        found[v.name] = onnx.numpy_helper.to_array(t).astype(TYPES[v.type.tensor_type.elem_type])
    return found


def bench(o, net, arrays, outputs, work):
    """Our answers by name, or None and what was said."""
    command = [os.path.join(o.build, "tests/bench/bench"), "--net", net, "--threads", "2", "--runs", "1"]
    for i, (name, a) in enumerate(arrays.items()):
        path = os.path.join(work, f"in{i}.npy")
        np.save(path, np.ascontiguousarray(a.astype(np.float32)))
        command += ["--input", f"{name}={path}"]
    paths = [os.path.join(work, f"out{i}.npy") for i in range(len(outputs))]
    for name, path in zip(outputs, paths):
        command += ["--output", f"{name}={path}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return None, done.stderr.strip()
    return [np.load(p) for p in paths], ""


def far(a, b):
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape and a.size == b.size:
        a = a.reshape(b.shape)
    if a.shape != b.shape:
        return np.inf
        a, b = a[np.isfinite(b)], b[np.isfinite(b)]
    return float(np.abs(a - b).max() / max(1, np.abs(b).max())) if a.size else 0.0


def check(o, path, saved, work):
    """(status, what to say)"""
    model = onnx.load(saved)
    if all(v.type.tensor_type.HasField("shape") for v in model.graph.output):  # shapes that depend on values are not known
        onnx.checker.check_model(model)
    session = ort.InferenceSession(saved, providers=["CPUExecutionProvider"])
    names = [v.name for v in model.graph.output][:4]
    said = ""
    for size in SIZES:
        for channels, last in ((3, False), (1, False), (3, True), (1, True)):
            rng = np.random.default_rng(7)
            arrays = examples(path, model.graph.input) or {
                v.name: array(rng, v, size, channels, last) for v in model.graph.input}
            ours, why = bench(o, path, arrays, names, work)
            if ours is None:
                said = said or why
                continue
            again, why = bench(o, saved, arrays, names, work)
            if again is None:
                return False, "saved: " + why
            peer = session.run(names, arrays)
            equal = all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(ours, again))
            worst = max(far(a, b) for a, b in zip(ours, peer))
            functions = f", {len(model.functions)} functions" if model.functions else ""
            text = f"{'same bytes' if equal else 'BYTES DIFFER'}, ONNX Runtime differs by {worst:.1e}{functions}"
            return equal and worst <= o.limit, f"{len(model.graph.node)} nodes, {text}"
    return False, "runs at no size: " + said


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--build", required=True)
    p.add_argument("--limit", type=float, default=1e-4)
    p.add_argument("--verbose", action="store_true")
    p.add_argument("paths", nargs="+")
    o = p.parse_args()
    tool = os.path.join(o.build, "tools/cnn-denoise")
    os.environ.setdefault("CNNIMG_LIBEXEC", os.path.join(os.path.abspath(o.build), "helper"))
    ort.set_default_logger_severity(4)
    good = bad = other = 0
    for path in files_of(o.paths):
        with tempfile.TemporaryDirectory() as work:
            saved = os.path.join(work, "saved.onnx")
            done = subprocess.run([tool, "-m", path, "--save-model", saved], capture_output=True, text=True)
            if done.returncode == 3:
                other += 1
                if o.verbose:
                    print(f"  --  {done.stderr.strip()}", flush=True)
                continue
            try:
                ok, text = check(o, path, saved, work) if not done.returncode else (False, done.stderr.strip())
            except Exception as e:  # what the peers refuse is a finding
                ok, text = False, str(e).replace("\n", " ")[:300]
        good, bad = good + ok, bad + (not ok)
        print(f"{'ok  ' if ok else 'FAIL'}  {path}: {text}", flush=True)
    print(f"{good} passed, {bad} failed, {other} not loaded")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
