"""Where the time of a run goes."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from . import _runtime


@dataclass(frozen=True)
class KernelTime:
    """A kernel where it runs, in the order of the program.

    Attributes:
        name, kind: of the kernel, or the name of the library that ran instead.
        nodes: the ONNX nodes that it came from.
        busy_us: its microseconds, of all threads together; 0 where it did not run.
        rows: that it worked on.
        flops, bytes: what the compiler counts for the sizes of the run: operations, and bytes that it cannot but read and write.
            None: not known.
        registers: of a thread, on a GPU; 0: not known.
    """

    name: str
    kind: str
    nodes: tuple[str, ...]
    busy_us: float
    rows: int
    flops: int | None
    bytes: int | None
    registers: int


@dataclass(frozen=True)
class ProfileEvent:
    """A piece of a kernel's work, rows [first_row, end_row), on a thread; microseconds since the run began."""

    kernel: int
    thread: int
    begin_us: float
    end_us: float
    first_row: int
    end_row: int


class Profile:
    """What a run took: `str()` of it, or a notebook, shows a table, the longest kernels first.

    Attributes:
        total_us: microseconds of the run on the host, of its kernels on a GPU, where they run one after another here.
        kernels: the kernels, as KernelTime.
        events: the pieces of work, as ProfileEvent, by the time they began.
        outputs: what the run gave.
    """

    def __init__(self, total_us: float, dispatches: Iterable[_runtime.DispatchFields], events: Iterable[_runtime.EventFields],
                 outputs: dict[str, Any]) -> None:
        self.total_us, self.outputs = total_us, outputs
        self.kernels = tuple(KernelTime(name, kind, tuple(nodes), busy_us, rows, None if flops < 0 else flops, None if size < 0 else size,
                                        registers)
                             for name, kind, nodes, busy_us, rows, flops, size, registers in dispatches)
        self.events = tuple(ProfileEvent(*fields) for fields in events)

    def _table(self) -> Sequence[tuple[str, ...]]:
        """The heading and a row a kernel that ran."""
        ran = sorted((kernel for kernel in self.kernels if kernel.busy_us), key=lambda kernel: -kernel.busy_us)
        whole = sum(kernel.busy_us for kernel in ran) or 1.0
        return [("us", "share", "rows", "GFLOP/s", "GB/s", "kernel", "nodes")] + [
            (f"{k.busy_us:.1f}", f"{k.busy_us / whole:.0%}", str(k.rows), _rate(k.flops, k.busy_us), _rate(k.bytes, k.busy_us), k.name,
             _shorten(k.nodes)) for k in ran]

    def __str__(self) -> str:
        table = self._table()
        widths = [max(len(row[column]) for row in table) for column in range(5)]
        lines = ["  ".join([*(cell.rjust(width) for cell, width in zip(row, widths)), *row[5:]]) for row in table]
        return "\n".join([f"{self.total_us:.1f} us", *lines])

    def __repr__(self) -> str:
        return f"<reckon.Profile of {self.total_us:.1f} us, {sum(kernel.busy_us > 0 for kernel in self.kernels)} kernels>"

    def _repr_html_(self) -> str:
        return html_table(f"{self.total_us:.1f} us", self._table())


def html_table(caption: str, rows: Iterable[tuple[str, ...]]) -> str:
    """A table of texts whose first row is its heading."""
    heading, *body = ["".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
                      for row, tag in zip(rows, itertools.chain(["th"], itertools.repeat("td")))]
    lines = "".join(f"<tr>{row}</tr>" for row in body)
    return f"<table><caption>{html.escape(caption)}</caption><thead><tr>{heading}</tr></thead><tbody>{lines}</tbody></table>"


def _rate(count: int | None, microseconds: float) -> str:
    return "" if count is None else f"{count / microseconds / 1e3:.1f}"


def _shorten(nodes: tuple[str, ...]) -> str:
    return ", ".join(nodes[:3]) + (f" and {len(nodes) - 3} more" if len(nodes) > 3 else "")
