#!/usr/bin/python3
"""Turns the results of bench/gpu-peers/run into tables. Needs neither torch nor a GPU:

  bench/gpu-peers/report.py build/gpu-peers.json          prints them
  bench/gpu-peers/report.py build/gpu-peers.json --write  and puts them into docs/performance.md
"""

import argparse
import json
import math
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench", "models"))
import shapes  # noqa: E402

PAGE = os.path.join(ROOT, "docs", "performance.md")
BEGIN, END = "<!-- begin: written by bench/gpu-peers/run -->", "<!-- end of gpu-peers -->"
KINDS = ("eager", "compile", "max-autotune")


def load(path):
    if os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    return {"machine": {}, "ceilings": {}, "cases": {}}


def save(path, results):
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path + ".new", "w") as file:
        json.dump(results, file, indent=1)
    os.replace(path + ".new", path)


def floor_us(shape, batch, ceilings):
    """(memory, arithmetic): the fewest bytes a batch needs over the copy's rate, its operations over the product's."""
    row = sum(count * dim for count, (_, dim) in zip(shape.hotness * 2, shape.tables))
    inputs = 8 * shape.ids + (4 * (shape.dense + shape.outputs) if shape.linears else 2 * shape.width)
    weights = sum(fan_in * fan_out + fan_out * bias for _, fan_in, fan_out, bias in shape.linears)
    moved = batch * (2 * row + inputs) + 2 * weights
    return moved / ceilings["copy_bytes"] * 1e6, batch * shape.flops / ceilings["gemm_flops"] * 1e6


def best(entry, kind, key):
    """The smallest time of torch's variants of a kind, and its name."""
    found = [(result[key], name) for name, result in entry.items() if name.startswith("torch " + kind) and key in result]
    return min(found, default=(None, None))


def show(value):
    return "-" if value is None else f"{value:.1f}" if value < 1000 else f"{value:.0f}"


def rows_of(results, names):
    for name in names:
        for key, entry in results["cases"].items():
            case, batch = key.split("/")
            if case == name:
                yield shapes.ALL[name], int(batch), entry


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def comparison(results, key):
    """One table: a row a case, the ratio of the fastest torch to Reckon last."""
    lines, ratios = [], []
    for shape, batch, entry in rows_of(results, shapes.SHAPES):
        peers = [best(entry, kind, key)[0] for kind in KINDS]
        ours = entry.get("Reckon", {}).get(key)
        fastest = min((peer for peer in peers if peer is not None), default=None)
        ratio = fastest / ours if ours and fastest else None
        if ratio:
            ratios.append(ratio)
        memory, arithmetic = floor_us(shape, batch, results["ceilings"])
        floors = f" | {show(memory)} | {show(arithmetic)}" if key == "graph_us" else ""
        lines.append(f"| {shape.title} | {batch} | " + " | ".join(map(show, peers)) + f" | {show(ours)} | "
                     + (f"{ratio:.2f}" if ratio else "-") + floors + " |")
    head = "| model | batch | eager | compile | max-autotune | Reckon | ratio |"
    if key == "graph_us":
        head += " memory floor | arithmetic floor |"
    text = [head, "|" + "---|" * (head.count("|") - 1), *lines, ""]
    if ratios:
        text += [f"Geometric mean of the ratios: {mean(ratios):.2f} over {len(ratios)} cases; the smallest: "
                 f"{min(ratios):.2f}.", ""]
    return text


def lookups(results):
    lines = []
    for shape, batch, entry in rows_of(results, shapes.LOOKUPS):
        memory, _ = floor_us(shape, batch, results["ceilings"])
        ours, fastest = entry.get("Reckon", {}).get("graph_us"), best(entry, "", "graph_us")
        share = lambda time: "-" if time is None else f"{memory / time:.0%}"
        lines.append(f"| {shape.title} | {batch} | {show(memory)} | {show(fastest[0])} ({share(fastest[0])}) | "
                     f"{show(ours)} ({share(ours)}) |")
    if not lines:
        return []
    return ["Lookups alone, fp16: microseconds, and the share of the copy's bandwidth that they reach.", "",
            "| kernel | batch | at the copy's rate | fastest torch | Reckon |", "|---|---|---|---|---|", *lines, ""]


def table(results):
    machine, ceilings = results["machine"], results["ceilings"]
    if not results["cases"]:
        return "Nothing measured yet.\n"
    dates = sorted({result["date"] for entry in results["cases"].values() for result in entry.values()})
    counts = sorted({result["rows"] for entry in results["cases"].values() for result in entry.values()})
    failed = [f"{case} {name}: {result['failed']}" for case, entry in results["cases"].items()
              for name, result in entry.items() if "failed" in result]
    text = [f"Measured on {' and '.join(dict.fromkeys([dates[0], dates[-1]]))}: {machine['gpu']}, driver {machine['driver']}, CUDA "
            f"{machine['cuda']}, torch {machine['torch']}, {machine['reckon']}; fp16, tables of "
            f"{' and '.join(map(str, counts))} rows. A device copy moves {ceilings['copy_bytes'] / 1e12:.2f} TB/s (read and "
            f"written), a product of 8192 x 8192 half floats runs at {ceilings['gemm_flops'] / 1e12:.0f} TFLOP/s. Command: "
            "`bench/gpu-peers/run`.", "",
            "A replay of a CUDA graph, in microseconds:", "", *comparison(results, "graph_us"),
            "A call on tensors that are on the device, until the result is there, in microseconds:", "",
            *comparison(results, "call_us"),
            "A call from host memory to host memory, in microseconds:", "", *comparison(results, "host_us"),
            *lookups(results)]
    if failed:
        text += ["Failed:", "", *(f"- {line}" for line in failed), ""]
    return "\n".join(text)


def write(results):
    with open(PAGE) as file:
        page = file.read()
    with open(PAGE, "w") as file:
        file.write(page.split(BEGIN)[0] + BEGIN + "\n\n" + table(results) + "\n" + END + page.split(END)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", nargs="+", help="results; of several files the later ones win")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--merge", metavar="FILE", help="also write the merged results")
    arguments = parser.parse_args()
    results = load(arguments.json[0])
    for path in arguments.json[1:]:
        other = load(path)
        results["machine"], results["ceilings"] = other["machine"], other["ceilings"]
        for case, entry in other["cases"].items():
            results["cases"].setdefault(case, {}).update(entry)
    print(table(results))
    if arguments.merge:
        save(arguments.merge, results)
    if arguments.write:
        write(results)


if __name__ == "__main__":
    main()
