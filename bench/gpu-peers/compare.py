"""Times Reckon and torch on one GPU, in one process, over the networks of bench/models.

For each network and batch size every side gets the same sets of inputs in turn and the same table rows and weights, in half
floats. Three times are taken: of a replay of a CUDA graph (by events, many in a row), of a call on tensors that are on the
device (by the clock, until the result is there), and of a call from host memory to host memory. Answers are compared with
double precision before anything is timed. Results go into a JSON file that later runs add to, and from there into a table
(report.py). torch.compile takes up to a minute and a half for a case: --models, --batches and --variants choose what to run,
--budget stops before the next case, and --prepare compiles in parallel without timing, into inductor's cache.
"""

import argparse
import datetime
import gc
import json
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "bench", "models")]

import numpy as np  # noqa: E402
import torch  # noqa: E402

import networks  # noqa: E402
import package  # noqa: E402
import report  # noqa: E402
import shapes  # noqa: E402
import timing  # noqa: E402

reckon = package.load()
BATCHES = [1, 256, 2048, 16384, 65536]
AUTOTUNED = {("dlrm_dim128", batch) for batch in (1, 2048, 65536)}
SEED = 1


def first_existing(*paths):
    """In a bundle things lie elsewhere than in a checkout."""
    paths = [os.path.join(ROOT, *path.split("/")) for path in paths]
    return next(filter(os.path.exists, paths), paths[0])


def log(*words):
    print(f"[{time.perf_counter() - START:6.1f} s]", *words, flush=True)


class Case:
    """One network at one batch size: its sets of inputs, on the device and in pinned host memory."""

    def __init__(self, shape, batch, rows, tables):
        self.shape, self.batch, self.tables = shape, batch, tables
        self.sets = []
        # Enough sets that small batches do not find all their rows in the cache, and large ones fit the device.
        for index in range(8 if batch <= 2048 else 4):
            dense, ids = (torch.from_numpy(array) for array in shapes.make_inputs(shape, batch, rows, index))
            self.sets.append({"dense": dense.cuda(), "half": dense.cuda().half(), "ids": ids.cuda(),
                              "host_dense": dense.pin_memory(), "host_half": dense.half().pin_memory(),
                              "host_ids": ids.pin_memory()})
        self.expected = networks.reference(shape, tables, self.sets[0]["half"], self.sets[0]["ids"])
        self.is_network = shape.kind != "lookup"  # or a kernel alone

    def error(self, output):
        """The relative error against double precision; of probabilities only where they are not nearly 0 or 1."""
        actual, expected = output.double().reshape(self.expected.shape), self.expected
        if not torch.isfinite(actual).all():
            return float("inf")
        if self.is_network:
            clear = (expected > 0.01) & (expected < 0.99)
            if not clear.any():
                return float((actual - expected).abs().max())
            actual, expected = actual[clear], expected[clear]
        return float((actual - expected).norm() / expected.norm())


def torch_variants(shape, batch):
    """(name, how bags are summed, how to compile) of what is timed."""
    sums = ["embedding_bag", "gather"] if shape.ids > len(shape.hotness) and not shape.history else ["embedding_bag"]
    for bags in sums:
        suffix = " (gather)" if bags == "gather" else ""
        yield "torch eager" + suffix, bags, None
        yield "torch compile" + suffix, bags, {"dynamic": False}
        if (shape.name, batch) in AUTOTUNED:
            yield "torch max-autotune" + suffix, bags, {"dynamic": False, "mode": "max-autotune-no-cudagraphs"}


def compiled(case, bags, options):
    network = networks.Network(case.shape, case.tables, torch.float16, bags).eval()
    if options is None:
        return network
    torch._dynamo.reset()
    return torch.compile(network, **options)


def time_torch(case, bags, options, seconds):
    began = time.perf_counter()
    function = compiled(case, bags, options)
    output = function(case.sets[0]["half"], case.sets[0]["ids"])
    torch.cuda.synchronize()
    result = {"error": case.error(output), "setup_s": round(time.perf_counter() - began, 1)}
    del output
    graphs, outputs = timing.capture(function, [(s["half"], s["ids"]) for s in case.sets])
    graphs[0].replay()
    torch.cuda.synchronize()
    result["graph_error"] = case.error(outputs[0])
    result["graph_us"] = timing.by_events([graph.replay for graph in graphs], seconds)
    if not case.is_network:
        return result

    def call(inputs):
        function(inputs["half"], inputs["ids"])
        torch.cuda.synchronize()

    def from_host(inputs):
        function(inputs["host_half"].to("cuda", non_blocking=True), inputs["host_ids"].to("cuda", non_blocking=True)).cpu()
    result["call_us"] = timing.by_clock([lambda s=s: call(s) for s in case.sets], seconds)
    result["host_us"] = timing.by_clock([lambda s=s: from_host(s) for s in case.sets], seconds)
    return result


def bind(context, inputs, output, prefix=""):
    """One set of inputs, on the device or with a prefix on the host, and its output."""
    engine = context.engine
    return context.bind({info.name: inputs[prefix + info.name] for info in engine.inputs}, {engine.outputs[0].name: output})


def make_output(case, engine):
    """Room for the result, which is no number yet."""
    kind = getattr(torch, engine.outputs[0].dtype.name)
    return torch.full(case.expected.shape, float("nan"), dtype=kind, device="cuda")


def time_reckon(engine, case, seconds):
    """A context for each set of inputs stands for a graph for each set; one context, bound anew each time, for a call."""
    outputs = [make_output(case, engine) for _ in case.sets]
    contexts = [engine.create_context() for _ in case.sets]
    launches = [bind(*each).run for each in zip(contexts, case.sets, outputs)]
    began = time.perf_counter()
    launches[0]()
    contexts[0].synchronize()
    torch.cuda.synchronize()
    result = {"error": case.error(outputs[0]), "setup_s": round(time.perf_counter() - began, 3)}
    result["graph_us"] = timing.by_events(launches, seconds)
    for context in contexts:
        context.synchronize()
    torch.cuda.synchronize()
    result["graph_error"] = case.error(outputs[0])
    launch, context = launches[0], contexts[0]

    def enqueue(count=200):
        """The host's share of a run: how long enqueueing takes while the device is busy with earlier runs."""
        start = time.perf_counter()
        for _ in range(count):
            launch()
        return (time.perf_counter() - start) / count * 1e6
    torch.cuda.synchronize()
    if result["graph_us"] > 8:
        result["enqueue_us"] = min(enqueue(min(200, 1 + int(2e4 / result["graph_us"]))) for _ in range(3))
    context.synchronize()
    if case.is_network:
        time_calls(engine, case, seconds, context, outputs, result)
    return result


def time_calls(engine, case, seconds, context, outputs, result):
    """What a call costs whose inputs are on the device, and one from host memory to host memory. Of sets that take turns on
    a context each run binds its own anew."""
    def call(launch):
        launch()
        context.synchronize()
    bound = [bind(context, inputs, output) for inputs, output in zip(case.sets, outputs)]
    result["call_us"] = timing.by_clock([lambda b=b: call(b.run) for b in bound], seconds)
    host, answer = engine.create_context(), outputs[0].cpu().pin_memory()
    bound = [bind(host, inputs, answer.numpy(), "host_") for inputs in case.sets]
    result["host_us"] = timing.by_clock([b.run for b in bound], seconds)
    bound[0].run()
    result["host_error"] = case.error(answer.cuda())


def run_case(case, engine, wanted, seconds, known, record):
    # What torch's half floats are off by, from an earlier run where torch is not run now.
    limit = max((result.get("error", 0) for name, result in known.items() if name.startswith("torch")), default=0)
    for name, bags, options in torch_variants(case.shape, case.batch):
        kind = name.split()[1]
        if kind not in wanted:
            continue
        try:
            result = time_torch(case, bags, options, seconds)
        except Exception as error:  # a peer that fails is a result, too
            result = {"failed": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        if "error" in result:
            limit = max(limit, result["error"])
        record(name, result)
        gc.collect()
        torch.cuda.empty_cache()
    if engine is None or "reckon" not in wanted:
        return
    try:
        result = time_reckon(engine, case, seconds)
        # Twice what torch's own half floats are off by, and never less than their last bit.
        bound = max(2 * limit, 1e-3)
        worst = max(result.get(key, 0) for key in ("error", "graph_error", "host_error"))
        if not worst <= bound:
            result = {"failed": f"wrong: relative error {worst:.3g}, at most {bound:.3g} is allowed"}
    except (RuntimeError, reckon.ReckonError) as error:
        result = {"failed": str(error)[:300]}
    record("Reckon", result)


def prepare(arguments, names, batches):
    """Compiles every case in as many processes as there are networks; nothing is timed."""
    environment = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": "4"}
    children = [subprocess.Popen([sys.executable, os.path.abspath(__file__), "--compile-only", f"--models={name}",
                                  f"--batches={','.join(map(str, batches))}", f"--rows={arguments.rows}"],
                                 env=environment) for name in names]
    return max(child.wait() for child in children)


def compile_only(shape, batch, rows):
    """Fills inductor's cache. What the tables hold does not matter."""
    tables = {name: torch.zeros(rows, dim, dtype=torch.float16, device="cuda") for name, dim in shape.tables}
    case = Case.__new__(Case)
    case.shape, case.tables = shape, tables
    dense = torch.zeros(batch, shapes.DENSE, dtype=torch.float16, device="cuda")
    ids = torch.zeros(batch, shape.ids, dtype=torch.int64, device="cuda")
    for name, bags, options in torch_variants(shape, batch):
        if options is not None and "mode" not in options:
            compiled(case, bags, options)(dense, ids)
            log(shape.name, batch, name, "compiled")


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-peers/run", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default=",".join(shapes.ALL), help="which networks (default: all)")
    parser.add_argument("--batches", default=",".join(map(str, BATCHES)),
                        help=f"of sequences only as many as have {shapes.MOST_STEPS} steps in all")
    parser.add_argument("--variants", default="eager,compile,max-autotune,reckon",
                        help="which sides; max-autotune runs for DLRM dim 128 at batch 1, 2048 and 65536")
    parser.add_argument("--rows", type=int, default=2000000, help="rows of every table (default 2000000)")
    parser.add_argument("--engines", default=first_existing("build/gpu-bundle/bench-engines", "bench-engines"),
                        help="folder of NAME.rkn")
    parser.add_argument("--json", default=os.path.join(ROOT, "build", "gpu-peers.json"), help="results, added to")
    parser.add_argument("--seconds", type=float, default=0.25, help="how long each time is taken for")
    parser.add_argument("--budget", type=float, default=1e9, help="seconds after which no new case begins")
    parser.add_argument("--quick", action="store_true", help="eager and Reckon only, short times")
    parser.add_argument("--missing", action="store_true", help="only what the JSON file does not hold yet")
    parser.add_argument("--prepare", action="store_true", help="first compile for torch in parallel")
    parser.add_argument("--compile-only", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--no-write", action="store_true", help="leave docs/performance.md alone")
    arguments = parser.parse_args()
    names, batches = arguments.models.split(","), [int(batch) for batch in arguments.batches.split(",")]
    unknown = [name for name in names if name not in shapes.ALL]
    if unknown:
        parser.error(f"no model {', '.join(unknown)}; there are {', '.join(shapes.ALL)}")
    torch.set_grad_enabled(False)
    if arguments.compile_only:
        for name in names:
            for batch in filter(shapes.ALL[name].takes, batches):
                compile_only(shapes.ALL[name], batch, arguments.rows)
        return 0
    wanted = arguments.variants.split(",")
    if arguments.quick:
        wanted, arguments.seconds = [w for w in wanted if w in ("eager", "reckon")], 0.05
    if arguments.prepare and prepare(arguments, names, batches):
        log("some network did not compile for torch")

    results = report.load(arguments.json)
    results["ceilings"] = timing.ceilings()
    results["machine"] = {
        "gpu": torch.cuda.get_device_name(), "torch": torch.__version__, "cuda": torch.version.cuda,
        "driver": subprocess.run(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"], text=True,
                                 stdout=subprocess.PIPE).stdout.strip().split("\n")[0],
        "reckon": f"reckon {reckon.__version__}"}
    log(results["machine"], {key: f"{value:.4g}" for key, value in results["ceilings"].items()})
    failures = 0
    for name in names:
        shape = shapes.ALL[name]
        tables = {table: networks.synthetic_rows(table, arguments.rows, dim, SEED) for table, dim in shape.tables}
        torch.cuda.synchronize()
        log(name, "tables made")
        engine, path = None, os.path.join(arguments.engines, name + ".rkn")
        if "reckon" in wanted and not os.path.exists(path):
            log(f"{path} is not there: Reckon's side is left out")
        elif "reckon" in wanted:
            engine = reckon.load(path, tables=reckon.SyntheticRows(arguments.rows, SEED), device="cuda")
            log(name, "engine opened")
        for batch in filter(shape.takes, batches):
            entry = results["cases"].setdefault(f"{name}/{batch}", {})
            missing = [w for w in wanted if not any(w in known.lower() for known in entry)] if arguments.missing else wanted
            if not missing or time.perf_counter() - START > arguments.budget:
                log(name, batch, "left out")
                continue

            def record(variant, result):
                nonlocal failures
                failures += variant == "Reckon" and "failed" in result
                entry[variant] = {**result, "date": str(datetime.date.today()), "rows": arguments.rows}
                report.save(arguments.json, results)
                log(f"{name} {batch} {variant}:", ", ".join(
                    f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in result.items()))
            case = Case(shape, batch, arguments.rows, tables)
            run_case(case, engine, missing, arguments.seconds, entry, record)
            del case
            gc.collect()
            torch.cuda.empty_cache()
        del engine, tables
        gc.collect()
        torch.cuda.empty_cache()
    report.save(arguments.json, results)
    print(report.table(results))
    if not arguments.no_write:
        report.write(results)
    return 1 if failures else 0


if __name__ == "__main__":
    START = time.perf_counter()
    sys.exit(main())
