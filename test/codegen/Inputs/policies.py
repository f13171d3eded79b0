"""Ids and the check for id-policies.mlir: `write FOLDER`, then `check FOLDER`."""

import os
import sys

import numpy as np

ENDS = np.array([[0, 4, -1], [-5, 1, -3], [-1, -1, -1], [3, -2, 0]], np.int64)
IDS = np.array([[0, 4, 2], [7, 1, -3], [5, 5, 5], [3, 3, 0]], np.int64)


def main():
    folder = sys.argv[2]
    if sys.argv[1] == "write":
        np.save(os.path.join(folder, "ids.npy"), IDS)
        np.save(os.path.join(folder, "good.npy"), np.clip(IDS, 0, 4))
        np.save(os.path.join(folder, "ends.npy"), ENDS)
        np.save(os.path.join(folder, "before.npy"), np.where(ENDS == 1, -6, ENDS))
        return
    table = np.arange(25, dtype=np.float32).reshape(5, 5)
    ends = table.copy()
    ends[0, 0] = 50
    zeroed = np.where(((IDS >= 0) & (IDS < 5))[..., None], table[np.clip(IDS, 0, 4)], 0)
    clamped = table[np.clip(IDS, 0, 4)]
    counts = (IDS != 3)[..., None]
    expected = {
        "zero": zeroed.sum(1),
        "clamp": clamped,
        "padded": (clamped * counts).sum(1) / np.maximum(counts.sum(1), 1),
        "greatest": np.where(counts.any(1), np.where(counts, clamped, -np.inf).max(1), 0),
        "wrap": ends[ENDS],
        "wrapped_bag": (ends[ENDS] * (ENDS != -1)[..., None]).sum(1),
    }
    for name, value in expected.items():
        actual = np.load(os.path.join(folder, name + ".npy"))
        if not np.allclose(actual, value):
            raise SystemExit(f"{name}: got\n{actual}\nexpected\n{value}")
    print("policies agree")


main()
