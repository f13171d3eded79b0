"""precision.py MODELS SCRATCH [PRECISION ATOL RTOL]...: compiles models in a precision and runs their test data."""

import os
import subprocess
import sys

models, scratch = sys.argv[1:3]
os.makedirs(scratch, exist_ok=True)
engine = os.path.join(scratch, "model.rkn")
failed = False
for precision, atol, rtol in zip(*[iter(sys.argv[3:])] * 3):
    for name in ("deepfm/dynamo", "dlrm_kaggle/opset17", "dlrm_dcnv2/dynamo", "dlrm_offsets/opset17", "wide_deep/opset17"):
        folder = os.path.join(models, name)
        subprocess.run(["reckon-compile", f"{folder}/model.onnx", "-o", engine, f"--precision={precision}"], check=True,
                       stdout=subprocess.DEVNULL)
        done = subprocess.run(["reckon-run", engine, f"--onnx-test-data={folder}", f"--atol={atol}", f"--rtol={rtol}"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(f"{name} {precision}:\n{done.stdout}")
            failed = True
sys.exit(failed)
