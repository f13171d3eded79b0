"""Layers that move memory, as ONNX, at sizes around what kernels have in registers, in a warp, in a tile and in shared memory."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

REAL, WHOLE = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def make_model(nodes, shape, results, constants, dtype=REAL):
    """`results`: (name, type, shape without the batch). Dimensions are numbers or names."""
    graph = helper.make_graph(nodes, "layer", [helper.make_tensor_value_info("x", dtype, ["batch", *shape])],
                              [helper.make_tensor_value_info(name, kind, ["batch", *sizes]) for name, kind, sizes in results],
                              [numpy_helper.from_array(np.asarray(array), name) for name, array in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def transposes():
    """Each with a layer in front of it and one behind it, whose operand is broadcast."""
    for perm, shape in (((0, 2, 1), (3, 5)), ((0, 2, 1), (33, 65)), ((0, 2, 1), (200, 64)), ((0, 2, 1), (8, 300)), ((0, 2, 1), (300, 8)),
                        ((0, 3, 1, 2), (6, 7, 40)), ((0, 2, 3, 1), (40, 6, 7)), ((0, 3, 2, 1), (9, 10, 11)), ((0, 2, 1, 3), (7, 3, 8)),
                        ((0, 2, 1, 3), (7, 3, 5))):
        moved = [shape[axis - 1] for axis in perm[1:]]
        scale = np.random.default_rng(1).standard_normal(moved[-1]).astype(np.float32)
        nodes = [helper.make_node("Abs", ["x"], ["a"]), helper.make_node("Transpose", ["a"], ["t"], perm=perm),
                 helper.make_node("Mul", ["t", "scale"], ["y"])]
        name = f"transpose-{''.join(map(str, perm))}-{'x'.join(map(str, shape))}"
        yield name, make_model(nodes, shape, [("y", REAL, moved)], [("scale", scale)])


def lines():
    """Softmax, its logarithm and norms, with a residual behind them."""
    for width in (1, 2, 5, 8, 9, 33, 64, 100, 1000, 1024, 1025, 5000, 9000):
        parameters = [(name, np.random.default_rng(width).standard_normal(width).astype(np.float32)) for name in ("scale", "bias")]
        for op, inputs in (("Softmax", ["x"]), ("LogSoftmax", ["x"]), ("LayerNormalization", ["x", "scale", "bias"])):
            nodes = [helper.make_node(op, inputs, ["s"], axis=-1), helper.make_node("Add", ["s", "x"], ["y"])]
            yield f"{op.lower()}-{width}", make_model(nodes, [3, width], [("y", REAL, [3, width])],
                                                      parameters if op == "LayerNormalization" else [])


def sums():
    """Of whole numbers, so that the order of additions does not show."""
    for width in (1, 5, 16, 17, 64, 1000):
        for reverse in (0, 1):
            nodes = [helper.make_node("Round", ["x"], ["whole"]), helper.make_node("CumSum", ["whole", "axis"], ["y"], reverse=reverse, exclusive=reverse),
                     helper.make_node("ReduceSum", ["whole", "axes"], ["total"], keepdims=0)]
            yield f"sums-{width}-{reverse}", make_model(nodes, [width], [("y", REAL, [width]), ("total", REAL, [])],
                                                        [("axis", np.int64(1)), ("axes", np.array([1]))])


def single_elements():
    """Operands at the index that is written, broadcast and transposed, the same one at two of these."""
    for height, width in ((4, 13), (8, 64)):
        row = np.random.default_rng(width).standard_normal(width).astype(np.float32)
        nodes = [helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["s", "row"], ["m"]),
                 helper.make_node("Add", ["m", "x"], ["y"])]
        yield f"single-{height}x{width}", make_model(nodes, [height, width], [("y", REAL, [height, width])], [("row", row)])
        nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), helper.make_node("Sub", ["x", "t"], ["y"])]
        yield f"skew-{width}", make_model(nodes, [width, width], [("y", REAL, [width, width])], [])


def moves():
    """Joins of what is read, computed and joined before, also where a part is a result of its own; padding and reordering."""
    for steps, width in ((3, 5), (20, 13), (8, 64)):
        joined = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Concat", ["x", "r", "x"], ["j"], axis=1)]
        yield f"join-{steps}x{width}", make_model(joined, [steps, width], [("j", REAL, [3 * steps, width])], [])
        again = [*joined, helper.make_node("Neg", ["j"], ["n"]), helper.make_node("Concat", ["n", "r"], ["y"], axis=1)]
        yield f"join-of-join-{steps}x{width}", make_model(again, [steps, width], [("y", REAL, [4 * steps, width]), ("r", REAL, [steps, width])], [])
        last = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Concat", ["r", "x"], ["y"], axis=2)]
        yield f"join-last-{steps}x{width}", make_model(last, [steps, width], [("y", REAL, [steps, 2 * width])], [])
        ends = [helper.make_node("Slice", ["x", "from", "to", "axis"], ["e"]), helper.make_node("Concat", ["x", "e", "x"], ["y"], axis=2)]
        yield f"join-ends-{steps}x{width}", make_model(ends, [steps, width], [("y", REAL, [steps, 2 * width + 3])],
                                                       [("from", np.array([-3])), ("to", np.array([width])), ("axis", np.array([2]))])
        padded = [helper.make_node("Pad", ["x", "pads"], ["p"]), helper.make_node("Add", ["p", "p"], ["y"])]
        yield f"pad-{steps}x{width}", make_model(padded, [steps, width], [("y", REAL, [steps + 2, width])],
                                                 [("pads", np.array([0, 2, 0, 0, 0, 0]))])
        order = np.random.default_rng(steps).permutation(steps)
        moved = [helper.make_node("Gather", ["x", "order"], ["g"], axis=1), helper.make_node("Sub", ["g", "x"], ["y"])]
        yield f"reorder-{steps}x{width}", make_model(moved, [steps, width], [("y", REAL, [steps, width])], [("order", order)])


def orders():
    """Top-k by a warp and by a block, of numbers in registers and not, of many equal ones (half floats), and of rows whose
    greatest are all a few threads', so that there are more candidates than room."""
    for width, k in ((5, 5), (40, 1), (1000, 12), (1000, 13), (1000, 128), (1025, 7), (9000, 129), (40000, 40), (300, 200)):
        nodes = [helper.make_node("TopK", ["x", "k"], ["y", "places"])]
        for dtype in (REAL, onnx.TensorProto.FLOAT16):
            yield f"top-{k}-of-{width}-{dtype}", make_model(nodes, [width], [("y", dtype, [k]), ("places", WHOLE, [k])],
                                                            [("k", np.array([k]))], dtype)
    for width, k in ((1000, 10), (3000, 40), (20000, 200)):
        random, period = np.random.default_rng(k), 32 if k == 10 else 256 if k == 40 else 1024
        nodes = [helper.make_node("Round", ["x"], ["whole"]), helper.make_node("Gemm", ["whole", "w", "b"], ["scores"]), helper.make_node("TopK", ["scores", "k"], ["y", "places"])]
        weight = (random.integers(-8, 8, (4, width)) / 64).astype(np.float32)
        yield f"top-{k}-of-{width}-crowded", make_model(nodes, [4], [("y", REAL, [k]), ("places", WHOLE, [k])], [
            ("k", np.array([k])), ("w", weight), ("b", -100 * (np.arange(width) % period).astype(np.float32))])


def places():
    """Where the greatest and least are, along the last dimension and another, the first and the last of equal ones; half of the roots
    are no numbers."""
    for shape, axis in (((1,), 1), ((5,), 1), ((13,), 1), ((64,), 1), ((3, 1000), 2), ((5000,), 1), ((13, 6), 1), ((200, 33), 1)):
        results, nodes = [], [helper.make_node("Round", ["x"], ["whole"]), helper.make_node("Sqrt", ["whole"], ["root"])]
        for k, (op, x) in enumerate((op, x) for op in ("ArgMax", "ArgMin") for x in ("x", "whole", "root")):
            nodes.append(helper.make_node(op, [x], [f"y{k}"], axis=axis, keepdims=k % 2, select_last_index=k // 2 % 2))
            kept = [1] if k % 2 else []
            results.append((f"y{k}", WHOLE, [*shape[:axis - 1], *kept, *shape[axis:]]))
        yield f"places-{'x'.join(map(str, shape))}", make_model(nodes, shape, results, [])


def make_all():
    """(name, model, whether half precision gives the same order) of each."""
    for group in (transposes, lines, sums, single_elements, moves):
        for name, model in group():
            yield name, model, True
    for group in (orders, places):
        for name, model in group():
            yield name, model, False
