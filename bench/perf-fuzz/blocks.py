"""Random networks: blocks as recommenders have them, each on values that earlier ones made.

What a block is depends on the seed and its number alone, and it works with whatever values it finds, so that a network stays one
when blocks are dropped. Sizes are drawn by name, which lets a recipe state others.
"""

import dataclasses
import hashlib
import math
import random

from network import Batch, Builder, Network, TooLarge

ACTIVATIONS = ("relu", "sigmoid", "tanh", "gelu", "silu", "leaky_relu", "elu", "softplus", "hard_sigmoid", "identity")
ELEMENTWISE = ACTIVATIONS[:-1] + ("abs", "neg", "square", "sqrt_abs", "log1p_abs", "exp_bounded", "sin", "erf", "clip", "reciprocal_bounded")


@dataclasses.dataclass
class Recipe:
    """All that says which network it is."""
    seed: int
    dropped: tuple = ()                                # numbers of blocks
    sizes: dict = dataclasses.field(default_factory=dict)  # by name, instead of what the seed says
    inputs: tuple = ()                                 # values that are read from outside
    outputs: tuple = ()                                # the only ones; empty: every value that nothing reads
    largest: int = 64 << 20                            # bytes of a tensor
    work: float = 2e9                                  # operations of a run, about


class Source(random.Random):
    """Random numbers that a seed and words decide."""

    def __init__(self, *words):
        super().__init__(int.from_bytes(hashlib.sha256("/".join(map(str, words)).encode()).digest()[:8], "big"))


class Block:
    """What a function that makes a block needs."""

    def __init__(self, builder, recipe, number, smaller, drawn):
        self.net, self.recipe, self.number, self.smaller, self.drawn = builder, recipe, number, smaller, drawn
        self.random = Source(recipe.seed, number)
        self.pool = []
        builder.begin_block(number)

    def size(self, name, low, high):
        """Log-uniform; every second time a multiple of a small power of two, as people like them."""
        value = math.exp(self.random.uniform(math.log(low), math.log(high + 0.999)))
        step = self.random.choice((1, 1, 2, 4, 8, 16))
        value = int(value)
        if value >= step:
            value -= value % step
        key = f"{self.number}.{name}"
        value = self.recipe.sizes.get(key, max(low, value >> self.smaller))
        self.drawn[key] = (value, low)
        return value

    def any(self, *ranks):
        """An earlier value, recent ones more often; `ranks`: what there may be of, in another shape where there is none."""
        back = min(int(self.random.expovariate(0.7)), len(self.pool) - 1)
        return self.with_rank(self.pool[-1 - back], *ranks)

    def with_rank(self, x, *ranks):
        if not ranks or x.rank in ranks:
            return x
        rank = ranks[0]
        if x.rank > rank:
            inner = math.prod(x.shape[1:x.rank - rank + 2])
            return self.net.reshape(x, (x.shape[0], inner, *x.shape[x.rank - rank + 2:]))
        while x.rank < rank:
            width = x.shape[-1]
            divisors = [d for d in range(2, min(width, 65)) if width % d == 0]
            parts = self.random.choice(divisors) if divisors else 1
            x = self.net.reshape(x, x.shape[:-1] + (parts, width // parts))
        return x

    def flat(self, x):
        return self.with_rank(x, 2)

    def activation(self, x):
        return self.net.unary(self.random.choice(ACTIVATIONS), x)

    def put(self, *values):
        self.pool.extend(values)

    def settled(self, x):
        """`x` at a scale near 1, as trained networks keep theirs."""
        return self.net.unary(self.random.choice(("tanh", "sigmoid")), x) if self.random.random() < 0.5 else self.net.norm(x, "layer")


# --- Sources of features ---

def lookups(k):
    fields, rows, dim = k.size("fields", 1, 40), k.size("rows", 10, 200000), k.size("dim", 4, 128)
    ids = k.net.input((Batch(), fields), ("ids", rows), "i")
    if k.random.random() < 0.5:
        k.put(k.net.gather(k.net.weight((rows, dim), ("table",)), ids, 0))
        return
    columns = min(fields, 12)
    found = [k.net.gather(k.net.weight((rows, dim), ("table",)), k.net.slice(ids, 1, column, column + 1), 0) for column in range(columns)]
    k.put(k.net.concat(found, 1))


def masked_bag(k):
    rows, dim, length = k.size("rows", 10, 200000), k.size("dim", 4, 128), k.size("length", 2, 200)
    ids = k.net.input((Batch(), length), ("ids", rows), "i")
    lengths = k.net.input((Batch(), 1), ("ids", length + 1), "i")
    positions = k.net.weight((1, length), ("values", list(range(length))), "i")
    mask = k.net.expand_dims(k.net.cast(k.net.compare("less", positions, lengths), "f"), 2)
    found = k.net.binary("mul", k.net.gather(k.net.weight((rows, dim), ("table",)), ids, 0), mask)
    total = k.net.reduce("sum", found, (1,), False)
    if k.random.random() < 0.5:
        total = k.net.binary("div", total, k.net.binary("add", k.net.reduce("sum", mask, (1,), False), k.net.scalar(1e-6)))
    k.put(found, total)


def sequence(k):
    rows, dim, length = k.size("rows", 10, 100000), k.size("dim", 4, 128), k.size("length", 2, 256)
    ids = k.net.input((Batch(), length), ("ids", rows), "i")
    x = k.net.gather(k.net.weight((rows, dim), ("table",)), ids, 0)
    if k.random.random() < 0.6:
        x = k.net.binary("add", x, k.net.weight((1, length, dim), ("table",)))
    k.put(x)


def dense(k):
    k.put(k.net.input((Batch(), k.size("width", 1, 2048)), ("normal",)))


# --- Layers ---

def mlp(k):
    x = k.any()
    if k.random.random() < 0.7:
        x = k.flat(x)
    for layer in range(k.random.randint(1, 3)):
        forms = ("matmul", "gemm", "gemm_transposed", "left") if x.rank == 2 else ("matmul",)
        x = k.net.linear(x, k.size(f"units{layer}", 1, 1024), k.random.random() < 0.9, k.random.choice(forms))
        x = k.activation(x)
    k.put(x)


def cross_layer(k):
    x = first = k.flat(k.any())
    width = x.shape[1]
    for layer in range(k.random.randint(1, 3)):
        inner = x
        if k.random.random() < 0.3:
            inner = k.net.linear(inner, k.size(f"rank{layer}", 1, 64), False)
        x = k.net.binary("add", k.net.binary("mul", first, k.net.linear(inner, width)), x)
        x = k.settled(x)
    k.put(x)


def heads(k, x, count):
    x = k.net.reshape(x, (x.shape[0], x.shape[1], count, x.shape[2] // count))
    return k.net.transpose(x, (0, 2, 1, 3))


def attention(k):
    x = k.any(3)
    steps, dim, count = x.shape[1], x.shape[2], k.size("heads", 1, 8)
    width = count * k.size("head", 2, 64)
    q, key, v = (heads(k, k.net.linear(x, width, k.random.random() < 0.7), count) for _ in range(3))
    scores = k.net.binary("mul", k.net.matmul(q, k.net.transpose(key, (0, 1, 3, 2))), k.net.scalar((width // count) ** -0.5))
    masking = k.random.choice(("none", "none", "causal", "padding", "bias"))
    if masking == "causal":
        causal = k.net.triangle(k.net.weight((steps, steps), ("uniform", 1, 1)), False)
        kept = k.net.compare("less", k.net.scalar(0.5), causal)
        scores = k.net.where(kept, scores, k.net.scalar(-1e9))
    elif masking == "padding":
        lengths = k.net.input((Batch(), 1, 1, 1), ("ids", steps + 1), "i")
        positions = k.net.weight((1, 1, 1, steps), ("values", list(range(steps))), "i")
        scores = k.net.where(k.net.compare("less", positions, lengths), scores, k.net.scalar(-1e9))
    elif masking == "bias":
        scores = k.net.binary("add", scores, k.net.weight((1, count, steps, steps), ("uniform", -1, 1)))
    weights = k.net.softmax(scores, 3) if k.random.random() < 0.8 else k.net.unary("silu", scores)
    mixed = k.net.transpose(k.net.matmul(weights, v), (0, 2, 1, 3))
    x2 = k.net.linear(k.net.reshape(mixed, (x.shape[0], steps, width)), dim)
    if k.random.random() < 0.7:
        x2 = k.net.norm(k.net.binary("add", x, x2), k.random.choice(("layer", "written")))
    k.put(x2)


def target_attention(k):
    """A query against every step, by an MLP, as DIN has it."""
    x = k.any(3)
    steps, dim = x.shape[1], x.shape[2]
    query = k.net.broadcast(k.net.expand_dims(k.net.linear(k.flat(k.any()), dim), 1), (Batch(), steps, dim), x)
    pairs = k.net.concat([query, x, k.net.binary("sub", query, x), k.net.binary("mul", query, x)], 2)
    hidden = k.activation(k.net.linear(pairs, k.size("units", 2, 80)))
    scores = k.net.linear(hidden, 1)
    if k.random.random() < 0.6:
        scores = k.net.softmax(scores, 1)
    if k.random.random() < 0.5:
        k.put(k.net.reduce("sum", k.net.binary("mul", scores, x), (1,), False))
    else:
        k.put(k.net.squeeze(k.net.matmul(k.net.transpose(scores, (0, 2, 1)), x), 1))


def conv_tower(k):
    rank = k.random.choice((1, 1, 2))
    x = k.any(3)
    x = k.net.transpose(x, (0, 2, 1)) if rank == 1 else k.net.expand_dims(x, 1)
    for layer in range(k.random.randint(1, 2)):
        kernel = [min(k.random.choice((1, 2, 3, 3, 5)), size) for size in x.shape[2:]]
        stride = [k.random.choice((1, 1, 1, 2)) for _ in kernel]
        dilation = [k.random.choice((1, 1, 1, 2)) if size > 2 * w else 1 for w, size in zip(kernel, x.shape[2:])]
        pads = [k.random.choice((0, w // 2 * d)) for w, d in zip(kernel, dilation)]
        channels, group = k.size(f"channels{layer}", 1, 128), 1
        if k.random.random() < 0.15:
            channels, group = x.shape[1], x.shape[1]
        x = k.activation(k.net.conv(x, channels, kernel, stride, dilation, pads, group))
    if k.random.random() < 0.4:
        window = [min(k.random.randint(2, 3), size) for size in x.shape[2:]]
        x = k.net.pool(x, k.random.choice(("max", "average")), window, window)
    elif k.random.random() < 0.4:
        x = k.net.reduce(k.random.choice(("max", "mean")), x, tuple(range(2, x.rank)), False)
    k.put(x)


def recurrent(k):
    x = k.net.transpose(k.any(3), (1, 0, 2))
    cell, both = k.random.choice(("GRU", "GRU", "LSTM")), k.random.random() < 0.2
    all_states, last = k.net.recurrent(x, cell, k.size("units", 2, 128), both)
    units, directions = last.shape[2], last.shape[0]
    if k.random.random() < 0.5:
        k.put(k.net.reshape(k.net.transpose(last, (1, 0, 2)), (Batch(), directions * units)))
    else:
        states = k.net.transpose(all_states, (2, 0, 1, 3))
        k.put(k.net.reshape(states, (Batch(), states.shape[1], directions * units)))


def interaction(k):
    """Products of all pairs of fields, and what is above the diagonal."""
    x = k.any(3)
    fields = x.shape[1]
    product = k.net.matmul(x, k.net.transpose(x, (0, 2, 1)))
    form = k.random.choice(("triangle", "all", "mask"))
    if form == "triangle" and fields > 1:
        chosen = [i * fields + j for i in range(fields) for j in range(i)]
        indices = k.net.weight((len(chosen),), ("values", chosen), "i")
        k.put(k.net.gather(k.net.reshape(product, (Batch(), fields * fields)), indices, 1))
    elif form == "mask":
        k.put(k.net.reduce("sum", k.net.triangle(product, True), (k.random.choice((1, 2)),), False))
    else:
        k.put(k.net.reshape(product, (Batch(), fields * fields)))


def second_order(k):
    """Half of (the square of the sum minus the sum of squares), of factorisation machines."""
    x = k.any(3)
    square = k.net.unary("square", k.net.reduce("sum", x, (1,), False))
    squares = k.net.reduce("sum", k.net.unary("square", x), (1,), False)
    value = k.net.binary("mul", k.net.binary("sub", square, squares), k.net.scalar(0.5))
    k.put(k.net.reduce("sum", value, (1,), True) if k.random.random() < 0.5 else value)


def pair_gathers(k):
    x = k.any(3)
    fields = min(x.shape[1], 24)
    if fields < 2:
        return
    rows, columns = zip(*[(i, j) for i in range(fields) for j in range(i)])
    left, right = (k.net.gather(x, k.net.weight((len(w),), ("values", list(w)), "i"), 1) for w in (rows, columns))
    product = k.net.binary("mul", left, right)
    k.put(k.net.reduce("sum", product, (k.random.choice((1, 2)),), False) if k.random.random() < 0.7 else product)


def compressed_interaction(k):
    x = k.any(3)
    y = k.any(3) if k.random.random() < 0.3 else x
    if y.shape[2] != x.shape[2]:
        y = k.net.linear(y, x.shape[2])
    left, right = k.net.expand_dims(x, 2), k.net.expand_dims(y, 1)
    outer = k.net.reshape(k.net.binary("mul", left, right), (Batch(), x.shape[1] * y.shape[1], x.shape[2]))
    out = k.activation(k.net.conv(outer, k.size("maps", 1, 100), [1], [1], [1], [0], 1))
    k.put(k.net.reduce("sum", out, (2,), False), out)


def experts(k):
    """Several layers side by side, mixed by the weights of a gate."""
    x = k.flat(k.any())
    count, units = k.size("experts", 2, 12), k.size("units", 2, 256)
    gate = k.net.softmax(k.net.linear(x, count), 1)
    w = k.net.weight((count, x.shape[1], units), ("normal", x.shape[1]))
    if k.random.random() < 0.5:
        outputs = k.activation(k.net.einsum("bi,eio->beo", [x, w]))
    else:
        parts = [k.net.expand_dims(k.activation(k.net.linear(x, units)), 1) for _ in range(min(count, 6))]
        outputs = k.net.concat(parts, 1)
        gate = k.net.softmax(k.net.linear(x, len(parts)), 1)
    k.put(k.net.squeeze(k.net.matmul(k.net.expand_dims(gate, 1), outputs), 1))


def einsum(k):
    x = k.any(3)
    fields, dim = x.shape[1:]
    form = k.random.choice(("field", "pairs", "shared", "mix", "transposed"))
    units = k.size("units", 1, 64)
    if form == "field":
        k.put(k.net.einsum("bfd,fde->bfe", [x, k.net.weight((fields, dim, units), ("normal", dim))]))
    elif form == "pairs":
        k.put(k.net.einsum("bfd,bgd->bfg", [x, x]))
    elif form == "shared":
        k.put(k.net.einsum("bfd,de->bfe", [x, k.net.weight((dim, units), ("normal", dim))]))
    elif form == "mix":
        k.put(k.net.einsum("bfd,gf->bgd", [x, k.net.weight((units, fields), ("normal", fields))]))
    else:
        k.put(k.net.einsum("bfd,ed->bef", [x, k.net.weight((units, dim), ("normal", dim))]))


def scores_of_items(k):
    x = k.flat(k.any())
    dim, items = k.size("dim", 4, 128), k.size("items", 2, 100000)
    user = k.net.linear(x, dim)
    table = k.net.weight((items, dim), ("table",))
    scores = k.net.matmul(user, k.net.transpose(table, (1, 0)))
    if k.random.random() < 0.6:
        k.put(k.net.top_k(scores, 1, min(items, k.size("k", 1, 100)))[0])
    else:
        k.put(scores)


# --- One thing along an axis ---

def inner_axis(k, x):
    return k.random.randint(1, x.rank - 1)


def softmax(k):
    x = k.any()
    k.put(k.net.softmax(x, inner_axis(k, x), k.random.random() < 0.2))


def reduce(k):
    x = k.any()
    axes = {inner_axis(k, x) for _ in range(k.random.choice((1, 1, 2)))}
    if len(axes) == x.rank - 1:
        keep = True
    else:
        keep = k.random.random() < 0.3
    function = k.random.choice(("sum", "sum", "mean", "mean", "max", "min", "l2", "log_sum_exp", "sum_square", "l1"))
    y = k.net.reduce(function, x, tuple(axes), keep)
    if keep and k.random.random() < 0.6:
        y = k.net.binary(k.random.choice(("add", "sub", "mul")), x, y)
    k.put(y)


def norm(k):
    x = k.any()
    form = k.random.choice(("layer", "written", "batch", "l2"))
    if form == "batch":
        k.put(k.net.batch_norm(x))
    elif form == "l2":
        # Not far below the values: a quotient of what rounding leaves of a difference says nothing.
        length = k.net.binary("max", k.net.reduce("l2", x, (x.rank - 1,), True), k.net.scalar(0.01))
        k.put(k.net.binary("div", x, length))
    else:
        k.put(k.net.norm(x, form))


def transpose(k):
    x = k.any(3, 4)
    inner = list(range(1, x.rank))
    k.random.shuffle(inner)
    y = k.net.transpose(x, (0, *inner))
    if k.random.random() < 0.5:
        y = k.activation(y)
    if k.random.random() < 0.2:
        y = k.net.transpose(k.net.softmax(k.net.transpose(y, (1, 0, *range(2, y.rank))), y.rank - 1), (1, 0, *range(2, y.rank)))
    k.put(y)


def cut_and_join(k):
    x = k.any()
    axis = inner_axis(k, x)
    width = x.shape[axis]
    if width < 2:
        return
    if k.random.random() < 0.3:
        step = k.random.choice((1, 2, 3))
        begin = k.random.randrange(width)
        k.put(k.net.slice(x, axis, begin, k.random.randint(begin + 1, width), step))
        return
    parts = k.random.randint(2, min(width, 6))
    sizes = [width // parts] * (parts - 1)
    pieces = k.net.split(x, axis, sizes + [width - sum(sizes)])
    k.random.shuffle(pieces)
    pieces = [k.activation(piece) if k.random.random() < 0.4 else piece for piece in pieces]
    k.put(k.net.concat(pieces, axis))


def pointwise(k):
    x = k.any()
    for _ in range(k.random.randint(1, 5)):
        choice = k.random.random()
        if choice < 0.5:
            x = k.net.unary(k.random.choice(ELEMENTWISE), x)
        elif choice < 0.8:
            shape = [size if k.random.random() < 0.6 else 1 for size in x.shape[1:]]
            x = k.net.binary(k.random.choice(("add", "sub", "mul", "max", "min")), x, k.net.weight((1, *shape), ("uniform", -1.5, 1.5)))
        else:
            limit = k.net.weight((1,), ("uniform", -1, 1))
            x = k.net.binary(k.random.choice(("max", "min")), x, limit)
    k.put(x)


def combine(k):
    x, y = k.any(), k.any()
    if x.shape == y.shape:
        k.put(k.net.binary(k.random.choice(("add", "mul", "sub", "max")), x, y))
    elif x.rank == y.rank == 3 and x.shape[2] == y.shape[2]:
        k.put(k.net.concat([x, y], 1))
    else:
        x, y = k.flat(x), k.flat(y)
        if k.random.random() < 0.5 and x.shape != y.shape:
            width = k.size("width", 1, 128)
            x, y = k.net.linear(x, width), k.net.linear(y, width)
            product = k.net.binary("mul", x, y)
            k.put(k.net.reduce("sum", product, (1,), True) if k.random.random() < 0.4 else product)
        else:
            k.put(k.net.concat([x, y], 1))


def mask_steps(k):
    x = k.any(3)
    steps = x.shape[1]
    lengths = k.net.input((Batch(), 1, 1), ("ids", steps + 1), "i")
    positions = k.net.weight((1, steps, 1), ("values", list(range(steps))), "i")
    inside = k.net.compare("less", positions, lengths)
    if k.random.random() < 0.5:
        x = k.net.where(inside, x, k.net.scalar(0.0))
    else:
        x = k.net.binary("mul", x, k.net.cast(inside, "f"))
    k.put(k.net.reduce(k.random.choice(("sum", "max", "mean")), x, (1,), False) if k.random.random() < 0.6 else x)


def last_step(k):
    """The last step, or the one that an input names, as sequence models take theirs."""
    x = k.any(3)
    if k.random.random() < 0.5:
        k.put(k.net.squeeze(k.net.slice(x, 1, x.shape[1] - 1, x.shape[1]), 1))
        return
    chosen = k.net.input((Batch(), 1, 1), ("ids", x.shape[1]), "i")
    k.put(k.net.squeeze(k.net.gather_elements(x, k.net.broadcast(chosen, (Batch(), 1, x.shape[2]), x), 1), 1))


def running_sum(k):
    x = k.any()
    k.put(k.settled(k.net.cumsum(x, inner_axis(k, x), k.random.random() < 0.3, k.random.random() < 0.3)))


def top_k(k):
    x = k.any()
    axis = inner_axis(k, x)
    values, indices = k.net.top_k(x, axis, min(x.shape[axis], k.size("k", 1, 64)))
    k.put(k.net.gather_elements(x, indices, axis) if k.random.random() < 0.4 else values)


def scatter(k):
    x = k.flat(k.any())
    width = k.size("width", 1, 512)
    indices = k.net.input(x.shape, ("ids", width), "i")
    zeros = k.net.broadcast(k.net.scalar(0.0), (Batch(), width), x)
    k.put(k.net.scatter_elements(zeros, indices, x, 1, "add"))


def constant_gather(k):
    x = k.any()
    axis = inner_axis(k, x)
    width = x.shape[axis]
    chosen = [k.random.randrange(width) for _ in range(k.size("count", 1, 64))]
    k.put(k.net.gather(x, k.net.weight((len(chosen),), ("values", chosen), "i"), axis))


def pad_or_tile(k):
    x = k.any()
    axis = inner_axis(k, x)
    if k.random.random() < 0.5:
        k.put(k.net.pad(x, axis, k.random.randint(0, 4), k.random.randint(1, 4)))
    else:
        k.put(k.net.tile(x, axis, k.random.randint(2, 4)))


SOURCES = {lookups: 4, masked_bag: 2, sequence: 4, dense: 2}
LAYERS = {mlp: 8, attention: 5, target_attention: 2, conv_tower: 3, recurrent: 2, interaction: 3, second_order: 2, pair_gathers: 1,
          compressed_interaction: 2, experts: 2, einsum: 3, cross_layer: 2, scores_of_items: 2, softmax: 2, reduce: 3, norm: 3,
          transpose: 2, cut_and_join: 3, pointwise: 3, combine: 5, mask_steps: 2, last_step: 2, running_sum: 1, top_k: 1, scatter: 1,
          constant_gather: 1, pad_or_tile: 1}


def choose(source, weighted):
    return source.choices(list(weighted), list(weighted.values()))[0]


def add_block(builder, recipe, number, function, pool, drawn):
    """The values that a block adds to those there are; sizes are halved until the limits hold."""
    for smaller in range(12):
        count, work = len(builder.network.layers), builder.work_left
        block = Block(builder, recipe, number, smaller, drawn)
        block.pool = list(pool)
        try:
            function(block)
        except TooLarge:
            del builder.network.layers[count:]
            builder.work_left = work
            continue
        return [value for value in block.pool[len(pool):] if value.type == "f" and math.prod(value.shape[1:]) > 0]
    return []


@dataclasses.dataclass
class Built:
    network: Network  # None: it has no layers
    sizes: dict       # by name: what it is, and the least that it may be
    blocks: list      # their names


def build(recipe):
    source, drawn = Source(recipe.seed, "network"), {}
    batch = int(math.exp(source.uniform(0, math.log(4096))))
    batch = recipe.sizes.get("batch", batch)
    drawn["batch"] = (batch, 1)
    functions = [choose(source, SOURCES) for _ in range(source.randint(1, 3))]
    functions += [choose(source, LAYERS) for _ in range(source.randint(1, 7))]
    builder, pool = Builder(batch, recipe.largest, recipe.work), []
    for number, function in enumerate(functions):
        if number not in recipe.dropped and (pool or function in SOURCES):
            pool += add_block(builder, recipe, number, function, pool, drawn)
    network = builder.network
    read = {value.name for layer in network.layers for value in layer.inputs}
    read.update(value.name for layer in network.layers if layer.kind == "input" for value in layer.outputs)
    network.outputs = [value for value in pool if value.name not in read]
    if not network.outputs:
        return Built(None, drawn, [function.__name__ for function in functions])
    network = network.cut(recipe.inputs, recipe.outputs or [value.name for value in network.outputs])
    if network and not (network.has("input") and any(layer.kind not in ("input", "weight") for layer in network.layers)):
        network = None
    return Built(network, drawn, [function.__name__ for function in functions])
