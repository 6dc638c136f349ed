# SPDX-License-Identifier: MIT
"""agree.py - does Pillow see in every picture of the zoo what the list says?

Needs numpy and Pillow. Usage: zoo make FOLDER; python3 agree.py FOLDER
"""
import os
import sys
import zlib

import numpy as np
from PIL import Image, ImageOps

folder = sys.argv[1]
seen = wrong = skipped = 0


def crc(b):
    return "%08x" % zlib.crc32(b) if b else "-"


def pixels(image, colours, alpha):
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[colours + alpha]
    if mode == "L" and image.mode == "1":
        return np.asarray(image).astype(np.uint8) * 255
    return np.asarray(image.convert(mode))


for line in open(os.path.join(folder, "list.tsv")):
    f = line.rstrip("\n").split("\t")
    name, codec, w, h, colours, alpha, size = f[0], f[1], *map(int, f[2:7])
    image = Image.open(os.path.join(folder, "in", name))
    want = np.fromfile(os.path.join(folder, "want", name + ".raw"), {1: np.uint8, 2: "<u2"}[size])
    want = want.reshape(h, w, colours + alpha)
    seen += 1
    bad = []
    if image.info.get("icc_profile") and crc(image.info["icc_profile"]) != f[12]:
        bad.append("ICC")
    if f[8] == "1" and f[13] != "-" and crc(image.info["exif"].replace(b"Exif\0\0", b"", 1)) != f[13]:
        bad.append("EXIF")
    if image.getexif().get(0x112, 1) != int(f[8]):
        bad.append("orientation")
    if f[13] != "-" and len(image.getexif().get_ifd(0x8769)[0x927c]) != 300:
        bad.append("maker notes")
    if f[16] == "300" and abs(image.info["dpi"][0] - 300) > 0.1:
        bad.append("dpi")
    image = ImageOps.exif_transpose(image)
    if image.size != (w, h):
        bad.append("size %dx%d" % image.size)
    elif size == 2 or (codec == "png" and colours == 1 and alpha and image.mode not in ("LA",)):
        skipped += 1  # Pillow holds no such samples, and loses the key of grey
    else:
        off = np.abs(pixels(image, colours, alpha).reshape(want.shape).astype(int) - want)
        if off.max() > (0 if codec == "png" else 2):
            bad.append("pixels off by %d, mean %.3f" % (off.max(), off.mean()))
    if bad:
        wrong += 1
        print(name, ", ".join(bad))
print("%d files, %d wrong, pixels of %d not compared" % (seen, wrong, skipped))
sys.exit(wrong != 0)
