"""Changes of an engine's rows and weights while it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _runtime
from .errors import InvalidError
from .info import Array, PathLike
from .tables import check_rows

if TYPE_CHECKING:
    from .engine import Engine


class Update:
    """Changes of an engine's tables that are made together; runs see all of them or none, and never wait. Made by Engine.update().

    A version is one for contexts on all devices.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._tables = {table.name: table for table in engine.tables}
        self._update = _runtime.create_update(engine._opened())

    @property
    def _native(self) -> _runtime.Update:
        self._engine._opened()
        return self._update

    def set_rows(self, table: str, ids: Any, rows: Any) -> None:
        """Rows by their ids: an array of len(ids) rows as the table stores them. Later changes of a row count.

        Raises:
            InvalidError: there is no such table or row, or the rows are of another dtype or shape.

        >>> update = engine.update()
        >>> update.set_rows("emb", 3, [[1, 2]])
        Traceback (most recent call last):
        ...
        reckon.errors.InvalidError: table 'emb': got rows of 2 int64, expected 3 float32
        """
        self._native.rows(table, to_ids(ids), self._to_rows(table, rows))

    def set_table(self, table: str, rows: Any) -> None:
        """All rows; their number stays what it is. Raises as set_rows()."""
        self._native.table(table, self._to_rows(table, rows))

    def delete_rows(self, table: str, ids: Any) -> None:
        """Rows that are zeros from then on. Raises as set_rows()."""
        self._native.delete_rows(table, to_ids(ids))

    def set_weight(self, weight: str, data: Any) -> None:
        """A weight as Engine.weights has it: that of an engine compiled with the same options from another state of the model.

        Args:
            data: its bytes, WeightInfo.data for one.

        Raises:
            InvalidError: there is no such weight, or the bytes are not as many as it has.

        >>> retrained, update = reckon.compile("model.onnx"), engine.update()
        >>> for weight in retrained.weights:
        ...     update.set_weight(weight.name, weight.data)
        """
        self._native.weight(weight, np.ascontiguousarray(data))

    def commit(self) -> int:
        """Makes the changes; the version that they are. The update is empty then, and may be used again."""
        return self._native.commit()

    def __repr__(self) -> str:
        return f"<reckon.Update of {self._engine!r}>"

    def _to_rows(self, table: str, rows: Any) -> Array:
        info = self._tables.get(table)
        array = np.ascontiguousarray(rows)
        if info is not None:  # else the runtime says so
            check_rows(info, array.reshape(1, -1) if array.ndim == 1 else array)
        return array


class UpdateLog:
    """A file of updates, which one process appends to and any number follow. Made by Engine.open_log().

    It belongs to the engine as it is on disk; also a `with` block closes it.
    """

    def __init__(self, engine: "Engine", path: PathLike, append: bool) -> None:
        self._engine, self._path = engine, os.fspath(path)
        self._log = _runtime.open_log(engine._opened(), self._path, append)

    def append(self, update: Update, *, sync: bool = False) -> None:
        """Appends an update as the next version, and empties it. The engine here stays as it is.

        Args:
            sync: whether the update is on the disk when this returns.

        Raises:
            InvalidError: the log was opened to follow, is closed, or is another engine's than the update.
            UnavailableError: the disk has no room, or another process appends.
        """
        if not isinstance(update, Update):
            raise InvalidError(f"expected an Update, got {type(update).__name__}")
        self._engine._opened()
        self._log.append(update._native, sync)

    def apply(self, most: int = 0) -> int:
        """Commits to the engine what has been appended since, at most so many updates unless that is 0; gives how many.

        Raises:
            InvalidError: the log was opened to append, is closed or damaged, or does not follow on the engine's version. Updates
                before the one that is refused stay committed: Engine.version has their number.
        """
        if not isinstance(most, int) or most < 0:
            raise InvalidError(f"most: got {most!r}, expected a number of updates, or 0 for all")
        self._engine._opened()
        return self._log.apply(most)

    def close(self) -> None:
        """Lets go of the file."""
        self._log.close()

    def __repr__(self) -> str:
        return f"<reckon.UpdateLog {self._path!r} of {self._engine!r}>"

    def __enter__(self) -> "UpdateLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def to_ids(ids: Any) -> Array:
    array = np.atleast_1d(np.asarray(ids))
    if array.size and array.dtype.kind not in "iu" or array.ndim != 1:
        raise InvalidError(f"ids: expected whole numbers in one dimension, got {array.dtype} of the shape {array.shape}")
    return np.ascontiguousarray(array, np.int64)
