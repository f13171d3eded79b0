"""What of networks.py reads a sequence: behaviour transformers, recurrence, and attention units. Parts of a Network."""

import torch
import torch.nn.functional as F


class SequenceNetworks:
    def prepare(self, device):
        """What the networks make once."""
        shape, steps = self.shape, torch.arange(self.shape.history, device=device)
        if shape.kind == "hstu":
            self.register_buffer("distance", steps[None, :] - steps[:, None] + shape.history - 1)
            self.register_buffer("causal", (steps[None, :] <= steps[:, None]).to(self.compute))
        if shape.kind == "gru4rec":
            self.recurrent = torch.nn.GRU(shape.dim, shape.dim, shape.layers, batch_first=True, device=device, dtype=self.compute)
            with torch.no_grad():
                for k in range(shape.layers):
                    for part in ("ih", "hh"):
                        for suffix in ("weight", "bias"):
                            own = getattr(self.recurrent, f"{suffix}_{part}_l{k}")
                            own.copy_(getattr(self, f"recurrent_{k}_{part}_{suffix}"))

    def steps(self, ids, table=0):
        """Rows of the history, (batch, steps, dim), and of what follows it among the ids of a table."""
        begin = sum(self.shape.hotness[:table])
        middle, end = begin + self.shape.history, begin + self.shape.hotness[table]
        rows = getattr(self, f"table_{table}")
        return (F.embedding(ids[:, begin:middle], rows).to(self.compute), F.embedding(ids[:, middle:end], rows).to(self.compute))

    def transformer(self, dense, ids):
        x = F.embedding(ids, self.table_0).to(self.compute) + self.positions
        for k in range(self.shape.layers):
            x = self.norm(x + self.linear(self.attention(x, x, f"attention.{k}"), f"attention.{k}.out"), f"attention.{k}.norm")
            wide = F.leaky_relu(self.linear(x, f"forward.{k}.0"), 0.01)
            x = self.norm(x + self.linear(wide, f"forward.{k}.1"), f"forward.{k}.norm")
        return self.mlp(torch.cat([dense, x.flatten(1)], dim=1), "top", False)

    def score(self, state, candidates):
        return torch.bmm(candidates, state.unsqueeze(2)).squeeze(2)

    def sasrec(self, dense, ids):
        history, candidates = self.steps(ids)
        x = history * self.shape.dim ** 0.5 + self.positions
        for k in range(self.shape.layers):
            query = self.norm(x, f"attention.{k}.norm")
            mixed = self.attention(query, x, f"attention.{k}", is_causal=True)
            x = self.norm(query + self.linear(mixed, f"attention.{k}.out"), f"forward.{k}.norm")
            x = x + self.linear(F.relu(self.linear(x, f"forward.{k}.0")), f"forward.{k}.1")
        return self.score(self.norm(x[:, -1], "last.norm"), candidates)

    def hstu(self, dense, ids):
        history, candidates = self.steps(ids)
        x = history * self.shape.dim ** 0.5 + self.positions
        for k in range(self.shape.layers):
            parts = F.silu(self.linear(self.norm(x, f"input.{k}.norm"), f"attention.{k}.uvqk"))
            gate, *vqk = parts.split(self.shape.dim, dim=2)
            value, query, key = (part.unflatten(2, (self.shape.heads, -1)).transpose(1, 2) for part in vqk)
            scores = query @ key.transpose(2, 3) + getattr(self, f"attention_{k}_distances")[self.distance]
            weights = F.silu(scores) / self.shape.history * self.causal
            mixed = (weights @ value).transpose(1, 2).flatten(2)
            x = x + self.linear(self.norm(mixed, f"attention.{k}.norm") * gate, f"attention.{k}.out")
        return self.score(F.normalize(self.norm(x[:, -1], "last.norm"), dim=1), candidates)

    def gru4rec(self, dense, ids):
        history, candidates = self.steps(ids)
        return self.score(self.recurrent(history)[0][:, -1], candidates)

    def din(self, dense, ids):
        pairs = [self.steps(ids, k) for k in range(len(self.shape.hotness))]
        keys, query = (torch.cat(parts, dim=2) for parts in zip(*pairs))
        wide = query.expand(-1, self.shape.history, -1)
        x = torch.cat([wide, keys, wide - keys, wide * keys], dim=2)
        names = [name for name, *_ in self.shape.linears if name.startswith("attention.")]
        for name in names[:-1]:
            x = torch.sigmoid(self.linear(x, name))
        scores = self.linear(x, names[-1]).transpose(1, 2)
        weights = scores.masked_fill((ids[:, :self.shape.history] == 0).unsqueeze(1), 0)
        return self.mlp(torch.cat([dense, torch.bmm(weights, keys).squeeze(1), query.flatten(1)], dim=1), "top", False)
