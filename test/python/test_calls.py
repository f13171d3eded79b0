"""Random calls: whatever comes in, a result that is right or an exception of a documented class."""

import os
import unittest

import numpy as np

import models
import reckon

try:
    import torch
except ImportError:
    torch = None

CALLS = int(os.environ.get("RECKON_CALLS", 10000))


class Derived(np.ndarray):
    """numpy's class is not the only one that has its memory."""


class Caller:
    """Makes inputs for the lookup model, most of them wrong in some way."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def array(self, shape, dtype):
        dtype = np.dtype(dtype)
        if np.prod(shape) > 1 << 16:
            return np.zeros(shape, dtype)
        if dtype.kind == "f":
            return self.random.standard_normal(shape).astype(dtype)
        if dtype.kind in "iu":
            return self.random.integers(0, models.ROWS + self.pick(0, 0, 0, 1), shape).astype(dtype)
        return np.zeros(shape, dtype)

    def spoil(self, array):
        kind = self.random.integers(20)
        if kind == 0:
            return self.array(array.shape, self.pick("f2", "f8", "i4", "u8", "?", "c8", "S3", "O", "M8[s]", "i1"))
        if kind == 1:
            return self.array(self.pick((), (2,), (1, 2, 3), (0,), (5, 3), (3, 0), (1 << 20, 3)), array.dtype)
        if kind == 2:
            return array.astype(array.dtype.newbyteorder())
        if kind == 3:
            return np.asfortranarray(array)
        if kind == 4:
            return np.repeat(array, 3, axis=0)[::3]
        if kind == 5:
            return array[::-1]
        if kind == 6:
            array.flags.writeable = False
            return array
        if kind == 7:
            return array.tolist()
        if kind == 8:
            return self.pick(None, 1, 2.5, "text", b"bytes", object(), {}, [], [[]], [None], np.float32(1), range(3), ..., 10**30)
        if kind == 9:
            return np.broadcast_to(array[:1], array.shape)
        if kind == 10:
            return memoryview(np.ascontiguousarray(array))
        if kind == 11:
            bytes_ = np.zeros(array.nbytes + 1, np.uint8)
            bytes_[1:] = array.reshape(-1).view(np.uint8)
            return bytes_[1:].view(array.dtype).reshape(array.shape)  # not aligned
        if kind == 12:
            return array.view(Derived)
        if kind in (13, 14) and torch is not None:
            tensor = torch.from_numpy(array)
            return self.pick(tensor, tensor, tensor.clone().mT if tensor.dim() > 1 else tensor.flip(0), tensor.double(), tensor[::2], tensor.flatten(), tensor.to("meta"))
        return array

    def run(self, engine, inputs, out):
        """By one of the ways to call an engine; the outputs by name."""
        way = self.random.integers(12)
        if way == 0:
            return engine.create_context(threads=1).bind(inputs, out).run()
        if way == 1:
            context = engine.create_context(threads=1)
            shapes, results = context.output_shapes(inputs), context.run(inputs, out)
            assert {name: value.shape for name, value in results.items()} == shapes
            return results
        if way == 2:
            return engine.profile(inputs, out).outputs
        if way == 3 and out is None and inputs.keys() == {"x", "ids"}:
            return dict(zip(["y", "next"], engine(inputs["x"], inputs["ids"])))
        if way == 4 and out is None and all(isinstance(name, str) for name in inputs):
            return dict(zip(["y", "next"], engine(**inputs)))
        if way == 5:
            return engine.run(inputs, out, timeout=self.pick(None, 1, 100.0, float("inf"), 1e-9, 0, -1, float("nan"), "1", [], 10**400))
        return engine.run(inputs, out)

    def call(self):
        batch = int(self.pick(0, 1, 2, 3, 17))
        inputs = {"x": self.spoil(self.array((batch, 3), np.float32)), "ids": self.spoil(self.array(batch, np.int64))}
        if self.random.integers(20) == 0:
            inputs[self.pick("z", "", "x ", 5)] = inputs.pop(self.pick("x", "ids"))
        out = None
        if self.random.integers(6) == 0:
            out = {self.pick("y", "next", "z"): self.spoil(self.array(self.pick((batch, 3), batch), self.pick("f4", "i8")))}
        return inputs, out


class Calls(unittest.TestCase):
    def test_random_calls(self):
        engine, closed = models.open_lookup(), models.open_lookup()
        closed.close()
        caller, ran, refused = Caller(int(os.environ.get("RECKON_SEED", 1))), 0, 0
        for _ in range(CALLS):
            inputs, out = caller.call()
            try:
                results = caller.run(caller.pick(engine, engine, engine, engine, engine, engine, engine, closed), inputs, out)
            except reckon.ReckonError:
                refused += 1
                continue
            x, ids = np.asarray(inputs["x"], np.float32), np.asarray(inputs["ids"], np.int64)
            np.testing.assert_array_equal(results["y"], np.maximum(models.TABLE[ids] + x.reshape(len(ids), 3), 0))
            ran += 1
        self.assertGreater(ran, CALLS // 20)
        self.assertGreater(refused, CALLS // 20)


if __name__ == "__main__":
    unittest.main()
