"""Times Reckon and onnxruntime in one process, interleaved, over every model and batch size.

Both get the same arrays, bound once (Reckon's Context.bind(), onnxruntime's IOBinding), and the same number of
threads; outputs are compared first. A measurement is the median time of one run, over blocks of runs that alternate
between the two; before each block the machine is left alone long enough for the other's idle threads to stop spinning,
and the block's first runs are not counted.
"""

import argparse
import datetime
import glob
import itertools
import math
import os
import re
import statistics
import subprocess
import sys
import time

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
import package  # noqa: E402

reckon = package.load()
PAGE = os.path.join(ROOT, "docs", "performance.md")
BEGIN, END = "<!-- begin: written by bench/cpu-peers/run -->", "<!-- end -->"


def input_names(graph):
    constants = {tensor.name for tensor in graph.initializer}
    return [value.name for value in graph.input if value.name not in constants]


def load_base(folder, names):
    """The largest set of inputs that comes with the model: ONNX test data, beside it or in a folder of its own, or arrays."""
    sets = [found for pattern in ("test_data_set_*", "*/test_data_set_*") for found in glob.glob(os.path.join(folder, pattern))]
    if not sets:
        folders = [folder] + sorted(glob.glob(os.path.join(folder, "*", "")))
        folder = next(f for f in folders if all(os.path.exists(os.path.join(f, name + ".npy")) for name in names))
        return {name: np.load(os.path.join(folder, name + ".npy")) for name in names}
    def read(data_set, index):
        tensor = onnx.TensorProto()
        with open(os.path.join(data_set, f"input_{index}.pb"), "rb") as file:
            tensor.ParseFromString(file.read())
        return numpy_helper.to_array(tensor)
    largest = max(sorted(sets), key=lambda s: (read(s, 0).shape or (0,))[0])
    return {name: read(largest, index) for index, name in enumerate(names)}


def resize(base, batch):
    """`batch` samples, repeating the base where it is too short. Bags come as pairs indices_K, offsets_K."""
    offsets = {name: name.replace("offsets", "indices") for name in base if name.startswith("offsets")}
    result = {}
    for name, array in base.items():
        if name not in offsets and name not in offsets.values():
            result[name] = np.resize(array, (batch,) + array.shape[1:]) if array.ndim else array
    for name, ids_name in offsets.items():
        starts, ids = base[name], base[ids_name]
        bags = [ids[begin:end] for begin, end in zip(starts, np.append(starts[1:], len(ids)))]
        bags = [bags[index % len(bags)] for index in range(batch)]
        result[ids_name] = np.concatenate(bags).astype(ids.dtype)
        result[name] = np.cumsum([0] + [len(bag) for bag in bags[:-1]]).astype(starts.dtype)
    return result


class Peer:
    """onnxruntime with everything bound."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def bind(self, inputs):
        self.binding = self.session.io_binding()
        for name, array in inputs.items():
            self.binding.bind_cpu_input(name, array)
        for output in self.session.get_outputs():
            self.binding.bind_output(output.name)
        self.run()
        # From now on the outputs have memory, too.
        values = self.binding.get_outputs()
        for output, value in zip(self.session.get_outputs(), values):
            self.binding.bind_ortvalue_output(output.name, value)

    def run(self):
        self.session.run_with_iobinding(self.binding)

    def outputs(self):
        return dict(zip((o.name for o in self.session.get_outputs()), self.binding.copy_outputs_to_cpu()))


def block(run, seconds):
    """Times of single runs for some time, after a pause and a warm-up."""
    time.sleep(0.02)
    clock = time.perf_counter
    end = clock() + 0.1 * seconds
    run()
    while clock() < end:
        run()
    times = []
    end = clock() + seconds
    while clock() < end or len(times) < 3:
        start = clock()
        run()
        times.append(clock() - start)
    return times


def measure_rounds(runners, rounds, seconds):
    """For each the times of single runs in seconds, a list a round; blocks of the runners alternate."""
    samples = [[] for _ in runners]
    for _ in range(rounds):
        for side, runner in zip(samples, runners):
            side.append(block(runner.run, seconds))
    return samples


def measure(runners, rounds, seconds):
    """The median time of one run of each in microseconds, from blocks that alternate."""
    return [statistics.median(itertools.chain(*side)) * 1e6 for side in measure_rounds(runners, rounds, seconds)]


# Student's t for 95 % on two sides, by the number of rounds.
STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}


def ratio_of(ours, theirs):
    """Their median time over ours, and its 95 % interval by the medians of rounds."""
    logs = [math.log(statistics.median(b) / statistics.median(a)) for a, b in zip(ours, theirs)]
    middle = math.log(statistics.median(itertools.chain(*theirs)) / statistics.median(itertools.chain(*ours)))
    if len(logs) < 2:
        return math.exp(middle), 0.0, math.inf
    reach = STUDENT.get(len(logs), 2.1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(middle), math.exp(middle - reach), math.exp(middle + reach)


def mismatch(ours, theirs, slack=1):
    """What differs by more than f32 rounds; a GPU adds in other orders and has functions of its own: `slack` is a factor."""
    for name, expected in theirs.items():
        actual = ours[name]
        if actual.shape != expected.shape:
            return f"{name} has shape {list(actual.shape)}, onnxruntime's {list(expected.shape)}"
        if expected.dtype.kind != "f":
            # Scores closer than float32 can tell apart may be ranked either way.
            if np.mean(actual != expected) > 1e-3:
                return f"{name}: {np.mean(actual != expected):.2%} of the values differ"
        elif not np.allclose(actual, expected, rtol=2e-5 * slack, atol=4e-6 * slack):
            return f"{name} differs by up to {np.max(np.abs(actual - expected)):.3g}"
    return None


def cpu_name():
    with open("/proc/cpuinfo") as file:
        flags = name = ""
        for line in file:
            if line.startswith("model name"):
                name = line.split(":")[1].strip()
            if line.startswith("flags"):
                flags = line.split()
    kinds = [kind for kind in ("avx2", "avx512f", "avx512_bf16", "amx_tile") if kind in flags]
    return f"{name} ({', '.join(kinds)})"


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def write_table(begin, lines):
    """Puts lines into the page, between a marker and the next end."""
    page = open(PAGE).read()
    before, rest = page.split(begin)
    with open(PAGE, "w") as file:
        file.write("\n".join([before + begin, "", *lines, "", END]) + rest.split(END, 1)[1])


def setting(threads):
    return (f"Measured on {datetime.date.today()}, {cpu_name()}, {os.cpu_count()} CPUs, {threads} threads each; "
            f"reckon {reckon.__version__}, onnxruntime {onnxruntime.__version__}")


def main():
    parser = argparse.ArgumentParser(prog="bench/cpu-peers/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", default="1,64,1024")
    parser.add_argument("--models", default="", help="only models whose path this regular expression finds")
    parser.add_argument("--rounds", type=int, default=5, help="blocks of each side")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a block")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    arguments = parser.parse_args()

    models = os.path.realpath(os.environ.get("RECKON_MODELS") or os.path.join(ROOT, "..", "shared", "models"))
    paths = sorted(glob.glob(os.path.join(models, "*", "model.onnx")) + glob.glob(os.path.join(models, "*", "*", "model.onnx")))
    paths = [path for path in paths if re.search(arguments.models, os.path.relpath(path, models))]
    if not paths:
        print(f"no models in {models}: set RECKON_MODELS")
        return 4

    scratch = os.path.join(ROOT, "build", "bench")
    os.makedirs(scratch, exist_ok=True)
    batches = [int(batch) for batch in arguments.batch.split(",")]
    rows, ratios, failures = [], [], 0
    for path in paths:
        name = os.path.relpath(os.path.dirname(path), models)
        engine_path = os.path.join(scratch, name.replace("/", "-") + ".rkn")
        compiled = subprocess.run([os.path.join(ROOT, "build", "bin", "reckon-compile"), path, "-o", engine_path],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if compiled.returncode:
            print(f"{name}: does not compile\n{compiled.stdout}")
            failures += 1
            continue
        base = load_base(os.path.dirname(path), input_names(onnx.load(path).graph))
        engine = reckon.load(engine_path, threads=arguments.threads)
        peer = Peer(path, arguments.threads)
        for batch in batches:
            inputs = resize(base, batch)
            bound = engine.create_context().bind({info.name: inputs[info.name] for info in engine.inputs})
            peer.bind(inputs)
            peer.run()
            error = mismatch(bound.run(), peer.outputs())
            if error:
                print(f"{name} batch {batch}: {error}")
                failures += 1
                continue
            ours, theirs = measure((bound, peer), arguments.rounds, arguments.seconds)
            ratios.append(theirs / ours)
            rows.append(f"| {name} | {batch} | {ours:.1f} | {theirs:.1f} | {theirs / ours:.2f} |")
            print(f"{name:28} batch {batch:5}  Reckon {ours:10.1f} us  onnxruntime {theirs:10.1f} us  "
                  f"ratio {theirs / ours:.2f}", flush=True)

    if not ratios:
        return 1
    mean = geometric_mean(ratios)
    summary = f"Geometric mean of the ratios: {mean:.2f} over {len(ratios)} cases; the smallest: {min(ratios):.2f}."
    print(summary)
    if not arguments.no_write:
        write_table(BEGIN, [f"{setting(arguments.threads)}, float32. Command: `bench/cpu-peers/run`.", "",
                            "| model | batch | Reckon, us | onnxruntime, us | ratio |", "|---|---|---|---|---|", *rows, "",
                            summary])
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
