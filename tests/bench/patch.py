#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# patch.py - patch fill beside OpenCV's Telea and Navier-Stokes: PSNR and SSIM inside seeded holes
#
# patch.py PROGRAM FOLDER [--masks box,blob5,blob20,text,thin] [--count N] [--out DIR] [--threads N]
# The seconds are those that all threads computed together. PROGRAM is tests/bench/patch of the build folder, FOLDER has pictures. Needs numpy, opencv-python, scikit-image.
# --out keeps the pictures: NAME-MASK.png shows hole, OpenCV's two and ours side by side.
import argparse
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np


def boxes(rng, h, w, share):
    mask = np.zeros((h, w), np.uint8)
    while mask.mean() < share * 255:
        side = rng.integers(24, 64, 2)
        y, x = rng.integers(0, h - side[0]), rng.integers(0, w - side[1])
        mask[y:y + side[0], x:x + side[1]] = 255
    return mask


def blobs(rng, h, w, share):
    """Thick strokes, as a finger would paint them."""
    mask = np.zeros((h, w), np.uint8)
    while mask.mean() < share * 255:
        p = rng.integers(0, [w, h])
        for _ in range(rng.integers(3, 8)):
            q = np.clip(p + rng.integers(-60, 61, 2), 0, [w - 1, h - 1])
            cv2.line(mask, tuple(map(int, p)), tuple(map(int, q)), 255, int(rng.integers(16, 40)))
            p = q
            if mask.mean() >= share * 255:
                break
    return mask


def text(rng, h, w):
    mask = np.zeros((h, w), np.uint8)
    for y in range(30, h, 60):
        words = "".join(rng.choice(list("abcdefghijklmnop qrstuvwxyz0123456789"), 60))
        cv2.putText(mask, words, (int(rng.integers(0, 20)), y), cv2.FONT_HERSHEY_SIMPLEX, 0.9, 255, 2)
    return mask


def thin(rng, h, w):
    mask = np.zeros((h, w), np.uint8)
    for _ in range(20):
        p, q = rng.integers(0, [w, h]), rng.integers(0, [w, h])
        cv2.line(mask, tuple(map(int, p)), tuple(map(int, q)), 255, int(rng.integers(1, 4)))
    return mask


MASKS = {
    "box": lambda r, h, w: boxes(r, h, w, 0.02),
    "blob5": lambda r, h, w: blobs(r, h, w, 0.05),
    "blob20": lambda r, h, w: blobs(r, h, w, 0.20),
    "text": text,
    "thin": thin,
}


def gaussian(a):
    return cv2.GaussianBlur(a, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)


def ssim_map(a, b):
    a, b = (cv2.cvtColor(v, cv2.COLOR_BGR2GRAY).astype(np.float64) for v in (a, b))
    ma, mb = gaussian(a), gaussian(b)
    va, vb, cov = gaussian(a * a) - ma * ma, gaussian(b * b) - mb * mb, gaussian(a * b) - ma * mb
    c1, c2 = 6.5025, 58.5225
    return (2 * ma * mb + c1) * (2 * cov + c2) / ((ma * ma + mb * mb + c1) * (va + vb + c2))


def measure(got, want, hole):
    mse = np.mean((got[hole].astype(np.float64) - want[hole]) ** 2)
    return 10 * np.log10(255 ** 2 / max(mse, 1e-9)), ssim_map(got, want)[hole].mean()


def run_patch(args, filled, mask, tmp):
    cv2.imwrite(f"{tmp}/in.ppm", filled)
    cv2.imwrite(f"{tmp}/mask.pgm", mask)
    command = [args.program, f"{tmp}/in.ppm", f"{tmp}/mask.pgm", f"{tmp}/out.ppm", str(args.threads)]
    seconds = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[1])
    return cv2.imread(f"{tmp}/out.ppm"), seconds


def one(args, path, kind, tmp):
    want = cv2.imread(str(path))
    h, w = want.shape[:2]
    rng = np.random.default_rng([sum(path.stem.encode()), sum(kind.encode())])
    mask = MASKS[kind](rng, h, w)
    hole = mask > 0
    broken = want.copy()
    broken[hole] = 0
    telea, ns = (cv2.inpaint(broken, mask, 3, how) for how in (cv2.INPAINT_TELEA, cv2.INPAINT_NS))
    patch, seconds = run_patch(args, ns, mask, tmp)
    if args.out:
        shown = want.copy()
        shown[hole] = (255, 0, 255)
        for name, picture in (("hole", shown), ("telea", telea), ("ns", ns), ("patch", patch), ("want", want)):
            cv2.imwrite(f"{args.out}/{path.stem}-{kind}-{name}.png", picture)
    return [measure(v, want, hole) for v in (telea, ns, patch)], seconds


def main():
    p = argparse.ArgumentParser()
    p.add_argument("program")
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("--masks", default=",".join(MASKS))
    p.add_argument("--count", type=int, default=1000)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--out")
    args = p.parse_args()
    files = sorted(f for f in args.folder.iterdir() if f.suffix in (".png", ".webp", ".tif", ".bmp"))[:args.count]
    print(f"{args.folder.name}, {len(files)} pictures: PSNR in dB, SSIM in the hole")
    print(f"{'mask':8} {'Telea':>13} {'NS':>13} {'patch':>13} {'CPU s':>5}")
    for kind in args.masks.split(","):
        with tempfile.TemporaryDirectory() as tmp:
            rows = [one(args, f, kind, tmp) for f in files]
        means = np.mean([r[0] for r in rows], 0)
        cells = " ".join(f"{a:6.2f} {b:.4f}" for a, b in means)
        print(f"{kind:8} {cells} {np.mean([r[1] for r in rows]):5.2f}", flush=True)


main()
