"""Times Reckon and its peers over every model below some folders, at several batch sizes: on the CPU beside onnxruntime and
OpenVINO, or (--device=cuda, which needs onnxruntime-gpu, and torch for its tensors) on a GPU beside onnxruntime's CUDA provider.

Models come with ONNX test data, whose largest set is repeated or cut to the batch. What a side cannot compile or run at a
batch is listed and left out, and so is a model whose outputs differ. Blocks of runs alternate; a ratio is the peer's median
time over Reckon's, and its interval, of 95 %, is by the medians of rounds. A case whose ratio is under 1.05 is measured again, in
three times as many rounds. The exit status is 1 when an interval lies below 1.
"""

import argparse
import concurrent.futures
import glob
import itertools
import os
import re
import statistics
import subprocess
import sys
import time

import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
sys.path.insert(0, os.path.join(ROOT, "bench", "cpu-peers"))
import compare  # noqa: E402

BEGIN = "<!-- begin: written by bench/zoo/run -->"
WORST = 10
# A ratio below it is measured again.
AGAIN = 1.05


class OpenVino:
    """OpenVINO in float32, one stream, everything bound."""

    def __init__(self, path, threads):
        import openvino
        self.openvino = openvino
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
                   "PERFORMANCE_HINT": "LATENCY"}
        self.model = openvino.Core().compile_model(path, "CPU", options)
        self.request = self.model.create_infer_request()

    def bind(self, inputs):
        for port in self.model.inputs:
            name = next(name for name in port.names if name in inputs)
            self.request.set_tensor(port, self.openvino.Tensor(inputs[name], shared_memory=True))
        self.run()

    def run(self):
        self.request.infer()

    def outputs(self):
        return {name: self.request.get_tensor(port).data for port in self.model.outputs for name in port.names}


class OnHost:
    """Reckon's side on the host."""

    def __init__(self, engine, inputs):
        self.bound = engine.create_context().bind({info.name: inputs[info.name] for info in engine.inputs})
        self.run = self.bound.run
        self.run()

    def outputs(self):
        return self.bound.outputs


def make_peers(names, device):
    if device == "cuda":
        import on_gpu
        return {"onnxruntime-CUDA": on_gpu.Peer}
    peers = {"onnxruntime": compare.Peer, "OpenVINO": OpenVino}
    try:
        import openvino  # noqa: F401
    except ImportError:
        peers.pop("OpenVINO")
    return {name: peers[name] for name in peers if name.lower() in names.lower().split(",")}


class Model:
    """One model on all sides."""

    def __init__(self, path, engine, peers, threads, device):
        self.failures, self.is_host = {}, device == "host"
        self.engine = compare.reckon.load(engine, device=device, threads=threads)
        self.base = compare.load_base(os.path.dirname(path), compare.input_names(onnx.load(path).graph))
        self.all_peers = {}
        for name, peer in peers.items():
            try:
                self.all_peers[name] = peer(path, threads)
            except Exception as error:  # a peer says no in types of its own
                self.failures[name] = str(error)

    def take_failures(self):
        failures, self.failures = self.failures, {}
        return failures.items()

    def bind(self, batch):
        """On inputs of that batch; `peers` are those that have run on them and agree."""
        self.peers = dict(self.all_peers)
        inputs = compare.resize(self.base, batch)
        if self.is_host:
            self.ours = OnHost(self.engine, inputs)
        else:
            import on_gpu
            self.ours = on_gpu.Ours(self.engine, inputs)
        ours = self.ours.outputs()
        for name in list(self.peers):
            try:
                self.peers[name].bind(inputs)
                theirs = self.peers[name].outputs()
                problem = compare.mismatch(ours, {key: theirs[key] for key in ours if key in theirs}, 1 if self.is_host else 10)
            except Exception as error:
                problem = str(error)
            if problem:
                self.failures[name] = problem
                del self.peers[name]


def compile_model(path, scratch, device):
    """The engine's path, or an error."""
    engine = os.path.join(scratch, re.sub(r"[^A-Za-z0-9]+", "-", os.path.dirname(path)) + f"-{device}.rkn")
    compiled = subprocess.run([os.path.join(ROOT, "build", "bin", "reckon-compile"), path, "-o", engine, f"--target={device}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return RuntimeError(compiled.stdout.strip().splitlines()[-1]) if compiled.returncode else engine


def compile_models(paths, scratch, device):
    """Each path and its engine, or an error; on the host one after another, for compilation would disturb what is timed."""
    if device == "host":
        yield from ((path, compile_model(path, scratch, device)) for path in paths)
        return
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        engines = list(pool.map(lambda path: compile_model(path, scratch, device), paths))
    yield from zip(paths, engines)


def find_models(folders, match):
    paths = sorted({path for folder in folders for path in glob.glob(os.path.join(folder, "**", "model.onnx"), recursive=True)})
    return [path for path in paths if re.search(match, path)]


class Found:
    """What was measured: of each peer and batch a list of (ratio, low, high, model, our us, their us)."""

    def __init__(self, peers, batches):
        self.cases = {(peer, batch): [] for peer in peers for batch in batches}

    def add(self, model, name, batch, rounds, seconds):
        runners = (model.ours, *model.peers.values())
        ours, *theirs = compare.measure_rounds(runners, rounds, seconds)
        if any(compare.ratio_of(ours, side)[0] < AGAIN for side in theirs):
            ours, *theirs = compare.measure_rounds(runners, 3 * rounds, seconds)
        micro, text = statistics.median(itertools.chain(*ours)) * 1e6, []
        for peer, side in zip(model.peers, theirs):
            ratio, low, high = compare.ratio_of(ours, side)
            self.cases[peer, batch].append((ratio, low, high, name, micro, micro * ratio))
            text.append(f"{peer} {micro * ratio:9.1f} us {ratio:6.2f} [{low:.2f}, {high:.2f}]")
        print(f"{name:52} {batch:5} Reckon {micro:9.1f} us  " + "  ".join(text), flush=True)

    def below(self):
        return [case for cases in self.cases.values() for case in cases if case[2] < 1]

    def summarise(self):
        """Lines of the table: a row a peer and batch, then the worst of each peer."""
        lines = ["| peer | batch | models | geometric mean | median | least | interval below 1 |", "|---|---|---|---|---|---|---|"]
        for (peer, batch), cases in self.cases.items():
            if cases:
                values = sorted(case[0] for case in cases)
                lines.append(f"| {peer} | {batch} | {len(values)} | {compare.geometric_mean(values):.2f} | {values[len(values) // 2]:.2f} | "
                             f"{values[0]:.2f} | {sum(case[2] < 1 for case in cases)} |")
        for peer in dict.fromkeys(peer for (peer, _), cases in self.cases.items() if cases):
            worst = sorted((*case, batch) for (other, batch), cases in self.cases.items() if other == peer for case in cases)
            lines += ["", f"| the slowest against {peer} | batch | Reckon, us | {peer}, us | ratio |", "|---|---|---|---|---|"]
            lines += [f"| {name} | {batch} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} [{low:.2f}, {high:.2f}] |"
                      for ratio, low, high, name, ours, theirs, batch in worst[:WORST]]
        return lines


def measure_model(model, name, arguments, found):
    for batch in arguments.batches:
        try:
            model.bind(batch)
        except Exception as error:
            print(f"{name}: batch {batch} left out: {str(error)[:160]}", flush=True)
            continue
        if model.peers:
            found.add(model, name, batch, arguments.rounds, arguments.seconds)
        for peer, problem in model.take_failures():
            print(f"{name}: batch {batch}: {peer} left out: {problem.strip().splitlines()[-1][:160]}", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/zoo/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", help="default: ../shared/zoo, ../shared/zoo-cases and ../shared/models")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=("host", "cuda"), default="host")
    parser.add_argument("--batches", default="1,64,1024", type=lambda text: [int(batch) for batch in text.split(",")])
    parser.add_argument("--models", default="", help="only models whose path this regular expression finds")
    parser.add_argument("--peers", default="onnxruntime,openvino")
    parser.add_argument("--rounds", type=int, default=3, help="blocks of each side")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a block")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds after which no further model is begun")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    shared = os.path.join(ROOT, "..", "shared")
    folders = [os.path.realpath(f) for f in arguments.folders or [os.path.join(shared, f) for f in ("zoo", "zoo-cases", "models")]]
    paths = find_models(folders, arguments.models)
    peers = make_peers(arguments.peers, arguments.device)
    if not paths or not peers:
        print(f"no {'peer' if paths else 'model'}: {arguments.peers if paths else ' '.join(folders)}")
        return 4
    scratch = os.path.join(ROOT, "build", "bench")
    os.makedirs(scratch, exist_ok=True)
    common = os.path.commonpath(folders)
    found, left_out = Found(peers, arguments.batches), 0
    end = None
    for path, engine in compile_models(paths, scratch, arguments.device):
        name = os.path.relpath(os.path.dirname(path), common)
        end = end or time.monotonic() + arguments.budget
        if time.monotonic() > end:
            print(f"{name} and what follows: the budget is spent")
            break
        try:
            if isinstance(engine, Exception):
                raise engine
            model = Model(path, engine, peers, arguments.threads, arguments.device)
        except Exception as error:
            print(f"{name}: left out: {str(error)[:160]}", flush=True)
            left_out += 1
            continue
        measure_model(model, name, arguments, found)
    lines = found.summarise()
    print("\n".join(lines))
    if not any(found.cases.values()):
        return 1
    if not arguments.no_write and arguments.device == "host":
        batches = ",".join(map(str, arguments.batches))
        compare.write_table(BEGIN, [f"{compare.setting(arguments.threads)}, float32; {left_out} models left out. "
                                    f"Command: `bench/zoo/run --threads={arguments.threads} --batches={batches} --rounds={arguments.rounds}`.",
                                    "", *lines])
    return 1 if found.below() else 0


if __name__ == "__main__":
    sys.exit(main())
