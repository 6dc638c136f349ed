#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_lineart.py - page/lineart.jpg: a drawing, where hints are | cnn-colorize --lineart by itself | with these hints.

The drawings are starters of Tux Paint (GPL-2 or later, Debian's package tuxpaint-data), which nobody has trained on.

  python3 samples/make_lineart.py --drawings /usr/share/tuxpaint/starters --tools build/tools

Needs Pillow, and rsvg-convert (Debian's librsvg2-bin).
"""
import argparse
import pathlib
import subprocess
import tempfile

from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).resolve().parent
HEIGHT, GAP, COLUMNS, SHOWN = 600, 4, 2, 260
GREEN, RED, SKY, WHITE = "#6fbf4a", "#d23a2a", "#a8d4f0", "#ffffff"
HINTED = {  # where somebody might click
    "frog.png": [(420, 330, GREEN), (290, 480, GREEN), (120, 420, GREEN), (540, 320, "#e06070"), (340, 300, "#2f7f3f"),
                 (470, 200, WHITE), (600, 180, WHITE), (100, 100, SKY)],
    "old_soviet_car.svg": [(450, 300, RED), (720, 260, RED), (500, 85, "#f5ecd8"), (370, 180, "#c8e6f5"), (600, 130, "#c8e6f5"),
                           (640, 520, "#505050"), (60, 60, "#e3efd6")],
    "desert_tortoise.svg": [(100, 60, SKY), (300, 110, "#d8b88a"), (150, 220, "#ecd9a8"), (460, 330, "#9a7440"), (330, 330, "#9a7440"),
                            (600, 330, "#9a7440"), (90, 370, "#a8a860"), (400, 90, "#4f8f4a"), (690, 210, "#4f8f4a")],
    "pansy.png": [(300, 110, "#9a60d0"), (240, 190, "#9a60d0"), (310, 250, "#f4cc4c"), (420, 300, "#58a858"), (270, 340, "#58a858"),
                  (150, 230, SKY), (85, 200, "#e0b860")],
    "jetplane.png": [(330, 220, "#f6f0dc"), (180, 250, RED), (60, 330, SKY), (200, 55, WHITE), (335, 172, "#60a0d8"), (60, 150, RED)],
    "manatee.svg": [(300, 80, "#9aa6b4"), (300, 200, "#aeb8c4"), (60, 300, "#58b4d0"), (600, 40, "#aeb8c4"), (640, 150, "#aeb8c4")]}


def opened(path, work):
    """A drawing on white; one of strokes alone at HEIGHT."""
    if path.suffix == ".svg":
        subprocess.run(["rsvg-convert", "-h", str(HEIGHT), "-b", "white", path, "-o", work / "drawn.png"], check=True)
        path = work / "drawn.png"
    drawing = Image.open(path).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", drawing.size, "white"), drawing).convert("RGB")


def row(tool, work, path, points):
    """Three pictures."""
    drawing = opened(path, work)
    drawing.save(work / "in.png")
    painted = []
    for options in ([], [w for x, y, c in points for w in ("--point", f"{x},{y}={c}")]):
        subprocess.run([tool, "--quiet", "--lineart", *options, work / "in.png", work / "out.png"], check=True)
        painted.append(Image.open(work / "out.png").convert("RGB"))
    size = drawing.height / 60
    for x, y, colour in points:
        ImageDraw.Draw(drawing).ellipse((x - size, y - size, x + size, y + size), fill=colour, outline="black", width=2)
    return [p.resize((round(p.width * SHOWN / p.height), SHOWN), Image.LANCZOS) for p in (drawing, *painted)]


def sheet(rows):
    """Rows side by side, COLUMNS of them."""
    wide = [max(sum(p.width + GAP for p in r) for r in rows[i::COLUMNS]) + 4 * GAP for i in range(COLUMNS)]
    page = Image.new("RGB", (sum(wide), -(-len(rows) // COLUMNS) * (SHOWN + GAP) - GAP), "white")
    for i, r in enumerate(rows):
        x = sum(wide[:i % COLUMNS])
        for p in r:
            page.paste(p, (x, i // COLUMNS * (SHOWN + GAP)))
            x += p.width + GAP
    return page


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--drawings", required=True)
    p.add_argument("--tools", default=str(HERE.parent / "build" / "tools"))
    p.add_argument("--out", default=str(HERE / "page" / "lineart.jpg"))
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as work:
        rows = [row(f"{o.tools}/cnn-colorize", pathlib.Path(work), pathlib.Path(o.drawings) / n, at) for n, at in HINTED.items()]
    sheet(rows).save(o.out, quality=85, optimize=True)


if __name__ == "__main__":
    main()
