"""Reckon compiles trained recommenders to engines, and runs them.

    import reckon

    engine = reckon.compile("dlrm.onnx")
    click = engine(dense, ids)

`compile()` makes an Engine from an ONNX model; `load()` opens one that was saved. Both are safe to share between threads.
"""

from __future__ import annotations

from . import _runtime
from .engine import Bound, Context, Engine, KernelInfo, SyntheticRows, TableInfo, TensorInfo, Update, load
from ._torch import TorchModel, from_torch
from .errors import (CancelledError, Diagnostic, InternalError, InvalidError, MismatchError, ReckonError, UnavailableError, UnsupportedError)
from .profile import KernelTime, Profile, ProfileEvent

try:
    from .compiler import compile
except ModuleNotFoundError as error:
    if error.name != "reckon.compiler":
        raise

    def compile(*_: object, **__: object) -> Engine:  # type: ignore[misc]
        """Not part of reckon-runtime."""
        raise UnavailableError("this is reckon-runtime, which runs engines: install reckon to compile models")

__version__ = _runtime.version().split()[-1]
__all__ = ["Bound", "CancelledError", "Context", "Diagnostic", "Engine", "InternalError", "InvalidError", "KernelInfo", "KernelTime", "MismatchError",
           "Profile", "ProfileEvent", "ReckonError", "SyntheticRows", "TableInfo", "TensorInfo", "TorchModel", "UnavailableError", "Update", "UnsupportedError", "compile", "from_torch", "load"]
