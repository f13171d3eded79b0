#!/usr/bin/python3
"""Writes models that must be refused as wrong, and one that wants an input frozen, into a folder."""

import os
import sys

from onnx import TensorProto, helper, numpy_helper
import numpy as np

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def save(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    path = os.path.join(folder, name)
    with open(path, "wb") as out:
        out.write(model.SerializeToString())
    return path


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


add = helper.make_node("Add", ["x", "y"], ["z"], "the_sum")
save("sizes.onnx", [add], [value("x", ["batch", 3]), value("y", ["batch", 4])], [value("z", None)])
save("undefined.onnx", [add], [value("x", ["batch", 3])], [value("z", None)])
weight = numpy_helper.from_array(np.zeros(4, np.float32), "y")
weight.raw_data = weight.raw_data[:-1]
save("short.onnx", [add], [value("x", ["batch", 4])], [value("z", None)], [weight])
top = helper.make_node("TopK", ["x", "k"], ["values", "ids"], "best")
path = save("topk.onnx", [top], [value("x", ["batch", 9]), value("k", [1], TensorProto.INT64)],
            [value("values", None), value("ids", None, TensorProto.INT64)])
np.save(os.path.join(folder, "k.npy"), np.array([3], np.int64))
with open(path, "rb") as whole, open(os.path.join(folder, "cut.onnx"), "wb") as out:
    out.write(whole.read()[:-5])
