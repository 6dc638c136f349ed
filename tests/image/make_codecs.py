# SPDX-License-Identifier: MIT
"""make_codecs.py - adds the WebP, TIFF and CMYK pictures to what make_fixtures.py wrote

Needs numpy, Pillow, tifffile with imagecodecs, and the tools of libwebp (cwebp, dwebp, webpmux) and of libtiff (tiffcp).
Usage: python3 make_codecs.py  (rewrites its own lines of data/good.tsv, bad.tsv and README.md)

TIFF files are written here, tag by tag, and compressed or cut into tiles by tiffcp; what they must decode to is the array
that they were made from, and tifffile must agree wherever it reads the kind. What loses is what dwebp, Pillow or tifffile
see. The CMYK profile is a small one made here: its grid holds the colours of a simple formula.
"""
import io
import os
import struct
import subprocess
import tempfile

import numpy as np
import tifffile
from PIL import Image, ImageCms

import make_fixtures as base
from make_fixtures import HERE, XMP, exif_bytes, picture, profile, record, refuse, turn, turned_exif


def tool(*words, data=None):
    return subprocess.run(words, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


# ---- WebP ----
def seen_by_dwebp(data):
    head, _, body = tool("dwebp", "-quiet", "-pam", "-o", "-", "--", "-", data=data).partition(b"ENDHDR\n")
    word = dict(line.split(b" ", 1) for line in head.split(b"\n")[1:] if b" " in line)
    return np.frombuffer(body, np.uint8).reshape(int(word[b"HEIGHT"]), int(word[b"WIDTH"]), int(word[b"DEPTH"]))


def cwebp(a, *options):
    out = io.BytesIO()
    Image.fromarray(a).save(out, "PNG")
    return tool("cwebp", "-quiet", *options, "-o", "-", "--", "-", data=out.getvalue())


def webp(name, data, what, a=None, **more):
    seen = seen_by_dwebp(data)
    if a is None:
        a = seen[:, :, :3] if (seen[:, :, -1] == 255).all() else seen
    else:
        assert (seen[:, :, :a.shape[2]] == a).all()
    record(name, "webp", data, a, 1 - a.shape[2] % 2, what, **more)


def riff(*chunks):
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for k, b in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webps():
    rgb, rgba = picture(21, 37, 3, seed=101), picture(21, 37, 4, seed=102)
    rgba[:9, :, 3] = 0  # colour under what is transparent stays
    webp("lossless.webp", cwebp(rgb, "-lossless"), "lossless, by cwebp", rgb)
    webp("lossless-alpha.webp", cwebp(rgba, "-lossless", "-exact"), "lossless with alpha, by cwebp", rgba)
    webp("lossy.webp", cwebp(rgb, "-q", "80"), "lossy, by cwebp", tolerance=1)
    webp("lossy-alpha.webp", cwebp(rgba, "-q", "80", "-exact"), "lossy with alpha, by cwebp", tolerance=1)
    webp("one.webp", cwebp(picture(1, 1, 3), "-lossless"), "1 x 1", picture(1, 1, 3))
    palette = np.repeat(np.random.default_rng(7).integers(0, 3, (21, 37, 1), dtype=np.uint8) * 90, 3, -1)
    webp("lossless-palette.webp", cwebp(palette, "-lossless"), "lossless, few colours", palette)
    noise = np.random.default_rng(8).integers(0, 256, (170, 170, 3), dtype=np.uint8)
    webp("long.webp", cwebp(noise, "-lossless", "-m", "0"), "lossless, more than 64 KiB", noise)
    icc, exif = profile(), exif_bytes(1, 37, 21, True)
    xmp = (XMP % 1).encode()
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", lossless=True, icc_profile=icc, exif=exif, xmp=xmp)
    webp("metadata.webp", out.getvalue(), "ICC, EXIF, XMP, by Pillow", rgb, icc=icc, exif=exif, xmp=xmp)
    bits = cwebp(rgb, "-lossless")[12:]
    size = struct.pack("<I", 36)[:3] + struct.pack("<I", 20)[:3]
    odd = riff((b"VP8X", struct.pack("<I", 8) + size), (b"VP8L", bits[8:8 + struct.unpack("<I", bits[4:8])[0]]),
               (b"EXIF", b"Exif\0\0" + exif))
    webp("jpeg-exif.webp", odd, "EXIF with the head that it has in a JPEG", rgb, exif=exif)
    for o in (3, 6):
        out = io.BytesIO()
        Image.fromarray(rgba).save(out, "WEBP", lossless=True, exact=True, exif=exif_bytes(o, 37, 21, False))
        b = turn(rgba, o)
        record("turn%d.webp" % o, "webp", out.getvalue(), b, 1, "orientation %d" % o, orientation=o,
               exif=turned_exif(b.shape[1], b.shape[0], False, b""))
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "WEBP", save_all=True, append_images=[Image.fromarray(255 - rgb)], duration=100)
    refuse("animation.webp", "UNSUPPORTED", out.getvalue(), "two pictures")
    refuse("bomb.webp", "LIMIT", riff((b"VP8L", b"\x2f" + struct.pack("<I", 16382 | 16382 << 14) + bytes(20))),
           "a header of 16383 x 16383")
    refuse("empty.webp", "CORRUPT", riff((b"VP8L", b"\x2f" + struct.pack("<I", 12 | 8 << 14) + bytes(3))), "no pixels")
    refuse("header.webp", "CORRUPT", riff(), "nothing but a head")


# ---- TIFF, by hand ----
SHORT, LONG, RATIONAL, ASCII, UNDEFINED, BYTE, LONG8, IFD8 = 3, 4, 5, 2, 7, 1, 16, 18
FORMATS = {SHORT: "H", LONG: "I", LONG8: "Q", IFD8: "Q"}


def values(e, kind, v):
    if isinstance(v, (bytes, bytearray)):
        return bytes(v), len(v)
    if kind == RATIONAL:
        return b"".join(struct.pack(e + "II", int(x * 1000), 1000) for x in v), len(v)
    return struct.pack(e + "%d%s" % (len(v), FORMATS[kind]), *v), len(v)


def directory(e, wide, at, entries, after=0):
    """The bytes of a directory that begins at `at`, its values behind it."""
    room = (8 + 20 * len(entries) + 8) if wide else (2 + 12 * len(entries) + 4)
    word, inline = ("Q", 8) if wide else ("I", 4)
    head, tail = struct.pack(e + ("Q" if wide else "H"), len(entries)), b""
    for tag, kind, v in sorted(entries, key=lambda x: x[0]):
        body, n = values(e, kind, v)
        head += struct.pack(e + "HH" + word, tag, kind, n)
        if len(body) <= inline:
            head += body + bytes(inline - len(body))
        else:
            tail += bytes((at + room + len(tail)) % 2)
            head += struct.pack(e + word, at + room + len(tail))
            tail += body
    return head + struct.pack(e + word, after) + tail


def tiff(entries, pieces, e="<", wide=False, tiled=False, exif=None, gps=None, second=None):
    """entries: tags without where the pieces lie. exif, gps: entries of those directories. second: entries of a page more."""
    head = (b"II" if e == "<" else b"MM") + (struct.pack(e + "HHH", 43, 8, 0) if wide else struct.pack(e + "H", 42))
    start, body, where = len(head) + (8 if wide else 4), b"", []
    entries = list(entries)
    for p in pieces:
        where.append(start + len(body))
        body += p + bytes(len(p) % 2)
    entries.append((324 if tiled else 273, LONG8 if wide else LONG, where))
    entries.append((325 if tiled else 279, LONG, [len(p) for p in pieces]))
    for tag, more in ((0x8769, exif), (0x8825, gps)):
        if more:
            entries.append((tag, IFD8 if wide else LONG, [start + len(body)]))
            d = directory(e, wide, start + len(body), more)
            body += d + bytes(len(d) % 2)
    at = start + len(body)
    first = directory(e, wide, at, entries)
    if second:
        first += bytes(len(first) % 2)
        first = directory(e, wide, at, entries, at + len(first)) + bytes(len(directory(e, wide, at, entries)) % 2)
        first += directory(e, wide, at + len(first), second)
    return head + struct.pack(e + ("Q" if wide else "I"), at) + body + first


def pack(a, bits, e):
    """Rows of samples, whole bytes each."""
    if a.dtype.kind == "f" or bits in (8, 16, 32):
        return a.astype(a.dtype.newbyteorder(e)).tobytes()
    out = b""
    for row in a:
        text = "".join(format(int(v), "0%db" % bits) for v in row.ravel())
        text += "0" * (-len(text) % 8)
        out += bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))
    return out


def plain(a, bits, photometric, e="<", rows=None, separate=False, extra=(), more=(), **rest):
    h, w, c = a.shape
    rows = rows or h
    kind = 3 if a.dtype.kind == "f" else 1
    planes = [a[:, :, i:i + 1] for i in range(c)] if separate else [a]
    pieces = [pack(p[y:y + rows], bits, e) for p in planes for y in range(0, h, rows)]
    entries = [(256, LONG, [w]), (257, LONG, [h]), (258, SHORT, [bits] * c), (259, SHORT, [1]), (262, SHORT, [photometric]),
               (277, SHORT, [c]), (278, LONG, [rows]), (284, SHORT, [2 if separate else 1]), (339, SHORT, [kind] * c)]
    if extra:
        entries.append((338, SHORT, list(extra)))
    return tiff(entries + list(more), pieces, e, **rest)


def tiffcp(data, *options):
    with tempfile.TemporaryDirectory() as folder:
        a, b = os.path.join(folder, "a.tif"), os.path.join(folder, "b.tif")
        with open(a, "wb") as f:
            f.write(data)
        tool("tiffcp", *options, a, b)
        with open(b, "rb") as f:
            return f.read()


def agrees(data, a):
    """tifffile reads the same numbers."""
    seen = tifffile.imread(io.BytesIO(data))
    if seen.ndim == 3 and seen.shape[0] == a.shape[2] and seen.shape[1:] == a.shape[:2]:
        seen = np.moveaxis(seen, 0, -1)
    assert (seen.reshape(a.shape).astype(np.float64) == a.astype(np.float64)).all(), (seen.ravel()[:9], a.ravel()[:9])


def keep(name, data, pixels, alpha, what, check=None, **more):
    if check is not None:
        agrees(data, check)
    record(name, "tiff", data, np.ascontiguousarray(pixels), alpha, what, **more)


def widened(a, bits):
    """Samples of odd depths, as we deliver them."""
    top, most = 2 ** bits - 1, 255 if bits <= 8 else 65535
    v = (a.astype(np.int64) * most + top // 2) // top
    return v.astype(np.uint8 if bits <= 8 else np.uint16)


def tiff_depths():
    for channels, label in ((1, "grey"), (3, "rgb")):
        for bits in (1, 2, 4, 8, 12, 16):
            if channels == 3 and bits < 8:
                continue
            a = picture(9, 13, channels, 2 ** bits - 1, seed=200 + bits + channels)
            for e, order in (("<", "le"), (">", "be")):
                data = plain(a, bits, 1 if channels == 1 else 2, e, rows=4)
                keep("%s%d-%s.tif" % (label, bits, order), data, widened(a, bits), 0, "%s, %d bits, %s-endian" %
                     (label, bits, "little" if e == "<" else "big"), a if bits != 12 else None, bits=bits)
        f = (picture(9, 13, channels, 65535, seed=220) / 40000.0 - 0.25).astype(np.float32)
        f[0, 0, 0], f[1, 2, 0] = 1.5, -0.25
        keep("%s-f32.tif" % label, plain(f, 32, 1 if channels == 1 else 2), f, 0, label + ", floats outside 0..1 too", f)
        keep("%s-f32-be.tif" % label, plain(f, 32, 1 if channels == 1 else 2, ">"), f, 0, label + ", floats, big-endian", f)
        half = f.astype(np.float16)
        keep("%s-f16.tif" % label, plain(half, 16, 1 if channels == 1 else 2), half.astype(np.float32), 0,
             label + ", halves", half, bits=16)
        double = f.astype(np.float64)
        keep("%s-f64.tif" % label, plain(double, 64, 1 if channels == 1 else 2, ">"), f, 0, label + ", doubles", double, bits=64)
    u = np.random.default_rng(9).integers(0, 2 ** 32, (9, 13, 1), dtype=np.uint32)
    keep("grey32.tif", plain(u, 32, 1), (u / 4294967295.0).astype(np.float32), 0, "grey, 32 bits", u)
    for bits in (1, 8, 16):
        a = picture(9, 13, 1, 2 ** bits - 1, seed=230 + bits)
        w = widened(a, bits)
        keep("white%d.tif" % bits, plain(a, bits, 0), (w.dtype.type(255 if bits <= 8 else 65535) - w), 0,
             "grey where 0 is white, %d bits" % bits, a, bits=bits)


def tiff_palettes():
    rng = np.random.default_rng(10)
    for bits in (1, 4, 8):
        n = 2 ** bits
        palette = rng.integers(0, 256, (n, 3), dtype=np.uint8)
        index = rng.integers(0, n, (9, 13, 1), dtype=np.uint8)
        colours = [int(v) * 257 for v in palette.T.ravel()]
        data = plain(index, bits, 3, more=[(320, SHORT, colours)])
        pixels = palette[index[:, :, 0]]
        seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        assert (seen == pixels).all()
        keep("palette%d.tif" % bits, data, pixels, 0, "palette, %d bits" % bits, index, bits=bits)


def straight(a, most):
    """What a premultiplied picture shows, divided."""
    alpha = a[:, :, -1:].astype(np.int64)
    v = (a[:, :, :-1].astype(np.int64) * most + alpha // 2) // np.maximum(alpha, 1)
    v = np.where(alpha == 0, 0, np.minimum(v, most))
    return np.concatenate([v.astype(a.dtype), a[:, :, -1:]], -1)


def tiff_alpha():
    for bits in (8, 16):
        most = 2 ** bits - 1
        for channels, label, photometric in ((2, "greyalpha", 1), (4, "rgba", 2)):
            a = picture(9, 13, channels, most, seed=240 + bits + channels)
            a[:2, :, -1] = 0
            for kind, word in ((2, "straight"), (0, "unnamed")):
                if kind == 0 and bits == 16:
                    continue
                data = plain(a, bits, photometric, extra=[kind], rows=3)
                keep("%s%d-%s.tif" % (label, bits, word), data, a, 1, "%s, %d bits, %s alpha" % (label, bits, word), a, bits=bits)
            p = a.copy()
            p[:, :, :-1] = (a[:, :, :-1].astype(np.int64) * a[:, :, -1:] + most // 2) // most
            keep("%s%d-multiplied.tif" % (label, bits), plain(p, bits, photometric, extra=[1]), straight(p, most), 1,
                 "%s, %d bits, colours multiplied by alpha" % (label, bits), p, bits=bits)
    f = (picture(9, 13, 4, 65535, seed=250) / 65535.0).astype(np.float32)
    keep("rgba-f32.tif", plain(f, 32, 2, extra=[2]), f, 1, "RGBA, floats", f)
    five = picture(9, 13, 5, seed=251)
    keep("five.tif", plain(five, 8, 2, extra=[0, 2]), five[:, :, [0, 1, 2, 4]], 1, "RGB, something, alpha", five)


def tiff_layouts():
    a, b = picture(21, 37, 3, seed=260), picture(21, 37, 3, 65535, seed=261)
    grey, f = picture(21, 37, 1, seed=262), (picture(21, 37, 3, 65535, seed=263) / 50000.0).astype(np.float32)
    one = (picture(21, 37, 1, seed=264) > 128).astype(np.uint8)
    rgba = picture(21, 37, 4, seed=265)
    keep("separate.tif", plain(a, 8, 2, rows=5, separate=True), a, 0, "a plane a colour", a)
    keep("separate16-be.tif", plain(b, 16, 2, ">", rows=5, separate=True), b, 0, "a plane a colour, 16 bits, big-endian", b)
    keep("separate-alpha.tif", plain(rgba, 8, 2, separate=True, extra=[2]), rgba, 1, "a plane a channel, alpha", rgba)
    keep("big.tif", plain(a, 8, 2, rows=4, wide=True), a, 0, "BigTIFF", a)
    keep("big-be.tif", plain(b, 16, 2, ">", rows=4, wide=True), b, 0, "BigTIFF, big-endian", b)
    tiles = ("-t", "-w", "16", "-l", "16")
    for name, array, data, options in (
            ("tiles", a, plain(a, 8, 2), tiles), ("tiles-grey", grey, plain(grey, 8, 1), tiles),
            ("tiles16", b, plain(b, 16, 2), tiles + ("-B",)), ("tiles-wide", a, plain(a, 8, 2), ("-t", "-w", "64", "-l", "32")),
            ("tiles-separate", a, plain(a, 8, 2), tiles + ("-p", "separate", "-c", "lzw")),
            ("tiles-f32", f, plain(f, 32, 2), tiles + ("-c", "zip:3")), ("tiles1", one, plain(one, 1, 1), tiles),
            ("lzw", a, plain(a, 8, 2), ("-c", "lzw:2", "-r", "4")), ("lzw16-be", b, plain(b, 16, 2), ("-c", "lzw:2", "-B")),
            ("zip", a, plain(a, 8, 2), ("-c", "zip:2", "-r", "7")), ("zip16-big", b, plain(b, 16, 2), ("-c", "zip:2", "-8")),
            ("zip-f32", f, plain(f, 32, 2), ("-c", "zip:3")), ("packbits", a, plain(a, 8, 2), ("-c", "packbits")),
            ("zstd", a, plain(a, 8, 2), ("-c", "zstd:2")), ("lzma", a, plain(a, 8, 2), ("-c", "lzma:2")),
            ("g3", one, plain(one, 1, 1), ("-c", "g3")), ("g3-2d", one, plain(one, 1, 1), ("-c", "g3:2d:fill")),
            ("g4", one, plain(one, 1, 0), ("-c", "g4")), ("g4-lsb", one, plain(one, 1, 1), ("-c", "g4", "-f", "lsb2msb")),
            ("lerc", b, plain(b, 16, 2), ("-c", "lerc:0"))):
        data = tiffcp(data, *options)
        pixels = array * 255 if array is one else array
        if name == "g4":
            pixels = 255 - pixels
        if array is one:  # tifffile does not look at what is white
            assert (np.asarray(Image.open(io.BytesIO(data)).convert("L")) == pixels[:, :, 0]).all()
        keep("%s.tif" % name, data, pixels.astype(array.dtype), 0, "by tiffcp " + " ".join(options),
             None if array is one else array, bits=1 if array is one else None)
    for name, options in (("jpeg", ("-c", "jpeg:90")), ("jpeg-rgb", ("-c", "jpeg:r:90")),
                          ("jpeg-tiles", ("-c", "jpeg:90", "-t", "-w", "16", "-l", "16"))):
        data = tiffcp(plain(a, 8, 2), *options)
        seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        keep(name + ".tif", data, seen, 0, "JPEG inside, by tiffcp " + " ".join(options), tolerance=2)
    data, seen = ycbcr(a)
    keep("ycbcr.tif", data, seen, 0, "YCbCr 4:2:0 as it is", tolerance=2)


def ycbcr(a):
    """Uncompressed, luma 2 x 2: units of four lumas, Cb, Cr; and what Pillow's formula makes of them."""
    v = np.asarray(Image.fromarray(np.pad(a, ((0, 1), (0, 1), (0, 0)), "edge")).convert("YCbCr"))
    h, w, out, kept = a.shape[0], a.shape[1], b"", v.copy()
    for j in range(0, h, 2):
        for i in range(0, w, 2):
            c = v[j:j + 2, i:i + 2, 1:].astype(int).reshape(4, 2).mean(0)
            kept[j:j + 2, i:i + 2, 1:] = c.astype(int)
            out += bytes([v[j, i, 0], v[j, i + 1, 0], v[j + 1, i, 0], v[j + 1, i + 1, 0], int(c[0]), int(c[1])])
    data = tiff([(256, LONG, [w]), (257, LONG, [h]), (258, SHORT, [8, 8, 8]), (259, SHORT, [1]), (262, SHORT, [6]),
                 (277, SHORT, [3]), (278, LONG, [h]), (284, SHORT, [1]), (530, SHORT, [2, 2]),
                 (532, RATIONAL, [0, 255, 128, 255, 128, 255])], [out])
    return data, np.asarray(Image.fromarray(kept, "YCbCr").convert("RGB"))[:h, :w]


def exif_of(e, text, orientation, sub, gps, size):
    """The EXIF that must be delivered: a header, the first directory, what is behind it in the order of the tags."""
    first = [t for t in text]
    if orientation:
        first.append((0x112, SHORT, [orientation]))
    first.sort(key=lambda x: x[0])
    out = bytearray((b"II*\0" if e == "<" else b"MM\0*") + struct.pack(e + "I", 8))
    n = len(first) + 2
    at = 8 + 2 + 12 * n + 4
    slots, body = b"", b""
    for tag, kind, v in first:
        b, count = values(e, kind, v)
        slots += struct.pack(e + "HHI", tag, kind, count)
        if len(b) > 4:
            body += bytes((at + len(body)) % 2)
            slots += struct.pack(e + "I", at + len(body))
            body += b
        else:
            slots += b + bytes(4 - len(b))
    for tag, d in ((0x8769, sub), (0x8825, gps)):
        body += bytes((at + len(body)) % 2)
        slots += struct.pack(e + "HHII", tag, LONG, 1, at + len(body))
        body += directory(e, False, at + len(body), d)
    return bytes(out + struct.pack(e + "H", n) + slots + bytes(4) + body)


def tiff_metadata():
    icc, xmp = profile(), (XMP % 1).encode()
    a = picture(21, 37, 3, seed=270)
    text = [(0x10e, ASCII, b"A picture\0"), (0x10f, ASCII, b"Maker\0"), (0x13b, ASCII, b"Me\0")]
    gps = [(1, ASCII, b"N\0"), (2, RATIONAL, [51.0, 30.0, 0.5])]
    for e, order, wide in (("<", "le", False), (">", "be", False), ("<", "big", True)):
        sub = [(0x829a, RATIONAL, [0.01]), (0x9003, ASCII, b"2024:05:06 07:08:09\0"), (0x927c, UNDEFINED, b"maker's own note"),
               (0xa002, LONG, [37]), (0xa003, LONG, [21])]
        more = text + [(34675, UNDEFINED, icc), (700, BYTE, xmp), (282, RATIONAL, [300.0]), (283, RATIONAL, [300.0]),
                       (296, SHORT, [2])]
        data = plain(a, 8, 2, e, more=more, exif=sub, gps=gps, wide=wide)
        tags = tifffile.TiffFile(io.BytesIO(data)).pages[0].tags
        assert tags[0x8769].value["DateTimeOriginal"] == "2024:05:06 07:08:09"
        assert tags[0x8825].value["GPSLatitudeRef"] == "N" and tags[0x8825].value["GPSLatitude"][:2] == (51000, 1000)
        keep("metadata-%s.tif" % order, data, a, 0, "ICC, XMP, EXIF, GPS, resolution", icc=icc, xmp=xmp, dpi=300,
             exif=exif_of(e, text, 0, sub, gps, None))
    for o in range(2, 9):
        data = plain(a, 8, 2, rows=4, more=[(274, SHORT, [o])])
        b = turn(a, o)
        seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))  # Pillow turns by itself
        assert seen.shape != b.shape or (seen == b).all()
        exif = b"II*\0\x08\0\0\0" + struct.pack("<HHHIHHI", 1, 0x112, 3, 1, 1, 0, 0)
        keep("turn%d.tif" % o, data, b, 0, "orientation %d" % o, orientation=o, exif=exif)
    page = [(256, LONG, [1]), (257, LONG, [1]), (258, SHORT, [8]), (259, SHORT, [1]), (262, SHORT, [1]), (273, LONG, [8]),
            (277, SHORT, [1]), (279, LONG, [1])]
    keep("pages.tif", plain(a, 8, 2, second=page), a, 0, "another page behind the first")
    keep("thumbnail.tif", plain(a, 8, 2, second=[(254, LONG, [1])] + page), a, 0, "a smaller copy behind the picture")


def tiff_refusals():
    a = picture(9, 13, 3, seed=280)
    signed = tiff([(256, LONG, [13]), (257, LONG, [9]), (258, SHORT, [8]), (259, SHORT, [1]), (262, SHORT, [1]), (277, SHORT, [1]),
                   (278, LONG, [9]), (339, SHORT, [2])], [bytes(117)])
    refuse("signed.tif", "UNSUPPORTED", signed, "signed samples")
    refuse("huge.tif", "LIMIT", tiff([(256, LONG, [2 ** 31 - 1]), (257, LONG, [2 ** 31 - 1]), (258, SHORT, [8]), (259, SHORT, [1]),
                                      (262, SHORT, [1]), (277, SHORT, [1])], [bytes(10)]), "a header of 2^31-1 x 2^31-1")
    refuse("bomb.tif", "LIMIT", tiff([(256, LONG, [90000]), (257, LONG, [90000]), (258, SHORT, [8]), (259, SHORT, [1]),
                                      (262, SHORT, [1]), (277, SHORT, [1])], [bytes(10)]), "a header of 90000 x 90000")
    wide = [(256, LONG, [40000]), (257, LONG, [40000]), (258, SHORT, [8] * 3), (259, SHORT, [8]), (262, SHORT, [2]),
            (277, SHORT, [3]), (284, SHORT, [1]), (322, LONG, [40000]), (323, LONG, [40000])]
    refuse("tile-bomb.tif", "LIMIT", tiff(wide, [bytes(10)], tiled=True), "one tile of 4.8 GB")
    outside = tiff([(256, LONG, [13]), (257, LONG, [9]), (258, SHORT, [8]), (259, SHORT, [1]), (262, SHORT, [1]), (277, SHORT, [1]),
                    (278, LONG, [9])], [bytes(117)])
    at = outside.index(struct.pack("<HHII", 279, LONG, 1, 117))
    refuse("outside.tif", "CORRUPT", outside[:at + 8] + struct.pack("<I", 1 << 20) + outside[at + 12:], "a strip ends outside")
    refuse("cielog.tif", "UNSUPPORTED", plain(a, 8, 32844), "LogL")
    refuse("mask.tif", "UNSUPPORTED", plain(a[:, :, :1], 8, 4), "a transparency mask")
    refuse("raw.tif", "UNSUPPORTED", plain(a, 8, 2, more=[(50706, BYTE, bytes([1, 4, 0, 0]))]), "DNG")
    refuse("preview.tif", "UNSUPPORTED", plain(a, 8, 2, more=[(254, LONG, [1])]), "a small copy comes first")
    refuse("compression.tif", "UNSUPPORTED", plain(a, 8, 2).replace(struct.pack("<HHIHH", 259, SHORT, 1, 1, 0),
                                                                    struct.pack("<HHIHH", 259, SHORT, 1, 999, 0)),
           "an unknown compression")
    refuse("nine.tif", "UNSUPPORTED", plain(picture(9, 13, 9), 8, 1), "nine channels")
    refuse("three-bytes.tif", "UNSUPPORTED", tiff([(256, LONG, [1]), (257, LONG, [1]), (258, SHORT, [24]), (259, SHORT, [1]),
                                                   (262, SHORT, [1]), (277, SHORT, [1]), (278, LONG, [1])], [bytes(3)]), "24 bits")
    refuse("inks.tif", "UNSUPPORTED", plain(picture(9, 13, 4), 8, 5), "CMYK without a profile")
    refuse("no-directory.tif", "CORRUPT", b"II*\0" + struct.pack("<I", 4096), "the directory is missing")
    loop = bytearray(plain(a, 8, 2, second=[(256, LONG, [1])]))
    refuse("damaged.tif", "CORRUPT", tiffcp(plain(a, 8, 2), "-c", "zip")[:-1], "the last byte is missing")
    assert loop


# ---- CMYK ----
def xyz_of(srgb):
    """Linear light of D65 sRGB, adapted to D50 (Bradford; the matrix of the sRGB profile)."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return linear @ np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169],
                              [0.0139322, 0.0971045, 0.7141733]]).T


def lab_of(srgb):
    t = xyz_of(srgb) / np.array([0.9642, 1.0, 0.8249])
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


def cmyk_profile(n=5):
    """An ICC profile of version 2: inks on a grid of n a side to L*a*b*. Ink takes its colour away, somewhat impurely."""
    c, m, y, k = np.meshgrid(*[np.linspace(0, 1, n)] * 4, indexing="ij")
    rgb = np.stack([(1 - c) * (1 - 0.2 * m), (1 - 0.25 * c) * (1 - m) * (1 - 0.1 * y), (1 - 0.1 * c) * (1 - 0.3 * m) * (1 - y)], -1)
    lab = lab_of(rgb * (1 - 0.95 * k[..., None]))
    lab = np.stack([lab[..., 0] * 65280 / 100, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], -1)
    grid = np.clip(np.rint(lab), 0, 65535).astype(">u2").tobytes()
    unit = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft2" + bytes(4) + bytes([4, 3, n, 0]) + unit + struct.pack(">HH", 2, 2)
    lut += struct.pack(">HH", 0, 65535) * 4 + grid + struct.pack(">HH", 0, 65535) * 3
    desc = b"desc" + bytes(4) + struct.pack(">I", 5) + b"inks\0" + bytes(78)
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    tags, at = [(b"desc", desc), (b"wtpt", white), (b"A2B0", lut), (b"cprt", b"text" + bytes(4) + b"none\0")], 132 + 12 * 4
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I", at + len(body)) + b"none" + struct.pack(">I", 0x02400000) + b"prtrCMYKLab "
    head += struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + table + body


def seen_through(icc, inks):
    """Through the profile to sRGB, by Pillow: relative colorimetric, black point compensated."""
    to = ImageCms.createProfile("sRGB")
    image = ImageCms.profileToProfile(Image.fromarray(inks, "CMYK"), ImageCms.ImageCmsProfile(io.BytesIO(icc)), to,
                                      renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, outputMode="RGB",
                                      flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
    return np.asarray(image)


def cmyk():
    icc = cmyk_profile()
    inks = picture(21, 37, 4, seed=290)
    inks[:3, :, :] = 0  # bare paper
    rgb = seen_through(icc, inks)
    assert (rgb[0] == 255).all()
    keep("cmyk.tif", plain(inks, 8, 5, more=[(34675, UNDEFINED, icc)]), rgb, 0, "CMYK with a profile, by Pillow's eyes", inks,
         tolerance=1)
    wide = inks.astype(np.uint16) * 257
    keep("cmyk16.tif", plain(wide, 16, 5, ">", more=[(34675, UNDEFINED, icc)]), rgb.astype(np.uint16) * 257, 0,
         "CMYK, 16 bits, with a profile", wide, tolerance=255)
    five = np.concatenate([inks, picture(21, 37, 1, seed=291)], -1)
    keep("cmyk-alpha.tif", plain(five, 8, 5, extra=[2], more=[(34675, UNDEFINED, icc)]),
         np.concatenate([rgb, five[:, :, 4:]], -1), 1, "CMYK with a profile and alpha", five, tolerance=1)
    out = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(out, "JPEG", quality=95, subsampling=0, icc_profile=icc)
    data = out.getvalue()  # upside down, with Adobe's marker, as Photoshop does
    assert b"Adobe" in data
    seen = np.asarray(Image.open(io.BytesIO(data)))
    record("cmyk-adobe.jpg", "jpeg", data, seen_through(icc, seen), 0, "CMYK, Adobe's way, by Pillow", quality=95, tolerance=2)
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]:]
    record("cmyk-bare.jpg", "jpeg", bare, seen_through(icc, 255 - seen), 0, "the same without the marker: inks as they are",
           quality=95, tolerance=2)
    ycck = data.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    assert ycck != data
    seen = np.asarray(Image.open(io.BytesIO(ycck)))
    record("cmyk-ycck.jpg", "jpeg", ycck, seen_through(icc, seen), 0, "the same, marked YCCK", quality=95, tolerance=3)
    out = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(out, "JPEG", icc_profile=profile())
    refuse("cmyk-wrong.jpg", "CORRUPT", out.getvalue(), "CMYK with a profile for RGB")
    out = io.BytesIO()
    Image.fromarray(inks, "CMYK").save(out, "JPEG", icc_profile=icc[:-900])
    refuse("cmyk-cut.jpg", "CORRUPT", out.getvalue(), "CMYK with a profile that is cut off")


# ---- the lists ----
def mine(line):
    name = line.lstrip("| ").split("\t")[0].split(" |")[0]
    return name.endswith((".webp", ".tif")) or name.startswith("cmyk-")


def update(name, lines):
    path = os.path.join(HERE, name)
    with open(path) as f:
        old = [line for line in f.read().splitlines() if not mine(line)]
    with open(path, "w") as f:
        f.write("\n".join(old + lines) + "\n")


def main():
    for name in os.listdir(HERE):
        if mine(name.removesuffix(".raw")):
            os.remove(os.path.join(HERE, name))
    for make in (webps, tiff_depths, tiff_palettes, tiff_alpha, tiff_layouts, tiff_metadata, tiff_refusals, cmyk):
        make()
    update("good.tsv", base.MANIFEST)
    update("bad.tsv", base.BAD)
    update("README.md", ["| %s | %s |" % row for row in base.README])


if __name__ == "__main__":
    main()
