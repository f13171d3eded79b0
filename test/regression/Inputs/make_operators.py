"""make_operators.py FOLDER: small models of operators that the import takes apart, with outputs that numpy computed.

Each folder MODEL holds model.onnx and ONNX test data for two batches.
"""

import os
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

folder = sys.argv[1]
random = np.random.RandomState(7)
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64,
         np.dtype(np.int32): TensorProto.INT32, np.dtype(np.uint8): TensorProto.UINT8, np.dtype(bool): TensorProto.BOOL}


def floats(*shape):
    return lambda batch: random.randn(*[batch if size == "batch" else size for size in shape]).astype(np.float32)


def integers(low, high, *shape, kind=np.int64):
    return lambda batch: random.randint(low, high, [batch if size == "batch" else size for size in shape]).astype(kind)


def node(kind, inputs, outputs="y", domain="", **attributes):
    return helper.make_node(kind, inputs.split(), outputs.split(), domain=domain, name=kind.lower() + "_" + outputs.split()[0],
                            **attributes)


def body(nodes, inputs, outputs):
    """A subgraph; values are (name, element type), with a shape where it is known."""
    values = [[helper.make_tensor_value_info(name, kind, *(shape or [None])) for name, kind, *shape in some]
              for some in (inputs, outputs)]
    return helper.make_graph(nodes, "body", *values)


def save(name, nodes, inputs, compute, weights=None, opset=17, outputs="y"):
    """`inputs` maps names to a maker of arrays and a shape; `compute` gives the outputs, a list of arrays, for arrays."""
    weights = weights or {}
    sample = {key: make(2) for key, (make, _) in inputs.items()}
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info(key, TYPES[sample[key].dtype], shape) for key, (_, shape) in inputs.items()],
        [helper.make_empty_tensor_value_info(key) for key in outputs.split()],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in weights.items()])
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    path = os.path.join(folder, name)
    os.makedirs(path)
    with open(os.path.join(path, "model.onnx"), "wb") as file:
        file.write(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    for number, batch in enumerate((3, 17)):
        data = os.path.join(path, f"test_data_set_{number}")
        os.makedirs(data)
        feeds = {key: make(batch) for key, (make, _) in inputs.items()}
        for kind, values in ("input", feeds), ("output", dict(zip(outputs.split(), compute(**feeds)))):
            for i, (key, value) in enumerate(values.items()):
                value = np.asarray(value)
                value = value.astype(np.float32) if value.dtype == np.float64 else value
                with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as file:
                    file.write(numpy_helper.from_array(value, key).SerializeToString())


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# Rows that a mask chooses, what becomes of them, and where they go back to.
rows = {"x": (floats("batch", 6), ["batch", 6])}
weights = {"one": np.array([1]), "zero": np.array([0]), "none": np.float32(0), "minus": np.array([-1]),
           "first": np.int64(0), "next": np.int64(1), "second": np.array([2])}
choose = [node("ReduceSum", "x one", "r", keepdims=0), node("Greater", "r none", "m"), node("NonZero", "m", "n"),
          node("Transpose", "n", "at", perm=[1, 0]), node("GatherND", "x at", "c")]


def chosen(x):
    return x[x.sum(1) > 0]


def scatter(x):
    y = x.copy()
    y[x.sum(1) > 0] = np.tanh(chosen(x))
    return [y]


def sort_and_back(x):
    c, y = chosen(x), x.copy()
    order = np.argsort(-c.sum(1), kind="stable")
    sums = np.zeros_like(c)
    sums[order] = np.cumsum(c[order], 0)
    y[x.sum(1) > 0] = sums
    return y


save("mask_scatter", choose + [node("Tanh", "c", "t"), node("ScatterND", "x at t")], rows, scatter, weights)
save("mask_sum", choose + [node("ReduceSum", "c zero", keepdims=0)], rows, lambda x: [chosen(x).sum(0)], weights)
save("mask_gram", choose + [node("Transpose", "c", "ct"), node("MatMul", "ct c")], rows, lambda x: [chosen(x).T @ chosen(x)],
     weights)
save("mask_count", choose + [node("Shape", "c", "s")], rows, lambda x: [np.array(chosen(x).shape)], weights, outputs="s")
save("mask_softmax", choose + [node("Softmax", "c", "p", axis=0), node("ReduceMax", "p", axes=[1], keepdims=0),
                               node("ReduceSum", "y zero", "z", keepdims=0)],
     {"x": (lambda batch: np.abs(floats("batch", 6)(batch)), ["batch", 6])}, lambda x: [softmax(x, 0).max(1).sum()],
     weights, outputs="z")
save("compress_sum", choose[:2] + [node("Compress", "x m", "c", axis=0), node("ReduceSum", "c zero", keepdims=0)], rows,
     lambda x: [chosen(x).sum(0)], weights)
# Sorted by a key, changed, and brought back into order: a packed sequence.
save("mask_sort", choose + [node("ReduceSum", "c one", "key", keepdims=0), node("Shape", "key", "k"),
                            node("TopK", "key k", "v order", axis=0), node("Gather", "c order", "sorted", axis=0),
                            node("CumSum", "sorted first", "sums"), node("Squeeze", "k zero", "count"),
                            node("Range", "first count next", "places"),
                            node("ConstantOfShape", "k", "zeros", value=numpy_helper.from_array(np.array([0]))),
                            node("ScatterElements", "zeros order places", "back", axis=0),
                            node("Gather", "sums back", "original", axis=0), node("ScatterND", "x at original")], rows,
     lambda x: [sort_and_back(x)], weights)


# What the mask counts is the size that the new values are expanded to, as an assignment by mask is exported.
save("mask_assign", [node("Greater", "x none", "m"), node("Cast", "m", "i", to=TensorProto.INT64), node("NonZero", "m", "n"),
                     node("Transpose", "n", "at", perm=[1, 0]), node("ReduceSum", "i", "k", keepdims=0),
                     node("Unsqueeze", "k zero", "s"), node("Expand", "value s", "v"), node("ScatterND", "x at v")], rows,
     lambda x: [np.where(x > 0, np.float32(2), x)], {**weights, "value": np.array([2], np.float32)})

# Values that decide a size.
lengths = {"x": (floats("batch", 6), ["batch", 6]), "n": (integers(1, 7, "batch"), ["batch"])}
longest = [node("ReduceMax", "n", "l", axes=[0], keepdims=1)]
save("slice_to_data", longest + [node("Slice", "x zero l one", "s"), node("ReduceSum", "s one", keepdims=0)], lengths,
     lambda x, n: [x[:, :n.max()].sum(1)], weights)
save("slice_from_data", longest + [node("Neg", "l", "f"), node("Slice", "x f end one", "s"), node("ReduceSum", "s one", keepdims=0)],
     lengths, lambda x, n: [x[:, -n.max():].sum(1)], {**weights, "end": np.array([2**62])})
save("topk_data", longest + [node("TopK", "x l", "v i", axis=1), node("ReduceSum", "v one", keepdims=0)], lengths,
     lambda x, n: [-np.sort(-x)[:, :n.max()].sum(1)], weights)
save("topk_half", [node("Shape", "x", "s"), node("Gather", "s zero", "b"), node("Div", "b second", "k"),
                   node("TopK", "x k", "y i", axis=0)], rows, lambda x: [-np.sort(-x, 0)[:len(x) // 2]], weights)

# Norms by their parts: sizes of a vector, of less and of more than one, and of a single element; numbers added to a mean.
for width in 1, 7, 16, 20, 65:
    scale = random.randn(width).astype(np.float32)
    save(f"rms_norm_{width}", [node("Mul", "x x", "s"), node("ReduceMean", "s", "m", axes=[-1]), node("Add", "m e", "a"), node("Sqrt", "a", "r"),
                               node("Div", "x r", "q"), node("Mul", "q w", "y")], {"x": (floats("batch", 5, width), ["batch", 5, width])},
         lambda x, scale=scale: [x / np.sqrt((x.astype(np.float64) ** 2).mean(-1, keepdims=True) + 1e-6) * scale],
         {"e": np.float32(1e-6), "w": scale})
    save(f"mean_of_steps_{width}", [node("ReduceMean", "x", "m", axes=[1], keepdims=0), node("ReduceMax", "x", "h", axes=[1], keepdims=0),
                                    node("Add", "m h", "y")], {"x": (floats("batch", 5, width), ["batch", 5, width])},
         lambda x: [x.astype(np.float64).mean(1) + x.max(1)])

# Unique rows, and back again.
table = random.randn(5, 4).astype(np.float32)
ids = {"i": (integers(0, 5, "batch", 2), ["batch", 2])}
for order in 0, 1:
    save(f"unique_{order}", [node("Unique", "i", "u f v c", axis=0, sorted=order), node("Gather", "u v", "y"),
                             node("Gather", "c v", "z"), node("Gather", "f v", "w")], ids,
         lambda i: [i, (i[:, None] == i).all(2).sum(1), (i[:, None] == i).all(2).argmax(1)], outputs="y z w")
save("unique_embedding", [node("Unique", "i", "u f v c"), node("Gather", "t u", "e"), node("Gather", "e v", "y")], ids,
     lambda i: [table[i.ravel()]], {"t": table})

# Loops and choices.
number, boolean, real = TensorProto.INT64, TensorProto.BOOL, TensorProto.FLOAT
columns = [node("Transpose", "x", "t", perm=[1, 0]), node("ReduceSum", "x one", "h", keepdims=0)]
step = body([node("Gather", "t i", "x_i", axis=0), node("Add", "a x_i", "b"), node("Tanh", "b", "s"), node("Identity", "c", "d")],
            [("i", number), ("c", boolean), ("a", real)], [("d", boolean), ("b", real), ("s", real)])
save("loop", columns + [node("Loop", "six yes h", "y z", body=step)], rows,
     lambda x: [x.sum(1) * 2, np.tanh(x.sum(1)[None] + np.cumsum(x.T, 0))],
     {**weights, "six": np.int64(6), "yes": np.bool_(True)}, outputs="y z")
until = body([node("Gather", "t i", "x_i", axis=0), node("Add", "a x_i", "b"), node("ReduceSum", "b", "all", keepdims=0),
              node("Less", "all bound", "d")], [("i", number), ("c", boolean), ("a", real)], [("d", boolean), ("b", real)])


def run_until(x):
    state = x.sum(1)
    for column in x.T:
        state = state + column
        if state.sum() >= 2:
            break
    return [state]


save("loop_until", columns + [node("Loop", "six yes h", body=until)], rows, run_until,
     {**weights, "six": np.int64(6), "yes": np.bool_(True), "bound": np.float32(2)})
scan = body([node("Add", "a b", "c"), node("Tanh", "c", "d")], [("a", real), ("b", real)], [("c", real), ("d", real)])
save("scan", [node("ReduceSum", "x one", "h", keepdims=0),
              node("Scan", "h x", "y z", body=scan, num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1],
                   scan_output_axes=[-1])], rows,
     lambda x: [x.sum(1) * 2, np.tanh(x.sum(1)[:, None] + np.cumsum(x[:, ::-1], 1))], weights, outputs="y z")
branches = {"then_branch": body([node("Relu", "x", "a")], [], [("a", real)]),
            "else_branch": body([node("Neg", "x", "b")], [], [("b", real)])}
save("if_data", [node("ReduceSum", "x", "s", keepdims=0), node("Greater", "s none", "c"), node("If", "c", **branches)], rows,
     lambda x: [np.maximum(x, 0) if x.sum() > 0 else -x], weights)
save("if_size", [node("Shape", "x", "s"), node("Gather", "s first", "b"), node("Greater", "b five", "c"), node("If", "c", **branches)],
     rows, lambda x: [np.maximum(x, 0) if len(x) > 5 else -x], {**weights, "five": np.int64(5)})

# Borders whose width follows from a shape.
save("pad_to_20", [node("Shape", "x", "s"), node("Gather", "s zero", "b"), node("Sub", "twenty b", "d"),
                   node("Concat", "zero zero d zero", "p", axis=0), node("Pad", "x p")], rows,
     lambda x: [np.pad(x, ((0, 20 - len(x)), (0, 0)))], {**weights, "twenty": np.array([20])})
save("pad_edge", [node("Pad", "x p", mode="edge")], rows, lambda x: [np.pad(x, ((2, 1), (1, 3)), "edge")],
     {"p": np.array([2, 1, 1, 3])})
save("pad_reflect", [node("Pad", "x p", mode="reflect")], rows, lambda x: [np.pad(x, ((2, 1), (1, 3)), "reflect")],
     {"p": np.array([2, 1, 1, 3])})


# Attention in its spellings.
def attend(q, k, v, bias=0.0, keep=None):
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]) + bias
    if keep is not None:
        scores = np.where(keep, scores, -np.inf)
        weight = np.where(keep.any(-1, keepdims=True), softmax(np.where(keep.any(-1, keepdims=True), scores, 0)), 0)
    else:
        weight = softmax(scores)
    return weight @ v


def split(x, heads):
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def merge(x):
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


heads = {key: (floats("batch", count, length, 4), ["batch", count, length, 4])
         for key, count, length in (("q", 4, 5), ("k", 2, 7), ("v", 2, 7))}
repeat = lambda x: np.repeat(x, 2, 1)
save("attention_causal", [node("Attention", "q k v", is_causal=1)], heads,
     lambda q, k, v: [attend(q, repeat(k), repeat(v), keep=np.tril(np.ones((5, 7), bool)))], opset=23)
save("attention_mask", [node("Attention", "q k v m")],
     {**heads, "m": (lambda batch: random.rand(batch, 1, 5, 7) < 0.3, ["batch", 1, 5, 7])},
     lambda q, k, v, m: [attend(q, repeat(k), repeat(v), keep=np.broadcast_to(m, (len(q), 4, 5, 7)))], opset=23)
save("attention_lengths", [helper.make_node("Attention", ["q", "k", "v", "", "", "", "n"], ["y"])],
     {**heads, "n": (integers(1, 8, "batch"), ["batch"])},
     lambda q, k, v, n: [attend(q, repeat(k), repeat(v),
                                keep=np.broadcast_to(np.arange(7) < n[:, None, None, None], (len(q), 4, 5, 7)))], opset=24)
flat = {key: (floats("batch", length, 8), ["batch", length, 8]) for key, length in (("q", 5), ("k", 7), ("v", 7))}
bias = random.randn(24).astype(np.float32)
save("multi_head_attention",
     [helper.make_node("MultiHeadAttention", ["q", "k", "v", "b", "m"], ["y"], domain="com.microsoft", num_heads=2)],
     {**flat, "m": (integers(0, 2, "batch", 7, kind=np.int32), ["batch", 7])},
     lambda q, k, v, m: [merge(attend(split(q + bias[:8], 2), split(k + bias[8:16], 2), split(v + bias[16:], 2),
                                      bias=np.where(m, 0, -10000.0)[:, None, None]))], {"b": bias})

cosine, sine = random.randn(9, 2).astype(np.float32), random.randn(9, 2).astype(np.float32)


def rotary(x, p):
    a, b = x[..., :2], x[..., 2:]
    c, s = cosine[p][:, None], sine[p][:, None]
    return [np.concatenate([a * c - b * s, a * s + b * c], -1)]


save("rotary", [node("RotaryEmbedding", "x c s p")],
     {"x": (floats("batch", 2, 5, 4), ["batch", 2, 5, 4]), "p": (integers(0, 9, "batch", 5), ["batch", 5])}, rotary,
     {"c": cosine, "s": sine}, opset=23)



def tensor_scatter(x, u, n, circular):
    y = x.copy()
    for sample, start in enumerate(n):
        places = np.arange(start, start + u.shape[1])
        y[sample, places % x.shape[1] if circular else places] = u[sample]
    return [y]


cache = {"x": (floats("batch", 6, 4), ["batch", 6, 4]), "u": (floats("batch", 2, 4), ["batch", 2, 4])}
save("tensor_scatter", [node("TensorScatter", "x u n")], {**cache, "n": (integers(0, 5, "batch"), ["batch"])},
     lambda x, u, n: tensor_scatter(x, u, n, False), opset=24)
save("tensor_scatter_circular", [node("TensorScatter", "x u n", mode="circular", axis=1)],
     {**cache, "n": (integers(0, 6, "batch"), ["batch"])}, lambda x, u, n: tensor_scatter(x, u, n, True), opset=24)
save("sequence_erase", [node("SequenceConstruct", "x a b", "s"), node("SequenceErase", "s minus", "t"),
                        node("SequenceErase", "t first", "u"), node("ConcatFromSequence", "u", axis=0)], rows,
     lambda x: [np.ones((1, 6), np.float32)],
     {**weights, "a": np.ones((1, 6), np.float32), "b": np.zeros((1, 6), np.float32)})

# What onnxruntime makes of several layers.
scale = random.randn(6).astype(np.float32)
matrix = random.randn(4, 6).astype(np.float32)


def rms(x, epsilon=1e-5):
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * scale


save("rms", [node("RMSNormalization", "x s")], rows, lambda x: [rms(x)], {"s": scale}, opset=23)
save("skip_norm", [helper.make_node("SkipLayerNormalization", ["x", "x", "s", "s"], ["y", "", "", "z"],
                                    domain="com.microsoft", epsilon=1e-5)], rows,
     lambda x: [(2 * x - 2 * x.mean(1, keepdims=True)) / np.sqrt((2 * x).var(1, keepdims=True) + 1e-5) * scale + scale, 2 * x],
     {"s": scale}, outputs="y z")
save("fused_gemm", [node("FusedGemm", "x w b", domain="com.microsoft", activation="LeakyRelu", activation_alpha=0.25, transB=1)],
     rows, lambda x: [np.where(x @ matrix.T + 1 < 0, 0.25, 1) * (x @ matrix.T + 1)],
     {"w": matrix, "b": np.ones(4, np.float32)})
save("fused_matmul", [node("FusedMatMul", "a b", domain="com.microsoft", transA=1, transBatchA=1, alpha=0.5)],
     {"a": (floats(4, "batch", 5), [4, "batch", 5]), "b": (floats("batch", 4, 3), ["batch", 4, 3])},
     lambda a, b: [0.5 * np.einsum("mbk,bmn->bkn", a, b)])
save("quick_gelu", [node("QuickGelu", "x", domain="com.microsoft")], rows, lambda x: [x / (1 + np.exp(-1.702 * x))])

# Quantised.
step_a, step_b = np.float32(0.05), np.float32(0.03)
quantised = {"a": (integers(0, 256, "batch", 6, kind=np.uint8), ["batch", 6])}


def quantise(x, step, zero):
    return np.clip(np.rint(x / step) + zero, 0, 255).astype(np.uint8)


save("qlinear_add", [node("QLinearAdd", "a s z a t z u z", domain="com.microsoft")], quantised,
     lambda a: [quantise((a.astype(np.float32) - 128) * step_a + (a.astype(np.float32) - 128) * step_b, np.float32(0.11), 128)],
     {"s": step_a, "t": step_b, "u": np.float32(0.11), "z": np.uint8(128)})
integers_b = random.randint(-128, 128, (6, 4)).astype(np.int8)
save("integer_matmul", [helper.make_node("MatMulIntegerToFloat", ["a", "b", "s", "t", "z", "", "c"], ["y"], domain="com.microsoft")],
     quantised, lambda a: [((a.astype(np.int32) - 128) @ integers_b).astype(np.float32) * (step_a * step_b) + 1],
     {"b": integers_b, "s": step_a, "t": step_b, "z": np.uint8(128), "c": np.ones(4, np.float32)})

# Nodes in no order.
# A whole number of steps of the result, 254 here: 1 / float(1 / 255) is less than 255.
save("qlinear_softmax", [node("QLinearSoftmax", "a s z t z", domain="com.microsoft", axis=1, opset=13)],
     {"a": (integers(0, 256, "batch", 5, kind=np.uint8), ["batch", 5])},
     lambda a: [np.rint(softmax(a * 0.02) * 254).astype(np.uint8)],
     {"s": np.float32(0.02), "t": np.float32(1 / 255), "z": np.uint8(0)})

# Sizes that only the run knows: T columns of the rows, offsets of these, one-hot rows of a batch, a column that may be there.
sized = {"x": (floats("batch", 9), ["batch", "T"])}
save("range_by_size", [node("Shape", "x", "s"), node("Gather", "s next", "t"), node("Size", "x", "n"), node("Range", "first n t")],
     sized, lambda x: [np.arange(len(x)) * 9], weights)
save("one_hot_size", [node("Shape", "i", "s"), node("OneHot", "i s off_on", "h"), node("MatMul", "h x")],
     {"i": (lambda batch: np.arange(batch)[::-1] - batch, ["batch"]), "x": (floats("batch", 6), ["batch", 6])},
     lambda i, x: [x[::-1]], {"off_on": np.array([0, 1], np.float32)})
save("last_column", [node("Slice", "x eight nine one", "c"), node("Mul", "c w")], {**sized, "w": (floats("batch", 4), ["batch", 4])},
     lambda x, w: [x[:, 8:9] * w], {**weights, "eight": np.array([8]), "nine": np.array([9])})

# Loops of as many iterations as a sequence has steps: recurrent layers, also of steps that a mask names, and rows by themselves.
def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def run(step, x, keep, *states):
    """The states after all steps, and the first of them at every step; `keep` says which steps count."""
    outputs = []
    for t in range(x.shape[0]):
        states = [np.where(keep[t], new, old) for new, old in zip(step(x[t], *states), states)]
        outputs.append(states[0])
    return [*states, np.stack(outputs)]


def loop_of(step_nodes, states, name, compute, mask=False):
    """A Loop over x [T, batch, 5] from states of 4; the nodes make `new_S` of each state S from the row `r`."""
    carried = [f"{state}_in" for state in states]
    nodes = [node("Gather", "x i", "r", axis=0)] + step_nodes
    for state in states:
        if mask:  # as TensorFlow's select is exported
            nodes += [node("Mul", f"m new_{state}", f"taken_{state}"), node("Mul", f"{state}_in not_m", f"kept_{state}"),
                      node("Add", f"taken_{state} kept_{state}", f"{state}_out")]
        else:
            nodes.append(node("Identity", f"new_{state}", f"{state}_out"))
    if mask:
        nodes[1:1] = [node("Gather", "b i", "some", axis=0), node("Cast", "some", "m", to=TensorProto.FLOAT),
                      node("Not", "some", "none_of"), node("Cast", "none_of", "not_m", to=TensorProto.FLOAT)]
    nodes += [node("Add", "i next", "after"), node("Less", "after t", "goes_on"), node("Identity", states[0] + "_out", "row")]
    graph = body(nodes, [("i", TensorProto.INT64, []), ("c", TensorProto.BOOL, []), *((key, TensorProto.FLOAT) for key in carried)],
                 [("goes_on", TensorProto.BOOL, []), *((f"{state}_out", TensorProto.FLOAT) for state in states),
                  ("row", TensorProto.FLOAT)])
    inputs = {"x": (floats(7, "batch", 5), ["T", "batch", 5]),
              **{f"{state}0": (floats("batch", 4), ["batch", 4]) for state in states}}
    if mask:
        inputs["b"] = (lambda batch: random.rand(7, batch, 1) > 0.4, ["T", "batch", 1])
    last = [f"last_{state}" for state in states]

    def reference(x, b=None, **first):
        return run(compute, x, np.ones((len(x), 1, 1), bool) if b is None else b, *(first[f"{state}0"] for state in states))

    save(name, [node("Shape", "x", "s"), node("Gather", "s first", "t"), node("Less", "first t", "any"),
                node("Loop", " ".join(["t any", *(f"{state}0" for state in states)]), " ".join([*last, "rows"]), body=graph)],
         inputs, reference, recurrent, outputs=" ".join([*last, "rows"]))


recurrent = {"w": random.randn(5, 12).astype(np.float32) * 0.4, "u": random.randn(4, 12).astype(np.float32) * 0.4,
             "b1": random.randn(12).astype(np.float32), "b2": random.randn(12).astype(np.float32),
             "w4": random.randn(5, 16).astype(np.float32) * 0.4, "u4": random.randn(4, 16).astype(np.float32) * 0.4,
             "b4": random.randn(16).astype(np.float32), "w1": random.randn(5, 4).astype(np.float32) * 0.4,
             "u1": random.randn(4, 4).astype(np.float32) * 0.4, "one_f": np.float32(1), "first": np.int64(0), "next": np.int64(1)}
W = {key: value.astype(np.float64) for key, value in recurrent.items()}


def gru(r, h):
    x, s = np.split(r @ W["w"] + W["b1"], 3, -1), np.split(h @ W["u"] + W["b2"], 3, -1)
    z, n = sigmoid(x[0] + s[0]), np.tanh(x[2] + sigmoid(x[1] + s[1]) * s[2])
    return [z * h + (1 - z) * n]


def gru_first(r, h):
    x, u = np.split(r @ W["w"] + W["b1"], 3, -1), np.split(W["u"], 3, -1)
    z, k = sigmoid(x[0] + h @ u[0]), sigmoid(x[1] + h @ u[1])
    return [h + z * (np.tanh(x[2] + (k * h) @ u[2]) - h)]


def lstm(r, h, c):
    i, f, g, o = np.split(r @ W["w4"] + h @ W["u4"] + W["b4"], 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(c), c]


gru_nodes = [node("MatMul", "r w", "xw"), node("Add", "xw b1", "xb"), node("MatMul", "h_in u", "hu"), node("Add", "hu b2", "hb"),
             node("Split", "xb", "x0 x1 x2", axis=1), node("Split", "hb", "h0_ h1 h2", axis=1), node("Add", "x0 h0_", "zs"),
             node("Sigmoid", "zs", "z"), node("Add", "x1 h1", "ks"), node("Sigmoid", "ks", "k"), node("Mul", "k h2", "kh"),
             node("Add", "x2 kh", "ns"), node("Tanh", "ns", "n"), node("Sub", "one_f z", "y"), node("Mul", "y n", "yn"),
             node("Mul", "z h_in", "zh"), node("Add", "zh yn", "new_h")]
first_nodes = [node("MatMul", "r w", "xw"), node("Add", "xw b1", "xb"), node("Split", "xb", "x0 x1 x2", axis=1),
               node("Split", "u", "u0 u1_ u2", axis=1), node("MatMul", "h_in u0", "h0_"), node("Add", "x0 h0_", "zs"),
               node("Sigmoid", "zs", "z"), node("MatMul", "h_in u1_", "h1"), node("Add", "x1 h1", "ks"),
               node("Sigmoid", "ks", "k"), node("Mul", "k h_in", "kh"), node("MatMul", "kh u2", "h2"), node("Add", "h2 x2", "ns"),
               node("Tanh", "ns", "n"), node("Sub", "n h_in", "d"), node("Mul", "z d", "zd"), node("Add", "h_in zd", "new_h")]
lstm_nodes = [node("MatMul", "r w4", "xw"), node("MatMul", "h_in u4", "hu"), node("Add", "xw hu", "both"),
              node("Add", "both b4", "sum"), node("Split", "sum", "i0 f0 g0 o0", axis=1), node("Sigmoid", "i0", "i1"),
              node("Sigmoid", "f0", "f1"), node("Tanh", "g0", "g1"), node("Sigmoid", "o0", "o1"), node("Mul", "f1 c_in", "fc"),
              node("Mul", "i1 g1", "ig"), node("Add", "fc ig", "new_c"), node("Tanh", "new_c", "tc"), node("Mul", "o1 tc", "new_h")]
rnn_nodes = [node("MatMul", "r w1", "xw"), node("MatMul", "h_in u1", "hu"), node("Add", "hu xw", "sum"), node("Tanh", "sum", "new_h")]
loop_of(rnn_nodes, ["h"], "loop_rnn", lambda r, h: [np.tanh(r @ W["w1"] + h @ W["u1"])])
loop_of(gru_nodes, ["h"], "loop_gru", gru)
loop_of(gru_nodes, ["h"], "loop_gru_mask", gru, mask=True)
loop_of(first_nodes, ["h"], "loop_gru_reset_first", gru_first)
loop_of(lstm_nodes, ["h", "c"], "loop_lstm", lstm)
loop_of(lstm_nodes, ["h", "c"], "loop_lstm_mask", lstm, mask=True)


def rnn_relu(x, n):
    """Both directions of a layer of two functions, and of one whose sequences have lengths."""
    def over(order, function, lengths=None):
        h, rows = np.zeros((x.shape[1], 4)), [None] * len(x)
        for t in order:
            new = function(x[t] @ W["w1"] + h @ W["u1"])
            keep = np.full((len(h), 1), True) if lengths is None else (lengths > t)[:, None]
            h, rows[t] = np.where(keep, new, h), np.where(keep, new, 0)
        return np.stack(rows), h
    steps = range(len(x))
    both = [over(steps, lambda v: np.maximum(v, 0)), over(reversed(steps), lambda v: np.clip(v * 0.25 + 0.4, 0, 1))]
    short = over(steps, lambda v: np.tanh(np.clip(v, -0.5, 0.5)), n)
    return [np.stack([rows for rows, _ in both], 1), np.stack([h for _, h in both]), short[0][:, None], short[1][None]]


turned = {key: W[key].T[None].astype(np.float32) for key in ("w1", "u1")}
save("rnn_functions",
     [node("RNN", "x w2 u2", "y h", activations=["Relu", "HardSigmoid"], activation_alpha=[0.25], activation_beta=[0.4],
           direction="bidirectional", hidden_size=4),
      helper.make_node("RNN", ["x", "w1", "u1", "", "n"], ["z", "k"], clip=0.5, hidden_size=4)],
     {"x": (floats(7, "batch", 5), [7, "batch", 5]), "n": (integers(0, 8, "batch", kind=np.int32), ["batch"])}, rnn_relu,
     {**turned, **{key[0] + "2": np.concatenate([value] * 2) for key, value in turned.items()}}, outputs="y h z k")
each = body([node("Mul", "a w", "p"), node("ReduceSum", "p", "q", axes=[0], keepdims=0), node("Tanh", "q", "y_")],
            [("a", TensorProto.FLOAT)], [("y_", TensorProto.FLOAT)])
save("scan_rows", [node("Scan", "x", body=each, num_scan_inputs=1)], rows, lambda x: [np.tanh((x * 0.5).sum(1))],
     {"w": np.full(6, 0.5, np.float32)}, opset=11)

# A filter over the frequencies of a sequence, there and back, and a transform of complex numbers that is cut.
signal = {"x": (floats("batch", 7, 3, 1), ["batch", 7, 3, 1])}
save("fourier_filter", [helper.make_node("DFT", ["x", "", "axis"], ["f"], onesided=1), node("Mul", "f w", "g"),
                        helper.make_node("DFT", ["g", "seven", "axis"], ["y"], inverse=1, onesided=1)], signal,
     lambda x: [np.fft.irfft(np.fft.rfft(x[..., 0], axis=1) * np.arange(1, 5)[:, None], 7, axis=1)[..., None]],
     {"w": np.arange(1, 5, dtype=np.float32).reshape(4, 1, 1), "seven": np.int64(7), "axis": np.int64(1)}, opset=20)
save("fourier_complex", [helper.make_node("DFT", ["x", "five"], ["y"], axis=1, inverse=1)],
     {"x": (floats("batch", 7, 2), ["batch", 7, 2])},
     lambda x: [np.stack([part(np.fft.ifft(x[..., 0] + 1j * x[..., 1], 5)) for part in (np.real, np.imag)], -1)],
     {"five": np.int64(5)})


def stretch(x, count):
    at = np.clip((np.arange(count) + 0.5) * x.shape[1] / count - 0.5, 0, x.shape[1] - 1)
    return np.stack([np.interp(at, np.arange(x.shape[1]), row) for row in x])


save("resize_linear", [helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="linear", axes=[1])], rows,
     lambda x: [stretch(x, 11)], {"sizes": np.array([11])}, opset=18)
save("resize_nearest", [helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="nearest", nearest_mode="floor",
                                         coordinate_transformation_mode="asymmetric")], rows,
     lambda x: [np.repeat(x, 2, 1)], {"scales": np.array([1, 2], np.float32)})

save("unsorted", [node("Relu", "a"), node("Neg", "x", "a")], rows, lambda x: [np.maximum(-x, 0)])
# Strings that are constants.
save("strings", [node("Equal", "a b", "e"), node("Where", "e x none")], rows, lambda x: [x],
     {**weights, "a": np.array(["click"], object), "b": np.array(["click"], object)})
