"""Tensors in the memory of a GPU: torch's, cupy's, and all that have `__cuda_array_interface__`."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InvalidError

if TYPE_CHECKING:
    from .engine import TensorInfo

_INTERFACE = "__cuda_array_interface__"


def is_on_device(value: Any) -> bool:
    """Whether `value` is a tensor on a GPU. torch's tensors have the attribute also when they are not."""
    if isinstance(value, (np.ndarray, np.generic, list, tuple, int, float)):
        return False
    return bool(getattr(value, "is_cuda", hasattr(type(value), _INTERFACE)))


def describe(kind: str, info: TensorInfo, value: Any) -> tuple[int, tuple[int, ...], int]:
    """The address, the shape and the bytes of a contiguous tensor of the dtype."""
    if not is_on_device(value):
        raise InvalidError(f"{kind} '{info.name}' is not on the GPU, and others are")
    try:
        interface = getattr(value.detach() if hasattr(value, "detach") else value, _INTERFACE)
    except (TypeError, RuntimeError, AttributeError) as error:
        raise InvalidError(f"{kind} '{info.name}': {error}") from None
    dtype, shape = np.dtype(interface["typestr"]), tuple(interface["shape"])
    if dtype != info.dtype:
        raise InvalidError(f"{kind} '{info.name}' is {dtype}, expected {info.dtype} ({info})")
    strides = interface.get("strides")
    if strides is not None and tuple(strides) != _dense(shape, dtype.itemsize) and math.prod(shape) != 0:
        raise InvalidError(f"{kind} '{info.name}' is not contiguous: make it so first, as with .contiguous()")
    address, is_read_only = interface["data"]
    if kind == "output" and is_read_only:
        raise InvalidError(f"output '{info.name}' is read-only")
    if len(shape) != len(info.shape):
        raise InvalidError(f"{kind} '{info.name}' has the shape {shape}, expected [{', '.join(info.shape)}]")
    return address or 0, shape, math.prod(shape) * dtype.itemsize


def _dense(shape: tuple[int, ...], item: int) -> tuple[int, ...]:
    strides = [item]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * size)
    return tuple(reversed(strides[: len(shape)]))


def make_like(value: Any, info: TensorInfo, shape: list[int]) -> Any:
    """A new tensor for an output, of the framework and on the GPU of `value`."""
    framework = type(value).__module__.partition(".")[0]
    if framework == "torch":
        torch = sys.modules["torch"]
        return torch.empty(shape, dtype=getattr(torch, info.dtype.name), device=value.device)
    if framework == "cupy":
        return sys.modules["cupy"].empty(shape, dtype=info.dtype)
    raise InvalidError(f"output '{info.name}': give a tensor for it in `out`: {type(value).__name__} cannot be made here")


def current_stream(value: Any) -> int:
    """The stream that the framework of `value` works on now; the default stream of others."""
    framework = type(value).__module__.partition(".")[0]
    if framework == "torch":
        return int(sys.modules["torch"].cuda.current_stream(value.device).cuda_stream)
    if framework == "cupy":
        return int(sys.modules["cupy"].cuda.get_current_stream().ptr)
    return 0
