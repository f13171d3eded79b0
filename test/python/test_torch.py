"""Modules of torch to engines. Needs torch, and onnxscript for dynamo; neither is among what the tests install."""

import collections
import unittest
import warnings

import numpy as np

import models
import reckon

try:
    import torch
    from torch import nn
except ImportError:
    raise unittest.SkipTest("no torch") from None
try:
    import onnxscript  # noqa: F401
    DYNAMO = None
except ImportError:
    DYNAMO = "no onnxscript"


class Dlrm(nn.Module):
    """Tables, a bottom and a top network, dots of pairs."""

    def __init__(self, tables=4, rows=50, dim=8):
        super().__init__()
        self.tables = nn.ModuleList([nn.Embedding(rows, dim) for _ in range(tables)])
        self.bottom = nn.Sequential(nn.Linear(5, 16), nn.ReLU(), nn.Linear(16, dim), nn.ReLU())
        pairs = (tables + 1) * tables // 2
        self.top = nn.Sequential(nn.Linear(dim + pairs, 16), nn.ReLU(), nn.Linear(16, 1), nn.Sigmoid())
        self.register_buffer("pairs", torch.tril_indices(tables + 1, tables + 1, -1))

    def forward(self, dense, ids):
        x = self.bottom(dense)
        rows = torch.stack([x] + [table(ids[:, k]) for k, table in enumerate(self.tables)], dim=1)
        dots = torch.bmm(rows, rows.transpose(1, 2))[:, self.pairs[0], self.pairs[1]]
        return self.top(torch.cat([x, dots], dim=1))


class Bags(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(30, 4, mode="sum")

    def forward(self, x, indices, offsets):
        return x + self.bag(indices, offsets)


class Nested(nn.Module):
    def forward(self, features, scale, unused):
        return {"sum": features["a"] + features["b"][0] * scale, "pair": [features["a"] * 2]}


class Scores(nn.Module):
    """Takes a dict in the last place, and gives one."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, batch):
        return {"score": self.linear(batch["x"]), "aux": (batch["y"] * 2, batch["x"].sum())}


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 2)

    def forward(self, x, *rest, weight, **more):
        return self.linear(x + sum(rest)) * weight + more["bias"]


Pair = collections.namedtuple("Pair", "first second")


class Pairs(nn.Module):
    def forward(self, pair):
        return Pair(torch.relu(pair.first), pair.second + 1)


class Untraceable(nn.Module):
    """What torch.export refuses, and TorchScript traces."""

    def forward(self, x):
        if float(x.sum()) > 1e30:
            return x
        return torch.relu(x)


@unittest.skipIf(DYNAMO, DYNAMO)
class FromTorch(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def dlrm_inputs(self, batch):
        return torch.randn(batch, 5), torch.randint(0, 50, (batch, 4))

    def check(self, model, module, *inputs):
        with torch.no_grad():
            expected = module(*inputs)
        torch.testing.assert_close(model(*inputs), expected, rtol=1e-4, atol=1e-5)

    def test_any_batch(self):
        module = Dlrm().eval()
        for example in (4, 1):
            model = reckon.from_torch(module, self.dlrm_inputs(example))
            self.assertEqual((model.exporter, model.fallback), ("dynamo", ""))
            self.assertEqual([str(info) for info in model.engine.inputs], ["dense: f32[batch, 5]", "ids: i64[batch, 4]"])
            for batch in (1, 2, 7, 100):
                self.check(model, module, *self.dlrm_inputs(batch))
        dense, ids = self.dlrm_inputs(3)
        torch.testing.assert_close(model(dense, ids=ids), model(ids=ids, dense=dense))
        self.assertIn("exported by dynamo", repr(model))

    def test_tensors_are_not_copied(self):
        model = reckon.from_torch(Dlrm().eval(), self.dlrm_inputs(4), precision="fp32", threads=1)
        dense, ids = self.dlrm_inputs(3)
        plan = reckon.context.Plan(model.engine.create_context(), {"dense": dense, "ids": ids}, None)
        self.assertEqual([array.ctypes.data for array in plan.inputs], [dense.data_ptr(), ids.data_ptr()])
        result = model(dense, ids)
        self.assertIsInstance(result, torch.Tensor)
        self.assertFalse(result.requires_grad)
        torch.testing.assert_close(model(dense.requires_grad_(), ids), result)

    def test_sizes_of_bags(self):
        module = Bags().eval()
        model = reckon.from_torch(module, (torch.randn(3, 4), torch.tensor([1, 2, 3, 4, 5]), torch.tensor([0, 2, 2])))
        self.check(model, module, torch.randn(2, 4), torch.tensor([7, 8, 9]), torch.tensor([0, 1]))
        self.check(model, module, torch.randn(4, 4), torch.arange(12), torch.tensor([0, 5, 5, 11]))

    def test_fixed_sizes(self):
        module = Dlrm().eval()
        model = reckon.from_torch(module, self.dlrm_inputs(4), dynamic_batch=False)
        self.check(model, module, *self.dlrm_inputs(4))
        with self.assertRaisesRegex(reckon.InvalidError, "input 'dense' axis 0: got 5, expected 4"):
            model(*self.dlrm_inputs(5))

    def test_structures(self):
        module = Nested().eval()
        features = {"a": torch.randn(3, 2), "b": [torch.randn(3, 2)]}
        model = reckon.from_torch(module, (features, 3.0, torch.randn(3)))
        other = {"a": torch.randn(5, 2), "b": [torch.randn(5, 2)]}
        self.check(model, module, other, 3.0, torch.randn(5))
        with self.assertRaisesRegex(reckon.InvalidError, "is 4.0, and the engine was made for 3.0: only tensors may change"):
            model(other, 4.0, torch.randn(5))
        with self.assertRaisesRegex(reckon.InvalidError, "expected inputs in the structure of the examples"):
            model(other["a"], 3.0, torch.randn(5))

    def test_a_dict_in_the_last_place(self):
        module = Scores().eval()
        for examples in ({"x": torch.randn(3, 4), "y": torch.randn(3, 1)}, ({"x": torch.randn(3, 4), "y": torch.randn(3, 1)},)):
            model = reckon.from_torch(module, examples)
            self.assertEqual(model.exporter, "dynamo")
            self.check(model, module, {"y": torch.randn(5, 1), "x": torch.randn(5, 4)})  # in another order

    def test_by_name(self):
        module, x = ByName().eval(), torch.randn(3, 4)  # one tensor for two examples
        model = reckon.from_torch(module, (x, x), example_kwargs={"weight": torch.randn(3, 1), "bias": torch.randn(3, 1)})
        x, others = torch.randn(7, 4), {"bias": torch.randn(7, 1), "weight": torch.randn(7, 1)}
        torch.testing.assert_close(model(x, 2 * x, **others), module(x, 2 * x, **others).detach())
        torch.testing.assert_close(model(2 * x, x, **others), module(x, 2 * x, **others).detach())
        with self.assertRaisesRegex(reckon.InvalidError, "missing a required argument: 'weight'"):
            model(x, x, bias=others["bias"])
        with self.assertRaisesRegex(reckon.InvalidError, "missing a required argument: 'ids'; give what it takes by name as example_kwargs"):
            reckon.from_torch(Dlrm().eval(), {"dense": x, "ids": x})
        module = Dlrm().eval()
        dense, ids = self.dlrm_inputs(4)
        self.check(reckon.from_torch(module, example_kwargs={"ids": ids, "dense": dense}), module, *self.dlrm_inputs(9))

    def test_namedtuples(self):
        module = Pairs().eval()
        model = reckon.from_torch(module, Pair(torch.randn(3, 4), torch.randn(3)))
        self.assertIsInstance(model(Pair(torch.randn(2, 4), torch.randn(2))), Pair)
        self.check(model, module, Pair(torch.randn(2, 4), torch.randn(2)))

    def test_modes_of_a_module(self):
        with self.assertWarnsRegex(UserWarning, "the module is in training mode: call its eval"):
            reckon.from_torch(nn.Linear(4, 2), torch.randn(3, 4))
        module = torch.compile(nn.Linear(4, 2).eval(), backend="eager")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.check(reckon.from_torch(module, torch.randn(3, 4)), module, torch.randn(5, 4))

    def test_torchscript_where_dynamo_fails(self):
        module = Untraceable().eval()
        with self.assertWarnsRegex(UserWarning, "exported through TorchScript, because dynamo says: "):
            model = reckon.from_torch(module, torch.randn(4, 3))
        self.assertEqual(model.exporter, "torchscript")
        self.assertTrue(model.fallback)
        self.check(model, module, torch.randn(9, 3))

    def test_mistakes(self):
        module = Dlrm().eval()
        dense, ids = self.dlrm_inputs(4)
        for text, call in (("expected a torch.nn.Module, got builtin_function_or_method", lambda: reckon.from_torch(torch.relu, dense)),
                           ("example_inputs has no tensor of torch: got int, int", lambda: reckon.from_torch(module, (1, 2))),
                           ("the module takes \\(dense, ids\\): missing a required argument: 'ids'", lambda: reckon.from_torch(module, dense)),
                           ("the module does not run on example_inputs: IndexError", lambda: reckon.from_torch(module, (dense, ids[:, 0]))),
                           ("there is no option 'presicion'", lambda: reckon.from_torch(module, (dense, ids), presicion="fp16"))):
            with self.assertRaisesRegex(reckon.InvalidError, text):
                call()
        model = reckon.from_torch(module, (dense, ids))
        for text, call in (("input 'dense' is float64, expected float32", lambda: model(dense.double(), ids)),
                           ("input 'ids' has the shape \\(4,\\), expected \\[batch, 4\\]", lambda: model(dense, ids[:, 0])),
                           ("id 50 at position 2 is outside \\[0, 50\\)", lambda: model(dense, ids * 0 + torch.tensor([0, 0, 50, 0])))):
            with self.assertRaisesRegex(reckon.InvalidError, text):
                call()

    def test_unsupported_operators_are_named(self):
        class Odd(nn.Module):
            def forward(self, x):
                return torch.linalg.det(x.unsqueeze(1) * torch.eye(8))

        with warnings.catch_warnings(), self.assertRaises(reckon.ReckonError) as caught:
            warnings.simplefilter("ignore")
            reckon.from_torch(Odd().eval(), torch.randn(4, 8))
        self.assertRegex(str(caught.exception), "Det|det")
        self.assertRegex(str(caught.exception), "Odd|cannot be exported")
        self.assertNotIn("model.onnx", str(caught.exception))


class Wrapping(unittest.TestCase):
    """An engine that was not exported here."""

    def test_places_and_names(self):
        model = reckon.TorchModel(reckon.compile(models.make_lookup()))
        x, ids = torch.randn(2, 3), torch.tensor([1, 6])
        for y, following in (model(x, ids), model(x, ids=ids)):
            torch.testing.assert_close(y, torch.relu(torch.from_numpy(models.TABLE)[ids] + x))
            torch.testing.assert_close(following, ids + 1)
        with self.assertRaisesRegex(reckon.InvalidError, "3 inputs by place and none by name are given"):
            model(x, ids, ids)

    def test_every_element_type(self):
        for dtype in (torch.float16, torch.float32, torch.float64, torch.int8, torch.int32, torch.int64, torch.uint8, torch.bool):
            x = (torch.arange(6).reshape(2, 3) % 2).to(dtype)
            y = reckon.TorchModel(reckon.compile(models.make_identity(str(dtype).split(".")[1])))(x)
            self.assertEqual(y.dtype, dtype)
            self.assertTrue(torch.equal(x, y))

    def test_kinds_of_tensors(self):
        """What is a tensor, and not dense memory of its elements."""
        engine = reckon.compile(models.make_lookup())
        x, ids = torch.tensor([[-1.0, 0, 1]]), torch.tensor([1])
        expected = torch.relu(torch.from_numpy(models.TABLE[[1]]) + x)
        for same in (x, x.requires_grad_(), nn.Parameter(x.detach()), torch.cat([x.detach(), x.detach()], dim=1)[:, :3], x.detach().T.clone().T):
            np.testing.assert_array_equal(engine(same, ids)[0], expected.detach().numpy())
        out = torch.empty(1, 3)
        results = engine.run({"x": x, "ids": ids}, out={"y": out})
        self.assertIs(results["y"], out)
        self.assertTrue(torch.equal(out, expected))
        number = models.make_model([models.helper.make_node("Abs", ["x"], ["y"])], [("x", models.TensorProto.FLOAT, [])],
                                   [("y", models.TensorProto.FLOAT, [])])
        self.assertEqual(float(reckon.compile(number)(torch.tensor(-2.0))), 2)
        negated = torch.complex(x.detach(), x.detach()).conj().imag
        for other in (negated, torch.complex(torch.zeros(1, 3), x.detach()).conj().imag[:, :1].expand(1, 3), x.detach().to_sparse(),
                      torch.empty(1, 3, device="meta"), torch.ones(1, 3, dtype=torch.complex64)):
            with self.assertRaisesRegex(reckon.InvalidError, "input 'x'"):
                engine(other, ids)
        with self.assertRaisesRegex(reckon.InvalidError, "output 'y'"):
            engine.run({"x": x, "ids": ids}, out={"y": torch.empty(1, 6)[:, ::2]})

    def test_bfloat16(self):
        model = models.make_model([models.helper.make_node("Abs", ["x"], ["y"])], [("x", models.TensorProto.BFLOAT16, ["m", 3])],
                                  [("y", models.TensorProto.BFLOAT16, ["m", 3])])
        x = torch.randn(4, 3).to(torch.bfloat16)
        y = reckon.TorchModel(reckon.compile(model))(x)
        self.assertEqual(y.dtype, torch.bfloat16)
        self.assertTrue(torch.equal(y, x.abs()))
        with self.assertRaisesRegex(reckon.InvalidError, "input 'x'"):
            reckon.TorchModel(reckon.compile(models.make_identity("uint16")))(x)


if __name__ == "__main__":
    unittest.main()
