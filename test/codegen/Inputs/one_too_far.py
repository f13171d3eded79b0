"""one_too_far.py SCRATCH: compiles small models, has one loop of their code after another go one step too far, and counts what
the code's own checks find, and what ends otherwise than by them or with an answer: a step too far may stay in memory that is the
operand's, or the loop is never entered."""

import os
import re
import subprocess
import sys

import numpy as np

BATCH = 7
MOST = 8
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
func.func @main(%ids: tensor<?x3xi64, #rec.dims<"batch", 3>> {rec.name = "ids"}) -> (tensor<?x20xf32, #rec.dims<"batch", 20>> {rec.name = "y"}) {
  %t = rec.constant "t" = dense<0.25> : tensor<9x20xf32>
  %0 = rec.embedding %t, %ids : (tensor<9x20xf32>, tensor<?x3xi64, #rec.dims<"batch", 3>>) -> tensor<?x3x20xf32, #rec.dims<"batch", 3, 20>>
  %1 = rec.reduce sum %0 axes [1] : (tensor<?x3x20xf32, #rec.dims<"batch", 3, 20>>) -> tensor<?x20xf32, #rec.dims<"batch", 20>>
  return %1 : tensor<?x20xf32, #rec.dims<"batch", 20>>
}""",
}
LOOP = re.compile(r'llvm\.icmp "slt"(?= .*\n *llvm\.cond_br)')


def run(*command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def answer(code, inputs):
    """Exit status, and the output or the message, of a module that codegen left, with checks."""
    checked = run("reckon-opt", "--plan-insert-bounds-checks", "-o", "checked.mlir", "-", text=code)
    made = checked.returncode or run("reckon-compile", "checked.mlir", "-o", "m.rkn", "--start-after=codegen")
    if checked.returncode or made.returncode:
        sys.exit((checked if checked.returncode else made).stdout)
    done = run("reckon-run", "m.rkn", *inputs, "--output-dir", "out", "--threads", "1")
    return done.returncode, done.stdout if done.returncode else np.load("out/y.npy").tobytes()


os.chdir(sys.argv[1])
np.save("x.npy", np.linspace(0, 1, BATCH * 13, dtype=np.float32).reshape(BATCH, 13))
np.save("rows.npy", np.linspace(0, 1, BATCH * 5, dtype=np.float32).reshape(BATCH, 5))
np.save("ids.npy", np.arange(BATCH * 3).reshape(BATCH, 3) % 9)
INPUTS = {"rows": "x=rows.npy", "gemm": "x=x.npy", "lookup": "ids=ids.npy"}
for name, model in MODELS.items():
    with open(f"{name}.mlir", "w") as file:
        file.write(model)
    made = run("reckon-compile", f"{name}.mlir", "-o", f"{name}.code.mlir", "--stop-after=codegen")
    if made.returncode:
        sys.exit(made.stdout)
    code, inputs = open(f"{name}.code.mlir").read(), ["--input", INPUTS[name]]
    good = answer(code, inputs)
    if good[0]:
        sys.exit(f"{name}: {good[1]}")
    # Of many alike, such as the tiles of a product, some.
    loops, found, missed = list(LOOP.finditer(code)), 0, []
    loops = loops[:: -(-len(loops) // MOST)]
    for loop in loops:
        status, result = answer(code[: loop.start()] + 'llvm.icmp "sle"' + code[loop.end() :], inputs)
        if status == 5 and "the compiler or its plan is at fault" in result:
            found += 1
        elif status != 0:
            missed.append(f"line {code.count(chr(10), 0, loop.start()) + 1}: status {status}: {result[-200:]}")
    print(f"{name}: {len(missed)} of {len(loops)} damaged codes ended badly, {found} were found", *missed, sep="\n  ")
    if not found:
        sys.exit(f"{name}: nothing was found")
