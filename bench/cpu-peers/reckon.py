"""Reckon's C API (include/reckon/Runtime/Runtime.h) through ctypes, on numpy arrays."""

import ctypes
import ctypes.util

import numpy as np

# In the order of ReckonElementType; None has no numpy type.
TYPES = [np.float32, np.float16, None, np.float64, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
         np.uint64, np.bool_]
NUMBERS = {np.dtype(kind): number for number, kind in enumerate(TYPES) if kind is not None}


class Tensor(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("rank", ctypes.c_size_t), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("rank", ctypes.c_size_t),
                ("shape", ctypes.POINTER(ctypes.c_char_p))]


class ContextOptions(ctypes.Structure):
    _fields_ = [("threads", ctypes.c_int), ("device", ctypes.c_char_p), ("spin_us", ctypes.c_int)]


class Library:
    def __init__(self, path):
        self.calls = ctypes.CDLL(path)
        self.calls.reckon_last_error.restype = ctypes.c_char_p
        self.calls.reckon_version.restype = ctypes.c_char_p
        for count in ("reckon_engine_num_inputs", "reckon_engine_num_outputs"):
            getattr(self.calls, count).restype = ctypes.c_size_t

    def check(self, status):
        if status:
            raise RuntimeError(self.calls.reckon_last_error().decode())


class Engine:
    def __init__(self, library, path):
        self.library = library
        self.handle = ctypes.c_void_p()
        library.check(library.calls.reckon_engine_open(path.encode(), None, ctypes.c_size_t(0),
                                                       ctypes.byref(self.handle)))
        self.outputs = []
        for index in range(library.calls.reckon_engine_num_outputs(self.handle)):
            info = TensorInfo()
            library.check(library.calls.reckon_engine_output(self.handle, ctypes.c_size_t(index), ctypes.byref(info)))
            self.outputs.append(info.name.decode())

    def close(self):
        self.library.calls.reckon_engine_close(self.handle)


class Context:
    def __init__(self, engine, threads):
        self.engine, self.library = engine, engine.library
        self.handle = ctypes.c_void_p()
        options = ContextOptions(threads, None, -1)
        self.library.check(self.library.calls.reckon_context_create(engine.handle, ctypes.byref(options),
                                                                    ctypes.byref(self.handle)))
        self.call = self.library.calls.reckon_run
        self.inputs = {}

    def bind(self, inputs):
        """Binds arrays by name; they are kept alive here."""
        self.inputs = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        for name, array in self.inputs.items():
            shape = (ctypes.c_int64 * array.ndim)(*array.shape)
            self.library.check(self.library.calls.reckon_set_input_by_name(
                self.handle, name.encode(), NUMBERS[array.dtype], ctypes.c_size_t(array.ndim), shape,
                array.ctypes.data_as(ctypes.c_void_p)))

    def run(self):
        status = self.call(self.handle)
        if status:
            self.library.check(status)

    def outputs(self):
        """Copies of the outputs by name."""
        result = {}
        for index, name in enumerate(self.engine.outputs):
            tensor = Tensor()
            self.library.check(self.library.calls.reckon_output(self.handle, ctypes.c_size_t(index),
                                                                ctypes.byref(tensor)))
            data = ctypes.string_at(tensor.data, tensor.bytes) if tensor.bytes else b""
            shape = tuple(tensor.shape[axis] for axis in range(tensor.rank))
            result[name] = np.frombuffer(data, TYPES[tensor.type]).reshape(shape)
        return result

    def close(self):
        self.library.calls.reckon_context_destroy(self.handle)
