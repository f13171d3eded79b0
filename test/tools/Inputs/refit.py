"""refit.py FOLDER MODEL [OPTION ...]: compiles MODEL, and MODEL with other weights; reckon-update --weights of the first engine must
give the bytes of the second. Tables, of which --weights takes nothing, and constants of one element stay what they are."""
import filecmp
import json
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper

folder, path, options = sys.argv[1], sys.argv[2], sys.argv[3:]
os.makedirs(folder, exist_ok=True)


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


run("reckon-compile", path, "-o", f"{folder}/old.rkn", *options)
tables = {table["name"] for table in json.loads(run("reckon-inspect", f"{folder}/old.rkn", "--json"))["tables"]}
model = onnx.load(path)
changed = 0
for tensor in model.graph.initializer:
    values = numpy_helper.to_array(tensor)
    if values.dtype.kind == "f" and values.size > 1 and tensor.name not in tables:
        values = (values * values.dtype.type(1.25) + values.dtype.type(0.0078125)).astype(values.dtype)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        changed += 1
onnx.save(model, f"{folder}/retrained.onnx")
run("reckon-compile", f"{folder}/retrained.onnx", "-o", f"{folder}/fresh.rkn", *options)
run("reckon-update", f"{folder}/old.rkn", "--weights", f"{folder}/retrained.onnx", "--output", f"{folder}/refit.rkn")
if changed == 0 or filecmp.cmp(f"{folder}/old.rkn", f"{folder}/fresh.rkn", shallow=False):
    sys.exit("the weights were not changed")
if not filecmp.cmp(f"{folder}/refit.rkn", f"{folder}/fresh.rkn", shallow=False):
    sys.exit("the engine with other weights is not that of a fresh compilation")
if sorted(os.listdir(folder)) != ["fresh.rkn", "old.rkn", "refit.rkn", "retrained.onnx"]:
    sys.exit(f"files are left: {os.listdir(folder)}")
print(f"{changed} weights, same bytes")
