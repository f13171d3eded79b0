"""Small models, made with Debian's onnx."""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROWS, DIM = 7, 3
TABLE = np.arange(ROWS * DIM, dtype=np.float32).reshape(ROWS, DIM)


def make_model(nodes, inputs, outputs, constants=()):
    """`inputs` and `outputs`: (name, TensorProto type, shape)."""
    graph = helper.make_graph(nodes, "graph", [helper.make_tensor_value_info(*each) for each in inputs],
                              [helper.make_tensor_value_info(*each) for each in outputs],
                              [numpy_helper.from_array(array, name) for name, array in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def make_lookup():
    """relu(table[ids] + x), and the ids again."""
    nodes = [helper.make_node("Gather", ["emb", "ids"], ["row"], name="lookup"),
             helper.make_node("Add", ["row", "x"], ["sum"]),
             helper.make_node("Relu", ["sum"], ["y"]),
             helper.make_node("Add", ["ids", "one"], ["next"])]
    return make_model(nodes, [("x", TensorProto.FLOAT, ["batch", DIM]), ("ids", TensorProto.INT64, ["batch"])],
                      [("y", TensorProto.FLOAT, ["batch", DIM]), ("next", TensorProto.INT64, ["batch"])],
                      [("emb", TABLE), ("one", np.array(1, np.int64))])


def open_lookup():
    """The engine of make_lookup(): the file RECKON_LOOKUP_ENGINE, where there is no compiler, or compiled here."""
    import reckon
    path = os.environ.get("RECKON_LOOKUP_ENGINE")
    return reckon.load(path) if path else reckon.compile(make_lookup())


def make_identity(dtype):
    """y = -(-x) for a number, of any rank-2 shape; y = not not x for bool."""
    code = numpy_helper.from_array(np.zeros(1, dtype)).data_type
    operator = "Not" if np.dtype(dtype) == np.bool_ else "Abs"
    nodes = [helper.make_node(operator, ["x"], ["z"]), helper.make_node(operator, ["z"], ["y"])]
    return make_model(nodes, [("x", code, ["m", "n"])], [("y", code, ["m", "n"])])
