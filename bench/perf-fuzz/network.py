"""A network as a list of layers, in words of no framework: a writer makes ONNX of it, another may make torch.

A value has a shape, whose sizes are integers or multiples of the batch, and a type: f (float32), i (int64) or b (bool). Layers are
in the order in which they run. `Builder` has a function a kind of layer, which says what shape comes out.
"""

import dataclasses
import math
import typing


@dataclasses.dataclass(frozen=True)
class Batch:
    """A size that is `times` the batch."""
    times: int = 1

    def __mul__(self, other):
        return Batch(self.times * other)

    __rmul__ = __mul__


def extent(size, batch):
    return size.times * batch if isinstance(size, Batch) else size


@dataclasses.dataclass
class Value:
    name: str
    shape: tuple
    type: str = "f"
    bound: int = 0  # integers lie in [0, bound)

    @property
    def rank(self):
        return len(self.shape)

    def elements(self, batch):
        return math.prod(extent(size, batch) for size in self.shape)


@dataclasses.dataclass
class Layer:
    kind: str
    inputs: list
    outputs: list
    params: dict = dataclasses.field(default_factory=dict)
    block: int = -1


@dataclasses.dataclass
class Network:
    batch: int
    layers: list
    outputs: list = dataclasses.field(default_factory=list)

    def values(self):
        return [value for layer in self.layers for value in layer.outputs]

    def has(self, kind):
        return any(layer.kind == kind for layer in self.layers)

    def without_dead(self):
        """What the outputs need."""
        needed, kept = {value.name for value in self.outputs}, []
        for layer in reversed(self.layers):
            if any(value.name in needed for value in layer.outputs):
                needed.update(value.name for value in layer.inputs)
                kept.append(layer)
        return Network(self.batch, kept[::-1], self.outputs)

    def cut(self, inputs, outputs):
        """The part between values of these names: those in `inputs` are read from outside. None where that is no network."""
        layers, known = [], {value.name: value for value in self.values()}
        if any(name not in known for name in (*inputs, *outputs)):
            return None
        for layer in self.layers:
            cut_here = [value for value in layer.outputs if value.name in inputs]
            for value in cut_here:
                data = {"f": ("normal",), "i": ("ids", value.bound)}.get(value.type)
                if data is None or any(isinstance(size, Batch) and size.times > 1 for size in value.shape):
                    return None
                layers.append(Layer("input", [], [value], {"data": data}, layer.block))
            if not cut_here:
                layers.append(layer)
            elif len(cut_here) < len(layer.outputs):
                return None
        return Network(self.batch, layers, [known[name] for name in outputs]).without_dead()


class TooLarge(Exception):
    """A tensor beyond the limit, or more work than a run should have."""


class Builder:
    def __init__(self, batch, largest_bytes, most_work):
        self.network = Network(batch, [])
        self.largest_bytes, self.work_left = largest_bytes, most_work
        self.begin_block(-1)

    def begin_block(self, number):
        """Names are by block, so that they stay when others are dropped."""
        self.block, self.count = number, 0

    def add(self, kind, inputs, shapes, type="f", bound=0, **params):
        """A layer; gives its value, or the list of them for a list of shapes."""
        batch = self.network.batch
        several = isinstance(shapes, list)
        outputs = []
        for shape in shapes if several else [shapes]:
            self.count += 1
            outputs.append(Value(f"{kind}_{self.block}_{self.count}", tuple(shape), type, bound))
        elements = sum(value.elements(batch) for value in outputs)
        if max(value.elements(batch) for value in outputs) * (8 if type == "i" else 4) > self.largest_bytes:
            raise TooLarge(kind)
        # Weights are no work, but are read.
        self.work_left -= elements * params.pop("work_per_element", 1)
        if self.work_left < 0:
            raise TooLarge(kind)
        self.network.layers.append(Layer(kind, list(inputs), outputs, params, self.block))
        return outputs if several else outputs[0]

    # --- Sources ---

    def input(self, shape, data, type="f"):
        return self.add("input", [], shape, type, data[1] if data[0] == "ids" else 0, data=data)

    def weight(self, shape, data, type="f"):
        """`data`: normal N (of variance 1 / N), table, uniform LOW HIGH, or values LIST."""
        return self.add("weight", [], shape, type, data=data)

    # --- Elements ---

    def unary(self, function, x):
        return self.add("unary", [x], x.shape, x.type, function=function, work_per_element=4)

    def binary(self, function, x, y):
        shape = broadcast(x.shape, y.shape)
        return self.add("binary", [x, y], shape, x.type, function=function)

    def compare(self, function, x, y):
        return self.add("compare", [x, y], broadcast(x.shape, y.shape), "b", function=function)

    def where(self, condition, x, y):
        return self.add("where", [condition, x, y], broadcast(condition.shape, broadcast(x.shape, y.shape)))

    def cast(self, x, type):
        return self.add("cast", [x], x.shape, type)

    def scalar(self, value):
        return self.weight((), ("values", [value]))

    # --- Moves ---

    def transpose(self, x, permutation):
        return self.add("transpose", [x], tuple(x.shape[p] for p in permutation), x.type, x.bound, permutation=list(permutation))

    def reshape(self, x, shape):
        return self.add("reshape", [x], shape, x.type, x.bound)

    def expand_dims(self, x, axis):
        return self.add("expand_dims", [x], x.shape[:axis] + (1,) + x.shape[axis:], x.type, x.bound, axis=axis)

    def squeeze(self, x, axis):
        return self.add("squeeze", [x], x.shape[:axis] + x.shape[axis + 1:], x.type, x.bound, axis=axis)

    def concat(self, values, axis):
        size = sum(value.shape[axis] for value in values)
        shape = values[0].shape[:axis] + (size,) + values[0].shape[axis + 1:]
        return self.add("concat", values, shape, values[0].type, axis=axis)

    def slice(self, x, axis, begin, end, step=1):
        return self.add("slice", [x], with_size(x, axis, -((begin - end) // step)), x.type, x.bound, axis=axis, begin=begin, end=end,
                        step=step)

    def split(self, x, axis, sizes):
        return self.add("split", [x], [with_size(x, axis, size) for size in sizes], x.type, x.bound, axis=axis, sizes=sizes)

    def gather(self, x, indices, axis):
        return self.add("gather", [x, indices], x.shape[:axis] + indices.shape + x.shape[axis + 1:], x.type, x.bound, axis=axis)

    def gather_elements(self, x, indices, axis):
        return self.add("gather_elements", [x, indices], indices.shape, x.type, axis=axis)

    def scatter_elements(self, x, indices, updates, axis, reduction):
        return self.add("scatter_elements", [x, indices, updates], x.shape, x.type, axis=axis, reduction=reduction)

    def broadcast(self, x, shape, like):
        """`shape` begins with the batch, which is that of `like`."""
        return self.add("broadcast", [x, like], shape, x.type, x.bound)

    def tile(self, x, axis, times):
        return self.add("tile", [x], with_size(x, axis, x.shape[axis] * times), x.type, x.bound, axis=axis, times=times)

    def pad(self, x, axis, before, after):
        return self.add("pad", [x], with_size(x, axis, x.shape[axis] + before + after), axis=axis, before=before, after=after)

    def triangle(self, x, upper):
        return self.add("triangle", [x], x.shape, upper=upper)

    # --- Products ---

    def linear(self, x, outputs, bias=True, form="matmul"):
        """Along the last axis. `form`: matmul, gemm or gemm_transposed (rank 2), or left (the weight on the left of the transpose)."""
        inner = x.shape[-1]
        transposed = form in ("gemm_transposed", "left")
        w = self.weight((outputs, inner) if transposed else (inner, outputs), ("normal", inner))
        b = [self.weight((outputs,), ("uniform", -0.5, 0.5))] if bias else []
        return self.add("linear", [x, w, *b], x.shape[:-1] + (outputs,), form=form, work_per_element=2 * inner)

    def matmul(self, x, y):
        lead = broadcast(x.shape[:-2], y.shape[:-2])
        return self.add("matmul", [x, y], lead + (x.shape[-2], y.shape[-1]), work_per_element=2 * x.shape[-1])

    def einsum(self, equation, values):
        operands, result = equation.split("->")
        sizes = {letter: size for word, value in zip(operands.split(","), values) for letter, size in zip(word, value.shape)}
        summed = math.prod(extent(sizes[s], self.network.batch) for s in set(operands) - set(result) - {","})
        return self.add("einsum", values, tuple(sizes[letter] for letter in result), equation=equation,
                        work_per_element=2 * summed)

    def conv(self, x, channels, kernel, stride, dilation, pads, group):
        """`x` is [batch, channels, spatial...]; the lists have an entry a spatial axis, pads one for both ends."""
        spatial = [(size + 2 * p - d * (k - 1) - 1) // s + 1
                   for size, k, s, d, p in zip(x.shape[2:], kernel, stride, dilation, pads)]
        if min(spatial) < 1:
            raise TooLarge("conv")
        inner = x.shape[1] // group
        w = self.weight((channels, inner, *kernel), ("normal", inner * math.prod(kernel)))
        b = self.weight((channels,), ("uniform", -0.5, 0.5))
        return self.add("conv", [x, w, b], (x.shape[0], channels, *spatial), stride=stride, dilation=dilation, pads=pads, group=group,
                        work_per_element=2 * inner * math.prod(kernel))

    def pool(self, x, function, window, stride):
        spatial = [(size - w) // s + 1 for size, w, s in zip(x.shape[2:], window, stride)]
        if min(spatial) < 1:
            raise TooLarge("pool")
        return self.add("pool", [x], x.shape[:2] + tuple(spatial), function=function, window=window, stride=stride,
                        work_per_element=math.prod(window))

    def recurrent(self, x, cell, units, bidirectional):
        """`x` is [steps, batch, features]; gives [steps, directions, batch, units] and the last state."""
        directions, gates = (2 if bidirectional else 1), {"GRU": 3, "LSTM": 4, "RNN": 1}[cell]
        w = self.weight((directions, gates * units, x.shape[2]), ("normal", x.shape[2]))
        r = self.weight((directions, gates * units, units), ("normal", units))
        bias = self.weight((directions, 2 * gates * units), ("uniform", -0.3, 0.3))
        return self.add("recurrent", [x, w, r, bias],
                        [(x.shape[0], directions, x.shape[1], units), (directions, x.shape[1], units)], cell=cell, units=units,
                        bidirectional=bidirectional, work_per_element=2 * gates * (x.shape[2] + units))

    # --- Along axes ---

    def softmax(self, x, axis, log=False):
        return self.add("softmax", [x], x.shape, axis=axis, log=log, work_per_element=10)

    def reduce(self, function, x, axes, keep):
        shape = [1 if d in axes else size for d, size in enumerate(x.shape) if keep or d not in axes]
        reduced = math.prod(extent(x.shape[axis], self.network.batch) for axis in axes)
        return self.add("reduce", [x], tuple(shape), function=function, axes=sorted(axes), keep=keep, work_per_element=reduced)

    def norm(self, x, form):
        """Over the last axis; `form`: layer (one node) or written (out of means)."""
        scale = self.weight((x.shape[-1],), ("uniform", 0.5, 1.5))
        bias = self.weight((x.shape[-1],), ("uniform", -0.5, 0.5))
        return self.add("norm", [x, scale, bias], x.shape, form=form, work_per_element=8)

    def batch_norm(self, x):
        channels = (x.shape[1],)
        weights = [self.weight(channels, ("uniform", low, high)) for low, high in ((0.5, 1.5), (-0.5, 0.5), (-0.5, 0.5), (0.5, 1.5))]
        return self.add("batch_norm", [x, *weights], x.shape)

    def cumsum(self, x, axis, exclusive, reverse):
        return self.add("cumsum", [x], x.shape, axis=axis, exclusive=exclusive, reverse=reverse)

    def top_k(self, x, axis, k):
        values, indices = self.add("top_k", [x], [with_size(x, axis, k)] * 2, axis=axis, k=k,
                                   work_per_element=4 * max(1, x.shape[axis] // k))
        indices.type, indices.bound = "i", x.shape[axis]
        return values, indices


def with_size(x, axis, size):
    return x.shape[:axis] + (size,) + x.shape[axis + 1:]


def broadcast(a, b):
    """numpy's broadcasting of shapes."""
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b)
    assert all(x == y or 1 in (x, y) for x, y in zip(a, b)), (a, b)
    return tuple(y if x == 1 else x for x, y in zip(a, b))
