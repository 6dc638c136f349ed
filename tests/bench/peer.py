#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""peer.py - one network in another runtime: seconds, peak memory, its answer; a process of its own, a line of JSON.

  peer.py onnxruntime|openvino|ncnn FILE --input X.npy [--output Y.npy] [--threads N] [--runs N]

FILE is made for the size of X (1 x C x H x W): ONNX, for ncnn the .param file beside its .bin. fp32 everywhere, the
settings that are fastest. The first run counts like the others, the minimum is what is compared. Memory is the most that
was resident while running (VmHWM, set back after the model was loaded) less what was resident then (VmRSS).
"""
import argparse
import json
import os
import sys
import time

import numpy as np


def status(what):
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(what))


def forget_peak():
    """VmHWM counts from now on; a kernel that refuses leaves the peak of loading in it, which is said."""
    try:
        with open("/proc/self/clear_refs", "w") as f:
            f.write("5")
        return True
    except OSError:
        return False


# ---- runtimes: (path, shape, threads) -> version, what was set, a function from array to array ---------------------

def onnxruntime(path, shape, threads):
    import onnxruntime as rt
    o = rt.SessionOptions()
    o.intra_op_num_threads, o.inter_op_num_threads, o.log_severity_level = threads, 1, 3
    o.graph_optimization_level = rt.GraphOptimizationLevel.ORT_ENABLE_ALL
    o.execution_mode = rt.ExecutionMode.ORT_SEQUENTIAL
    o.add_session_config_entry("session.intra_op.allow_spinning", "1")
    session = rt.InferenceSession(path, o, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return rt.__version__, "all optimisations", lambda x: session.run(None, {name: x})[0]


def openvino(path, shape, threads):
    import openvino as ov
    core = ov.Core()
    model = core.read_model(path)
    model.reshape(list(shape))
    compiled = core.compile_model(model, "CPU", {
        "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1, "EXECUTION_MODE_HINT": "PERFORMANCE", "ENABLE_CPU_PINNING": False})
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    request = compiled.create_infer_request()

    def run(x):
        request.infer([x], share_inputs=True)
        return request.get_output_tensor(0).data
    return ov.get_version().split("-")[0], f"precision {precision}, latency", run


def ncnn(path, shape, threads):
    import ncnn as nc
    net = nc.Net()
    o = net.opt
    o.num_threads, o.lightmode = threads, True
    o.use_winograd_convolution = o.use_sgemm_convolution = o.use_packing_layout = True
    for name in dir(o):
        if name.startswith(("use_fp16_", "use_bf16_", "use_int8_")) or name == "use_vulkan_compute":
            setattr(o, name, False)
    if net.load_param(path) or net.load_model(path.removesuffix(".param") + ".bin"):
        raise RuntimeError("the model was not loaded")

    def run(x):
        e = net.create_extractor()
        e.input("in0", nc.Mat(x[0]))
        failed, y = e.extract("out0")
        if failed:
            raise RuntimeError("extract failed (memory?)")
        return np.array(y)[None]
    return nc.__version__, "winograd, sgemm, packing", run


RUNTIMES = {"onnxruntime": onnxruntime, "openvino": openvino, "ncnn": ncnn}


def measure(run, x, runs):
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        y = run(x)
        took.append(time.perf_counter() - start)
    return took, y


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("runtime", choices=list(RUNTIMES))
    p.add_argument("file")
    p.add_argument("--input", required=True)
    p.add_argument("--output")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--runs", type=int, default=5)
    o = p.parse_args()
    # What sums with more threads than were asked for would be nobody's figure.
    os.environ["OMP_NUM_THREADS"] = str(o.threads)
    x = np.ascontiguousarray(np.load(o.input))
    version, settings, run = RUNTIMES[o.runtime](o.file, x.shape, o.threads)
    told = forget_peak()
    base = status("VmRSS:")
    took, y = measure(run, x, o.runs)
    peak = status("VmHWM:") - base
    if o.output:
        np.save(o.output, y)
    print(json.dumps({"seconds": min(took), "all": [round(t, 6) for t in took], "peak_bytes": peak,
                      "peak_of_running_only": told, "version": version, "settings": settings}))


if __name__ == "__main__":
    sys.exit(main())
