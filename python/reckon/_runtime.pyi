"""The runtime's C interface (python/Runtime.cpp)."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

def version() -> str: ...

class TensorInfo:
    name: str
    type: str
    dtype: str
    shape: list[str]

class TableInfo:
    name: str
    type: str
    encoding: str
    rows: int
    dim: int
    row_bytes: int

class TableBinding:
    def __init__(self, name: str, path: str, data: NDArray[Any] | None, offset: int, rows: int) -> None: ...

class Engine:
    @staticmethod
    def open(path: str, tables: Sequence[TableBinding]) -> Engine: ...
    @staticmethod
    def open_from_memory(data: Any, tables: Sequence[TableBinding]) -> Engine: ...
    def inputs(self) -> list[TensorInfo]: ...
    def outputs(self) -> list[TensorInfo]: ...
    def tables(self) -> list[TableInfo]: ...
    def dims(self) -> list[str]: ...

class Context:
    def __init__(self, engine: Engine, device: str, threads: int) -> None: ...
    def run(self, inputs: Sequence[NDArray[Any]], outs: Sequence[NDArray[Any] | None]) -> list[NDArray[Any]]: ...
