"""Random sums of products as a module: matrix products of any batch dimensions, transposes and constant operands, linear
layers with computed weights, convolutions of any window, stride, dilation, padding and groups.

  contractions.py FOLDER TYPE FIRST-LAST COUNT [ARGUMENT ...]

One module of COUNT layers of elements of TYPE (f32, f64, f16, bf16 or i32) for each seed from FIRST to LAST, compiled by
reckon-compile with the arguments. With --verify each of its results has to agree with the reference.
"""

import os
import random
import subprocess
import sys

SIZES = [0, 1, 1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17, 20, 31, 32, 33, 48, 67]


class Module:
    def __init__(self, seed, element):
        self.random = random.Random(seed)
        self.element = element
        self.arguments, self.results, self.body = [], [], []
        self.count = 0

    def size(self, least=0, most=67):
        return self.random.choice([size for size in SIZES if least <= size <= most])

    def type(self, shape):
        sizes = "x".join("?" if isinstance(size, str) else str(size) for size in shape)
        dims = ", ".join(f'"{size}"' if isinstance(size, str) else str(size) for size in shape)
        encoding = f", #rec.dims<{dims}>" if any(isinstance(size, str) for size in shape) else ""
        return f"tensor<{sizes + 'x' if sizes else ''}{self.element}{encoding}>"

    def name(self):
        self.count += 1
        return f"%v{self.count}"

    def tensor(self, shape):
        """A value: an argument where a size is not known, else often a constant."""
        name = self.name()
        if any(isinstance(size, str) for size in shape) or self.random.random() < 0.4:
            self.arguments.append(f'{name}: {self.type(shape)} {{rec.name = "{name[1:]}"}}')
            return name
        total = 1
        for size in shape:
            total *= size

        def literal(number):
            return str(int(8 * number)) if self.element == "i32" else f"{number:.2f}"

        # A few numbers again and again, so that the text stays short.
        numbers = [literal(self.random.uniform(-1, 1)) for _ in range(min(total, 97))]

        def nested(at, rest):
            if not rest:
                return numbers[at % len(numbers)]
            step = 1
            for size in rest[1:]:
                step *= size
            return "[" + ", ".join(nested(at + i * step, rest[1:]) for i in range(rest[0])) + "]"

        value = nested(0, shape) if total else ""
        self.body.append(f'{name} = rec.constant "{name[1:]}" = dense<{value}> : {self.type(shape)}')
        return name

    def permuted(self, shape):
        """A value of a shape whose memory may lie in another order, or with gaps."""
        form = self.random.random()
        if form < 0.1 and shape and not isinstance(shape[-1], str):
            return self.split(shape)
        if len(shape) < 2 or form < 0.6:
            return self.tensor(shape)
        perm = list(range(len(shape)))
        self.random.shuffle(perm)
        stored = [None] * len(shape)
        for axis, source in enumerate(perm):
            stored[source] = shape[axis]
        x, y = self.tensor(stored), self.name()
        self.body.append(f"{y} = rec.transpose {x} perm {perm} : ({self.type(stored)}) -> {self.type(shape)}")
        return y

    def split(self, shape):
        """The middle of wider rows, whose columns have been two dimensions."""
        wide, part = shape[:-1] + [2 * shape[-1] + 3], shape[:-1] + [2 * shape[-1]]
        pairs = shape[:-1] + [2, shape[-1]]
        x, y, z, first, result = self.tensor(wide), self.name(), self.name(), self.name(), self.name()

        def sizes(numbers):
            return "<" + ", ".join(f'"{number}"' if isinstance(number, str) else str(number) for number in numbers) + ">"

        def cut(name, value, before, starts, after):
            steps = [1] * len(after)
            self.body.append(f"{name} = rec.slice {value} starts {sizes(starts)} sizes {sizes(after)} steps {steps} : "
                             f"({self.type(before)}) -> {self.type(after)}")

        lead = [0] * (len(shape) - 1)
        cut(y, x, wide, lead + [1], part)
        self.body.append(f"{z} = rec.reshape {y} : ({self.type(part)}) -> {self.type(pairs)}")
        cut(first, z, pairs, lead + [1, 0], shape[:-1] + [1, shape[-1]])
        self.body.append(f"{result} = rec.reshape {first} : ({self.type(shape[:-1] + [1, shape[-1]])}) -> {self.type(shape)}")
        return result

    def result(self, value, shape):
        """Most results are read by one or two more layers."""
        if self.random.random() < 0.5 and len(shape) > 1:
            perm = list(range(len(shape)))
            self.random.shuffle(perm)
            turned, y = [shape[axis] for axis in perm], self.name()
            self.body.append(f"{y} = rec.transpose {value} perm {perm} : ({self.type(shape)}) -> {self.type(turned)}")
            value, shape = y, turned
        if self.random.random() < 0.4 and len(shape) > 2 and not any(isinstance(size, str) for size in shape[-2:]):
            joined, y = shape[:-2] + [shape[-2] * shape[-1]], self.name()
            self.body.append(f"{y} = rec.reshape {value} : ({self.type(shape)}) -> {self.type(joined)}")
            value, shape = y, joined
        self.results.append((value, shape))

    def batch(self):
        dims = [self.random.choice(["batch", "batch", "seq", self.size(1, 7)])]
        return (dims + [self.random.choice([1, 2, 3, "seq"])])[:self.random.choice([0, 1, 1, 2])]

    def matmul(self):
        batch, m, k, n = self.batch(), self.size(), self.size(), self.size()
        if self.random.random() < 0.2:
            m = "seq"
        elif self.random.random() < 0.2:
            n = "seq"

        def side():
            """The leading sizes of an operand: all, those from some axis on, some of them 1."""
            kept = batch[self.random.choice([0, 0, len(batch)]):]
            return [1 if self.random.random() < 0.15 else size for size in kept]

        left, right = side(), side()
        shapes = [([1] * (len(batch) - len(s)) + s) for s in (left, right)]
        lead = [b if b != 1 else a for a, b in zip(*shapes)]
        rank = max(len(left), len(right))
        lead = lead[len(batch) - rank:]
        flags = []
        shape_a, shape_b = left + [m, k], right + [k, n]
        result = lead + [m, n]
        form = self.random.random()
        if form < 0.1 and not left:
            shape_a, result = [k], lead + [n]
        elif form < 0.2 and not right:
            shape_b, result = [k], lead + [m]
        if len(shape_a) > 1 and self.random.random() < 0.3:
            flags.append("transpose_a")
            shape_a[-1], shape_a[-2] = shape_a[-2], shape_a[-1]
        if len(shape_b) > 1 and self.random.random() < 0.3:
            flags.append("transpose_b")
            shape_b[-1], shape_b[-2] = shape_b[-2], shape_b[-1]
        a, b, c = self.permuted(shape_a), self.permuted(shape_b), self.name()
        attributes = " {" + ", ".join(flags) + "}" if flags else ""
        self.body.append(f"{c} = rec.matmul {a}, {b}{attributes} : ({self.type(shape_a)}, {self.type(shape_b)}) -> {self.type(result)}")
        self.result(c, result)

    def linear(self):
        lead, k, n = self.batch() or ["batch"], self.size(), self.size()
        x, w = self.permuted(lead + [k]), self.permuted([k, n])
        operands, types = [x, w], [self.type(lead + [k]), self.type([k, n])]
        if self.random.random() < 0.5:
            operands.append(self.tensor([n]))
            types.append(self.type([n]))
        y = self.name()
        self.body.append(f"{y} = rec.linear {', '.join(operands)} : ({', '.join(types)}) -> {self.type(lead + [n])}")
        self.result(y, lead + [n])

    def conv(self):
        spatial = self.random.choice([1, 2])
        groups = self.random.choice([1, 1, 1, 2, 3, 16])
        channels, outputs = groups * self.size(1, 8), groups * self.size(1, 20 if groups == 1 else 4)
        window = [self.random.choice([1, 1, 2, 3, 4]) for _ in range(spatial)]
        strides = [self.random.choice([1, 1, 2, 4]) for _ in range(spatial)]
        dilations = [self.random.choice([1, 1, 2]) for _ in range(spatial)]
        pads = [self.random.choice([0, 0, 1, 2]) for _ in range(2 * spatial)]
        extents = [self.size(4, 33) + (w - 1) * d for w, d in zip(window, dilations)]
        output = [(e + pads[i] + pads[spatial + i] - (window[i] - 1) * dilations[i] - 1) // strides[i] + 1
                  for i, e in enumerate(extents)]
        batch = self.random.choice(["batch", 1, 3])
        shapes = [[batch, channels] + extents, [outputs, channels // groups] + window]
        operands = [self.permuted(shape) for shape in shapes]
        if self.random.random() < 0.5:
            shapes.append([outputs])
            operands.append(self.tensor([outputs]))
        y, result = self.name(), [batch, outputs] + output
        self.body.append(f"{y} = rec.conv {', '.join(operands)} strides {strides} pads {pads} dilations {dilations} groups {groups} : "
                         f"({', '.join(map(self.type, shapes))}) -> {self.type(result)}")
        self.result(y, result)

    def text(self):
        # Every named size is that of an argument.
        for dim in ("batch", "seq"):
            self.arguments.append(f'%{dim}: {self.type([dim])} {{rec.name = "{dim}"}}')
        results = ", ".join(f'{self.type(shape)} {{rec.name = "r{i}"}}' for i, (_, shape) in enumerate(self.results))
        lines = [f"func.func @main({', '.join(self.arguments)}) -> ({results}) {{", *("  " + line for line in self.body)]
        lines.append(f"  return {', '.join(value for value, _ in self.results)} : "
                     f"{', '.join(self.type(shape) for _, shape in self.results)}")
        return "\n".join(lines + ["}", ""])


def main():
    folder, element, seeds, count = sys.argv[1], sys.argv[2], sys.argv[3].split("-"), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    compared = 0
    for seed in range(int(seeds[0]), int(seeds[-1]) + 1):
        module = Module(seed, element)
        kinds = [module.matmul]
        if element != "i32":
            kinds += [module.matmul, module.linear, module.conv]
        for _ in range(count):
            module.random.choice(kinds)()
        path = os.path.join(folder, f"{element}-{seed}.mlir")
        with open(path, "w") as file:
            file.write(module.text())
        command = ["reckon-compile", path, "-o", os.path.join(folder, f"{element}-{seed}.out"), *sys.argv[5:]]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"{path}: exit status {done.returncode}\n{done.stdout[-2000:]}")
        compared += done.stdout.count(", ok\n")
    print(f"{int(seeds[-1]) - int(seeds[0]) + 1} modules compiled, {compared} results agree")


main()
