#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""train.py - a small network that tells handwritten digits, on the 1,797 that scikit-learn carries.

  train.py [symbols.onnx]

Convolution, maximum of 2 x 2, convolution, flatten, dense, dense, softmax: 8 x 8 grey values 0..1 in, ten
probabilities out. Three quarters teach, the rest judges (the file is in the order of writing: mostly other writers); the
accuracy on that rest is printed and goes into the file's card. The first held-out eight is written beside it as a
drawing for samples/symbols.c. Seeded. Needs torch, scikit-learn, onnx; half a minute on one core.
"""
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from torch import nn

PATH = sys.argv[1] if len(sys.argv) > 1 else "symbols.onnx"
HELD = 450


def network():
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(),
                         nn.Flatten(), nn.Linear(32 * 2 * 2, 64), nn.ReLU(), nn.Linear(64, 10))


def shifted(x):
    """Each digit moved by up to one pixel, so that the place of a stroke does not decide."""
    dy, dx = np.random.randint(-1, 2, 2)
    moved = torch.zeros_like(x)
    moved[..., max(dy, 0):8 + min(dy, 0), max(dx, 0):8 + min(dx, 0)] = \
        x[..., max(-dy, 0):8 + min(-dy, 0), max(-dx, 0):8 + min(-dx, 0)]
    return moved


def train(net, x, y, epochs=60):
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for part in torch.randperm(len(x)).split(64):
            loss = nn.functional.cross_entropy(net(shifted(x[part])), y[part], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()


def export(net, accuracy):
    w = {k: v.numpy() for k, v in net.state_dict().items()}
    node = helper.make_node
    nodes = [node("Conv", ["image", "0.weight", "0.bias"], ["a"], kernel_shape=[3, 3], pads=[1] * 4),
             node("Relu", ["a"], ["b"]), node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
             node("Conv", ["c", "3.weight", "3.bias"], ["d"], kernel_shape=[3, 3]), node("Relu", ["d"], ["e"]),
             node("Flatten", ["e"], ["f"]), node("Gemm", ["f", "6.weight", "6.bias"], ["g"], transB=1),
             node("Relu", ["g"], ["h"]), node("Gemm", ["h", "8.weight", "8.bias"], ["i"], transB=1),
             node("Softmax", ["i"], ["probabilities"], axis=1)]
    graph = helper.make_graph(nodes, "symbols", [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 1, 8, 8])],
                              [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [1, 10])],
                              [numpy_helper.from_array(v, k) for k, v in w.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="cnnimg", ir_version=8)
    helper.set_model_props(model, {"name": "symbols", "task": "classify", "licence": "MIT", "classes": "0123456789",
                                   "accuracy": f"{accuracy:.4f} on the {HELD} held-out digits"})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, PATH)


def main():
    torch.manual_seed(1), np.random.seed(1), torch.set_num_threads(1)
    digits = load_digits()
    x, y = torch.tensor(digits.images, dtype=torch.float32)[:, None] / 16, torch.tensor(digits.target)
    net = network()
    train(net, x[:-HELD], y[:-HELD])
    with torch.no_grad():
        right = net(x[-HELD:]).argmax(1) == y[-HELD:]
    print(f"{int(right.sum())} of {HELD} held-out digits right: {100 * right.float().mean():.2f} %; "
          f"{sum(p.numel() for p in net.parameters())} parameters")
    export(net, right.float().mean())
    first = int(np.flatnonzero(digits.target[-HELD:] == 8)[0]) + len(x) - HELD
    with open(PATH.removesuffix(".onnx") + ".txt", "w", encoding="ascii") as f:
        f.writelines("".join(" .:-=+*#%@"[int(v * 9 / 16)] for v in row) + "\n" for row in digits.images[first])


if __name__ == "__main__":
    main()
