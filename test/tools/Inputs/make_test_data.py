"""make_test_data.py FOLDER/small.onnx DATA: one set of ONNX test data of small.onnx (make_models.py), with the tensor between its
nodes, by numpy."""

import os
import sys

import numpy as np
import onnx
from onnx import numpy_helper

weight, bias = (numpy_helper.to_array(each) for each in onnx.load(sys.argv[1]).graph.initializer)
folder = os.path.join(sys.argv[2], "test_data_set_0")
os.makedirs(folder)
x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
h = x @ weight + bias
for file, name, value in (("input_0", "x", x), ("output_0", "y", np.maximum(h, 0)), ("output_1", "h", h)):
    with open(os.path.join(folder, file + ".pb"), "wb") as output:
        output.write(numpy_helper.from_array(value, name).SerializeToString())
