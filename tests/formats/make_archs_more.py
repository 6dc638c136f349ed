#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_archs_more.py - writes data/architectures: networks that spandrel does not know, and large ones made narrow

Needs what make_archs.py needs, and for four of them BasicSR's sources (basicsr 1.4.2 of PyPI, unpacked: BASICSR=DIR). Those
whose programs are not packages are written down here in PyTorch. NAME.xN.* are for files that are told their factor.
Run by hand: tests/formats/make_archs_more.py [NAME...]
"""
import importlib
import os
import sys
import types

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from make_archs import HERE, Stack, picture, rows, seeded
from safetensors.torch import save_file
from spandrel import ModelLoader
from spandrel.architectures.MoSR import MoSR
from spandrel.architectures.PLKSR import RealPLKSR
from spandrel.architectures.RCAN import RCAN
from spandrel.architectures.RealCUGAN import UpCunet2x, UpCunet2x_fast, UpCunet3x, UpCunet4x
from spandrel.architectures.SwiftSRGAN import SwiftSRGAN


def answer(path, x, call):
    with torch.no_grad():
        y = call(x.double())
    np.save(path + ".in.npy", rows(x))
    np.save(path + ".out.npy", rows(y.float()))
    return float(y.std())


def write(name, module, x, call=None, known=False, suffix=".safetensors"):
    """call: what the whole program makes of x; known: spandrel, from the file alone, sees the same network."""
    path = os.path.join(HERE, name)
    state = {k: v.clone().contiguous() for k, v in module.state_dict().items()}
    if suffix == ".safetensors":
        save_file(state, path + suffix)
    else:
        torch.save({"params": state}, path + suffix)
    if known:
        print(ModelLoader().load_from_file(path + suffix).architecture.id, end=" ")
    deviation = answer(path, x, call or module.double())
    with open(path + ".tol", "w") as f:
        f.write("2e-5\n")
    print(name, os.path.getsize(path + suffix), deviation)


def keeping(module, *names):
    """Seeded, but for buffers that are no weights."""
    kept = {k: v.clone() for k, v in module.state_dict().items() if k.endswith(names)}
    seeded(module)
    module.load_state_dict(kept, strict=False)
    return module


# ---- packages ------------------------------------------------------------------------------------------

def basicsr(arch, cls, **options):
    """A module of BasicSR without the rest of it, which wants a torchvision of its time."""
    top = os.path.join(os.environ["BASICSR"], "basicsr")
    for name in ("basicsr", "basicsr.archs", "basicsr.utils", "basicsr.ops", "basicsr.ops.dcn"):
        stub = types.ModuleType(name)
        stub.__path__ = [os.path.join(top, *name.split(".")[1:])]
        sys.modules.setdefault(name, stub)
    sys.modules["basicsr.utils"].get_root_logger = None
    for missing in ("ModulatedDeformConvPack", "modulated_deform_conv"):
        setattr(sys.modules["basicsr.ops.dcn"], missing, nn.Module)
    return getattr(importlib.import_module("basicsr.archs." + arch), cls)(**options)


def studio(net):
    """As the file's numbers want it: 0..255, colours less DIV2K's mean in the card or in the file."""
    mean = torch.tensor([114.444, 111.4605, 103.02]).view(1, 3, 1, 1).double()

    def call(x):
        return (net.double()(((x + mean) / 255).clone()) * 255) - mean
    return call


def narrow(module, part):
    """A fraction of the channels; pictures keep theirs."""
    def width(c):
        return c if c in (1, 3, 4) else max(1, c // part)
    for m in list(module.modules()):
        for name, layer in list(m.named_children()):
            if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
                made = type(layer)(width(layer.in_channels), width(layer.out_channels), layer.kernel_size, layer.stride,
                                   layer.padding, bias=layer.bias is not None)
                setattr(m, name, made)
    return module


def cugan(name, cls, margin, size, channels=3, **options):
    net = seeded(narrow(cls(in_channels=channels, out_channels=channels, **options), 16))
    if options:
        net.pro.zero_()
    x = picture(channels, *size)
    padded = F.pad(x, (margin,) * 4, mode="reflect")  # what the program does itself
    write(name, net, padded, call=lambda _: net.double()(x.double()))


class Waifu2x(nn.Module):
    """nunif's CUNet: the two U-Nets of Real-CUGAN without deconvolution, clipped between and at the end."""

    def __init__(self):
        super().__init__()
        parts = importlib.import_module("spandrel.architectures.RealCUGAN.__arch.upcunet_v3")
        self.unet1 = parts.UNet1(3, 3, deconv=False)
        self.unet2 = parts.UNet2(3, 3, deconv=False)

    def forward(self, x):
        x = self.unet1(x).clamp(0, 1)
        return (F.pad(x, (-20,) * 4) + self.unet2(x)).clamp(0, 1)


# ---- networks that are in no package ------------------------------------------------------------------------

def conv(i, o, k=3, groups=1, bias=True, dilation=1):
    return nn.Conv2d(i, o, k, padding=k // 2 * dilation, groups=groups, bias=bias, dilation=dilation)


class Residual(nn.Module):
    def __init__(self, c, groups):
        super().__init__()
        tail = [nn.ReLU(), conv(c, c, 1)] if groups > 1 else []
        self.body = nn.Sequential(conv(c, c, 3, groups), nn.ReLU(), conv(c, c, 3, groups), *tail)

    def forward(self, x):
        return F.relu(self.body(x) + x)


class Step(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.body = nn.Sequential(conv(i, o, 1), nn.ReLU())

    def forward(self, x):
        return self.body(x)


class Cascade(nn.Module):
    """CARN: each of three steps sees the input and the steps before; `shared`: they are one."""

    def __init__(self, c, make, shared):
        super().__init__()
        for i in (1,) if shared else (1, 2, 3):
            setattr(self, f"b{i}", make())
        for i in (1, 2, 3):
            setattr(self, f"c{i}", Step((i + 1) * c, c))
        self.shared = shared

    def forward(self, x):
        seen = [x]
        for i in (1, 2, 3):
            seen.append(getattr(self, f"b{1 if self.shared else i}")(x))
            x = getattr(self, f"c{i}")(torch.cat(seen, 1))
        return x


class Shift(nn.Module):
    def __init__(self, sign):
        super().__init__()
        self.shifter = nn.Conv2d(3, 3, 1)
        self.shifter.weight.data = torch.eye(3).view(3, 3, 1, 1)
        self.shifter.bias.data = sign * torch.tensor([0.4488, 0.4371, 0.4040])

    def forward(self, x):
        return self.shifter(x)


class Up(nn.Module):
    def __init__(self, c, scale, groups):
        super().__init__()
        k = 3 if scale == 3 else 2
        layers = []
        for _ in range(2 if scale == 4 else 1):
            layers += [conv(c, k * k * c, 3, groups), nn.ReLU(), nn.PixelShuffle(k)]
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)


class CARN(Cascade):
    def __init__(self, c, groups):
        shared = groups > 1
        super().__init__(c, lambda: Cascade(c, lambda: Residual(c, groups), shared), False)
        self.sub_mean, self.add_mean = Shift(-1), Shift(1)
        self.entry, self.exit = conv(3, c), conv(c, 3)
        self.upsample = nn.Module()
        for k in (2, 3, 4):
            setattr(self.upsample, f"up{k}", Up(c, k, groups))

    def forward(self, x, scale=2):
        x = super().forward(self.entry(self.sub_mean(x)))
        return self.add_mean(self.exit(getattr(self.upsample, f"up{scale}")(x)))


class Contrast(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_du = nn.Sequential(conv(c, c // 4, 1), nn.ReLU(), conv(c // 4, c, 1), nn.Sigmoid())

    def forward(self, x):
        return x * self.conv_du(x.std((2, 3), unbiased=False, keepdim=True) + x.mean((2, 3), keepdim=True))


class Distill(nn.Module):
    """IMDN's block: a quarter of each layer's channels is kept (of 12: half, and no attention in IMDN_RTC)."""

    def __init__(self, c, kept, attention):
        super().__init__()
        self.kept = kept
        self.c1 = conv(c, c)
        self.c2, self.c3, self.c4 = conv(c - kept, c), conv(c - kept, c), conv(c - kept, kept)
        if attention:
            self.cca = Contrast(4 * kept)
        self.c5 = conv(4 * kept, c, 1)

    def forward(self, x):
        seen, y = [], x
        for layer in (self.c1, self.c2, self.c3):
            y = F.leaky_relu(layer(y), 0.05)
            seen.append(y[:, :self.kept])
            y = y[:, self.kept:]
        y = torch.cat(seen + [self.c4(y)], 1)
        return self.c5(self.cca(y) if hasattr(self, "cca") else y) + x


class IMDN(nn.Module):
    def __init__(self, c, n, scale):
        super().__init__()
        self.fea_conv, self.n = conv(3, c), n
        for i in range(n):
            setattr(self, f"IMDB{i + 1}", Distill(c, c // 4, True))
        self.c = nn.Sequential(conv(c * n, c, 1), nn.LeakyReLU(0.05))
        self.LR_conv = conv(c, c)
        self.upsampler = nn.Sequential(conv(c, 3 * scale * scale), nn.PixelShuffle(scale))

    def forward(self, x):
        first = x = self.fea_conv(x)
        seen = []
        for i in range(self.n):
            x = getattr(self, f"IMDB{i + 1}")(x)
            seen.append(x)
        return self.upsampler(self.LR_conv(self.c(torch.cat(seen, 1))) + first)


class Around(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.sub = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.sub(x)


class IMDN_RTC(nn.Module):
    def __init__(self, c, n, scale):
        super().__init__()
        self.model = nn.Sequential(conv(3, c), Around(*[Distill(c, c // 4, False) for _ in range(n)], conv(c, c, 1)),
                                   conv(c, 3 * scale * scale), nn.PixelShuffle(scale))

    def forward(self, x):
        return self.model(x)


class Plain(nn.Module):
    """conv1, conv2 ...: SRCNN, ESPCN, the dilated colorizer."""

    def __init__(self, layers, end):
        super().__init__()
        self.n, self.end = len(layers), end
        for i, layer in enumerate(layers):
            setattr(self, f"conv{i + 1}", layer)

    def forward(self, x):
        for i in range(1, self.n):
            x = F.relu(getattr(self, f"conv{i}")(x))
        return self.end(getattr(self, f"conv{self.n}")(x))


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = conv(c, c, bias=False)

    def forward(self, x):
        return F.relu(self.conv(x))


class VDSR(nn.Module):
    def __init__(self, c, n):
        super().__init__()
        self.input, self.output = conv(1, c, bias=False), conv(c, 1, bias=False)
        self.residual_layer = nn.Sequential(*[Block(c) for _ in range(n)])

    def forward(self, x):
        return x + self.output(self.residual_layer(F.relu(self.input(x))))


class FSRCNN(nn.Module):
    def __init__(self, d, s, m):
        super().__init__()
        self.first_part = nn.Sequential(conv(1, d, 5), nn.PReLU(d))
        middle = [conv(d, s, 1), nn.PReLU(s)]
        for _ in range(m):
            middle += [conv(s, s), nn.PReLU(s)]
        self.mid_part = nn.Sequential(*middle, conv(s, d, 1), nn.PReLU(d))
        self.last_part = nn.ConvTranspose2d(d, 1, 9, 1)

    def forward(self, x, scale):
        x = self.mid_part(self.first_part(x))
        return F.conv_transpose2d(x, self.last_part.weight, self.last_part.bias, scale, 4, scale - 1)


class Net(nn.Module):
    """nunif's vgg_7 and upconv_7, narrow."""

    def __init__(self, up):
        super().__init__()
        layers = []
        for i, o in zip((3, 4, 4, 6, 6, 8), (4, 4, 6, 6, 8, 8)):
            layers += [nn.Conv2d(i, o, 3), nn.LeakyReLU(0.1)]
        self.net = nn.Sequential(*layers, nn.ConvTranspose2d(8, 3, 4, 2, 3) if up else nn.Conv2d(8, 3, 3))

    def forward(self, x):
        return self.net(x).clamp(0, 1)


class SaoYan(nn.Module):
    """DnCNN as SaoYan's DnCNN-PyTorch has it: no bias, PyTorch's batch norm; the noise is the answer."""

    def __init__(self, c, n):
        super().__init__()
        layers = [conv(1, c, bias=False), nn.ReLU()]
        for _ in range(n - 2):
            layers += [conv(c, c, bias=False), nn.BatchNorm2d(c), nn.ReLU()]
        self.dncnn = nn.Sequential(*layers, conv(c, 1, bias=False))

    def forward(self, x):
        return x - self.dncnn(x)


def scaled(name, net, x, scales):
    for k in scales:
        answer(os.path.join(HERE, f"{name}.x{k}"), x, lambda v, k=k: net.double()(v, k))


def carn(name, c, groups):
    net = keeping(CARN(c, groups), "shifter.weight", "shifter.bias")
    x = picture(3, 7, 9)
    write(name, net.float(), x, suffix=".pth")
    scaled(name, net, x, (3, 4))


def fsrcnn(name):
    net = seeded(FSRCNN(8, 4, 2))
    save_file(net.state_dict(), os.path.join(HERE, name + ".safetensors"))
    scaled(name, net, picture(1, 7, 9), (2, 3, 4))


def chainer(name, up):
    """The same networks as Chainer's program saves them."""
    net = seeded(Net(up))
    arrays = {}
    for i in range(7):
        layer = net.net[2 * i]
        arrays[f"conv{i + 1}/W"], arrays[f"conv{i + 1}/b"] = (
            v.detach().numpy().copy() for v in (layer.weight, layer.bias))
    path = os.path.join(HERE, name)
    np.savez(path + ".npz", **arrays)
    answer(path, picture(3, 20, 23), net.net.double())


def levels(name):
    """KAIR's file of IRCNN's 25 networks, for sigma up to 2, 4 ... 50; NAME.sN.out.npy is the answer for sigma N."""
    path, x, nets = os.path.join(HERE, name), picture(1, 10, 12), []
    for k in range(25):
        net = seeded(Stack(1, 2, 1, 7, [1, 2, 3, 4, 3, 2, 1]))
        for p in net.parameters():
            p.data *= 0.6 + 0.02 * k
        nets.append(net)
    torch.save({str(k): net.state_dict() for k, net in enumerate(nets)}, path + ".pth", _use_new_zipfile_serialization=False)
    for sigma in (0, 2, 5, 50, 75):
        net = nets[min(24, max(0, (sigma + 1) // 2 - 1))]
        with torch.no_grad():
            y = x.double() - net.model.double()(x.double())
        np.save(f"{path}.s{sigma}.out.npy", rows(y.float()))
    answer(path, x, lambda v: v - nets[0].model.double()(v))


def nunif(name):
    """The double size of CUNet, with the words that nunif saves beside it: Real-CUGAN's tensors, but clipped."""
    parts = importlib.import_module("spandrel.architectures.RealCUGAN.__arch.upcunet_v3")
    net = Waifu2x()
    net.unet1 = parts.UNet1(3, 3, deconv=True)
    seeded(narrow(net, 16))
    path = os.path.join(HERE, name)
    torch.save({"nunif_model": 1, "name": "waifu2x.upcunet", "state_dict": net.state_dict()}, path + ".pth")
    print(name, answer(path, picture(3, 44, 44), net.double()))


def rcan(name, **options):
    net = seeded(RCAN(scale=2, n_resgroups=1, n_resblocks=2, n_feats=6, reduction=3, **options))
    x = picture(3, 8, 12)
    call = (lambda v: net.double()(v / 255) * 255) if options["norm"] else None
    write(name, net, x * 255 if options["norm"] else x, call, known=True)


CASES = {
    "edsr-basicsr-x2": lambda n: (lambda net: write(n, net, picture(3, 8, 10) * 255 - 100, studio(net)))(
        seeded(basicsr("edsr_arch", "EDSR", num_in_ch=3, num_out_ch=3, num_feat=6, num_block=2, upscale=2))),
    "rcan-basicsr-x3": lambda n: (lambda net: write(n, net, picture(3, 6, 7) * 255 - 100, studio(net)))(
        seeded(basicsr("rcan_arch", "RCAN", num_in_ch=3, num_out_ch=3, num_feat=6, num_group=1, num_block=1,
                       squeeze_factor=3, upscale=3))),
    "msrresnet-x4": lambda n: write(
        n, seeded(basicsr("srresnet_arch", "MSRResNet", num_feat=6, num_block=1, upscale=4)), picture(3, 6, 8)),
    "msrresnet-x3": lambda n: write(
        n, seeded(basicsr("srresnet_arch", "MSRResNet", num_feat=6, num_block=1, upscale=3)), picture(3, 5, 6)),
    "rcan-x2": lambda n: rcan(n, norm=True),
    "rcan-unshuffle-x2": lambda n: rcan(n, norm=False, unshuffle_mod=True),
    "swiftsrgan-x2": lambda n: write(
        n, seeded(SwiftSRGAN(num_channels=8, num_blocks=1, upscale_factor=2)), picture(3, 8, 10), known=True),
    "mosr-x2": lambda n: write(n, seeded(MoSR(upscale=2, n_block=1, dim=6)), picture(3, 8, 9), known=True),
    "mosr-part-gps-x2": lambda n: write(
        n, seeded(MoSR(upscale=2, n_block=1, dim=6, conv_ratio=0.5, kernel_size=5, upsampler="gps")), picture(3, 8, 9),
        known=True),
    "mosr-dys-x3": lambda n: write(
        n, keeping(MoSR(upscale=3, n_block=1, dim=4, kernel_size=3, upsampler="dys"), "init_pos"), picture(3, 7, 8), known=True),
    "realplksr-dys-x2": lambda n: write(
        n, keeping(RealPLKSR(dim=8, n_blocks=1, upscaling_factor=2, kernel_size=5, dysample=True), "init_pos"),
        picture(3, 8, 9), known=True),
    "realplksr-dys-x3": lambda n: write(
        n, keeping(RealPLKSR(dim=8, n_blocks=1, upscaling_factor=3, kernel_size=5, dysample=True, layer_norm=True), "init_pos"),
        picture(3, 6, 7), known=True),
    "cugan-x2": lambda n: cugan(n, UpCunet2x, 18, (20, 20)),
    "cugan-pro-x3": lambda n: cugan(n, UpCunet3x, 14, (16, 16), pro=True),
    "cugan-x4": lambda n: cugan(n, UpCunet4x, 19, (20, 20), channels=1),
    "cugan-fast-x2": lambda n: cugan(n, UpCunet2x_fast, 38, (40, 40), channels=1),
    "cunet-x1": lambda n: write(n, seeded(narrow(Waifu2x(), 16)), picture(3, 60, 60)),
    "carn": lambda n: carn(n, 4, 1),
    "carn-m": lambda n: carn(n, 8, 4),
    "imdn-x3": lambda n: write(n, seeded(IMDN(8, 2, 3)), picture(3, 7, 9), suffix=".pth"),
    "imdn-rtc-x2": lambda n: write(n, seeded(IMDN_RTC(8, 2, 2)), picture(3, 7, 9)),
    "srcnn": lambda n: write(n, seeded(Plain([conv(1, 8, 9), conv(8, 4, 5), conv(4, 1, 5)], nn.Identity())), picture(1, 9, 11)),
    "espcn-x3": lambda n: write(n, seeded(Plain([conv(1, 8, 5), conv(8, 8), conv(8, 4), conv(4, 9)], nn.PixelShuffle(3))),
                                picture(1, 9, 11)),
    "colorizer": lambda n: write(
        n, seeded(Plain([conv(1, 6, 5, dilation=2), conv(6, 6, 5, dilation=2), conv(6, 4, 5, dilation=2),
                         conv(4, 3, 5, dilation=2)], nn.Sigmoid())), picture(1, 12, 14)),
    "ircnn-levels": levels,
    "cunet-nunif-x2": nunif,
    "vdsr": lambda n: write(n, seeded(VDSR(6, 4)), picture(1, 9, 11)),
    "fsrcnn": fsrcnn,
    "waifu2x-nunif-x1": lambda n: write(n, seeded(Net(False)), picture(3, 20, 23)),
    "waifu2x-nunif-x2": lambda n: write(n, seeded(Net(True)), picture(3, 20, 23)),
    "waifu2x-chainer-x1": lambda n: chainer(n, False),
    "waifu2x-chainer-x2": lambda n: chainer(n, True),
    "dncnn-saoyan": lambda n: write(n, seeded(SaoYan(6, 5)), picture(1, 10, 12)),
}

if __name__ == "__main__":
    for case in sys.argv[1:] or CASES:
        CASES[case](case)
