"""A network as an ONNX model, and arrays for its inputs."""

import hashlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import Batch, extent

OPSET = 17
BATCH = "batch"


def random_array(name, shape, data, type):
    """The same for the same name and shape."""
    source = np.random.default_rng(int.from_bytes(hashlib.sha256(f"{name}{shape}".encode()).digest()[:8], "big"))
    kind, *rest = data
    if kind == "values":
        return np.asarray(rest[0], np.int64 if type == "i" else np.float32).reshape(shape)
    if kind == "ids":
        return source.integers(0, rest[0], shape)
    if kind == "normal":
        return source.standard_normal(shape, np.float32) * np.float32((rest[0] if rest else 1) ** -0.5)
    low, high = rest if kind == "uniform" else (-1, 1)
    return source.random(shape, np.float32) * np.float32(high - low) + np.float32(low)


def make_inputs(network):
    arrays = {}
    for layer in network.layers:
        if layer.kind == "input":
            value, = layer.outputs
            arrays[value.name] = random_array(value.name, tuple(extent(size, network.batch) for size in value.shape),
                                              layer.params["data"], value.type)
    return arrays


class Writer:
    """`doubles`: the same network in double precision."""

    def __init__(self, doubles):
        self.float = TensorProto.DOUBLE if doubles else TensorProto.FLOAT
        self.nodes, self.weights, self.inputs, self.constants = [], [], [], {}

    def node(self, operator, inputs, outputs=None, **attributes):
        """An operator; gives its result."""
        outputs = outputs or [f"t{len(self.nodes)}"]
        self.nodes.append(helper.make_node(operator, inputs, outputs, name=f"{operator}_{len(self.nodes)}", **attributes))
        return outputs[0]

    def array(self, name, values):
        if values.dtype.kind == "f":
            values = values.astype(np.float64 if self.float == TensorProto.DOUBLE else np.float32)
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def ints(self, *values):
        key = ("i", values)
        if key not in self.constants:
            self.constants[key] = self.array(f"ints{len(self.constants)}", np.array(values, np.int64))
        return self.constants[key]

    def number(self, value):
        key = ("f", value)
        if key not in self.constants:
            self.constants[key] = self.array(f"number{len(self.constants)}", np.array(value, np.float32))
        return self.constants[key]

    def type(self, value):
        return {"f": self.float, "i": TensorProto.INT64, "b": TensorProto.BOOL}[value.type]

    def info(self, value):
        shape = [(BATCH if size.times == 1 else f"{size.times}*{BATCH}") if isinstance(size, Batch) else size for size in value.shape]
        return helper.make_tensor_value_info(value.name, self.type(value), shape)

    def write(self, network):
        for layer in network.layers:
            method = getattr(self, layer.kind, None)
            if method:
                method(layer, [value.name for value in layer.inputs], [value.name for value in layer.outputs], layer.params)
            else:
                operator, attributes = PLAIN[layer.kind](layer.params)
                self.node(operator, [value.name for value in layer.inputs], [value.name for value in layer.outputs], **attributes)
        graph = helper.make_graph(self.nodes, "random", self.inputs, [self.info(value) for value in network.outputs], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)

    # --- Layers that are no plain operator, in the order of network.py ---

    def input(self, layer, inputs, outputs, p):
        self.inputs.append(self.info(layer.outputs[0]))

    def weight(self, layer, inputs, outputs, p):
        value = layer.outputs[0]
        self.array(value.name, random_array(value.name, value.shape, p["data"], value.type))

    def unary(self, layer, inputs, outputs, p):
        x, = inputs
        function = p["function"]
        if function in OPERATORS:
            self.node(OPERATORS[function], [x], outputs)
        elif function == "gelu":
            erf = self.node("Erf", [self.node("Mul", [x, self.number(0.5 ** 0.5)])])
            half = self.node("Mul", [x, self.number(0.5)])
            self.node("Mul", [half, self.node("Add", [erf, self.number(1.0)])], outputs)
        elif function == "silu":
            self.node("Mul", [x, self.node("Sigmoid", [x])], outputs)
        elif function == "square":
            self.node("Mul", [x, x], outputs)
        elif function == "sqrt_abs":
            self.node("Sqrt", [self.node("Add", [self.node("Abs", [x]), self.number(0.01)])], outputs)
        elif function == "log1p_abs":
            self.node("Log", [self.node("Add", [self.node("Abs", [x]), self.number(1.0)])], outputs)
        elif function == "exp_bounded":
            self.node("Exp", [self.node("Tanh", [x])], outputs)
        elif function == "clip":
            self.node("Clip", [x, self.number(-1.0), self.number(1.0)], outputs)
        else:
            assert function == "reciprocal_bounded", function
            self.node("Reciprocal", [self.node("Add", [self.node("Mul", [x, x]), self.number(0.5)])], outputs)

    def binary(self, layer, inputs, outputs, p):
        self.node(OPERATORS[p["function"]], inputs, outputs)

    compare = binary

    def cast(self, layer, inputs, outputs, p):
        self.node("Cast", inputs, outputs, to=self.type(layer.outputs[0]))

    def reshape(self, layer, inputs, outputs, p):
        shape = [-1 if isinstance(size, Batch) else size for size in layer.outputs[0].shape]
        self.node("Reshape", [inputs[0], self.ints(*shape)], outputs)

    def expand_dims(self, layer, inputs, outputs, p):
        self.node("Unsqueeze", [inputs[0], self.ints(p["axis"])], outputs)

    def squeeze(self, layer, inputs, outputs, p):
        self.node("Squeeze", [inputs[0], self.ints(p["axis"])], outputs)

    def slice(self, layer, inputs, outputs, p):
        self.node("Slice", [inputs[0], *(self.ints(p[key]) for key in ("begin", "end", "axis", "step"))], outputs)

    def split(self, layer, inputs, outputs, p):
        self.node("Split", [inputs[0], self.ints(*p["sizes"])], outputs, axis=p["axis"])

    def broadcast(self, layer, inputs, outputs, p):
        batch = self.node("Slice", [self.node("Shape", [inputs[1]]), self.ints(0), self.ints(1)])
        shape = self.node("Concat", [batch, self.ints(*layer.outputs[0].shape[1:])], axis=0)
        self.node("Expand", [inputs[0], shape], outputs)

    def tile(self, layer, inputs, outputs, p):
        times = [1] * layer.inputs[0].rank
        times[p["axis"]] = p["times"]
        self.node("Tile", [inputs[0], self.ints(*times)], outputs)

    def pad(self, layer, inputs, outputs, p):
        rank = layer.inputs[0].rank
        pads = [0] * (2 * rank)
        pads[p["axis"]], pads[rank + p["axis"]] = p["before"], p["after"]
        self.node("Pad", [inputs[0], self.ints(*pads)], outputs)

    def linear(self, layer, inputs, outputs, p):
        x, w, *bias = inputs
        if p["form"].startswith("gemm"):
            self.node("Gemm", inputs, outputs, transB=int(p["form"] == "gemm_transposed"))
        elif p["form"] == "left":
            y = self.node("MatMul", [w, self.node("Transpose", [x], perm=[1, 0])])
            if bias:
                y = self.node("Add", [y, self.node("Unsqueeze", [bias[0], self.ints(1)])])
            self.node("Transpose", [y], outputs, perm=[1, 0])
        elif bias:
            self.node("Add", [self.node("MatMul", [x, w]), bias[0]], outputs)
        else:
            self.node("MatMul", [x, w], outputs)

    def pool(self, layer, inputs, outputs, p):
        self.node("MaxPool" if p["function"] == "max" else "AveragePool", inputs, outputs, kernel_shape=p["window"], strides=p["stride"])

    def recurrent(self, layer, inputs, outputs, p):
        attributes = {"hidden_size": p["units"], "direction": "bidirectional" if p["bidirectional"] else "forward"}
        if p["cell"] == "GRU":
            attributes["linear_before_reset"] = 1
        self.node(p["cell"], inputs, outputs, **attributes)

    def reduce(self, layer, inputs, outputs, p):
        if p["function"] == "sum":
            self.node("ReduceSum", [inputs[0], self.ints(*p["axes"])], outputs, keepdims=int(p["keep"]))
        else:
            self.node(OPERATORS["reduce_" + p["function"]], inputs, outputs, axes=p["axes"], keepdims=int(p["keep"]))

    def norm(self, layer, inputs, outputs, p):
        x, scale, bias = inputs
        if p["form"] == "layer":
            self.node("LayerNormalization", inputs, outputs, axis=-1, epsilon=1e-5)
            return
        centered = self.node("Sub", [x, self.node("ReduceMean", [x], axes=[-1])])
        variance = self.node("ReduceMean", [self.node("Mul", [centered, centered])], axes=[-1])
        deviation = self.node("Sqrt", [self.node("Add", [variance, self.number(1e-5)])])
        self.node("Add", [self.node("Mul", [self.node("Div", [centered, deviation]), scale]), bias], outputs)

    def cumsum(self, layer, inputs, outputs, p):
        axis = self.array(f"axis{len(self.nodes)}", np.array(p["axis"], np.int64))
        self.node("CumSum", [inputs[0], axis], outputs, exclusive=int(p["exclusive"]), reverse=int(p["reverse"]))

    def top_k(self, layer, inputs, outputs, p):
        self.node("TopK", [inputs[0], self.ints(p["k"])], outputs, axis=p["axis"])


OPERATORS = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "leaky_relu": "LeakyRelu", "elu": "Elu", "softplus": "Softplus",
    "hard_sigmoid": "HardSigmoid", "identity": "Identity", "abs": "Abs", "neg": "Neg", "sin": "Sin", "erf": "Erf",
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max", "min": "Min", "less": "Less",
    "reduce_mean": "ReduceMean", "reduce_max": "ReduceMax", "reduce_min": "ReduceMin", "reduce_l1": "ReduceL1", "reduce_l2": "ReduceL2",
    "reduce_log_sum_exp": "ReduceLogSumExp", "reduce_sum_square": "ReduceSumSquare",
}
# Layers that are one operator: its name and attributes.
PLAIN = {
    "where": lambda p: ("Where", {}),
    "transpose": lambda p: ("Transpose", {"perm": p["permutation"]}),
    "concat": lambda p: ("Concat", p),
    "gather": lambda p: ("Gather", p),
    "gather_elements": lambda p: ("GatherElements", p),
    "scatter_elements": lambda p: ("ScatterElements", p),
    "triangle": lambda p: ("Trilu", {"upper": int(p["upper"])}),
    "matmul": lambda p: ("MatMul", {}),
    "einsum": lambda p: ("Einsum", p),
    "conv": lambda p: ("Conv", {"strides": p["stride"], "dilations": p["dilation"], "pads": p["pads"] * 2, "group": p["group"]}),
    "softmax": lambda p: ("LogSoftmax" if p["log"] else "Softmax", {"axis": p["axis"]}),
    "batch_norm": lambda p: ("BatchNormalization", {}),
}


def to_onnx(network, doubles=False):
    return Writer(doubles).write(network)


def operators(model):
    return {node.op_type for node in model.graph.node}


def save(model, path):
    onnx.save(model, path)
