#!/usr/bin/python3
"""Writes the networks of shapes.py as ONNX, in the forms PyTorch's TorchScript exporter (opset 17) writes them.

  bench/models/make.py DIR [--models=dlrm_dim128,deepfm] [--rows=100]

The tables get few rows, since a row count is a property of the binding: a benchmark binds as many as it likes when it
opens the engine. Needs python3-onnx and python3-numpy. The same command writes the same bytes.
"""

import argparse
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sequence_graphs  # noqa: E402
import shapes  # noqa: E402


class Graph:
    """Nodes and weights as they accumulate. A node is called after its result."""

    def __init__(self):
        self.nodes, self.weights = [], []

    def node(self, op, inputs, output, **attributes):
        outputs = [output] if isinstance(output, str) else output
        self.nodes.append(helper.make_node(op, inputs, outputs, name="/" + outputs[0], **attributes))
        return output

    def weight(self, name, array):
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def constant(self, name, value):
        array = np.asarray(value)
        return self.node("Constant", [], name, value=numpy_helper.from_array(array, name + ".value"))


class Network(sequence_graphs.SequenceGraphs):
    def __init__(self, shape, rows):
        self.shape, self.graph = shape, Graph()
        for name, array in shapes.weights(shape).items():
            # Those are put together first.
            if not name.startswith("recurrent."):
                self.graph.weight(name, array)
        for name, dim in shape.tables:
            table = shapes.periodic(f"{shape.name}/{name}", (rows, dim), 0.5)
            self.graph.weight(name, table.astype(np.float16) if shape.kind == "lookup" else table)

    def real(self):
        return TensorProto.FLOAT16 if self.shape.kind == "lookup" else TensorProto.FLOAT

    def linear(self, x, name, activation=None):
        bias = [name + ".bias"] if any(w.name == name + ".bias" for w in self.graph.weights) else []
        x = self.graph.node("Gemm", [x, name + ".weight", *bias], name + ".linear", alpha=1.0, beta=1.0, transB=1)
        return self.graph.node(activation, [x], f"{name}.{activation.lower()}") if activation else x

    def mlp(self, x, prefix, last):
        names = [name for name, *_ in self.shape.linears if name.startswith(prefix + ".")]
        for name in names:
            x = self.linear(x, name, "Relu" if name != names[-1] else last)
        return x

    def columns(self):
        """The ids of each table as a vector."""
        return [self.graph.node("Gather", ["ids", self.graph.constant(f"column.{k}", k)], f"ids.{k}", axis=1)
                for k in range(len(self.shape.hotness))]

    def lookups(self, columns, prefix="emb"):
        return [self.graph.node("Gather", [f"{prefix}.{k}.weight", ids], f"{prefix}.{k}", axis=0)
                for k, ids in enumerate(columns)]

    def bags(self):
        """Each table's ids summed, as the exporter writes nn.EmbeddingBag: a Loop over the bags."""
        results, begin = [], 0
        for k, count in enumerate(self.shape.hotness):
            results.append(self.bag(f"emb.{k}", begin, begin + count))
            begin += count
        return results

    def bag(self, name, begin, end):
        g = self.graph
        number = lambda suffix, value: g.constant(f"{name}/{suffix}", np.array(value, np.int64))
        picked = g.node("Slice", ["ids", number("begin", [begin]), number("end", [end]), number("axis", [1]),
                                  number("step", [1])], name + "/ids")
        count = g.node("ReduceProd", [g.node("Shape", [picked], name + "/shape")], name + "/count", keepdims=0)
        width = g.node("Gather", [g.node("Shape", [picked], name + "/shape_1"), number("one", 1)], name + "/width", axis=0)
        starts = g.node("Range", [number("zero", 0), count, width], name + "/starts")
        flat = g.node("Reshape", [picked, number("flat_shape", [-1])], name + "/flat")
        total = g.node("Gather", [g.node("Shape", [flat], name + "/flat_size"), number("first", 0)], name + "/total",
                       axis=0)
        bounds = g.node("Concat", [starts, g.node("Unsqueeze", [total, number("axes", [0])], name + "/total_1d")],
                        name + "/bounds", axis=0)
        ends = g.node("Slice", [bounds, number("second", [1]), number("last", [np.iinfo(np.int64).max]),
                                number("dim", [0]), number("stride", [1])], name + "/ends")
        trips = g.node("Gather", [g.node("Shape", [ends], name + "/ends_shape"), number("only", 0)], name + "/bags", axis=0)
        go = g.constant(name + "/go", np.array(True))
        body = Graph()
        body.node("Gather", [bounds, name + "/i"], name + "/from", axis=0)
        body.node("Gather", [ends, name + "/i"], name + "/to", axis=0)
        axes = body.constant(name + "/body_axes", np.array([0]))
        body.node("Unsqueeze", [name + "/from", axes], name + "/from_1d")
        body.node("Unsqueeze", [name + "/to", axes], name + "/to_1d")
        body.node("Slice", [flat, name + "/from_1d", name + "/to_1d", axes], name + "/picked")
        body.node("Gather", [name + ".weight", name + "/picked"], name + "/rows", axis=0)
        body.node("ReduceSum", [name + "/rows", axes], name + "/sum", keepdims=0)
        body.node("Cast", [go], name + "/go_on", to=TensorProto.BOOL)
        value = helper.make_tensor_value_info
        loop = helper.make_graph(
            body.nodes, name + "/body",
            [value(name + "/i", TensorProto.INT64, []), value(name + "/go_in", TensorProto.BOOL, [])],
            [value(name + "/go_on", TensorProto.BOOL, []), value(name + "/sum", self.real(), [self.shape.dim])])
        return g.node("Loop", [trips, go], name + "/sums", body=loop)

    def stack(self, features):
        axis = self.graph.constant("stack.axis", np.array([1]))
        rows = [self.graph.node("Unsqueeze", [f, axis], f + ".row") for f in features]
        return self.graph.node("Concat", rows, "stack", axis=1)

    def wide(self, columns):
        """The linear part: a dense layer of one output and a scalar of each table."""
        total = self.linear("dense", "wide.dense")
        for k, scalar in enumerate(self.lookups(columns, "wide")):
            total = self.graph.node("Add", [total, scalar], f"wide.sum.{k}")
        return total

    def dlrm(self):
        g = self.graph
        dense = self.mlp("dense", "bot", "Relu")
        stacked = self.stack([dense, *self.lookups(self.columns())])
        products = g.node("MatMul", [stacked, g.node("Transpose", [stacked], "stack.t", perm=[0, 2, 1])], "products")
        pairs = np.stack(np.tril_indices(len(self.shape.hotness) + 1, -1), axis=1).astype(np.int64)
        below = g.node("GatherND", [g.node("Transpose", [products], "products.t", perm=[1, 2, 0]),
                                    g.weight("pairs", pairs)], "pairs.t")
        interaction = g.node("Transpose", [below], "interaction", perm=[1, 0])
        return self.mlp(g.node("Concat", [dense, interaction], "top.in", axis=1), "top", None)

    def dcn(self):
        g = self.graph
        x0 = g.node("Concat", [self.mlp("dense", "bot", "Relu"), *self.bags()], "x0", axis=1)
        x = x0
        for k in range(self.shape.cross):
            low = self.linear(x, f"V.{k}")
            x = g.node("Add", [g.node("Mul", [x0, self.linear(low, f"W.{k}")], f"cross.{k}.mul"), x], f"cross.{k}")
        return self.mlp(x, "top", None)

    def wide_deep(self):
        columns = self.columns()
        joined = self.graph.node("Concat", ["dense", *self.lookups(columns)], "joined", axis=1)
        return self.graph.node("Add", [self.mlp(joined, "top", None), self.wide(columns)], "logit")

    def deepfm(self):
        g, columns = self.graph, self.columns()
        stacked = self.stack(self.lookups(columns))
        axis = g.weight("fm.axis", np.array([1]))
        total = g.node("ReduceSum", [stacked, axis], "fm.total", keepdims=0)
        squares = g.node("ReduceSum", [g.node("Mul", [stacked, stacked], "fm.square"), axis], "fm.squares", keepdims=0)
        term = g.node("Sub", [g.node("Mul", [total, total], "fm.total.square"), squares], "fm.pairs")
        term = g.node("ReduceSum", [term, axis], "fm.sum", keepdims=1)
        term = g.node("Mul", [term, g.constant("fm.half", np.array(0.5, np.float32))], "fm.term")
        flat = g.node("Reshape", [stacked, g.constant("flat.shape", np.array([-1, self.shape.dim * 26]))], "flat")
        deep = self.mlp(g.node("Concat", ["dense", flat], "joined", axis=1), "top", None)
        return g.node("Add", [g.node("Add", [term, self.wide(columns)], "fm.wide"), deep], "logit")

    def heads_of(self, x, name, count, perm):
        """(batch, tokens, dim) as heads of tokens."""
        g, shape = self.graph, self.shape
        sizes = g.constant(name + ".sizes", np.array([-1, count, shape.heads, shape.dim // shape.heads]))
        return g.node("Transpose", [g.node("Reshape", [x, sizes], name + ".split")], name + ".heads", perm=perm)

    def product(self, x, name):
        """A linear layer over (batch, tokens, dim), as torch exports it."""
        g = self.graph
        weight = g.node("Transpose", [name + ".weight"], name + ".weight.t", perm=[1, 0])
        x = g.node("MatMul", [x, weight], name + ".linear")
        has_bias = any(w.name == name + ".bias" for w in g.weights)
        return g.node("Add", [name + ".bias", x], name + ".sum") if has_bias else x

    def joined(self, x, name, count):
        """Heads of tokens as (batch, tokens, dim)."""
        tokens = self.graph.node("Transpose", [x], name + ".tokens", perm=[0, 2, 1, 3])
        sizes = self.graph.constant(name + ".joined_sizes", np.array([-1, count, self.shape.dim]))
        return self.graph.node("Reshape", [tokens, sizes], name + ".joined")

    def attention(self, query, x, name, count, mask=None):
        """Every token's values, weighted by softmax over its scores, heads joined again."""
        g, shape = self.graph, self.shape
        query, key, value = (self.heads_of(self.product(source, f"{name}.{part}"), f"{name}.{part}", count, perm)
                             for source, part, perm in ((query, "query", [0, 2, 1, 3]), (x, "key", [0, 2, 3, 1]),
                                                        (x, "value", [0, 2, 1, 3])))
        scale = g.constant(name + ".scale", np.array((shape.dim // shape.heads) ** -0.5, np.float32))
        scores = g.node("Mul", [g.node("MatMul", [query, key], name + ".products"), scale], name + ".scores")
        if mask:
            scores = g.node("Add", [scores, mask], name + ".masked")
        weights = g.node("Softmax", [scores], name + ".weights", axis=-1)
        return self.joined(g.node("MatMul", [weights, value], name + ".mixed"), name, count)

    def norm(self, x, name):
        return self.graph.node("LayerNormalization", [x, name + ".weight", name + ".bias"], name + ".normal", axis=-1, epsilon=1e-5)

    def cut(self, x, name, axis, begin, end):
        numbers = [self.graph.constant(f"{name}.{part}", np.array([number]))
                   for part, number in (("begin", begin), ("end", end), ("axis", axis))]
        return self.graph.node("Slice", [x, *numbers], name)

    def flat_fields(self, stacked):
        return self.graph.node("Reshape", [stacked, self.graph.constant("flat.sizes", np.array([-1, self.shape.fields * self.shape.dim]))],
                               "flat")

    def autoint(self):
        """Fields that attend to each other; a dense feature scales a vector of its own."""
        g, shape = self.graph, self.shape
        axis = g.constant("dense.axis", np.array([2]))
        dense = g.node("Mul", [g.node("Unsqueeze", ["dense", axis], "dense.column"), "fields.dense"], "dense.fields")
        x = stacked = g.node("Concat", [self.stack(self.lookups(self.columns())), dense], "all.fields", axis=1)
        for k in range(shape.layers):
            mixed = self.attention(x, x, f"attention.{k}", shape.fields)
            sum = g.node("Add", [mixed, self.product(x, f"attention.{k}.residual")], f"attention.{k}.sum")
            x = g.node("Relu", [sum], f"attention.{k}.relu")
        of_ids = g.node("Reshape", [self.cut(stacked, "ids.fields", 1, 0, len(shape.hotness)),
                                    g.constant("ids.sizes", np.array([-1, shape.width]))], "ids.flat")
        deep = self.mlp(g.node("Concat", ["dense", of_ids], "joined", axis=1), "top", None)
        return g.node("Add", [deep, self.linear(self.flat_fields(x), "fields")], "logit")

    def xdeepfm(self):
        """Compressed interaction: products of all pairs of rows, by a convolution of one position made into fewer."""
        g, shape = self.graph, self.shape
        stacked = self.stack(self.lookups(self.columns()))
        x, sums = stacked, []
        one, two = (g.constant(f"cin.axis.{k}", np.array([k])) for k in (1, 2))
        right = g.node("Unsqueeze", [stacked, one], "cin.right")
        for k, maps in enumerate(shape.maps):
            pairs = g.node("Mul", [g.node("Unsqueeze", [x, two], f"cin.{k}.left"), right], f"cin.{k}.pairs")
            inputs = shape.fields * ((shape.fields,) + shape.maps)[k]
            pairs = g.node("Reshape", [pairs, g.constant(f"cin.{k}.sizes", np.array([-1, inputs, shape.dim]))], f"cin.{k}.channels")
            x = g.node("Relu", [g.node("Conv", [pairs, f"cin.{k}.weight", f"cin.{k}.bias"], f"cin.{k}.conv", kernel_shape=[1])],
                       f"cin.{k}.maps")
            sums.append(g.node("ReduceSum", [x, two], f"cin.{k}.sum", keepdims=0))
        logit = self.linear(g.node("Concat", sums, "cin.sums", axis=1), "maps")
        deep = self.mlp(g.node("Concat", ["dense", self.flat_fields(stacked)], "joined", axis=1), "top", None)
        return g.node("Add", [deep, logit], "logit")

    def mmoe(self):
        """Experts over one input, of which each task takes a mixture of its own."""
        g, shape = self.graph, self.shape
        x = g.node("Concat", ["dense", *self.lookups(self.columns())], "joined", axis=1)
        experts = self.stack([self.mlp(x, f"expert.{k}", "Relu") for k in range(shape.experts)])
        axis, logits = g.constant("mixture.axis", np.array([1])), []
        for k in range(shape.tasks):
            gate = g.node("Softmax", [self.linear(x, f"gate.{k}")], f"gate.{k}.weights", axis=-1)
            mixture = g.node("MatMul", [g.node("Unsqueeze", [gate, axis], f"gate.{k}.row"), experts], f"mixture.{k}.row")
            logits.append(self.mlp(g.node("Squeeze", [mixture, axis], f"mixture.{k}"), f"task.{k}", None))
        return g.node("Concat", logits, "logits", axis=1)

    def model(self):
        value = helper.make_tensor_value_info
        inputs = [value("ids", TensorProto.INT64, ["batch", self.shape.ids])]
        if self.shape.kind == "lookup":
            features = self.bags() if self.shape.ids > len(self.shape.hotness) else self.lookups(self.columns())
            self.graph.node("Concat", features, "rows", axis=1)
            output = value("rows", TensorProto.FLOAT16, ["batch", self.shape.dim * len(features)])
        else:
            if self.shape.dense:
                inputs.insert(0, value("dense", TensorProto.FLOAT, ["batch", self.shape.dense]))
            self.graph.node("Sigmoid", [getattr(self, self.shape.kind)()], "click")
            output = value("click", TensorProto.FLOAT, ["batch", self.shape.outputs])
        graph = helper.make_graph(self.graph.nodes, self.shape.name, inputs, [output], self.graph.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                                  producer_name="bench/models/make.py")
        onnx.checker.check_model(model)
        return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", help="where to write NAME.onnx")
    parser.add_argument("--models", default=",".join(shapes.ALL), help="which, by name (default: all)")
    parser.add_argument("--rows", type=int, default=100, help="rows of a table in the file (default 100)")
    arguments = parser.parse_args()
    names = arguments.models.split(",")
    unknown = [name for name in names if name not in shapes.ALL]
    if unknown or arguments.rows < 1:
        parser.error(f"no model {', '.join(unknown)}; there are {', '.join(shapes.ALL)}" if unknown
                     else "a table has at least one row")
    os.makedirs(arguments.directory, exist_ok=True)
    for name in names:
        path = os.path.join(arguments.directory, name + ".onnx")
        onnx.save(Network(shapes.ALL[name], arguments.rows).model(), path)
        print(f"{path}: {len(shapes.ALL[name].tables)} tables, {os.path.getsize(path) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
