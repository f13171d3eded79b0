"""Writes to the folder argv[1] a model of integer arithmetic and logarithms, and its inputs."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def scalar(name, value):
    return numpy_helper.from_array(np.array(value, dtype=np.int64), name)


constants = [scalar("two", 2), scalar("start", 2**53), scalar("limit", 2**53 + 3), scalar("one", 1),
             scalar("five", 5), scalar("far", 2**53 + 7), scalar("step", 2**53 + 1),
             numpy_helper.from_array(np.array([3, 2, -1, -1], dtype=np.int64), "bases")]
nodes = [
    helper.make_node("Pow", ["i", "two"], ["square"]),
    helper.make_node("Pow", ["bases", "e"], ["power"]),
    helper.make_node("Range", ["start", "limit", "one"], ["counting"]),
    helper.make_node("Sub", ["counting", "minus"], ["range"]),
    helper.make_node("Range", ["five", "far", "step"], ["strides"]),
    helper.make_node("Add", ["strides", "zero"], ["steps"]),
    helper.make_node("Log", ["x"], ["log"]),
]
constants += [scalar("minus", -1), scalar("zero", 0)]
inputs = [helper.make_tensor_value_info("i", TensorProto.INT64, ["N"]),
          helper.make_tensor_value_info("e", TensorProto.INT64, [4]),
          helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M"])]
outputs = [helper.make_tensor_value_info(name, TensorProto.INT64, None) for name in ("square", "power", "range", "steps")]
outputs.append(helper.make_tensor_value_info("log", TensorProto.FLOAT, ["M"]))
model = helper.make_model(helper.make_graph(nodes, "g", inputs, outputs, constants),
                          opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, out + "/model.onnx")
np.save(out + "/i.npy", np.array([2**30 + 1, 94906267], dtype=np.int64))
np.save(out + "/e.npy", np.array([20, -3, -3, -2], dtype=np.int64))
np.save(out + "/x.npy", np.array([1.4e-45, 1e-40, 0, 1], dtype=np.float32))
