#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_archs.py - writes data/architectures: small networks of known architectures, and what PyTorch makes of a picture

Needs torch, safetensors, numpy and spandrel (whose modules are the reference). Weights are seeded, scaled so that every
layer gives about as much as it gets. Run by hand: tests/formats/make_archs.py [NAME...]; `make check` reads what it wrote.
"""
import importlib
import os
import re
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file
from spandrel import ModelLoader
from spandrel.architectures.Compact import Compact
from spandrel.architectures.DnCNN import DnCNN
from spandrel.architectures.DRUNet import DRUNet
from spandrel.architectures.ESRGAN import ESRGAN
from spandrel.architectures.NAFNet import NAFNet
from spandrel.architectures.PLKSR import PLKSR, RealPLKSR
from spandrel.architectures.SAFMN import SAFMN
from spandrel.architectures.SPAN import SPAN

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "architectures")
SIGMA = 15 / 255

# ESRGAN's dense blocks with 4 channels a step instead of 32, which no option says: a sixtieth of the file.
blocks = importlib.import_module("spandrel.architectures.ESRGAN.__arch.RRDB").B
blocks.RRDB = lambda wide=blocks.RRDB, **options: wide(**{**options, "gc": 4})


def seeded(module):
    """He's scale; what multiplies or shifts a channel stays near one or zero, variances positive."""
    g = torch.Generator().manual_seed(7)
    for name, p in module.state_dict().items():
        if not p.is_floating_point() or name.endswith("no_norm") or "mean" in name.split(".")[0]:
            continue
        noise = torch.randn(p.shape, generator=g)
        if p.dim() >= 2 and p.shape[1:].numel() > 1:
            p.copy_(noise / p.shape[1:].numel() ** 0.5)
        elif name.endswith("running_var"):
            p.copy_(0.5 + noise.abs())
        elif name.endswith(("weight", "beta", "gamma")):
            p.copy_(0.7 + 0.2 * noise)
        else:
            p.copy_(0.1 * noise)
    return module.eval()


def picture(channels, height, width):
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    v = 0.5 + 0.3 * np.sin(0.9 * x + 0.31 * y + c) + 0.2 * np.cos(0.53 * y - 0.2 * x * (c + 1))
    return torch.tensor(v.transpose(2, 0, 1)[None].astype(np.float32))


def sigma_plane(x):
    return torch.full((1, 1, x.shape[2], x.shape[3]), SIGMA)


def rows(v):
    """Height, width, channels."""
    return np.ascontiguousarray(v[0].permute(1, 2, 0).numpy())


def write(name, module, channels, size=(16, 24), call=None, inputs=None, known=True, keep=None):
    """call: what the whole network makes of the picture, where the module alone does not."""
    state = {k: v.contiguous() for k, v in module.state_dict().items()}
    path = os.path.join(HERE, name)
    save_file(keep(state) if keep else state, path + ".safetensors")
    x = picture(channels, *size)
    with torch.no_grad():
        double = module.double()
        y = call(double, x.double()) if call else double(x.double().clone())
    for i, v in enumerate([x] + (inputs(x) if inputs else [])):
        np.save(f"{path}.in{i + 1 if i else ''}.npy", rows(v))
    np.save(path + ".out.npy", rows(y.float()))
    with open(path + ".tol", "w") as f:
        f.write("2e-5\n")
    if known:  # spandrel, from the file alone, sees the same network
        d = ModelLoader().load_from_file(path + ".safetensors")
        d.model.eval()
        print(name, d.architecture.id, d.scale, os.path.getsize(path + ".safetensors"), float(y.std()))


def with_sigma(net, x):
    return net(torch.cat([x, sigma_plane(x).double()], 1))


def ffdnet(net, x):
    y = torch.cat([F.pixel_unshuffle(x, 2), torch.full((1, 1, x.shape[2] // 2, x.shape[3] // 2), SIGMA).double()], 1)
    return F.pixel_shuffle(net.model(y), 2)


class Stack(nn.Module):
    """KAIR's plain stacks: convolutions with ReLU between, numbered as nn.Sequential does."""

    def __init__(self, i, mid, o, n, dilation=None):
        super().__init__()
        layers = []
        for k in range(n):
            d = dilation[k] if dilation else 1
            layers.append(nn.Conv2d(i if k == 0 else mid, o if k == n - 1 else mid, 3, padding=d, dilation=d))
            if k < n - 1:
                layers.append(nn.ReLU())
        self.model = nn.Sequential(*layers)


def renamed(rules):
    def keep(state):
        out = {}
        for k, v in state.items():
            for a, b in rules:
                k = re.sub(a, b, k)
            out[k] = v
        return out
    return keep


def bsrgan(state):
    return renamed([(r"^model\.0\.", "conv_first."), (r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"RRDB_trunk.\1.RDB\2.conv\3."),
                    (r"^model\.1\.sub\.\d+\.", "trunk_conv."), (r"^model\.3\.", "upconv1."), (r"^model\.6\.", "upconv2."),
                    (r"^model\.8\.", "HRconv."), (r"^model\.10\.", "conv_last.")])(state)


def real(state):
    return renamed([(r"^model\.0\.", "conv_first."), (r"^model\.1\.sub\.(\d+)\.RDB(\d)\.conv(\d)\.0\.", r"body.\1.rdb\2.conv\3."),
                    (r"^model\.1\.sub\.\d+\.", "conv_body."), (r"^model\.3\.", "conv_up1."), (r"^model\.6\.", "conv_up2."),
                    (r"^model\.8\.", "conv_hr."), (r"^model\.10\.", "conv_last.")])(state)


CASES = {
    "esrgan-old-x2": lambda n: write(n, seeded(ESRGAN(num_filters=8, num_blocks=1, scale=2)), 3, (9, 11), known=False),
    "esrgan-plus-x1": lambda n: write(n, seeded(ESRGAN(num_filters=8, num_blocks=1, scale=1, plus=True)), 3, (9, 11), known=False),
    "esrgan-bsrgan-x4": lambda n: write(n, seeded(ESRGAN(num_filters=8, num_blocks=1, scale=4)), 3, (7, 8), keep=bsrgan, known=False),
    "esrgan-real-x2": lambda n: write(n, seeded(ESRGAN(in_nc=12, num_filters=8, num_blocks=1, scale=4, shuffle_factor=2)), 3, (10, 12), keep=real, known=False),
    "srvgg-x3": lambda n: write(n, seeded(Compact(num_feat=12, num_conv=2, upscale=3)), 3),
    "srvgg-x1": lambda n: write(n, seeded(Compact(num_feat=12, num_conv=1, upscale=1)), 3),
    "drunet-grey": lambda n: write(n, seeded(DRUNet(in_nc=2, out_nc=1, nc=[4, 6, 8, 10], nb=2)), 1, call=with_sigma, inputs=lambda x: [sigma_plane(x)]),
    "dncnn-norm": lambda n: write(n, seeded(DnCNN(in_nc=1, out_nc=1, nc=10, nb=5, act_mode="BR")), 1),
    "dncnn-colour": lambda n: write(n, seeded(DnCNN(in_nc=3, out_nc=3, nc=10, nb=9, act_mode="R")), 3),
    "fdncnn": lambda n: write(n, seeded(DnCNN(in_nc=2, out_nc=1, nc=10, nb=9, act_mode="R", mode="FDnCNN")), 1, call=with_sigma, inputs=lambda x: [sigma_plane(x)]),
    "ffdnet-colour": lambda n: write(n, seeded(Stack(13, 12, 12, 4)), 3, call=ffdnet, inputs=lambda x: [sigma_plane(x)], known=False),
    "ircnn-grey": lambda n: write(n, seeded(Stack(1, 10, 1, 7, [1, 2, 3, 4, 3, 2, 1])), 1, call=lambda net, x: x - net.model(x), known=False),
    "nafnet": lambda n: write(n, seeded(NAFNet(img_channel=3, width=6, middle_blk_num=1, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1])), 3),
    "span-x2": lambda n: write(n, seeded(SPAN(num_in_ch=3, num_out_ch=3, feature_channels=3, upscale=2)), 3),
    "span-raw-x4": lambda n: write(n, seeded(SPAN(num_in_ch=3, num_out_ch=3, feature_channels=3, upscale=4, norm=False)), 3),
    "safmn-x2": lambda n: write(n, seeded(SAFMN(dim=16, n_blocks=1, upscaling_factor=2)), 3),
    "plksr-x2": lambda n: write(n, seeded(PLKSR(dim=12, n_blocks=1, upscaling_factor=2, kernel_size=9, ccm_type="DCCM")), 3),
    "realplksr-x2": lambda n: write(n, seeded(RealPLKSR(dim=12, n_blocks=1, upscaling_factor=2, kernel_size=9)), 3),
    "realplksr-norm-x4": lambda n: write(n, seeded(RealPLKSR(dim=12, n_blocks=1, upscaling_factor=4, kernel_size=5, layer_norm=True, use_ea=False)), 3),
}

if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    for case in sys.argv[1:] or CASES:
        CASES[case](case)
