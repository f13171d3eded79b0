"""A Gather of rows by ids, some of them negative: `make_gather.py FOLDER`."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder)
table = np.arange(21, dtype=np.float32).reshape(7, 3)
graph = helper.make_graph(
    [helper.make_node("Gather", ["emb", "ids"], ["y"])], "gather",
    [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
    [numpy_helper.from_array(table, "emb")])
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
          os.path.join(folder, "m.onnx"))
ids = np.array([3, -1, 0, -7, 6])
np.save(os.path.join(folder, "ids.npy"), ids)
np.save(os.path.join(folder, "before.npy"), np.where(ids == 3, -8, ids))
np.save(os.path.join(folder, "expected.npy"), table[ids])
