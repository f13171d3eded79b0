"""What callers give for inputs and outputs in host memory, as arrays that the engine can read and write."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _device
from .errors import InvalidError
from .info import Array, TensorInfo


def check_names(kind: str, given: Mapping[str, object], known: Mapping[str, _device.Slot]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidError(f"expected {kind}s by name, got {type(given).__name__}")
    for name in given:
        if name not in known:
            listing = ", ".join(str(slot.info) for slot in known.values())
            raise InvalidError(f"there is no {kind} {name!r}; the engine has {listing}")


def to_array(info: TensorInfo, value: Any) -> Array:
    """`value` as a C-contiguous array of the input's dtype."""
    array = value
    if not isinstance(array, (np.ndarray, np.generic)) and hasattr(type(array), "__dlpack_device__"):
        array = _from_dlpack("input", info, array)
    if not isinstance(array, (np.ndarray, np.generic)):
        # Lists and numbers have no dtype of their own: they become the input's, where nothing is lost by it.
        try:
            loose = np.asarray(array)
            array = loose.astype(info.dtype, casting="same_kind") if loose.size else loose.astype(info.dtype)
        except MemoryError:
            raise
        except Exception as error:  # of whatever kind an object's __array__ has
            raise InvalidError(f"input '{info.name}': cannot make an array of {info.dtype} from {type(value).__name__}: {error}"
                               ) from None
    if array.dtype != info.dtype:
        if info.type == "bf16" and array.dtype.name == "bfloat16":
            array = array.view(np.uint16)
        elif array.dtype.newbyteorder("=") != info.dtype:
            raise InvalidError(f"input '{info.name}' is {array.dtype}, expected {info.dtype} ({info})")
    if array.ndim != len(info.shape):
        raise InvalidError(f"input '{info.name}' has the shape {array.shape}, expected [{', '.join(info.shape)}]")
    # Not ascontiguousarray(), which gives scalars a dimension and leaves elements where they are not aligned.
    return np.require(array, info.dtype, ["C", "A", "E"])


def make_output(info: TensorInfo, shape: tuple[int, ...], given: Any) -> Array:
    """The array that a run writes: the caller's memory, when it fits, or a new one."""
    if given is None:
        return np.empty(shape, info.dtype)
    array = _from_dlpack("output", info, given) if _device.is_torch(given) else given
    if not isinstance(array, np.ndarray):
        raise InvalidError(f"output '{info.name}': expected a numpy array or a tensor of torch, got {type(given).__name__}")
    if array.dtype != info.dtype or array.shape != shape or not (array.flags.c_contiguous and array.flags.writeable and array.flags.aligned):
        raise InvalidError(f"output '{info.name}': expected a writable C-contiguous array of {info.dtype} with the shape {shape}")
    return array


def _from_dlpack(kind: str, info: TensorInfo, tensor: Any) -> Any:
    try:
        is_torch = _device.is_torch(tensor)
        is_on_host = tensor.device.type == "cpu" if is_torch else tensor.__dlpack_device__()[0] in (1, 3)  # kDLCPU, kDLCUDAHost
        if not is_on_host:
            raise BufferError("it is not in host memory: move it there first, as with .cpu()")
        if not is_torch:
            return np.from_dlpack(tensor)
        tensor = tensor.detach()
        if info.type == "bf16" and tensor.dtype is _device.torch_dtype(info):
            return tensor.view(sys.modules["torch"].int16).numpy().view(np.uint16)  # numpy has their bits
        return tensor.numpy()  # more types than its DLPack, and no copy either
    except MemoryError:
        raise
    except Exception as error:  # of whatever kind the framework has
        raise InvalidError(f"{kind} '{info.name}': {error}") from None
