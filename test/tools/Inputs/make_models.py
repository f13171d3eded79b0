"""make_models.py FOLDER: small ONNX models, and files that are none, for the tests of the tools."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, nodes, weights=(), width=4):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", width])], list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, os.path.join(folder, name + ".onnx"))


rng = np.random.default_rng(0)
weight = numpy_helper.from_array(rng.standard_normal((3, 4)).astype(np.float32), "weight")
bias = numpy_helper.from_array(rng.standard_normal(4).astype(np.float32), "bias")
save("small", [helper.make_node("Gemm", ["x", "weight", "bias"], ["h"], name="gemm"),
               helper.make_node("Relu", ["h"], ["y"], name="relu")], [weight, bias])
save("unsupported", [helper.make_node("DeterminantOfNothing", ["x"], ["h"], name="node_a"),
                     helper.make_node("SpectralNorm", ["x"], ["g"], name="node_b"),
                     helper.make_node("Add", ["h", "g"], ["y"], name="add")], width=3)

# The file name says what is of a version that is not there yet.
for name, ir, opsets in [("future_ir", 15, [("", 17)]), ("future_opset", 8, [("", 26)]), ("future_domain", 8, [("", 17), ("com.microsoft", 2)])]:
    model = onnx.load(os.path.join(folder, "small.onnx"))
    model.ir_version = ir
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid(*opset) for opset in opsets)
    onnx.save(model, os.path.join(folder, name + ".onnx"))

for name in ("garbage.onnx", "garbage.mlir"):
    with open(os.path.join(folder, name), "wb") as file:
        file.write(b"this is no model \xff\xfe\x00")
