"""Rows of embedding tables that a caller gives."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Union

import numpy as np

from . import _runtime
from .errors import InvalidError
from .info import Array, PathLike, TableInfo


@dataclass(frozen=True)
class SyntheticRows:
    """Made-up rows of an embedding table, for benchmarks: the same for the same seed."""

    rows: int
    seed: int = 0


Rows = Union[PathLike, Array, SyntheticRows]


def read_rows(name: str, rows: Rows) -> str | Array | SyntheticRows:
    """The path of a raw file, which is checked when it is opened, an array, or rows to make up."""
    if isinstance(rows, SyntheticRows):
        return rows
    if isinstance(rows, (str, os.PathLike)):
        path = os.fspath(rows)
        if not path.endswith(".npy"):
            return path
        try:
            rows = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InvalidError(f"table '{name}': {error}") from None
    if not isinstance(rows, np.ndarray) or rows.ndim != 2:
        raise InvalidError(f"table '{name}': expected a file, or an array of two dimensions, rows first")
    return np.ascontiguousarray(rows)


def bind_rows(name: str | None, rows: str | Array | SyntheticRows) -> _runtime.Binding:
    """As the native module takes them: the name, a path, an array, the offset in the file, the number of rows, a seed."""
    if isinstance(rows, SyntheticRows):
        return name, "", None, 0, rows.rows, rows.seed
    return (name, rows, None, 0, 0, 0) if isinstance(rows, str) else (name, "", rows, 0, rows.shape[0], 0)


def check_rows(table: TableInfo, rows: str | Array | SyntheticRows | None) -> None:
    if rows is None or isinstance(rows, (str, SyntheticRows)):
        return
    is_plain = table.encoding == "plain"
    dtype, columns = (table.dtype, table.dim) if is_plain else (np.dtype(np.uint8), table.row_bytes)
    if rows.dtype != dtype or rows.shape[1] != columns:
        raise InvalidError(f"table '{table.name}': got rows of {rows.shape[1]} {rows.dtype}, expected {columns} {dtype}"
                           + ("" if is_plain else f" in the encoding {table.encoding}"))
