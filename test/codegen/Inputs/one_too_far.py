"""one_too_far.py SCRATCH: compiles small models, has one loop of their code after another go one step too far, and counts what
the code's own checks find, what ends otherwise, and what has no effect: some loops clamp to what is there, or do again what
follows them."""

import os
import re
import subprocess
import sys

import numpy as np

# Together they enter every loop: tiles of rows of each height.
BATCHES = [*range(1, 13), 24]
MODELS = {
    "rows": """
func.func @main(%x: tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "x"}) -> (tensor<?x5xf32, #rec.dims<"batch", 5>> {rec.name = "y"}) {
  %0 = rec.softmax %x axis 1 : (tensor<?x5xf32, #rec.dims<"batch", 5>>) -> tensor<?x5xf32, #rec.dims<"batch", 5>>
  return %0 : tensor<?x5xf32, #rec.dims<"batch", 5>>
}""",
    "gemm": """
func.func @main(%x: tensor<?x13xf32, #rec.dims<"batch", 13>> {rec.name = "x"}) -> (tensor<?x40xf32, #rec.dims<"batch", 40>> {rec.name = "y"}) {
  %w = rec.constant "w" = dense<0.5> : tensor<13x40xf32>
  %0 = rec.matmul %x, %w : (tensor<?x13xf32, #rec.dims<"batch", 13>>, tensor<13x40xf32>) -> tensor<?x40xf32, #rec.dims<"batch", 40>>
  return %0 : tensor<?x40xf32, #rec.dims<"batch", 40>>
}""",
    "lookup": """
func.func @main(%ids: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "x"}) -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "y"}) {
  %t = rec.constant "t" = dense<0.25> : tensor<9x20xf32>
  %0 = rec.embedding %t, %ids : (tensor<9x20xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x3x20xf32, #rec.dims<"batch", 3, 20>>
  %1 = rec.reduce sum %0 axes [1] : (tensor<?x3x20xf32, #rec.dims<"batch", 3, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  return %1 : tensor<?x20xf32, #rec.dims<"batch", 20>>
}""",
    # Two arrays in scratch memory, one behind the other.
    "arrays": """
func.func @main(%x: tensor<?x30xf32, #rec.dims<"batch", 30>> {rec.name = "x"}) -> (tensor<?x10xf32, #rec.dims<"batch", 10>> {rec.name = "y"}) {
  %0 = rec.reshape %x : (tensor<?x30xf32, #rec.dims<"batch", 30>>) -> tensor<?x3x10xf32, #rec.dims<"batch", 3, 10>>
  %1 = rec.fm_term %0 : (tensor<?x3x10xf32, #rec.dims<"batch", 3, 10>>) -> tensor<?x10xf32, #rec.dims<"batch", 10>>
  %2 = rec.softmax %1 axis 1 : (tensor<?x10xf32, #rec.dims<"batch", 10>>) -> tensor<?x10xf32, #rec.dims<"batch", 10>>
  return %2 : tensor<?x10xf32, #rec.dims<"batch", 10>>
}""",
}
LOOP = re.compile(r'llvm\.icmp "slt"(?= .*\n *llvm\.cond_br)')


def run(*command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def answer(code, name):
    """Exit status, and the outputs or the message, of a module that codegen left, with checks."""
    checked = run("reckon-opt", "--plan-insert-bounds-checks", "-o", "checked.mlir", "-", text=code)
    made = checked.returncode or run("reckon-compile", "checked.mlir", "-o", "m.rkn", "--start-after=codegen")
    if checked.returncode or made.returncode:
        sys.exit((checked if checked.returncode else made).stdout)
    outputs = b""
    for batch in BATCHES:
        done = run("reckon-run", "m.rkn", "--input", f"x={name}{batch}.npy", "--output-dir", "out", "--threads", "1")
        if done.returncode:
            return done.returncode, done.stdout
        outputs += np.load("out/y.npy").tobytes()
    return 0, outputs


os.chdir(sys.argv[1])
for batch in BATCHES:
    for name, width in (("rows", 5), ("gemm", 13), ("arrays", 30)):
        np.save(f"{name}{batch}.npy", np.linspace(0, 1, batch * width, dtype=np.float32).reshape(batch, width))
    np.save(f"lookup{batch}.npy", np.arange(batch * 3).reshape(batch, 3) % 9)
for name, model in MODELS.items():
    with open(f"{name}.mlir", "w") as file:
        file.write(model)
    made = run("reckon-compile", f"{name}.mlir", "-o", f"{name}.code.mlir", "--stop-after=codegen")
    if made.returncode:
        sys.exit(made.stdout)
    code = open(f"{name}.code.mlir").read()
    good = answer(code, name)
    if good[0]:
        sys.exit(f"{name}: {good[1]}")
    loops, found, harmless, missed = list(LOOP.finditer(code)), 0, 0, []
    for loop in loops:
        status, result = answer(code[: loop.start()] + 'llvm.icmp "sle"' + code[loop.end() :], name)
        if status == 5 and "the compiler or its plan is at fault" in result:
            found += 1
        elif (status, result) == good:
            harmless += 1
        else:
            missed.append(f"line {code.count(chr(10), 0, loop.start()) + 1}: status {status}: {str(result)[-200:]}")
    print(f"{name}: of {len(loops)} damaged codes {found} found, {harmless} without effect, {len(missed)} missed", *missed, sep="\n  ")
