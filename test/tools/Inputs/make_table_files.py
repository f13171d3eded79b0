"""Writes to the folder argv[1] a model of one table, whose input has a '=' in its name, and files with rows."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
rows = np.arange(12, dtype=np.float32).reshape(4, 3)
nodes = [helper.make_node("Gather", ["emb.weight", "id=a"], ["y"])]
# The names of these outputs give one file name each way.
nodes += [helper.make_node("Neg", ["y"], [name]) for name in ("a/b", "a_b", "a_b.1")]
outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", 3]) for name in ("y", "a/b", "a_b", "a_b.1")]
graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("id=a", TensorProto.INT64, ["B"])], outputs,
                          [numpy_helper.from_array(rows + 100, "emb.weight")])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, out + "/model.onnx")
np.save(out + "/ids.npy", np.array([2, 0], dtype=np.int64))
np.save(out + "/rows.npy", rows)
np.save(out + "/wide.npy", np.zeros((4, 6), np.float32))
np.save(out + "/ints.npy", np.zeros((4, 3), np.int32))
np.save(out + "/flat.npy", rows.reshape(-1))
rows.tofile(out + "/rows.raw")
# The same rows with a scale of 0.5 and a bias of -2 at the head.
head = np.tile(np.array([0.5, -2], dtype=np.float16).view(np.uint8), (4, 1))
np.save(out + "/int8.npy", np.concatenate([head, (2 * (rows + 2)).astype(np.uint8)], axis=1))
with open(out + "/partial.raw", "wb") as file:
    file.write(rows.tobytes()[:-2])
# Changes: rows 2 and 0, a row that is deleted, one that is not there.
np.save(out + "/new_ids.npy", np.array([2, 0], dtype=np.int32))
np.save(out + "/new_rows.npy", np.array([[1, 2, 3], [4, 5, 6]], np.float32))
np.save(out + "/deleted.npy", np.array([2], dtype=np.int64))
np.save(out + "/outside.npy", np.array([4], dtype=np.int64))
