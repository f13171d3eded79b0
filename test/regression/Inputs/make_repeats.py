"""make_repeats.py FOLDER: models whose operands are repeated as numpy does it where a size is 1 at run time alone; compiles each
once, and compares every set of sizes with numpy: the answer, or that there is none."""

import itertools
import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
os.chdir(folder)
FLOAT = TensorProto.FLOAT
generator = np.random.default_rng(0)
BIAS = generator.standard_normal((5, 4)).astype(np.float32)


def node(kind, inputs, output="y", **attributes):
    return helper.make_node(kind, inputs, [output], name=output, **attributes)


def expand(x, z):
    return np.broadcast_to(x, np.broadcast_shapes(x.shape, z.shape))


ends = {"from": np.array([0]), "to": np.array([1]), "axis": np.array([1])}
# Nodes, inputs, weights, and what numpy makes of the inputs.
MODELS = {
    "add": ([node("Add", ["x", "z"])], {"x": ["N", 4], "z": ["M", 4]}, {}, lambda x, z: x + z),
    # The first column of any number of columns, none included.
    "column": ([node("Slice", ["x", "from", "to", "axis"], "first"), node("Sub", ["x", "first"])], {"x": ["N", "M"]}, ends,
               lambda x: x - x[:, :1]),
    "matmul": ([node("MatMul", ["x", "z"])], {"x": ["N", 2, 4], "z": ["M", 4, 3]}, {}, lambda x, z: x @ z),
    "expand": ([node("Shape", ["z"], "shape"), node("Expand", ["x", "shape"])], {"x": ["N", 4], "z": ["M", 4]}, {}, expand),
    "where": ([node("Greater", ["x", "zero"], "positive"), node("Where", ["positive", "x", "z"])], {"x": ["N", 4], "z": ["M", 4]},
              {"zero": np.float32(0)}, lambda x, z: np.where(x > 0, x, z)),
    "constant": ([node("Add", ["x", "bias"])], {"x": ["N", 4]}, {"bias": BIAS}, lambda x: x + BIAS),
    # What is repeated is computed first, and what comes out is used further.
    "towers": ([node("Relu", ["x"], "user"), node("Tanh", ["z"], "item"), node("Mul", ["user", "item"], "both"),
                node("ReduceSum", ["both", "axis"], "score", keepdims=1), node("Concat", ["both", "score"], axis=1)],
               {"x": ["N", 40], "z": ["M", 40]}, ends,
               lambda x, z: np.concatenate([np.maximum(x, 0) * np.tanh(z), (np.maximum(x, 0) * np.tanh(z)).sum(1, keepdims=True)], 1)),
    # A concat needs its operands equal: so there is one size, and nothing to repeat.
    "equal": ([node("Mul", ["x", "z"], "both"), node("Concat", ["both", "x", "z"], axis=1)], {"x": ["N", 4], "z": ["M", 4]}, {},
              lambda x, z: np.concatenate([x * z, x, z], 1)),
}

for name, (nodes, inputs, weights, meaning) in MODELS.items():
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(key, FLOAT, shape) for key, shape in inputs.items()],
                              [helper.make_tensor_value_info("y", FLOAT, None)],
                              [numpy_helper.from_array(np.array(value), key) for key, value in weights.items()])
    with open(name + ".onnx", "wb") as file:
        file.write(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())
    subprocess.run(["reckon-compile", name + ".onnx", "-o", name + ".rkn", "--check-kernels"], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    right = refused = 0
    for n, m in itertools.product([0, 1, 2, 5, 33], repeat=2):
        arrays = {key: generator.standard_normal([{"N": n, "M": m}.get(size, size) for size in shape]).astype(np.float32)
                  for key, shape in inputs.items()}
        words = ["reckon-run", name + ".rkn", "--output-dir", "out"]
        for key, array in arrays.items():
            np.save(key + ".npy", array)
            words += ["--input", f"{key}={key}.npy"]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            expected = meaning(*arrays.values())
        except ValueError:
            refused += 1
            assert done.returncode == 2, f"{name} at N = {n}, M = {m}: {done.stdout}"
            message = done.stdout.strip()
            continue
        right += 1
        assert done.returncode == 0, f"{name} at N = {n}, M = {m}: {done.stdout}"
        actual = np.load("out/y.npy")
        assert actual.shape == expected.shape and np.allclose(actual, expected, atol=1e-5), f"{name} at N = {n}, M = {m}"
    print(f"{name}: {right} right, {refused} refused" + (f", the last by: {message}" if refused else ""))
