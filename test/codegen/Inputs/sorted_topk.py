"""Top-k of many elements in every element type, along both axes, greatest and least: `write FOLDER`, then `check FOLDER`."""

import os
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

TYPES = ["float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint8"]
K, SHAPE = 300, (700, 600)  # both axes are long enough for a sort, and not for one that keeps everything
FORMS = [(axis, largest) for axis in (0, 1) for largest in (0, 1)]
LONG = (3, 20000)  # long enough for a bound from a sample


def make_input(dtype, random, shape=SHAPE):
    """Many equals; of floats NaN, infinities and both zeros; of integers the extremes."""
    if np.dtype(dtype).kind == "f":
        x = np.round(random.standard_normal(shape) * 20).astype(dtype)
        for value in (np.nan, np.inf, -np.inf, -0.0):
            x[random.random(shape) < 0.02] = value
        x[0] = np.nan
        return x
    limits = np.iinfo(dtype)
    x = random.integers(limits.min, limits.max, SHAPE, dtype=dtype, endpoint=True)
    x[:, ::2] = x[:, ::2] % 7
    return x


def expected(x, axis, largest):
    """Indices: NaN is the greatest, and equals go by index."""
    lines = np.moveaxis(x, axis, -1)
    isNan = np.isnan(lines) if lines.dtype.kind == "f" else np.zeros(lines.shape, bool)
    numbers = np.where(isNan, 0, lines)
    # Ranks among the different numbers can be negated, which the least integer cannot.
    ranks = np.where(isNan, x.size, np.unique(numbers, return_inverse=True)[1].reshape(lines.shape))
    order = np.argsort(-ranks if largest else ranks, axis=-1, kind="stable")[..., :K]
    return np.moveaxis(order, -1, axis)


def forms(name):
    return [form for form in FORMS if name != "long" or form[0] == 1]


def make_inputs():
    random = np.random.default_rng(5)
    inputs = {name: make_input(name, random) for name in TYPES}
    long = make_input("float32", random, LONG)
    long[2] = np.arange(LONG[1]) / 3  # rows of NaN, of many equals, of none
    return {**inputs, "long": long}


def main():
    command, folder = sys.argv[1:]
    inputs = make_inputs()
    if command == "write":
        os.makedirs(folder, exist_ok=True)
        nodes, outputs = [], []
        for name, x in inputs.items():
            np.save(os.path.join(folder, name + ".npy"), x)
            for axis, largest in forms(name):
                result = f"{name}_{axis}_{largest}"
                nodes.append(helper.make_node("TopK", [name, "k"], [result, result + "_at"], axis=axis, largest=largest))
                outputs += [helper.make_tensor_value_info(result, onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[x.dtype], None),
                            helper.make_tensor_value_info(result + "_at", onnx.TensorProto.INT64, None)]
        graph = helper.make_graph(
            nodes, "topk",
            [helper.make_tensor_value_info(name, onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[x.dtype],
                                            ["rows", "columns"] if name == "long" else ["m", "n"])
             for name, x in inputs.items()], outputs, [numpy_helper.from_array(np.array([K]), "k")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
                  os.path.join(folder, "m.onnx"))
        print(" ".join(f"--input {name}={folder}/{name}.npy" for name in inputs))
        return
    wrong = 0
    for name, x in inputs.items():
        for axis, largest in forms(name):
            result = os.path.join(folder, f"{name}_{axis}_{largest}")
            at, values = np.load(result + "_at.npy"), np.load(result + ".npy")
            wanted = expected(x, axis, largest)
            if not np.array_equal(at, wanted) or not np.array_equal(
                    values, np.take_along_axis(x, wanted, axis), equal_nan=x.dtype.kind == "f"):
                wrong += 1
                print(f"{name}, axis {axis}, {'greatest' if largest else 'least'}: differs")
    print(f"{sum(len(forms(name)) for name in inputs) - wrong} agree, {wrong} differ")
    sys.exit(wrong != 0)


main()
