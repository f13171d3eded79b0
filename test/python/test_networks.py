"""The networks of bench/models: what make.py writes is what bench/gpu-peers/networks.py computes. Needs torch."""

import os
import sys
import unittest

import numpy as np

import reckon

try:
    import torch
except ImportError:
    raise unittest.SkipTest("no torch") from None

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench", "models"), os.path.join(ROOT, "bench", "gpu-peers")]
import make  # noqa: E402
import networks  # noqa: E402
import shapes  # noqa: E402

ROWS = 8  # few, so that ids that mean padding are there


class Networks(unittest.TestCase):
    def test_same_answers(self):
        for name, shape in shapes.SHAPES.items():
            with self.subTest(name):
                dense, ids = shapes.make_inputs(shape, 3, ROWS, 1)
                tables = {table: torch.from_numpy(shapes.periodic(f"{name}/{table}", (ROWS, dim), 0.5)) for table, dim in shape.tables}
                with torch.no_grad():
                    expected = networks.reference(shape, tables, torch.from_numpy(dense), torch.from_numpy(ids)).numpy()
                with reckon.compile(make.Network(shape, ROWS).model()) as engine:
                    inputs = {"dense": dense, "ids": ids}
                    [actual] = engine.run({info.name: inputs[info.name] for info in engine.inputs}).values()
                self.assertEqual(actual.shape, (3, shape.outputs))
                # Sums of hundreds of products in f32; answers are probabilities.
                np.testing.assert_allclose(actual, expected, rtol=0, atol=2e-5)
                self.assertGreater(expected.std(), 1e-3, "all answers are alike, so this shows nothing")


if __name__ == "__main__":
    unittest.main()
