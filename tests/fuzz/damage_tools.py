#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""damage_tools.py - damaged pictures through the real tools, a folder at a time, for as many seconds as are given

A tool must end with status 0 or 1 and one JSON line a file; where it says "done" there is a result, where it says "failed"
a sentence and no result. Best with a build that has sanitizers. Needs Python alone. Usage:

    damage_tools.py SECONDS SEED TOOL MODEL FOLDER...      FOLDER: pictures to be damaged, with all that is below
"""
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import zlib

BATCH = 150
seconds, seed, tool, model = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
rng = random.Random(seed)


def mended(data):
    """A PNG's checksums put right, so that damage gets further."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        n = struct.unpack(">I", data[at:at + 4])[0]
        if n > len(data) - at - 12:
            break
        body = data[at + 4:at + 8 + n]
        out += data[at:at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += n + 12
    return bytes(out)


def damaged(data, other):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        kind = rng.randrange(6)
        at = rng.randrange(len(data)) if rng.random() < 0.5 else rng.randrange(min(len(data), 200))
        if kind == 0:
            del data[max(at, 4):]
        elif kind == 1:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            data[at:at + 4] = rng.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\1\0", b"\x80\0\0\0"))
        elif kind == 3:
            del data[at:at + rng.randrange(1, 40)]
        elif kind == 4:
            data[at:at] = data[max(0, at - rng.randrange(1, 60)):at]
        else:
            cut = rng.randrange(len(other))
            data[at:at + 100] = other[cut:cut + 100]
        if not data:
            data = bytearray(b"\0")
    data = bytes(data)
    return mended(data) if data[:4] == b"\x89PNG" and rng.random() < 0.8 else data


def gather(folders):
    names = [os.path.join(d, f) for root in folders for d, _, files in os.walk(root) for f in sorted(files)]
    names = [n for n in names if not n.endswith((".raw", ".tsv", ".md")) and 0 < os.path.getsize(n) < 60000]
    return [(os.path.splitext(n)[1], open(n, "rb").read()) for n in sorted(names)]


def batch(number, pictures, work):
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work + "/in")
    for i in range(BATCH):
        suffix, data = rng.choice(pictures)
        with open("%s/in/%d%s" % (work, i, suffix), "wb") as f:
            f.write(damaged(data, rng.choice(pictures)[1]))
    how = rng.choice(([], ["-s", "10"], ["-f", "png"], ["-f", "jpg"], ["-j", "1"], ["--no-rotate"], ["--memory", "8M"]))
    if "upscale" in tool:
        how = [h for h in how if h not in ("-s", "10")]
    run = subprocess.run([tool, "--json", "--quiet", "--max-pixels", "4M", "-m", model, *how, "-r", work + "/in", "-o",
                          work + "/out"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600)
    lines = [json.loads(line.decode("utf-8")) for line in run.stdout.splitlines()]
    bad = []
    if run.returncode not in (0, 1) or b"Sanitizer" in run.stderr or b"runtime error" in run.stderr:
        bad.append("status %d" % run.returncode)
    if len(lines) != BATCH:
        bad.append("%d lines" % len(lines))
    for r in lines:
        there = bool(r["output"]) and os.path.exists(r["output"])
        if (r["status"] == "done") != there or (r["status"] == "failed") != bool(r["error"]):
            bad.append("%s: %s, %s" % (r["input"], r["status"], r["error"]))
        if r["seconds"] and r["seconds"] > 20:
            bad.append("%s: %.1f s" % (r["input"], r["seconds"]))
    if bad:
        kept = tempfile.mkdtemp(prefix="damage-%d-%d-" % (seed, number), dir=".")
        shutil.copytree(work + "/in", kept + "/in")
        print("batch %d (%s), kept in %s:" % (number, " ".join(how), kept), *bad, run.stderr.decode(errors="replace")[-3000:],
              sep="\n  ")
    return len(lines), sum(r["status"] == "done" for r in lines), bool(bad)


def main():
    pictures, end, totals = gather(sys.argv[5:]), time.time() + seconds, [0, 0, 0]
    with tempfile.TemporaryDirectory() as work:
        number = 0
        while time.time() < end:
            totals = [a + b for a, b in zip(totals, batch(number, pictures, work + "/batch"))]
            number += 1
    print("%d damaged files in %d batches: %d were read all the same, %d batches went wrong" % (totals[0], number, *totals[1:]))
    sys.exit(totals[2] != 0)


main()
