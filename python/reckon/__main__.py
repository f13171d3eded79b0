"""`python -m reckon compile|run|bench|inspect|tune ...`: the tools, from the package."""

from __future__ import annotations

import os
import sys

TOOLS = ("compile", "run", "bench", "inspect", "tune")


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", f"reckon-{name}")
    if name not in TOOLS or not os.access(path, os.X_OK):
        there = "" if name not in TOOLS else f": reckon-{name} is not in this package"
        print(f"usage: python -m reckon {'|'.join(TOOLS)} ...{there}", file=sys.stderr)
        return 2
    os.execv(path, [path, *sys.argv[2:]])


sys.exit(main())
