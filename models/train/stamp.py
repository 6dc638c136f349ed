#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""stamp.py - sets lines of the cards inside ONNX files: stamp.py KEY=VALUE... FILE.onnx...

The graph and the weights stay as they are, which is checked. The sums in ../SHA256SUMS follow. For what a recipe's card()
says by now and a committed file does not yet:

  python3 stamp.py margin=24 ../denoise/denoise.onnx
  python3 stamp.py margin=8 mirror=symmetric ../upscale-*/*.onnx
"""
import hashlib
import os
import sys

import onnx

MODELS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def stamp(path, lines):
    """Write path again with these lines in its card."""
    model = onnx.load(path)
    graph = model.graph.SerializeToString(deterministic=True)
    card = {p.key: p.value for p in model.metadata_props} | lines
    onnx.helper.set_model_props(model, card)
    onnx.save(model, path + ".part")
    if onnx.load(path + ".part").graph.SerializeToString(deterministic=True) != graph:
        raise SystemExit(f"{path}: the network would have changed")
    os.replace(path + ".part", path)


def sum_again():
    """models/SHA256SUMS for the files that it names."""
    sums = os.path.join(MODELS, "SHA256SUMS")
    with open(sums, encoding="ascii") as f:
        names = [line.split()[1] for line in f]
    with open(sums, "w", encoding="ascii") as f:
        for name in names:
            with open(os.path.join(MODELS, name), "rb") as model:
                f.write(f"{hashlib.sha256(model.read()).hexdigest()}  {name}\n")


def main(words):
    lines = dict(w.split("=", 1) for w in words if "=" in w)
    files = [w for w in words if "=" not in w]
    if not lines or not files:
        raise SystemExit(__doc__)
    for path in files:
        stamp(path, lines)
    sum_again()


if __name__ == "__main__":
    main(sys.argv[1:])
