"""What can go wrong, each with the exit code that the command-line tools use for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diagnostic:
    """What the compiler says of a model.

    `severity` is "error", "warning", "remark" or "note" (which belongs to the one before it); `location` names ONNX nodes, or
    a file and the place in it, and is empty when nothing is known.
    """

    severity: str
    location: str
    message: str

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{self.severity}: {where}{self.message}"


class ReckonError(Exception):
    """The base of all errors here. `code` is the tools' exit code; `diagnostics` are the compiler's, where it had a part."""

    code = 1

    def __init__(self, message: str, diagnostics: tuple[Diagnostic, ...] = ()) -> None:
        super().__init__(message)
        self.diagnostics = diagnostics


class MismatchError(ReckonError):
    """With `verify`: the engine's outputs differ from the reference evaluator's."""

    code = 1


class InvalidError(ReckonError, ValueError):
    """Wrong use or wrong data: an option, a file, a dtype, a shape, an id out of range. The message names it."""

    code = 2


class UnsupportedError(ReckonError, NotImplementedError):
    """A valid model that the compiler has no code for, or an engine of another format version."""

    code = 3


class UnavailableError(ReckonError, RuntimeError):
    """The machine lacks something: memory, a CPU feature, a GPU, a writable disk."""

    code = 4


class InternalError(ReckonError, RuntimeError):
    """A kernel of an engine compiled with check_kernels left its memory: a fault of the compiler."""

    code = 5


class CancelledError(ReckonError):
    """A compilation or a run that was cancelled."""

    code = 6


class DeadlineError(ReckonError, TimeoutError):
    """A run that did not end within its `timeout`."""

    code = 7


_BY_STATUS = {error.code: error for error in (MismatchError, InvalidError, UnsupportedError, UnavailableError, CancelledError,
                                              InternalError, DeadlineError)}


def from_status(status: int, message: str) -> ReckonError:
    """The exception for a status of the C interfaces."""
    return _BY_STATUS.get(status, ReckonError)(message)
