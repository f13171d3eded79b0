"""make_scores.py FOLDER: models that give scores, without a top-k, and inputs: scores.onnx of [users, candidates] beside another
output, row.onnx of [candidates], column.onnx of [candidates, 1], fixed.onnx of [users, 4]."""

import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
os.makedirs(folder)
rng = np.random.default_rng(0)
WIDTH = 8


def save(name, nodes, inputs, outputs, weights=()):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info(each, TensorProto.FLOAT, shape) for each, shape in inputs],
        [helper.make_tensor_value_info(each, TensorProto.FLOAT, shape) for each, shape in outputs],
        [numpy_helper.from_array(array, each) for each, array in weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              os.path.join(folder, name + ".onnx"))


items = [("items", rng.standard_normal((WIDTH, 50)).astype(np.float32))]
save("scores", [helper.make_node("Neg", ["user"], ["other"], name="neg"),
                helper.make_node("MatMul", ["user", "items"], ["scores"], name="match")],
     [("user", ["users", WIDTH])], [("other", ["users", WIDTH]), ("scores", ["users", 50])], items)
weight = [("weight", rng.standard_normal((WIDTH, 1)).astype(np.float32)), ("axis", np.array([1]))]
column = [helper.make_node("MatMul", ["items", "weight"], ["column"], name="match")]
save("column", column, [("items", ["n", WIDTH])], [("column", ["n", 1])], weight[:1])
save("row", [*column, helper.make_node("Squeeze", ["column", "axis"], ["row"], name="squeeze")],
     [("items", ["n", WIDTH])], [("row", ["n"])], weight)
save("fixed", [helper.make_node("MatMul", ["user", "items"], ["scores"], name="match")], [("user", ["users", WIDTH])],
     [("scores", ["users", 4])], [("items", rng.standard_normal((WIDTH, 4)).astype(np.float32))])

user, rows = rng.standard_normal((3, WIDTH)).astype(np.float32), rng.standard_normal((9, WIDTH)).astype(np.float32)
np.save(os.path.join(folder, "user.npy"), user)
np.save(os.path.join(folder, "rows.npy"), rows)
np.save(os.path.join(folder, "few.npy"), rows[:2])
np.save(os.path.join(folder, "best_of_users.npy"), np.argsort(-(user @ items[0][1]), axis=1)[:, :3])
np.save(os.path.join(folder, "best_rows.npy"), np.argsort(-(rows @ weight[0][1]).ravel())[:3])
