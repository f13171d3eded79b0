"""Recurrent layers of every kind as ONNX: writes FOLDER/NAME.onnx, and compiles each with `--verify`.

  recurrent_layers.py FOLDER [flags of reckon-compile ...]
"""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

# As (cell, direction, hidden, steps, inputs, with lengths and states): units of part of a vector, of odd numbers, of several
# tiles a warp, and more than the shared memory or the registers of a block of a GPU hold.
LAYERS = [("gru", "forward", 64, 20, 64, False), ("gru", "bidirectional", 100, 7, 30, True), ("gru-first", "reverse", 33, 5, 8, True),
          ("lstm", "forward", 128, 20, 16, False), ("lstm", "bidirectional", 17, 6, 5, True), ("lstm", "reverse", 150, 3, 40, True),
          ("rnn", "bidirectional", 8, 9, 8, True), ("gru", "forward", 300, 4, 32, False), ("lstm", "forward", 1, 3, 2, True),
          ("gru-first", "bidirectional", 128, 5, 128, False)]


def name_of(cell, direction, hidden, steps, inputs, full):
    return f"{cell}-{direction}-{hidden}x{steps}x{inputs}" + ("-full" if full else "")


def make(cell, direction, hidden, steps, inputs, full):
    """A layer with all of its results; `full`: with lengths, first states and, of an LSTM, peepholes. The reset gate of `gru`
    multiplies the product of the state, that of `gru-first` the state."""
    random, value, real = np.random.default_rng(hidden), helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    kind, directions = cell.split("-")[0], 2 if direction == "bidirectional" else 1
    gates = {"gru": 3, "lstm": 4, "rnn": 1}[kind]
    shapes = {"W": (directions, gates * hidden, inputs), "R": (directions, gates * hidden, hidden), "B": (directions, 2 * gates * hidden)}
    if full and kind == "lstm":
        shapes["P"] = (directions, 3 * hidden)
    weights = [numpy_helper.from_array((random.uniform(-1, 1, shape) * hidden ** -0.5).astype(np.float32), key)
               for key, shape in shapes.items()]
    ends = [value("x", real, ["batch", steps, inputs])]
    operands, states = ["xt", "W", "R", "B"], ["h", "c"] if kind == "lstm" else ["h"]
    nodes = [helper.make_node("Transpose", ["x"], ["xt"], perm=[1, 0, 2])]
    if full:
        ends.append(value("lengths", onnx.TensorProto.INT32, ["batch"]))
        ends += [value(state, real, [directions, "batch", hidden]) for state in states]
        operands += ["lengths", *states, *(["P"] if kind == "lstm" else [])]
    attributes = {"hidden_size": hidden, "direction": direction, **({"linear_before_reset": 1} if cell == "gru" else {})}
    nodes.append(helper.make_node(kind.upper(), operands, ["y", *(state + "_last" for state in states)], **attributes))
    results = [value("y", real, [steps, directions, "batch", hidden])]
    results += [value(state + "_last", real, [directions, "batch", hidden]) for state in states]
    graph = helper.make_graph(nodes, "recurrent", ends, results, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main():
    folder, *flags = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    agreed = 0
    for layer in LAYERS:
        path = os.path.join(folder, name_of(*layer))
        onnx.save(make(*layer), path + ".onnx")
        done = subprocess.run(["reckon-compile", path + ".onnx", "-o", path + ".rkn", *flags], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(f"{name_of(*layer)}:\n{done.stdout}")
        agreed += done.stdout.count(", ok")
    print(f"{len(LAYERS)} layers compiled, {agreed} results agree")


if __name__ == "__main__":
    main()
