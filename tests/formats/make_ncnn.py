# SPDX-License-Identifier: MIT
# make_ncnn.py - writes data/ncnn: small networks by pnnx (fp32 and fp16) and by hand, with ncnn's own answers
#
# Needs numpy, torch, ncnn and pnnx (PyPI). From the top of the source: python tests/formats/make_ncnn.py
import os
import shutil
import struct
import tempfile

import ncnn
import numpy as np
import pnnx
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "ncnn")
torch.manual_seed(6)
rng = np.random.default_rng(6)


def engine(stem, inputs, names, output):
    """What ncnn computes, in plain fp32."""
    net = ncnn.Net()
    for switch in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage",
                   "use_winograd_convolution", "use_sgemm_convolution", "use_packing_layout"):
        setattr(net.opt, switch, False)
    net.opt.num_threads = 1
    assert net.load_param(stem + ".param") == 0 and net.load_model(stem + ".bin") == 0, stem
    ex = net.create_extractor()
    arrays = [np.ascontiguousarray(x.transpose(2, 0, 1)) for x in inputs]
    mats = [ncnn.Mat(a) for a in arrays]  # these only point at the arrays, and layers would write into those
    mats = [m.clone() for m in mats] + mats
    for name, mat in zip(names, mats):
        ex.input(name, mat)
    status, out = ex.extract(output)
    assert status == 0, (stem, status)
    return np.array(out).copy()  # what it sees belongs to the extractor


def save(name, inputs, names, output):
    stem = os.path.join(HERE, name)
    out = engine(stem, inputs, names, output)
    assert np.isfinite(out).all() and out.std() > 1e-3, name
    for i, x in enumerate(inputs):
        np.save(stem + (".in.npy" if not i else f".in{i + 1}.npy"), x)
    np.save(stem + ".out.npy", np.ascontiguousarray(out.transpose(1, 2, 0)) if out.ndim == 3 else out)
    size = os.path.getsize(stem + ".param") + os.path.getsize(stem + ".bin")
    print(f"{name}: {out.shape}, {size} bytes")


def picture(h, w, c=3):
    return rng.random((h, w, c), dtype=np.float32)


# ---- by pnnx ----------------------------------------------------------------------------------------------

class Gates(nn.Module):
    """A cut of waifu2x's UpCUNet: strides, an SE gate, a transposed convolution, a crop, an enlargement."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 8, 2, 2), nn.Conv2d(8, 8, 3)
        self.g, self.h = nn.Conv2d(8, 3, 1), nn.Conv2d(3, 8, 1)
        self.u, self.d = nn.ConvTranspose2d(8, 6, 2, 2), nn.Conv2d(6, 12, 3)

    def forward(self, x):
        a = F.leaky_relu(self.a(x), 0.1)
        y = F.leaky_relu(self.c(F.leaky_relu(self.b(a), 0.1)), 0.1)
        g = torch.sigmoid(self.h(F.relu(self.g(y.mean((2, 3), keepdim=True)))))
        y = F.leaky_relu(self.u(y * g), 0.1) + F.pad(a, (-2, -2, -2, -2))
        return F.interpolate(F.pixel_shuffle(self.d(y), 2), scale_factor=0.5, mode="bicubic", align_corners=False)


class Mixed(nn.Module):
    """What other published networks are made of."""

    def __init__(self):
        super().__init__()
        self.a, self.p, self.q = nn.Conv2d(12, 8, 3, padding=1), nn.PReLU(8), nn.PReLU()
        self.b, self.n, self.g = nn.Conv2d(8, 8, 3, groups=4), nn.BatchNorm2d(8), nn.GroupNorm(2, 8)
        self.i, self.l = nn.InstanceNorm2d(4, affine=True), nn.LayerNorm(8)
        self.d, self.t = nn.Conv2d(8, 8, 3, padding=2, dilation=2), nn.ConvTranspose2d(8, 4, 4, 2, 1, groups=2)
        self.o = nn.Conv2d(4, 3, 3, padding=1)
        for m in (self.n, self.g, self.i, self.l):
            nn.init.normal_(m.weight, 1, 0.2), nn.init.normal_(m.bias, 0, 0.2)
        nn.init.normal_(self.n.running_mean, 0, 0.2), nn.init.uniform_(self.n.running_var, 0.5, 2)

    def forward(self, x):
        y = self.p(self.a(F.pixel_unshuffle(x, 2)))
        y = F.hardswish(self.n(self.b(F.pad(y, (1, 1, 1, 1), mode="reflect"))))
        y = y + F.gelu(self.g(y)) * 0.5
        s, t = torch.chunk(y, 2, 1)
        y = torch.cat((F.mish(self.i(s)), F.silu(t)), 1)
        y = y + self.l(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y = F.interpolate(F.avg_pool2d(y, 2) + F.max_pool2d(y, 2), scale_factor=2, mode="bilinear", align_corners=False) - y
        y = F.elu(self.q(self.t(F.hardtanh(self.d(y), -0.7, 0.8))), 0.3)
        return torch.clamp(self.o(F.hardsigmoid(y) * y), -0.5, 0.6) + x


def by_pnnx(name, net, fp16, h, w):
    net.eval()
    folder = tempfile.mkdtemp()
    x = torch.rand(1, 3, 32, 40)
    more = torch.rand(1, 3, 48, 24)
    pnnx.export(net, os.path.join(folder, "net.pt"), (x,), inputs2=(more,), fp16=fp16)
    for end in ("param", "bin"):
        shutil.copy(os.path.join(folder, "net.ncnn." + end), os.path.join(HERE, f"{name}.{end}"))
    shutil.rmtree(folder)
    save(name, [picture(h, w)], ["in0"], "out0")


# ---- by hand: .param's older words, which converters before pnnx wrote -----------------------------------------

def floats(*shape, scale=0.4, around=0.0):
    return (rng.standard_normal(shape) * scale + around).astype("<f4")


RAW = struct.pack("<I", 0)


def half(v):
    data = v.astype("<f2").tobytes()
    return struct.pack("<I", 0x01306B47) + data + b"\0" * (-len(data) % 4)


def table(v):
    """256 numbers and a byte a weight; the tag is any other than those that mean something."""
    steps = np.linspace(v.min(), v.max(), 256).astype("<f4")
    index = np.abs(v.ravel()[:, None] - steps[None]).argmin(1).astype(np.uint8).tobytes()
    return struct.pack("<I", 0x00000001) + steps.tobytes() + index + b"\0" * (-len(index) % 4)


def raw(v):
    return RAW + v.tobytes()


def write(name, layers, blobs, data):
    lines = [line for line in layers.strip().splitlines()]
    with open(os.path.join(HERE, name + ".param"), "w") as f:
        f.write(f"7767517\n{len(lines)} {blobs}\n" + "\n".join(lines) + "\n")
    with open(os.path.join(HERE, name + ".bin"), "wb") as f:
        f.write(b"".join(data))


def old_words():
    layers = """
Input            data     0 1 data 0=20 1=16 2=3
Convolution      conv1    1 1 data c1 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,0.1
Split            s1       1 9 c1 a b c d e f g h j
Convolution      conv2    1 1 a a1 0=8 1=3 5=1 6=576 9=3 -23310=2,-5.0e-01,7.0e-01
Split            s2       1 2 a1 a2 a3
Crop             like     2 1 b a2 b1 0=1 1=1
Eltwise          sum      2 1 a3 b1 ab 0=1 -23301=2,5.0e-01,-1.5
Crop             numpy    1 1 c c2 -23309=3,1,2,-233 -23310=3,-1,0,-3 -23311=3,0,-2,-1
Pooling          gap      1 1 d d1 0=1 4=1
InnerProduct     fc1      1 1 d1 d2 0=4 1=1 2=32 9=1
InnerProduct     fc2      1 1 d2 d3 0=8 1=1 2=32 9=4
Scale            gate     2 1 e d3 e1 0=-233
Scale            affine   1 1 e1 e2 0=8 1=1
BatchNorm        bn       1 1 e2 e3 0=8 1=1.0e-03
Slice            slice    1 3 f f1 f2 f3 -23300=3,2,-233,-233 1=0
BinaryOp         rsub     1 1 f1 f4 0=7 1=1 2=0.25
BinaryOp         mul      2 1 f2 f3 f5 0=2
UnaryOp          abs      1 1 f5 f6 0=0
Concat           cat      2 1 f4 f6 f7 0=0
Pooling          max      1 1 g g1 0=0 1=3 2=2 3=0 5=0
Padding          edge     1 1 g1 g2 0=1 1=0 2=2 3=0 4=1
Interp           up       1 1 g2 g3 0=1 1=2.0 2=2.0
Crop             cut      1 1 g3 g4 0=1 1=2 2=0 3=18 4=15 5=8
ReLU             leaky    1 1 g4 g5 0=0.2
Deconvolution    up2      1 1 h h1 0=6 1=4 3=2 4=1 5=1 6=768
Reorg            down     1 1 h1 h2 0=2
PReLU            prelu    1 1 h2 h3 0=24
ShuffleChannel   mix      1 1 h3 h4 0=3
Reduction        mean     1 1 j j1 0=3 1=0 -23303=2,1,2 4=1 5=1
BinaryOp         less     2 1 e3 j1 e4 0=1
Crop             e        1 1 e4 e5 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Crop             f        1 1 f7 f8 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Crop             g        1 1 g5 g6 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Crop             h        1 1 h4 h5 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Crop             ab       1 1 ab ab1 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Crop             c        1 1 c2 c3 -23309=2,0,0 -23310=2,14,17 -23311=2,1,2
Concat           all      6 1 e5 f8 g6 h5 ab1 c3 out 0=0
"""
    data = [raw(floats(8, 3, 3, 3)), floats(8).tobytes(), half(floats(8, 8, 3, 3, scale=0.2)), floats(8).tobytes(),
            raw(floats(4, 8)), floats(4).tobytes(), table(floats(8, 4)), floats(8).tobytes(),
            floats(8, around=1).tobytes(), floats(8).tobytes(),
            floats(8, around=1).tobytes(), floats(8).tobytes(), np.abs(floats(8, around=1)).tobytes(), floats(8).tobytes(),
            table(floats(6, 8, 4, 4, scale=0.2)), floats(6).tobytes(), floats(24).tobytes()]
    write("old_words", layers, 50, data)
    save("old_words", [picture(16, 20)], ["data"], "out")


def more_words():
    layers = """
Input            data     0 1 data
Input            mask     0 1 mask 2=1
Split            s1       1 7 data a b c d e f g
BinaryOp         mul      2 1 a mask a1 0=2
ELU              elu      1 1 b b1 0=0.5
Swish            swish    1 1 c c1
GELU             gelu     1 1 d d1 0=1
HardSwish        hard     1 1 e e1 0=0.3 1=0.4
Power            power    1 1 f f1 0=2.0 1=0.5 2=0.1
Exp              exp      1 1 f1 f2 1=0.5
Interp           align    1 1 g g1 0=2 1=2.0 2=2.0 6=1
Convolution      same     1 1 g1 g2 0=3 1=3 3=2 4=-233 5=0 6=81
Concat           cat      6 1 a1 b1 c1 d1 e1 f2 all
ConvolutionDepthWise each 1 1 all all1 0=18 1=3 11=1 4=1 14=0 5=1 6=54 7=18
DeconvolutionDepthWise up 1 1 all1 all2 0=6 1=3 3=1 4=1 5=1 6=162 7=6
Permute          turn     1 1 all2 all3 0=3
Permute          back     1 1 all3 all4 0=4
Softmax          soft     1 1 all4 all5 0=0 1=1
MemoryData       const    0 1 k 0=1 1=1 2=6
BinaryOp         add      2 1 all5 k all6 0=0
InstanceNorm     norm     1 1 all6 all7 0=6 1=1.0e-05
Padding          reflect  1 1 g2 g3 0=1 1=1 2=1 3=1 4=2
Convolution      valid    1 1 g3 g4 0=6 1=3 5=1 6=162 9=5
Eltwise          prod     2 1 all7 g4 p 0=0
PixelShuffle     shuffle  1 1 p out 0=1
"""
    data = [raw(floats(3, 3, 3, 3)), raw(floats(18, 1, 1, 3)), floats(18).tobytes(), half(floats(6, 1, 3, 3, 3)),
            floats(6).tobytes(), floats(6).tobytes(), floats(6, around=1).tobytes(), floats(6).tobytes(),
            half(floats(6, 3, 3, 3)), floats(6).tobytes()]
    write("more_words", layers, 60, data)
    save("more_words", [picture(11, 14), picture(11, 14, 1)], ["data", "mask"], "out")


if __name__ == "__main__":
    os.makedirs(HERE, exist_ok=True)
    old_words()
    more_words()
    by_pnnx("gates", Gates(), False, 24, 30)
    by_pnnx("mixed_fp16", Mixed(), True, 24, 32)
