"""make_numbers.py FOLDER: models of numbers at their edges: a NaN as an id, norms of zeros, remainders of floats."""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, nodes, shape, weights=()):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
                              [numpy_helper.from_array(np.array(value), key) for key, value in dict(weights).items()])
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString())


for kind, type_number in (("int64", TensorProto.INT64), ("int32", TensorProto.INT32)):
    save(f"ids_{kind}", [helper.make_node("Cast", ["x"], ["i"], to=type_number), helper.make_node("Gather", ["rows", "i"], ["y"])],
         ["B"], {"rows": np.arange(15, dtype=np.float32).reshape(5, 3)})
for p in (1, 2):
    save(f"norm{p}", [helper.make_node("LpNormalization", ["x"], ["y"], p=p, axis=1)], ["B", 4])
save("mod", [helper.make_node("Mod", ["x", "two"], ["y"], name="rest")], ["B", 4], {"two": np.float32(2)})

np.save(os.path.join(folder, "good.npy"), np.float32([3, 0]))
np.save(os.path.join(folder, "nan.npy"), np.float32([3, np.nan]))
np.save(os.path.join(folder, "rows.npy"), np.float32([[0, 0, 0, 0], [3, 4, 0, 0], [np.nan, 1, 1, 1], [0, -2, 0, 0]]))
