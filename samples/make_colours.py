#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_colours.py - page/colorize.jpg and page/colorize-worst.jpg: grey | cnn-colorize | the truth, by itself, no hints; and
page/colorize-hints.jpg: grey, where hints are | by itself | with these hints, in the truth's colours there | the truth.

The pictures are those of models/colorize/HELD.tsv, which the network has never seen, and eight more; the second page shows
the ten of them that have the lowest RGB PSNR, larger.

  python3 samples/make_colours.py --data PICTURES MORE --tools build/tools

PICTURES: the folder of the training pictures; MORE: one of photographs that are all taken. Needs numpy and Pillow.
"""
import argparse
import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models" / "train"))
from degrade import psnr  # noqa: E402

GAP, WORST = 3, 10
HINTED = {  # of samples/photos: where somebody might click
    "oakland-zoo-otters": [(330, 60), (480, 210), (140, 330), (600, 300), (145, 56)],
    "chelsea": [(264, 244), (172, 115), (234, 180), (86, 254), (409, 191)],
    "singaporean-cityscape": [(371, 50), (32, 156), (64, 368), (562, 326), (307, 304)],
    "blue-periwinkle": [(370, 240), (280, 100), (215, 180), (100, 280), (455, 315), (300, 62)]}


def files(data, more):
    with open(HERE.parent / "models" / "colorize" / "HELD.tsv", encoding="utf-8") as f:
        held = [pathlib.Path(data) / row["file"] for row in csv.DictReader(f, delimiter="\t")]
    return held + sorted(p for p in pathlib.Path(more).iterdir() if p.suffix in (".jpg", ".png", ".webp"))


def triple(tool, work, path):
    """(PSNR, grey, ours, truth) of a picture with 256 pixels on the short side at most."""
    truth = Image.open(path).convert("RGB")
    share = min(1, 256 / min(truth.size))
    truth = truth.resize([round(n * share) for n in truth.size], Image.LANCZOS)
    grey, out = work / "in.png", work / "out.png"
    truth.save(grey)
    subprocess.run([tool, "--quiet", "--saturation", "0", grey, out], check=True)
    plain = Image.open(out).convert("RGB")
    subprocess.run([tool, "--quiet", grey, out], check=True)
    ours = Image.open(out).convert("RGB")
    return psnr(np.asarray(truth), np.asarray(ours)), plain, ours, truth


def hinted(tool, work, name):
    """A row of the page of hints."""
    truth = Image.open(HERE / "photos" / (name + ".jpg")).convert("RGB")
    truth.save(work / "in.png")
    small = np.asarray(truth.resize([n // 8 for n in truth.size], Image.BOX))
    points = [(x, y, "#%02x%02x%02x" % tuple(small[y // 8, x // 8])) for x, y in HINTED[name]]
    row = []
    for options in (["--saturation", "0"], [], [w for x, y, c in points for w in ("--point", f"{x},{y}={c}@4")]):
        subprocess.run([tool, "--quiet", *options, work / "in.png", work / "out.png"], check=True)
        row.append(Image.open(work / "out.png").convert("RGB"))
    for x, y, colour in points:
        ImageDraw.Draw(row[0]).ellipse((x - 7, y - 7, x + 7, y + 7), fill=colour, outline="white", width=2)
    return [0, *row, truth]


def sheet(rows, height, columns):
    """Triples side by side, each scaled to a height; a column is as wide as its widest."""
    shown = [[p.resize((round(p.width * height / p.height), height), Image.LANCZOS) for p in row[1:]] for row in rows]
    lines = [shown[i:i + columns] for i in range(0, len(shown), columns)]
    wide = max(sum(len(t) * (t[0].width + GAP) + 4 * GAP for t in line) for line in lines)
    page = Image.new("RGB", (wide, len(lines) * (height + GAP) - GAP), "white")
    for y, line in enumerate(lines):
        x = 0
        for parts in line:
            for p in parts:
                page.paste(p, (x, y * (height + GAP)))
                x += p.width + GAP
            x += 4 * GAP
    return page


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", nargs=2, required=True, metavar=("PICTURES", "MORE"))
    p.add_argument("--tools", default=str(HERE.parent / "build" / "tools"))
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        rows = [triple(f"{o.tools}/cnn-colorize", pathlib.Path(work), f) for f in files(*o.data)]
        clicked = [hinted(f"{o.tools}/cnn-colorize", pathlib.Path(work), name) for name in HINTED]
    sheet(clicked, 190, 1).save(HERE / "page" / "colorize-hints.jpg", quality=85, optimize=True)
    print(f"{len(rows)} pictures, {np.mean([r[0] for r in rows]):.2f} dB, the worst {min(r[0] for r in rows):.2f}")
    sheet(rows, 128, 3).save(HERE / "page" / "colorize.jpg", quality=85, optimize=True)
    worst = sorted(rows, key=lambda r: r[0])[:WORST]
    sheet(worst, 200, 2).save(HERE / "page" / "colorize-worst.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
