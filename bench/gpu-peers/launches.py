"""Times every candidate launch of the engines of two compilers on the GPU of this machine, each by its own reckon-tune, in turn.

BASE and NEW are bundles of `scripts/gpu-bundle --tune`, or folders like them: bin/reckon-tune and tune-engines/*.rkn. A GPU that
grows warm slows both sides. Of each launch the least time of each side counts; the table has, by kind of kernel and batch, the
geometric mean of NEW over BASE, then the launches that are slower by more than --limit, and the layers whose fastest launch is.
Kernels of one or two microseconds vary by some percent from one process to the next with the same code. Names that a launch had
in older versions count as its own.
"""

import argparse
import collections
import glob
import math
import os
import re
import subprocess
import sys
import tempfile
import time

# Names of tiles that have changed, by what they are now.
RENAMED = [(r"_split(\d)", r"_splitk\1"), (r"_scalar(\d)", r"_simt\1"), (r"_alternate\b", "_pingpong")]


def current(name):
    for old, new in RENAMED:
        name = re.sub(old, new, name)
    return name


def measure(side, engine, batches):
    """((dispatch, launch, batch), microseconds) of every launch at every batch."""
    with tempfile.NamedTemporaryFile("r", suffix=".txt") as cache:
        done = subprocess.run([os.path.join(side, "bin", "reckon-tune"), os.path.join(side, "tune-engines", engine), "-o", cache.name,
                               "--quiet", f"--batch={batches}", "--table-rows=2000"], stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.exit(f"launches: {side}/{engine}: {done.stderr.strip()}")
        dispatch = None
        for line in cache:
            words = line.split()
            if words[:1] == ["dispatch"]:
                dispatch = current(words[1])
            elif words[:1] == ["launch"]:
                for batch, number in re.findall(r"(\d+):([\d.]+)", line.split(None, 2)[2]):
                    yield (dispatch, current(words[1]), int(batch)), float(number)


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def kind_of(launch):
    """'splitk16' of 'gemm_top_0_splitk16'; kernels without tiles are called by their first word."""
    tile = re.search(r"_((?:splitk|direct|wgmma|dot|simt)\d.*)$", launch)
    return tile.group(1) if tile else launch.split("_")[0]


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-peers/launches", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("new")
    parser.add_argument("--batches", default="1,16,64,256,4096")
    parser.add_argument("--engines", default="", help="only engines whose name this regular expression finds")
    parser.add_argument("--seconds", type=float, default=300, help="how long engines are timed again and again (default 300)")
    parser.add_argument("--limit", type=float, default=1.02, help="the ratio from which a launch is listed (default 1.02)")
    arguments = parser.parse_args()
    sides = [arguments.base, arguments.new]
    names = [{os.path.basename(path) for path in glob.glob(os.path.join(side, "tune-engines", "*.rkn"))} for side in sides]
    engines = [name for name in sorted(names[0] & names[1]) if re.search(arguments.engines, name)]
    if not engines:
        sys.exit("launches: the two folders have no engine in common")

    times = collections.defaultdict(lambda: ([], []))
    start, rounds = time.time(), 0
    while rounds == 0 or time.time() - start < arguments.seconds:
        for engine in engines:
            for side in (0, 1) if rounds % 2 else (1, 0):
                for key, number in measure(sides[side], engine, arguments.batches):
                    times[(engine, *key)][side].append(number)
        rounds += 1

    least = {key: [min(base), min(new)] for key, (base, new) in times.items() if base and new}
    kinds, layers = collections.defaultdict(list), collections.defaultdict(list)
    for (engine, dispatch, launch, batch), pair in least.items():
        kinds[kind_of(launch), batch].append(pair[1] / pair[0])
        layers[engine, dispatch, batch].append(pair)
    print(f"{len(engines)} engines, {rounds} rounds, {len(least)} launches at a batch, "
          f"{geometric_mean([new / base for base, new in least.values()]):.3f} of the base's time\n")
    print("| kernel | batch | launches | time / base's | the slowest |\n|---|---|---|---|---|")
    for (kind, batch), ratios in sorted(kinds.items()):
        print(f"| {kind} | {batch} | {len(ratios)} | {geometric_mean(ratios):.3f} | {max(ratios):.3f} |")
    slower = sorted(((pair[1] / pair[0], key, pair) for key, pair in least.items()), reverse=True)
    print(f"\nLaunches slower by more than {arguments.limit}:\n")
    for ratio, (engine, _, launch, batch), (base, new) in slower:
        if ratio > arguments.limit:
            print(f"- {ratio:.3f}: {engine} {launch} at {batch}: {base:.2f} -> {new:.2f} us")
    fastest = {key: [min(pair[side] for pair in pairs) for side in (0, 1)] for key, pairs in layers.items()}
    worse = [key for key, (base, new) in fastest.items() if new > arguments.limit * base]
    print(f"\nThe fastest launch of a layer: {geometric_mean([new / base for base, new in fastest.values()]):.3f} of the base's "
          f"time, over {arguments.limit} for {len(worse)} of {len(fastest)}.")
    for engine, dispatch, batch in sorted(worse, key=lambda key: -fastest[key][1] / fastest[key][0]):
        base, new = fastest[engine, dispatch, batch]
        print(f"- {new / base:.3f}: {engine} {dispatch} at {batch}: {base:.2f} -> {new:.2f} us")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
