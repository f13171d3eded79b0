"""Writes to the folder argv[1] a model and other states of it: with other weights, with another factor, which is a constant of the code,
and with another layer."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def save(name, seed, factor, activation):
    random = np.random.default_rng(seed)
    arrays = {"w": random.standard_normal((4, 8)), "b": random.standard_normal(8), "v": random.standard_normal((8, 2)),
              "factor": np.array([factor])}
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"], name="fc1"),
             helper.make_node(activation, ["h"], ["r"], name="act"),
             helper.make_node("Mul", ["r", "factor"], ["scaled"], name="scale"),
             helper.make_node("MatMul", ["scaled", "v"], ["y"], name="fc2")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
                              [numpy_helper.from_array(value.astype(np.float32), key) for key, value in arrays.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, f"{out}/{name}.onnx")


save("model", 1, 3, "Tanh")
save("retrained", 2, 3, "Tanh")
save("factor", 2, 5, "Tanh")
save("graph", 2, 3, "Sigmoid")
