#!/usr/bin/python3
"""Writes the seeds of fuzz-onnx to a folder: ONNX's node tests, recommender idioms, and the models with their weights
taken out.

  test/fuzz/onnx/make_seeds.py build-fuzz/seeds

The models come from RECKON_MODELS or ../shared/models; without them the seeds are only fewer.
"""

import glob
import os
import shutil
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NODE_TESTS = "/usr/share/libonnx-testdata/data/node"
LIMIT = 60000  # bytes: what is larger makes every execution slow


def weight(name, *shape):
    count = int(np.prod(shape))
    return numpy_helper.from_array((np.arange(count, dtype=np.float32).reshape(shape) % 7 - 3) / 8, name)


def integers(name, values):
    return numpy_helper.from_array(np.array(values, dtype=np.int64), name)


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def model(nodes, inputs, outputs, initializers, opset=17):
    graph = helper.make_graph(nodes, "seed", inputs, outputs, initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs.split(), outputs.split(), **attributes)


def lookups():
    """Embedding bags in their exported forms, over two tables and one id matrix."""
    yield "bag_sum", model(
        [node("Gather", "table ids", "rows"), node("ReduceSum", "rows axes", "y", keepdims=0)],
        [value("ids", ["N", 4], TensorProto.INT64)], [value("y", ["N", 3])],
        [weight("table", 5, 3), integers("axes", [1])])
    yield "bag_weighted", model(
        [node("Gather", "table ids", "rows"), node("Unsqueeze", "w axes2", "column"),
         node("Mul", "rows column", "scaled"), node("ReduceSum", "scaled axes", "y", keepdims=0)],
        [value("ids", ["N", 4], TensorProto.INT64), value("w", ["N", 4])], [value("y", ["N", 3])],
        [weight("table", 5, 3), integers("axes", [1]), integers("axes2", [2])])
    yield "many_tables", model(
        [node("Gather", "ids zero", "first", axis=1), node("Gather", "ids one", "second", axis=1),
         node("Gather", "t0 first", "e0"), node("Gather", "t1 second", "e1"),
         node("Concat", "e0 e1 dense", "y", axis=1)],
        [value("ids", ["N", 2], TensorProto.INT64), value("dense", ["N", 2])], [value("y", ["N", 8])],
        [weight("t0", 5, 3), weight("t1", 4, 3), integers("zero", 0), integers("one", 1)])
    body = helper.make_graph(
        [node("Slice", "offsets i n a0", "range"), node("Identity", "again", "go"),
         node("Slice", "ids start stop a0", "own"), node("Gather", "table own", "rows"),
         node("ReduceSum", "rows a0", "sum", keepdims=0)], "body",
        [value("i", [1], TensorProto.INT64), value("again", [], TensorProto.BOOL)],
        [value("go", [], TensorProto.BOOL), value("sum", [3])])
    yield "bag_loop", model(
        [node("Loop", "trips yes", "y", body=body)],
        [value("ids", ["K"], TensorProto.INT64), value("offsets", ["N"], TensorProto.INT64),
         value("trips", [], TensorProto.INT64), value("n", [1], TensorProto.INT64),
         value("start", [1], TensorProto.INT64), value("stop", [1], TensorProto.INT64)], [value("y", ["N", 3])],
        [weight("table", 5, 3), integers("a0", [0]), numpy_helper.from_array(np.array(True), "yes")])


def layers():
    yield "mlp", model(
        [node("Gemm", "x w0 b0", "h", transB=1), node("Relu", "h", "r"), node("MatMul", "r w1", "m"),
         node("Add", "m b1", "s"), node("Sigmoid", "s", "y")],
        [value("x", ["N", 4])], [value("y", ["N", 2])],
        [weight("w0", 3, 4), weight("b0", 3), weight("w1", 3, 2), weight("b1", 2)])
    yield "horizontal", model(
        [node("MatMul", "x w0", "a"), node("MatMul", "x w1", "b"), node("Concat", "a b", "y", axis=-1)],
        [value("x", ["N", 4])], [value("y", ["N", 5])], [weight("w0", 4, 3), weight("w1", 4, 2)])
    yield "cross", model(
        [node("MatMul", "x w", "xw"), node("Add", "xw b", "xwb"), node("Mul", "x xwb", "m"), node("Add", "m x", "y")],
        [value("x", ["N", 4])], [value("y", ["N", 4])], [weight("w", 4, 4), weight("b", 4)])
    yield "interaction", model(
        [node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "z"), node("Reshape", "z flat", "f"),
         node("Gather", "f pairs", "y", axis=1)],
        [value("x", ["N", 3, 4])], [value("y", ["N", 3])], [integers("flat", [-1, 9]), integers("pairs", [3, 6, 7])])
    yield "fm", model(
        [node("ReduceSum", "x a", "s", keepdims=0), node("Mul", "s s", "ss"), node("Mul", "x x", "xx"),
         node("ReduceSum", "xx a", "q", keepdims=0), node("Sub", "ss q", "d"), node("Mul", "d half", "y")],
        [value("x", ["N", 3, 4])], [value("y", ["N", 4])],
        [integers("a", [1]), numpy_helper.from_array(np.float32(0.5), "half")])
    yield "layer_norm", model(
        [node("ReduceMean", "x", "m", axes=[-1]), node("Sub", "x m", "d"), node("Mul", "d d", "dd"),
         node("ReduceMean", "dd", "v", axes=[-1]), node("Add", "v e", "ve"), node("Sqrt", "ve", "sd"),
         node("Div", "d sd", "n"), node("Mul", "n g", "ng"), node("Add", "ng b", "y")],
        [value("x", ["N", 4])], [value("y", ["N", 4])],
        [numpy_helper.from_array(np.float32(1e-5), "e"), weight("g", 4), weight("b", 4)])
    yield "gelu", model(
        [node("Div", "x r", "d"), node("Erf", "d", "e"), node("Add", "e one", "p"), node("Mul", "x p", "m"),
         node("Mul", "m half", "y")],
        [value("x", ["N", 4])], [value("y", ["N", 4])],
        [numpy_helper.from_array(np.float32(v), n) for n, v in (("r", 1.4142135), ("one", 1), ("half", 0.5))])
    yield "norm_linear", model(
        [node("Gemm", "x w b", "h"), node("BatchNormalization", "h s o m v", "n"), node("LpNormalization", "n", "l"),
         node("TopK", "l k", "top at"), node("Softmax", "top", "y", axis=-1)],
        [value("x", ["N", 4])], [value("y", ["N", 2]), value("at", ["N", 2], TensorProto.INT64)],
        [weight("w", 4, 3), weight("b", 3), weight("s", 3), weight("o", 3), weight("m", 3),
         numpy_helper.from_array(np.ones(3, np.float32), "v"), integers("k", [2])])
    yield "conv", model(
        [node("Conv", "x w b", "c", pads=[1, 1, 1, 1]), node("BatchNormalization", "c s o m v", "n"),
         node("Relu", "n", "r"), node("MaxPool", "r", "p", kernel_shape=[2, 2]), node("Flatten", "p", "y")],
        [value("x", ["N", 2, 4, 4])], [value("y", ["N", "F"])],
        [weight("w", 2, 2, 3, 3), weight("b", 2), weight("s", 2), weight("o", 2), weight("m", 2),
         numpy_helper.from_array(np.ones(2, np.float32), "v")])


def shapes():
    """What exporters write when a size is dynamic."""
    yield "dynamic_reshape", model(
        [node("Shape", "x", "s"), node("Gather", "s zero", "n"), node("Unsqueeze", "n a", "n1"),
         node("Concat", "n1 rest", "to", axis=0), node("Reshape", "x to", "r"),
         node("Slice", "r from till a last", "l"), node("Expand", "l to2", "e"), node("Einsum", "e e", "y",
                                                                                      equation="nij,nkj->nik")],
        [value("x", ["N", 12])], [value("y", ["N", 2, 2])],
        [integers("zero", 0), integers("a", [0]), integers("rest", [-1, 4]), integers("from", [0]),
         integers("till", [1 << 40]), integers("last", [1]), integers("to2", [1, 1, 1])])
    yield "moves", model(
        [node("Split", "x", "p q", axis=1), node("Where", "c p q", "w"), node("Pad", "w pads", "d"),
         node("Tile", "d reps", "t"), node("GatherElements", "t at", "g", axis=0), node("CumSum", "g ax", "y")],
        [value("x", ["N", 4]), value("c", ["N", 1], TensorProto.BOOL), value("at", ["N", 4], TensorProto.INT64)],
        [value("y", ["N", 4])],
        [integers("pads", [0, 1, 0, 1]), integers("reps", [1, 1]), integers("ax", 1)])


def without_weights(path):
    """The model with every large weight computed by ConstantOfShape, so that it is small."""
    full = onnx.load(path)
    kept, nodes = [], []
    for tensor in full.graph.initializer:
        if tensor.ByteSize() < 1024 or tensor.data_type != TensorProto.FLOAT:
            kept.append(tensor)
            continue
        shape = tensor.name + ".shape"
        kept.append(integers(shape, list(tensor.dims)))
        nodes.append(helper.make_node("ConstantOfShape", [shape], [tensor.name],
                                      value=helper.make_tensor("v", TensorProto.FLOAT, [1], [0.125])))
    nodes += full.graph.node
    del full.graph.initializer[:]
    del full.graph.node[:]
    full.graph.initializer.extend(kept)
    full.graph.node.extend(nodes)
    return full


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for family in (lookups, layers, shapes):
        for name, seed in family():
            onnx.save(seed, os.path.join(folder, name + ".onnx"))
    for path in sorted(glob.glob(os.path.join(NODE_TESTS, "*", "model.onnx"))):
        if os.path.getsize(path) <= LIMIT:
            shutil.copy(path, os.path.join(folder, "node_" + os.path.basename(os.path.dirname(path)) + ".onnx"))
    models = os.environ.get("RECKON_MODELS") or os.path.join(ROOT, "..", "shared", "models")
    for path in sorted(glob.glob(os.path.join(models, "**", "*.onnx"), recursive=True)):
        seed = without_weights(path)
        if seed.ByteSize() <= LIMIT:
            onnx.save(seed, os.path.join(folder, os.path.relpath(path, models).replace(os.sep, "_")))
    print(f"{len(os.listdir(folder))} seeds in {folder}")


if __name__ == "__main__":
    main()
