#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_holes.py - page/holes.jpg: everyday marks, taken away by cnn-inpaint, and as it was, at 100 %.

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


def logo(draw, colour):
    draw.ellipse([300, 180, 344, 224], outline=colour, width=6)
    draw.text((352, 184), "STUDIO", fill=colour, font=ImageFont.load_default(36))


def scratches(draw, colour):
    for x in (150, 171, 240, 262):
        draw.line([(x, 0), (x + 14, 120), (x - 6, 300)], fill=colour, width=2)


def letters(draw, colour):
    for y in range(200, 400, 26):
        draw.text((300, y), "Lorem ipsum dolor sit amet, consectetur", fill=colour, font=ImageFont.load_default(15))


def person(draw, colour):
    """As large as somebody in the foreground; it stands on the shore."""
    draw.ellipse([330, 150, 370, 195], fill=colour)
    draw.rounded_rectangle([312, 190, 388, 340], 24, fill=colour)


CASES = [  # photograph, what is drawn, its colour, left and top of the detail
    ("oakland-zoo-otters.jpg", date, "#ff8c14", 420, 225),
    ("singaporean-cityscape.jpg", wire, "#f0f0f0", 250, 40),
    ("oakland-zoo-otters.jpg", stain, "#802020", 130, 190),
    ("blue-periwinkle.jpg", logo, "#ffffff", 270, 120),
    ("oakland-zoo-otters.jpg", logo, "#ffffff", 270, 120),
    ("chelsea.jpg", scratches, "#f8f8f0", 80, 60),
    ("blue-periwinkle.jpg", letters, "#000000", 310, 210),
    ("singaporean-cityscape.jpg", person, "#c000c0", 210, 160),
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
