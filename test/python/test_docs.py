"""The Python in README.md and docs/python.md runs, block after block, in a folder with the model of examples/make_dlrm.py."""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import unittest

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

    def test_python_page(self):
        output = self.run_blocks(os.path.join("docs", "python.md"))
        self.assertIn("input 'ids' -> table 'emb.", output)
        self.assertIn("is outside [0, ", output)


if __name__ == "__main__":
    unittest.main()
