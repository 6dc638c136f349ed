#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_attacks.py - writes tests/helper/data: HDF5 and MAT files that lead elsewhere, go round in circles or blow up

    python3 make_attacks.py      needs h5py, numpy

test_attacks.c says how each must end."""
import os

import h5py
import numpy as np

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data")


def h5(name):
    return h5py.File(os.path.join(HERE, name), "w", libver="earliest", userblock_size=512 if name.endswith(".mat") else 0)


def matlab(name):
    """The head that makes a .mat of it."""
    with open(os.path.join(HERE, name), "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, by make_attacks.py".ljust(116) + bytes(8) + b"\x00\x02IM")


def main():
    os.makedirs(HERE, exist_ok=True)
    with h5("external_link.h5") as f:
        f["weights"] = h5py.ExternalLink("/etc/passwd", "/")
    with h5("external_storage.h5") as f:
        f.create_dataset("weights", (16,), "f4", external=[("/etc/passwd", 0, 64)])
    with h5py.File(os.path.join(HERE, "virtual.h5"), "w") as f:
        layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
        layout[:] = h5py.VirtualSource("other.h5", "x", shape=(4,))
        f.create_virtual_dataset("weights", layout)
    with h5("soft_cycle.h5") as f:
        f["a"] = h5py.SoftLink("/b")
        f["b"] = h5py.SoftLink("/a")
    with h5("hard_cycle.h5") as f:
        inner = f.create_group("a/b")
        inner["again"] = f["a"]
    with h5("deep.h5") as f:
        g = f
        for _ in range(64):
            g = g.create_group("g")
    with h5("never_written.h5") as f:
        f.create_dataset("weights", (1 << 20, 1 << 20), "f4", chunks=(64, 64), compression="gzip")
    with h5("huge_chunk.h5") as f:
        f.create_dataset("weights", (1 << 14, 1 << 14), "f4", chunks=(1 << 14, 1 << 13))
    with h5("zeros.h5") as f:
        f.create_dataset("weights", data=np.zeros((128, 1 << 14), "f4"), chunks=(1, 1 << 14), compression="gzip")
    with h5("filter.h5") as f:
        f.create_dataset("weights", data=np.zeros((8, 8), "f4"), chunks=(8, 8), compression="lzf")
    with h5("many_texts.h5") as f:
        f.create_dataset("texts", (1 << 22,), "S64", chunks=(64,), compression="gzip")
    with h5("good.h5") as f:  # what the damage is done to
        f.attrs["layer_names"] = [b"conv"]
        g = f.create_group("conv")
        g.attrs["weight_names"] = [b"conv/kernel:0", b"conv/bias:0"]
        g.create_dataset("conv/kernel:0", data=np.arange(36, dtype="f4").reshape(3, 3, 1, 4), compression="gzip")
        g["conv/bias:0"] = np.arange(4, dtype="f8")
        f["half"] = np.arange(3, dtype="f2")
        f["whole"] = np.arange(3, dtype="i2")
        f["text"] = "gr\u00fc\u00df \"\\\n"
        f.create_dataset("texts", data=["a", "b"], dtype=h5py.string_dtype())
    with h5("cell_cycle.mat") as f:
        cell = f.create_dataset("cell", (2,), h5py.ref_dtype)
        cell[0] = cell[1] = cell.ref
        cell.attrs["MATLAB_class"] = np.bytes_("cell")
    matlab("cell_cycle.mat")
    with h5("cell_tree.mat") as f:  # thirty cells, each twice in the next: a thousand million leaves
        refs = f.create_group("#refs#")
        below = refs.create_dataset("leaf", data=np.zeros((1, 1)))
        for i in range(28):
            cell = refs.create_dataset(f"c{i}", (2,), h5py.ref_dtype)
            cell[0] = cell[1] = below.ref
            cell.attrs["MATLAB_class"] = np.bytes_("cell")
            below = cell
        f["net"] = below
    matlab("cell_tree.mat")


if __name__ == "__main__":
    main()
