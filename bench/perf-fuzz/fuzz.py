"""Compares and times Reckon and onnxruntime over random recommender networks.

Every seed is a network (blocks.py). Its outputs are compared with onnxruntime's at optimisation off: in double precision, with an
allowance for what single precision does there, or in single precision where an operator has no other. Then both run in alternating
blocks, with everything bound; a ratio is onnxruntime's median time over Reckon's. What onnxruntime takes under --least for
is not counted. Networks that are wrong, crash or are slow are shrunk and kept: a model, and the recipe that --recipe repeats.
Each case has a process of its own. With --device=cuda both have their tensors on the GPU of this machine, onnxruntime by its CUDA
provider without TF32, and --jobs cases are compiled and judged at a time, of which one runs on the GPU. The exit status is 1 when an answer was wrong or something crashed.
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path += [os.path.join(ROOT, "bench", "cpu-peers"), os.path.join(ROOT, "bench", "zoo"), os.path.dirname(os.path.abspath(__file__))]
import blocks  # noqa: E402
import onnx_writer  # noqa: E402
import shrink  # noqa: E402

WORST = 10
WRONG, REFUSED = 1, 3  # exit statuses of reckon-compile
CASE_SECONDS = 120  # of a process


@dataclasses.dataclass
class Outcome:
    verdict: str  # ok, wrong, crash, refused, or unmeasured: the peer fails or gives no numbers
    message: str = ""
    ours: float = 0
    theirs: float = 0

    @property
    def is_failure(self):
        return self.verdict in ("wrong", "crash")

    @property
    def ratio(self):
        return self.theirs / self.ours


def compile_engine(model_path, engine_path, arguments):
    """What is wrong, or None. With the evaluator as judge, the compiler compares."""
    command = [os.path.join(ROOT, "build", "bin", "reckon-compile"), model_path, "-o", engine_path, f"--target={arguments.device}"]
    if arguments.judge == "evaluator":
        command.append("--verify")
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode == 0:
        return None
    lines = done.stdout.strip().splitlines() or [f"exit status {done.returncode}"]
    verdict = {WRONG: "wrong", REFUSED: "refused"}.get(done.returncode, "crash")
    return Outcome(verdict, next((line for line in lines if "error" in line), lines[-1]))


class Reference:
    """onnxruntime's answers at optimisation off, and by how much rounding may change them."""

    def __init__(self, network, inputs):
        single = self.run(network, inputs, False)
        try:
            self.values = self.run(network, inputs, True)
            self.noise = {name: 8 * np.max(np.abs(single[name] - value), initial=0) for name, value in self.values.items()}
            self.relative = 1e-5
        except Exception:  # an operator that has no double precision
            self.values, self.noise, self.relative = single, dict.fromkeys(single, 0), 2e-4

    @staticmethod
    def run(network, inputs, doubles):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(onnx_writer.to_onnx(network, doubles).SerializeToString(), options,
                                               providers=["CPUExecutionProvider"])
        if doubles:
            inputs = {name: array.astype(np.float64) if array.dtype == np.float32 else array for name, array in inputs.items()}
        return dict(zip((output.name for output in session.get_outputs()), session.run(None, inputs)))

    def is_finite(self):
        return all(np.all(np.isfinite(value)) for value in self.values.values())

    def mismatch(self, ours):
        for name, expected in self.values.items():
            actual = ours[name]
            if actual.shape != expected.shape:
                return f"{name} has shape {list(actual.shape)}, onnxruntime's {list(expected.shape)}"
            if expected.dtype.kind != "f":
                if np.mean(actual != expected) > 1e-3:
                    return f"{name}: {np.mean(actual != expected):.2%} of the values differ"
                continue
            scale = np.max(np.abs(expected), initial=0)
            allowed = self.relative * (np.abs(expected) + scale) + self.noise[name]
            difference = np.abs(actual - expected)
            if not np.all(difference <= allowed):
                return f"{name} differs by {np.nanmax(difference, initial=0):.3g} at a scale of {scale:.3g}"
        return None


@contextlib.contextmanager
def alone(scratch):
    """Inside, no other case runs there. A file is the lock, which a process that is killed does not keep."""
    with open(os.path.join(os.path.dirname(scratch), "measuring"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


class OnHost:
    """Reckon's side on the host: bound arrays."""

    def __init__(self, engine, inputs):
        self.bound = engine.create_context().bind({info.name: inputs[info.name] for info in engine.inputs})
        self.run = self.bound.run

    def outputs(self):
        return self.run()


def examine(recipe, arguments, scratch):
    """The outcome of a recipe, in this process."""
    network = blocks.build(recipe).network
    model_path, engine_path = os.path.join(scratch, "model.onnx"), os.path.join(scratch, "model.rkn")
    onnx_writer.save(onnx_writer.to_onnx(network), model_path)
    problem = compile_engine(model_path, engine_path, arguments)
    if problem or arguments.judge == "evaluator":
        return problem or Outcome("ok")
    import compare
    make_ours, make_peer = OnHost, compare.Peer
    if arguments.device == "cuda":
        import on_gpu
        make_ours, make_peer = on_gpu.Ours, on_gpu.Peer
    inputs = onnx_writer.make_inputs(network)
    try:
        reference = Reference(network, inputs)
        peer = make_peer(model_path, arguments.threads)
    except Exception as error:  # a peer says no in types of its own
        return Outcome("unmeasured", str(error).strip().splitlines()[-1])
    if not reference.is_finite():
        return Outcome("unmeasured", "the answers are no numbers")
    engine = compare.reckon.load(engine_path, threads=arguments.threads, device=arguments.device)
    with alone(scratch):
        try:
            peer.bind(inputs)
        except Exception as error:
            return Outcome("unmeasured", str(error).strip().splitlines()[-1])
        ours = make_ours(engine, inputs)
        problem = reference.mismatch(ours.outputs())
        if problem:
            return Outcome("wrong", problem)
        return Outcome("ok", "", *compare.measure((ours, peer), arguments.rounds, arguments.block))


def examine_apart(recipe, arguments):
    """The outcome, from a process that may crash."""
    processes = multiprocessing.get_context("fork")
    receiver, sender = processes.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
        def run():
            try:
                outcome = examine(recipe, arguments, scratch)
            except Exception as error:  # of Reckon
                outcome = Outcome("crash", f"{type(error).__name__}: {error}")
            sender.send(outcome)
        process = processes.Process(target=run)
        process.start()
        sender.close()
        outcome = Outcome("crash", f"no answer within {CASE_SECONDS} s")
        if receiver.poll(CASE_SECONDS):
            try:
                outcome = receiver.recv()
            except EOFError:
                process.join()
                outcome = Outcome("crash", f"the process ended with {process.exitcode}")
        process.kill()
        process.join()
    return outcome


def same_trouble(first, arguments):
    """Whether a recipe has the trouble that `first` was."""
    def still(recipe):
        outcome = examine_apart(recipe, arguments)
        if first.is_failure:
            return outcome.verdict == first.verdict
        return outcome.verdict == "ok" and outcome.theirs >= arguments.least and outcome.ratio < arguments.slow
    return still


def has_operator(operator):
    return lambda recipe: operator in onnx_writer.operators(onnx_writer.to_onnx(blocks.build(recipe).network))


def keep(recipe, still, arguments, message):
    """Shrinks a recipe and writes it down."""
    shrinker = shrink.Shrinker(still, arguments.shrink_seconds)
    small = shrinker.run(recipe)
    network = blocks.build(small).network
    os.makedirs(arguments.keep, exist_ok=True)
    path = os.path.join(arguments.keep, f"seed-{recipe.seed}")
    model = onnx_writer.to_onnx(network)
    onnx_writer.save(model, path + ".onnx")
    with open(path + ".json", "w") as file:
        json.dump({**dataclasses.asdict(small), "batch": network.batch, "trouble": message}, file, indent=1)
    print(f"seed {recipe.seed}: shrunk in {shrinker.tries} tries to {len(model.graph.node)} nodes, batch {network.batch}: {path}.onnx",
          flush=True)


def read_recipe(path):
    with open(path) as file:
        found = json.load(file)
    return blocks.Recipe(**{field.name: found[field.name] for field in dataclasses.fields(blocks.Recipe)})


def geometric_mean(values):
    return float(np.exp(np.mean(np.log(values))))


def summarise(results, arguments):
    timed = [(outcome.ratio, recipe, outcome) for recipe, outcome in results
             if outcome.verdict == "ok" and outcome.theirs >= arguments.least]
    counts = {verdict: sum(outcome.verdict == verdict for _, outcome in results)
              for verdict in ("ok", "wrong", "crash", "refused", "unmeasured")}
    print(f"{len(results)} networks: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    if not timed:
        return
    ratios = np.array([ratio for ratio, *_ in timed])
    print(f"{len(timed)} timed: geometric mean {geometric_mean(ratios):.2f}, {np.mean(ratios < 0.8):.1%} under 0.8, "
          f"{np.mean(ratios < 0.5):.1%} under 0.5")
    print("\n| block | networks | geometric mean | under 0.8 |\n|---|---|---|---|")
    kinds = {}
    for ratio, recipe, _ in timed:
        for name in set(blocks.build(recipe).blocks):
            kinds.setdefault(name, []).append(ratio)
    for name, found in sorted(kinds.items(), key=lambda item: geometric_mean(item[1])):
        print(f"| {name} | {len(found)} | {geometric_mean(found):.2f} | {np.mean(np.array(found) < 0.8):.0%} |")
    print("\n| the slowest | batch | Reckon, us | onnxruntime, us | ratio | blocks |\n|---|---|---|---|---|---|")
    for ratio, recipe, outcome in sorted(timed, key=lambda item: item[0])[:WORST]:
        built = blocks.build(recipe)
        print(f"| seed {recipe.seed} | {built.network.batch} | {outcome.ours:.1f} | {outcome.theirs:.1f} | {ratio:.2f} | "
              f"{', '.join(built.blocks)} |")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/perf-fuzz/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0..100", help="FROM..TO, the last one not included")
    parser.add_argument("--seconds", type=float, default=600, help="begin no network after that time")
    parser.add_argument("--recipe", help="only the network of this file")
    parser.add_argument("--keep", default=os.path.join(ROOT, "build", "perf-fuzz"), help="the folder for what was shrunk")
    parser.add_argument("--device", choices=("host", "cuda"), default="host")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time (default 1)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="blocks of each side")
    parser.add_argument("--block", type=float, default=0.05, help="seconds of a block")
    parser.add_argument("--least", type=float, default=20, help="microseconds of onnxruntime from which a network counts")
    parser.add_argument("--slow", type=float, default=0.8, help="the ratio below which a network is shrunk")
    parser.add_argument("--largest", type=int, default=blocks.Recipe.largest, help="bytes of a tensor")
    parser.add_argument("--work", type=float, default=blocks.Recipe.work, help="operations of a run, about")
    parser.add_argument("--shrink-seconds", type=float, default=60, help="for one network; 0: keep it as it is")
    parser.add_argument("--judge", choices=("onnxruntime", "evaluator"), default="onnxruntime",
                        help="evaluator: Reckon's own reference, without onnxruntime and without times")
    parser.add_argument("--operator", help="shrink the first network that has this operator to one that still has it, and end")
    arguments = parser.parse_args()
    try:
        first, last = arguments.seeds.split("..")
        arguments.seeds = range(int(first), int(last))
    except ValueError:
        parser.error(f"--seeds={arguments.seeds} is not FROM..TO")
    return arguments


def main():
    with tempfile.TemporaryDirectory() as scratch:
        arguments = parse_arguments()
        arguments.scratch = scratch
        return fuzz(arguments)


def fuzz(arguments):
    recipes = [read_recipe(arguments.recipe)] if arguments.recipe else [
        blocks.Recipe(seed, largest=arguments.largest, work=arguments.work) for seed in arguments.seeds]
    recipes = [recipe for recipe in recipes if blocks.build(recipe).network]
    if arguments.operator:
        recipe = next((recipe for recipe in recipes if has_operator(arguments.operator)(recipe)), None)
        if recipe is None:
            print(f"no network of these seeds has {arguments.operator}")
            return 1
        keep(recipe, has_operator(arguments.operator), arguments, arguments.operator)
        return 0
    if arguments.device == "cuda":
        import on_gpu  # noqa: F401: once, for all processes
    end, results = time.monotonic() + arguments.seconds, []
    pool = concurrent.futures.ThreadPoolExecutor(arguments.jobs)
    outcomes = pool.map(lambda recipe: examine_apart(recipe, arguments) if time.monotonic() < end else None, recipes)
    for recipe, outcome in zip(recipes, outcomes):
        if outcome is None:
            print(f"the time is over before seed {recipe.seed}")
            break
        results.append((recipe, outcome))
        message = f"{outcome.verdict} {outcome.message[:200]}"
        if outcome.ours:
            message = f"Reckon {outcome.ours:.1f} us, onnxruntime {outcome.theirs:.1f} us, {outcome.ratio:.2f}"
        if outcome.ours or outcome.verdict != "ok":
            print(f"seed {recipe.seed}: {message}", flush=True)
        is_slow = outcome.ours and outcome.theirs >= arguments.least and outcome.ratio < arguments.slow
        if (outcome.is_failure or is_slow) and not arguments.recipe:
            keep(recipe, same_trouble(outcome, arguments), arguments, message)
    summarise(results, arguments)
    return 1 if any(outcome.is_failure for _, outcome in results) else 0


if __name__ == "__main__":
    sys.exit(main())
