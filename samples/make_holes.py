#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_holes.py - page/holes.jpg: a date, a wire and a stain, taken away by cnn-inpaint, and as it was, at 100 %.

Needs Pillow. Usage: python3 samples/make_holes.py [--tools build/tools]
"""
import argparse
import pathlib
import subprocess
import tempfile

from PIL import Image, ImageDraw, ImageFont

HERE = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT, GAP = 300, 180, 4


def date(draw, colour):
    draw.text((530, 370), "2026:11:26 09:50", fill=colour, font=ImageFont.load_default(18))


def wire(draw, colour):
    draw.line([(80, 40), (700, 200)], fill=colour, width=3)


def stain(draw, colour):
    draw.ellipse([240, 270, 310, 320], fill=colour)


CASES = [  # photograph, what is drawn, its colour, left and top of the detail
    ("oakland-zoo-otters.jpg", date, "#ff8c14", 420, 225),
    ("singaporean-cityscape.jpg", wire, "#f0f0f0", 250, 40),
    ("oakland-zoo-otters.jpg", stain, "#802020", 130, 190),
]


def case(tool, work, photo, mark, colour, left, top):
    """The three details of one case."""
    truth = Image.open(HERE / "photos" / photo).convert("RGB")
    spoilt, mask = truth.copy(), Image.new("L", truth.size)
    mark(ImageDraw.Draw(spoilt), colour)
    mark(ImageDraw.Draw(mask), 255)
    spoilt.save(work / "in.png")
    mask.save(work / "mask.png")
    subprocess.run([tool, "--quiet", "--mask", work / "mask.png", "--grow", "2", work / "in.png", work / "out.png"], check=True)
    box = (left, top, left + WIDTH, top + HEIGHT)
    return [p.crop(box) for p in (spoilt, Image.open(work / "out.png"), truth)]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--tools", default=str(HERE.parent / "build" / "tools"))
    o = p.parse_args()
    page = Image.new("RGB", (3 * (WIDTH + GAP) - GAP, len(CASES) * (HEIGHT + GAP) - GAP), "white")
    with tempfile.TemporaryDirectory() as work:
        for row, given in enumerate(CASES):
            for column, detail in enumerate(case(f"{o.tools}/cnn-inpaint", pathlib.Path(work), *given)):
                page.paste(detail, (column * (WIDTH + GAP), row * (HEIGHT + GAP)))
    page.save(HERE / "page" / "holes.jpg", quality=90, optimize=True)


if __name__ == "__main__":
    main()
