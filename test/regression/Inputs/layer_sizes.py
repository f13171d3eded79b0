"""layer_sizes.py FOLDER: layers whose sizes only the run knows, at sizes that they have a meaning at, against numpy, and at others."""

import os
import subprocess
import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper

os.chdir(sys.argv[1])
problems = []


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def x_of(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32) % 23 - 11).reshape(shape)


def check(name, nodes, dims, weights, answers, shapes, refused, says, opset=17):
    """`answers` makes the outputs of x. Of `refused` shapes the message has all of `says`."""
    outputs = [f"y{i}" for i in range(len(answers(x_of(*shapes[0]))))]
    graph = helper.make_graph([helper.make_node(kind, inputs, given or outputs, name="a/node", **attributes)
                               for kind, inputs, given, attributes in nodes], name,
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
                              [helper.make_tensor_value_info(output, TensorProto.UNDEFINED, None) for output in outputs],
                              [numpy_helper.from_array(np.array(value), key) for key, value in weights.items()])
    with open(name + ".onnx", "wb") as file:
        file.write(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8).SerializeToString())
    for options in ([], ["--check-kernels"]):
        status, said = run("reckon-compile", name + ".onnx", "-o", name + ".rkn", "--verify", *options)
        if status:
            problems.append(f"{name}: {said}")
            return
        for shape in shapes + refused:
            x = x_of(*shape)
            np.save("x.npy", x)
            status, said = run("reckon-run", name + ".rkn", "--input", "x=x.npy", "--output-dir", name)
            if shape in refused:
                if status != 2 or not all(text in said for text in says):
                    problems.append(f"{name} {shape}: exit {status}, expected 2 and {says}: {said}")
                continue
            for output, expected in zip(outputs, answers(x)):
                answer = np.load(f"{name}/{output}.npy") if status == 0 else said
                if status or answer.shape != expected.shape or not np.array_equal(answer, expected):
                    problems.append(f"{name} {shape}: {output} is {answer}, expected {expected}")


def windows(x, size, step, count):
    return np.stack([x[..., i * step:i * step + size].max(axis=-1) for i in range(count)], axis=-1)


def pieces(x, part):
    return [x[:, min(i * part, x.shape[1]):min((i + 1) * part, x.shape[1])] for i in range(3)]


# A window that is larger than the input.
ones = np.ones((1, 2, 3), np.float32)
check("conv", [("Conv", ["x", "w"], None, {})], ["N", 2, "L"], {"w": ones},
      lambda x: [np.stack([x[:, :, i:i + 3].sum(axis=(1, 2)) for i in range(x.shape[2] - 2)], axis=-1)[:, None]],
      [(2, 2, 3), (1, 2, 8)], [(1, 2, 2), (1, 2, 0)], ["node 'a/node'", "a window of 3 over dimension 2", "input 'x' axis 2"])
check("conv_padded", [("Conv", ["x", "w"], None, {"pads": [1, 0]})], ["N", 2, "L"], {"w": ones},
      lambda x: [np.stack([x[:, :, max(i - 1, 0):i + 2].sum(axis=(1, 2)) for i in range(x.shape[2] - 1)], axis=-1)[:, None]],
      [(2, 2, 2), (1, 2, 5)], [(1, 2, 1)], ["a window of 3 over dimension 2 with 1 of padding"])
check("pool", [("MaxPool", ["x"], None, {"kernel_shape": [4], "strides": [3]})], ["N", 2, "L"], {},
      lambda x: [windows(x, 4, 3, (x.shape[2] - 4) // 3 + 1)], [(1, 2, 4), (2, 2, 11)], [(1, 2, 3)], ["a window of 4"])
# Rounded up, what is left over counts as a window.
check("pool_ceil", [("MaxPool", ["x"], None, {"kernel_shape": [4], "strides": [3], "ceil_mode": 1})], ["N", 2, "L"], {},
      lambda x: [windows(x, 4, 3, -((4 - x.shape[2]) // 3) + 1)], [(1, 2, 3), (1, 2, 2), (2, 2, 4), (1, 2, 5), (1, 2, 10)],
      [(1, 2, 1)], ["a window of 4"])
check("space_to_depth", [("SpaceToDepth", ["x"], None, {"blocksize": 2})], ["N", 1, "H", "W"], {},
      lambda x: [x.reshape(x.shape[0], 1, x.shape[2] // 2, 2, x.shape[3] // 2, 2).transpose(0, 3, 5, 1, 2, 4).reshape(
          x.shape[0], 4, x.shape[2] // 2, x.shape[3] // 2)], [(1, 1, 2, 4), (2, 1, 6, 2), (0, 1, 2, 2)],
      [(1, 1, 3, 2), (1, 1, 2, 5)], ["node 'a/node'", "as many elements", "input 'x' axis"])
# A dimension that is squeezed away is 1.
check("squeeze", [("Squeeze", ["x", "axis"], None, {})], ["N", "T"], {"axis": [1]}, lambda x: [x[:, 0]], [(3, 1), (0, 1)],
      [(3, 2), (3, 0)], ["input 'x' axis 1", "expected 1"])
check("split", [("Split", ["x"], None, {"axis": 1})], ["N", "T"], {}, lambda x: list(np.split(x, 3, axis=1)),
      [(2, 6), (2, 0), (1, 3)], [(2, 7), (2, 1)], ["node 'a/node'", "as many elements", "input 'x' axis 1"], opset=13)
check("split_rest", [("Split", ["x"], None, {"axis": 1, "num_outputs": 3})], ["N", "T"], {},
      lambda x: pieces(x, -(-x.shape[1] // 3)), [(2, 6), (2, 7), (2, 8), (2, 4), (2, 1)], [], [], opset=18)
# Padding to 16 takes away what is more.
check("pad_to", [("Shape", ["x"], ["s"], {"start": 1}), ("Sub", ["n", "s"], ["p"], {}), ("Concat", ["z", "p"], ["q"], {"axis": 0}),
                 ("Pad", ["x", "q"], None, {})], ["N", "T"], {"n": [16], "z": [0, 0, 0]},
      lambda x: [np.pad(x, ((0, 0), (0, 16)))[:, :16]], [(2, 3), (2, 16), (2, 17), (1, 40), (2, 0)], [], [])
check("pad_before", [("Shape", ["x"], ["s"], {"start": 1}), ("Sub", ["n", "s"], ["p"], {}),
                     ("Concat", ["z", "p", "z", "one"], ["q"], {"axis": 0}), ("Pad", ["x", "q"], None, {})], ["N", "T"],
      {"n": [16], "z": [0], "one": [1]}, lambda x: [np.pad(np.pad(x, ((0, 0), (16, 0)))[:, -16:], ((0, 0), (0, 1)))],
      [(2, 3), (2, 16), (2, 17), (1, 40)], [], [])
# Sizes that leave 64 bits for many dimensions are verified at others.
check("powers", [("Shape", ["x"], ["s"], {}), ("Mul", ["s", "s"], ["a"], {}), ("Mul", ["a", "a"], ["b"], {}),
                 ("Mul", ["b", "b"], ["c"], {}), ("Mul", ["c", "c"], None, {})], ["T"], {},
      lambda x: [np.array([x.shape[0]**16])], [(3,), (10,), (0,)], [], [])
print(*problems, f"{len(problems)} wrong", sep="\n")
sys.exit(bool(problems))
