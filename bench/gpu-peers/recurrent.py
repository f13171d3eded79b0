"""Times recurrent layers in Reckon and torch, which has cuDNN's, in turn on the GPU of this machine, and compares what they give.

The cases are those of bench/cpu-peers/run recurrent: the layer and a linear layer behind it, over sequences of one length. Both sides
have their tensors bound; torch runs as a CUDA graph, and outside one where the layer cannot be captured. An engine is DIR/CASE-PRECISION.rkn
(gru_64_20-fp16.rkn); one that is not there is compiled, where there is a compiler.
"""

import argparse
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "bench", "cpu-peers")]

import numpy as np  # noqa: E402
import onnx  # noqa: E402
import torch  # noqa: E402
from onnx import numpy_helper  # noqa: E402

import package  # noqa: E402
import recurrent as layers  # noqa: E402  (that of bench/cpu-peers: this one is the program)
import timing  # noqa: E402

CASES = ["gru:64:20", "gru:100:20", "gru:128:50", "lstm:100:50", "gru-both:128:50"]
# Where ONNX has the gates that torch has in its order: r z n in z r h, and i f c o in i o f c.
GATES = {"gru": (1, 0, 2), "lstm": (0, 2, 3, 1), "rnn": (0,)}
TOLERANCE = {"fp32": 2e-3, "fp16": 3e-2}


class Peer(torch.nn.Module):
    def __init__(self, model, case):
        super().__init__()
        cell, hidden, _ = case.split(":")
        cell, _, both = cell.partition("-")
        self.layer = getattr(torch.nn, cell.upper())(int(hidden), int(hidden), batch_first=True, bidirectional=bool(both))
        self.out = torch.nn.Linear(int(hidden) * (2 if both else 1), layers.ITEMS)
        values = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in model.graph.initializer}
        order = GATES[cell]

        def gates(rows):
            parts = rows.chunk(len(order))
            return torch.cat([parts[gate] for gate in order])
        with torch.no_grad():
            for direction, suffix in enumerate(["", "_reverse"][:2 if both else 1]):
                bias = values["rnn.B"][direction].chunk(2)
                for name, value in (("weight_ih", values["rnn.W"][direction]), ("weight_hh", values["rnn.R"][direction]),
                                    ("bias_ih", bias[0]), ("bias_hh", bias[1])):
                    getattr(self.layer, f"{name}_l0{suffix}").copy_(gates(value))
            self.out.weight.copy_(values["out.weight"].T)
            self.out.bias.copy_(values["out.bias"])

    def forward(self, x):
        _, state = self.layer(x)
        state = state[0] if isinstance(state, tuple) else state
        return self.out(state.transpose(0, 1).reshape(len(x), -1))


def engine_of(reckon, folder, case, precision, model):
    path = os.path.join(folder, f"{case.replace(':', '_')}-{precision}.rkn")
    if not os.path.exists(path):
        onnx.save(model, path + ".onnx")
        subprocess.run([os.path.join(ROOT, "build", "bin", "reckon-compile"), path + ".onnx", "-o", path, "--target=cuda",
                        f"--precision={precision}"], check=True, stdout=subprocess.DEVNULL)
    return reckon.load(path, device="cuda")


def measure(bound, peer, x, seconds):
    """Microseconds of both, each the median of two turns."""
    with torch.no_grad():
        try:
            theirs = timing.capture(peer, [(x,)])[0][0].replay
        except RuntimeError:
            theirs = lambda: peer(x)  # noqa: E731
        turns = [[timing.by_events([side], seconds) for side in (bound.run, theirs)] for _ in range(2)]
    return [sum(times) / len(times) for times in zip(*turns)]


def main():
    parser = argparse.ArgumentParser(prog="bench/gpu-peers/recurrent", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=CASES, metavar="CASE")
    parser.add_argument("--engines", metavar="DIR")
    parser.add_argument("--batch", default="1,64,1024,8192")
    parser.add_argument("--precisions", default="fp32,fp16")
    parser.add_argument("--seconds", type=float, default=0.1)
    arguments = parser.parse_args()
    reckon, ratios = package.load(), []
    print("| case | precision | batch | Reckon, us | torch, us | ratio |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        for case in arguments.cases:
            model = layers.model_of(case)
            for precision in arguments.precisions.split(","):
                engine = engine_of(reckon, arguments.engines or made, case, precision, model)
                dtype = torch.float16 if precision == "fp16" else torch.float32
                peer = Peer(model, case).cuda().to(dtype).eval()
                for batch in map(int, arguments.batch.split(",")):
                    x = torch.from_numpy(layers.inputs_of(case, batch)["x"]).cuda()
                    bound = engine.create_context().bind({"x": x})
                    [ours] = bound.run().values()
                    with torch.no_grad():
                        difference = float((ours - peer(x.to(dtype)).float()).abs().max())
                    if not difference <= TOLERANCE[precision]:
                        sys.exit(f"recurrent: {case}, {precision}, batch {batch}: outputs differ by {difference}")
                    mine, theirs = measure(bound, peer, x.to(dtype), arguments.seconds)
                    ratios.append(theirs / mine)
                    print(f"| {case} | {precision} | {batch} | {mine:.1f} | {theirs:.1f} | {theirs / mine:.2f} |", flush=True)
    mean = math.exp(float(np.mean(np.log(ratios))))
    print(f"\nGeometric mean {mean:.2f}, smallest {min(ratios):.2f}, over {len(ratios)} cases; {torch.cuda.get_device_name()}, torch {torch.__version__}")


if __name__ == "__main__":
    main()
