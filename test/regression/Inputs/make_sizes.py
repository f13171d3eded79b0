"""make_sizes.py FOLDER: models that assume something of their sizes, and inputs of fewer and more elements than that."""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, nodes, inputs, weights=()):
    """`inputs` are (name, element type, shape); the output is y."""
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(np.array(value), key) for key, value in dict(weights).items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


def node(kind, inputs, output="y", **attributes):
    return helper.make_node(kind, inputs, [output], name=attributes.pop("name", output), **attributes)


FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
row = [("x", FLOAT, ["T"])]
length = [node("Shape", ["x"], "length")]

# Padding to ten elements, made in three ways.
missing = length + [node("Sub", ["ten", "length"], "missing")]
joined = [node("Concat", ["x", "pad"], axis=0)]
ten = {"ten": np.array([10]), "zero": np.float32([0])}
save("pad_constant", missing + [node("ConstantOfShape", ["missing"], "pad")] + joined, row, ten)
save("pad_expand", missing + [node("Expand", ["zero", "missing"], "pad")] + joined, row, ten)
save("pad_tile", missing + [node("Tile", ["zero", "missing"], "pad")] + joined, row, ten)
save("last_three", length + [node("Sub", ["length", "three"], "start"), node("Slice", ["x", "start", "end"])], row,
     {"three": np.array([3]), "end": np.array([2**63 - 1])})
save("topk", [helper.make_node("TopK", ["x", "k"], ["y", "at"], name="pick")], row, {"k": np.array([4])})
save("gather_last", [node("Gather", ["x", "i"])], row, {"i": np.array([-4])})
save("rows_of_4", [node("Reshape", ["x", "shape"])], row, {"shape": np.array([-1, 4])})
save("positions", length + [node("Slice", ["table", "from", "length"], "pos"), node("Add", ["x", "pos"])], row,
     {"table": np.arange(6, dtype=np.float32), "from": np.array([0])})
wide = [("x", FLOAT, ["N", 4]), ("i", INT64, ["M", 4]), ("u", FLOAT, ["M", 4])]
save("scatter", [node("ScatterElements", ["x", "i", "u"], axis=1)], wide)
save("gather_elements", [node("GatherElements", ["x", "i"], axis=1)], wide[:2])

for count in (0, 1, 2, 3, 4, 6, 7, 8, 10, 11, 40):
    np.save(os.path.join(folder, f"row{count}.npy"), np.arange(count, dtype=np.float32))
    np.save(os.path.join(folder, f"rows{count}.npy"), np.ones((count, 4), np.float32))
    np.save(os.path.join(folder, f"ids{count}.npy"), np.zeros((count, 4), np.int64))
