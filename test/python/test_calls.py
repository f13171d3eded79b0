"""Random calls: whatever comes in, a result that is right or an exception of a documented class."""

import os
import unittest

import numpy as np

import models
import reckon

CALLS = int(os.environ.get("RECKON_CALLS", 10000))


class Caller:
    """Makes inputs for the lookup model, most of them wrong in some way."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def pick(self, *choices):
        return choices[self.random.integers(len(choices))]

    def array(self, shape, dtype):
        dtype = np.dtype(dtype)
        if dtype.kind == "f":
            return self.random.standard_normal(shape).astype(dtype)
        if dtype.kind in "iu":
            return self.random.integers(0, models.ROWS + self.pick(0, 0, 0, 1), shape).astype(dtype)
        return np.zeros(shape, dtype)

    def spoil(self, array):
        kind = self.random.integers(16)
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
        return array

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
                results = caller.pick(engine, engine, engine, engine, engine, engine, engine, closed).run(inputs, out)
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
