#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_torch.py - small files of PyTorch, safetensors and NumPy, with PyTorch's answers

    python3 make_torch.py [FOLDER]      # FOLDER: data, beside this script

Needs torch (2.x), numpy and safetensors. Seeded. Answers are computed in double precision from the numbers that the file
holds, so that half-precision files have answers of their own.
"""
import collections
import pathlib
import sys
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

warnings.filterwarnings("ignore")

# PyTorch puts the source of classes, and where it lies, into the files. Here it is one that would be noticed if it were run.
torch.serialization.get_source_lines_and_file = lambda what, *rest: (["import os\n", "os.abort()\n"], 1, "layer.py")
FIND_SOURCE = torch._sources.get_source_lines_and_file
torch._sources.get_source_lines_and_file = lambda *what: (*FIND_SOURCE(*what)[:2], "layer.py")

torch.manual_seed(6)
RANDOM = np.random.default_rng(6)
TOP = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "data")


def answer(path, network, channels, after=lambda x, y: y, height=7, width=9):
    """NAME.in.npy and NAME.out.npy: height x width x channels; `after` makes the picture of input and output."""
    picture = RANDOM.random((height, width, channels), dtype=np.float32)
    x = torch.from_numpy(picture.transpose(2, 0, 1)[None].astype(np.float64))
    with torch.no_grad():
        y = after(x, network.double().eval()(x))
    stem = str(path.with_suffix(""))
    np.save(stem + ".in.npy", picture)
    np.save(stem + ".out.npy", y[0].numpy().transpose(1, 2, 0).astype(np.float32))


class DnCNN(nn.Module):
    """KAIR's names: model.0, model.2, model.4; the answer is the noise."""

    def __init__(self, colours=1, width=4):
        super().__init__()
        same = dict(kernel_size=3, padding=1)
        self.model = nn.Sequential(nn.Conv2d(colours, width, **same), nn.ReLU(), nn.Conv2d(width, width, **same),
                                   nn.ReLU(), nn.Conv2d(width, colours, **same))

    def forward(self, x):
        return self.model(x)


class Network(nn.Module):
    """The sub-pixel network of PyTorch's examples."""

    def __init__(self, scale=2):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv1 = nn.Conv2d(1, 4, 5, 1, 2)
        self.conv2 = nn.Conv2d(4, 4, 3, 1, 1)
        self.conv3 = nn.Conv2d(4, 3, 3, 1, 1)
        self.conv4 = nn.Conv2d(3, scale * scale, 3, 1, 1)
        self.pixel_shuffle = nn.PixelShuffle(scale)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = self.relu(conv(x))
        return self.pixel_shuffle(self.conv4(x))


def noise(x, y):
    return x - y


def shaken(network):
    """Norms with numbers that show when they are mixed up."""
    for m in network.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.copy_(torch.randn_like(m.running_mean) * 0.1)
            m.running_var.copy_(torch.rand_like(m.running_var) + 0.5)
            m.weight.data.copy_(torch.rand_like(m.weight) + 0.5)
            m.bias.data.copy_(torch.randn_like(m.bias) * 0.1)
    return network


def rounded(network, dtype):
    return network.to(dtype)


# ---- PyTorch -------------------------------------------------------------------------------------


def containers(folder):
    """One network in every container and wrapping."""
    def save(name, make, **how):
        network = DnCNN()
        path = folder / f"{name}.pth"
        torch.save(make(network), path, **how)
        answer(path, network, 1, noise)

    save("zip", lambda n: n.state_dict())
    save("legacy", lambda n: n.state_dict(), _use_new_zipfile_serialization=False)
    save("protocol4", lambda n: n.state_dict(), pickle_protocol=4)
    save("protocol5", lambda n: n.state_dict(), pickle_protocol=5, _use_new_zipfile_serialization=False)
    save("protocol1", lambda n: n.state_dict(), pickle_protocol=1, _use_new_zipfile_serialization=False)
    save("ema", lambda n: {"params": DnCNN().state_dict(), "params_ema": n.state_dict()})
    save("checkpoint", lambda n: {
        "epoch": 3, "loss": np.float64(0.5), "history": np.arange(4.0), "model": {"name": "dncnn", "width": 4},
        "state_dict": collections.OrderedDict(("module." + k, v) for k, v in n.state_dict().items()),
        "optimizer": torch.optim.Adam(n.parameters()).state_dict()})
    save("averaged", lambda n: torch.optim.swa_utils.AveragedModel(n).state_dict())
    save("other", lambda n: {"step": 1, "whatever": n.state_dict(), "rng": torch.get_rng_state()})
    save("parameters", lambda n: dict(n.named_parameters()))
    save("arrays", lambda n: {k: v.numpy() for k, v in n.state_dict().items()})
    save("arrays5", lambda n: {k: np.asfortranarray(v.numpy()) for k, v in n.state_dict().items()},
         pickle_protocol=4)
    save("module_in_dict", lambda n: {"net": n, "epoch": 1}, _use_new_zipfile_serialization=False)


def elements(folder):
    for name, dtype in (("half", torch.float16), ("bfloat16", torch.bfloat16), ("double", torch.float64)):
        network = rounded(DnCNN(), dtype)
        torch.save(network.state_dict(), folder / f"{name}.pth")
        answer(folder / f"{name}.pth", network, 1, noise)


def strides(folder):
    """Weights that are parts of one storage, turned, and with the channels last."""
    network = DnCNN(colours=3)
    state = network.state_dict()
    whole = torch.zeros(1000)
    first, middle = state["model.0.weight"], state["model.2.weight"]
    whole[5:5 + first.numel()] = first.permute(3, 2, 1, 0).reshape(-1)
    state["model.0.weight"] = whole[5:5 + first.numel()].view(3, 3, 3, 4).permute(3, 2, 1, 0)
    state["model.2.weight"] = middle.contiguous(memory_format=torch.channels_last)
    whole[700:704] = state["model.0.bias"]
    state["model.0.bias"] = whole[700:704]
    for name, new in (("strides", True), ("strides_legacy", False)):
        torch.save(state, folder / f"{name}.pth", _use_new_zipfile_serialization=new)
        answer(folder / f"{name}.pth", network, 3, noise)


def modules(folder):
    network = Network()
    torch.save(network, folder / "espcn_module.pth", _use_new_zipfile_serialization=False)
    answer(folder / "espcn_module.pth", network, 1)
    script = DnCNN()
    torch.jit.script(script).save(str(folder / "script.pt"))
    answer(folder / "script.pt", script, 1, noise)


def sequentials(folder):
    """Modules that say their network themselves."""
    def save(name, network, channels, **how):
        path = folder / f"{name}.pth"
        torch.save(shaken(network), path, **how)
        answer(path, network, channels, height=12, width=16)

    save("sequential", nn.Sequential(collections.OrderedDict([
        ("pad", nn.ReflectionPad2d((2, 1, 1, 2))), ("head", nn.Conv2d(3, 6, 4, bias=False)),
        ("norm", nn.BatchNorm2d(6)), ("act", nn.LeakyReLU(0.2)),
        ("body", nn.Sequential(nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=2), nn.PReLU(6), nn.Dropout(0.3),
                               nn.MaxPool2d(2))),
        ("same", nn.Conv2d(6, 8, (2, 3), padding="same", padding_mode="replicate")), ("relu6", nn.ReLU6()),
        ("up", nn.ConvTranspose2d(8, 12, 3, stride=2, padding=1, output_padding=1)), ("tanh", nn.Tanh()),
        ("shuffle", nn.PixelShuffle(2)), ("identity", nn.Identity()), ("squash", nn.Sigmoid())])), 3)
    save("sequential_sizes", nn.DataParallel(nn.Sequential(
        nn.AvgPool2d(2), nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.Upsample(scale_factor=2, mode="nearest"), nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear"), nn.ZeroPad2d((1, 0, 0, 1)),
        nn.Upsample(scale_factor=(2, 3), mode="bilinear", align_corners=True), nn.ReplicationPad2d(1),
        nn.Conv2d(4, 1, 3), nn.Upsample(scale_factor=2, mode="bicubic"), nn.ConstantPad2d((1, 1, 2, 0), 0.25))), 1,
         _use_new_zipfile_serialization=False)


# ---- safetensors -----------------------------------------------------------------------------------


def safetensors(folder):
    for name, dtype in (("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16),
                        ("f64", torch.float64)):
        network = rounded(DnCNN(), dtype)
        save_file(network.state_dict(), folder / f"{name}.safetensors", {"licence": "MIT", "format": "pt"})
        answer(folder / f"{name}.safetensors", network, 1, noise)


# ---- NumPy's archives, with Chainer's names -----------------------------------------------------------


def chain(last):
    widths = [3, 2, 2, 3, 3, 4, 4]
    layers = []
    for i in range(6):
        layers += [nn.Conv2d(widths[i], widths[i + 1], 3), nn.LeakyReLU(0.1)]
    return nn.Sequential(*layers, last)


def arrays_of(network):
    convs = [m for m in network if not isinstance(m, nn.LeakyReLU)]
    both = {}
    for i, m in enumerate(convs, 1):
        both[f"conv{i}/W"], both[f"conv{i}/b"] = m.weight.detach().numpy(), m.bias.detach().numpy()
    return both


def npz(folder):
    network = chain(nn.Conv2d(4, 3, 3))
    np.savez_compressed(folder / "vgg7.npz", **arrays_of(network))
    answer(folder / "vgg7.npz", network, 3, height=18, width=20)
    network = chain(nn.ConvTranspose2d(4, 3, 4, 2, 3))
    turned = {k: np.asfortranarray(v) for k, v in arrays_of(network).items()}
    np.savez(folder / "upconv7.npz", **turned, note=np.array("not a number"))
    answer(folder / "upconv7.npz", network, 3, height=18, width=20)
    network = network.half()
    np.savez(folder / "half.npz", **arrays_of(network))
    answer(folder / "half.npz", network, 3, height=18, width=20)


def main():
    for name, makers in (("pytorch", (containers, elements, strides, modules, sequentials)),
                         ("safetensors", (safetensors,)), ("npz", (npz,))):
        (TOP / name).mkdir(parents=True, exist_ok=True)
        for make in makers:
            make(TOP / name)


if __name__ == "__main__":
    main()
