"""Times Reckon and its peers on the CPU over every model below some folders, at one batch size.

Models come with ONNX test data, whose largest set is repeated or cut to the batch. What a side cannot compile or run at this
batch is listed and left out, and so is a model whose outputs differ. Blocks of runs alternate; a ratio is the peer's median
time over Reckon's.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))
sys.path.insert(0, os.path.join(ROOT, "bench", "cpu-peers"))
import compare  # noqa: E402

BEGIN = "<!-- begin: written by bench/zoo/run -->"
WORST = 10


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


def make_peers(names):
    peers = {"onnxruntime": compare.Peer, "OpenVINO": OpenVino}
    try:
        import openvino  # noqa: F401
    except ImportError:
        peers.pop("OpenVINO")
    return {name: peers[name] for name in peers if name.lower() in names.lower().split(",")}


class Model:
    """One model on all sides."""

    def __init__(self, path, peers, threads, scratch):
        self.path, self.failures = path, {}
        engine_path = os.path.join(scratch, re.sub(r"[^A-Za-z0-9]+", "-", os.path.dirname(path)) + ".rkn")
        compiled = subprocess.run([os.path.join(ROOT, "build", "bin", "reckon-compile"), path, "-o", engine_path],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if compiled.returncode:
            raise RuntimeError(compiled.stdout.strip().splitlines()[-1])
        self.engine = compare.reckon.load(engine_path, threads=threads)
        self.base = compare.load_base(os.path.dirname(path), compare.input_names(onnx.load(path).graph))
        self.peers = {}
        for name, peer in peers.items():
            try:
                self.peers[name] = peer(path, threads)
            except Exception as error:  # a peer says no in types of its own
                self.failures[name] = str(error)

    def bind(self, batch):
        inputs = compare.resize(self.base, batch)
        self.bound = self.engine.create_context().bind({info.name: inputs[info.name] for info in self.engine.inputs})
        ours = self.bound.run()
        for name in list(self.peers):
            try:
                self.peers[name].bind(inputs)
                theirs = self.peers[name].outputs()
                problem = compare.mismatch(ours, {key: theirs[key] for key in ours if key in theirs})
            except Exception as error:
                problem = str(error)
            if problem:
                self.failures[name] = problem
                del self.peers[name]


def find_models(folders, match):
    paths = sorted({path for folder in folders for path in glob.glob(os.path.join(folder, "**", "model.onnx"), recursive=True)})
    return [path for path in paths if re.search(match, path)]


def summarise(ratios):
    """Lines of the table: a row a peer, then the worst of each."""
    lines = ["| peer | models | geometric mean | median | below 1.0 |", "|---|---|---|---|---|"]
    for peer, found in ratios.items():
        values = sorted(ratio for ratio, *_ in found)
        below = sum(value < 1 for value in values)
        lines.append(f"| {peer} | {len(values)} | {compare.geometric_mean(values):.2f} | {values[len(values) // 2]:.2f} | {below} |")
    for peer, found in ratios.items():
        lines += ["", f"| the slowest against {peer} | Reckon, us | {peer}, us | ratio |", "|---|---|---|---|"]
        lines += [f"| {name} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} |" for ratio, name, ours, theirs in sorted(found)[:WORST]]
    return lines


def main():
    parser = argparse.ArgumentParser(prog="bench/zoo/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", help="default: ../shared/zoo, ../shared/zoo-cases and ../shared/models")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--models", default="", help="only models whose path this regular expression finds")
    parser.add_argument("--peers", default="onnxruntime,openvino")
    parser.add_argument("--rounds", type=int, default=3, help="blocks of each side")
    parser.add_argument("--seconds", type=float, default=0.1, help="length of a block")
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    arguments = parser.parse_args()

    shared = os.path.join(ROOT, "..", "shared")
    folders = [os.path.realpath(f) for f in arguments.folders or [os.path.join(shared, f) for f in ("zoo", "zoo-cases", "models")]]
    paths = find_models(folders, arguments.models)
    peers = make_peers(arguments.peers)
    if not paths or not peers:
        print(f"no {'peer' if paths else 'model'}: {arguments.peers if paths else ' '.join(folders)}")
        return 4
    scratch = os.path.join(ROOT, "build", "bench")
    os.makedirs(scratch, exist_ok=True)
    common = os.path.commonpath(folders)
    ratios, left_out = {name: [] for name in peers}, 0
    for path in paths:
        name = os.path.relpath(os.path.dirname(path), common)
        try:
            model = Model(path, peers, arguments.threads, scratch)
            model.bind(arguments.batch)
        except Exception as error:
            print(f"{name}: left out: {str(error)[:160]}", flush=True)
            left_out += 1
            continue
        for peer, problem in model.failures.items():
            print(f"{name}: {peer} left out: {problem.strip().splitlines()[-1][:160]}", flush=True)
        if model.peers:
            ours, *theirs = compare.measure((model.bound, *model.peers.values()), arguments.rounds, arguments.seconds)
            for peer, time in zip(model.peers, theirs):
                ratios[peer].append((time / ours, name, ours, time))
            print(f"{name:52} Reckon {ours:9.1f} us  " +
                  "  ".join(f"{peer} {time:9.1f} us {time / ours:6.2f}" for peer, time in zip(model.peers, theirs)), flush=True)
    ratios = {peer: found for peer, found in ratios.items() if found}
    if not ratios:
        return 1
    lines = summarise(ratios)
    print("\n".join(lines))
    if not arguments.no_write:
        compare.write_table(BEGIN, [f"{compare.setting(arguments.threads)}, float32, batch {arguments.batch}; {left_out} "
                                    f"models left out. Command: `bench/zoo/run --threads={arguments.threads} --batch={arguments.batch}`.",
                                    "", *lines])
    return 0


if __name__ == "__main__":
    sys.exit(main())
