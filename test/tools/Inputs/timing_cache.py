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


batch = '#rec.dims<"batch", 64>'
layers = "\n".join(f"""  %{i + 1} = rec.linear %{i}, %w{i} : (tensor<?x64xf16, {batch}>, tensor<64x64xf16>) -> tensor<?x64xf16, {batch}>"""
                   for i in range(3))
weights = "\n".join(f'  %w{i} = rec.constant "w{i}" = dense<0.{i + 1}> : tensor<64x64xf16>' for i in range(3))
with open(path("model.mlir"), "w") as file:
    file.write(f"""func.func @main(%0: tensor<?x64xf16, {batch}> {{rec.name = "x"}})
    -> (tensor<?x64xf16, {batch}> {{rec.name = "y"}}) {{
{weights}
{layers}
  return %3 : tensor<?x64xf16, {batch}>
}}
""".replace("%0:", "%arg0:").replace("%0,", "%arg0,"))


def compile_to(name, *options):
    subprocess.run(["reckon-compile", path("model.mlir"), "-o", path(name), "--target=cuda:sm_80", *options], check=True,
                   stdout=subprocess.DEVNULL)


def program_of(name):
    report = subprocess.run(["reckon-inspect", path(name), "--json"], check=True, stdout=subprocess.PIPE).stdout
    return next(each for each in json.loads(report)["programs"] if each["device"] == "cuda")


def launches_of(program):
    # The layer in the middle reads and writes memory of the run.
    launches = program["chains"][1]["dispatches"][0]["launches"]
    return [(each["library"] or each["kernel"], each["min_rows"], each["max_rows"]) for each in launches]


def describe(launches):
    def name(text):
        return text if text == "cublaslt" else "generated"

    return ", ".join(f"{name(text)} {least}.." + (str(most) if most < 2**63 else "") for text, least, most in launches)


compile_to("plain.rkn")
program = program_of("plain.rkn")
before = launches_of(program)
print("before:", describe(before))
lines = ["reckon-timing-cache 1", "device by hand", "kernels " + program["kernels_identity"]]
for i, chain in enumerate(program["chains"]):
    dispatch = chain["dispatches"][0]
    lines.append("dispatch " + dispatch["kernel"])
    for number, launch in enumerate(dispatch["launches"]):
        times = "" if i != 1 else [" 1:9.0 4096:1.0", " 1:2.0 4096:5.0"][number] if number < 2 else ""
        lines.append("  launch " + (launch["library"] or launch["kernel"]) + times)
for name, text in (("good", "\n".join(lines)), ("fewer", "\n".join(lines[:3])), ("bad", "\n".join(lines[:2] + ["nonsense"])),
                   ("other", "\n".join(lines[:2] + ["kernels 123"]))):
    with open(path(name + ".txt"), "w") as file:
        file.write(text + "\n")

option = "--timing-cache=" + path("good.txt")
compile_to("tuned.rkn", option)
print("after:", describe(launches_of(program_of("tuned.rkn"))))
compile_to("again.rkn", option)
with open(path("tuned.rkn"), "rb") as first, open(path("again.rkn"), "rb") as second:
    print("the same bytes twice" if first.read() == second.read() else "different bytes")
