"""Times engines of the same networks against each other on one GPU, in one process and in turn: of two compilers, of two
sets of options, or of one compiler before and after a change. One runtime runs them all.

Each argument is a folder of engines NAME.rkn.
For each network and batch size the sides take turns, so that a GPU that grows warm slows all of them; the median time of a
graph replay counts. The last columns are the first side's time over the side's own.
"""

import argparse
import gc
import os
import statistics
import sys

import compare  # first, for it finds the other modules

import torch

import networks
import shapes


class Side:
    """One folder's engine of a network, with a context for each set of inputs."""

    def __init__(self, path, rows):
        self.engine = compare.reckon.load(path, tables=compare.reckon.SyntheticRows(rows, compare.SEED), device="cuda")
        self.launches = []

    def bind(self, case):
        self.release()
        outputs = [compare.make_output(case, self.engine) for _ in case.sets]
        contexts = [self.engine.create_context() for _ in case.sets]
        self.launches = [compare.bind(*each).run for each in zip(contexts, case.sets, outputs)]
        for launch in self.launches:
            launch()
        for context in contexts:
            context.synchronize()
        return case.error(outputs[0])

    def release(self):
        self.launches = []

    def time(self, rounds):
        """Microseconds of a run, from events around `rounds` runs over every set of inputs."""
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        for _ in range(rounds):
            for launch in self.launches:
                launch()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / (rounds * len(self.launches)) * 1e3


def time_case(sides, case, turns):
    """The median of each side in microseconds, and its error against double precision."""
    errors = [side.bind(case) for side in sides]
    torch.cuda.synchronize()
    rounds = [max(1, round(1e3 / (side.time(3) * len(side.launches)))) for side in sides]
    times = [[] for _ in sides]
    for _ in range(turns):
        for side, count, own in zip(sides, rounds, times):
            own.append(side.time(count))
    for side in sides:
        side.release()
    return [statistics.median(own) for own in times], errors


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-peers/versions", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--models", default=",".join(shapes.ALL))
    parser.add_argument("--batches", default=",".join(map(str, compare.BATCHES)))
    parser.add_argument("--rows", type=int, default=200000, help="rows of every table (default 200000: all sides have their own)")
    parser.add_argument("--turns", type=int, default=41, help="how often each side is timed for a case (default 41)")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    names = [os.path.basename(os.path.normpath(folder)) for folder in arguments.folders]
    print("| model | batch | " + " | ".join(f"{name}, us" for name in names) + " | " + " | ".join(names[1:]) + " |")
    print("|" + "---|" * (2 + len(names) + len(names[1:])))
    wrong = 0
    for model in arguments.models.split(","):
        paths = [os.path.join(folder, model + ".rkn") for folder in arguments.folders]
        if not all(map(os.path.exists, paths)):
            continue
        sides = [Side(path, arguments.rows) for path in paths]
        shape = shapes.ALL[model]
        tables = {table: networks.synthetic_rows(table, arguments.rows, dim, compare.SEED) for table, dim in shape.tables}
        for batch in filter(shape.takes, map(int, arguments.batches.split(","))):
            times, errors = time_case(sides, compare.Case(shape, batch, arguments.rows, tables), arguments.turns)
            wrong += sum(not error < 2e-2 for error in errors)
            cells = [f"{time:.2f}" + ("" if error < 2e-2 else f" (wrong: {error:.2g})") for time, error in zip(times, errors)]
            cells += [f"{times[0] / time:.3f}" for time in times[1:]]
            print(f"| {shape.title} | {batch} | " + " | ".join(cells) + " |", flush=True)
            gc.collect()
            torch.cuda.empty_cache()
        del sides, tables
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
