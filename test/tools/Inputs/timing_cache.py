"""timing_cache.py FOLDER: compiles a model for a GPU, writes a timing cache for it by hand and compiles it again with that."""

import json
import os
import subprocess
import sys

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
# The machine code is not looked at.
os.environ["RECKON_PTXAS"] = ""


def path(name):
    return os.path.join(folder, name)


# (Layers of 64 or fewer would be a stack, which reads its weights in more orders.)
batch = '#rec.dims<"batch", 128>'
layers = "\n".join(f"""  %{i + 1} = rec.linear %{i}, %w{i} : (tensor<?x128xf16, {batch}>, tensor<128x128xf16>) -> tensor<?x128xf16, {batch}>"""
                   for i in range(3))
weights = "\n".join(f'  %w{i} = rec.constant "w{i}" = dense<0.{i + 1}> : tensor<128x128xf16>' for i in range(3))
with open(path("model.mlir"), "w") as file:
    file.write(f"""func.func @main(%0: tensor<?x128xf16, {batch}> {{rec.name = "x"}})
    -> (tensor<?x128xf16, {batch}> {{rec.name = "y"}}) {{
{weights}
{layers}
  return %3 : tensor<?x128xf16, {batch}>
}}
""".replace("%0:", "%arg0:").replace("%0,", "%arg0,"))


def compile_to(name, *options):
    subprocess.run(["reckon-compile", path("model.mlir"), "-o", path(name), "--target=cuda", *options], check=True,
                   stdout=subprocess.DEVNULL)


def report_on(name):
    return json.loads(subprocess.run(["reckon-inspect", path(name), "--json"], check=True, stdout=subprocess.PIPE).stdout)


def program_of(name):
    return next(each for each in report_on(name)["programs"] if each["device"] == "cuda")


def describe(name):
    """The launches of the layer in the middle, which reads and writes memory of the run, and how weights are stored."""
    program, weights = program_of(name), report_on(name)["weights"]
    text = []
    for launch in program["chains"][1]["dispatches"][0]["launches"]:
        label = launch["library"] or launch["kernel"].removeprefix("gemm_w0_")
        if launch["needs_timing"]:
            text.append(f"({label})")
        else:
            text.append(f"{label} {launch['min_rows']}.." + (str(launch["max_rows"]) if launch["max_rows"] < 2**63 else ""))
    packings = sorted({weight["packing"] for weight in weights})
    return f"{', '.join(text)}; weights {' '.join(packings)}: {sum(weight['bytes'] for weight in weights)} bytes"


compile_to("plain.rkn")
print("chosen:", describe("plain.rkn"))
compile_to("all.rkn", "--candidates=all")
print("all:", describe("all.rkn"))
program = program_of("all.rkn")


def write_cache(name, times, lines=None):
    text = ["reckon-timing-cache 1", "device by hand", "kernels " + program["candidates"]]
    for chain in program["chains"]:
        dispatch = chain["dispatches"][0]
        text.append("dispatch " + dispatch["kernel"])
        for launch in dispatch["launches"]:
            label = launch["library"] or launch["kernel"]
            text.append("  launch " + label + times.get(label.removeprefix("gemm_w0_"), " 1:50.0 4096:50.0"))
    with open(path(name + ".txt"), "w") as file:
        file.write("\n".join(lines(text) if lines else text) + "\n")


write_cache("good", {"cublaslt": " 1:9.0 4096:1.0", "splitk8": " 1:2.0 4096:5.0"})
write_cache("generated", {"splitk16": " 1:2.0 4096:5.0"})
write_cache("fewer", {}, lambda text: text[:3])
write_cache("bad", {}, lambda text: text[:2] + ["nonsense"])
write_cache("other", {}, lambda text: text[:2] + ["kernels 123"])
write_cache("swapped", {}, lambda text: [line.replace("_splitk16", "_splitk17") for line in text])

option = "--timing-cache=" + path("good.txt")
compile_to("tuned.rkn", option)
print("tuned:", describe("tuned.rkn"))
compile_to("again.rkn", option)
with open(path("tuned.rkn"), "rb") as first, open(path("again.rkn"), "rb") as second:
    print("the same bytes twice" if first.read() == second.read() else "different bytes")
compile_to("generated.rkn", "--timing-cache=" + path("generated.txt"))
print("generated:", describe("generated.rkn"))
# Kernels that nobody launches are not in the engine.
print("kernels:", *(kernel["symbol"] for kernel in program_of("generated.rkn")["kernels"]))
print("candidates:", *(repr(program_of(name)["candidates"] != "") for name in ("plain.rkn", "all.rkn", "tuned.rkn")))
sizes = [os.path.getsize(path(name)) for name in ("generated.rkn", "plain.rkn", "all.rkn")]
print("sizes rise" if sizes == sorted(set(sizes)) else sizes)
