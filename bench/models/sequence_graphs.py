"""What of make.py's networks reads a sequence: behaviour transformers, recurrence, and attention units. Parts of a Network."""

import numpy as np
from onnx import helper

import shapes


class SequenceGraphs:
    def steps(self, table=0):
        """Rows of the history, (batch, steps, dim), and of what follows it among the ids of a table."""
        begin = sum(self.shape.hotness[:table])
        middle, end = begin + self.shape.history, begin + self.shape.hotness[table]
        ids = self.cut("ids", f"ids.{table}.history", 1, begin, middle), self.cut("ids", f"ids.{table}.rest", 1, middle, end)
        return [self.graph.node("Gather", [f"emb.{table}.weight", part], f"emb.{table}.{name}", axis=0)
                for part, name in zip(ids, ("history", "rest"))]

    def transformer(self):
        """The behaviour sequence transformer: items, one after another and the candidate last, then an MLP."""
        g, shape = self.graph, self.shape
        x = g.node("Add", [g.node("Gather", ["emb.0.weight", "ids"], "items", axis=0), "positions"], "tokens")
        for k in range(shape.layers):
            mixed = self.product(self.attention(x, x, f"attention.{k}", shape.history), f"attention.{k}.out")
            x = self.norm(g.node("Add", [x, mixed], f"attention.{k}.residual"), f"attention.{k}.norm")
            wide = g.node("LeakyRelu", [self.product(x, f"forward.{k}.0")], f"forward.{k}.wide", alpha=0.01)
            x = self.norm(g.node("Add", [x, self.product(wide, f"forward.{k}.1")], f"forward.{k}.residual"), f"forward.{k}.norm")
        flat = g.node("Reshape", [x, g.constant("flat.sizes", np.array([-1, shape.history * shape.dim]))], "flat")
        return self.mlp(g.node("Concat", ["dense", flat], "joined", axis=1), "top", None)

    def placed(self, history):
        """Items with their positions."""
        g = self.graph
        scaled = g.node("Mul", [history, g.constant("items.scale", np.array(self.shape.dim ** 0.5, np.float32))], "items.scaled")
        return g.node("Add", [scaled, "positions"], "tokens")

    def before(self):
        """Which steps a step sees: itself and those before it."""
        return np.tril(np.ones((self.shape.history, self.shape.history), bool))

    def last(self, x):
        return self.graph.node("Gather", [x, self.graph.constant("last.index", np.array(-1))], "last", axis=1)

    def score(self, state, candidates):
        """The product of each candidate's row and the state of the sequence."""
        g, axis = self.graph, self.graph.constant("score.axis", np.array([2]))
        products = g.node("MatMul", [candidates, g.node("Unsqueeze", [state, axis], "state.column")], "score.products")
        return g.node("Squeeze", [products, axis], "logit")

    def sasrec(self):
        """Self-attention over the items before each, norms in front; the last step's state scores the candidates."""
        g, shape = self.graph, self.shape
        history, candidates = self.steps()
        x = self.placed(history)
        mask = g.weight("causal", np.where(self.before(), 0, -np.inf).astype(np.float32))
        for k in range(shape.layers):
            query = self.norm(x, f"attention.{k}.norm")
            mixed = self.product(self.attention(query, x, f"attention.{k}", shape.history, mask), f"attention.{k}.out")
            x = self.norm(g.node("Add", [query, mixed], f"attention.{k}.residual"), f"forward.{k}.norm")
            inner = g.node("Relu", [self.product(x, f"forward.{k}.0")], f"forward.{k}.relu")
            x = g.node("Add", [self.product(inner, f"forward.{k}.1"), x], f"forward.{k}.residual")
        return self.score(self.last(self.norm(x, "last.norm")), candidates)

    def silu(self, x, name):
        return self.graph.node("Mul", [x, self.graph.node("Sigmoid", [x], name + ".sigmoid")], name + ".silu")

    def hstu(self):
        """Hierarchical sequential transduction units: weights are SiLU of scores and a bias by distance, results are gated."""
        g, shape = self.graph, self.shape
        history, candidates = self.steps()
        x, steps = self.placed(history), np.arange(shape.history)
        distance = g.weight("distance", steps[None, :] - steps[:, None] + shape.history - 1)
        mask = g.weight("causal", self.before().astype(np.float32))
        length = g.constant("length", np.array(shape.history, np.float32))
        for k in range(shape.layers):
            name = f"attention.{k}"
            parts = self.silu(self.product(self.norm(x, f"input.{k}.norm"), name + ".uvqk"), name + ".uvqk")
            gate, *vqk = g.node("Split", [parts, g.constant(name + ".parts", np.full(4, shape.dim))],
                                [f"{name}.{part}" for part in ("gate", "value", "query", "key")], axis=2)
            value, query, key = (self.heads_of(part, part, shape.history, perm)
                                 for part, perm in zip(vqk, ([0, 2, 1, 3], [0, 2, 1, 3], [0, 2, 3, 1])))
            bias = g.node("Gather", [name + ".distances", distance], name + ".bias", axis=0)
            scores = g.node("Add", [g.node("MatMul", [query, key], name + ".products"), bias], name + ".scores")
            weights = g.node("Div", [self.silu(scores, name + ".scores"), length], name + ".scaled")
            weights = g.node("Mul", [weights, mask], name + ".weights")
            mixed = self.joined(g.node("MatMul", [weights, value], name + ".mixed"), name, shape.history)
            gated = g.node("Mul", [self.norm(mixed, name + ".norm"), gate], name + ".gated")
            x = g.node("Add", [x, self.product(gated, name + ".out")], name + ".residual")
        state = self.last(self.norm(x, "last.norm"))
        length = g.node("ReduceL2", [state], "state.length", axes=[-1], keepdims=1)
        length = g.node("Clip", [length, g.constant("state.least", np.array(1e-12, np.float32))], "state.clipped")
        return self.score(g.node("Div", [state, length], "state"), candidates)

    def gru4rec(self):
        """A recurrent layer whose last state scores the candidates."""
        g, shape = self.graph, self.shape
        x, candidates = self.steps()
        arrays = shapes.weights(shape)
        for k in range(shape.layers):
            name = f"recurrent.{k}"

            def gates(array):
                """torch's order is r, z, n."""
                reset, update, new = np.split(array, 3)
                return np.concatenate([update, reset, new])
            parts = {suffix: [gates(arrays[f"{name}.{part}.{suffix}"]) for part in ("ih", "hh")] for suffix in ("weight", "bias")}
            weights = [g.weight(f"{name}.{letter}", array[None]) for letter, array in zip("WR", parts["weight"])]
            weights.append(g.weight(name + ".B", np.concatenate(parts["bias"])[None]))
            by_step = g.node("Transpose", [x], name + ".steps", perm=[1, 0, 2])
            g.nodes.append(helper.make_node("GRU", [by_step, *weights], [name + ".all", name + ".state"], name="/" + name,
                                            hidden_size=shape.dim, linear_before_reset=1))
            all_steps = g.node("Squeeze", [name + ".all", g.constant(name + ".axis", np.array([1]))], name + ".squeezed")
            x = g.node("Transpose", [all_steps], name + ".batched", perm=[1, 0, 2])
        return self.score(self.last(x), candidates)

    def din(self):
        """Deep interest: an MLP weighs each step of the history by what it has in common with the candidate."""
        g, shape = self.graph, self.shape
        pairs = [self.steps(k) for k in range(len(shape.hotness))]
        keys, query = (g.node("Concat", [pair[i] for pair in pairs], name, axis=2) for i, name in enumerate(("keys", "query")))
        wide = g.node("Expand", [query, g.constant("query.sizes", np.array([1, shape.history, 1]))], "queries")
        joined = g.node("Concat", [wide, keys, g.node("Sub", [wide, keys], "differences"), g.node("Mul", [wide, keys], "products")],
                        "met", axis=2)
        names = [name for name, *_ in shape.linears if name.startswith("attention.")]
        for name in names[:-1]:
            joined = g.node("Sigmoid", [self.product(joined, name)], name + ".sigmoid")
        scores = g.node("Transpose", [self.product(joined, names[-1])], "scores", perm=[0, 2, 1])
        padding = g.node("Equal", ["ids.0.history", g.constant("padding", np.array(0))], "is.padding")
        padding = g.node("Unsqueeze", [padding, g.constant("padding.axis", np.array([1]))], "padding.row")
        weights = g.node("Where", [padding, g.constant("nothing", np.array(0, np.float32)), scores], "weights")
        sizes = g.constant("vector.sizes", np.array([-1, shape.width]))
        interest = g.node("Reshape", [g.node("MatMul", [weights, keys], "mixed"), sizes], "interest")
        candidate = g.node("Reshape", [query, sizes], "candidate")
        return self.mlp(g.node("Concat", ["dense", interest, candidate], "joined", axis=1), "top", None)
