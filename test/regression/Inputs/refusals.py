"""refusals.py FOLDER KERNEL_ABI: a model and its inputs for each kind of refusal. What is said has to name the node (or, of what
is given from outside, the input), the dimension, tensor or attribute, and the value.

A refusal by a kernel has the name that include/reckon/Runtime/KernelABI.h gives it; one of sizes the name of its relation. Each of
these has a case, so that a new one needs one."""

import os
import re
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
x_row, x_square, x_any = ("x", FLOAT, ["T"]), ("x", FLOAT, ["N", "T"]), ("x", FLOAT, ["N", 4])
ids = ("ids", INT64, ["N"])


def node(kind, inputs, outputs="y", name="a/node", **attributes):
    return helper.make_node(kind, inputs, [outputs] if isinstance(outputs, str) else outputs, name=name, **attributes)


def save(name, nodes, inputs, weights, opset=17, domains=()):
    graph = helper.make_graph(nodes, name, [helper.make_tensor_value_info(*value) for value in inputs],
                              [helper.make_tensor_value_info("y", TensorProto.UNDEFINED, None)],
                              [numpy_helper.from_array(np.array(value), key) for key, value in weights.items()])
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(*domain) for domain in domains]
    with open(name + ".onnx", "wb") as file:
        file.write(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def floats(*shape):
    return np.ones(shape, np.float32)


TABLE = {"table": floats(6, 2)}
OFFSETS = [("ids", INT64, ["M"]), ("offsets", INT64, ["N"])]
# Bags as torch writes them for onnxruntime's users: gather, then a sum over segments by a loop, are raised to one op; here the
# module has the op itself.
BAG = """
func.func @main(%i: tensor<?xi64, #rec.dims<"M">> {rec.name = "ids"}, %o: tensor<?xi64, #rec.dims<"N">> {rec.name = "offsets"}) -> (tensor<?x2xf32, #rec.dims<"N", 2>> {rec.name = "y"}) {
  %t = rec.constant "table" = dense<0.25> : tensor<6x2xf32>
  %0 = rec.embedding_bag sum %t, %i offsets %o : (tensor<6x2xf32>, tensor<?xi64, #rec.dims<"M">>, tensor<?xi64, #rec.dims<"N">>) -> tensor<?x2xf32, #rec.dims<"N", 2>> loc("a/node")
  return %0 : tensor<?x2xf32, #rec.dims<"N", 2>>
}"""

# Kind: (nodes or module, inputs, weights, arrays or None where the model does not compile, exit code, what it has to say).
CASES = {
    # By sizes and values of a run.
    "at_least": ([node("TopK", ["x", "k"], ["y", "at"])], [x_row], {"k": [4]}, {"x": floats(3)}, 2,
                 ["node 'a/node'", "T >= 4", "dimension 0", "T = 3 by input 'x' axis 0"]),
    "equal": ([node("Reshape", ["x", "s"])], [x_row], {"s": [-1, 4]}, {"x": floats(7)}, 2,
              ["node 'a/node'", r"4\*floordiv\(T, 4\) = T", "T = 7 by input 'x' axis 0"]),
    "window": ([node("MaxPool", ["x"], kernel_shape=[4])], [("x", FLOAT, ["N", 2, "L"])], {}, {"x": floats(1, 2, 3)}, 2,
               ["node 'a/node'", "a window of 4 over dimension 2", "L = 3 by input 'x' axis 2"]),
    "negative size": ([node("Shape", ["x"], "n"), node("Sub", ["ten", "n"], "m"), node("ConstantOfShape", ["m"])], [x_row],
                      {"ten": [10]}, {"x": floats(12)}, 2,
                      ["node 'a/node'", r"-T\+10 >= 0", "dimension 0", "T = 12 by input 'x' axis 0"]),
    "RECKON_KERNEL_ID_OUT_OF_RANGE": ([node("Gather", ["table", "ids"])], [ids], TABLE, {"ids": np.array([0, 6])}, 2,
                                      ["node 'a/node'", "input 'ids' -> table 'table'", "id 6 at position 1", r"\[0, 6\)"]),
    "negative id": ([node("Gather", ["table", "ids"])], [ids], TABLE, {"ids": np.array([-1])}, 2,
                    ["node 'a/node'", "input 'ids' -> table 'table'", "id -1 at position 0", "--negative-ids=wrap"]),
    "RECKON_KERNEL_BAD_OFFSETS": (BAG, OFFSETS, {}, {"ids": np.array([0, 1, 2]), "offsets": np.array([0, 7])}, 2,
                                  ["node 'a/node'", "input 'offsets' -> table 'table'", "bag 0 begins or ends at offset 7", "input 'ids'"]),
    "RECKON_KERNEL_INDEX_OUT_OF_RANGE": ([node("GatherElements", ["x", "i"], axis=1)], [x_any, ("i", INT64, ["N", 2])], {},
                                         {"x": floats(1, 4), "i": np.array([[0, 4]])}, 2,
                                         ["node 'a/node'", "index 4 at position 1 is outside its axis"]),
    "scatter": ([node("ScatterND", ["x", "i", "u"])], [x_any, ("i", INT64, ["M", 1]), ("u", FLOAT, ["M", 4])], {},
                {"x": floats(3, 4), "i": np.array([[3]]), "u": floats(1, 4)}, 2,
                ["node 'a/node'", "index 3 at position 0 is outside its axis"]),
    # By what is given from outside.
    "rank": ([node("Relu", ["x"])], [x_any], {}, {"x": floats(4)}, 2, ["input 'x'", "got 1 axes, expected 2"]),
    "fixed size": ([node("Relu", ["x"])], [x_any], {}, {"x": floats(2, 5)}, 2, ["input 'x' axis 1", "got 5, expected 4"]),
    "two inputs": ([node("Add", ["x", "z"])], [x_any, ("z", FLOAT, ["N", 4])], {}, {"x": floats(2, 4), "z": floats(3, 4)}, 2,
                   ["input 'z' axis 0", "got 3, expected 2", "N = 2 by input 'x' axis 0"]),
    "element type": ([node("Relu", ["x"])], [x_any], {}, {"x": np.ones((2, 4), np.int64)}, 2, ["input 'x'", "got i64, expected f32"]),
    "missing": ([node("Add", ["x", "z"])], [x_any, ("z", FLOAT, ["N", 4])], {}, {"x": floats(2, 4)}, 2, ["missing input", "'z'"]),
    "memory": ([node("Reshape", ["x", "c"], "a", name="1"), node("Reshape", ["x", "r"], "b", name="2"), node("Mul", ["a", "b"])],
               [("x", TensorProto.DOUBLE, ["T"])], {"c": [-1, 1], "r": [1, -1]}, {"x": np.ones(10**6)}, 4,
               ["output 'y'", "8000000000000 bytes"]),
    # By the model.
    "attribute type": ([node("Softmax", ["x"], axis=1.0)], [x_square], {}, None, 2,
                       [r"node 'a/node' \(Softmax\)", "attribute 'axis'", "type float, not int"]),
    "misspelt attribute": ([node("Softmax", ["x"], axes=1)], [x_square], {}, None, 2,
                           [r"node 'a/node' \(Softmax\)", "no attribute 'axes' in opset 17", "it has axis"]),
    "missing attribute": ([node("Cast", ["x"])], [x_square], {}, None, 2, [r"node 'a/node' \(Cast\)", "attribute 'to' is missing"]),
    "flag": ([node("ReduceMax", ["x"], keepdims=2)], [x_square], {}, None, 2,
             [r"node 'a/node' \(ReduceMax\)", "attribute 'keepdims' is 2"]),
    "operands": ([node("Relu", ["x", "x"])], [x_square], {}, None, 2,
                 [r"node 'a/node' \(Relu\)", "it has 2 operands", "at most 1"]),
    "axis": ([node("Softmax", ["x"], axis=2)], [x_square], {}, None, 2, [r"node 'a/node' \(Softmax\)", "axis 2", "rank 2"]),
    "unequal sizes": ([node("Add", ["x", "w"])], [x_any], {"w": floats(3)}, None, 2,
                      [r"node 'a/node' \(Add\)", r"\[N, 4\]", r"\[3\]"]),
    "inner size": ([node("MatMul", ["x", "w"])], [x_any], {"w": floats(3, 2)}, None, 2,
                   [r"node 'a/node' \(MatMul\)", "'4'", "'3'"]),
    "element types": ([node("Add", ["x", "w"])], [x_any], {"w": np.ones(4, np.int64)}, None, 2,
                      [r"node 'a/node' \(Add\)", "'f32' and 'i64'"]),
    "squeeze": ([node("Squeeze", ["x", "one"])], [x_any], {"one": [1]}, None, 2,
                [r"node 'a/node' \(Squeeze\)", "dimension 1", "size 4, not 1"]),
    "reshape": ([node("Reshape", ["w", "s"], "v", name="a/node"), node("Add", ["x", "v"], name="b")], [x_any],
                {"w": floats(7), "s": [-1, 4]}, None, 2, [r"node 'a/node' \(Reshape\)", r"shape \[-1, 4\]", r"shape \[7\]"]),
    "constant index": ([node("Gather", ["x", "i"], axis=1)], [x_any], {"i": np.array(4)}, {"x": floats(2, 4)}, 2,
                       ["node 'a/node'", "index 4 into dimension 1", "got 4 and 5"]),
    "pads": ([node("Pad", ["x", "p"])], [x_any], {"p": [0, -3, 0, -2]}, None, 2, [r"node 'a/node' \(Pad\)", "dimension 1", "more"]),
    "mode": ([node("Pad", ["x", "p"], mode="mirror")], [x_any], {"p": [0, 0, 0, 1]}, None, 2,
             [r"node 'a/node' \(Pad\)", "mode 'mirror'"]),
    "undefined": ([node("Add", ["x", "q"])], [x_any], {}, None, 2, [r"node 'a/node' \(Add\)", "'q' is not defined"]),
    "cycle": ([node("Add", ["x", "b"], "a", name="first"), node("Relu", ["a"], "b", name="second"), node("Relu", ["b"])],
              [x_any], {}, None, 2, [r"node 'first' \(Add\)", "'b'", "cycle"]),
    "twice": ([node("Relu", ["x"]), node("Neg", ["x"], name="b")], [x_any], {}, None, 2, ["the name 'y' is defined twice"]),
    "elements": ([node("Expand", ["x", "s"], "e"), node("ReduceSum", ["e"], name="b")], [("x", FLOAT, [1])], {"s": [10**12]}, None,
                 3, ["1000000000000", r"more than 2\^38 elements", "a/node|e"]),
    "operator": ([node("Wobble", ["x"])], [x_any], {}, None, 3, ["Wobble: node 'a/node'"]),
    "domain": ([node("Wobble", ["x"], domain="my.ops")], [x_any], {}, None, 3, ["my.ops.Wobble: node 'a/node'"]),
    "operand is no constant": ([node("Range", ["a", "b", "c"])], [("a", INT64, []), ("b", INT64, []), ("c", INT64, [])], {}, None, 3,
                               ["Range: node 'a/node'", "operand 'start'", "freeze the input 'a'"]),
    "meaning of a version": ([node("Pad", ["x"], paddings=[0, 0, 0, 1])], [x_any], {}, None, 3,
                             ["Pad: node 'a/node'", "opset 1;", "opset 2 on"]),
    "element type of an attribute": ([node("Cast", ["x"], to=TensorProto.COMPLEX64)], [x_any], {}, None, 3,
                                     ["Cast: node 'a/node'", "attribute 'to' is 14"]),
    "sizes that data decide": ([node("NonZero", ["x"])], [x_any], {}, None, 3, ["output 'y'", "data decide", "input 'x'"]),
}
OPSETS = {"meaning of a version": 1}
DOMAINS = {"domain": [("my.ops", 1)]}


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def refuse(kind, nodes, inputs, weights, arrays, code, says):
    source = "module.mlir" if isinstance(nodes, str) else "model.onnx"
    if isinstance(nodes, str):
        with open(source, "w") as file:
            file.write(nodes)
    else:
        save("model", nodes, inputs, weights, OPSETS.get(kind, 17), DOMAINS.get(kind, ()))
    status, said = run("reckon-compile", source, "-o", "engine.rkn", "--verify")
    if arrays is not None:
        if status:
            return f"does not compile: {said}"
        given = []
        for name, array in arrays.items():
            np.save(name + ".npy", array)
            given += ["--input", f"{name}={name}.npy"]
        status, said = run("reckon-run", "engine.rkn", *given, "--output-dir", "out")
    lacks = [pattern for pattern in says if not re.search(pattern, said)]
    return f"exit {status}, expected {code}: {said}" if status != code else f"does not say {lacks}: {said}" if lacks else ""


with open(sys.argv[2]) as file:
    kernels = re.findall(r"(RECKON_KERNEL_\w+) = [1-9]", file.read())
os.chdir(sys.argv[1])
# What only kernels that check themselves find is no refusal.
missing = {"at_least", "equal", *kernels} - {"RECKON_KERNEL_BAD_READ", "RECKON_KERNEL_BAD_WRITE"} - set(CASES)
problems = [f"{kind}: no case" for kind in sorted(missing)]
for kind, case in CASES.items():
    if problem := refuse(kind, *case):
        problems.append(f"{kind}: {problem}")
print(*problems, f"{len(CASES)} kinds of refusal, {len(problems)} badly said", sep="\n")
sys.exit(bool(problems))
