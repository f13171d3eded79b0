"""`python -m reckon compile|run|bench|inspect|tune ...`: the tools, from the package."""

from __future__ import annotations

import os
import sys

TOOLS = ("compile", "run", "bench", "inspect", "tune")


def compile_model(arguments: list[str]) -> int:
    """reckon-compile where it is not in the package: `MODEL -o FILE [--OPTION=VALUE ...]`, by the library's options."""
    from . import ReckonError, compile

    usage = "usage: python -m reckon compile MODEL.onnx -o FILE.rkn [--OPTION=VALUE ...]"
    files: list[str] = []
    output = ""
    options: dict[str, list[str]] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "-o":
            output = next(rest, "")
        elif argument.startswith("--"):
            name, given, value = argument[2:].partition("=")
            options.setdefault(name.replace("-", "_"), []).append(value if given else "true")
        else:
            files.append(argument)
    if len(files) != 1 or not output:
        print(usage, file=sys.stderr)
        return 2
    target = options.pop("target", ["host"])[-1]
    try:
        engine = compile(files[0], target, **options)  # type: ignore[arg-type]
        engine.save(output)
    except ReckonError as error:
        for told in error.diagnostics or (error,):
            print(f"reckon: {told}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"reckon: {error}", file=sys.stderr)
        return 4
    for told in engine.diagnostics:
        print(f"reckon: {told}", file=sys.stderr)
    print(f"{output}: {os.path.getsize(output)} bytes")
    return 0


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bin", f"reckon-{name}")
    if name in TOOLS and os.access(path, os.X_OK):
        os.execv(path, [path, *sys.argv[2:]])
    if name == "compile":
        return compile_model(sys.argv[2:])
    print(f"usage: python -m reckon {'|'.join(TOOLS)} ...", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
