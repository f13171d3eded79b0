"""Inputs with many equal values, infinities and NaN for topk.test, and the check of what the engine made of them.

  topk.py write FOLDER          x.npy
  topk.py check FOLDER K        FOLDER/{greatest,greatest_at,least,least_at}.npy against a stable sort
"""

import os
import sys

import numpy as np


def rows(width):
    random = np.random.default_rng(7)
    table = random.standard_normal((9, width)).astype(np.float32)
    table[1] = random.integers(0, 3, width)  # long runs of equals: more candidates than fit
    table[2] = 1.5
    table[3] = random.integers(-40, 40, width)  # equals at the bound
    table[4, ::17] = np.nan
    table[5] = np.nan
    table[6] = -np.inf
    table[7, 5] = np.inf
    table[7, width - 1] = -np.inf
    table[8] = np.sort(table[8])  # every element enters
    return table


def expected(x, k, sign):
    """Indices of the k first in rank: a NaN above every number, among equals the lower index."""
    key = np.where(np.isnan(x), np.inf, x)
    nan = np.isnan(x)
    order = sorted(range(len(x)), key=lambda i: (-sign * int(nan[i]), -sign * key[i], i))
    return order[:k]


def main():
    folder = sys.argv[2]
    if sys.argv[1] == "write":
        np.save(os.path.join(folder, "x.npy"), rows(1003))
        return
    x, k = np.load(os.path.join(folder, "x.npy")), int(sys.argv[3])
    for name, sign in (("greatest", 1), ("least", -1)):
        values = np.load(os.path.join(folder, f"{name}.npy"))
        indices = np.load(os.path.join(folder, f"{name}_at.npy"))
        for row in range(len(x)):
            want = expected(x[row], k, sign)
            if list(indices[row]) != want:
                raise SystemExit(f"{name}, row {row}: indices {list(indices[row])}, expected {want}")
            if not np.array_equal(values[row], x[row][want], equal_nan=True):
                raise SystemExit(f"{name}, row {row}: values {values[row]}")
    print("top-k agrees with a stable sort")


main()
