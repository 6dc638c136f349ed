#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""eval.py - every built-in model beside the published figures: `make models-eval BENCH=DIR`.

The C tools restore; Python only spoils the pictures and compares. Needs numpy and Pillow, no torch.
BENCH holds CBSD68, BSD68, Kodak24, McMaster18, Set5, Set14 and, if at hand, LIVE1.

  denoise   noise in float, seeded by the picture's number, neither clipped nor rounded, through PFM files;
            the answer clipped, not rounded; Kodak24 the centre 500 x 500. BSD68 as grey pictures
  upscale   shrunk as MATLAB's imresize does, on bytes; PSNR of Y without a border as wide as the factor
  deblock   JPEG by libjpeg, 4:2:0; RGB, what is gained over the decoder, and the least gain of a picture
  cost      seconds, seconds of all processors together, and peak memory of the whole program on 2048 x 1536 pixels, PPM to PPM, all threads
"""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "train"))
try:
    import numpy as np
    import degrade
except ImportError as missing:
    sys.exit(f"models-eval: {missing}; it needs a Python with numpy and Pillow (make models-eval PYTHON_WITH=...)")
import published
from toolrun import Tools

SIGMAS = (15, 25, 50)
QUALITIES = (10, 20, 40, 95)


class Bench:
    """The benchmark pictures: name -> list of paths; only every N-th with --every N."""

    def __init__(self, folder, every):
        self.folder, self.every = folder, every

    def files(self, name):
        return degrade.find_pictures(os.path.join(self.folder, name))[::self.every]

    def check(self):
        missing = [n for n in published.SETS if not self.files(n)]
        if missing:
            sys.exit(f"models-eval: no pictures in {', '.join(missing)} of {self.folder!r}; BENCH=DIR wants a folder "
                     f"with {', '.join(published.SETS)} (PNG, WebP or JPEG), which are not part of this tree")


def mean(values):
    return float(np.mean(values))


def denoise_set(tool, model, files, sigma, grey):
    """Mean PSNR of one set at one strength."""
    truths = [degrade.centre(degrade.load_rgb(f)) for f in files]
    noisy = [degrade.noisy(t, sigma, i) / 255 for i, t in enumerate(truths)]
    noisy = [x[..., :1] if grey else x.repeat(3 // x.shape[2], 2) for x in noisy]
    found = tool.restore(model, noisy, ".pfm", ".pfm", ["-s", str(sigma)])
    return mean([degrade.psnr(t, (255 * x).clip(0, 255)) for t, x in zip(truths, found)])


def measure_denoise(tool, model, bench):
    return {(s, n): denoise_set(tool, model, bench.files(s), n, s == "BSD68")
            for s in ("CBSD68", "Kodak24", "McMaster18", "BSD68") for n in SIGMAS}


def upscale_set(tool, model, files):
    """Mean PSNR of Y of one set."""
    scale = model.scale
    truths = [degrade.load_rgb(f) for f in files]
    truths = [t[:t.shape[0] // scale * scale, :t.shape[1] // scale * scale] for t in truths]
    found = tool.restore(model, [degrade.shrink_picture(t, scale) for t in truths], ".png", ".png", [])
    return mean([degrade.psnr_y(t, x, scale, f) for t, x, f in zip(truths, found, files)])


def measure_upscale(tool, model, bench):
    return {(name, model.scale): upscale_set(tool, model, bench.files(name)) for name in ("Set5", "Set14")}


def measure_deblock(tool, model, bench):
    """(set, quality) -> gain; with "least" the smallest gain of a picture, with "before" the decoder's PSNR."""
    figures, truths = {}, [degrade.load_rgb(f) for f in bench.files("Kodak24")]
    for quality in QUALITIES:
        files = [degrade.jpeg_bytes(t, quality, 2) for t in truths]
        before = [degrade.psnr(t, degrade.jpeg(t, quality, 2)) for t in truths]
        found = tool.restore(model, files, ".jpg", ".png", [])
        gains = [degrade.psnr(t, x) - b for t, x, b in zip(truths, found, before)]
        figures["Kodak24", quality] = mean(gains)
        figures["least", quality], figures["before", quality] = min(gains), mean(before)
    return {**figures, **measure_live(tool, model, bench)}


def measure_live(tool, model, bench):
    """LIVE1, where it is at hand: luma alone as grey JPEG, as DnCNN's table has it."""
    truths = [np.uint8(degrade.luma(degrade.load_rgb(f))) for f in bench.files("LIVE1")]
    if not truths:
        return {}
    figures = {}
    for quality in (10, 20, 30, 40):
        files = [degrade.jpeg_bytes(t, quality, -1) for t in truths]
        found = tool.restore(model, files, ".jpg", ".png", [])
        figures["LIVE1", quality] = mean([degrade.psnr(t, x[..., 0]) for t, x in zip(truths, found)])
    return figures


MEASURE = dict(denoise=measure_denoise, upscale=measure_upscale, deblock=measure_deblock)


def cost(tool, model):
    """(seconds, seconds of all processors, bytes) of a 3 MP picture: four times a seeded texture of 1024 x 768, which no network can skip."""
    rgb = np.random.default_rng(0).integers(0, 256, (768, 1024, 3), np.uint8)
    options = ["-s", "25"] if model.task == "denoise" else []
    return tool.cost(model, np.tile(rgb, (2, 2, 1)), options)


def cell(figures, keys, form):
    """The figures of one group of columns, or nothing."""
    return " ".join(form.format(figures[k]) for k in keys) if all(k in figures for k in keys) else ""


def table(task, rows):
    """One task: our models first, the published ones below."""
    groups = [g for g in published.TABLES[task] if any(k in r[2] for r in rows for k in g[1])]
    lines = [(name, f"{size:,}", figures, f"{seconds:.1f} s ({cpu:.1f}) {memory / 2**20:.0f} MiB")
             for name, size, figures, (seconds, cpu, memory) in rows]
    lines += [(*r, "") for r in published.FIGURES[task] if any(cell(r[2], *g[1:]) for g in groups)]
    print(f"\n{published.TITLES[task]}")
    print("  {:<14}{:>10}".format("", "size") + "".join(f"{g[0]:>25}" for g in groups) + f"{'at 3 MP':>26}")
    for name, size, figures, at in lines:
        cells = "".join(f"{cell(figures, *g[1:]):>25}" for g in groups)
        print(f"  {name:<14}{size:>10}{cells}{at:>26}".rstrip())


def verdict(found):
    """The last line: which floors are met, and by how much the others are missed."""
    met, missed = [], []
    for name, key, floor in published.FLOORS:
        got = found.get(name, {}).get(key)
        text = f"{name} {published.heading(key)}"
        if got is None:
            missed.append(f"{text} not measured")
        elif got >= floor:
            met.append(f"{text} {got:.2f}")
        else:
            missed.append(f"{text} {got:.2f} < {floor}")
    print(f"\nfloors: {len(met)} of {len(published.FLOORS)} met ({', '.join(met) or 'none'})"
          + (f"; not met: {', '.join(missed)}" if missed else ""))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tools", required=True, help="folder with cnn-denoise and cnn-upscale")
    p.add_argument("--models-dir", default=os.path.dirname(os.path.abspath(__file__)))
    p.add_argument("--bench", required=True, help="folder of the benchmark sets")
    p.add_argument("--only", nargs="*", help="names of models; default: all")
    p.add_argument("--every", type=int, default=1, help="only every N-th picture of a set: quicker, other figures")
    p.add_argument("--no-quality", action="store_true", help="seconds and memory only")
    o = p.parse_args()
    bench = Bench(o.bench, o.every)
    bench.check()
    found, by_task = {}, {}
    with tempfile.TemporaryDirectory() as work:
        tool = Tools(o.tools, o.models_dir, work)
        for model in tool.models():
            if (o.only and model.name not in o.only) or model.task not in MEASURE:
                continue
            print(f"measuring {model.name} ...", file=sys.stderr, flush=True)
            figures = {} if o.no_quality else MEASURE[model.task](tool, model, bench)
            found[model.name] = figures
            by_task.setdefault(model.task, []).append((model.name, model.parameters, figures, cost(tool, model)))
    print("PSNR in dB, by the C tools; at 3 MP: seconds (of all processors together), peak memory; 3 MP are enlarged to"
          " 4, 9 or 16 times as much" + (f"; only every {o.every}. picture" if o.every > 1 else ""))
    for task, rows in by_task.items():
        table(task, rows)
    if not o.no_quality:
        verdict(found)


if __name__ == "__main__":
    main()
