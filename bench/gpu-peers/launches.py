"""Times every candidate launch of the engines of two compilers on the GPU of this machine, each by its own reckon-tune, in turn.

BASE and NEW are bundles of `scripts/gpu-bundle --tune`, or folders like them: bin/reckon-tune and tune-engines/*.rkn. A GPU that
grows warm slows both sides. Of each launch the least time of each side counts; the table has, by kind of kernel and batch, the
geometric mean of NEW over BASE, then the launches that are slower by more than --limit, and the layers whose fastest launch is.
Kernels of one or two microseconds vary by some percent from one process to the next with the same code. So a launch counts as slower
only when its median over the rounds says so, too, and from four rounds on every second round of BASE is held against the rounds
between in the same way: as many differences are to be expected of equal code. Names that a launch had in older versions count as its own.
"""

import argparse
import collections
import glob
import math
import os
import re
import statistics
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


def find_slower(times, limit):
    """Keys whose least and median time of the second side are both more than `limit` times those of the first, worst first."""
    found = [(min(new) / min(base), key) for key, (base, new) in times.items()
             if min(new) > limit * min(base) and statistics.median(new) > limit * statistics.median(base)]
    return [key for _, key in sorted(found, reverse=True)]


def fastest_of_layers(times):
    """((engine, dispatch, batch), times by round of each side) of the launch that is the fastest of its side."""
    layers = collections.defaultdict(list)
    for (engine, dispatch, _, batch), pair in times.items():
        layers[engine, dispatch, batch].append(pair)
    return {key: [min((pair[side] for pair in pairs), key=min) for side in (0, 1)] for key, pairs in layers.items()}


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

    times = {key: pair for key, pair in times.items() if all(pair)}
    least = {key: [min(side) for side in pair] for key, pair in times.items()}
    kinds = collections.defaultdict(list)
    for (engine, dispatch, launch, batch), pair in least.items():
        kinds[kind_of(launch), batch].append(pair[1] / pair[0])
    print(f"{len(engines)} engines, {rounds} rounds, {len(least)} launches at a batch, "
          f"{geometric_mean([new / base for base, new in least.values()]):.3f} of the base's time\n")
    print("| kernel | batch | launches | time / base's | the slowest |\n|---|---|---|---|---|")
    for (kind, batch), ratios in sorted(kinds.items()):
        print(f"| {kind} | {batch} | {len(ratios)} | {geometric_mean(ratios):.3f} | {max(ratios):.3f} |")
    print(f"\nLaunches slower by more than {arguments.limit}:\n")
    for key in find_slower(times, arguments.limit):
        engine, _, launch, batch = key
        print(f"- {least[key][1] / least[key][0]:.3f}: {engine} {launch} at {batch}: {least[key][0]:.2f} -> {least[key][1]:.2f} us")
    layers = fastest_of_layers(times)
    worse = find_slower(layers, arguments.limit)
    print(f"\nThe fastest launch of a layer: {geometric_mean([min(new) / min(base) for base, new in layers.values()]):.3f} of the base's "
          f"time, over {arguments.limit} for {len(worse)} of {len(layers)}.")
    for key in worse:
        base, new = map(min, layers[key])
        print(f"- {new / base:.3f}: {key[0]} {key[1]} at {key[2]}: {base:.2f} -> {new:.2f} us")
    if rounds >= 4:
        same = {key: (base[::2], base[1::2]) for key, (base, _) in layers.items()}
        print(f"BASE against itself: over {arguments.limit} for {len(find_slower(same, arguments.limit))} of {len(same)}.")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
