"""The networks of bench/models/shapes.py in torch, written as their users write them, over the rows that Reckon makes up
for a table that is bound as synthetic: both sides look up the same numbers."""

import torch
import torch.nn.functional as F

import sequence_networks
import shapes

MASK = (1 << 64) - 1


def signed(value):
    """64 bits as the number torch wants."""
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def shift_right(x, count):
    """Without the sign."""
    return (x >> count) & ((1 << (64 - count)) - 1)


def synthetic_rows(name, rows, dim, seed, dtype=torch.float16, device="cuda"):
    """What runtime/RandomFill.cpp writes: SplitMix64, whose k-th number depends on nothing but k."""
    state = seed
    for byte in name.encode():
        state = (state * 0x100000001B3 + byte) & MASK
    table = torch.empty(rows * dim, dtype=dtype, device=device)
    step = 1 << 26
    for begin in range(0, rows * dim, step):
        end = min(begin + step, rows * dim)
        x = torch.arange(begin + 1, end + 1, dtype=torch.int64, device=device)
        x = x * signed(0x9E3779B97F4A7C15) + signed(state)
        x = (x ^ shift_right(x, 30)) * signed(0xBF58476D1CE4E5B9)
        x = (x ^ shift_right(x, 27)) * signed(0x94D049BB133111EB)
        x = shift_right(x ^ shift_right(x, 31), 40) - (1 << 23)
        table[begin:end] = x.to(torch.float32) * 2.0 ** -23
    return table.view(rows, dim)


class Network(sequence_networks.SequenceNetworks, torch.nn.Module):
    """Rows of `tables` ({name: rows x dim}) are looked up in their own type; everything after is of `compute`. `bags` is
    how several ids of a table are summed: "embedding_bag", or "gather" for a gather and a sum, which inductor fuses."""

    def __init__(self, shape, tables, compute, bags="embedding_bag"):
        super().__init__()
        device = next(iter(tables.values())).device
        self.shape, self.compute, self.bags = shape, compute, bags
        self.names = [name for name, _ in shape.tables]
        for k, name in enumerate(self.names):
            self.register_buffer(f"table_{k}", tables[name])
        for name, array in shapes.weights(shape).items():
            self.register_buffer(name.replace(".", "_"), torch.from_numpy(array).to(device, compute))
        lower = torch.tril_indices(len(shape.hotness) + 1, len(shape.hotness) + 1, -1, device=device)
        self.register_buffer("rows", lower[0])
        self.register_buffer("columns", lower[1])
        if shape.experts:
            self.register_experts()
        self.prepare(device)

    def register_experts(self):
        """The experts' weights as the fastest form has them: the first layers side by side, the others as a batch."""
        layers = range(0, 2 * len(self.shape.expert), 2)
        for part in ("weight", "bias"):
            for layer in layers:
                parts = [getattr(self, f"expert_{k}_{layer}_{part}") for k in range(self.shape.experts)]
                together = torch.cat(parts) if layer == 0 else torch.stack(parts)
                self.register_buffer(f"experts_{layer}_{part}", together if layer == 0 or part == "bias" else together.mT.contiguous())

    def linear(self, x, name):
        name = name.replace(".", "_")
        return F.linear(x, getattr(self, name + "_weight"), getattr(self, name + "_bias", None))

    def mlp(self, x, prefix, last_relu):
        names = [name for name, *_ in self.shape.linears if name.startswith(prefix + ".")]
        for name in names:
            x = self.linear(x, name)
            if name != names[-1] or last_relu:
                x = F.relu(x)
        return x

    def lookups(self, ids, first=0):
        result, begin = [], 0
        for k, count in enumerate(self.shape.hotness):
            table = getattr(self, f"table_{first + k}")
            if self.shape.ids == len(self.shape.hotness):
                rows = F.embedding(ids[:, begin], table).to(self.compute)
            elif self.bags == "embedding_bag" and table.dtype == self.compute:
                rows = F.embedding_bag(ids[:, begin:begin + count], table, mode="sum")
            else:
                rows = F.embedding(ids[:, begin:begin + count], table).to(self.compute).sum(1)
            result.append(rows)
            begin += count
        return result

    def wide(self, dense, ids):
        total = self.linear(dense, "wide.dense")
        for scalar in self.lookups(ids, len(self.shape.hotness)):
            total = total + scalar
        return total

    def heads(self, x, name):
        return self.linear(x, name).unflatten(2, (self.shape.heads, -1)).transpose(1, 2)

    def attention(self, query, x, name, is_causal=False):
        sources = zip((query, x, x), ("query", "key", "value"))
        mixed = F.scaled_dot_product_attention(*(self.heads(source, f"{name}.{part}") for source, part in sources), is_causal=is_causal)
        return mixed.transpose(1, 2).flatten(2)

    def norm(self, x, name):
        name = name.replace(".", "_")
        return F.layer_norm(x, x.shape[-1:], getattr(self, name + "_weight"), getattr(self, name + "_bias"))

    def autoint(self, dense, rows):
        x = torch.cat([torch.stack(rows, dim=1), dense.unsqueeze(2) * self.fields_dense], dim=1)
        for k in range(self.shape.layers):
            x = F.relu(self.attention(x, x, f"attention.{k}") + self.linear(x, f"attention.{k}.residual"))
        return self.mlp(torch.cat([dense] + rows, dim=1), "top", False) + self.linear(x.flatten(1), "fields")

    def xdeepfm(self, dense, rows):
        x = stacked = torch.stack(rows, dim=1)
        sums = []
        for k in range(len(self.shape.maps)):
            pairs = torch.einsum("bhd,bmd->bhmd", x, stacked).flatten(1, 2)
            x = F.relu(F.conv1d(pairs, getattr(self, f"cin_{k}_weight"), getattr(self, f"cin_{k}_bias")))
            sums.append(x.sum(2))
        return self.mlp(torch.cat([dense] + rows, dim=1), "top", False) + self.linear(torch.cat(sums, dim=1), "maps")

    def mmoe(self, dense, rows):
        x = joined = torch.cat([dense] + rows, dim=1)
        x = F.relu(F.linear(x, self.experts_0_weight, self.experts_0_bias)).unflatten(1, (self.shape.experts, -1)).transpose(0, 1)
        for layer in range(2, 2 * len(self.shape.expert), 2):
            x = F.relu(torch.baddbmm(getattr(self, f"experts_{layer}_bias").unsqueeze(1), x, getattr(self, f"experts_{layer}_weight")))
        x, logits = x.transpose(0, 1), []
        for k in range(self.shape.tasks):
            gate = torch.softmax(self.linear(joined, f"gate.{k}"), dim=1)
            logits.append(self.mlp(torch.bmm(gate.unsqueeze(1), x).squeeze(1), f"task.{k}", False))
        return torch.cat(logits, dim=1)

    def forward(self, dense, ids):
        if self.shape.history:
            return torch.sigmoid(getattr(self, self.shape.kind)(dense, ids))
        rows = self.lookups(ids)
        if self.shape.kind == "lookup":
            return torch.cat(rows, dim=1)
        if self.shape.kind == "dlrm":
            x = self.mlp(dense, "bot", True)
            stacked = torch.stack([x] + rows, dim=1)
            products = torch.bmm(stacked, stacked.transpose(1, 2))
            logit = self.mlp(torch.cat([x, products[:, self.rows, self.columns]], dim=1), "top", False)
        elif self.shape.kind in ("autoint", "xdeepfm", "mmoe"):
            logit = getattr(self, self.shape.kind)(dense, rows)
        elif self.shape.kind == "dcn":
            x = x0 = torch.cat([self.mlp(dense, "bot", True)] + rows, dim=1)
            for k in range(self.shape.cross):
                x = x0 * self.linear(self.linear(x, f"V.{k}"), f"W.{k}") + x
            logit = self.mlp(x, "top", False)
        else:
            logit = self.mlp(torch.cat([dense] + rows, dim=1), "top", False) + self.wide(dense, ids)
            if self.shape.kind == "deepfm":
                stacked = torch.stack(rows, dim=1)
                total = stacked.sum(1)
                logit = logit + 0.5 * (total * total - (stacked * stacked).sum(1)).sum(1, keepdim=True)
        return torch.sigmoid(logit)


def reference(shape, tables, dense, ids):
    """The answer in double precision, from the same rows and weights."""
    network = Network(shape, tables, torch.float64)
    chunk = min(4096, (1 << 17) // max(shape.history, 1))
    parts = [network(dense[at:at + chunk].double(), ids[at:at + chunk]) for at in range(0, ids.shape[0], chunk)]
    return torch.cat(parts)
