"""make_cases.py FOLDER: two small models as scripts/gpu-bundle --cases takes them, one with an answer that is wrong."""

import json
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

for name, scale in (("good", 2), ("wrong", 3)):
    folder = os.path.join(sys.argv[1], name)
    table = numpy_helper.from_array(np.arange(20, dtype=np.float32).reshape(5, 4), "table")
    two = numpy_helper.from_array(np.float32(2), "two")
    graph = helper.make_graph([helper.make_node("Gather", ["table", "ids"], ["row"]), helper.make_node("Mul", ["row", "two"], ["y"])],
                              name, [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])], [table, two])
    data = os.path.join(folder, "answers", "test_data_set_0")
    os.makedirs(data)
    os.makedirs(os.path.join(folder, "outside"))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), os.path.join(folder, "model.onnx"))
    ids = np.array([4, 0, 2], np.int64)
    rows = scale * numpy_helper.to_array(table)[ids]
    for file, array, tensor in (("input_0", ids, "ids"), ("output_0", rows, "y")):
        with open(os.path.join(data, file + ".pb"), "wb") as out:
            out.write(numpy_helper.from_array(array, tensor).SerializeToString())
    np.save(os.path.join(folder, "outside", "ids.npy"), np.array([1, 5], np.int64))
    with open(os.path.join(folder, "case.json"), "w") as out:
        json.dump({"expect": {"answers": "right", "outside": "refused"}}, out)
