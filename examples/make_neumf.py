#!/usr/bin/python3
"""Writes a NeuMF of the MovieLens-100K shape as ONNX, with random weights, and users with candidates: 943 users, 1682 items, 100
candidates a user. It gives the scores of all candidates: `reckon-compile --append-topk=10` makes recommendations of them.

  examples/make_neumf.py FOLDER [--users=943] [--items=1682] [--candidates=100] [--seed=0]

In FOLDER there are then neumf.onnx, user.npy [users] and items.npy [users, candidates]. Needs python3-onnx and python3-numpy.
"""

import argparse
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FACTORS, EMBEDDING, LAYERS = 16, 32, [64, 32, 16]


def make(users, items, candidates, rng):
    nodes, weights = [], []

    def weight(name, array):
        weights.append(numpy_helper.from_array(array, name))
        return name

    def random(name, *shape):
        return weight(name, (rng.standard_normal(shape) * np.sqrt(2.0 / sum(shape[-2:]))).astype(np.float32))

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=f"/{output}", **attributes))
        return output

    one, last = weight("one", np.array([1])), weight("last", np.array([-1]))
    # Matrix factorisation: the products of a user's and an item's factors.
    user = node("Unsqueeze", [node("Gather", [random("user_factors", users, FACTORS), "user"], "mf.user"), one], "mf.user.row")
    product = node("Mul", [user, node("Gather", [random("item_factors", items, FACTORS), "items"], "mf.item")], "mf.product")
    # A perceptron over both embeddings.
    user = node("Unsqueeze", [node("Gather", [random("user_embedding", users, EMBEDDING), "user"], "mlp.user"), one], "mlp.user.row")
    item = node("Gather", [random("item_embedding", items, EMBEDDING), "items"], "mlp.item")
    user = node("Expand", [user, node("Shape", [item], "mlp.shape")], "mlp.user.each")
    x = node("Concat", [user, item], "mlp.in", axis=2)
    for layer, (fan_in, fan_out) in enumerate(zip(LAYERS, LAYERS[1:])):
        x = node("MatMul", [x, random(f"mlp.{layer}.weight", fan_in, fan_out)], f"mlp.{layer}.product")
        x = node("Add", [x, random(f"mlp.{layer}.bias", fan_out, )], f"mlp.{layer}.sum")
        x = node("Relu", [x], f"mlp.{layer}")
    x = node("Concat", [product, x], "joined", axis=2)
    x = node("Add", [node("MatMul", [x, random("out.weight", FACTORS + LAYERS[-1], 1)], "out.product"), random("out.bias", 1)], "logit")
    node("Squeeze", [node("Sigmoid", [x], "probability"), last], "scores")
    model = helper.make_model(
        helper.make_graph(nodes, "neumf",
                          [helper.make_tensor_value_info("user", TensorProto.INT64, ["batch"]),
                           helper.make_tensor_value_info("items", TensorProto.INT64, ["batch", candidates])],
                          [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", candidates])], weights),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_neumf")
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--users", type=int, default=943)
    parser.add_argument("--items", type=int, default=1682)
    parser.add_argument("--candidates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    rng = np.random.default_rng(arguments.seed)
    os.makedirs(arguments.folder, exist_ok=True)
    onnx.save(make(arguments.users, arguments.items, arguments.candidates, rng), os.path.join(arguments.folder, "neumf.onnx"))
    items = np.argsort(rng.random((arguments.users, arguments.items)), axis=1)[:, :arguments.candidates]
    np.save(os.path.join(arguments.folder, "user.npy"), rng.permutation(arguments.users).astype(np.int64))
    np.save(os.path.join(arguments.folder, "items.npy"), np.ascontiguousarray(items).astype(np.int64))
    print(f"{arguments.folder}: neumf.onnx, {arguments.users} users, {arguments.items} items, {arguments.candidates} candidates a user")


if __name__ == "__main__":
    main()
