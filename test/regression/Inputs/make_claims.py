"""make_claims.py FOLDER: ONNX models of a few bytes that claim more than memory holds, or data where there is none."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, nodes, weights=(), sparse=(), width=1):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", width])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)], list(weights),
                              sparse_initializer=list(sparse))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


size = numpy_helper.from_array(np.array([1 << 33], dtype=np.int64), "size")
save("splat", [helper.make_node("ConstantOfShape", ["size"], ["c"]), helper.make_node("Add", ["x", "c"], ["y"])],
     [size])

sparse = onnx.SparseTensorProto()
sparse.values.CopyFrom(numpy_helper.from_array(np.ones(1, np.float32), "w"))
sparse.indices.CopyFrom(numpy_helper.from_array(np.array([0], dtype=np.int64), "w.at"))
sparse.dims.append(1 << 31)
save("sparse", [helper.make_node("Add", ["x", "w"], ["y"])], sparse=[sparse])

save("wide", [helper.make_node("Relu", ["x"], ["y"])], width=1 << 40)

os.mkfifo(os.path.join(folder, "pipe"))
os.symlink("/dev/zero", os.path.join(folder, "device"))
for location in ("pipe", "device"):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 2], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    save(location, [helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])
