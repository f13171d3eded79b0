"""make_big_table.py FOLDER ROWS DIM: model.onnx, a Gather from a table of f32 whose rows are external data in rows.bin: a sparse
file, zeros but for the first number of some rows, which is the row's number; and ids.npy of those rows."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

folder, rows, dim = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
os.makedirs(folder, exist_ok=True)
ids = np.array([0, 1, rows // 2, rows - 1])
with open(os.path.join(folder, "rows.bin"), "wb") as file:
    file.truncate(rows * dim * 4)
    for row in ids:
        file.seek(int(row) * dim * 4)
        file.write(np.float32(row).tobytes())
table = TensorProto(name="emb", data_type=TensorProto.FLOAT, dims=[rows, dim], data_location=TensorProto.EXTERNAL)
for key, value in (("location", "rows.bin"), ("offset", "0"), ("length", str(rows * dim * 4))):
    table.external_data.add(key=key, value=value)
graph = helper.make_graph([helper.make_node("Gather", ["emb", "ids"], ["y"], name="lookup")], "big",
                          [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch"])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", dim])], [table])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
with open(os.path.join(folder, "model.onnx"), "wb") as file:
    file.write(model.SerializeToString())
np.save(os.path.join(folder, "ids.npy"), ids)
