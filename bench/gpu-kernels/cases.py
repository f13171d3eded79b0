"""The kernels that bench/gpu-kernels times, each as small modules of the `rec` dialect. Needs numpy alone, and on the
machine with the GPU not even Reckon's compiler: make writes the modules and compiles them, run knows them by name.

A kernel that reads the caller's tensors alone is an engine of its own (`whole`), and graphs of it are replayed. A linear
layer must read memory of the run, or it gets another kernel, and so does an interaction behind one. The engine of such a case
makes that memory's contents, runs the kernel and copies out what it made; reckon-tune times the kernel in it.
"""

import dataclasses
import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models"))
import shapes  # noqa: E402

DENSE = shapes.DENSE
HOT = shapes.MULTI_HOT
BYTES = {"f16": 2, "f32": 4}
LAYER = r"_((?:split|direct|wgmma|dot|scalar)\d*.*)$"  # at the end of a kernel's name


@dataclasses.dataclass(frozen=True)
class Case:
    """Inputs are {name: (kind, columns or bag number)}. `bytes` that must be moved, or `flops`, are of one row."""
    name: str  # its engine's, too
    title: str
    table: str
    rows: tuple
    build: object  # makes the Module
    inputs: dict
    bytes: float = 0
    flops: float = 0
    kernel: str = ""  # in the name of the kernel that reckon-tune is to time; without it the engine is one kernel
    library: bool = False  # whether cuBLASLt can do the same
    error: float = 5e-3  # allowed against the host, relative to the numbers' size, over all
    worst: float = 0.1  # and of any one
    count: dict = dataclasses.field(default_factory=dict)  # how many such layers a network has


def exact(in_f32):
    """What may be off in single precision."""
    return {"error": 1e-5, "worst": 1e-3} if in_f32 else {}


class Module:
    """Text of one function. Values are called by number."""

    def __init__(self, precision="fp16"):
        self.precision, self.arguments, self.results, self.lines = precision, [], [], []
        self.weights = {}

    @staticmethod
    def type(element, *shape):
        names = [f'"{size}"' if isinstance(size, str) else str(size) for size in shape]
        extents = "x".join("?" if isinstance(size, str) else str(size) for size in shape)
        dims = f", #rec.dims<{', '.join(names)}>" if any(isinstance(size, str) for size in shape) else ""
        return f"tensor<{extents}x{element}{dims}>"

    def input(self, name, element, *shape):
        self.arguments.append(f'%{name}: {self.type(element, *shape)} {{rec.name = "{name}"}}')
        return (name, element, shape)

    def op(self, text, operands, element, *shape):
        """`text` has {0}, {1} for the operands."""
        name = f"v{len(self.lines)}"
        types = ", ".join(self.type(kind, *extents) for _, kind, extents in operands)
        body = text.format(*(f"%{value}" for value, *_ in operands))
        self.lines.append(f"%{name} = rec.{body} : ({types}) -> {self.type(element, *shape)}")
        return (name, element, shape)

    def constant(self, name, element, array):
        """`array` or, for a table, the shape of one that gets its rows when the engine is opened. Equal tables would become
        one, so each has a number of its own."""
        if name not in self.weights:
            shape = array if isinstance(array, tuple) else array.shape
            text = f"{len(self.weights) + 1}.0" if isinstance(array, tuple) else '"0x' + array.astype("<f4").tobytes().hex().upper() + '"'
            self.lines.append(f'%{name} = rec.constant "{name}" = dense<{text}> : {self.type(element, *shape)}')
            self.weights[name] = (name, element, shape)
        return self.weights[name]

    def linear(self, x, name, columns, relu=True, bias=True):
        k = x[2][1]
        weight = shapes.periodic(f"{name}/{k}/{columns}", (k, columns), np.sqrt(2.0 / k))
        w = self.constant("w_" + name, "f32", weight)
        b = [self.constant("b_" + name, "f32", shapes.periodic(f"{name}/{columns}/bias", (columns,), 0.1))] if bias else []
        y = self.op("linear {0}, {1}" + ", {2}" * bias, [x, w, *b], "f32", x[2][0], columns)
        return self.op("unary relu {0}", [y], "f32", *y[2]) if relu else y

    def lookup(self, ids, element, dim, counts, mode=0, prefix="emb"):
        tables = [self.constant(f"{prefix}.{k}", element, (64, dim)) for k in range(len(counts))]
        starts = [sum(counts[:k]) for k in range(len(counts))]
        names = ", ".join(f"{{{k + 1}}}" for k in range(len(counts)))
        return self.op(f"multi_lookup {{0}}[{names}] starts {starts} counts {list(counts)} modes {[mode] * len(counts)} "
                       f"padding_ids {[-1] * len(counts)}", [ids, *tables], element, "batch", dim * len(counts))

    def column(self, x):
        return self.op('slice {0} starts <0, 0> sizes <"batch", 1> steps [1, 1]', [x], x[1], "batch", 1)

    def reversed(self, x):
        """A copy of all of a matrix, which no layer can write itself."""
        last = x[2][1]
        return self.op(f'slice {{0}} starts <0, {last - 1}> sizes <"batch", {last}> steps [1, -1]', [x], x[1], "batch", last)

    def concat(self, *values):
        operands = ", ".join(f"{{{k}}}" for k in range(len(values)))
        return self.op(f"concat {operands} axis 1", list(values), values[0][1], "batch", sum(v[2][1] for v in values))

    def output(self, name, value):
        self.results.append((name, value))
        return self

    def text(self):
        types = ", ".join(f'{self.type(kind, *shape)} {{rec.name = "{name}"}}' for name, (_, kind, shape) in self.results)
        values = ", ".join(f"%{value[0]}" for _, value in self.results)
        plain = ", ".join(self.type(kind, *shape) for _, (_, kind, shape) in self.results)
        body = "".join(f"  {line}\n" for line in self.lines)
        return f"func.func @main({', '.join(self.arguments)})\n    -> ({types}) {{\n{body}  return {values} : {plain}\n}}\n"


# ----------------------------------------------------------------------------------------------- linear layers

def layer(k, n, cross, precision):
    module = Module(precision)
    x = module.input("x", "f32", "batch", DENSE)
    others = [module.linear(x, name, n) for name in ("x0", "xl")] if cross else []
    y = module.linear(x if k == DENSE else module.linear(x, "x", k), "layer", n, relu=not cross and n > 1)
    if cross:
        y = module.op("binary mul {0}, {1}", [y, others[0]], "f32", *y[2])
        y = module.op("binary add {0}, {1}", [y, others[1]], "f32", *y[2])
    module.output("y", module.reversed(y) if n > 1 else module.concat(y, y))
    # Columns keep the matrices alive, so that it is the layer which multiplies and adds, not what makes them.
    for number, value in enumerate(others):
        module.output(f"z{number}", module.column(value))
    return module


def linear_case(k, n, rows, cross=False, precision="fp16", count=None):
    name = f"linear_{k}_{n}" + ("_cross" if cross else "") + ("" if precision == "fp16" else "_" + precision)
    title = f"{k} -> {n}" + (", x0 * (..) + x" if cross else "") + (" in f32" if precision == "fp32" else "")
    # The library neither reads the caller's tensors nor does such tails.
    return Case(name, title, "linear", rows, lambda: layer(k, n, cross, precision), {"x": ("real", DENSE)}, flops=2 * k * n,
                kernel="w_layer", library=not cross and n > 1 and k != DENSE, count=count or {}, **exact(precision == "fp32"))


# ------------------------------------------------------------------------------- lookups, bags and interactions

def whole(name, title, table, rows, build, inputs, moved, in_f32=False):
    """An engine of one kernel; `moved` are the bytes of a row that must be read and written."""
    return Case(name, title, table, rows, build, inputs, moved, **exact(in_f32))


def lookups(title, element, dim, counts, mode=0):
    name = f"lookup_{len(counts)}_{sum(counts)}_{dim}_{element}" + ("_mean" if mode else "")

    def build():
        module = Module("fp32")
        ids = module.input("ids", "i64", "batch", sum(counts))
        return module.output("rows", module.lookup(ids, element, dim, counts, mode))
    moved = sum(counts) * (8 + dim * BYTES[element]) + len(counts) * dim * BYTES[element]
    return whole(name, title, "lookups", (1, 2048, 65536), build, {"ids": ("ids", sum(counts))}, moved,
                 element == "f32")


def fm_case():
    def build():
        module = Module("fp32")
        ids = module.input("ids", "i64", "batch", 26)
        rows = module.lookup(ids, "f16", 16, (1,) * 26)
        cube = module.op("reshape {0}", [rows], "f16", "batch", 26, 16)
        term = module.op("fm_term {0} {{sum_dim}}", [cube], "f16", "batch", 1)
        term = module.op("cast {0}", [term], "f32", "batch", 1)
        scalars = module.op("cast {0}", [module.lookup(ids, "f16", 1, (1,) * 26, prefix="wide")], "f32", "batch", 26)
        total = module.op("reduce sum {0} axes [1] {{keepdims}}", [scalars], "f32", "batch", 1)
        return module.output("term", module.op("binary add {0}, {1}", [term, total], "f32", "batch", 1)).output("rows", rows)
    moved = 26 * (8 + 2 * 32 + 2) + 4
    return whole("lookup_fm", "26 of dim 16 with FM term and 26 scalars", "lookups", (1, 2048, 65536), build,
                 {"ids": ("ids", 26)}, moved)


BAG_MEAN = 0.99 * 3.5 + 0.01 * 300  # ids of a bag given by offsets


def offsets_case():
    def build():
        module = Module("fp32")
        bags = []
        for k in range(8):
            flat = module.input(f"ids{k}", "i64", f"ids{k}")
            offsets = module.input(f"offsets{k}", "i64", "batch")
            table = module.constant(f"emb.{k}", "f16", (64, 64))
            name = f"v{len(module.lines)}"
            module.lines.append(f"%{name} = rec.embedding_bag sum %{table[0]}, %{flat[0]} offsets %{offsets[0]} : "
                                f"({', '.join(module.type(kind, *shape) for _, kind, shape in (table, flat, offsets))}) -> "
                                f"{module.type('f16', 'batch', 64)}")
            bags.append((name, "f16", ("batch", 64)))
        return module.output("rows", module.concat(*bags))
    inputs = {f"{kind}{k}": (name, k) for k in range(8) for kind, name in (("ids", "bag ids"), ("offsets", "bag offsets"))}
    return whole("lookup_offsets", "8 bags of dim 64 by offsets, 0 to 7 rows, each hundredth 300", "lookups", (1, 2048, 65536),
                 build, inputs, 8 * (BAG_MEAN * (8 + 128) + 8 + 128))


def pairs(module, features, dim):
    """The products of all pairs of 27 features in one matrix."""
    cube = module.op("reshape {0}", [features], features[1], "batch", 27, dim)
    return module.op("dot_interaction lower {0}", [cube], features[1], "batch", 351)


def interaction(title, element, dim):
    name = f"interaction_{dim}_{element}"

    def build():
        module = Module("fp32")
        dense = module.input("dense", element, "batch", dim)
        ids = module.input("ids", "i64", "batch", 26)
        rows = module.lookup(ids, element, dim, (1,) * 26)
        return module.output("pairs", pairs(module, module.concat(dense, rows), dim))
    size = BYTES[element]
    return whole(name, title, "interaction", (1, 2048, 65536), build,
                 {"dense": ("half" if element == "f16" else "real", dim), "ids": ("ids", 26)},
                 26 * 8 + size * (27 * dim + 351), element == "f32")


def in_memory():
    def build():
        module = Module("fp32")
        return module.output("pairs", pairs(module, module.input("features", "f16", "batch", 27 * 128), 128))
    return whole("interaction_memory", "f16, features in memory", "interaction", (1, 2048, 65536), build,
                 {"features": ("half", 27 * 128)}, 2 * (27 * 128 + 351))


def scheduled(rows):
    """Between a network's bottom and its top: the dense vector is in the top's padded input already."""
    def build():
        module = Module()
        x = module.linear(module.input("x", "f32", "batch", DENSE), "x", 128)
        ids = module.input("ids", "i64", "batch", 26)
        rows = module.lookup(ids, "f32", 128, (1,) * 26)
        top = module.concat(x, pairs(module, module.concat(x, rows), 128))
        return module.output("y", module.linear(top, "layer", 1, relu=False))
    return Case("interaction_top", "f16, rows of 480 (as scheduled)", "interaction", rows, build,
                {"x": ("real", DENSE), "ids": ("ids", 26)}, 26 * 8 + 2 * (27 * 128 + 351), kernel="dot_interaction")


LAST = 65536
DLRM, DCN = "DLRM dim 128", "DLRM-DCNv2"
CASES = [
    lookups("26 of dim 128", "f16", 128, (1,) * 26),
    lookups("26 of dim 128, f32", "f32", 128, (1,) * 26),
    lookups("214 of dim 128 in 26 bags (1 to 100 rows)", "f16", 128, HOT),
    lookups("214 of dim 64, mean", "f16", 64, HOT, mode=1),
    lookups("26 of dim 16", "f16", 16, (1,) * 26),
    fm_case(),
    offsets_case(),
    scheduled((1, 2048, LAST)),
    interaction("f16, rows of 351", "f16", 128),
    interaction("f32, rows of 351", "f32", 128),
    interaction("f16, dim 16", "f16", 16),
    in_memory(),
    linear_case(1024, 1024, (1, 16, 256, 2048, 16384, LAST), count={DLRM: 1, DCN: 1}),
    linear_case(3456, 1024, (1, 64, LAST), count={DCN: 1}),
    linear_case(DENSE, 512, (LAST,), count={DLRM: 1, DCN: 1}),
    linear_case(512, 256, (LAST,), count={DLRM: 2, DCN: 2}),
    linear_case(256, 128, (LAST,), count={DLRM: 1, DCN: 1}),
    linear_case(479, 1024, (LAST,), count={DLRM: 1}),
    linear_case(1024, 512, (LAST,), count={DLRM: 1, DCN: 1}),
    linear_case(256, 1, (LAST,), count={DLRM: 1, DCN: 1}),
    linear_case(3456, 512, (LAST,), count={DCN: 3}),
    linear_case(512, 3456, (LAST,), cross=True, count={DCN: 3}),
    linear_case(1024, 1024, (16384,), precision="fp32"),
]


def dispatches(program):
    """Of an engine's program as reckon-inspect prints it, in order."""
    return [dispatch for chain in program["chains"] for dispatch in chain["dispatches"]]


def timed(case, program):
    """The number of the dispatch that reckon-tune is to time."""
    found = [number for number, dispatch in enumerate(dispatches(program)) if case.kernel in dispatch["kernel"]]
    if len(found) != 1:
        raise RuntimeError(f"{case.name}: {len(found)} kernels have {case.kernel} in their name, not one")
    return found[0]


def default_launch(dispatch, rows):
    """The number of the launch that the compiler chose for so many rows: the first that fits."""
    return next(number for number, launch in enumerate(dispatch["launches"])
                if launch["min_rows"] <= rows <= launch["max_rows"] and not launch["needs_timing"] and not launch["library"])


def family(kernel):
    """What a kernel's name says about how it works."""
    found = re.search(LAYER, kernel)
    return found.group(1) if found else kernel
