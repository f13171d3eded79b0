#!/usr/bin/python3
"""Turns the results of bench/gpu-kernels/run into the tables of docs/cuda-measurements.md. Needs no GPU:

  bench/gpu-kernels/report.py build/gpu-kernels.json          prints them
  bench/gpu-kernels/report.py build/gpu-kernels.json --write  and puts them into docs/cuda-measurements.md
"""

import argparse
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench", "gpu-kernels"))
import cases  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "cuda-measurements.md")
TABLES = ("lookups", "interaction", "linear")


def begin(table):
    return f"<!-- begin: {table}, written by bench/gpu-kernels/report.py -->"


def end(table):
    return f"<!-- end of {table} -->"


def load(path):
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    return {"machine": {}, "copy_bytes": 0, "cases": {}}


def save(path, results):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump(results, file, indent=1)
    os.replace(path + ".new", path)


def show(value):
    return "-" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def value(results, case, rows, key="us"):
    """Nothing where it was not measured or the answer was wrong."""
    return results["cases"].get(f"{case.name}/{rows}", {}).get(key)


def heading(results, table):
    machine = results["machine"]
    known = [entry for case in cases.CASES if case.table == table for rows in case.rows
             for entry in [results["cases"].get(f"{case.name}/{rows}")] if entry]
    dates = sorted({entry["date"] for entry in known})
    counts = sorted({entry["rows"] for entry in known})
    if not known:
        return ["Nothing measured yet.", ""]
    tables = f" Tables have {' and '.join(map(str, counts))} rows, ids are random." if table != "linear" else ""
    return [f"Measured on {' and '.join(dict.fromkeys([dates[0], dates[-1]]))}: {machine['gpu']}, driver {machine['driver']} (CUDA "
            f"{machine['cuda']}), {machine['reckon']}; microseconds.{tables} A device copy of 4 GiB in the same run moved "
            f"{results['copy_bytes'] / 1e12:.2f} TB/s, read and written. Command: `bench/gpu-kernels/run`.", ""]


def by_batch(results, table, head):
    """One line a kernel; the same kernel may be in two cases, for few rows and for many."""
    columns = sorted({rows for case in cases.CASES if case.table == table for rows in case.rows})
    lines = [f"| {head} | " + " | ".join(f"batch {rows}" if rows == columns[0] else str(rows) for rows in columns)
             + " | TB/s | of the copy |", "|" + "---|" * (len(columns) + 3)]
    for title in dict.fromkeys(case.title for case in cases.CASES if case.table == table):
        of = {rows: case for case in cases.CASES if case.title == title and case.table == table for rows in case.rows}
        times = [value(results, of[rows], rows) if rows in of else None for rows in columns]
        if not any(times):
            continue
        rate = of[columns[-1]].bytes * columns[-1] / times[-1] * 1e6 if times[-1] else None
        share = f"{rate / 1e12:.2f} | {rate / results['copy_bytes']:.0%}" if rate else "- | -"
        lines.append(f"| {title} | {' | '.join(map(show, times))} | {share} |")
    return lines + [""]


def layers(results):
    lines = ["| rows | layer (K -> N) | kernel | us | TFLOP/s | faster kernel, us | cuBLASLt, us |", "|" + "---|" * 7]
    found = [(rows, case) for case in cases.CASES if case.table == "linear" for rows in case.rows]
    for rows, case in sorted(found, key=lambda pair: pair[0]):
        time, best = value(results, case, rows), value(results, case, rows, "best")
        if time is None:
            continue
        rate = case.flops * rows / time / 1e6
        lines.append(f"| {rows} | {case.title} | {value(results, case, rows, 'kernel')} | {show(time)} | "
                     f"{f'{rate:.0f}' if rate >= 20 else ''} | "
                     f"{f'{best}, ' + show(value(results, case, rows, 'best_us')) if best else ''} | "
                     f"{show(value(results, case, rows, 'library_us'))} |")
    return lines + [""]


def sums(results):
    """What a network's layers add up to, where all of them were measured."""
    lines = []
    for network in dict.fromkeys(name for case in cases.CASES for name in case.count):
        found = [(case, case.count[network]) for case in cases.CASES if network in case.count]
        ours = [value(results, case, cases.LAST) for case, _ in found]
        if None in ours:
            continue
        total = lambda times: show(sum(number * time for (_, number), time in zip(found, times)))
        best = [value(results, case, cases.LAST, "best_us") or time for (case, _), time in zip(found, ours)]
        library = [value(results, case, cases.LAST, "library_us") for case, _ in found]
        count = sum(number for _, number in found)
        lacking = sum(number for (_, number), time in zip(found, library) if time is None)
        text = f"The {count} linear layers of {network} at {cases.LAST} rows add up to {total(ours)} us"
        if best != ours:
            text += f", to {total(best)} us with the fastest kernel of each"
        if lacking < count:
            mixed = [theirs or time for time, theirs in zip(ours, library)]
            text += f", and to {total(mixed)} us when cuBLASLt runs the {count - lacking} that it can"
        lines.append(text + ".")
    return lines + [""] * bool(lines)


def failed(results, table):
    lines = [f"- {case.title}, {rows} rows: {value(results, case, rows, 'failed')}" for case in cases.CASES if case.table == table
             for rows in case.rows if value(results, case, rows, "failed")]
    return ["Failed:", "", *lines, ""] if lines else []


def block(results, table):
    body = {"lookups": lambda: by_batch(results, table, "lookups of a sample"),
            "interaction": lambda: by_batch(results, table, "26 tables and a dense vector of dim 128, 351 pairs"),
            "linear": lambda: layers(results) + sums(results)}
    return "\n".join(heading(results, table) + body[table]() + failed(results, table))


def text(results):
    return "\n".join(block(results, table) for table in TABLES)


def write(results, path):
    with open(path) as file:
        page = file.read()
    for table in TABLES:
        before, rest = page.split(begin(table))
        page = before + begin(table) + "\n\n" + block(results, table) + "\n" + end(table) + rest.split(end(table))[1]
    with open(path, "w") as file:
        file.write(page)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", nargs="+", help="results; of several files the later ones win")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/cuda-measurements.md")
    parser.add_argument("--page", default=PAGE, help="another page to write")
    arguments = parser.parse_args()
    results = load(arguments.json[0])
    for path in arguments.json[1:]:
        other = load(path)
        results = {**other, "cases": {**results["cases"], **other["cases"]}}
    print(text(results))
    if arguments.write:
        write(results, arguments.page)
    return 0


if __name__ == "__main__":
    sys.exit(main())
