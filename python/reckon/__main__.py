"""`python -m reckon compile|run|bench|inspect|tune|... ...`: the tools, from the package."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

BIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin")


def compile_model(arguments: list[str]) -> int:
    """reckon-compile where it is not in the package, with the options that the library says it has."""
    from . import ReckonError, compile

    try:
        from . import _compiler
        from .compiler import make_engine
    except ImportError:
        try:
            compile("")
        except ReckonError as error:  # says that this is reckon-runtime
            print(f"reckon: {error}", file=sys.stderr)
            return error.code
        raise
    parser = argparse.ArgumentParser(prog="python -m reckon compile", description="Compiles a recommender model to an engine.",
                                     allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", metavar="MODEL.onnx")
    parser.add_argument("-o", dest="output", metavar="FILE", required=True, help="where the engine goes")
    for name, metavar, help, _ in _compiler.options():
        text = help.replace("%", "%%")
        if metavar is None:
            parser.add_argument("--" + name, action="append_const", const="true", default=argparse.SUPPRESS, help=text)
        else:
            parser.add_argument("--" + name, metavar=metavar, action="append", default=argparse.SUPPRESS, help=text)
    options = vars(parser.parse_args(arguments))
    for name, _, _, repeats in _compiler.options():
        if not repeats and len(options.get(name.replace("-", "_"), ())) > 1:
            parser.error(f"--{name} is given twice")
    model, output = options.pop("model"), options.pop("output")
    target = options.pop("target", ["host"])
    try:
        engine, diagnostics = make_engine(model, target[-1], **options)
        with open(output, "wb") as file:
            file.write(engine)
    except ReckonError as error:
        for told in error.diagnostics or (error,):
            print(f"reckon: {told}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"reckon: {error}", file=sys.stderr)
        return 4
    for told in diagnostics:
        print(f"reckon: {told}", file=sys.stderr)
    print(f"{output}: {os.path.getsize(output)} bytes")
    return 0


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
        return compile_model(sys.argv[2:])
    print(f"usage: python -m reckon {'|'.join({'compile': '', **tools})} ...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
