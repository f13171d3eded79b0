"""make_unnamed_dims.py FOLDER: a model whose inputs share dimensions that nobody named, and arrays for it."""

import os
import sys

import numpy as np
from onnx import TensorProto, helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


# z = concat(x + y, w): x and y have no names at all, w has its own.
nodes = [helper.make_node("Add", ["x", "y"], ["s"], "the_sum"),
         helper.make_node("Concat", ["s", "w"], ["z"], "the_concat", axis=1)]
graph = helper.make_graph(nodes, "g", [value("x", [None, 3]), value("y", [None, 3]), value("w", ["samples", None])],
                          [value("z", [None, None])])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
with open(os.path.join(folder, "model.onnx"), "wb") as out:
    out.write(model.SerializeToString())

for name, shape in (("x", (5, 3)), ("y", (5, 3)), ("w", (5, 2)), ("one", (1, 3)), ("long", (6, 2))):
    np.save(os.path.join(folder, name + ".npy"), np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
