"""`python -m reckon compile|run|bench|inspect|tune|... ...`: the tools, from the package."""

from __future__ import annotations

import os
import subprocess
import sys

from . import ReckonError, compile

BIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin")


def list_tools() -> dict[str, str]:
    """The program for each tool in the package: its own, or in a wheel the one that is all of them."""
    files = sorted(os.listdir(BIN)) if os.path.isdir(BIN) else []
    tools = {file.partition("-")[2]: os.path.join(BIN, file) for file in files if file.startswith("reckon-")}
    together = tools.pop("tools", None)
    if together:
        listed = subprocess.run([together], stdout=subprocess.PIPE, text=True).stdout.split()
        tools.update({name.partition("-")[2]: together for name in listed})
    return tools


def main() -> int:
    name, tools = sys.argv[1] if len(sys.argv) > 1 else "", list_tools()
    if name in tools:
        os.execv(tools[name], [f"reckon-{name}", *sys.argv[2:]])
    if name == "compile":
        try:
            compile("")
        except ReckonError as error:  # says that this is reckon-runtime
            print(f"reckon: {error}", file=sys.stderr)
            return error.code
    print(f"usage: python -m reckon {'|'.join({'compile': '', **tools})} ...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
