"""make_fixed_batch.py FOLDER: a model exported with a batch of 5, and inputs of other batches."""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
weights = {"shape": np.array([5, 2, 2]), "state": np.full((5, 2, 1), 0.5, np.float32)}
graph = helper.make_graph(
    [helper.make_node("Reshape", ["x", "shape"], ["r"]), helper.make_node("Concat", ["r", "state"], ["y"], axis=2)], "fixed",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [5, 4])], [helper.make_empty_tensor_value_info("y")],
    [numpy_helper.from_array(value, key) for key, value in weights.items()])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
with open(os.path.join(folder, "m.onnx"), "wb") as file:
    file.write(model.SerializeToString())
for batch in 5, 7:
    np.save(os.path.join(folder, f"x{batch}.npy"), np.arange(4 * batch, dtype=np.float32).reshape(batch, 4))
