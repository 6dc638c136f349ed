# SPDX-License-Identifier: MIT
"""common.py - what every recipe shares: options, schedule, averaged weights, checkpoints, the loop.

A recipe supplies a Task: the network, a batch with its loss, an evaluation, an export.
Training is budgeted in wall-clock minutes; the learning rate follows the elapsed time,
so a run ends properly whatever else the machine does.
"""
import argparse
import copy
import math
import os
import time

import numpy as np
import torch

import onnxfile
from degrade import find_pictures, load_rgb, psnr, round_bytes
from nets import count_parameters
from pictures import Crops

CROPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/models/data")


def charbonnier(a, b, epsilon=1e-3):
    """sqrt(difference^2 + epsilon^2), averaged: L1 with a rounded tip (Charbonnier 1994)."""
    return torch.sqrt((a - b) ** 2 + epsilon ** 2).mean()


def psnr_loss(a, b, floor=1e-4):
    """Natural logarithm of each picture's mean squared error, averaged: what the tables measure.

    floor (40 dB) keeps crops of plain sky from outweighing all others.
    """
    return torch.log(((a - b) ** 2).mean((1, 2, 3)) + floor).mean()


LOSSES = dict(charbonnier=charbonnier, l1=torch.nn.functional.l1_loss, psnr=psnr_loss)


def options(description, **defaults):
    """The options that all recipes have; keyword arguments change their defaults."""
    p = argparse.ArgumentParser(description=description)
    p.add_argument("--data", nargs="+", help="folders of training pictures")
    p.add_argument("--bench", help="folder of evaluation pictures (measured, never trained on)")
    p.add_argument("--without", nargs="*", default=HELD_OUT, help="leave out files with these words in their names")
    p.add_argument("--cache", default="/tmp/cnnimg-pictures", help="where the decoded pictures go")
    p.add_argument("--shrunk", type=float, help="every other crop from the pictures made so much smaller (0.6)")
    p.add_argument("--out", default="ckpt", help="folder of checkpoint and ONNX file")
    p.add_argument("--init", help="start from the weights of this ONNX file, those that fit")
    p.add_argument("--minutes", type=float, default=60, help="wall-clock budget")
    p.add_argument("--steps", type=int, help="budget in steps instead of minutes")
    p.add_argument("--rate", type=float, default=2e-3, help="peak learning rate of AdamW")
    p.add_argument("--warm", type=float, default=0.02, help="share of the budget that warms up")
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--crop", type=int, default=64)
    p.add_argument("--loss", choices=LOSSES, default="charbonnier", help="psnr for the last part of a long training")
    p.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
    p.add_argument("--decay", type=float, default=1e-5, help="of the weights")
    p.add_argument("--clip", type=float, default=0.5, help="largest norm of the gradient")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--fp32", action="store_true", help="no bfloat16 in the convolutions")
    p.add_argument("--look", type=float, default=15, help="minutes between evaluations")
    p.add_argument("--save", type=float, default=4, help="minutes between checkpoints")
    p.add_argument("--measure", action="store_true", help="evaluate --init in full; no training")
    p.add_argument("--stamp", action="store_true", help="with --measure: export again to OUT, figures in the card")
    p.set_defaults(**defaults)
    return p


# wallpapers and example pictures that serve evaluation elsewhere
HELD_OUT = ("budgie", "lomiri", "enlightenment", "w-e-", "skimage", "sklearn")


class Task:
    """What a recipe fills in."""

    name = ""
    channels = {}  # of the inputs
    outputs = {"output": 3}  # their channels
    shapes = {}  # of inputs and outputs that are not 1 x C x H x W, H and W times scale behind the network
    scale = 1
    margin = 0  # pixels of the mirrored picture around it: networks pad with zeros, which would show at its border
    half_file = False  # weights in fp16: half the size
    ci = ()  # of tests/models/data, the suffixes of the files that the card is measured on

    def network(self):
        """A fresh network."""
        raise NotImplementedError

    def adapt(self, held):
        """The weights of --init, {name: tensor}, changed where they come from a network that is nearly the same."""
        return held

    def loss(self, net, crops, o):
        """The loss of one random batch."""
        raise NotImplementedError

    def evaluate(self, run, o, full):
        """{name: figure}; run(**tensors) -> tensor is the network, in whatever runtime."""
        raise NotImplementedError

    def restore(self, run, picture):
        """One H x W x 3 picture on the 0..255 scale through the network, as the tool would do it."""
        raise NotImplementedError

    def card(self, figures):
        """The ONNX metadata."""
        raise NotImplementedError


def ci_figure(task, run):
    """Mean RGB PSNR over the crops of tests/models/data, which every build measures again (cards.sh there)."""
    files = [f for f in find_pictures(CROPS) if os.path.basename(f).split(".", 1)[1] in task.ci]
    truths = [load_rgb(f[:-len(os.path.basename(f).split(".", 1)[1])] + "png") for f in files]
    return float(np.mean([psnr(t, round_bytes(task.restore(run, load_rgb(f)))) for t, f in zip(truths, files)]))


class Average:
    """Exponential moving average of the weights; young averages forget faster."""

    def __init__(self, net, decay):
        self.net, self.decay, self.steps = copy.deepcopy(net).requires_grad_(False).eval(), decay, 0

    @torch.no_grad()
    def update(self, net):
        self.steps += 1
        keep = min(self.decay, (1 + self.steps) / (10 + self.steps))
        torch._foreach_lerp_(list(self.net.parameters()), list(net.parameters()), 1 - keep)
        for mine, its in zip(self.net.buffers(), net.buffers()):  # of batch normalization: averages already
            mine.copy_(its)


def rate_at(share, warm):
    """Learning rate relative to its peak when `share` of the budget is spent: linear, then cosine."""
    if share < warm:
        return max(share / warm, 0.01)
    return max(0.5 + 0.5 * math.cos(math.pi * min((share - warm) / (1 - warm), 1)), 0.002)


class Run:
    """One training run: network, optimizer, average, clock; can be saved and resumed."""

    def __init__(self, task, o):
        self.task, self.o, self.step, self.spent = task, o, 0, 0.0
        self.net = task.network()
        if o.init:
            fresh = onnxfile.load_weights(self.net, o.init, task.adapt)
            print(f"from {o.init}; fresh: {', '.join(fresh) or 'nothing'}", flush=True)
        self.net = self.net.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), o.rate, betas=(0.9, 0.99),
                                           weight_decay=o.decay)
        self.average = Average(self.net, o.average)
        self.file = os.path.join(o.out, task.name + ".pt")
        if os.path.exists(self.file):
            self.resume()
        self.began = time.monotonic() - self.spent

    def share(self):
        """Spent part of the budget."""
        self.spent = time.monotonic() - self.began
        return self.step / self.o.steps if self.o.steps else self.spent / (60 * self.o.minutes)

    def save(self):
        state = dict(net=self.net.state_dict(), average=self.average.net.state_dict(),
                     optimizer=self.optimizer.state_dict(), step=self.step, spent=self.spent,
                     averaged=self.average.steps)
        torch.save(state, self.file + ".part")
        os.replace(self.file + ".part", self.file)

    def resume(self):
        state = torch.load(self.file, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.net.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.spent = state["step"], state["spent"]
        self.average.steps = state["averaged"]

    def advance(self, crops, share):
        """One step of the optimizer; the loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.o.rate * rate_at(share, self.o.warm)
        with torch.autocast("cpu", torch.bfloat16, enabled=not self.o.fp32):
            loss = self.task.loss(self.net, crops, self.o)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.o.clip)
        if torch.isfinite(norm):
            self.optimizer.step()
            self.average.update(self.net)
        self.step += 1
        return loss.item()

    def look(self, full=False):
        """Evaluate the averaged weights and export them."""
        figures = self.task.evaluate(call_torch(self.average.net), self.o, full) if self.o.bench else {}
        write(self.task, self.average.net, figures, self.o)
        return figures


def call_torch(net):
    """net as a function of named tensors, without gradients."""
    def run(**feeds):
        with torch.no_grad():
            return net(**feeds)
    return run


def call_onnx(path, threads):
    """An ONNX file as a function of named tensors."""
    session = onnxfile.open_session(path, threads)

    def run(**feeds):
        found = [torch.from_numpy(x) for x in session.run(None, {k: v.numpy() for k, v in feeds.items()})]
        return found[0] if len(found) == 1 else tuple(found)
    return run


def write(task, net, figures, o, ci=None):
    """Export net with its card to OUT/NAME.onnx."""
    os.makedirs(o.out, exist_ok=True)
    path = os.path.join(o.out, task.name + ".onnx")
    card = dict(task.card(figures), **({"ci": f"{ci:.3f}"} if ci else {}))
    large = ["H", "W"] if task.scale == 1 else [f"{task.scale}*H", f"{task.scale}*W"]
    inputs = {k: task.shapes.get(k, [1, c, "H", "W"]) for k, c in task.channels.items()}
    outputs = {k: task.shapes.get(k, [1, c, *large]) for k, c in task.outputs.items()}
    onnxfile.export(net, path, inputs, outputs, card, task.half_file)


def rewrite(task, o, change):
    """Write the network of --init again, its weights changed in place by change(net)."""
    net = task.network()
    onnxfile.load_weights(net, o.init)
    with torch.no_grad():
        change(net)
    write(task, net, {}, o)


def say(run, loss, share, note=""):
    print(f"step {run.step} minute {run.spent / 60:.1f} ({100 * share:.0f} %) "
          f"loss {loss:.5f} {note}", flush=True)


def train(task, o):
    """The loop: until the minutes are spent; then a last, full evaluation."""
    torch.manual_seed(o.seed)
    run = Run(task, o)
    crops = Crops(o.data, o.cache, o.seed + run.step, task.scale, o.without, o.shrunk)
    print(f"{task.name}: {count_parameters(run.net)} parameters, {len(crops)} pictures", flush=True)
    if run.step == 0:
        write(task, run.average.net, {}, o)
    saved = looked = run.spent
    smooth, share = None, run.share()
    while share < 1:
        loss = run.advance(crops, share)
        smooth = loss if smooth is None else 0.98 * smooth + 0.02 * loss
        share = run.share()
        if run.step % 100 == 0:
            say(run, smooth, share)
        if run.spent - saved > 60 * o.save:
            run.save()
            saved = run.spent
        if run.spent - looked > 60 * o.look:
            say(run, smooth, share, str(run.look()))
            looked = run.spent
    run.save()
    say(run, smooth or 0, share, str(run.look(full=True)))


def main(task, o):
    """Train, or with --measure evaluate the ONNX file given by --init in ONNX Runtime."""
    torch.set_num_threads(o.threads)
    os.makedirs(o.out, exist_ok=True)
    if not o.measure:
        return train(task, o)
    run = call_onnx(o.init, o.threads)
    ci = ci_figure(task, run) if task.ci else None
    figures = task.evaluate(run, o, True) if o.bench else {}
    net = task.network()
    onnxfile.load_weights(net, o.init, task.adapt)
    print(figures)
    print("largest |PyTorch - ONNX Runtime|:", onnxfile.difference(net, o.init, task.example()))
    if ci:
        print(f"the card's line:\nci: {ci:.3f}")
    if o.stamp:
        write(task, net, figures, o, ci)
