"""Times the kernels of cases.py on one GPU and writes what they took into a JSON file; report.py makes tables of it.

A case is timed for each of its numbers of rows: replays of the CUDA graph of its engine, by events, over several sets of
inputs and outputs in turn, or, of a kernel among others, by reckon-tune. Before that outputs are poisoned and the answer for
up to 256 of the rows is compared with the engine's own program for the host. Tables have so many made-up rows that lookups
miss the caches; those that are compared have few, since the host makes them, too.
"""

import argparse
import contextlib
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "bench", "gpu-kernels")]

import numpy as np  # noqa: E402

import cases  # noqa: E402
import driver as cuda  # noqa: E402
import package  # noqa: E402
import report  # noqa: E402

reckon = package.load()
SEED, FEW_ROWS, COMPARED = 1, 4096, 256
PERIOD = 1000003  # of made-up numbers, a prime
KINDS = {"real": np.float32, "half": np.float16}


def first_existing(*paths):
    """In a bundle things lie elsewhere than in a checkout."""
    paths = [os.path.join(ROOT, *path.split("/")) for path in paths]
    return next(filter(os.path.exists, paths), paths[0])


def log(*words):
    print(f"[{time.perf_counter() - START:6.1f} s]", *words, flush=True)


def make_inputs(case, rows, table_rows, seed):
    """{name: array}; ids of bags come with their offsets."""
    rng, result = np.random.default_rng([seed, rows]), {}
    for name, (kind, columns) in case.inputs.items():
        if kind in KINDS:
            some = rng.standard_normal(min(rows * columns, PERIOD), np.float32).astype(KINDS[kind])
            result[name] = np.resize(some, (rows, columns))
        elif kind == "ids":
            result[name] = rng.integers(0, table_rows, (rows, columns))
        elif kind == "bag offsets":
            lengths = np.where(rng.integers(0, 100, rows) == 0, 300, rng.integers(0, 8, rows))
            result[name] = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
            result[f"ids{columns}"] = rng.integers(0, table_rows, int(lengths.sum()))
    return result


def pick(rows):
    """Up to COMPARED of the rows, the first and the last among them."""
    return np.unique(np.linspace(0, rows - 1, COMPARED).astype(np.int64))


def differences(answers, expected, rows):
    """(over all, at worst) of the picked rows of `answers`, relative to the size of the numbers expected."""
    overall = worst = 0.0
    for got, want in zip(answers, expected):
        got, want = got[pick(rows)].astype(np.float64), want.astype(np.float64)
        size = np.sqrt(np.mean(want ** 2)) or 1.0
        off = np.nan_to_num(np.abs(got - want) / size, nan=np.inf)  # not a number is worse than any
        overall, worst = max(overall, float(np.sqrt(np.mean(off ** 2)))), max(worst, float(off.max()))
    return overall, worst


def some_rows(case, inputs, picked):
    """The same inputs for the picked rows alone."""
    result = {}
    for name, (kind, columns) in case.inputs.items():
        if kind == "bag offsets":
            ids, begins = inputs[f"ids{columns}"], inputs[name]
            ends = np.append(begins[1:], len(ids))
            bags = [ids[begins[row]:ends[row]] for row in picked]
            result[name] = np.concatenate([[0], np.cumsum([len(bag) for bag in bags])[:-1]]).astype(np.int64)
            result[f"ids{columns}"] = np.concatenate(bags)
        elif kind != "bag ids":
            result[name] = np.ascontiguousarray(inputs[name][picked])
    return result


class Side:
    """One engine of a case, bound to each set of inputs."""

    def __init__(self, gpu, engine):
        self.gpu, self.engine, self.memory, self.launches = gpu, engine, [], []

    def bind(self, inputs):
        context = self.engine.create_context()
        tensors = {info.name: inputs[info.name].tensor(info.dtype, inputs[info.name].shape) for info in self.engine.inputs}
        out, shapes = {}, context.output_shapes(tensors)
        self.memory.append([])
        for info in self.engine.outputs:
            shape = shapes[info.name]
            memory = cuda.Memory(self.gpu, int(np.prod(shape)) * info.dtype.itemsize)
            self.memory[-1].append((memory, info.dtype, shape))
            memory.fill(0xFF)  # not a number
            out[info.name] = memory.tensor(info.dtype, shape)
        self.launches.append(context.bind(tensors, out).run)
        self.launches[-1]()
        context.synchronize()

    def answers(self, index):
        return [memory.read(dtype, shape) for memory, dtype, shape in self.memory[index]]

    def close(self):
        self.gpu.wait()
        self.launches.clear()
        for memory, *_ in sum(self.memory, []):
            memory.free()


class Bench:
    device = "cuda"

    def __init__(self, arguments):
        self.arguments, self.gpu = arguments, cuda.Driver()
        self.tuned = {}

    def engine(self, name, table_rows):
        return reckon.load(os.path.join(self.arguments.engines, name + ".rkn"), tables=reckon.SyntheticRows(table_rows, SEED),
                           device=self.device)

    def tool(self, program, *words):
        done = subprocess.run([program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(f"{os.path.basename(program)} exits with {done.returncode}: {done.stderr[-200:].strip()}")
        return done.stdout

    def tune(self, case):
        """The dispatch of the case's kernel as reckon-inspect prints it, and {rows: microseconds} of each of its launches."""
        if case.name not in self.tuned:
            engine = os.path.join(self.arguments.engines, case.name + ".rkn")
            programs = json.loads(self.tool(self.arguments.inspect, engine, "--json"))["programs"]
            program = next(p for p in programs if p["device"] == "cuda")
            number = cases.timed(case, program)
            dispatch = cases.dispatches(program)[number]
            with tempfile.TemporaryDirectory() as scratch:
                path = os.path.join(scratch, "times.txt")
                self.tool(self.arguments.tune, engine, "-o", path, "--quiet", f"--table-rows={self.arguments.rows}",
                          f"--batch={','.join(map(str, case.rows))}", *["--all-dispatches"] * (len(dispatch["launches"]) < 2))
                self.tuned[case.name] = dispatch, read_times(path)[number]
        return self.tuned[case.name]

    def upload(self, inputs, stack):
        result = {name: cuda.Memory(self.gpu, array.nbytes, array) for name, array in inputs.items()}
        for memory in result.values():
            stack.callback(memory.free)
        return result

    def side(self, engine, sets, stack):
        """An engine that has run once with every set."""
        side = Side(self.gpu, engine)
        stack.callback(side.close)
        for inputs in sets:
            side.bind(inputs)
        return side

    def compare(self, case, rows):
        """The host's answers for some rows, and what the device's for all rows are off by there."""
        inputs = make_inputs(case, rows, FEW_ROWS, SEED)
        with contextlib.ExitStack() as stack:
            engine = self.engine(case.name, FEW_ROWS)
            expected = list(engine.create_context(device="host").run(some_rows(case, inputs, pick(rows))).values())
            side = self.side(engine, [self.upload(inputs, stack)], stack)
            return expected, differences(side.answers(0), expected, rows)

    def run(self, case, rows):
        expected, off = self.compare(case, rows)
        if case.kernel:
            return wrong(case, *off) or {**launch_times(*self.tune(case), rows), "error": off[0]}
        seeds = range(SEED, SEED + self.arguments.sets)
        with contextlib.ExitStack() as stack:
            sets = [self.upload(make_inputs(case, rows, self.arguments.rows, seed), stack) for seed in seeds]
            side = self.side(self.engine(case.name, self.arguments.rows), sets, stack)
            if not all(np.isfinite(answer[pick(rows)]).all() for answer in side.answers(0)):
                off = np.inf, np.inf
            return wrong(case, *off) or {"us": self.gpu.median(side.launches, self.arguments.groups), "error": off[0]}


def wrong(case, overall, worst):
    """Nothing when the answers agree."""
    if overall <= case.error and worst <= case.worst:
        return None
    return {"failed": f"wrong: {overall:.3g} off over all and {worst:.3g} at worst, {case.error:.3g} and {case.worst:.3g} are "
                      "allowed"}


def read_times(path):
    """Of a timing cache: for each dispatch a list of its launches' times, {rows: microseconds}."""
    dispatches = []
    with open(path) as file:
        for words in map(str.split, file):
            if words[0] == "dispatch":
                dispatches.append([])
            elif words[0] == "launch":
                dispatches[-1].append({int(rows): float(time) for rows, time in (word.split(":") for word in words[2:])})
    return dispatches


def launch_times(dispatch, times, rows):
    """Of the compiler's choice for so many rows, of what is faster if anything is, and of the library."""
    launches, chosen = dispatch["launches"], cases.default_launch(dispatch, rows)
    generated = {number: time[rows] for number, time in enumerate(times) if rows in time and not launches[number]["library"]}
    library = [time[rows] for time, launch in zip(times, launches) if launch["library"] and rows in time]
    best = min(generated, key=generated.get)
    result = {"us": generated[chosen], "kernel": cases.family(launches[chosen]["kernel"])}
    if best != chosen:
        result.update(best_us=generated[best], best=cases.family(launches[best]["kernel"]))
    if library:
        result["library_us"] = min(library)
    return result


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-kernels/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="", help="only cases whose name this regular expression finds")
    parser.add_argument("--engines", default=first_existing("build/kernel-engines", "kernel-engines"), help="what make wrote")
    parser.add_argument("--inspect", default=first_existing("build/bin/reckon-inspect", "bin/reckon-inspect"))
    parser.add_argument("--tune", default=first_existing("build/bin/reckon-tune", "bin/reckon-tune"))
    parser.add_argument("--json", default=os.path.join(ROOT, "build", "gpu-kernels.json"), help="results, added to")
    parser.add_argument("--rows", type=int, default=2000000, help="rows of every table (default 2000000)")
    parser.add_argument("--sets", type=int, default=3, help="sets of inputs and outputs (default 3)")
    parser.add_argument("--groups", type=int, default=15, help="times taken, of which the median counts (default 15)")
    arguments = parser.parse_args()
    chosen = [case for case in cases.CASES if re.search(arguments.cases, case.name)]
    if not chosen:
        parser.error(f"no case is called {arguments.cases}")
    try:
        bench = Bench(arguments)
    except cuda.Missing as error:
        print(f"gpu-kernels: {error}", file=sys.stderr)
        return 4
    results = report.load(arguments.json)
    results["machine"] = {**bench.gpu.describe(), "reckon": f"reckon {reckon.__version__}"}
    results["copy_bytes"] = bench.gpu.copy_bytes()
    log(f"a copy moves {results['copy_bytes'] / 1e12:.2f} TB/s")
    failures = 0
    for case in chosen:
        for rows in case.rows:
            try:
                result = bench.run(case, rows)
            except (RuntimeError, reckon.ReckonError) as error:
                result = {"failed": str(error)[:300]}
            failures += "failed" in result
            results["cases"][f"{case.name}/{rows}"] = {**result, "date": str(datetime.date.today()), "rows": arguments.rows}
            report.save(arguments.json, results)
            log(case.name, rows, ", ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                                           for key, value in result.items()))
    print(report.text(results))
    return 1 if failures else 0


if __name__ == "__main__":
    START = time.perf_counter()
    sys.exit(main())
