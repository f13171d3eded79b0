#!/usr/bin/python3
"""Checks the op descriptions of a dialect against its tests.

  check_ods.py constraints ODS_DIR TEST_DIR   every numbered constraint "(Cn)" of an op has a negative test in a file
                                              TEST_DIR/invalid*.mlir, under the comment "// <op> Cn", and no such
                                              comment names a constraint that does not exist
  check_ods.py examples ODS_DIR               prints the examples of the descriptions as functions, to be parsed
"""

import glob
import os
import re
import sys


def read_ops(folder):
    """(mnemonic, text of the definition) of every op, in order."""
    for path in sorted(glob.glob(os.path.join(folder, "*Ops.td"))):
        with open(path) as file:
            text = file.read()
        starts = list(re.finditer(r'^def \w+ : \w+_(?:Op|Layer|StatedLayer)<"(\w+)"', text, re.M))
        for match, following in zip(starts, starts[1:] + [None]):
            yield match[1], text[match.start() : following.start() if following else len(text)]


def check_constraints(ods, tests):
    failures, known, tested = [], set(), set()
    for op, text in read_ops(ods):
        numbers = [int(n) for n in re.findall(r"^    - \(C(\d+)\)", text, re.M)]
        if numbers != list(range(1, len(numbers) + 1)):
            failures.append(f"{op}: the constraints are numbered {numbers}, expected 1, 2, ...")
        known.update((op, f"C{n}") for n in numbers)
    for path in sorted(glob.glob(os.path.join(tests, "invalid*.mlir"))):
        with open(path) as file:
            labels = re.findall(r"^// (\w+) (C\d+)", file.read(), re.M)
        tested.update(labels)
        failures += [f"{path}: '{op} {c}' is no constraint" for op, c in labels if (op, c) not in known]
    failures += [f"{op} {c}: no negative test" for op, c in sorted(known - tested)]
    for failure in failures:
        print(failure)
    print(f"{len(known)} constraints, {len(known & tested)} with a negative test")
    return 1 if failures or not known else 0


def split_types(text):
    """The types of a list, split at the commas that are in no bracket."""
    parts, depth, current = [], 0, ""
    for i, c in enumerate(text):
        if c in "<([{":
            depth += 1
        elif c in ")]}" or (c == ">" and text[i - 1] != "-"):
            depth -= 1
        if c == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += c
    return parts + [current.strip()] if current.strip() else parts


def print_examples(ods):
    missing = []
    for op, text in read_ops(ods):
        match = re.search(r"Example:\s*(?:`([^`]+)`|```mlir\n(.*?)```)", text, re.S)
        if not match:
            if "let description" in text:
                missing.append(op)
            continue
        example = (match[1] or match[2]).strip()
        # The free values of the outermost ops become arguments, typed by the functional types.
        arguments, defined = {}, set()
        for statement in re.split(r"\n(?= {0,4}%\w+ = )", example):
            results, _, body = statement.partition(" = ")
            types = re.search(r" ?: \((.*?)\)\s*->", body, re.S)
            if types:
                operands = re.findall(r"%\w+", body[: types.start()])
                for operand, kind in zip(operands, split_types(types[1])):
                    if operand not in defined:
                        arguments[operand] = kind
            defined.update(re.findall(r"%\w+", results))
        signature = ", ".join(f"{name}: {kind}" for name, kind in arguments.items())
        print(f"func.func @{op}({signature}) {{\n{example}\nreturn\n}}\n// -----")
    for op in missing:
        print(f"error: the description of {op} has no example")


def main():
    if len(sys.argv) == 4 and sys.argv[1] == "constraints":
        return check_constraints(sys.argv[2], sys.argv[3])
    if len(sys.argv) == 3 and sys.argv[1] == "examples":
        print_examples(sys.argv[2])
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
