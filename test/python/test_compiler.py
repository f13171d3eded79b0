"""Compiling from Python."""

import contextlib
import io
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest
import unittest.mock

import numpy as np
import onnx
from onnx import helper

import models
import reckon
from reckon import _compiler


class Compiling(unittest.TestCase):
    def setUp(self):
        self.model = models.make_lookup()

    def test_paths_bytes_and_protos(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(self.model, path)
            for source in (path, pathlib.Path(path), self.model, self.model.SerializeToString(), bytearray(self.model.SerializeToString())):
                self.assertEqual(reckon.compile(source).inputs[0].name, "x")
        with self.assertRaisesRegex(reckon.InvalidError, "expected a path, bytes or an onnx.ModelProto, got int"):
            reckon.compile(5)
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaisesRegex(reckon.InvalidError, "none.onnx"):
                reckon.compile(pathlib.Path(folder) / "none.onnx")
            with self.assertRaises(reckon.InvalidError):
                reckon.compile(folder)
        for junk in (b"", b"junk", self.model.SerializeToString()[:-20]):
            with self.assertRaises(reckon.ReckonError):
                reckon.compile(junk)

    def test_options(self):
        engine = reckon.compile(self.model, precision="fp16", verify=True, table_format=["emb=plain"],
                                tables={"emb": np.ones((5, models.DIM), np.float32)})
        self.assertEqual((engine.tables[0].type, engine.tables[0].rows), ("f32", 5))
        for text, options in (("there is no option 'presicion'", {"presicion": "fp16"}),
                              ("no precision 'fp8'", {"precision": "fp8"}),
                              ("the model has no table 'none'", {"table_format": "none=plain"}),
                              ("'verify' is true or false", {"verify": "maybe"})):
            with self.assertRaisesRegex(reckon.InvalidError, text):
                reckon.compile(self.model, **options)
        self.assertEqual(reckon.compile(self.model, precision=None, target=["host"]).tables[0].type, "f32")
        for text, call in (("option 'precision': expected a text, a number, True or False, or a list of texts, got 1j",
                            lambda: reckon.compile(self.model, precision=1j)),
                           ("target: expected a text or a list of texts, got 5", lambda: reckon.compile(self.model, 5)),
                           ("a text has a null character", lambda: reckon.compile(self.model, precision="fp16\0x"))):
            with self.assertRaisesRegex(reckon.InvalidError, text):
                call()
        names = {name for name, _, _, _ in _compiler.options()}
        self.assertLessEqual({"target", "precision", "verify", "negative-ids"}, names)

    def test_diagnostics_name_nodes(self):
        node = helper.make_node("StringNormalizer", ["s"], ["t"], name="normalise")
        model = models.make_model([node], [("s", onnx.TensorProto.STRING, ["n"])], [("t", onnx.TensorProto.STRING, ["m"])])
        with self.assertRaises(reckon.UnsupportedError) as caught:
            reckon.compile(model)
        self.assertEqual(caught.exception.code, 3)
        for word in ("StringNormalizer", "normalise"):
            self.assertIn(word, str(caught.exception))
            self.assertTrue(any(word in str(told) for told in caught.exception.diagnostics))
        fixed = models.make_model([helper.make_node("Relu", ["x"], ["y"])], [("x", onnx.TensorProto.FLOAT, [4, 2])],
                                  [("y", onnx.TensorProto.FLOAT, [4, 2])])
        engine = reckon.compile(fixed)
        self.assertEqual(engine.diagnostics[0].severity, "warning")
        self.assertIn("fixes the batch at 4", engine.diagnostics[0].message)

    def test_progress(self):
        phases = []
        reckon.compile(self.model, progress=lambda phase, index, count: phases.append((phase, index, count)))
        self.assertEqual(phases[0][0], "import")
        self.assertEqual([index for _, index, _ in phases], list(range(len(phases))))
        self.assertEqual(phases[0][2], len(phases))
        stderr = io.StringIO()
        with contextlib.redirect_stderr(stderr):
            reckon.compile(self.model, progress=True)
            told = stderr.getvalue()
            reckon.compile(self.model)
        self.assertIn("import", told)
        self.assertEqual(stderr.getvalue(), told)
        with contextlib.redirect_stderr(io.StringIO()) as stderr, unittest.mock.patch.dict(sys.modules, ipykernel=unittest):
            reckon.compile(self.model)  # in a notebook
        self.assertIn("import", stderr.getvalue())

    def test_an_exception_in_progress_ends_it(self):
        def interrupt(phase, index, count):
            if index == 2:
                raise KeyError(phase)

        with self.assertRaises(KeyError):
            reckon.compile(self.model, progress=interrupt)

    def test_threads(self):
        engines = []
        threads = [threading.Thread(target=lambda: engines.append(reckon.compile(self.model))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        x, ids = np.ones((1, 3), np.float32), [1]
        self.assertEqual(len({engine(x, ids)[0].tobytes() for engine in engines}), 1)
        self.assertEqual(len(engines), 4)

    def test_tools_of_the_package(self):
        def tool(*arguments):
            return subprocess.run([sys.executable, "-m", "reckon", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True)

        with tempfile.TemporaryDirectory() as folder:
            path, engine = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.rkn")
            onnx.save(self.model, path)
            self.assertEqual(tool("compile", path, "-o", engine).returncode, 0)
            self.assertIn("Inputs (2)", tool("inspect", engine).stdout)
            self.assertEqual(tool("compile", path).returncode, 2)
        self.assertEqual(tool("dance").returncode, 2)
        self.assertIn("usage", tool().stdout)

    def test_version(self):
        self.assertEqual(_compiler.version(), "reckon " + reckon.__version__)


if __name__ == "__main__":
    unittest.main()
