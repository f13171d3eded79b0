#!/usr/bin/python3
"""Runs the code cells of a notebook in order, in its folder, without Jupyter; the last expression of a cell is shown.

  examples/run_notebook.py python.ipynb [--figures]      --figures: keep what it draws beside it
"""

from __future__ import annotations

import argparse
import ast
import json
import os
from typing import Any


def run_cell(source: str, name: str, names: dict[str, Any]) -> None:
    """Runs the code of a cell, and prints the value of its last line where that is an expression, as HTML where it has such."""
    tree = ast.parse(source, name)
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        return exec(compile(tree, name, "exec"), names)
    tree.body.pop()
    exec(compile(tree, name, "exec"), names)
    value = eval(compile(ast.Expression(last.value), name, "eval"), names)
    if value is not None:
        print(value._repr_html_() if hasattr(value, "_repr_html_") else repr(value))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook")
    parser.add_argument("--figures", action="store_true")
    arguments = parser.parse_args()
    folder = os.path.dirname(os.path.abspath(arguments.notebook))
    with open(arguments.notebook) as file:
        cells = json.load(file)["cells"]
    if arguments.figures:
        os.environ["FIGURES"] = folder
    os.chdir(folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    for index, cell in enumerate(cell for cell in cells if cell["cell_type"] == "code"):
        print(f"--- cell {index}", flush=True)
        run_cell("".join(cell["source"]), f"{os.path.basename(arguments.notebook)}[{index}]", names)


if __name__ == "__main__":
    main()
