"""Reckon compiles trained recommenders to engines, and runs them.

    import reckon

    engine = reckon.compile("dlrm.onnx")
    click = engine(dense, ids)

`compile()` makes an Engine from an ONNX model; `load()` opens one that was saved. Both are safe to share between threads.
"""

from __future__ import annotations

from . import _runtime
from ._torch import TorchModel, from_torch
from .context import Bound, Context
from .engine import Engine, load
from .errors import (CancelledError, DeadlineError, Diagnostic, InternalError, InvalidError, MismatchError, ReckonError, UnavailableError,
                     UnsupportedError)
from .info import KernelInfo, TableInfo, TensorInfo, WeightInfo
from .profile import KernelTime, Profile, ProfileEvent
from .tables import SyntheticRows
from .updates import Update, UpdateLog

try:
    from .compiler import compile
except ModuleNotFoundError as error:
    if error.name != "reckon.compiler":
        raise

    def compile(*_: object, **__: object) -> Engine:  # type: ignore[misc]
        """Not part of reckon-runtime."""
        raise UnavailableError("this is reckon-runtime, which runs engines: install reckon to compile models")

__version__ = _runtime.version().split()[-1]
__all__ = ["Bound", "CancelledError", "Context", "DeadlineError", "Diagnostic", "Engine", "InternalError", "InvalidError", "KernelInfo",
           "KernelTime", "MismatchError", "Profile", "ProfileEvent", "ReckonError", "SyntheticRows", "TableInfo", "TensorInfo", "TorchModel",
           "UnavailableError", "UnsupportedError", "Update", "UpdateLog", "WeightInfo", "compile", "from_torch", "load"]
