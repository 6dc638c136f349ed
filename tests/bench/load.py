#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""load.py - files of 70 MB for tests/bench/load: ESRGAN's network of 23 blocks, random weights

    load.py FOLDER      writes rrdb.safetensors, rrdb.pth (zip) and rrdb-legacy.pth
    tests/bench/load FOLDER/rrdb.pth

Needs torch and safetensors.
"""
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file


def weights(blocks=23, nf=64, gc=32):
    """Real-ESRGAN's names: conv_first, body.N.rdbM.convK, conv_body, conv_up1 ... conv_last."""
    layers = {"conv_first": (nf, 3), "conv_body": (nf, nf), "conv_up1": (nf, nf), "conv_up2": (nf, nf),
              "conv_hr": (nf, nf), "conv_last": (3, nf)}
    for i in range(blocks):
        for j in (1, 2, 3):
            for k in range(5):
                layers[f"body.{i}.rdb{j}.conv{k + 1}"] = (gc if k < 4 else nf, nf + k * gc)
    out = {}
    for name, (o, i) in layers.items():
        out[f"{name}.weight"] = 0.02 * torch.randn(o, i, 3, 3)
        out[f"{name}.bias"] = 0.02 * torch.randn(o)
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    to = Path(sys.argv[1])
    torch.manual_seed(0)
    w = weights()
    save_file(w, to / "rrdb.safetensors")
    torch.save({"params_ema": w}, to / "rrdb.pth")
    torch.save({"params_ema": w}, to / "rrdb-legacy.pth", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
