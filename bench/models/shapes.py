"""The networks that bench/gpu-peers times, as data: what layers they have, what their tables are called, and their
weights. Needs numpy alone, so that a machine without ONNX or Reckon's compiler builds the same networks.

Weights are made, not trained: normal numbers scaled by the layer's width, which repeat with a period. The period is a
prime larger than any layer's width, so that no two rows of a weight are equal, and short enough that an engine compresses
to a fraction of its size when it is carried to another machine.
"""

import dataclasses
import zlib

import numpy as np

DENSE = 13
PERIOD = 4093


@dataclasses.dataclass(frozen=True)
class Shape:
    """One network. `kind` says how the pieces are put together (see make.py and bench/gpu-peers/networks.py)."""
    name: str
    title: str
    kind: str
    dim: int
    hotness: tuple  # ids a table is given for each sample; more than one are summed, or are a sequence
    bottom: tuple = ()
    top: tuple = ()
    rank: int = 0  # of the cross layers
    cross: int = 0
    heads: int = 0  # of each attention
    layers: int = 0  # with attention, or recurrent
    maps: tuple = ()  # feature maps of each layer of compressed interaction
    history: int = 0  # steps of the sequence; the ids of a table behind them are candidates
    unit: tuple = ()  # the MLP that weighs a step of the history
    experts: int = 0
    expert: tuple = ()  # the MLP of each
    tasks: int = 1

    @property
    def ids(self):
        return sum(self.hotness)

    def takes(self, batch):
        """Whether the network is timed with so many samples."""
        return batch * self.history <= MOST_STEPS

    @property
    def tables(self):
        """(name, dimension) of each table, in the order of the ids. The scalar tables share the ids of the others."""
        wide = [(f"wide.{k}.weight", 1) for k in range(len(self.hotness))] if self.kind in ("wide_deep", "deepfm") else []
        return [(f"emb.{k}.weight", self.dim) for k in range(len(self.hotness))] + wide

    @property
    def ranks(self):
        """Whether the network scores candidates by a vector of the sequence before them, and reads nothing else."""
        return self.kind in ("sasrec", "hstu", "gru4rec")

    @property
    def dense(self):
        """Numbers of a sample that are no ids."""
        return 0 if self.ranks or self.kind == "lookup" else DENSE

    @property
    def outputs(self):
        """Probabilities of a sample."""
        return self.ids - self.history if self.ranks else self.tasks

    @property
    def fields(self):
        """Vectors of a sample that meet each other."""
        return DENSE + len(self.hotness) if self.kind == "autoint" else len(self.hotness)

    @property
    def width(self):
        """Of a sample's vectors side by side."""
        return self.dim * len(self.hotness)

    @property
    def features(self):
        """How wide the top MLP's input is, or that of the experts."""
        count = len(self.hotness)
        if self.kind == "dlrm":
            return self.dim + (count + 1) * count // 2
        if self.kind == "dcn":
            return self.dim * (count + 1)
        if self.kind == "transformer":
            return DENSE + self.dim * self.history
        if self.kind == "din":
            return DENSE + 2 * self.width
        return DENSE + self.width

    @property
    def linears(self):
        """(name, inputs, outputs, has a bias) of each linear layer."""
        result = []

        def mlp(prefix, *sizes):
            result.extend((f"{prefix}.{2 * k}", *pair, True) for k, pair in enumerate(zip(sizes, sizes[1:])))
        if self.bottom:
            mlp("bot", DENSE, *self.bottom)
        if self.top and not self.experts:
            mlp("top", self.features, *self.top)
        for k in range(self.cross):
            result += [(f"V.{k}", self.features, self.rank, False), (f"W.{k}", self.rank, self.features, True)]
        if self.kind in ("wide_deep", "deepfm"):
            result.append(("wide.dense", DENSE, 1, True))
        for k in range(self.layers):
            result += self.layer(k)
        if self.unit:
            mlp("attention", 4 * self.width, *self.unit)
        for k in range(self.experts):
            mlp(f"expert.{k}", self.features, *self.expert)
        for k in range(self.tasks if self.experts else 0):
            result.append((f"gate.{k}", self.features, self.experts, False))
            mlp(f"task.{k}", self.expert[-1], *self.top)
        if self.kind == "autoint":
            result.append(("fields", self.dim * self.fields, 1, True))
        if self.kind == "xdeepfm":
            result.append(("maps", sum(self.maps), 1, True))
        return result

    def layer(self, k):
        """The linear layers of the k-th layer over a sequence, or over fields."""
        dim = self.dim
        if self.kind == "hstu":
            return [(f"attention.{k}.uvqk", dim, 4 * dim, False), (f"attention.{k}.out", dim, dim, True)]
        if self.kind == "gru4rec":
            return [(f"recurrent.{k}.{part}", dim, 3 * dim, True) for part in ("ih", "hh")]
        result = [(f"attention.{k}.{part}", dim, dim, False) for part in ("query", "key", "value")]
        if self.kind == "autoint":
            return result + [(f"attention.{k}.residual", dim, dim, False)]
        inner = dim if self.kind == "sasrec" else 4 * dim
        return result + [(f"attention.{k}.out", dim, dim, True), (f"forward.{k}.0", dim, inner, True),
                         (f"forward.{k}.1", inner, dim, True)]

    @property
    def parameters(self):
        """(name, shape, scale) of weights that are no linear layer's. Scales of a norm are near one."""
        result = []

        def norm(name):
            result.extend([(f"{name}.norm.weight", (self.dim,), None), (f"{name}.norm.bias", (self.dim,), 0.1)])
        if self.kind == "autoint":
            result.append(("fields.dense", (DENSE, self.dim), 0.3))
        if self.kind in ("transformer", "sasrec", "hstu"):
            result.append(("positions", (self.history, self.dim), 0.3))
        if self.kind in ("transformer", "sasrec"):
            for k in range(self.layers):
                norm(f"attention.{k}")
                norm(f"forward.{k}")
        if self.kind == "hstu":
            for k in range(self.layers):
                norm(f"input.{k}")
                norm(f"attention.{k}")
                result.append((f"attention.{k}.distances", (2 * self.history - 1,), 0.5))
        if self.kind in ("sasrec", "hstu"):
            norm("last")
        for k, (inputs, outputs) in enumerate(zip((self.fields,) + self.maps, self.maps)):
            result += [(f"cin.{k}.weight", (outputs, inputs * self.fields, 1), 2.0 / np.sqrt(inputs * self.fields)),
                       (f"cin.{k}.bias", (outputs,), 0.1)]
        return result

    @property
    def flops(self):
        """Of the linear layers and the interaction, for one sample."""
        count = sum(2 * fan_in * fan_out for _, fan_in, fan_out, _ in self.linears)
        if self.kind == "dlrm":
            count += (len(self.hotness) + 1) * len(self.hotness) * self.dim
        tokens = self.history or self.fields
        for name, fan_in, fan_out, _ in self.linears:
            if name.startswith(("attention.", "forward.", "recurrent.")):
                count += 2 * (tokens - 1) * fan_in * fan_out
        # Where a step sees those before it alone, half of the pairs are needed.
        pairs = tokens * (tokens + 1) // 2 if self.ranks else tokens * tokens
        if self.kind != "gru4rec":
            count += self.layers * 4 * pairs * self.dim
        count += 2 * self.dim * self.outputs if self.ranks else 0
        count += 2 * self.tasks * self.experts * self.expert[-1] if self.experts else 0
        for inputs, outputs in zip((self.fields,) + self.maps, self.maps):
            count += 2 * inputs * self.fields * outputs * self.dim
        return count


ONE_HOT = (1,) * 26
MULTI_HOT = (3, 2, 1, 2, 6, 1, 1, 1, 1, 7, 3, 8, 1, 6, 9, 5, 1, 1, 1, 12, 100, 27, 10, 3, 1, 1)
SHAPES = {shape.name: shape for shape in (
    Shape("dlrm_dim128", "DLRM dim 128", "dlrm", 128, ONE_HOT, (512, 256, 128), (1024, 1024, 512, 256, 1)),
    Shape("dlrm_dcnv2", "DLRM-DCNv2", "dcn", 128, MULTI_HOT, (512, 256, 128), (1024, 1024, 512, 256, 1), 512, 3),
    Shape("dlrm_kaggle", "DLRM Kaggle dim 16", "dlrm", 16, ONE_HOT, (512, 256, 64, 16), (512, 256, 1)),
    Shape("wide_deep", "Wide&Deep dim 32", "wide_deep", 32, ONE_HOT, (), (1024, 512, 256, 1)),
    Shape("deepfm", "DeepFM dim 16", "deepfm", 16, ONE_HOT, (), (400, 400, 400, 1)),
    Shape("bst", "BST 21 x 64", "transformer", 64, (21,), (), (1024, 512, 256, 1), heads=8, layers=1, history=21),
    Shape("autoint", "AutoInt 39 x 16", "autoint", 16, ONE_HOT, (), (400, 400, 1), heads=2, layers=3),
    Shape("xdeepfm", "xDeepFM dim 10", "xdeepfm", 10, ONE_HOT, (), (400, 400, 1), maps=(200, 200, 200)),
    Shape("sasrec", "SASRec 200 x 50", "sasrec", 50, (300,), heads=1, layers=2, history=200),
    Shape("hstu", "HSTU 200 x 256", "hstu", 256, (300,), heads=4, layers=4, history=200),
    Shape("gru4rec", "GRU4Rec 20 x 100", "gru4rec", 100, (120,), layers=1, history=20),
    Shape("din", "DIN 50 x 128", "din", 64, (51, 51), (), (200, 80, 1), history=50, unit=(80, 40, 1)),
    Shape("mmoe", "MMoE 8 x (256, 128)", "mmoe", 16, ONE_HOT, (), (64, 1), experts=8, expert=(256, 128), tasks=2),
)}

# What a run over sequences is given at most, in steps of all samples.
MOST_STEPS = 3 << 19


# Lookups and nothing else, in half floats from end to end: how much of the memory's bandwidth they reach.
LOOKUPS = {shape.name: shape for shape in (
    Shape("lookup_onehot", "26 lookups dim 128", "lookup", 128, ONE_HOT),
    Shape("lookup_bags", "26 bags dim 128, 214 ids", "lookup", 128, MULTI_HOT),
)}
ALL = {**SHAPES, **LOOKUPS}


def periodic(name, shape, scale):
    """Numbers that half floats hold exactly, the same for the same name everywhere."""
    numbers = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(PERIOD) * scale
    return np.resize(numbers.astype(np.float16).astype(np.float32), shape)


def weights(shape):
    """{ONNX name: array} of everything but the tables."""
    result = {}
    for name, fan_in, fan_out, has_bias in shape.linears:
        scale = np.sqrt(2.0 / (fan_in + fan_out))
        # A cross layer multiplies its input into its output: smaller weights keep the product from growing.
        scale *= 0.6 if name[0] in "VW" else 1.0
        result[name + ".weight"] = periodic(f"{shape.name}/{name}.weight", (fan_out, fan_in), scale)
        if has_bias:
            result[name + ".bias"] = periodic(f"{shape.name}/{name}.bias", (fan_out,), 0.1)
    for name, sizes, scale in shape.parameters:
        numbers = periodic(f"{shape.name}/{name}", sizes, scale or 0.125)
        result[name] = numbers if scale else numbers + np.float32(1)
    return result


def make_inputs(shape, batch, rows, seed):
    """One set of inputs: (dense, ids), float32 and int64; ids uniform in [0, rows)."""
    rng = np.random.default_rng([zlib.crc32(shape.name.encode()), batch, seed])
    return rng.standard_normal((batch, DENSE), np.float32), rng.integers(0, rows, (batch, shape.ids))
