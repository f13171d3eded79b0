"""What is in an engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: `shape` has a size or an expression in named dimensions an axis, such as ("batch", "26")."""

    name: str
    type: str
    dtype: np.dtype[Any]
    shape: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.type}[{', '.join(self.shape)}]"


@dataclass(frozen=True)
class TableInfo:
    """An embedding table: `rows` x `dim` elements of `type`, stored in `encoding`, `row_bytes` a row."""

    name: str
    type: str
    dtype: np.dtype[Any]
    encoding: str
    rows: int
    dim: int
    row_bytes: int

    def __str__(self) -> str:
        stored = "" if self.encoding == "plain" else f" from {self.encoding}"
        return f"{self.name}: {self.type}{stored}, {self.rows} rows x {self.dim}"


@dataclass(frozen=True)
class KernelInfo:
    """A kernel of the code for `device`, "host" or "cuda": its symbol and kind, the CPU or GPU it is for, and its ONNX nodes."""

    name: str
    kind: str
    device: str
    target: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class WeightInfo:
    """A weight as the engine's code reads it: `packing` says how its elements lie; `data` are its bytes in the engine as it was opened."""

    name: str
    packing: str
    data: NDArray[np.uint8]
