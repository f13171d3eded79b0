"""Times recurrent layers in Reckon and onnxruntime, interleaved, and compares what they give.

  bench/cpu-peers/run recurrent [--threads=2] [--batch=1,64,1024] [CASE ...]

A case is CELL:HIDDEN:STEPS; the cell is gru, lstm, rnn, or one of them with `-both` for both directions. The model is what
torch exports of one such layer with `batch_first` over vectors of as many numbers as it has units, its last state, and a
linear layer, as in GRU4Rec. `--write=DIR` writes the models and does nothing else.
"""

import argparse
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELLS = ["gru", "lstm", "gru-both"]
CASES = [f"{cell}:{hidden}:{steps}" for cell in CELLS for hidden in (64, 100, 128) for steps in (20, 50)]
GATES = {"gru": 3, "lstm": 4, "rnn": 1}
ITEMS = 16  # scores of the linear layer


def model_of(case):
    cell, hidden, steps = case.split(":")
    hidden, steps = int(hidden), int(steps)
    cell, _, both = cell.partition("-")
    directions, gates = (2 if both else 1), GATES[cell]
    random = np.random.default_rng(hidden * steps)

    def weight(name, *shape):
        array = random.uniform(-1, 1, shape) * hidden ** -0.5
        return numpy_helper.from_array(array.astype(np.float32), name)

    def sizes(name, *values):
        return numpy_helper.from_array(np.array(values, np.int64), name)

    weights = [weight("rnn.W", directions, gates * hidden, hidden), weight("rnn.R", directions, gates * hidden, hidden),
               weight("rnn.B", directions, 2 * gates * hidden), weight("out.weight", directions * hidden, ITEMS),
               weight("out.bias", ITEMS), sizes("row", -1, directions * hidden)]
    attributes = {"hidden_size": hidden, "direction": "bidirectional" if both else "forward"}
    if cell == "gru":
        attributes["linear_before_reset"] = 1
    outputs = ["steps", "last"] + (["cell"] if cell == "lstm" else [])
    nodes = [helper.make_node("Transpose", ["x"], ["x.t"], perm=[1, 0, 2]),
             helper.make_node(cell.upper(), ["x.t", "rnn.W", "rnn.R", "rnn.B"], outputs, **attributes),
             helper.make_node("Transpose", ["last"], ["last.t"], perm=[1, 0, 2]),
             helper.make_node("Reshape", ["last.t", "row"], ["state"]),
             helper.make_node("Gemm", ["state", "out.weight", "out.bias"], ["scores"])]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, case.replace(":", "_").replace("-", "_"),
                              [value("x", TensorProto.FLOAT, ["batch", steps, hidden])],
                              [value("scores", TensorProto.FLOAT, ["batch", ITEMS])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    return model


def inputs_of(case, batch):
    _, hidden, steps = case.split(":")
    return {"x": np.random.default_rng(batch).standard_normal((batch, int(steps), int(hidden))).astype(np.float32)}


def main():
    parser = argparse.ArgumentParser(prog="bench/cpu-peers/run recurrent", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, metavar="CASE")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", default="1,64,1024")
    parser.add_argument("--rounds", type=int, default=5, help="blocks of each side")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a block")
    parser.add_argument("--write", metavar="DIR", help="write the models there and measure nothing")
    arguments = parser.parse_args()
    if arguments.write:
        for case in arguments.cases:
            folder = os.path.join(arguments.write, case.replace(":", "_"))
            os.makedirs(folder, exist_ok=True)
            onnx.save(model_of(case), os.path.join(folder, "model.onnx"))
        return

    import compare  # imports the peer, which the machine that writes may lack
    scratch = os.path.join(compare.ROOT, "build", "bench")
    os.makedirs(scratch, exist_ok=True)
    model, engine_path = os.path.join(scratch, "recurrent.onnx"), os.path.join(scratch, "recurrent.rkn")
    ratios = []
    for case in arguments.cases:
        onnx.save(model_of(case), model)
        subprocess.run([os.path.join(compare.ROOT, "build", "bin", "reckon-compile"), model, "-o", engine_path], check=True,
                       stdout=subprocess.DEVNULL)
        peer, engine = compare.Peer(model, arguments.threads), compare.reckon.load(engine_path, threads=arguments.threads)
        for batch in map(int, arguments.batch.split(",")):
            inputs = inputs_of(case, batch)
            bound = engine.create_context().bind(inputs)
            peer.bind(inputs)
            if error := compare.mismatch(bound.run(), peer.outputs()):
                sys.exit(f"{case}, batch {batch}: {error}")
            ours, theirs = compare.measure((bound, peer), arguments.rounds, arguments.seconds)
            ratios.append(theirs / ours)
            print(f"{case:16} batch {batch:5}  Reckon {ours:9.1f} us  onnxruntime {theirs:9.1f} us  ratio {theirs / ours:.2f}",
                  flush=True)
    print(f"geometric mean {compare.geometric_mean(ratios):.2f}, worst {min(ratios):.2f}; {compare.setting(arguments.threads)}")


if __name__ == "__main__":
    main()
