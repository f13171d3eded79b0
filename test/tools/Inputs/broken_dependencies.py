"""Breaks each rule of dependencies.py in a copy of the sources, and prints what it says.

Usage: broken_dependencies.py SOURCE BUILD SCRATCH
"""

import os
import shutil
import subprocess
import sys

source, build, scratch = sys.argv[1:]
FOLDERS = ("include", "dialects", "lib", "passes", "runtime", "tools", "docs")


def append(path, text):
    with open(os.path.join(scratch, path), "a") as file:
        file.write(text)


def replace(path, old, new):
    with open(os.path.join(scratch, path)) as file:
        text = file.read()
    assert old in text, (path, old)
    with open(os.path.join(scratch, path), "w") as file:
        file.write(text.replace(old, new))


BREAKS = {
    "an include": lambda: append("lib/Target/GpuTarget.h", '#include "passes/Fuse/Passes.h"\n'),
    "the compiler's libraries": lambda: append("runtime/Device.h", '#include "llvm/ADT/ArrayRef.h"\n'),
    "an entry without use": lambda: replace("lib/Support/Diagnostics.cpp", '#include "lib/Engine/', '#include "/'),
    "a link": lambda: replace("lib/Target/CMakeLists.txt", "GpuTarget.cpp)", "GpuTarget.cpp LINK ReckonReference)"),
    "the page": lambda: replace("docs/architecture.md", "| `lib/Target` |  |", "| `lib/Target` | all |"),
}

for name, damage in BREAKS.items():
    shutil.rmtree(scratch, ignore_errors=True)
    for folder in FOLDERS:
        shutil.copytree(os.path.join(source, folder), os.path.join(scratch, folder))
    damage()
    script = os.path.join(source, "test", "tools", "Inputs", "dependencies.py")
    done = subprocess.run([sys.executable, script, scratch, build], stdout=subprocess.PIPE, text=True)
    print(f"{name}: exit {done.returncode}: {done.stdout.strip()}")
shutil.rmtree(scratch, ignore_errors=True)
