# SPDX-License-Identifier: MIT
"""toolrun.py - pictures through the C tools: folders of files in and out, seconds and peak memory."""
import os
import shutil
import subprocess
import sys

import numpy as np
from PIL import Image

# A process of its own starts the tool: what a child is said to have used at most includes what its parent held.
PROBE = """
import os, resource, sys, time
began = time.monotonic()
status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)
sys.exit(status)
"""


def write_pfm(path, x):
    """H x W x 3 or H x W x 1 floats; PFM's rows run from the bottom to the top."""
    kind = b"PF" if x.shape[2] == 3 else b"Pf"
    with open(path, "wb") as f:
        f.write(kind + b"\n%d %d\n-1.0\n" % (x.shape[1], x.shape[0]))
        f.write(np.ascontiguousarray(x[::-1], dtype="<f4").tobytes())


def read_pfm(path):
    """H x W x 3 floats, grey repeated."""
    with open(path, "rb") as f:
        channels = 3 if f.readline() == b"PF\n" else 1
        w, h = map(int, f.readline().split())
        order = "<f4" if float(f.readline()) < 0 else ">f4"
        x = np.frombuffer(f.read(), dtype=order).reshape(h, w, channels)[::-1]
    return x if channels == 3 else x.repeat(3, 2)


def write(path, x):
    """Bytes of a file as they are; floats to PFM; uint8 to what the suffix says."""
    if isinstance(x, bytes):
        with open(path, "wb") as f:
            f.write(x)
    elif path.endswith(".pfm"):
        write_pfm(path, x)
    else:
        Image.fromarray(x).save(path)


def read(path):
    return read_pfm(path) if path.endswith(".pfm") else np.asarray(Image.open(path).convert("RGB"))


class Model:
    """What `--model-info` says of a built-in model."""

    def __init__(self, name, path, info):
        facts = dict(line.split(": ", 1) for line in info.splitlines() if ": " in line)
        self.name, self.path, self.task = name, path, facts.get("task", "")
        self.scale = int(float(facts.get("scale", "1").lstrip("x")))
        self.parameters = int("".join(c for c in facts.get("parameters", "0") if c.isdigit()))


class Tools:
    """The programs of a build folder."""

    def __init__(self, folder, models_dir, work):
        self.folder, self.models_dir, self.work = folder, models_dir, work
        if not os.path.exists(self.program("denoise")):
            sys.exit(f"models-eval: no cnn-denoise in {folder!r}; build first (make)")

    def program(self, task):
        """cnn-upscale for enlarging, where it is built; cnn-denoise runs any other network."""
        names = ("cnn-upscale", "cnn-denoise") if task == "upscale" else ("cnn-denoise",)
        paths = [os.path.join(self.folder, n) for n in names]
        return next((p for p in paths if os.path.exists(p)), paths[-1])

    def models(self):
        """Every model that lies in the models' folder, by name."""
        for name in sorted(os.listdir(self.models_dir)):
            path = os.path.join(self.models_dir, name, name + ".onnx")
            if os.path.exists(path):
                info = self.run([self.program("denoise"), "--model-info", path])
                yield Model(name, path, info.stdout)

    def run(self, command):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"models-eval: {' '.join(command)}: status {done.returncode}: {done.stderr.strip()}")
        return done

    def command(self, model, options):
        """The network alone, as papers measure it: without the means of colours being put right afterwards."""
        program = self.program(model.task)
        plain = ["--fix-color", "off"] if program.endswith("upscale") else []
        return [program, "-m", model.path, "--quiet", *plain, *options]

    def restore(self, model, pictures, suffix, to, options):
        """All pictures in one call, through folders; the answers in order."""
        folders = [os.path.join(self.work, n) for n in ("in", "out")]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
        for i, x in enumerate(pictures):
            write(os.path.join(folders[0], f"{i:04d}{suffix}"), x)
        self.run(self.command(model, options) + ["-f", to[1:], folders[0], "-o", folders[1]])
        return [read(os.path.join(folders[1], f"{i:04d}{to}")) for i in range(len(pictures))]

    def cost(self, model, rgb, options):
        """(seconds, seconds of all processors together, peak bytes) of one run of the program, start and codecs included."""
        source, target = (os.path.join(self.work, n) for n in ("cost.ppm", "cost-out.ppm"))
        Image.fromarray(rgb).save(source)
        probe = [sys.executable, "-S", "-c", PROBE, *self.command(model, options), source, target]
        seconds, cpu, memory = self.run(probe).stdout.split()
        return float(seconds), float(cpu), int(memory)
