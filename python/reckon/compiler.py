"""ONNX models to engines."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Union

from .engine import Engine, load
from .errors import Diagnostic, InvalidError, ReckonError
from .info import Array, PathLike

if TYPE_CHECKING:
    from ._compiler import Compilation

_SEVERITIES = ("error", "warning", "remark", "note")

#: Told as each phase begins: its name, its number from 0, how many there are.
ProgressCallback = Callable[[str, int, int], None]
OptionValue = Union[str, bool, int, float, Iterable[str], None]


def compile(model: Any, target: str | Iterable[str] = "host", *, precision: OptionValue = "fp32",
            progress: bool | ProgressCallback | None = None, device: str | None = None, threads: int = 0, tables: dict[str, PathLike | Array] | None = None,
            **options: OptionValue) -> Engine:
    """Compiles a model and opens the engine.

    Args:
        model: the path of an ONNX file, its bytes, or an onnx.ModelProto. External data lies beside a file.
        target: "host", "cuda" or both, "host,cuda" or a list of them; "cuda:sm_90a" names an architecture.
        precision: "fp32", the model's own types; "tf32", "fp16" or "bf16" (docs/precision.md).
        progress: True for a bar on stderr (tqdm's where it is installed), a function to be told, False for nothing; None: a bar
            when stderr is a terminal, or in a notebook.
        device, threads, tables: as for load(); the device is "host" when there is code for it, else "cuda".
        options: those of reckon-compile with underscores, such as `batch_dim=0` or `table_format=["emb=int8_fbgemm"]`; a list
            repeats an option, True and False are for flags, None leaves it out. `verify=True` compares the engine with the reference evaluator.

    Raises:
        InvalidError: the file, the model or an option is wrong; `diagnostics` has all that was said, with ONNX nodes.
        UnsupportedError: a valid model with operators that there is no code for, all of which are listed.
        MismatchError: with verify.
        UnavailableError: no memory, no linker, no room on the disk.

    >>> engine = reckon.compile("model.onnx", precision="fp16", verify=True)
    >>> print(engine.inputs[0], engine.outputs[0], engine.tables[0], sep="; ")
    x: f32[batch, 3]; y: f32[batch, 3]; emb: f16, 7 rows x 3
    """
    if not isinstance(target, str):
        try:
            target = ",".join(target)
        except TypeError:
            raise InvalidError(f"target: expected a text or a list of texts, got {target!r}") from None
    compilation, diagnostics = make_engine(model, target, progress=progress, precision=precision, **options)
    if device is None:
        device = "host" if "host" in target.split(",") else "cuda"
    engine = load(compilation, tables=tables, device=device, threads=threads)
    engine.diagnostics = diagnostics
    return engine


def make_engine(model: Any, target: str, *, progress: bool | ProgressCallback | None = None,
                **options: OptionValue) -> tuple[Compilation, tuple[Diagnostic, ...]]:
    """The bytes of the engine, and what was said of the model: compile() without opening the engine."""
    from . import _compiler  # not part of reckon-runtime

    diagnostics: list[Diagnostic] = []

    def on_diagnostic(severity: int, location: str, message: str) -> None:
        diagnostics.append(Diagnostic(_SEVERITIES[severity], location, message))

    listed = [("target", target)]
    for name, value in options.items():
        listed += _spell(name.replace("_", "-"), value)
    bar = _Progress(progress)
    try:
        if isinstance(model, (str, os.PathLike)):
            return _compiler.compile_file(os.fspath(model), listed, on_diagnostic, bar.begin), tuple(diagnostics)
        data = model.SerializeToString() if hasattr(model, "SerializeToString") else model
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise InvalidError(f"expected a path, bytes or an onnx.ModelProto, got {type(model).__name__}")
        return _compiler.compile_bytes(data, "model", listed, on_diagnostic, bar.begin), tuple(diagnostics)
    except ReckonError as error:
        error.diagnostics = tuple(diagnostics)
        raise
    finally:
        bar.end()


def _spell(name: str, value: OptionValue) -> list[tuple[str, str]]:
    """An option as the C interface takes it."""
    if value is None:
        return []
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    if isinstance(value, (str, int, float)):
        return [(name, str(value))]
    if isinstance(value, Iterable):
        return [(name, str(each)) for each in value]
    raise InvalidError(f"option '{name}': expected a text, a number, True or False, or a list of texts, got {value!r}")


class _Progress:
    """Tells how far a compilation is, in one of three ways or not at all."""

    def __init__(self, wanted: bool | ProgressCallback | None) -> None:
        self._tell = wanted if callable(wanted) else None
        self._bar: Any = None
        # A notebook's stderr is no terminal, but shows tqdm's bars.
        self._show = sys.stderr.isatty() or "ipykernel" in sys.modules if wanted is None else wanted is True
        self._shown = 0

    def begin(self, phase: str, index: int, count: int) -> None:
        if self._tell:
            self._tell(phase, index, count)
        if not self._show:
            return
        if self._bar is None:
            try:
                from tqdm.auto import tqdm  # type: ignore[import-untyped]

                self._bar = tqdm(total=count, desc="compile", unit="phase", leave=False)
            except ImportError:
                self._bar = False
        if self._bar:
            self._bar.set_postfix_str(phase)
            self._bar.update(index - self._bar.n)
        else:
            text = f"compile: {phase} ({index + 1}/{count})"
            sys.stderr.write("\r" + text.ljust(self._shown))
            sys.stderr.flush()
            self._shown = len(text)

    def end(self) -> None:
        if self._bar:
            self._bar.close()
        elif self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()
