"""Tensors on a GPU that is made of host memory: what test_device.py runs, with RECKON_LIBCUDA naming the tests' driver, which
reads PTX alone.

The class has DLPack's table of C functions, as torch's tensors have. Kernels do not run there; what is looked at is which way calls go.
"""

import collections
import ctypes
import sys
import types

import numpy as np

import models
import reckon

CUDA, STREAM = 2, 0x5EED
calls = collections.Counter()


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32), ("ndim", ctypes.c_int32),
                ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16), ("shape", ctypes.c_void_p),
                ("strides", ctypes.c_void_p), ("byte_offset", ctypes.c_uint64)]


class Tensor:
    """An array as a tensor on a GPU."""

    def __init__(self, array, device=0):
        self.array, self.gpu = array, device
        self.shape, self.strides = ((ctypes.c_int64 * array.ndim)(*sizes) for sizes in (array.shape, [s // array.itemsize for s in array.strides]))

    @property
    def device(self):
        return type("Device", (), {"index": self.gpu})

    @property
    def __cuda_array_interface__(self):
        calls["interface"] += 1
        return {**self.array.__array_interface__, "version": 3, "stream": STREAM}


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.POINTER(DLTensor))
def to_tensor(tensor, out):
    calls["to_tensor"] += 1
    code = {"i": 0, "u": 1, "f": 2, "b": 6}[tensor.array.dtype.kind]
    out[0] = DLTensor(tensor.array.ctypes.data, CUDA, tensor.gpu, tensor.array.ndim, code, tensor.array.itemsize * 8, 1,
                      ctypes.addressof(tensor.shape), ctypes.addressof(tensor.strides), 0)
    return 0


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int32, ctypes.c_int32, ctypes.POINTER(ctypes.c_void_p))
def current_stream(kind, gpu, out):
    calls["current_stream"] += 1
    out[0] = STREAM
    return 0


def make_table(major, older=None):
    """Version, the older table, and the functions in their order; those in front are not for us."""
    return (ctypes.c_void_p * 7)(major, older, None, None, None, ctypes.cast(to_tensor, ctypes.c_void_p), ctypes.cast(current_stream, ctypes.c_void_p))


TABLE = make_table(1)
NEWER = make_table(2, ctypes.addressof(TABLE))
UNKNOWN = make_table(2)


def make_class(table):
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    return type("WithTable", (Tensor,), {"__dlpack_c_exchange_api__": new(ctypes.addressof(table), b"dlpack_exchange_api", None)})


def check(expected, call):
    """That a call asks what is expected of tensors."""
    calls.clear()
    result = call()
    assert calls == expected, (dict(calls), expected)
    return result


def check_refused(text, call):
    try:
        call()
    except reckon.InvalidError as error:
        assert text in str(error), str(error)
    else:
        raise AssertionError(f"not refused: {text}")


def make_cupy():
    """A module of that name, with what is asked of cupy."""
    cupy = types.ModuleType("cupy")
    cupy.ndarray = type("ndarray", (Tensor,), {"__module__": "cupy._core.core", "device": property(lambda self: types.SimpleNamespace(id=self.gpu))})
    cupy.empty = lambda shape, dtype: cupy.ndarray(np.empty(shape, dtype))
    cupy.cuda = types.SimpleNamespace(get_current_stream=lambda: types.SimpleNamespace(ptr=STREAM, synchronize=lambda: None))
    sys.modules["cupy"] = cupy
    return cupy.ndarray


def main():
    engine = reckon.compile(models.make_lookup(), target="cuda")
    context = engine.create_context()
    arrays = {"x": np.ones((4, 3), np.float32), "ids": np.arange(4)}
    results = {"y": np.zeros((4, 3), np.float32), "next": np.zeros(4, np.int64)}

    def wrap(kind, arrays, **options):
        return {name: kind(array, **options) for name, array in arrays.items()}

    direct, slow = {"to_tensor": 4, "current_stream": 1}, {"interface": 5}
    for kind, expected in ((make_class(TABLE), direct), (make_class(NEWER), direct), (make_class(UNKNOWN), slow), (Tensor, slow),
                           (type("Derived", (make_class(TABLE),), {}), slow)):
        inputs, out = wrap(kind, arrays), wrap(kind, results)
        given = check(expected, lambda: context.run(inputs, out))
        assert given == out and list(given) == ["y", "next"]
        check(expected, lambda: context.run(inputs, out, timeout=1))
    kind = make_class(TABLE)
    inputs, out = wrap(kind, arrays), wrap(kind, results)
    bound = context.bind(inputs, out)
    check({"interface": 1}, bound.run)
    context.synchronize()
    check_refused("output 'y': give a tensor for it in `out`: WithTable cannot be made here", lambda: context.run(inputs))
    check_refused("output 'next': give a tensor for it in `out`", lambda: context.run(inputs, {"y": out["y"]}))
    check_refused("input 'x' is on GPU 1, and the context on GPU 0", lambda: context.run(wrap(kind, arrays, device=1), out))
    check_refused("input 'ids' is not on the GPU, and others are", lambda: context.run({**inputs, "ids": arrays["ids"]}, out))
    check_refused("input 'x' is float64, expected float32", lambda: context.run({**inputs, "x": kind(np.ones((4, 3)))}, out))
    check_refused("input 'x' is not contiguous", lambda: context.run({**inputs, "x": kind(np.ones((3, 4), np.float32).T)}, out))
    check_refused("input 'x' has the shape (4,), expected [batch, 3]", lambda: context.run({**inputs, "x": kind(np.ones(4, np.float32))}, out))
    check_refused("input 'ids' axis 0: got 3, expected 4", lambda: context.run({**inputs, "ids": kind(np.arange(3))}, out))
    check_refused("output 'y': expected the shape (4, 3), got (3, 3)", lambda: context.run(inputs, {**out, "y": kind(np.zeros((3, 3), np.float32))}))
    check_refused("output 'y' is not on the GPU, and others are", lambda: context.run(inputs, {**out, "y": results["y"]}))
    check_refused("device memory goes with a context on a 'cuda' device",
                  lambda: reckon.compile(models.make_lookup()).run(inputs, out))
    kind = make_cupy()
    inputs = wrap(kind, arrays)
    made = check({"interface": 4}, lambda: context.run(inputs))
    assert {type(value) for value in made.values()} == {kind} and made["y"].array.shape == (4, 3), made
    assert engine(inputs["x"], inputs["ids"])[1].array.dtype == np.int64
    engine.profile(inputs)
    check_refused("input 'x' is on GPU 2, and the context on GPU 0", lambda: context.run({**inputs, "x": kind(arrays["x"], 2)}))
    host = context.run(arrays)
    assert isinstance(host["y"], np.ndarray) and host["y"].shape == (4, 3)
    print("all went the right way")


main()
