#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""onnxruntime_agrees.py - the largest difference between cnn-denoise and ONNX Runtime on our own model.

  onnxruntime_agrees.py --tool build/tools/cnn-denoise --model models/denoise/denoise.onnx PICTURE...

Both get the same floats (PFM in, PFM out); ONNX Runtime gets the mirrored margin that the model's card says, and sizes
that are multiples of its `multiple`, as the tool makes them. Prints one line a picture; exits 1 above 1e-4. Needs numpy,
Pillow and onnxruntime.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../models/train"))
from toolrun import read_pfm, write_pfm  # noqa: E402


def peer(session, image, sigma):
    card = session.get_modelmeta().custom_metadata_map
    m, multiple = int(card.get("margin", 0)), int(card.get("multiple", 1))
    h, w = image.shape[:2]
    edges = [(m, m + -(n + 2 * m) % multiple) for n in (h, w)]
    x = np.pad(image, (*edges, (0, 0)), mode=card.get("mirror", "reflect")).transpose(2, 0, 1)[None]
    level = np.full((1, 1) + x.shape[2:], sigma / 255, np.float32)
    return session.run(None, {"image": x, "sigma": level})[0][0, :, m:m + h, m:m + w].transpose(1, 2, 0)


def ours(o, image, sigma):
    with tempfile.TemporaryDirectory() as work:
        a, b = (os.path.join(work, n) for n in ("in.pfm", "out.pfm"))
        write_pfm(a, image)
        subprocess.run([o.tool, "-m", o.model, "-s", str(sigma), "--quiet", a, b], check=True)
        return read_pfm(b)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tool", required=True)
    p.add_argument("--model", required=True)
    p.add_argument("--sigma", type=float, default=25)
    p.add_argument("pictures", nargs="+")
    o = p.parse_args()
    session = onnxruntime.InferenceSession(o.model, providers=["CPUExecutionProvider"])
    worst = 0
    for path in o.pictures:
        rgb = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
        image = (rgb + np.random.default_rng(1).normal(0, o.sigma / 255, rgb.shape)).astype(np.float32)
        error = float(np.abs(ours(o, image, o.sigma) - peer(session, image, o.sigma)).max())
        worst = max(worst, error)
        print(f"{os.path.basename(path)} {rgb.shape[1]}x{rgb.shape[0]}: largest difference {error:.2e}", flush=True)
    sys.exit(worst > 1e-4)


if __name__ == "__main__":
    main()
