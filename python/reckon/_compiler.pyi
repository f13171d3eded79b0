"""The compiler's C interface (python/Compiler.cpp)."""

from collections.abc import Callable, Sequence
from typing import Any

OnDiagnostic = Callable[[int, str, str], None]
OnProgress = Callable[[str, int, int], None]

class Compilation:
    """An engine in memory, with the buffer protocol."""

    def __buffer__(self, flags: int, /) -> memoryview: ...

def version() -> str: ...
def options() -> list[tuple[str, str | None, str, bool]]: ...
def compile_file(path: str, options: Sequence[tuple[str, str]], on_diagnostic: OnDiagnostic, on_progress: OnProgress, /) -> Compilation: ...
def compile_bytes(model: Any, name: str, options: Sequence[tuple[str, str]], on_diagnostic: OnDiagnostic, on_progress: OnProgress,
                  /) -> Compilation: ...
