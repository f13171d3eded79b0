"""Fails when code outside the tables of devices and architectures spells what they hold.

Usage: target_facts.py SOURCE_TREE
"""

import pathlib
import re
import sys

# A string or a character literal, or a comment.
TOKEN = re.compile(r'R"(\w*)\((?P<raw>.*?)\)\1"|"(?P<text>(?:[^"\\\n]|\\.)*)"|\'(?:[^\'\\\n]|\\.)+\'|//[^\n]*|/\*.*?\*/', re.DOTALL)

TEXTS = {
    re.compile(r"^(?:cuda|host)$"): "a device is spelled",
    re.compile(r"sm_\d"): "an architecture is spelled",
}
NUMBERS = {
    re.compile(r"\b(?:99|100|163|164|227|228)u? ?(?:\* ?(?:1024|KiB)|<< ?10)"): "the shared memory of a GPU is spelled",
    re.compile(r"\b(?:101376|102400|166912|167936|232448|233472)\b"): "the shared memory of a GPU is spelled",
    re.compile(r"\b(?:132|108|142|148|188)\b"): "the multiprocessors of a GPU are spelled",
    re.compile(r"\barch(?:itecture)?\b[\w.]* ?(?:==|!=) ?"): "an architecture is compared",
}

# By file: what it may spell.
ALLOWED = {
    "include/reckon/Engine/DeviceKind.h": r".*",
    "lib/Target/GpuTarget.cpp": r".*",
    # Words for people: whose code a diagnostic is about, and examples in help and messages.
    "lib/Codegen/Host/HostEmitter.h": r"host",
    "lib/Compiler/OptionTable.cpp": r"[^=]*",
    "lib/Compiler/Targets.cpp": r"the target cuda is named twice.*",
    # Written by hand, for every GPU that CUDA supports.
    "runtime/Cuda/FillKernel.cpp": r"\.version 7\.0.*",
    "runtime/Cuda/RowKernel.cpp": r"\.version 7\.0.*",
}


def find_violations(root):
    for folder in ("include", "dialects", "lib", "passes", "runtime", "tools"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".cpp", ".h", ".td", ".inc"):
                continue
            name = path.relative_to(root).as_posix()
            allowed = re.compile(ALLOWED.get(name, r"(?!)"), re.DOTALL)
            source = path.read_text()
            for match in TOKEN.finditer(source):
                text = match.group("raw") or match.group("text") or ""
                for pattern, what in TEXTS.items():
                    if pattern.search(text) and not allowed.fullmatch(text):
                        yield name, source.count("\n", 0, match.start()) + 1, what, text
            code = TOKEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), source)
            for pattern, what in NUMBERS.items():
                for match in pattern.finditer(code):
                    if not allowed.fullmatch(match.group()):
                        yield name, source.count("\n", 0, match.start()) + 1, what, match.group()


def main():
    violations = list(find_violations(pathlib.Path(sys.argv[1])))
    for name, line, what, text in violations:
        print(f"{name}:{line}: {what}: {text}")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
