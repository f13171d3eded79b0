"""Unpacks the wheels in two folders and uses them on a model: `try_wheels.py WHOLE RUNTIME MODEL_FOLDER`."""

import base64
import csv
import glob
import hashlib
import os
import re
import subprocess
import sys
import zipfile

RUN = """
import time
start = time.time()
import numpy as np, reckon
ids, expected = np.load("ids.npy"), np.load("expected.npy")
engine = {make}
assert np.array_equal(engine(ids), expected)
print(f"{what} and ran in {{time.time() - start:.2f}} s")
{more}
"""


def unpack(folder, what):
    """The folder that the wheel's files are in, after a look at each."""
    wheel, = glob.glob(os.path.join(folder, "*.whl"))
    place = os.path.join(folder, "site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
        for entry in archive.infolist():
            os.chmod(os.path.join(place, entry.filename), entry.external_attr >> 16 & 0o777 or 0o644)
    record, = glob.glob(os.path.join(place, "*.dist-info", "RECORD"))
    with open(record) as file:
        rows = list(csv.reader(file))
    for name, checksum, size in rows:
        if not checksum:
            continue
        with open(os.path.join(place, name), "rb") as file:
            data = file.read()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert checksum == "sha256=" + digest and int(size) == len(data), name
    print(f"{what}: {len(rows)} files as recorded")
    for path in glob.glob(os.path.join(place, "reckon", "**"), recursive=True):
        if os.path.isfile(path) and (path.endswith(".so") or ".so." in path or "/bin/" in path):
            for place_of in re.findall(r"=> (\S+) \(", subprocess.run(["ldd", path], stdout=subprocess.PIPE, text=True).stdout):
                assert place_of.startswith((place, "/lib/x86_64-linux-gnu/", "/usr/lib/x86_64-linux-gnu/")), (path, place_of)
    return place


def run(place, folder, *arguments):
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env={**os.environ, "PYTHONPATH": place},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


def main():
    whole, runtime = unpack(sys.argv[1], "whole"), unpack(sys.argv[2], "runtime")
    model = sys.argv[3]
    print(run(whole, model, "-c", RUN.format(make="reckon.compile('m.onnx', negative_ids='wrap')", what="compiled",
                                             more="engine.save('saved.rkn')")), end="")
    run(whole, model, "-m", "reckon", "compile", "m.onnx", "-o", "tool.rkn", "--negative-ids=wrap")
    with open(os.path.join(model, "saved.rkn"), "rb") as saved, open(os.path.join(model, "tool.rkn"), "rb") as tool:
        assert saved.read() == tool.read()
    print("python -m reckon compile: the same engine")
    assert "Inputs (1)" in run(runtime, model, "-m", "reckon", "inspect", "tool.rkn")
    print(run(runtime, model, "-c", RUN.format(make="reckon.load('tool.rkn')", what="loaded",
                                               more="try: reckon.compile('m.onnx')\nexcept reckon.UnavailableError as error: print(error)")),
          end="")


main()
