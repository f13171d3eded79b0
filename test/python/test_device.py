"""The way that calls on tensors of a GPU take, on a driver made of host memory; test_gpu.py says what comes out."""

import os
import subprocess
import sys
import unittest

import reckon

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(os.path.dirname(os.path.abspath(reckon.__file__)), "..", "..", "lib", "libreckon-fake-cuda.so")


class Device(unittest.TestCase):
    @unittest.skipUnless(os.path.exists(DRIVER), "the tests' driver is not built")
    def test_ways_of_calls(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "fake_gpu.py")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env={**os.environ, "RECKON_LIBCUDA": DRIVER, "RECKON_PTXAS": ""})
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("all went the right way", done.stdout)


if __name__ == "__main__":
    unittest.main()
