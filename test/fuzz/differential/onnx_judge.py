#!/usr/bin/env python3
"""onnxruntime as the judge of sizes: random ONNX models whose nodes have a meaning at some sizes only, as exporters write them.
reckon-fuzz-graph --sizes runs each at many sets of sizes, where engine and evaluator must agree; here onnxruntime must refuse
and answer the same. Needs onnx, numpy, onnxruntime and a build:

  onnx_judge.py --build=build --models=100 --sizes=20 [--seed=0] [--keep=DIR]

The last line sums up; the exit code is 1 when onnxruntime disagrees.
"""

import argparse
import collections
import glob
import os
import random
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SIZES = [1, 2, 3, 4, 5, 7, 8]


class Model:
    """Values have a rank and what is known of their dimensions: a name, or a number."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.nodes, self.inputs, self.pool, self.constants = [], [], [], []
        for shape in (["T"], ["B", "T"], ["N"], ["B", "N", self.size()], ["M", self.size()]):
            self.pool.append((self.input(shape), shape))
        for _ in range(self.random.randint(2, 6)):
            self.random.choice([self.slice, self.slice_from_shape, self.top_k, self.gather, self.gather_elements, self.scatter,
                                self.reshape, self.padding, self.binary, self.where, self.unary, self.reduction, self.running_sum,
                                self.concat, self.repeat, self.tile, self.matmul, self.count])()

    def size(self):
        return self.random.choice(SIZES)

    def input(self, shape, kind=TensorProto.FLOAT):
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def constant(self, value):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def node(self, kind, operands, **attributes):
        name = f"v{len(self.nodes)}"
        outputs = [name, name + "i"] if kind == "TopK" else [name]
        self.nodes.append(helper.make_node(kind, operands, outputs, f"node{len(self.nodes)}", **attributes))
        return name

    def add(self, name, shape):
        self.pool.append((name, shape))

    def pick(self, rank=1, most=3):
        """A value and one of its dimensions."""
        name, shape = self.random.choice([entry for entry in self.pool if rank <= len(entry[1]) <= most])
        return name, list(shape), self.random.randrange(len(shape))

    def ints(self, *values):
        return self.constant(np.array(values, np.int64))

    def extent(self, x, axis):
        """The size of a dimension, as exported shape arithmetic has it."""
        return self.node("Gather", [self.node("Shape", [x]), self.ints(axis)], axis=0)

    def slice(self):
        x, shape, d = self.pick()
        k, far = self.size(), np.iinfo(np.int64).max
        start, end, step = self.random.choice([(0, k, 1), (-k, far, 1), (k, far, 1), (0, -k, 1), (0, far, 2), (-1, -far, -1), (k, k + 2, 1)])
        shape[d] = "?"
        self.add(self.node("Slice", [x, self.ints(start), self.ints(end), self.ints(d), self.ints(step)]), shape)

    def slice_from_shape(self):
        x, shape, d = self.pick()
        y, _, e = self.pick()
        bound = self.node(self.random.choice(["Sub", "Add"]), [self.extent(y, e), self.ints(self.size())])
        bounds = [bound, self.ints(np.iinfo(np.int64).max)] if self.random.random() < 0.5 else [self.ints(0), bound]
        shape[d] = "?"
        self.add(self.node("Slice", [x, *bounds, self.ints(d)]), shape)

    def top_k(self):
        x, shape, d = self.pick()
        k = self.size()
        shape[d] = k
        self.add(self.node("TopK", [x, self.ints(k)], axis=d), shape)

    def gather(self):
        x, shape, d = self.pick()
        k, count = self.size(), self.random.randint(1, 3)
        shape[d] = count
        self.add(self.node("Gather", [x, self.ints(*(self.random.randint(-k, k - 1) for _ in range(count)))], axis=d), shape)

    def places(self, shape):
        return [self.random.choice(["N", self.random.randint(1, 3), "T"]) for _ in shape]

    def gather_elements(self):
        x, shape, d = self.pick()
        places = self.places(shape)
        self.add(self.node("GatherElements", [x, self.input(places, TensorProto.INT64)], axis=d), places)

    def scatter(self):
        x, shape, d = self.pick()
        places = self.places(shape)
        operands = [x, self.input(places, TensorProto.INT64), self.input(places)]
        self.add(self.node("ScatterElements", operands, axis=d, reduction="add"), shape)

    def reshape(self):
        x, shape, _ = self.pick()
        k = self.size()
        to = self.random.choice([[-1, k], [k, -1], [-1], [0, -1], [1, -1]])
        self.add(self.node("Reshape", [x, self.ints(*to)]), ["?"] * len(to))

    def padding(self):
        """Rows up to k: fewer than none where there are more."""
        x, shape, d = self.pick(1, 2)
        missing = self.node("Sub", [self.ints(self.size() + 4), self.extent(x, d)])
        extents = [self.extent(x, e) if e != d else missing for e in range(len(shape))]
        to = self.node("Concat", extents, axis=0) if len(extents) > 1 else missing
        if self.random.random() < 0.5:
            rows = self.node("ConstantOfShape", [to], value=numpy_helper.from_array(np.array([0.5], np.float32)))
        else:
            rows = self.node("Expand", [self.constant(np.float32(0.5)), to])
        shape[d] = "?"
        self.add(self.node("Concat", [x, rows], axis=d), shape)

    def binary(self):
        """Two operands whose sizes are equal or 1, at run time alone."""
        (x, first, _), (y, second, _) = self.pick(), self.pick()
        self.add(self.node(self.random.choice(["Add", "Mul", "Sub", "Max"]), [x, y]), ["?"] * max(len(first), len(second)))

    def where(self):
        (x, first, _), (y, second, _), (z, third, _) = self.pick(), self.pick(), self.pick()
        condition = self.node("Greater", [z, self.constant(np.float32(0))])
        self.add(self.node("Where", [condition, x, y]), ["?"] * max(len(first), len(second), len(third)))

    def unary(self):
        x, shape, _ = self.pick()
        self.add(self.node(self.random.choice(["Tanh", "Relu", "Neg"]), [x]), shape)

    def reduction(self):
        x, shape, d = self.pick()
        if self.random.random() < 0.3:
            return self.add(self.node("Softmax", [x], axis=d), shape)
        shape[d] = 1
        name = (self.node("ReduceSum", [x, self.ints(d)], keepdims=1) if self.random.random() < 0.5 else
                self.node("ReduceSumSquare", [x], axes=[d], keepdims=1))  # onnxruntime's mean of nothing is 0, numpy's NaN
        return self.add(name, shape)

    def running_sum(self):
        x, shape, d = self.pick()
        self.add(self.node("CumSum", [x, self.constant(np.int64(d))], exclusive=self.random.randint(0, 1)), shape)

    def concat(self):
        x, shape, d = self.pick()
        others = [entry[0] for entry in self.pool if len(entry[1]) == len(shape)]
        shape[d] = "?"
        self.add(self.node("Concat", [x, self.random.choice(others)], axis=d), shape)

    def repeat(self):
        """To the shape of another value, which may have ones, too."""
        (x, first, _), (y, second, _) = self.pick(), self.pick()
        self.add(self.node("Expand", [x, self.node("Shape", [y])]), ["?"] * max(len(first), len(second)))

    def tile(self):
        x, shape, d = self.pick(1, 2)
        y, _, e = self.pick()
        counts = [self.node("Sub", [self.extent(y, e), self.ints(self.random.randint(0, 2))]) if k == d else self.ints(1) for k in range(len(shape))]
        shape[d] = "?"
        self.add(self.node("Tile", [x, self.node("Concat", counts, axis=0)]), shape)

    def matmul(self):
        x, shape, _ = self.pick(2, 2)
        y, other, _ = self.pick(2, 3)
        transposed = self.node("Transpose", [y], perm=[*range(len(other) - 2), len(other) - 1, len(other) - 2])
        self.add(self.node("MatMul", [x, transposed]), ["?"] * len(other))

    def count(self):
        """Multiplied by the numbers of its places."""
        x, shape, _ = self.pick()
        last = self.node("Gather", [self.node("Shape", [x]), self.constant(np.int64(len(shape) - 1))], axis=0)
        places = self.node("Range", [self.constant(np.int64(0)), last, self.constant(np.int64(1))])
        self.add(self.node("Mul", [x, self.node("Cast", [places], to=TensorProto.FLOAT)]), shape)

    def make(self):
        # What only a Shape uses is no part of the model to Reckon; onnxruntime computes it, and may refuse it.
        used = {operand for node in self.nodes for operand in node.input if node.op_type != "Shape"}
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name, _ in self.pool if name not in used]
        for value in results:
            value.type.tensor_type.ClearField("shape")
        names = {value.name for value in self.inputs}
        unused = [value for value in results if value.name in names]  # an output is no input
        for value in unused:
            self.nodes.append(helper.make_node("Identity", [value.name], ["y_" + value.name]))
            value.name = "y_" + value.name
        graph = helper.make_graph(self.nodes, "sizes", self.inputs, results, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# Where onnxruntime refuses more than it must, by what it says.
STRICTER = {"reshape_helper.h": "a -1 beside a dimension of 0 that a 0 keeps: the size that it stands for is known without a quotient"}


def read(path):
    with open(path, "rb") as file:
        return numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))


def numbered(folder, what):
    return [read(os.path.join(folder, f"{what}_{k}.pb")) for k in range(len(glob.glob(os.path.join(folder, f"{what}_*.pb"))))]


def judge(session, folder):
    """What onnxruntime says of one pair: agrees, or how not."""
    inputs = dict(zip([value.name for value in session.get_inputs()], numbered(folder, "input")))
    refusal = os.path.join(folder, "refused.txt")
    try:
        answers = session.run(None, inputs)
    except Exception as error:  # onnxruntime has no class of its own for a refusal
        if os.path.exists(refusal):
            return "agrees"
        empty = any(0 in value.shape for value in [*inputs.values(), *numbered(folder, "output")])
        if empty and any(text in str(error) for text in STRICTER):
            return "stricter"
        return f"onnxruntime refuses: {str(error).splitlines()[0][:300]}"
    if os.path.exists(refusal):
        with open(refusal) as file:
            return f"onnxruntime answers what is refused: {file.readline().strip()}"
    for k, (answer, expected) in enumerate(zip(answers, numbered(folder, "output"))):
        if answer.shape != expected.shape:
            return f"output {k} has the shape {answer.shape} by onnxruntime, {expected.shape} by Reckon"
        if not np.allclose(answer, expected, rtol=1e-4, atol=1e-4, equal_nan=True):
            return f"output {k} differs"
    return "agrees"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--sizes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", help="a folder for models and runs")
    arguments = parser.parse_args()
    import onnxruntime

    counts, findings = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as temporary:
        root = arguments.keep or temporary
        os.makedirs(root, exist_ok=True)
        imported = []
        for seed in range(arguments.seed, arguments.seed + arguments.models):
            path = os.path.join(root, f"model-{seed}")
            shutil.rmtree(path, ignore_errors=True)
            onnx.save(Model(seed).make(), path + ".onnx")
            words = [os.path.join(arguments.build, "bin", "reckon-compile"), path + ".onnx", "--stop-after=import", "-o", path + ".mlir"]
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode == 0:
                imported.append(path)
            else:
                counts["models not imported"] += 1
                print(f"model-{seed} is not imported: {done.stdout.strip()[:300]}")
        words = [os.path.join(arguments.build, "test", "fuzz", "reckon-fuzz-graph"), f"--sizes={arguments.sizes}", f"--export={root}",
                 f"--seed={arguments.seed}", *(path + ".mlir" for path in imported)]
        done = subprocess.run(words, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            findings += 1
        print(done.stdout.strip())
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.log_severity_level = 4
        options.intra_op_num_threads = 1
        for path in imported:
            session = onnxruntime.InferenceSession(path + ".onnx", options, providers=["CPUExecutionProvider"])
            for folder in sorted(glob.glob(os.path.join(path, "*")), key=lambda name: int(os.path.basename(name))):
                verdict = judge(session, folder)
                counts["pairs"] += 1
                if verdict == "stricter":
                    counts["refused by onnxruntime as documented"] += 1
                elif verdict == "agrees":
                    counts["refused by all" if os.path.exists(os.path.join(folder, "refused.txt")) else "answered alike"] += 1
                else:
                    findings += 1
                    print(f"{os.path.relpath(folder, root)}: {verdict}")
    print(", ".join(f"{count} {what}" for what, count in sorted(counts.items())) + f", {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
