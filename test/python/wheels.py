"""The wheels of a built tree: what is in them, and from a bare environment to a first answer. The suite `wheel` runs this.

The model is one that torch exported, from RECKON_MODELS or ../shared/models, with its own test data; where there is none, the DLRM
of examples/make_dlrm.py, checked by the reference evaluator. Environments see Debian's numpy, so that nothing is downloaded.
"""

import base64
import csv
import glob
import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODELS = os.environ.get("RECKON_MODELS") or os.path.join(ROOT, "..", "shared", "models")
WHOLE_SECONDS, RUNTIME_SECONDS, WHOLE_MEGABYTES, RUNTIME_MEGABYTES = 20, 5, 80, 5

FIRST_ANSWER = """
import sys
import numpy as np, reckon
dense, ids = np.load("dense.npy"), np.load("ids.npy")
engine = {make}
click = engine(dense, ids)
np.save("click.npy", click)
assert reckon.__file__.startswith(sys.prefix), reckon.__file__
"""


def run(*words, **kwargs):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def make_model(folder):
    """model.onnx with dense.npy, ids.npy and the answers, None where the reference has to tell. What it is."""
    exported = os.path.join(MODELS, "dlrm_kaggle", "dynamo")
    if not os.path.exists(os.path.join(exported, "model.onnx")):
        run(sys.executable, os.path.join(ROOT, "examples", "make_dlrm.py"), os.path.join(folder, "model.onnx"), "--inputs=7")
        return "the DLRM of examples/make_dlrm.py", None
    for path in glob.glob(os.path.join(exported, "model.onnx*")):
        os.symlink(os.path.realpath(path), os.path.join(folder, os.path.basename(path)))

    def read(name):
        tensor = onnx.TensorProto()
        with open(os.path.join(exported, "test_data_set_1", name + ".pb"), "rb") as file:
            tensor.ParseFromString(file.read())
        return numpy_helper.to_array(tensor)
    for index in range(2):
        array = read(f"input_{index}")
        np.save(os.path.join(folder, "dense.npy" if array.dtype.kind == "f" else "ids.npy"), array)
    return "a DLRM that torch exported", read("output_0")


class Wheels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for name, options in (("whole", []), ("runtime", ["--runtime"])):
            run(sys.executable, os.path.join(ROOT, "scripts", "wheel"), f"--output={cls.at(name)}", *options)
            run(sys.executable, "-m", "venv", "--system-site-packages", cls.at(name, "venv"))
        os.makedirs(cls.at("model"))
        cls.what, cls.expected = make_model(cls.at("model"))

    @classmethod
    def at(cls, *parts):
        return os.path.join(cls.folder.name, *parts)

    def wheel(self, name):
        path, = glob.glob(self.at(name, "*.whl"))
        return path

    def python(self, name, *words):
        # No package from elsewhere.
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        return run(self.at(name, "venv", "bin", "python"), *words, cwd=self.at("model"), env=env)

    def check_answer(self, name, make, seconds):
        """Installs the wheel and runs; from the beginning of that to an answer no more than so many seconds."""
        start = time.perf_counter()
        self.python(name, "-m", "pip", "install", "--quiet", "--no-index", "--force-reinstall", "--no-deps", self.wheel(name))
        installed = time.perf_counter()
        self.python(name, "-c", FIRST_ANSWER.format(make=make))
        end = time.perf_counter()
        print(f"{os.path.basename(self.wheel(name))}, {self.what}: installed in {installed - start:.1f} s, "
              f"first answer {end - installed:.1f} s later")
        if self.expected is not None:
            np.testing.assert_allclose(np.load(self.at("model", "click.npy")), self.expected, atol=2e-6, rtol=2e-5)
        self.assertLess(end - start, seconds)

    def test_install_to_first_answer(self):
        make = "reckon.compile('model.onnx'{}); engine.save('m.rkn')".format("" if self.expected is not None else ", verify=True")
        self.check_answer("whole", make, WHOLE_SECONDS)
        self.check_answer("runtime", "reckon.load('m.rkn')", RUNTIME_SECONDS)
        # The tools that a wheel has.
        self.assertRegex(self.python("whole", "-m", "reckon", "compile", "model.onnx", "-o", "tool.rkn", "--verify", "--stats"),
                         r"verify batch 64: \w+: max abs .*, ok")
        with open(self.at("model", "m.rkn"), "rb") as saved, open(self.at("model", "tool.rkn"), "rb") as tool:
            self.assertEqual(saved.read(), tool.read())
        for name in ("whole", "runtime"):
            self.assertIn("Inputs (2)", self.python(name, "-m", "reckon", "inspect", "m.rkn"))
            self.assertIn("batch 1", self.python(name, "-m", "reckon", "bench", "m.rkn", "--batch=1", "--duration=0", "--warmup=0"))
            for tool in ("diff", "run", "share", "sign", "tune", "update"):
                self.assertIn(f"reckon-{tool}", self.python(name, "-m", "reckon", tool, "--help"))
            with self.assertRaisesRegex(AssertionError, r"exit code 2\nusage: python -m reckon compile\|bench\|diff\|inspect\|run\|share\|"):
                self.python(name, "-m", "reckon", "dance")
        with self.assertRaisesRegex(AssertionError, "exit code 2\nreckon-compile: error: no precision 'fp8'"):
            self.python("whole", "-m", "reckon", "compile", "model.onnx", "-o", "tool.rkn", "--precision=fp8")
        with self.assertRaisesRegex(AssertionError, "exit code 4\nreckon: this is reckon-runtime"):
            self.python("runtime", "-m", "reckon", "compile", "model.onnx", "-o", "tool.rkn")
        self.assertIn("this is reckon-runtime, which runs engines: install reckon to compile models",
                      self.python("runtime", "-c", "import reckon\ntry: reckon.compile('model.onnx')\n"
                                                   "except reckon.UnavailableError as error: print(error)"))

    def test_files(self):
        for name, most in (("whole", WHOLE_MEGABYTES), ("runtime", RUNTIME_MEGABYTES)):
            with self.subTest(name), tempfile.TemporaryDirectory() as place:
                self.assertRegex(os.path.basename(self.wheel(name)), r"^reckon(_runtime)?-[\d.]+-cp311-abi3-manylinux_2_\d+_x86_64\.whl$")
                megabytes = os.path.getsize(self.wheel(name)) / 1e6
                print(f"{os.path.basename(self.wheel(name))}: {megabytes:.1f} MB of {most} allowed")
                self.assertLess(megabytes, most)
                with zipfile.ZipFile(self.wheel(name)) as archive:
                    archive.extractall(place)
                self.check_record(place)
                self.check_libraries(place)

    def check_record(self, place):
        record, = glob.glob(os.path.join(place, "*.dist-info", "RECORD"))
        with open(record) as file:
            rows = {name: (checksum, size) for name, checksum, size in csv.reader(file)}
        found = {os.path.relpath(os.path.join(folder, file), place) for folder, _, files in os.walk(place) for file in files}
        self.assertEqual(set(rows), found)
        for name, (checksum, size) in rows.items():
            if name == os.path.relpath(record, place):
                continue
            with open(os.path.join(place, name), "rb") as file:
                data = file.read()
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            self.assertEqual((checksum, size), ("sha256=" + digest, str(len(data))), name)

    def check_libraries(self, place):
        """Nothing is used from outside but the system's own libraries; LLVM's folder is none of them."""
        for folder, _, files in os.walk(os.path.join(place, "reckon")):
            for path in (os.path.join(folder, file) for file in files):
                with open(path, "rb") as file:
                    if file.read(4) != b"\x7fELF":
                        continue
                os.chmod(path, 0o755)
                for used in re.findall(r"=> (\S+) \(", run("ldd", path)):
                    self.assertTrue(used.startswith((place, "/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/")), (path, used))


if __name__ == "__main__":
    unittest.main()
