"""Writes to the folder argv[1] the model that format-MAJOR.MINOR.rkn was compiled from by the first build that wrote that format
(reckon-compile frozen.onnx -o format-MAJOR.MINOR.rkn --host-cpu=x86-64-v3), and inputs of it. Its numbers are small integers, so that
its outputs are the same on any CPU."""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
random = np.random.default_rng(10)
weights = {"emb": random.integers(-4, 5, (8, 4)), "w1": random.integers(-3, 4, (8, 6)), "b1": random.integers(-5, 6, 6),
           "w2": random.integers(-3, 4, (6, 2)), "b2": random.integers(-5, 6, 2)}
initializers = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()]
initializers.append(numpy_helper.from_array(np.array([1]), "axis"))
nodes = [helper.make_node("Gather", ["emb", "ids"], ["rows"], name="lookup"),
         helper.make_node("ReduceSum", ["rows", "axis"], ["pooled"], name="pool", keepdims=0),
         helper.make_node("Concat", ["x", "pooled"], ["joined"], name="join", axis=1),
         helper.make_node("Gemm", ["joined", "w1", "b1"], ["h"], name="fc1"),
         helper.make_node("Relu", ["h"], ["r"], name="relu"),
         helper.make_node("Gemm", ["r", "w2", "b2"], ["y"], name="fc2")]
graph = helper.make_graph(nodes, "frozen", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", 3]),
                                            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
                          [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])], initializers)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
model.ir_version = 8
onnx.save(model, out + "/frozen.onnx")
ids, x = random.integers(0, 8, (5, 3)), random.integers(-2, 3, (5, 4))
pooled = weights["emb"][ids].sum(axis=1)
h = np.maximum(np.concatenate([x, pooled], axis=1) @ weights["w1"] + weights["b1"], 0)
np.save(out + "/ids.npy", ids)
np.save(out + "/x.npy", x.astype(np.float32))
np.save(out + "/expected.npy", (h @ weights["w2"] + weights["b2"]).astype(np.float32))
# Arguments from the second on: the engine, and versions that copies of it state.
for argument in sys.argv[3:]:
    engine = bytearray(open(sys.argv[2], "rb").read())
    major, minor = (int(part) for part in argument.split("."))
    engine[8:12] = major.to_bytes(2, "little") + minor.to_bytes(2, "little")
    open(f"{out}/{argument}.rkn", "wb").write(engine)
