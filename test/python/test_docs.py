"""The Python in README.md and docs runs, block after block, in a folder with the model of examples/make_dlrm.py, and so do the
examples in Python and the notebook."""

import asyncio
import contextlib
import doctest
import importlib
import io
import os
import re
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper

import models
import reckon

try:
    import onnxscript  # noqa: F401
    import torch  # noqa: F401
    NO_TORCH = None
except ImportError as error:
    NO_TORCH = str(error)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Docs(unittest.TestCase):
    def run_blocks(self, page):
        with open(os.path.join(ROOT, page)) as file:
            blocks = re.findall(r"^```python\n(.*?)^```", file.read(), re.M | re.S)
        self.assertTrue(blocks, page)
        names, output, before = {}, io.StringIO(), os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.executable, os.path.join(ROOT, "examples", "make_dlrm.py"), os.path.join(folder, "dlrm.onnx")],
                           check=True, stdout=subprocess.DEVNULL)
            os.chdir(folder)
            try:
                with contextlib.redirect_stdout(output):
                    for block in blocks:
                        exec(compile(block, page, "exec"), names)
            finally:
                os.chdir(before)
        return output.getvalue()

    def test_readme(self):
        self.run_blocks("README.md")

    @unittest.skipIf(NO_TORCH, NO_TORCH)
    def test_pytorch_page(self):
        page = os.path.join("docs", "serve-pytorch.md")
        output = self.run_blocks(page)
        with open(os.path.join(ROOT, page)) as file:
            shown = re.findall(r"^# (input .*)$", file.read(), re.M)
        self.assertEqual(len(shown), 4)
        for line in shown:  # "..." stands for what differs
            self.assertRegex(output, ".*".join(map(re.escape, line.split("..."))))

    def test_docstrings(self):
        """Examples, each on an engine of its own: y = relu(emb[ids] + x) of model.onnx."""
        nodes = [helper.make_node("Gather", ["emb", "ids"], ["row"], name="lookup"), helper.make_node("Add", ["row", "x"], ["sum"], name="add"),
                 helper.make_node("Relu", ["sum"], ["y"], name="relu")]
        model = models.make_model(nodes, [("x", TensorProto.FLOAT, ["batch", 3]), ("ids", TensorProto.INT64, ["batch"])],
                                  [("y", TensorProto.FLOAT, ["batch", 3])], [("emb", models.TABLE)])
        tried, before = 0, os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            onnx.save(model, os.path.join(folder, "model.onnx"))
            os.chdir(folder)
            try:
                reckon.compile("model.onnx").save("model.rkn")
                for name in ("compiler", "engine", "context", "updates", "errors", *([] if NO_TORCH else ["_torch"])):
                    for test in doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module("reckon." + name)):
                        test.globs = {"reckon": reckon, "np": np, "asyncio": asyncio, "threading": threading, "torch": sys.modules.get("torch"),
                                      "engine": reckon.load("model.rkn"), "x": np.zeros((2, 3), np.float32), "ids": np.array([2, 0])}
                        runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
                        with contextlib.redirect_stdout(io.StringIO()) as said:
                            runner.run(test)
                        self.assertEqual(runner.failures, 0, said.getvalue())
                        tried += runner.tries
            finally:
                os.chdir(before)
        self.assertGreater(tried, 30)

    def run_example(self, *words, folder=None):
        done = subprocess.run([sys.executable, *words], cwd=folder or ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(reckon.__file__)))})
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_notebook(self):
        output = self.run_example("examples/run_notebook.py", "examples/python.ipynb")
        self.assertIn("reckon.Engine on host", output)
        self.assertRegex(output, r"batch  1024: Reckon +[\d.]+ us")
        self.assertRegex(output, r"fp16: largest \d")

    def test_score(self):
        with tempfile.TemporaryDirectory() as folder:
            self.run_example(os.path.join(ROOT, "examples", "make_dlrm.py"), "dlrm.onnx", "--inputs=8", "--rows=100", folder=folder)
            output = self.run_example(os.path.join(ROOT, "examples", "score.py"), "dlrm.onnx", "--precision=fp16", folder=folder)
        self.assertIn("input  dense: f32[batch, 13]", output)
        self.assertIn("An id out of range: input 'ids' -> table 'emb.", output)

    def test_types(self):
        """mypy --strict over the package and the examples, where mypy is installed."""
        try:
            import mypy  # noqa: F401
        except ImportError:
            self.skipTest("no mypy")
        for where in ("python/reckon", "examples/score.py", "examples/run_notebook.py"):
            self.run_example("-m", "mypy", "--strict", "--python-version=3.11", where,
                             # Of what may not be there, torch and tqdm.
                             *(["--ignore-missing-imports", "--no-warn-unused-ignores"] if where == "python/reckon" else []))

    def test_python_page(self):
        output = self.run_blocks(os.path.join("docs", "python.md"))
        self.assertIn("input 'ids' -> table 'emb.", output)
        self.assertIn("is outside [0, ", output)


if __name__ == "__main__":
    unittest.main()
