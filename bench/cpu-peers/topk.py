"""Times top-k of long axes in Reckon and onnxruntime, one thread each, interleaved, and compares what they give.

  bench/cpu-peers/run topk [N:K ...]     (default 2000:2000 50000:200 50000:1000 50000:50000 1000000:1000)
"""

import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper

import compare

CASES = ["2000:2000", "50000:200", "50000:1000", "50000:50000", "1000000:1000"]


def main():
    scratch = os.path.join(compare.ROOT, "build", "bench")
    os.makedirs(scratch, exist_ok=True)
    model, engine_path = os.path.join(scratch, "topk.onnx"), os.path.join(scratch, "topk.rkn")
    for case in sys.argv[1:] or CASES:
        size, k = map(int, case.split(":"))
        graph = helper.make_graph(
            [helper.make_node("TopK", ["x", "k"], ["values", "indices"], axis=1)], "topk",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", size])],
            [helper.make_tensor_value_info("values", onnx.TensorProto.FLOAT, ["batch", k]),
             helper.make_tensor_value_info("indices", onnx.TensorProto.INT64, ["batch", k])],
            [numpy_helper.from_array(np.array([k], np.int64), "k")])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), model)
        subprocess.run([os.path.join(compare.ROOT, "build", "bin", "reckon-compile"), model, "-o", engine_path], check=True,
                       stdout=subprocess.DEVNULL)
        peer = compare.Peer(model, 1)
        inputs = {"x": np.random.default_rng(0).standard_normal((1, size)).astype(np.float32)}
        bound = compare.reckon.load(engine_path, threads=1).create_context().bind(inputs)
        peer.bind(inputs)
        peer.run()
        if error := compare.mismatch(bound.run(), peer.outputs()):
            sys.exit(f"{case}: {error}")
        ours, theirs = compare.measure((bound, peer), 5, 0.2)
        print(f"top {k:6} of {size:8}  Reckon {ours:9.1f} us  onnxruntime {theirs:9.1f} us  ratio {theirs / ours:.2f}", flush=True)


main()
