"""make_attacks.py FOLDER: ONNX models that are wrong in ways that once crashed the compiler or were reported badly."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def integers(name, numbers):
    return numpy_helper.from_array(np.array(numbers, dtype=np.int64), name)


def save(file, nodes, weights=(), name="x", shape=("N", 4), kind=TensorProto.FLOAT, output="y", replace=None):
    graph = helper.make_graph(nodes, file, [value(name, shape, kind)], [value(output, None)], list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    data = model.SerializeToString()
    if replace:
        data = data.replace(*replace)
    with open(os.path.join(folder, file + ".onnx"), "wb") as out:
        out.write(data)


def node(kind, inputs, **attributes):
    return helper.make_node(kind, inputs.split(), ["y"], **attributes)


# One value where [off, on] belongs: the slice of dimension 0 went out of bounds.
save("one_hot", [node("OneHot", "x depth on")], [integers("depth", 3), integers("on", 1)], shape=("N",),
     kind=TensorProto.INT64)
save("range", [node("Range", "zero most one")], [integers("zero", 0), integers("most", (1 << 63) - 1), integers("one", 1)])
save("slice", [node("Slice", "x zero four one step")],
     [integers("zero", [0]), integers("four", [4]), integers("one", [1]), integers("step", [(1 << 63) - 1])])
save("backward", [node("Slice", "x last first one step")],
     [integers("last", [-1]), integers("first", [-(1 << 63)]), integers("one", [1]), integers("step", [-(1 << 63)])])
save("strides", [node("MaxPool", "x", kernel_shape=[1], strides=[1 << 31])], shape=("N", 2, 8))

save("zero_byte", [node("Relu", "a\0b")], name="a\0b")
save("no_text", [node("Relu", "aaaa")], name="aaaa", replace=(b"aaaa", b"a\xff\xfea"))
save("long_name", [node("Relu", "n" * 5000)], name="n" * 5000)
save("long_dim", [node("Relu", "x")], shape=("d" * 5000, 4))
save("no_output", [helper.make_node("Relu", ["x"], [""])], output="")
save("many", [node("Relu", "x")], shape=(1 << 40, 1 << 30))
