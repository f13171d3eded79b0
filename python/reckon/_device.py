"""Tensors in the memory of a GPU: torch's, cupy's, and all that have `__cuda_array_interface__`.

A run on a GPU takes a few microseconds, so what is asked of a tensor here is what its framework answers fastest.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InvalidError

if TYPE_CHECKING:
    from .info import TensorInfo

_INTERFACE = "__cuda_array_interface__"
_HOST_TYPES = (np.ndarray, np.generic, list, tuple, int, float)


class Slot:
    """An input or output, and what tensors for it are compared with."""

    __slots__ = ("kind", "info", "name", "dtype_name", "item_bytes", "rank", "torch_dtype")

    def __init__(self, kind: str, info: TensorInfo) -> None:
        self.kind, self.info, self.name = kind, info, info.name
        self.dtype_name, self.item_bytes, self.rank = info.dtype.name, info.dtype.itemsize, len(info.shape)
        self.torch_dtype: Any = None  # known once torch is there


def is_torch(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def torch_dtype(info: TensorInfo) -> Any:
    """torch's type for an input or output; torch must be there."""
    return getattr(sys.modules["torch"], "bfloat16" if info.type == "bf16" else info.dtype.name)


def is_on_device(value: Any) -> bool:
    """Whether `value` is a tensor on a GPU. torch's tensors have the interface also when they are not."""
    if isinstance(value, _HOST_TYPES):
        return False
    return bool(value.is_cuda) if is_torch(value) else hasattr(type(value), _INTERFACE)


def gpu_of(device: str) -> int | None:
    """The number of a context's GPU."""
    kind, _, number = device.partition(":")
    return int(number or 0) if kind == "cuda" else None


def describe(slot: Slot, value: Any, gpu: int | None) -> tuple[int, tuple[int, ...], int]:
    """The address, the shape and the bytes of a contiguous tensor of the dtype, for a context on that GPU."""
    if is_torch(value):
        if slot.torch_dtype is None:
            slot.torch_dtype = torch_dtype(slot.info)
        if (value.dtype is slot.torch_dtype and value.is_cuda and value.get_device() == gpu and value.is_contiguous() and not value.is_neg()
                and value.dim() == slot.rank):
            return value.data_ptr(), value.shape, value.numel() * slot.item_bytes
    return _describe_any(slot, value, gpu)


def _describe_any(slot: Slot, value: Any, gpu: int | None) -> tuple[int, tuple[int, ...], int]:
    """The same of any tensor, or what is wrong with it."""
    what = f"{slot.kind} '{slot.name}'"
    if not is_on_device(value):
        raise InvalidError(f"{what} is not on the GPU, and others are")
    device = getattr(value, "device", None)
    number = getattr(device, "index", getattr(device, "id", None))  # torch's, cupy's
    if gpu is not None and isinstance(number, int) and number != gpu:
        raise InvalidError(f"{what} is on GPU {number}, and the context on GPU {gpu}")
    if is_torch(value) and value.is_neg():
        raise InvalidError(f"{what} is a view with negated elements: make them its own first, with .resolve_neg()")
    try:
        interface = getattr(value.detach() if is_torch(value) else value, _INTERFACE)
        address, is_read_only = interface["data"]
        dtype, shape, strides = np.dtype(interface["typestr"]), tuple(map(int, interface["shape"])), interface.get("strides")
        strides = strides and tuple(map(int, strides))
    except Exception as error:  # of whatever kind an attribute's function has
        raise InvalidError(f"{what}: {type(error).__name__}: {error}") from None
    if dtype != slot.info.dtype:
        raise InvalidError(f"{what} is {dtype}, expected {slot.dtype_name} ({slot.info})")
    if strides is not None and math.prod(shape) != 0 and strides != _dense(shape, dtype.itemsize):
        raise InvalidError(f"{what} is not contiguous: make it so first, as with .contiguous()")
    if len(shape) != slot.rank:
        raise InvalidError(f"{what} has the shape {shape}, expected [{', '.join(slot.info.shape)}]")
    if slot.kind == "output" and is_read_only:
        raise InvalidError(f"{what} is read-only")
    return address or 0, shape, math.prod(shape) * dtype.itemsize


def _dense(shape: tuple[int, ...], item: int) -> tuple[int, ...]:
    strides = [item]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * size)
    return tuple(reversed(strides[: len(shape)]))


Maker = Callable[[Sequence[int]], Any]


def make_makers(slots: tuple[Slot, ...], first: Any) -> list[Maker]:
    """For each output a function that makes one of a shape: like a tensor on a GPU, or an array when that is None."""
    if first is None:
        return [partial(np.empty, dtype=slot.info.dtype) for slot in slots]
    makers = [maker_like(first, slot) for slot in slots]
    # Made once, for many calls: a tensor's own method is faster than torch.empty() with keyword arguments.
    return [maker((0,)).new_empty for maker in makers] if is_torch(first) else makers


def maker_like(value: Any, slot: Slot) -> Maker:
    """Makes tensors for an output, of the framework and on the GPU of `value`."""
    if is_torch(value):
        return partial(sys.modules["torch"].empty, dtype=torch_dtype(slot.info), device=value.device)
    if type(value).__module__.partition(".")[0] == "cupy":
        return partial(sys.modules["cupy"].empty, dtype=slot.info.dtype)
    return partial(_refuse_to_make, slot.name, type(value).__name__)


def _refuse_to_make(name: str, kind: str, _: Sequence[int]) -> Any:
    raise InvalidError(f"output '{name}': give a tensor for it in `out`: {kind} cannot be made here")


def wait(value: Any) -> None:
    """Waits for what the framework of `value` has enqueued on its current stream."""
    if is_torch(value):
        sys.modules["torch"].cuda.current_stream(value.device).synchronize()
    elif type(value).__module__.partition(".")[0] == "cupy":
        sys.modules["cupy"].cuda.get_current_stream().synchronize()


def current_stream(value: Any) -> int:
    """The stream that the framework of `value` works on now; of others the one that the tensor names, or the default stream."""
    if is_torch(value):
        torch, device = sys.modules["torch"], value.device.index
        # What torch.cuda.current_stream() asks, without making an object of it.
        raw = getattr(torch._C, "_cuda_getCurrentRawStream", None)
        return int(raw(device) if raw else torch.cuda.current_stream(device).cuda_stream)
    if type(value).__module__.partition(".")[0] == "cupy":
        return int(sys.modules["cupy"].cuda.get_current_stream().ptr)
    # 1 and 2, the default streams, are also what the driver calls them.
    return int(getattr(value, _INTERFACE).get("stream") or 0)
