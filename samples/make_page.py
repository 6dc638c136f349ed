#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_page.py - samples/page/MODEL.jpg for every built-in model: what it is given | what it makes of it | the truth.

Details of samples/photos at 100 %, three a model: the photograph is spoilt as a whole (noise, shrunk, JPEG), restored by
the C tools, and cut. Small pictures are shown enlarged pixel by pixel. Run after a change of weights:

  python3 samples/make_page.py --tools build/tools [MODEL...]

Needs numpy and Pillow; neither the build nor the tests run it.
"""
import argparse
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models" / "train"))
import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

import degrade  # noqa: E402
from toolrun import Tools  # noqa: E402

DETAILS = [("chelsea", 90, 40), ("oakland-zoo-otters", 192, 92), ("singaporean-cityscape", 310, 64)]  # left, top
SIGMAS, QUALITIES = (25, 15, 50), (10, 20, 40)
WIDTH, HEIGHT, GAP = 240, 152, 4


def photo(name, multiple):
    """A photograph, cut to a multiple of the factor."""
    rgb = degrade.load_rgb(HERE / "photos" / f"{name}.jpg")
    return rgb[:rgb.shape[0] // multiple * multiple, :rgb.shape[1] // multiple * multiple]


def detail(rgb, left, top):
    return Image.fromarray(rgb[top:top + HEIGHT, left:left + WIDTH])


def spoil(model, truth, row):
    """(what the tool is given, its suffix, options, the same as one sees it)."""
    if model.task == "denoise":
        noisy = np.uint8(degrade.round_bytes(degrade.noisy(truth, SIGMAS[row], row)))
        return noisy, ".png", ["-s", str(SIGMAS[row])], noisy
    if model.task == "deblock":
        quality = QUALITIES[row]
        return degrade.jpeg_bytes(truth, quality, 2), ".jpg", [], degrade.jpeg(truth, quality, 2)
    small = degrade.shrink_picture(truth, model.scale)
    return small, ".png", [], small.repeat(model.scale, 0).repeat(model.scale, 1)


def page(tool, model):
    sheet = Image.new("RGB", (3 * WIDTH + 2 * GAP, len(DETAILS) * (HEIGHT + GAP) - GAP), "white")
    for row, (name, left, top) in enumerate(DETAILS):
        truth = photo(name, model.scale)
        given, suffix, options, seen = spoil(model, truth, row)
        ours = tool.restore(model, [given], suffix, ".png", options)[0]
        print(f"{model.name} {name}: {degrade.psnr(truth, seen):.2f} -> {degrade.psnr(truth, ours):.2f} dB")
        for column, rgb in enumerate((seen, ours, truth)):
            sheet.paste(detail(rgb, left, top), (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
    return sheet


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("models", nargs="*", help="names; default: every built-in model that restores pictures")
    p.add_argument("--tools", default=str(HERE.parent / "build" / "tools"))
    o = p.parse_args()
    os.makedirs(HERE / "page", exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        tool = Tools(o.tools, str(HERE.parent / "models"), work)
        for model in tool.models():
            if model.task in ("denoise", "upscale", "deblock") and model.name in (o.models or [model.name]):
                page(tool, model).save(HERE / "page" / f"{model.name}.jpg", quality=90, optimize=True)


if __name__ == "__main__":
    main()
