# SPDX-License-Identifier: MIT
"""make_fixtures.py - writes the small pictures that the tests read, and what they must decode to.

Needs numpy, Pillow and ImageMagick's convert. Usage: python3 make_fixtures.py  (writes data/ beside itself)

PNG files are written here, chunk by chunk, because no one program writes every kind; what they must decode to is the
array that they were made from, and Pillow's decoder must agree wherever it can hold the format. JPEG files are
written by Pillow and ImageMagick and must decode to what Pillow sees.
"""
import io
import os
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")
MANIFEST, BAD, README = [], [], []
EMPTY = b""


def crc(b):
    return "%08x" % (zlib.crc32(b) & 0xFFFFFFFF) if b else "-"


def picture(h, w, channels, top=255, seed=1):
    """A gradient with some noise: neither flat nor incompressible."""
    y, x = np.mgrid[0:h, 0:w]
    rng = np.random.default_rng(seed)
    planes = [(x * (3 + c) + y * (5 - c)) * top / (8.0 * max(h, w)) for c in range(channels)]
    a = np.stack(planes, -1) + rng.uniform(0, top / 8, (h, w, channels))
    return np.clip(a, 0, top).astype(np.uint16 if top > 255 else np.uint8)


def save(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def record(name, codec, data, pixels, alpha, made, bits=None, orientation=1, quality=0, subsampling=0, tolerance=0,
           icc=EMPTY, exif=EMPTY, xmp=EMPTY, texts=0, dpi=0.0):
    """pixels: h x w x channels, uint8, uint16 or float32. exif, xmp: as they must be delivered."""
    sample = pixels.dtype.itemsize
    h, w, c = pixels.shape
    save(name, data)
    order = pixels.astype(pixels.dtype.newbyteorder("<"))
    save(name + ".raw", order.tobytes())
    MANIFEST.append("\t".join(str(v) for v in [
        name, codec, w, h, c - alpha, alpha, sample, bits or sample * 8, orientation, quality, subsampling, tolerance,
        crc(icc), crc(exif), crc(xmp), texts, "%g" % dpi]))
    README.append((name, made))


def refuse(name, status, data, made):
    save(name, data)
    BAD.append("%s\t%s" % (name, status))
    README.append((name, made + " (refused)"))


# ---- PNG, by hand ----
def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) & 0xFFFFFFFF)


def pack_rows(samples, depth):
    """Rows of a pass with filter 0..4 in turn (1 and up only where a byte or more is a sample)."""
    h, w, c = samples.shape
    out, prior = [], None
    step = max(1, c * depth // 8)
    for y in range(h):
        if depth == 16:
            line = samples[y].astype(">u2").tobytes()
        elif depth == 8:
            line = samples[y].astype(np.uint8).tobytes()
        else:
            bits = "".join(format(int(v), "0%db" % depth) for v in samples[y].ravel())
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
        prior = prior or bytes(len(line))
        out.append(filtered(line, prior, step, y % 5))
        prior = line
    return b"".join(out)


def filtered(line, prior, step, kind):
    out = bytearray([kind])
    for i, v in enumerate(line):
        a = line[i - step] if i >= step else 0
        b = prior[i]
        c = prior[i - step] if i >= step else 0
        p = a + b - c
        nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
        out.append((v - (0, a, b, (a + b) // 2, nearest)[kind]) & 255)
    return bytes(out)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, kind, interlace=0, before=b"", after=b"", idat=1 << 30):
    h, w, _ = samples.shape
    passes = [samples]
    if interlace:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
    body = zlib.compress(b"".join(pack_rows(p, depth) for p in passes if p.size), 9)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, interlace)) + before
    for i in range(0, len(body), idat):
        data += chunk(b"IDAT", body[i:i + idat])
    return data + after + chunk(b"IEND", b"")


def agree(data, pixels):
    """Other decoders see the same: ImageMagick all, Pillow what it can hold."""
    bits = "8" if pixels.dtype == np.uint8 else "16"
    seen = subprocess.run(["convert", "png:-", "-depth", bits, "-endian", "LSB", "rgba:-"], input=data,
                          stdout=subprocess.PIPE, check=True).stdout
    seen = np.frombuffer(seen, pixels.dtype).reshape(pixels.shape[0], pixels.shape[1], 4)
    colours = pixels.shape[2] - (pixels.shape[2] % 2 == 0)
    visible = np.ones(pixels.shape[:2], bool)
    if pixels.shape[2] % 2 == 0:
        assert (seen[:, :, 3] == pixels[:, :, -1]).all()
        visible = pixels[:, :, -1] > 0
    assert (seen[:, :, :colours] == pixels[:, :, :colours])[visible].all()


def agree_pillow(data, pixels):
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    seen = np.asarray(Image.open(io.BytesIO(data)).convert(mode)).reshape(pixels.shape)
    assert (seen == pixels).all()


def make_png(name, samples, depth, kind, pixels, alpha, what, before=b"", after=b"", **more):
    for interlace in (0, 1):
        data = png(samples, depth, kind, interlace, before, after, idat=64 if interlace else 1 << 30)
        agree(data, pixels)
        if pixels.dtype == np.uint8 and not (kind == 0 and alpha):  # Pillow loses the key of grey below 8 bits
            agree_pillow(data, pixels)
        record(name + ("-adam7" if interlace else "") + ".png", "png", data, pixels, alpha,
               what + (", interlaced, many IDATs" if interlace else ""), bits=depth, **more)


def png_colour_types():
    kinds = {0: ("grey", 1), 2: ("rgb", 3), 4: ("greyalpha", 2), 6: ("rgba", 4)}
    for kind, (label, channels) in kinds.items():
        for depth in (8, 16):
            a = picture(9, 13, channels, 2 ** depth - 1, seed=kind * 3 + depth)
            make_png("%s%d" % (label, depth), a, depth, kind, a, kind // 4, "%s, %d bits" % (label, depth))
    for depth in (1, 2, 4):
        a = picture(9, 13, 1, 2 ** depth - 1, seed=depth)
        make_png("grey%d" % depth, a, depth, 0, a * (255 // (2 ** depth - 1)), 0, "grey, %d bits" % depth)


def png_palettes():
    rng = np.random.default_rng(5)
    for depth in (1, 2, 4, 8):
        n = min(2 ** depth, 200)
        palette = rng.integers(0, 256, (n, 3), dtype=np.uint8)
        fade = rng.integers(0, 256, max(1, n // 2), dtype=np.uint8)
        index = rng.integers(0, n, (9, 13, 1), dtype=np.uint8)
        plte = chunk(b"PLTE", palette.tobytes())
        rgb = palette[index[:, :, 0]]
        make_png("palette%d" % depth, index, depth, 3, rgb, 0, "palette, %d bits" % depth, plte)
        opacity = np.full(n, 255, np.uint8)
        opacity[:len(fade)] = fade
        rgba = np.concatenate([rgb, opacity[index]], -1)
        make_png("palette%d-trns" % depth, index, depth, 3, rgba, 1, "palette with tRNS, %d bits" % depth,
                 plte + chunk(b"tRNS", fade.tobytes()))


def png_transparent_colours():
    for depth in (1, 4, 8, 16):
        top = 2 ** depth - 1
        a = picture(9, 13, 1, top, seed=depth + 20)
        key = int(a[4, 5, 0])
        unit = a * (255 // top) if depth < 8 else a
        opaque = np.where(a == key, 0, 65535 if depth == 16 else 255).astype(unit.dtype)
        make_png("grey%d-trns" % depth, a, depth, 0, np.concatenate([unit, opaque], -1), 1,
                 "grey with tRNS, %d bits" % depth, chunk(b"tRNS", struct.pack(">H", key)))
    for depth in (8, 16):
        a = picture(9, 13, 3, 2 ** depth - 1, seed=depth + 30)
        key = [int(v) for v in a[4, 5]]
        opaque = np.where((a == a[4, 5]).all(-1, keepdims=True), 0, 2 ** depth - 1).astype(a.dtype)
        make_png("rgb%d-trns" % depth, a, depth, 2, np.concatenate([a, opaque], -1), 1,
                 "RGB with tRNS, %d bits" % depth, chunk(b"tRNS", struct.pack(">HHH", *key)))


def png_sizes():
    for h, w in ((1, 1), (1, 7), (7, 1), (2, 3), (5, 4)):
        a = picture(h, w, 3, seed=h * 10 + w)
        make_png("size%dx%d" % (w, h), a, 8, 2, a, 0, "RGB, %d x %d" % (w, h))


# ---- metadata ----
XMP = ('<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
       'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:tiff="http://ns.adobe.com/'
       'tiff/1.0/" tiff:Orientation="%d"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>')


def exif_bytes(orientation, w, h, big, thumbnail=b""):
    """A TIFF structure: IFD0 with orientation, the Exif IFD with pixel sizes, IFD1 with a thumbnail."""
    e = ">" if big else "<"

    def entry(tag, kind, value):
        body = struct.pack(e + "HHI", tag, kind, 1)
        return body + (struct.pack(e + "HH", value, 0) if kind == 3 else struct.pack(e + "I", value))

    ifd0_at, sub_at = 8, 8 + 2 + 2 * 12 + 4
    ifd1_at = sub_at + 2 + 2 * 12 + 4
    thumb_at = ifd1_at + 2 + 2 * 12 + 4
    out = (b"MM\0*" if big else b"II*\0") + struct.pack(e + "I", ifd0_at)
    out += struct.pack(e + "H", 2) + entry(0x112, 3, orientation) + entry(0x8769, 4, sub_at)
    out += struct.pack(e + "I", ifd1_at if thumbnail else 0)
    out += struct.pack(e + "H", 2) + entry(0xA002, 4, w) + entry(0xA003, 3, h) + struct.pack(e + "I", 0)
    if thumbnail:
        out += struct.pack(e + "H", 2) + entry(0x201, 4, thumb_at) + entry(0x202, 4, len(thumbnail))
        out += struct.pack(e + "I", 0) + thumbnail
    return out


def turned_exif(w, h, big, thumbnail):
    """What must come back after the orientation was applied: size swapped where it is, no IFD1."""
    whole = exif_bytes(1, w, h, big, thumbnail)
    if not thumbnail:
        return whole
    out = bytearray(whole[:-len(thumbnail)])
    out[34:38] = bytes(4)  # the link behind IFD0
    return bytes(out)


def turn(a, orientation):
    """By Pillow, plane by plane."""
    method = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
              5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
              8: Image.Transpose.ROTATE_90}.get(orientation)
    planes = [Image.fromarray(a[:, :, c].astype(np.int32)) for c in range(a.shape[2])]
    if method is not None:
        planes = [p.transpose(method) for p in planes]
    return np.stack([np.asarray(p) for p in planes], -1).astype(a.dtype)


def orientations():
    for o in range(1, 9):
        a = picture(7, 11, 3, seed=o)
        big, thumb = o % 2 == 0, b"\xff\xd8thumbnail\xff\xd9" if o % 3 else b""
        b = turn(a, o)
        h, w, _ = b.shape
        before = chunk(b"eXIf", exif_bytes(o, 11, 7, big, thumb))
        before += chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + (XMP % o).encode())
        data = png(a, 8, 2, 0, before)
        agree(data, a)
        record("turn%d.png" % o, "png", data, b, 0, "orientation %d in eXIf and XMP" % o, orientation=o,
               exif=exif_bytes(1, 11, 7, big, thumb) if o == 1 else turned_exif(w, h, big, thumb),
               xmp=(XMP % 1).encode())
    for o in (4, 5, 6, 7, 8):  # more rows than one block of the turning code, 16 bits, alpha
        a = picture(150, 5, 4, 65535, seed=o)
        data = png(a, 16, 6, o % 2, chunk(b"eXIf", exif_bytes(o, 5, 150, False)))
        b = turn(a, o)
        record("turn%d-tall.png" % o, "png", data, b, 1, "orientation %d, 150 rows, RGBA, 16 bits" % o, orientation=o,
               exif=turned_exif(b.shape[1], b.shape[0], False, b""))
    for o in range(1, 9):
        image = Image.fromarray(picture(13, 18, 3, seed=40 + o))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=90, subsampling=0, exif=b"Exif\0\0" + exif_bytes(o, 18, 13, True))
        b = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue()))))
        record("turn%d.jpg" % o, "jpeg", out.getvalue(), b, 0, "orientation %d, JPEG by Pillow" % o, orientation=o,
               quality=90, subsampling=11, tolerance=1,
               exif=turned_exif(b.shape[1], b.shape[0], True, b"") if o > 1 else exif_bytes(1, 18, 13, True))


def profile():
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    icc[24:36] = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)  # the same bytes every day
    icc[84:100] = bytes(16)
    return bytes(icc)


def metadata():
    icc, exif, xmp = profile(), exif_bytes(1, 13, 9, True), (XMP % 1).encode()
    a = picture(9, 13, 3, seed=77)
    text = chunk(b"tEXt", b"Title\0A picture") + chunk(b"zTXt", b"Description\0\0" + zlib.compress(b"long " * 400))
    text += chunk(b"iTXt", b"Author\0\0\0de\0\0" + "J\u00fcrgen \u2603".encode())
    head = chunk(b"iCCP", b"a name\0\0" + zlib.compress(icc)) + chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))
    late = chunk(b"eXIf", exif) + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp)
    record("metadata.png", "png", png(a, 8, 2, 0, head + late + text), a, 0, "all metadata before the pixels", icc=icc,
           exif=exif, xmp=xmp, texts=3, dpi=11811 * 0.0254)
    record("metadata-late.png", "png", png(a, 8, 2, 1, head, late + text, idat=50), a, 0,
           "EXIF, XMP and texts behind the pixels", icc=icc, exif=exif, xmp=xmp, texts=3, dpi=11811 * 0.0254)
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "by Pillow")
    out = io.BytesIO()
    Image.fromarray(a).save(out, "PNG", pnginfo=info, icc_profile=icc, exif=exif, dpi=(72, 72))
    record("pillow.png", "png", out.getvalue(), a, 0, "Pillow's own, with ICC, EXIF, text", icc=icc, exif=exif, texts=1,
           dpi=2835 * 0.0254)
    out = io.BytesIO()
    Image.fromarray(a).save(out, "JPEG", quality=88, subsampling=2, icc_profile=icc, exif=b"Exif\0\0" + exif, xmp=xmp,
                            comment=b"a comment", dpi=(300, 300))
    seen = np.asarray(Image.open(io.BytesIO(out.getvalue())))
    record("metadata.jpg", "jpeg", out.getvalue(), seen, 0, "JPEG by Pillow with ICC, EXIF, XMP, comment, density",
           quality=88, subsampling=22, tolerance=1, icc=icc, exif=exif, xmp=xmp, texts=1, dpi=300)
    plain = chunk(b"gAMA", struct.pack(">I", 45455))
    plain += chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000))
    record("gamma.png", "png", png(a, 8, 2, 0, plain), a, 0, "gAMA and cHRM")
    record("cicp.png", "png", png(a, 8, 2, 0, chunk(b"cICP", bytes([9, 16, 0, 1]))), a, 0, "cICP: HDR")
    bomb = chunk(b"zTXt", b"Bomb\0\0" + zlib.compress(bytes([65]) * 9_000_000, 9))
    record("text-large.png", "png", png(a, 8, 2, 0, bomb), a, 0, "a text that unpacks to 9 MB is left out")
    bomb = chunk(b"zTXt", b"Bomb\0\0" + zlib.compress(bytes([65]) * 8_000_000, 9))
    record("text-8mb.png", "png", png(a, 8, 2, 0, bomb), a, 0, "a text that unpacks to 8 MB", texts=1)
    record("srgb.png", "png", png(a, 8, 2, 0, chunk(b"sRGB", b"\1")), a, 0, "sRGB, relative colorimetric")


# ---- JPEG ----
def magick(a, *options):
    out = io.BytesIO()
    Image.fromarray(a).save(out, "PNG")
    return subprocess.run(["convert", "png:-", *options, "jpeg:-"], input=out.getvalue(), stdout=subprocess.PIPE,
                          check=True).stdout


def jpeg_by_magick(name, a, what, quality, subsampling, *options):
    data = magick(a, "-quality", str(quality), *options)
    seen = np.asarray(Image.open(io.BytesIO(data)))
    seen = seen.reshape(seen.shape[0], seen.shape[1], -1)
    record(name, "jpeg", data, seen, 0, what + ", by ImageMagick", quality=quality, subsampling=subsampling, tolerance=2)


def jpegs():
    a = picture(21, 37, 3, seed=3)
    for h, v in ((1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (4, 2)):
        for kind, options in (("", ()), ("-progressive", ("-interlace", "JPEG"))):
            jpeg_by_magick("luma%dx%d%s.jpg" % (h, v, kind), a, "YCbCr, luma %d x %d%s" % (h, v, kind), 80, h * 10 + v,
                           "-sampling-factor", "%dx%d" % (h, v), *options)
    grey = picture(21, 37, 1, seed=4)[:, :, 0]
    jpeg_by_magick("grey.jpg", grey, "grey", 60, 0)
    jpeg_by_magick("grey-progressive.jpg", grey, "grey, progressive", 97, 0, "-interlace", "JPEG")
    jpeg_by_magick("one.jpg", picture(1, 1, 3), "1 x 1", 75, 22, "-sampling-factor", "2x2")
    out = io.BytesIO()
    Image.fromarray(a).save(out, "JPEG", quality=90, subsampling=0, keep_rgb=True)
    record("rgb.jpg", "jpeg", out.getvalue(), np.asarray(Image.open(io.BytesIO(out.getvalue()))), 0,
           "RGB (no colour transform), by Pillow", quality=90, subsampling=11, tolerance=1)
    out = io.BytesIO()
    Image.fromarray(a).save(out, "JPEG", quality=70, subsampling=2, restart_marker_blocks=2)
    record("restart.jpg", "jpeg", out.getvalue(), np.asarray(Image.open(io.BytesIO(out.getvalue()))), 0,
           "restart markers, by Pillow", quality=70, subsampling=22, tolerance=1)


# ---- Netpbm ----
def netpbm():
    rgb, grey = picture(5, 7, 3, seed=8), picture(5, 7, 1, seed=9)
    wide = picture(5, 7, 3, 65535, seed=10)
    rgba = picture(5, 7, 4, 65535, seed=11)
    record("p6.ppm", "ppm", b"P6\n# a comment\n7 5 # another\n255\n" + rgb.tobytes(), rgb, 0, "PPM with comments")
    record("p5.pgm", "ppm", b"P5 7 5 255\n" + grey.tobytes(), grey, 0, "PGM")
    record("p6-16.ppm", "ppm", b"P6\n7 5\n65535\n" + wide.astype(">u2").tobytes(), wide, 0, "PPM, 16 bits")
    small = picture(5, 7, 1, 15, seed=12)
    record("p5-15.pgm", "ppm", b"P5\n7 5\n15\n" + small.tobytes(), small * 17, 0, "PGM with maxval 15")
    odd = picture(5, 7, 1, 1023, seed=13)
    scaled = ((odd.astype(np.int64) * 65535 + 511) // 1023).astype(np.uint16)
    record("p5-1023.pgm", "ppm", b"P5\n7 5\n1023\n" + odd.astype(">u2").tobytes(), scaled, 0, "PGM with maxval 1023")
    text = " ".join(str(v) for v in rgb.ravel())
    record("p3.ppm", "ppm", b"P3\n7 5\n255\n" + text.encode() + b"\n", rgb, 0, "PPM as text")
    text = "\n".join(str(v) for v in grey.ravel())
    record("p2.pgm", "ppm", b"P2\n7 5\n255\n" + text.encode(), grey, 0, "PGM as text")
    bits = picture(5, 7, 1, 1, seed=14)
    record("p1.pbm", "ppm", b"P1\n7 5\n" + "".join(str(1 - v) for v in bits.ravel()).encode() + b"\n", bits * 255, 0,
           "PBM as text", bits=1)
    record("p4.pbm", "ppm", b"P4\n7 5\n" + np.packbits(1 - bits[:, :, 0], axis=1).tobytes(), bits * 255, 0, "PBM", bits=1)
    pam = b"P7\nWIDTH 7\nHEIGHT 5\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n"
    record("rgba16.pam", "pam", pam % (4, 65535, b"RGB_ALPHA") + rgba.astype(">u2").tobytes(), rgba, 1, "PAM, RGBA, 16 bits")
    two = picture(5, 7, 2, seed=15)
    record("greyalpha.pam", "pam", pam % (2, 255, b"GRAYSCALE_ALPHA") + two.tobytes(), two, 1, "PAM, grey with alpha")
    record("rgb.pam", "pam", pam % (3, 255, b"RGB") + rgb.tobytes(), rgb, 0, "PAM, RGB")


def pfm():
    for channels, letter in ((1, b"f"), (3, b"F")):
        a = (picture(5, 7, channels, 65535, seed=16) / 40000.0 - 0.25).astype(np.float32)
        a[0, 0, 0], a[1, 2, 0], a[2, 3, 0], a[4, 6, 0] = 1.5, -0.25, np.nan, 1e-40
        for label, order, scale in (("le", "<f4", b"-1.0"), ("be", ">f4", b"1")):
            data = b"P" + letter + b"\n7 5\n" + scale + b"\n" + a[::-1].astype(order).tobytes()
            record("p%s-%s.pfm" % (letter.decode().replace("F", "c").replace("f", "g"), label), "pfm", data, a, 0,
                   "PFM, %s, %d colours, values outside 0..1 and a NaN" % (label, channels))


# ---- what must be refused ----
def refusals():
    a = picture(9, 13, 3, seed=50)
    good = png(a, 8, 2)
    at = good.index(b"IDAT") + 12
    broken = bytearray(good)
    broken[at] ^= 1
    refuse("crc-idat.png", "CORRUPT", bytes(broken), "a flipped bit in IDAT")
    text = bytearray(png(a, 8, 2, 0, chunk(b"tEXt", b"Title\0hello")))
    text[text.index(b"hello")] ^= 1
    refuse("crc-text.png", "CORRUPT", bytes(text), "a flipped bit in tEXt")
    huge = bytearray(good)
    huge[16:24] = struct.pack(">II", 0x7FFFFFFF, 0x7FFFFFFF)
    huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])) & 0xFFFFFFFF)
    refuse("huge.png", "LIMIT", bytes(huge), "a header of 2^31-1 x 2^31-1")
    wide = bytearray(good)
    wide[16:24] = struct.pack(">II", 900000, 900000)
    wide[29:33] = struct.pack(">I", zlib.crc32(bytes(wide[12:29])) & 0xFFFFFFFF)
    refuse("bomb.png", "LIMIT", bytes(wide), "a header of 900000 x 900000")
    torn = png(a, 8, 2, 0, idat=60).replace(b"IEND", b"IEND")
    first = torn.index(b"IDAT") - 4
    cut = first + 12 + 60
    refuse("torn.png", "CORRUPT", torn[:cut] + chunk(b"tEXt", b"Title\0x") + torn[cut:], "a text between the IDATs")
    refuse("no-pixels.png", "CORRUPT", good[:33] + chunk(b"IEND", b""), "no IDAT")
    lines = zlib.compress(pack_rows(a, 8)[:-40])
    refuse("few-rows.png", "CORRUPT", good[:33] + chunk(b"IDAT", lines) + chunk(b"IEND", b""), "one row is missing")
    out = io.BytesIO()
    Image.fromarray(a).convert("CMYK").save(out, "JPEG")
    refuse("cmyk.jpg", "UNSUPPORTED", out.getvalue(), "CMYK, by Pillow")
    ycck = out.getvalue().replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    refuse("ycck.jpg", "UNSUPPORTED", ycck, "the same, marked YCCK")
    noisy = np.random.default_rng(6).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    whole = magick(noisy, "-quality", "90")
    refuse("cut-closed.jpg", "CORRUPT", whole[:len(whole) * 2 // 3] + b"\xff\xd9", "cut off, but with an end marker")
    steps = magick(noisy, "-quality", "90", "-interlace", "JPEG")
    refuse("cut-progressive.jpg", "CORRUPT", steps[:steps.rindex(b"\xff\xda")], "progressive, the last scan is missing")
    frame = whole.index(b"\xff\xc0")
    refuse("twelve.jpg", "UNSUPPORTED", whole[:frame + 4] + b"\x0c" + whole[frame + 5:], "marked as 12 bits")
    refuse("lossless.jpg", "UNSUPPORTED", whole[:frame + 1] + b"\xc3" + whole[frame + 2:], "marked as lossless")
    large = whole[:frame + 5] + struct.pack(">HH", 65000, 65000) + whole[frame + 9:]
    refuse("bomb.jpg", "LIMIT", large, "a header of 65000 x 65000")
    refuse("empty.png", "CORRUPT", b"", "an empty file")
    refuse("text.png", "UNSUPPORTED", b"just some words\n", "a text file")
    refuse("short.ppm", "CORRUPT", b"P6\n7 5\n255\n" + bytes(104), "a byte is missing")
    refuse("bomb.ppm", "LIMIT", b"P6\n999999 999999\n255\n", "a header of 999999 x 999999")
    refuse("above.pgm", "CORRUPT", b"P5\n2 1\n100\n" + bytes([100, 101]), "a value above maxval")
    refuse("zero.ppm", "CORRUPT", b"P6\n0 5\n255\n", "no columns")
    refuse("depth5.pam", "UNSUPPORTED",
           b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n12345", "PAM of depth 5")
    refuse("short.pfm", "CORRUPT", b"PF\n7 5\n-1.0\n" + bytes(7 * 5 * 12 - 1), "a byte is missing")
    refuse("scale.pfm", "CORRUPT", b"Pf\n1 1\nnan\n" + bytes(4), "the scale is no number")


def main():
    os.makedirs(HERE, exist_ok=True)
    for name in os.listdir(HERE):
        os.remove(os.path.join(HERE, name))
    for make in (png_colour_types, png_palettes, png_transparent_colours, png_sizes, orientations, metadata, jpegs,
                 netpbm, pfm, refusals):
        make()
    with open(os.path.join(HERE, "good.tsv"), "w") as f:
        f.write("\n".join(MANIFEST) + "\n")
    with open(os.path.join(HERE, "bad.tsv"), "w") as f:
        f.write("\n".join(BAD) + "\n")
    with open(os.path.join(HERE, "README.md"), "w") as f:
        f.write("# Small pictures for the tests\n\nWritten by `../make_fixtures.py`, free of any rights. `NAME.raw` "
                "holds the samples that NAME must decode to (little-endian, interleaved, orientation applied);\n"
                "`good.tsv` says the rest: file, codec, width, height, colours, alpha, bytes a sample, bits in the "
                "file, orientation, quality, subsampling, tolerance, CRC-32 of ICC, EXIF and XMP as delivered,\n"
                "number of texts, dots an inch. `bad.tsv` lists what must be refused, and how.\n\n| file | what |\n"
                "|---|---|\n")
        for name, made in README:
            f.write("| %s | %s |\n" % (name, made))


if __name__ == "__main__":
    main()
