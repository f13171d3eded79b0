"""Integer operators on values that no double holds: `exact_integers.py write FOLDER`, then `check FOLDER ENGINE`.

`write` makes model.onnx, whose operands are inputs, and constant.onnx, whose operands are constants that the compiler folds.
What is expected is computed by numpy in integers of the operator's own type.
"""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

BIG, MOST, LEAST = 2**53 + 1, 2**63 - 1, -2**63
A = np.array([[BIG, -BIG, MOST, LEAST], [BIG + 2, 3, -7, 0], [2**62 + 1, -2**62 - 1, 2**61 + 3, 5]], np.int64)
B = np.array([[3, 2, 7, -1], [-BIG, BIG, 2, -5], [2**31 + 1, 11, -13, 4]], np.int64)
U = np.array([[2**64 - 1, 2**63 + 1, BIG, 7]], np.uint64)
V = np.array([[3, 2**62 + 1, 2**53 - 1, 2]], np.uint64)
I = np.array([[2**31 - 1, -2**31, 2**24 + 1, -2**24 - 1]], np.int32)
SHIFT = np.array([[1, 63, 11, 0]], np.uint64)
INDEX = np.array([[2, 0, 1, 2]], np.int64)


def type_of(array):
    return onnx.mapping.NP_TYPE_TO_TENSOR_TYPE[array.dtype]


def divide(a, b):
    quotient = np.abs(a.astype(object)) // np.abs(b.astype(object))
    return wrap(np.where((a < 0) != (b < 0), -quotient, quotient))


def wrap(values):
    """Python's integers modulo 2^64, as int64."""
    flat = [(int(v) + 2**63) % 2**64 - 2**63 for v in np.ravel(values)]
    return np.array(flat, np.int64).reshape(np.shape(values))


def reduce(function, axis):
    return wrap(np.apply_along_axis(lambda row: np.array(function([int(v) for v in row]), object), axis, A.astype(object)))


def product(row):
    result = 1
    for value in row:
        result *= value
    return result


def scatter(function):
    result = A.astype(object)
    for column, row in enumerate(INDEX[0]):
        result[row, column] = function(int(result[row, column]), int(B[0, column]))
    return wrap(result)


AXIS = np.array([1], np.int64)
# name: (operator, operands, attributes, expected)
CASES = {
    "add": ("Add", [A, B], {}, wrap(A.astype(object) + B.astype(object))),
    "sub": ("Sub", [A, B], {}, wrap(A.astype(object) - B.astype(object))),
    "mul": ("Mul", [A, B], {}, wrap(A.astype(object) * B.astype(object))),
    "div": ("Div", [A, B], {}, divide(A, B)),
    "mod": ("Mod", [A, B], {}, np.mod(A, B)),
    "fmod": ("Mod", [A, B], {"fmod": 1}, np.fmod(A, B)),
    "abs": ("Abs", [A], {}, np.abs(A)),
    "neg": ("Neg", [A], {}, wrap(-A.astype(object))),
    "sign": ("Sign", [A], {}, np.sign(A)),
    "min": ("Min", [A, B], {}, np.minimum(A, B)),
    "max": ("Max", [A, B], {}, np.maximum(A, B)),
    "clip": ("Clip", [A, np.array(-BIG, np.int64), np.array(BIG, np.int64)], {}, np.clip(A, -BIG, BIG)),
    "pow": ("Pow", [B, np.array([[5, 3, 2, 4]], np.int64)], {}, wrap(B.astype(object)**np.array([[5, 3, 2, 4]]).astype(object))),
    "less": ("Less", [A, A + np.array([[1, -1, 0, 1]])], {}, A < A + np.array([[1, -1, 0, 1]])),
    "equal": ("Equal", [A, A + np.array([[1, -1, 0, 1]])], {}, A == A + np.array([[1, -1, 0, 1]])),
    "and": ("BitwiseAnd", [A, B], {}, A & B),
    "or": ("BitwiseOr", [A, B], {}, A | B),
    "xor": ("BitwiseXor", [A, B], {}, A ^ B),
    "not": ("BitwiseNot", [A], {}, ~A),
    "left": ("BitShift", [U, SHIFT], {"direction": "LEFT"}, U << SHIFT),
    "right": ("BitShift", [U, SHIFT], {"direction": "RIGHT"}, U >> SHIFT),
    "where": ("Where", [A > 0, A, B], {}, np.where(A > 0, A, B)),
    "unsigned_add": ("Add", [U, V], {}, U + V),
    "unsigned_mul": ("Mul", [U, V], {}, U * V),
    "unsigned_div": ("Div", [U, V], {}, U // V),
    "unsigned_mod": ("Mod", [U, V], {}, U % V),
    "unsigned_min": ("Min", [U, V], {}, np.minimum(U, V)),
    "unsigned_less": ("Less", [U, V], {}, U < V),
    "to_u64": ("Cast", [A], {"to": onnx.TensorProto.UINT64}, A.astype(np.uint64)),
    "to_i64": ("Cast", [U], {"to": onnx.TensorProto.INT64}, U.astype(np.int64)),
    "to_i32": ("Cast", [A], {"to": onnx.TensorProto.INT32}, A.astype(np.int32)),
    "to_u8": ("Cast", [A], {"to": onnx.TensorProto.UINT8}, A.astype(np.uint8)),
    "to_f32": ("Cast", [A], {"to": onnx.TensorProto.FLOAT}, A.astype(np.float32)),
    "to_f64": ("Cast", [A], {"to": onnx.TensorProto.DOUBLE}, A.astype(np.float64)),
    "u64_to_f32": ("Cast", [U], {"to": onnx.TensorProto.FLOAT}, U.astype(np.float32)),
    "u64_to_f64": ("Cast", [U], {"to": onnx.TensorProto.DOUBLE}, U.astype(np.float64)),
    "i32_to_f32": ("Cast", [I], {"to": onnx.TensorProto.FLOAT}, I.astype(np.float32)),
    "to_bool": ("Cast", [A], {"to": onnx.TensorProto.BOOL}, A != 0),
    "reduce_sum": ("ReduceSum", [A, AXIS], {"keepdims": 0}, reduce(sum, 1)),
    "reduce_max": ("ReduceMax", [A, AXIS], {"keepdims": 0}, A.max(1)),
    "reduce_min": ("ReduceMin", [A, AXIS], {"keepdims": 0}, A.min(1)),
    "reduce_prod": ("ReduceProd", [A, AXIS], {"keepdims": 0}, reduce(product, 1)),
    "reduce_l1": ("ReduceL1", [A, AXIS], {"keepdims": 0}, reduce(lambda row: sum(map(abs, row)), 1)),
    "reduce_square": ("ReduceSumSquare", [A, AXIS], {"keepdims": 0}, reduce(lambda row: sum(v * v for v in row), 1)),
    "arg_max": ("ArgMax", [A], {"axis": 1, "keepdims": 0}, A.argmax(1)),
    "arg_min": ("ArgMin", [A], {"axis": 1, "keepdims": 0}, A.argmin(1)),
    "cumsum": ("CumSum", [A, np.array(1, np.int64)], {}, wrap(np.cumsum(A.astype(object), 1))),
    "matmul": ("MatMul", [A, B.T.copy()], {}, wrap(A.astype(object) @ B.T.astype(object))),
    "gather": ("GatherElements", [A, INDEX], {"axis": 0}, np.take_along_axis(A, INDEX, 0)),
    "concat": ("Concat", [A, B], {"axis": 0}, np.concatenate([A, B])),
    "transpose": ("Transpose", [A], {"perm": [1, 0]}, A.T),
    "constant_of_shape": ("ConstantOfShape", [np.array([2, 2], np.int64)], {"value": numpy_helper.from_array(np.array([BIG]))},
                          np.full((2, 2), BIG)),
    "pad": ("Pad", [A, np.array([0, 1, 0, 0], np.int64), np.array(BIG, np.int64)], {}, np.pad(A, ((0, 0), (1, 0)),
                                                                                          constant_values=BIG)),
    "one_hot": ("OneHot", [INDEX[0], np.array(3, np.int64), np.array([BIG, -BIG - 2], np.int64)], {},
                np.where(INDEX[0][:, None] == np.arange(3), -BIG - 2, BIG)),
    "scatter": ("ScatterElements", [A, INDEX, B[:1]], {"axis": 0}, scatter(lambda old, new: new)),
    "scatter_add": ("ScatterElements", [A, INDEX, B[:1]], {"axis": 0, "reduction": "add"}, scatter(lambda old, new: old + new)),
    "scatter_mul": ("ScatterElements", [A, INDEX, B[:1]], {"axis": 0, "reduction": "mul"}, scatter(lambda old, new: old * new)),
    "scatter_max": ("ScatterElements", [A, INDEX, B[:1]], {"axis": 0, "reduction": "max"}, scatter(max)),
    "sum": ("Sum", [A, B, A], {}, wrap(A.astype(object) + B.astype(object) + A.astype(object))),
    "tile": ("Tile", [A, np.array([2, 1], np.int64)], {}, np.tile(A, (2, 1))),
    "trilu": ("Trilu", [A], {"upper": 1}, np.triu(A)),
    "slice": ("Slice", [A, np.array([1], np.int64), np.array([3], np.int64), AXIS], {}, A[:, 1:3]),
    "less_constant": ("Less", [A, np.array(BIG + 1, np.int64)], {}, A < BIG + 1),
    "expand": ("Expand", [A[:, :1].copy(), np.array([3, 2], np.int64)], {}, np.repeat(A[:, :1], 2, 1)),
}


# Axes, shapes and counts.
STATIC = {("Expand", 1), ("CumSum", 1), ("ConstantOfShape", 0), ("Pad", 1), ("OneHot", 1), ("Tile", 1), ("Slice", 1), ("Slice", 2)}


def make_model(constant):
    nodes, inputs, outputs, weights = [], [], [], []
    for name, (operator, operands, attributes, expected) in CASES.items():
        names = []
        for i, operand in enumerate(operands):
            names.append(f"{name}_{i}")
            if constant or operand is AXIS or (operator, i) in STATIC:
                weights.append(numpy_helper.from_array(operand, names[-1]))
            else:
                inputs.append(helper.make_tensor_value_info(
                    names[-1], type_of(operand), operand.shape))
        nodes.append(helper.make_node(operator, names, [name], **attributes))
        outputs.append(helper.make_tensor_value_info(name, type_of(expected), expected.shape))
    if constant:  # a model has an input
        inputs.append(helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1]))
        nodes.append(helper.make_node("Neg", ["x"], ["y"]))
        outputs.append(helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1]))
    return helper.make_model(helper.make_graph(nodes, "integers", inputs, outputs, weights),
                             opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def main():
    command, folder = sys.argv[1:3]
    if command == "write":
        os.makedirs(folder, exist_ok=True)
        for constant in (False, True):
            onnx.save(make_model(constant), os.path.join(folder, "constant.onnx" if constant else "model.onnx"))
        return
    flags = []
    for tensor in onnx.load(os.path.join(folder, sys.argv[3] + ".onnx")).graph.input:
        name, _, index = tensor.name.rpartition("_")
        path = os.path.join(folder, tensor.name + ".npy")
        np.save(path, CASES[name][1][int(index)] if name else np.zeros(1, np.float32))
        flags += ["--input", f"{tensor.name}={path}"]
    subprocess.run(["reckon-run", os.path.join(folder, sys.argv[3] + ".rkn"), "--output-dir", folder, *flags], check=True,
                   stdout=subprocess.DEVNULL)
    wrong = 0
    for name, (_, _, _, expected) in CASES.items():
        actual = np.load(os.path.join(folder, name + ".npy"))
        if actual.dtype != expected.dtype or not np.array_equal(actual, expected):
            wrong += 1
            print(f"{name}: {actual.dtype} {actual.tolist()}, expected {expected.dtype} {expected.tolist()}")
    print(f"{len(CASES) - wrong} exact, {wrong} not")
    sys.exit(wrong != 0)


main()
