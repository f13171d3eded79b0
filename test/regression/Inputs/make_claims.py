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

# 10^12 elements of one value, made while the model is compiled.
many = numpy_helper.from_array(np.array([1000000, 1000000], dtype=np.int64), "many")
one = numpy_helper.from_array(np.ones(1, np.float32), "one")
save("expand", [helper.make_node("Expand", ["one", "many"], ["c"]), helper.make_node("ReduceSum", ["c"], ["s"], keepdims=0),
                helper.make_node("Add", ["x", "s"], ["y"])], [many, one])
bounds = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in (("a", 0), ("b", 10**12), ("d", 1))]
save("range", [helper.make_node("Range", ["a", "b", "d"], ["c"]), helper.make_node("ReduceSum", ["c"], ["s"], keepdims=0),
               helper.make_node("Cast", ["s"], ["f"], to=TensorProto.FLOAT), helper.make_node("Add", ["x", "f"], ["y"])], bounds)

# A long way down: nothing that walks a graph calls itself a layer at a time, or looks at all layers for each.
layers = 20000
save("deep", [helper.make_node("Relu" if k % 2 else "Neg", [f"v{k}" if k else "x"], [f"v{k + 1}" if k + 1 < layers else "y"])
              for k in range(layers)])

save("wide", [helper.make_node("Relu", ["x"], ["y"])], width=1 << 37)

os.mkfifo(os.path.join(folder, "pipe"))
os.symlink("/dev/zero", os.path.join(folder, "device"))
for location in ("pipe", "device"):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 2], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    save(location, [helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])
