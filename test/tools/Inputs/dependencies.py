"""Prints what breaks the rule of the tree; silent when nothing does.

Usage: dependencies.py SOURCE BUILD
       dependencies.py --table         the allow-list as docs/architecture.md has it
"""

import os
import re
import subprocess
import sys

# Who may include whom. Each entry is used: one that is no longer needed is an error, too.
REC, PLAN, ENGINE, RUNTIME = "dialects/Rec", "dialects/Plan", "include/reckon/Engine", "include/reckon/Runtime"
ALLOWED_INCLUDES = {
    "include/reckon/Compiler": [ENGINE],
    "lib/Engine": [ENGINE],
    "runtime": [ENGINE, RUNTIME, "lib/Engine"],
    REC: [ENGINE],
    PLAN: [ENGINE, REC],
    "lib/Support": ["lib/Engine"],
    "lib/Target": [],
    "lib/Analysis": [REC],
    "lib/Reference": [ENGINE, REC, RUNTIME],
    "lib/Import/ONNX": [REC],
    "lib/Codegen/Loops": [ENGINE, PLAN, REC, RUNTIME],
    "lib/Codegen/Machine": [],
    "lib/Codegen/Host": [RUNTIME, "lib/Codegen/Loops", "lib/Codegen/Machine"],
    "lib/Packing": [PLAN],
    "lib/Tiling": [ENGINE, PLAN, REC, "lib/Target"],
    "lib/Codegen/NVPTX": [ENGINE, PLAN, REC, RUNTIME, "lib/Codegen/Loops", "lib/Codegen/Machine", "lib/Packing", "lib/Target",
                          "lib/Tiling"],
    "lib/Codegen/Emit": [PLAN, REC, ENGINE, "lib/Codegen/NVPTX", "lib/Packing", "lib/Tiling"],
    "passes/Common": [REC, "lib/Support"],
    "passes/Import": [REC, "lib/Reference", "lib/Support"],
    "passes/Normalize": [REC, "lib/Reference", "passes/Common", "passes/Import"],
    "passes/Optimize": [REC, "passes/Common"],
    "passes/Precision": [REC, "passes/Common"],
    "passes/Fuse": [REC, "lib/Analysis", "lib/Tiling", "passes/Common", "passes/Import"],
    "passes/Schedule": [PLAN, REC, ENGINE, "lib/Target", "lib/Tiling"],
    "passes/Codegen": [PLAN, RUNTIME, "lib/Codegen/Host", "lib/Codegen/NVPTX", "lib/Target"],
    "lib/Compiler": [PLAN, REC, ENGINE, "include/reckon/Compiler", "lib/Codegen/Emit", "lib/Codegen/Host",
                     "lib/Codegen/NVPTX", "lib/Engine", "lib/Import/ONNX", "lib/Reference", "lib/Support", "lib/Target", "passes/Codegen",
                     "passes/Common", "passes/Fuse", "passes/Import", "passes/Normalize", "passes/Optimize", "passes/Precision",
                     "passes/Schedule"],
    "lib/Network": [REC, "include/reckon", "include/reckon/Compiler", "lib/Compiler", "lib/Support", "passes/Import"],
    "lib/CompilerC": ["include/reckon/Compiler", "lib/Compiler", "lib/Support"],
    "tools/Support": [ENGINE, RUNTIME, "lib/Engine", "runtime"],
    "tools/reckon-bench": [ENGINE, "tools/Support"],
    "tools/reckon-compile": ["include/reckon/Compiler", "lib/Compiler", "lib/Support", "tools/Support"],
    "tools/reckon-diff": ["tools/Support"],
    "tools/reckon-inspect": ["tools/Support"],
    "tools/reckon-lsp-server": ["lib/Compiler"],
    "tools/reckon-opt": ["lib/Compiler", "lib/Support"],
    "tools/reckon-run": [ENGINE, "tools/Support"],
    "tools/reckon-tune": [ENGINE, "runtime", "tools/Support"],
    "tools/reckon-share": [ENGINE, RUNTIME],
    "tools/reckon-sign": [ENGINE, "runtime", "tools/Support"],
    "tools/reckon-tools": [],
    "tools/reckon-update": ["tools/Support"],
}
# What stands behind a public header.
BEHIND = {ENGINE: "lib/Engine", RUNTIME: "runtime", "include/reckon/Compiler": "lib/Compiler"}


def table():
    lines = ["| folder | may include |", "|---|---|"]
    for folder, allowed in ALLOWED_INCLUDES.items():
        lines.append(f"| `{folder}` | {', '.join(f'`{each}`' for each in allowed)} |")
    return "\n".join(lines)


if sys.argv[1:] == ["--table"]:
    print(table())
    sys.exit()
source, build = sys.argv[1:]
errors = []

# The runtime library and its tools are linked to these alone.
ALLOWED = re.compile(r"^(libc|libm|libstdc\+\+|libpthread|libdl|libgcc_s|libreckon-runtime|ld-linux-x86-64)\.so")
SANITIZERS = re.compile(r"^lib(asan|ubsan|tsan|clang_rt|resolv|rt)")
for name in ("lib/libreckon-runtime.so", "bin/reckon-run", "bin/reckon-bench", "bin/reckon-inspect",
             "bin/reckon-diff", "bin/reckon-share", "bin/reckon-sign", "bin/reckon-tune", "bin/reckon-update"):
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

# Includes against the list.
OUTSIDE = ("mlir/", "llvm/", "google/protobuf", "onnx/")
NO_COMPILER = ("lib/Engine", "runtime", "include/reckon/Engine", "include/reckon/Runtime", "tools/reckon-run",
               "tools/reckon-bench", "tools/reckon-diff", "tools/reckon-inspect", "tools/reckon-share", "tools/reckon-sign", "tools/reckon-tools",
               "tools/reckon-tune", "tools/reckon-update", "tools/Support")


def folder_of(path):
    folder = os.path.dirname(path)
    return "include/" + folder if f"{folder}/".startswith("reckon/") else "runtime" if folder.startswith("runtime/") else folder


found = {}
for top in ("include", "dialects", "lib", "passes", "runtime", "tools"):
    for where, _, files in os.walk(os.path.join(source, top)):
        for file in files:
            if not file.endswith((".cpp", ".h", ".hpp")):
                continue
            name = os.path.relpath(os.path.join(where, file), source)
            folder = folder_of(name)
            for line in open(os.path.join(where, file)):
                include = re.match(r'\s*#\s*include\s*["<](.*)[">]', line)
                if not include:
                    continue
                path = include.group(1)
                if path.startswith(OUTSIDE) and folder in NO_COMPILER:
                    errors.append(f"{name} includes {path}")
                if re.match(r"(?:reckon|dialects|lib|passes|runtime|tools)/", path) and folder_of(path) != folder:
                    found.setdefault((folder, folder_of(path)), f"{name} includes {path}")
allowed = {(a, b) for a, list_ in ALLOWED_INCLUDES.items() for b in list_}
errors += [what for edge, what in sorted(found.items()) if edge not in allowed]
errors += [f"{a} is allowed to include {b} and does not" for a, b in sorted(allowed - set(found))]


def reachable(start, edges):
    seen, todo = set(), [start]
    while todo:
        for a, b in edges:
            if a == todo[-1] and b not in seen:
                seen.add(b)
                todo.insert(0, b)
        todo.pop()
    return seen


# Without what is to go there is no cycle.
errors += [f"{folder} includes itself in a circle" for folder in ALLOWED_INCLUDES if folder in reachable(folder, allowed)]

# Libraries: whoever links one may use its folder, directly or through others.
homes, links = {}, []
for top in ("dialects", "lib", "passes", "runtime", "tools"):
    for where, _, files in os.walk(os.path.join(source, top)):
        if "CMakeLists.txt" not in files:
            continue
        here = os.path.relpath(where, source)
        text = open(os.path.join(where, "CMakeLists.txt")).read()
        for kind, arguments in re.findall(r"reckon_add_(library|compiler_library|pass_library|dialect|tool)\(([^)]*)\)", text):
            words = re.sub(r"#.*", "", arguments).split()
            library = {"pass_library": f"Reckon{words[0]}Passes", "dialect": f"Reckon{words[0]}Dialect"}.get(kind, words[0])
            # A library is at home where its first source is.
            own = next((os.path.dirname(word) for word in words[1:] if word.endswith(".cpp")), "")
            homes[library] = os.path.normpath(os.path.join(here, own)) if own.startswith("..") else here
            links += [(library, word) for word in words if word.startswith("Reckon") and word != library]
edges = allowed | set(BEHIND.items())
for library, linked in links:
    home = homes[library]
    if linked in homes and homes[linked] != home and homes[linked] not in reachable(home, edges):
        errors.append(f"{library} of {home} links {linked} of {homes[linked]}")
errors += [f"{library} links itself in a circle" for library in homes if library in reachable(library, links)]

# The page shows the list.
page = open(os.path.join(source, "docs", "architecture.md")).read()
if table() not in page:
    errors.append("docs/architecture.md has another table of includes: dependencies.py --table prints it")

if errors:
    print("\n".join(errors))
    sys.exit(1)
