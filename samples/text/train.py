#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""train.py - a text network after Collobert et al. 2011 that tells six languages by a few words.

  train.py [text.onnx]

Embedding of each byte (UTF-8), a convolution over three of them, the maximum over time, dense, dense: any number of
bytes in, six scores out. The words are common ones, listed in words.txt; every fifth of a language is held out, and
the network is judged on lines of words that it has never seen. Seeded. Needs torch, onnx; a minute on one core.
"""
import os
import random
import sys

import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

PATH = sys.argv[1] if len(sys.argv) > 1 else "text.onnx"
WORDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt")
PAD = 32  # a blank: every line has one before and behind


class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.embedding = nn.Embedding(256, 16)
        self.conv = nn.Conv1d(16, 96, 3, padding=1)
        self.dense = nn.Linear(96, 48)
        self.scores = nn.Linear(48, classes)
        self.drop = nn.Dropout(0.5)

    def forward(self, tokens):
        windows = torch.relu(self.conv(self.embedding(tokens).transpose(1, 2)))
        return self.scores(self.drop(torch.relu(self.dense(self.drop(windows.amax(2))))))


def words():
    """{language: ([words to learn], [held-out words])}"""
    out = {}
    with open(WORDS, encoding="utf-8") as f:
        for line in f:
            language, *w = line.split()
            out[language] = ([v for i, v in enumerate(w) if i % 5 != 4], [v for i, v in enumerate(w) if i % 5 == 4])
    known = {v for learn, _ in out.values() for v in learn}
    return {k: (learn, [v for v in held if v not in known]) for k, (learn, held) in out.items()}


def line(words_of, count):
    """Words in a row, now and then with a capital."""
    chosen = random.choices(words_of, k=count or random.randint(1, 6))
    return " ".join(["", *(w.capitalize() if random.random() < 0.2 else w for w in chosen), ""]).encode()


def batch(lists, size, count=None):
    """Lines of one to six words of a random language as a rectangle of bytes, and which language each is."""
    languages = [random.randrange(len(lists)) for _ in range(size)]
    lines = [line(lists[k], count) for k in languages]
    longest = max(map(len, lines))
    return torch.tensor([list(v.ljust(longest)) for v in lines]), torch.tensor(languages)


def train(net, lists, steps=2000):
    optimizer = torch.optim.AdamW(net.parameters(), 2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        x, y = batch(lists, 64)
        x = torch.where(torch.rand(x.shape) < 0.1, torch.full_like(x, PAD), x)  # a missing letter now and then
        loss = nn.functional.cross_entropy(net(x), y, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()


def export(net, languages, accuracy):
    node = helper.make_node
    nodes = [node("Gather", ["embedding.weight", "tokens"], ["vectors"], axis=0),
             node("Transpose", ["vectors"], ["columns"], perm=[0, 2, 1]),
             node("Conv", ["columns", "conv.weight", "conv.bias"], ["windows"], kernel_shape=[3], pads=[1, 1]),
             node("Relu", ["windows"], ["seen"]), node("ReduceMax", ["seen"], ["most"], axes=[2], keepdims=0),
             node("Gemm", ["most", "dense.weight", "dense.bias"], ["hidden"], transB=1),
             node("Relu", ["hidden"], ["used"]),
             node("Gemm", ["used", "scores.weight", "scores.bias"], ["scores"], transB=1)]
    graph = helper.make_graph(nodes, "text", [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "N"])],
                              [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(languages)])],
                              [numpy_helper.from_array(v.numpy(), k) for k, v in net.state_dict().items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="cnnimg", ir_version=8)
    helper.set_model_props(model, {"name": "text", "task": "classify", "licence": "MIT", "classes": " ".join(languages),
                                   "accuracy": f"{accuracy:.4f} on lines of five unseen words"})
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, PATH)


def main():
    random.seed(1), torch.manual_seed(1), torch.set_num_threads(1)
    lists = words()
    learn, held = [v[0] for v in lists.values()], [v[1] for v in lists.values()]
    net = Net(len(lists))
    train(net, learn)
    net.eval()
    accuracy = {}
    with torch.no_grad():
        for count in 1, 3, 5:
            x, y = batch(held, 4000, count)
            accuracy[count] = (net(x).argmax(1) == y).float().mean().item()
    print(f"{sum(map(len, learn))} words learnt, {sum(map(len, held))} held out; right on lines of unseen words: " +
          ", ".join(f"{100 * v:.1f} % ({k} words)" for k, v in accuracy.items()) +
          f"; {sum(p.numel() for p in net.parameters())} parameters")
    export(net, list(lists), accuracy[5])


if __name__ == "__main__":
    main()
