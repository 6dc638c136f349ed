# SPDX-License-Identifier: MIT
# make_json_t7.py - writes data/waifu2x, data/websr and data/torch7 with PyTorch's answers (WebSR's: the shaders' sums in numpy)
#
# Needs numpy and torch. From the top of the source: python tests/formats/make_json_t7.py
# Torch7 and waifu2x's exporter are Lua programs that no package index has any more: the files are written here as those
# programs write them (torch7: File.lua, Tensor.lua of torch/torch7; JSON: export_model.lua of nagadomi/waifu2x).
import json
import os
import struct

import numpy as np
import torch
import torch.nn.functional as F

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
rng = np.random.default_rng(6)


def floats(*shape, scale=0.3, around=0.0):
    return (rng.standard_normal(shape) * scale + around).astype(np.float32)


def short(a):
    """As text of few digits."""
    return np.round(a.astype(np.float64), 4).tolist()


def picture(h, w, c):
    return rng.random((h, w, c), dtype=np.float32)


def to_torch(x):
    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None].double()


def save(folder, name, x, y):
    y = y[0].numpy().transpose(1, 2, 0) if isinstance(y, torch.Tensor) else y
    stem = os.path.join(DATA, folder, name)
    np.save(stem + ".in.npy", x)
    np.save(stem + ".out.npy", np.ascontiguousarray(y).astype(np.float32))
    print(folder, name, y.shape, float(np.std(y)))


def t(a):
    return torch.from_numpy(np.asarray(a)).double()


# ---- waifu2x ----------------------------------------------------------------------------------------------------

def layer(i, o, k, **more):
    full = more.get("class_name") == "nn.SpatialFullConvolution"
    return {"kW": k, "kH": k, "nInputPlane": i, "bias": short(floats(o)),
            "weight": short(floats(*((i, o) if full else (o, i)), k, k)), "nOutputPlane": o, **more}


def run_waifu2x(layers, x):
    y = to_torch(x)
    for n, l in enumerate(layers):
        full = l.get("class_name") == "nn.SpatialFullConvolution"
        run = F.conv_transpose2d if full else F.conv2d
        y = run(F.leaky_relu(y, 0.1) if n else y, t(l["weight"]), t(l["bias"]), stride=l.get("dH", 1), padding=l.get("padH", 0))
    return y


def waifu2x():
    new = {"class_name": "nn.SpatialConvolutionMM", "dW": 1, "dH": 1, "padW": 0, "padH": 0}
    up = {"class_name": "nn.SpatialFullConvolution", "dW": 2, "dH": 2, "padW": 3, "padH": 3}
    nets = {"upconv": [layer(3, 4, 3, **new), layer(4, 6, 3, **new), layer(6, 3, 4, **up)],
            "first_files": [layer(1, 4, 3), layer(4, 4, 3), layer(4, 1, 3)]}  # of 2015: luma only, few keys
    nets["upconv"][0]["model_config"] = {"arch_name": "upconv_7", "scale_factor": 2, "channels": 3, "offset": 14}
    for name, layers in nets.items():
        with open(os.path.join(DATA, "waifu2x", name + ".json"), "w") as f:
            json.dump(layers, f, separators=(",", ":"))
        x = picture(13, 15, layers[0]["nInputPlane"])
        save("waifu2x", name, x, run_waifu2x(layers, x))


# ---- WebSR --------------------------------------------------------------------------------------------------------

def conv(blocks):
    return {"type": "conv", "inputs": ["?"], "output": "?", "weights": short(floats(16 * blocks, scale=0.15)), "bias": short(floats(4))}


def shader(weights, inputs):
    """inputs: one a block, height x width x 4; the sum of matrix times vector that each shader is."""
    w = np.asarray(weights["weights"], np.float64).reshape(-1, 4, 4)
    return sum(i.astype(np.float64) @ b for i, b in zip(inputs, w, strict=True)) + np.asarray(weights["bias"])


def taps(a):
    """The nine neighbours, x first."""
    h, w, _ = a.shape
    p = np.pad(a, ((1, 1), (1, 1), (0, 0)))
    return [p[1 + dy:1 + dy + h, 1 + dx:1 + dx + w] for dx in (-1, 0, 1) for dy in (-1, 0, 1)]


def signs(a):
    return [np.maximum(v, 0) for v in a] + [np.maximum(-v, 0) for v in a]


def websr(name, textures, stages, last, restores):
    layers = {}
    x = picture(9, 11, 3)
    before, all_stages = None, []
    rgba = np.concatenate((x, np.ones((*x.shape[:2], 1), np.float32)), 2)
    for s in range(stages):
        now = []
        for k in range(textures):
            one = conv(9 if before is None else 18 * textures)
            if before is None:
                blocks = np.asarray(one["weights"]).reshape(9, 4, 4)
                blocks[:, 3] = 0
                one["weights"] = blocks.ravel().tolist()
            layers[f"conv2d_{s}_tf".replace("_0_", "_") + (str(k) if k else "")] = one
            now.append(shader(one, taps(rgba) if before is None else [v for a in signs(before) for v in taps(a)]))
        before = now
        all_stages.append(now)
    outputs = []
    for k in range(1 if last == 3 and (restores or textures == 1 and stages < 4) else 3):
        one = conv(18 * textures if last == 3 else 2 * textures * stages)
        layers[f"conv2d_{'out' if restores else 'last'}_tf" + (str(k) if k else "")] = one
        wide = [v for a in signs(before) for v in taps(a)] if last == 3 else [v for a in all_stages for v in signs(a)]
        outputs.append(shader(one, wide))
    if restores:
        y = x + outputs[0][:, :, :3]
    else:
        h, w, _ = x.shape
        shuffled = [o.reshape(h, w, 2, 2).transpose(0, 2, 1, 3).reshape(2 * h, 2 * w) for o in outputs]
        y = F.interpolate(to_torch(x), scale_factor=2, mode="bilinear", align_corners=False)[0].numpy().transpose(1, 2, 0)
        y = y + np.stack(shuffled if len(shuffled) == 3 else shuffled * 3, 2)
        if len(outputs) == 1:
            layers["pixel_shuffle"] = {"type": "pixel_shuffle", "inputs": ["conv2d_last_tf"], "output": "canvas"}
    kind = "restore" if restores else "2x"
    with open(os.path.join(DATA, "websr", name + ".json"), "w") as f:
        json.dump({"name": f"anime4k/cnn-{kind}-x", "layers": layers}, f)
    save("websr", name, x, y)


# ---- Torch7 ---------------------------------------------------------------------------------------------------------

class Object:
    def __init__(self, kind, **fields):
        self.kind, self.fields = kind, fields


class Writer:
    """torch.File:writeObject."""

    def __init__(self, ascii_):
        self.ascii, self.out, self.seen = ascii_, [], {}
        self.alive = []  # what is_of is told apart by id() may not go

    def piece(self, fmt, values, word):
        if self.ascii:
            self.out.append((" ".join(word % v for v in values) + "\n").encode() if len(values) else b"")
        else:
            self.out.append(struct.pack(f"<{len(values)}{fmt}", *values))

    def int(self, v):
        self.piece("i", [v], "%d")

    def string(self, v):
        self.int(len(v))
        self.out.append(v + (b"\n" if self.ascii and v else b""))

    def numbered(self, kind, v, part=""):
        """True where the object was there before."""
        self.int(kind)
        known = (id(v), part) in self.seen
        self.seen.setdefault((id(v), part), len(self.seen) + 1)
        self.alive.append(v)
        self.int(self.seen[id(v), part])
        return known

    def head(self, kind, v, part=""):
        if self.numbered(4, v, part):
            return False
        self.string(b"V 1")
        self.string(kind.encode())
        return True

    def tensor(self, v):
        kind = {"float32": ("Float", "f", "%.9g"), "float64": ("Double", "d", "%.17g"), "int64": ("Long", "q", "%d")}[str(v.dtype)]
        if not self.head(f"torch.{kind[0]}Tensor", v):
            return
        self.int(v.ndim)
        step = v.itemsize
        self.piece("q", v.shape, "%d")
        self.piece("q", [s // step for s in v.strides], "%d")
        self.piece("q", [1], "%d")
        base = v.base if v.base is not None else v
        if self.head(f"torch.{kind[0]}Storage", base, "storage"):
            flat = np.frombuffer(base.data, base.dtype) if base.flags.c_contiguous else base.ravel(order="K")
            self.piece("q", [flat.size], "%d")
            self.piece(kind[1], flat.tolist(), kind[2])

    def table(self, v):
        if self.numbered(3, v):
            return
        pairs = list(v.items()) if isinstance(v, dict) else list(enumerate(v, 1))
        self.int(len(pairs))
        for key, value in pairs:
            self.value(key)
            self.value(value)

    def value(self, v):
        if v is None:
            self.int(0)
        elif isinstance(v, bool):
            self.int(5)
            self.int(int(v))
        elif isinstance(v, (int, float)):
            self.int(1)
            self.piece("d", [v], "%.17g")
        elif isinstance(v, str):
            self.int(2)
            self.string(v.encode())
        elif isinstance(v, np.ndarray):
            self.tensor(v)
        elif isinstance(v, Object):
            if self.head(v.kind, v):
                self.value(v.fields)
        elif callable(v):
            if not self.numbered(8, v):
                self.string(b"\x1bLJ inert")
                self.value({})
        else:
            self.table(v)


def write_t7(name, value, ascii_):
    w = Writer(ascii_)
    w.value(value)
    with open(os.path.join(DATA, "torch7", name + ".t7"), "wb") as f:
        f.write(b"".join(w.out))


def module(kind, **fields):
    return Object(kind if "." in kind else "nn." + kind, train=False, output=np.zeros(0, np.float32), **fields)


def rows(kind, *modules, **fields):
    return module(kind, modules=list(modules), **fields)


def conv7(kind, i, o, k, d=1, pad=0, matrix=False, double=False, bias=True, **more):
    full = kind.endswith("FullConvolution")
    w = floats(*((i, o) if full else (o, i)), k, k)
    m = module(kind, nInputPlane=i, nOutputPlane=o, kW=k, kH=k, dW=d, dH=d, padW=pad, padH=pad, weight=w, **more)
    if bias:
        m.fields["bias"] = floats(o)
    m.fields["gradWeight"] = np.zeros_like(w)
    if matrix:
        m.fields["weight"] = w.reshape(o, -1).copy()
    if double:
        m.fields["weight"], m.fields["bias"] = m.fields["weight"].astype(np.float64), m.fields["bias"].astype(np.float64)
    return m


def run7(m, x):
    """What the modules of nn compute, by PyTorch."""
    f, kind = m.fields, m.kind.split(".")[1]
    if kind == "Sequential":
        for one in f["modules"]:
            x = run7(one, x)
        return x
    if kind == "ConcatTable":
        return [run7(one, x) for one in f["modules"]]
    if kind == "Concat":
        return torch.cat([run7(one, x) for one in f["modules"]], 1)
    if kind == "SpatialFullConvolution":
        return F.conv_transpose2d(x, t(f["weight"]), t(f["bias"]) if "bias" in f else None, f["dH"], f["padH"])
    if "Convolution" in kind:
        w = t(f["weight"]).reshape(f["nOutputPlane"], -1, f["kH"], f["kW"])
        return F.conv2d(x, w, t(f["bias"]), f["dH"], f["padH"], f.get("dilationH", 1), f.get("groups", 1))
    one = {"LeakyReLU": lambda: F.leaky_relu(x, f.get("negval")), "ReLU": lambda: F.relu(x), "Identity": lambda: x,
           "PReLU": lambda: F.prelu(x, t(f["weight"])), "CAddTable": lambda: sum(x), "View": lambda: x,
           "JoinTable": lambda: torch.cat(x, 1), "InplaceClip01": lambda: x.clamp(0, 1), "Tanh": lambda: torch.tanh(x),
           "SpatialZeroPadding": lambda: F.pad(x, (f["pad_l"], f["pad_r"], f["pad_t"], f["pad_b"])),
           "SpatialReflectionPadding": lambda: F.pad(x, (f["pad_l"], f["pad_r"], f["pad_t"], f["pad_b"]), mode="reflect"),
           "SpatialUpSamplingNearest": lambda: F.interpolate(x, scale_factor=f["scale_factor"], mode="nearest"),
           "SpatialUpSamplingBilinear": lambda: F.interpolate(x, scale_factor=f["scale_factor"], mode="bilinear", align_corners=True),
           "SpatialMaxPooling": lambda: F.max_pool2d(x, f["kH"], f["dH"]), "PixelShuffle": lambda: F.pixel_shuffle(x, f["upscaleFactor"]),
           "MulConstant": lambda: x * f["constant_scalar"],
           "SpatialBatchNormalization": lambda: F.batch_norm(x, t(f["running_mean"]), t(f["running_var"]), t(f["weight"]), t(f["bias"]), eps=f["eps"])}
    return one[kind]()


def torch7():
    pad = {s: -2 for s in ("pad_l", "pad_r", "pad_t", "pad_b")}
    block = rows("Sequential", rows("ConcatTable",
                                    rows("Sequential", conv7("SpatialConvolutionMM", 5, 5, 3, matrix=True), module("LeakyReLU", negval=0.1, inplace=True),
                                         conv7("SpatialConvolutionMM", 5, 5, 3, matrix=True), module("ReLU")),
                                    module("SpatialZeroPadding", **pad)), module("CAddTable"))
    waifu = rows("Sequential", conv7("SpatialConvolutionMM", 3, 5, 3, matrix=True), module("LeakyReLU", negval=0.1, inplace=True), block, block,
                 conv7("SpatialFullConvolution", 5, 3, 4, d=2, pad=3, bias=False), module("w2nn.InplaceClip01"),
                 module("View", size=np.array([-1]), numElements=-1), w2nn_arch_name="upresnet", w2nn_scale_factor=2, w2nn_channels=3)
    x = picture(24, 20, 3)
    write_t7("blocks_ascii", waifu, True)
    save("torch7", "blocks_ascii", x, run7(waifu, to_torch(x)))

    edge = {s: 1 for s in ("pad_l", "pad_r", "pad_t", "pad_b")}
    norm = module("SpatialBatchNormalization", running_mean=floats(8), running_var=np.abs(floats(8, around=1)), weight=floats(8, around=1), bias=floats(8), eps=1e-4)
    net = rows("Sequential", rows("Concat", rows("Sequential", conv7("cudnn.SpatialConvolution", 3, 5, 3, pad=1, double=True), module("PReLU", nOutputPlane=5, weight=floats(5))),
                                  module("Identity"), dimension=2),
               module("SpatialReflectionPadding", **edge), conv7("SpatialConvolution", 8, 8, 3, groups=1), norm, module("Tanh"),
               rows("ConcatTable", rows("Sequential", module("SpatialMaxPooling", kW=2, kH=2, dW=2, dH=2, padW=0, padH=0, ceil_mode=False), module("SpatialUpSamplingNearest", scale_factor=2)),
                    conv7("SpatialDilatedConvolution", 8, 4, 3, pad=2, dilationW=2, dilationH=2)), module("JoinTable", dimension=1, nInputDims=3),
               module("PReLU", nOutputPlane=0, weight=floats(1)), conv7("SpatialConvolution", 12, 12, 3, pad=1), module("PixelShuffle", upscaleFactor=2), module("MulConstant", constant_scalar=0.5))
    x = picture(8, 10, 3)
    write_t7("modules", {"model": net, "epoch": 12, "hook": print}, False)
    save("torch7", "modules", x, run7(net, to_torch(x)))

    shared = np.arange(24, dtype=np.float32)
    shared.shape = 4, 6
    loop = {"name": "tensors", "turned": shared.T, "whole": shared, "long": np.array([1, 2, 2**40]), "double": np.array([0.5, 1e-3])}
    loop["self"] = loop
    write_t7("tensors", loop, False)
    write_t7("tensors_ascii", loop, True)


if __name__ == "__main__":
    for folder in ("waifu2x", "websr", "torch7"):
        os.makedirs(os.path.join(DATA, folder), exist_ok=True)
    waifu2x()
    websr("small", 1, 3, 3, False)
    websr("wide", 2, 3, 1, False)
    websr("restore", 2, 2, 3, True)
    torch7()
