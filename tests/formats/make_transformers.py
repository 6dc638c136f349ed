#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_transformers.py - small networks with attention: NAME.safetensors, NAME.in.npy and NAME.out.npy in data/transformers.

The modules are spandrel's, with seeded random weights large enough for every part to matter; the answers are PyTorch's, in
double precision. Arrays are rows, columns, channels. Needs: numpy, torch, safetensors, spandrel.
Names on the command line make those only.
"""
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from spandrel.architectures.HAT.__arch import HAT as hat
from spandrel.architectures.OmniSR.__arch import OmniSR as omnisr
from spandrel.architectures.SCUNet.__arch import SCUNet as scunet
from spandrel.architectures.SwinIR.__arch import SwinIR as swinir
from torch import nn

DATA = Path(__file__).parent / "data" / "transformers"
networks = {}


def network(name, size, channels=3, drop=(), gain=1):
    """A function that makes a module; size: of the input; drop: ends of names that are not written, or pairs old, new;
    gain: of the random layers."""
    def take(make):
        networks[name] = (make, size, channels, drop, gain)
        return make
    return take


def randomise(module, generator, gain):
    for name, p in module.named_parameters():
        spread = torch.randn(p.shape, generator=generator)
        if p.ndim >= 2 and "table" not in name and "relative_position_params" not in name and "rel_pos" not in name:
            spread = gain * spread / np.sqrt(p[0].numel())
        elif p.ndim < 2:
            spread = 0.1 * spread + (1 if name.endswith("weight") else 0)
        p.data = spread


def write(name):
    make, size, channels, drop, gain = networks[name]
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    module = make().eval()
    randomise(module, torch.Generator().manual_seed(seed), gain)
    x = np.random.RandomState(seed % 2**31).uniform(0, 1, (channels, *size)).astype(np.float32)
    state = {k: v.clone().contiguous() for k, v in module.state_dict().items()}
    with torch.no_grad():
        y = module.double()(torch.from_numpy(x)[None].double())[0].float().numpy()
    for rule in drop:
        old, new = (rule, None) if isinstance(rule, str) else rule
        for key in [k for k in state if k.endswith(old) or (new and k.startswith(old))]:
            value = state.pop(key)
            if new:
                state[new + key[len(old):]] = value
    save_file(state, DATA / f"{name}.safetensors")
    (DATA / f"{name}.safetensors").chmod(0o644)
    np.save(DATA / f"{name}.in.npy", np.ascontiguousarray(x.transpose(1, 2, 0)))
    np.save(DATA / f"{name}.out.npy", np.ascontiguousarray(y.transpose(1, 2, 0)))
    bytes_ = (DATA / f"{name}.safetensors").stat().st_size
    print(f"{name}: {len(state)} tensors, {bytes_} bytes, {x.shape} to {y.shape}, {y.min():.3f} to {y.max():.3f}")


# ---- SwinIR --------------------------------------------------------------------------------------

BUFFERS = ("relative_position_index", "attn_mask")  # window 8: 32 KB a block that follow from its size


def with_features(module, features, out=3):
    """The module with fewer features at its end than the 64 that are written into it."""
    width = module.conv_first.out_channels
    module.conv_before_upsample[0] = nn.Conv2d(width, features, 3, 1, 1)
    if module.upsampler == "pixelshuffle":
        module.upsample = swinir.Upsample(module.upscale, features)
    else:
        for part in ("conv_up1", "conv_up2", "conv_up3", "conv_hr"):
            if hasattr(module, part):
                setattr(module, part, nn.Conv2d(features, features, 3, 1, 1))
    module.conv_last = nn.Conv2d(features, out, 3, 1, 1)
    return module


def swin(**how):
    how = {"img_size": 16, "embed_dim": 12, "depths": [2, 2], "num_heads": [2, 3], "window_size": 8, "mlp_ratio": 2} | how
    return swinir.SwinIR(**how)


@network("swinir-classical-x4", (8, 12))
def _():
    return with_features(swin(img_size=8, window_size=4, upscale=4, upsampler="pixelshuffle"), 8)


@network("swinir-classical-x3", (8, 8), drop=BUFFERS)
def _():
    return with_features(swin(depths=[2], num_heads=[1], upscale=3, upsampler="pixelshuffle"), 6)


@network("swinir-light-x2", (24, 16), drop=BUFFERS)
def _():
    return swin(depths=[3, 2], num_heads=[3, 3], upscale=2, upsampler="pixelshuffledirect")


@network("swinir-real-x4", (16, 8), drop=BUFFERS)
def _():
    return with_features(swin(embed_dim=16, num_heads=[4, 2], upscale=4, upsampler="nearest+conv", resi_connection="3conv"), 8)


@network("swinir-unshuffle-x1", (32, 16), drop=(*BUFFERS, ("conv_first.", "conv_first.1.")))
def _():
    return with_features(swin(upscale=2, upsampler="nearest+conv", start_unshuffle=2), 8)


@network("swinir-denoise-rgb", (16, 24), drop=BUFFERS)
def _():
    return swin(num_heads=[2, 2])


@network("swinir-jpeg-grey", (14, 21), channels=1, drop=("attn_mask",))
def _():
    return swin(img_size=14, in_chans=1, depths=[2], num_heads=[2], window_size=7, img_range=255.0)


# ---- SCUNet --------------------------------------------------------------------------------------


def scu(in_nc, dim, head, window, config):
    """Heads and windows are written into the module as 32 and 8: ours are smaller."""
    block = scunet.ConvTransBlock

    class Small(block):
        def __init__(self, conv_dim, trans_dim, head_dim, window_size, *rest):
            super().__init__(conv_dim, trans_dim, head, window, *rest)

    scunet.ConvTransBlock = Small
    module = scunet.SCUNet(in_nc=in_nc, config=config, dim=dim)
    scunet.ConvTransBlock = block
    return module


@network("scunet-grey", (64, 64), channels=1, gain=0.7)
def _():
    return scu(1, 4, 2, 8, [1, 0, 0, 2, 0, 0, 1])


@network("scunet-rgb", (64, 64), gain=0.7)
def _():
    return scu(3, 4, 1, 4, [0, 2, 1, 1, 1, 1, 0])


# ---- OmniSR --------------------------------------------------------------------------------------


@network("omnisr-x2", (24, 32), gain=0.7)
def _():
    return omnisr.OmniSR(num_feat=8, block_num=2, window_size=4, res_num=2, up_scale=2)


@network("omnisr-x3", (24, 16), gain=0.7)
def _():
    return omnisr.OmniSR(num_feat=16, block_num=1, window_size=8, res_num=1, up_scale=3)


# ---- HAT -----------------------------------------------------------------------------------------


@network("hat-x2", (12, 16), drop=("relative_position_index_OCA",))
def _():
    return hat.HAT(img_size=16, embed_dim=12, depths=(2, 1), num_heads=(2, 3), window_size=4, compress_ratio=3,
                   squeeze_factor=4, overlap_ratio=0.5, mlp_ratio=2, upscale=2, num_feat=8, upsampler="pixelshuffle")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or networks:
        write(wanted)
