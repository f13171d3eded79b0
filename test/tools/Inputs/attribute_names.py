"""Fails when the compiler's sources read or write an op's attribute by its name in a string.

Usage: attribute_names.py SOURCE_TREE
"""

import pathlib
import re
import sys

# By file: the names it may use, as they are spelled there.
ALLOWED = {
    # Attributes of the LLVM and NVVM dialects on functions, and on loops, which MLIR's conversions know by that name alone.
    "lib/Codegen/Host/Gemm.cpp": {'"llvm.linkage"', '"passthrough"'},
    "lib/Codegen/Host/HostEmitter.cpp": {'"llvm.linkage"', '"passthrough"', '"llvm.loop_annotation"'},
    "lib/Codegen/Host/SharedObject.cpp": {'"llvm.loop_annotation"'},
    "lib/Codegen/NVPTX/DeviceModule.cpp": {'"passthrough"'},
}

# The other form of a name: a function of the dialect that owns it.
OWNED = re.compile(r"NVVM::NVVMDialect::get\w+AttrName\(\)")
ACCESS = re.compile(
    r"->(?:get|set|has|remove)(?:Discardable|Inherent)?Attr(?:OfType<[^;]*?>)?\(\s*([^,;]*?)\s*(?:\)|,)"
)


def find_violations(root):
    for folder in ("dialects", "lib", "passes"):
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".cpp", ".h"):
                continue
            name = path.relative_to(root).as_posix()
            text = path.read_text()
            for match in ACCESS.finditer(text):
                attribute = match.group(1)
                owned = OWNED.match(text, match.start(1))
                if not owned and attribute not in ALLOWED.get(name, set()):
                    line = text.count("\n", 0, match.start()) + 1
                    yield f"{name}:{line}: the attribute {attribute} is named in a string: declare it in ODS"


def main():
    violations = list(find_violations(pathlib.Path(sys.argv[1])))
    print("\n".join(violations))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
