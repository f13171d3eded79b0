#!/usr/bin/python3
"""Writes a DLRM of the Criteo-Kaggle shape as ONNX, with random weights: 26 tables of dimension 16 looked up from one
id matrix, a bottom MLP over 13 dense features, pairwise dot interaction, a top MLP.

  examples/make_dlrm.py dlrm.onnx [--rows=10000] [--seed=0] [--inputs=BATCH]

--inputs also writes dense.npy and ids.npy for one batch beside the model. Needs python3-onnx and python3-numpy.
"""

import argparse
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TABLES, DIM, DENSE = 26, 16, 13
BOTTOM = [DENSE, 512, 256, 64, DIM]
TOP = [DIM + (TABLES + 1) * TABLES // 2, 512, 256, 1]
# The cardinalities of Criteo Kaggle's categorical features; large ones are capped by --rows.
CRITEO_ROWS = [1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10,
               5652, 2173, 4, 7046547, 18, 15, 286181, 105, 142572]


class Graph:
    def __init__(self):
        self.nodes, self.weights = [], []

    def node(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"/{output}", **attributes))
        return output

    def weight(self, name, array):
        self.weights.append(numpy_helper.from_array(array, name))
        return name

    def mlp(self, x, sizes, prefix, rng, last):
        for layer, (fan_in, fan_out) in enumerate(zip(sizes, sizes[1:])):
            name = f"{prefix}.{2 * layer}"
            scale = np.sqrt(2.0 / (fan_in + fan_out))
            w = self.weight(name + ".weight", (rng.standard_normal((fan_out, fan_in)) * scale).astype(np.float32))
            b = self.weight(name + ".bias", (rng.standard_normal(fan_out) * 0.1).astype(np.float32))
            x = self.node("Gemm", [x, w, b], f"{name}.linear", transB=1)
            activation = last if layer == len(sizes) - 2 else "Relu"
            x = self.node(activation, [x], "click" if activation == "Sigmoid" else f"{name}.relu")
        return x


def make(rows, seed):
    rng = np.random.default_rng(seed)
    graph = Graph()
    features = [graph.mlp("dense", BOTTOM, "bot", rng, "Relu")]
    for table, criteo in enumerate(CRITEO_ROWS):
        values = rng.uniform(-0.25, 0.25, (min(criteo, rows), DIM)).astype(np.float32)
        weight = graph.weight(f"emb.{table}.weight", values)
        column = graph.node("Gather", ["ids", graph.weight(f"column.{table}", np.array(table))], f"ids.{table}", axis=1)
        features.append(graph.node("Gather", [weight, column], f"emb.{table}", axis=0))
    axis = graph.weight("axis", np.array([1]))
    stacked = graph.node("Concat", [graph.node("Unsqueeze", [f, axis], f + ".row") for f in features], "stack", axis=1)
    transposed = graph.node("Transpose", [stacked], "stack.t", perm=[0, 2, 1])
    products = graph.node("MatMul", [stacked, transposed], "products")
    pairs = np.stack(np.tril_indices(TABLES + 1, -1), axis=1).astype(np.int64)
    batch_last = graph.node("Transpose", [products], "products.t", perm=[1, 2, 0])
    below = graph.node("GatherND", [batch_last, graph.weight("pairs", pairs)], "below.t")
    interaction = graph.node("Transpose", [below], "interaction", perm=[1, 0])
    top = graph.node("Concat", [features[0], interaction], "top.in", axis=1)
    graph.mlp(top, TOP, "top", rng, "Sigmoid")

    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "dlrm",
            [helper.make_tensor_value_info("dense", TensorProto.FLOAT, ["batch", DENSE]),
             helper.make_tensor_value_info("ids", TensorProto.INT64, ["batch", TABLES])],
            [helper.make_tensor_value_info("click", TensorProto.FLOAT, ["batch", 1])], graph.weights),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="make_dlrm")
    onnx.checker.check_model(model)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", help="the ONNX file to write")
    parser.add_argument("--rows", type=int, default=10000, help="largest row count of a table (default 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inputs", type=int, metavar="BATCH", help="also write inputs for one batch")
    arguments = parser.parse_args()

    onnx.save(make(arguments.rows, arguments.seed), arguments.output)
    rows = [min(criteo, arguments.rows) for criteo in CRITEO_ROWS]
    print(f"{arguments.output}: {TABLES} tables of dimension {DIM}, {sum(rows)} rows, "
          f"{os.path.getsize(arguments.output) / 1e6:.1f} MB")
    if arguments.inputs is not None:
        rng = np.random.default_rng(arguments.seed + 1)
        folder = os.path.dirname(os.path.abspath(arguments.output))
        np.save(os.path.join(folder, "dense.npy"), rng.standard_normal((arguments.inputs, DENSE)).astype(np.float32))
        ids = np.stack([rng.integers(0, count, arguments.inputs) for count in rows], axis=1)
        np.save(os.path.join(folder, "ids.npy"), ids.astype(np.int64))


if __name__ == "__main__":
    main()
