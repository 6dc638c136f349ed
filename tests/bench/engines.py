# SPDX-License-Identifier: MIT
"""engines.py - ours and the other runtimes as processes: which wheels there are, how each is started, what it said."""
import importlib.metadata
import json
import os
import resource
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NEEDED = ["numpy", "onnx"]
PEERS = ["onnxruntime", "openvino", "ncnn"]
# pnnx makes ncnn's files of ONNX; its wheel asks for PyTorch, the program inside does not.
WHEELS = {**{name: [] for name in NEEDED + PEERS}, "pnnx": ["--no-deps"]}
SHORT = {"ours": "ours", "onnxruntime": "ORT", "openvino": "OV", "ncnn": "ncnn"}


# ---- the environment ------------------------------------------------------------------------------------------

def enter(folder):
    """Goes on in the folder's own Python; made, with the newest wheels, when it is not there."""
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(os.path.join(folder, "complete")):
        print(f"making {folder}: {', '.join(WHEELS)}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        for name, options in WHEELS.items():
            done = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options, name])
            if done.returncode and name in NEEDED:
                sys.exit(f"bench: {name} could not be installed, without it nothing is measured")
        open(os.path.join(folder, "complete"), "w").close()
    if os.path.realpath(sys.prefix) != os.path.realpath(folder):
        os.execv(python, [python, "-B", *sys.argv])


def version(name):
    """None: the wheel is not there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def missing(name):
    """Why a peer cannot run, or None."""
    for wheel in [name] + (["pnnx"] if name == "ncnn" else []):
        if not version(wheel):
            return f"the wheel of {wheel} could not be installed"
    return None


# ---- processes --------------------------------------------------------------------------------------------------

def clean_environment(cpu=None):
    """What the user's shell says about threads and instruction sets is nobody's best setting."""
    prefixes = ("OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "ORT_", "OV_", "ONEDNN_", "DNNL_", "CNNIMG_")
    e = {k: v for k, v in os.environ.items() if not k.startswith(prefixes)}
    return {**e, "CNNIMG_CPU": cpu} if cpu else e


def first_cores(n):
    """The same cores for everybody, spread like the system numbers them."""
    return set(sorted(os.sched_getaffinity(0))[:n])


def start(command, threads, timeout, env, memory):
    """A dictionary, the process's line of JSON, or {"failed": one sentence}."""
    def before():
        os.setsid()
        if threads:
            os.sched_setaffinity(0, first_cores(threads))
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        with open("/proc/self/oom_score_adj", "w") as f:
            f.write("1000")  # should the machine run out all the same, nobody else is to die of it
    p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, preexec_fn=before)
    try:
        out, err = p.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {timeout:.0f} s"}
    finally:  # also when this program is ended
        if p.poll() is None:
            os.killpg(p.pid, signal.SIGKILL)
            p.communicate()
    if p.returncode:
        return {"failed": why(p.returncode, err)}
    return json.loads(out.strip().splitlines()[-1])


def why(code, err):
    last = (err.strip().splitlines() or [""])[-1][:200]
    if code < 0:
        return f"ended by {signal.Signals(-code).name} (memory?) {last}".strip()
    return "out of memory" if "bad_alloc" in err or "MemoryError" in err or "Failed to allocate" in err else last or f"exit {code}"


def memory_free():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable"))


class Engines:
    """Starts any of them on one network; files: nets.py's folder."""

    def __init__(self, bench, peers, cpu, timeout, folder):
        self.bench, self.cpu, self.timeout, self.folder = bench, cpu, timeout, folder
        self.names = ["ours", *peers]

    def run(self, name, case, threads, runs, output=None):
        """case: .open and .fixed, the ONNX files; .input, the array's file; .size (height, width)."""
        if name == "ours":
            return self.run_ours(case, threads, runs, output)
        file = case.fixed
        if name == "ncnn":
            file = self.for_ncnn(case)
            if not file:
                return {"failed": "pnnx could not make ncnn's files"}
        command = [sys.executable, "-B", os.path.join(HERE, "peer.py"), name, file, "--input", case.input, "--threads",
                   str(threads), "--runs", str(runs)]
        return self.start(command + (["--output", output] if output else []), threads, None)

    def run_ours(self, case, threads, runs, output):
        command = [self.bench, "--net", case.open, "--input", case.input, "--threads", str(threads), "--runs", str(runs),
                   "--json"]
        return self.start(command + (["--output", output] if output else []), threads, self.cpu)

    def start(self, command, threads, cpu):
        return start(command, threads, self.timeout, clean_environment(cpu), int(0.9 * memory_free()))

    def for_ncnn(self, case):
        """The .param file's path, made once; None: pnnx failed."""
        base = case.fixed.removesuffix(".onnx")
        param = base.replace("-", "_") + ".ncnn.param"  # as pnnx names it
        if not os.path.exists(param):
            program = str(importlib.metadata.distribution("pnnx").locate_file("pnnx/pnnx"))
            os.chmod(program, 0o755)  # not every installer keeps what the wheel says
            shape = ",".join(map(str, case.shape))
            subprocess.run([program, case.fixed, f"inputshape=[{shape}]f32", "fp16=0"], cwd=os.path.dirname(base),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=clean_environment())
            self.mend(param)
        return param if os.path.exists(param) else None

    def mend(self, param):
        """pnnx takes ONNX's SpaceToDepth for PyTorch's PixelUnshuffle; ncnn's Reorg can order channels as ONNX does."""
        if not os.path.exists(param):
            return
        with open(param) as f:
            lines = f.read().splitlines()
        lines = [line.replace("1=0", "1=1") if line.startswith("Reorg") else line for line in lines]
        with open(param, "w") as f:
            f.write("\n".join(lines) + "\n")

    def peak(self, program, threads):
        return start([program, str(threads)], threads, 60, clean_environment(self.cpu), 1 << 30)
