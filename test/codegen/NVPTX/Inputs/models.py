"""Compiles every model for cuda and checks what the engines hold.

  models.py MODELS SCRATCH
"""

import glob
import json
import os
import subprocess
import sys


def compile_model(model, engine, *flags):
    subprocess.run(["reckon-compile", model, "-o", engine, *flags], check=True, stdout=subprocess.PIPE)
    report = json.loads(subprocess.run(["reckon-inspect", engine, "--json"], check=True, stdout=subprocess.PIPE).stdout)
    return report


def main():
    models, scratch = sys.argv[1:]
    os.makedirs(scratch, exist_ok=True)
    paths = sorted(glob.glob(os.path.join(models, "**", "model.onnx"), recursive=True))
    assert paths, "no models"
    for path in paths:
        engine = os.path.join(scratch, "cuda.rkn")
        for precision in ("fp16", "fp32"):
            report = compile_model(path, engine, "--target=cuda", f"--precision={precision}")
            sections = [section["kind"] for section in report["sections"]]
            assert "ptx" in sections, (path, sections)
        first = open(engine, "rb").read()
        if path == paths[0]:
            compile_model(path, engine, "--target=cuda")
            assert open(engine, "rb").read() == first, "not the same bytes twice"
        print(path, "ok")


main()
