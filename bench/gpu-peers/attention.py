"""Times attention alone, in half precision, in Reckon and torch's scaled_dot_product_attention in turn on the GPU of this machine.

A case is WEIGHTS:LENGTH:BATCH:HEADS:DIM. Weights are softmax of the scores, or silu divided by the length, as HSTU has them, where torch
still runs softmax, which is what it has a kernel for. No query sees keys behind it, and all sequences are full. Queries, keys and values are one matrix
of a token a row, as a linear layer in front writes them; torch gets slices of it, and the faster of its kernels counts. Reckon's result
is compared with attention in double precision. The last columns are operations that are needed, without those behind
a query, and the time as a multiple of a copy of the same bytes. An engine is DIR/CASE.rkn (silu_2048_16_4_128.rkn); one that is not there is compiled, where
there is a compiler; `--make=DIR` compiles those of all cases and needs no GPU.
"""

import argparse
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import numpy as np  # noqa: E402

CASES = ["silu:2048:16:4:128", "silu:128:512:4:128", "softmax:2048:16:4:128", "softmax:128:512:4:128", "softmax:200:512:2:64"]
TOLERANCE = 4e-3  # of the greatest result


def parts_of(case):
    weights, *sizes = case.split(":")
    return weights, *map(int, sizes)


def model_of(case):
    import onnx
    from onnx import helper, numpy_helper
    weights, length, _, heads, dim = parts_of(case)
    half, nodes, constants = onnx.TensorProto.FLOAT16, [], []

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name
    tokens = node("Reshape", ["x", constant("split", np.array([0, length, 3, heads, dim]))], "tokens")
    stacked = node("Transpose", [tokens], "stacked", perm=[2, 0, 3, 1, 4])
    query, key, value = (node("Gather", [stacked, constant(f"part {k}", np.int64(k))], name, axis=0)
                         for k, name in enumerate(("query", "key", "value")))
    turned = node("Transpose", [key], "turned", perm=[0, 1, 3, 2])
    scores = node("Mul", [node("MatMul", [query, turned], "scores"), constant("scale", np.float16(dim ** -0.5))], "scaled")
    later = constant("later", np.triu(np.ones((length, length), bool), 1))
    least = -np.inf if weights == "softmax" else -1e4
    scores = node("Where", [later, constant("least", np.float16(least)), scores], "past")
    if weights == "silu":
        gated = node("Mul", [scores, node("Sigmoid", [scores], "gate")], "gated")
        scores = node("Div", [gated, constant("length", np.float16(length))], "weights")
    else:
        scores = node("Softmax", [scores], "weights", axis=-1)
    mixed = node("Transpose", [node("MatMul", [scores, value], "mixed")], "rows", perm=[0, 2, 1, 3])
    out = node("Reshape", [mixed, constant("joined", np.array([0, length, heads * dim]))], "y")
    shape = ["batch", length, heads * dim]
    graph = helper.make_graph(nodes, "attention", [helper.make_tensor_value_info("x", half, [*shape[:2], 3 * heads * dim])],
                              [helper.make_tensor_value_info(out, half, shape)], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def engine_of(folder, case):
    path = os.path.join(folder, case.replace(":", "_") + ".rkn")
    if not os.path.exists(path):
        import onnx
        onnx.save(model_of(case), path + ".onnx")
        subprocess.run([os.path.join(ROOT, "build", "bin", "reckon-compile"), path + ".onnx", "-o", path, "--target=cuda",
                        "--precision=fp16"], check=True, stdout=subprocess.DEVNULL)
        os.remove(path + ".onnx")
    return path


def reference(case, x):
    import torch
    weights, length, _, heads, dim = parts_of(case)
    query, key, value = x.double().view(-1, length, 3, heads, dim).permute(2, 0, 3, 1, 4)
    scores = query @ key.transpose(2, 3) * float(np.float16(dim ** -0.5))
    later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
    scores.masked_fill_(later, -float("inf") if weights == "softmax" else -1e4)
    scores = torch.softmax(scores, -1) if weights == "softmax" else torch.nn.functional.silu(scores) / length
    return (scores @ value).transpose(1, 2).reshape(len(x), length, heads * dim)


def peers(case, x):
    """What replays torch's kernels, by their names."""
    import torch
    import timing
    from torch.nn.attention import SDPBackend, sdpa_kernel
    _, length, _, heads, dim = parts_of(case)
    query, key, value = x.view(-1, length, 3, heads, dim).permute(2, 0, 3, 1, 4)
    for backend in (SDPBackend.FLASH_ATTENTION, SDPBackend.CUDNN_ATTENTION):
        def attend(q, k, v, backend=backend):
            with sdpa_kernel(backend):
                return torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        try:
            yield backend.name, timing.capture(attend, [(query, key, value)])[0][0].replay
        except RuntimeError as error:
            print(f"attention: {case}: {backend.name}: {str(error).splitlines()[0]}", file=sys.stderr)


def measure(case, engine, seconds):
    import torch
    import timing
    _, length, batch, heads, dim = parts_of(case)
    torch.manual_seed(1)
    x = torch.randn(batch, length, 3 * heads * dim, device="cuda", dtype=torch.float16)
    bound = engine.create_context().bind({"x": x})
    [ours] = bound.run().values()
    few = min(batch, 2)
    expected = reference(case, x[:few])
    error = float((ours[:few].double() - expected).abs().max() / expected.abs().max())
    if not error <= TOLERANCE:
        sys.exit(f"attention: {case}: the result is off by {error} of its greatest")
    theirs = dict(peers(case, x))
    source = torch.empty(2 * batch * length * heads * dim, device="cuda", dtype=torch.float16)
    target = torch.empty_like(source)
    sides = [bound.run, lambda: target.copy_(source), *theirs.values()]
    turns = [[timing.by_events([side], seconds) for side in sides] for _ in range(2)]
    mine, copy, *others = (sum(times) / len(times) for times in zip(*turns))
    best = min(zip(others, theirs), default=(float("nan"), "none"))
    flops = 4 * batch * heads * dim * length * (length + 1) / 2
    return [f"{mine:.1f}", f"{best[0]:.1f}", best[1].lower().replace("_attention", ""), f"{best[0] / mine:.2f}",
            f"{flops / mine / 1e6:.0f}", f"{mine / copy:.2f}"]


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-peers/attention", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, metavar="CASE")
    parser.add_argument("--engines", metavar="DIR")
    parser.add_argument("--make", metavar="DIR")
    parser.add_argument("--seconds", type=float, default=0.1)
    arguments = parser.parse_args()
    if arguments.make:
        os.makedirs(arguments.make, exist_ok=True)
        return [engine_of(arguments.make, case) for case in arguments.cases]
    import torch
    import package
    reckon = package.load()
    print("| case | Reckon, us | torch, us | torch's kernel | ratio | Reckon, TFLOP/s | of a copy |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for case in arguments.cases:
            engine = reckon.load(engine_of(arguments.engines or made, case), device="cuda")
            print(f"| {case} | {' | '.join(measure(case, engine, arguments.seconds))} |", flush=True)
    print(f"\n{torch.cuda.get_device_name()}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
