#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_golden.py - examples of operations on arrays: element by element, moves, reductions, products.

Writes golden.txt and golden.bin beside itself, see golden.py.
"""
import numpy as np

from golden import case, rng, write


def passing():
    x = rng("identity").randn(2, 3).astype(np.float32)
    case("floats", "Identity", [x])
    case("integers", "Identity", [np.array([1, 2**40], np.int64)], wide=True)


passing()
write("golden", "make_golden.py")
