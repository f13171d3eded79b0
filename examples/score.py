#!/usr/bin/python3
"""Compiles the model of make_dlrm.py and scores a batch with it, from Python.

  examples/score.py dlrm.onnx [--precision=fp32]

The folder of the model has dense.npy and ids.npy, as make_dlrm.py --inputs writes them. Needs the package reckon.
"""

from __future__ import annotations

import argparse
import os

import numpy as np
import reckon


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="the ONNX file")
    parser.add_argument("--precision", default="fp32", help="fp32 (default), fp16 or bf16")
    arguments = parser.parse_args()

    engine = reckon.compile(arguments.model, precision=arguments.precision, verify=True)
    print(engine)
    folder = os.path.dirname(os.path.abspath(arguments.model))
    dense, ids = (np.load(os.path.join(folder, name)) for name in ("dense.npy", "ids.npy"))
    print("click", engine(dense, ids).ravel())
    print(engine.profile({"dense": dense, "ids": ids}))
    try:
        engine(dense, ids + 1_000_000)
    except reckon.InvalidError as error:
        print(f"An id out of range: {error}")


if __name__ == "__main__":
    main()
