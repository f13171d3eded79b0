"""dependencies.py SOURCE BUILD: prints what breaks the rule of the tree; silent when nothing does."""

import os
import re
import subprocess
import sys

source, build = sys.argv[1:]
errors = []

# The runtime library and its tools are linked to these alone.
ALLOWED = re.compile(r"^(libc|libm|libstdc\+\+|libpthread|libdl|libgcc_s|libreckon-runtime|ld-linux-x86-64)\.so")
SANITIZERS = re.compile(r"^lib(asan|ubsan|tsan|clang_rt|resolv|rt)")
for name in ("lib/libreckon-runtime.so", "bin/reckon-run", "bin/reckon-bench", "bin/reckon-inspect",
             "bin/reckon-tune"):
    path = os.path.join(build, name)
    if not os.path.exists(path):
        errors.append(f"{name} was not built")
        continue
    headers = subprocess.run(["readelf", "-d", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", headers):
        if not ALLOWED.match(needed) and not SANITIZERS.match(needed):
            errors.append(f"{name} is linked to {needed}")
    if name.endswith(".so") and os.path.getsize(path) >= 2 << 20:
        errors.append(f"{name} has {os.path.getsize(path)} bytes, 2 MiB is the limit")

# Tools are doors: the logic is in libraries.
for tool in sorted(os.listdir(os.path.join(source, "tools"))):
    folder = os.path.join(source, "tools", tool)
    if tool.startswith("reckon-"):
        lines = sum(len(open(os.path.join(folder, f)).readlines()) for f in os.listdir(folder) if f.endswith(".cpp"))
        if lines >= 150:
            errors.append(f"tools/{tool} has {lines} lines, 149 is the limit")

# Who may include whom.
COMPILER = ("mlir/", "llvm/", "dialects/", "passes/", "google/protobuf", "onnx/")
RULES = {
    "lib/Engine": COMPILER + ("runtime/", "reckon/Runtime/", "reckon/Compiler/"),
    "runtime": COMPILER + ("reckon/Compiler/",),
    "tools/reckon-run": COMPILER + ("reckon/Compiler/",),
    "tools/reckon-bench": COMPILER + ("reckon/Compiler/",),
    "tools/reckon-inspect": COMPILER + ("reckon/Compiler/",),
    "tools/reckon-tune": COMPILER + ("reckon/Compiler/",),
    "dialects": ("passes/", "lib/Compiler", "lib/Codegen", "lib/Import", "runtime/"),
    "passes": ("lib/Compiler", "runtime/"),
    "lib/Reference": ("lib/Codegen", "lib/Compiler", "passes/", "runtime/"),
    "lib/Codegen": ("lib/Reference", "lib/Compiler"),
    "lib/Import": ("lib/Codegen", "lib/Compiler", "lib/Reference", "passes/", "runtime/"),
}
for folder, banned in RULES.items():
    for where, _, files in os.walk(os.path.join(source, folder)):
        for file in files:
            if file.endswith((".cpp", ".h", ".hpp")):
                path = os.path.join(where, file)
                for line in open(path):
                    include = re.match(r'\s*#\s*include\s*["<](.*)[">]', line)
                    if include and include.group(1).startswith(banned):
                        errors.append(f"{os.path.relpath(path, source)} includes {include.group(1)}")

if errors:
    print("\n".join(errors))
    sys.exit(1)
