"""Reckon's C API (include/reckon/Runtime/Runtime.h) through ctypes, on numpy arrays."""

import ctypes
import ctypes.util

import numpy as np

# numpy's types by the library's names for them; it has no bf16.
NUMPY = {"f32": np.float32, "f16": np.float16, "f64": np.float64, "i8": np.int8, "i16": np.int16, "i32": np.int32,
         "i64": np.int64, "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "bool": np.bool_}


class Tensor(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("rank", ctypes.c_size_t), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int), ("rank", ctypes.c_size_t),
                ("shape", ctypes.POINTER(ctypes.c_char_p))]


class TableBinding(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("table", ctypes.c_char_p), ("source", ctypes.c_int), ("path", ctypes.c_char_p),
                ("offset", ctypes.c_uint64), ("data", ctypes.c_void_p), ("rows", ctypes.c_int64), ("seed", ctypes.c_uint64)]


SYNTHETIC = 3  # RECKON_TABLE_SYNTHETIC


class ContextOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int), ("device", ctypes.c_char_p), ("spin_us", ctypes.c_int),
                ("graph_cache", ctypes.c_int)]


class Library:
    def __init__(self, path):
        self.calls = ctypes.CDLL(path)
        self.calls.reckon_last_error.restype = ctypes.c_char_p
        self.calls.reckon_version.restype = ctypes.c_char_p
        for count in ("reckon_engine_num_inputs", "reckon_engine_num_outputs"):
            getattr(self.calls, count).restype = ctypes.c_size_t
        self.calls.reckon_element_name.restype = ctypes.c_char_p
        self.types = []  # numpy's, by number; None where it has none
        while (name := self.calls.reckon_element_name(len(self.types)).decode()) != "?":
            self.types.append(NUMPY.get(name))
        self.numbers = {np.dtype(kind): number for number, kind in enumerate(self.types) if kind is not None}
        # Libraries that gpu-peers/versions compares with may be from before structs of options had a size.
        self.calls.reckon_engine_open(b"/", ctypes.byref(TableBinding()), ctypes.c_size_t(1), ctypes.byref(ctypes.c_void_p()))
        self.takes_sizes = b"struct_size" in self.calls.reckon_last_error()

    def options(self, kind, *fields):
        """A struct of options as the library takes it."""
        struct = kind(ctypes.sizeof(kind), *fields)
        return ctypes.byref(struct, 0 if self.takes_sizes else kind.struct_size.size)

    def check(self, status):
        if status:
            raise RuntimeError(self.calls.reckon_last_error().decode())


class Engine:
    def __init__(self, library, path, synthetic_rows=None, seed=0):
        """`synthetic_rows`: every table gets so many made-up rows instead of its own."""
        self.library = library
        self.handle = ctypes.c_void_p()
        binding = library.options(TableBinding, None, SYNTHETIC, None, 0, None, synthetic_rows or 0, seed)
        library.check(library.calls.reckon_engine_open(path.encode(), binding,
                                                       ctypes.c_size_t(0 if synthetic_rows is None else 1),
                                                       ctypes.byref(self.handle)))
        self.inputs = self.names("input")
        self.outputs = self.names("output")

    def names(self, kind):
        calls, names = self.library.calls, []
        for index in range(getattr(calls, f"reckon_engine_num_{kind}s")(self.handle)):
            info = TensorInfo()
            self.library.check(getattr(calls, f"reckon_engine_{kind}")(self.handle, ctypes.c_size_t(index),
                                                                       ctypes.byref(info)))
            names.append(info.name.decode())
        return names

    def close(self):
        self.library.calls.reckon_engine_close(self.handle)


class Context:
    def __init__(self, engine, threads=0, device=None):
        self.engine, self.library = engine, engine.library
        self.handle = ctypes.c_void_p()
        options = self.library.options(ContextOptions, threads, device.encode() if device else None, -1, 0)
        self.library.check(self.library.calls.reckon_context_create(engine.handle, options,
                                                                    ctypes.byref(self.handle)))
        self.call = self.library.calls.reckon_run
        self.inputs = {}

    def caller(self, name, *arguments):
        """A function that makes one call of the C interface with arguments converted beforehand."""
        call, handle, check = getattr(self.library.calls, name), self.handle, self.library.check

        def invoke():
            status = call(handle, *arguments)
            if status:
                check(status)
        return invoke

    def input_binder(self, name, dtype, shape, address, device=False):
        """What binds an input, in host memory or on the context's device, that the caller keeps alive."""
        return self.caller("reckon_set_device_input" if device else "reckon_set_input",
                           ctypes.c_size_t(self.engine.inputs.index(name)), ctypes.c_int(self.library.numbers[np.dtype(dtype)]),
                           ctypes.c_size_t(len(shape)), (ctypes.c_int64 * len(shape))(*shape), ctypes.c_void_p(address))

    def output_binder(self, index, dtype, address, capacity, device=False):
        return self.caller("reckon_set_device_output" if device else "reckon_set_output", ctypes.c_size_t(index),
                           ctypes.c_int(self.library.numbers[np.dtype(dtype)]), ctypes.c_void_p(address), ctypes.c_size_t(capacity))

    def bind(self, inputs):
        """Binds arrays by name; they are kept alive here."""
        self.inputs = {name: np.ascontiguousarray(array) for name, array in inputs.items()}
        for name, array in self.inputs.items():
            self.input_binder(name, array.dtype, array.shape, array.ctypes.data)()

    def run(self):
        status = self.call(self.handle)
        if status:
            self.library.check(status)

    def launcher(self, stream):
        """A function that enqueues one run on a CUDA stream and does nothing else."""
        return self.caller("reckon_run_async", ctypes.c_void_p(stream))

    def synchronize(self):
        self.library.check(self.library.calls.reckon_synchronize(self.handle))

    def output_shapes(self):
        """(type, shape) of each output, from the inputs that are bound."""
        self.library.check(self.library.calls.reckon_prepare(self.handle))
        result = []
        for index in range(len(self.engine.outputs)):
            tensor = Tensor()
            self.library.check(self.library.calls.reckon_output(self.handle, ctypes.c_size_t(index),
                                                                ctypes.byref(tensor)))
            result.append((self.library.types[tensor.type], tuple(tensor.shape[axis] for axis in range(tensor.rank))))
        return result

    def outputs(self):
        """Copies of the outputs by name."""
        result = {}
        for index, name in enumerate(self.engine.outputs):
            tensor = Tensor()
            self.library.check(self.library.calls.reckon_output(self.handle, ctypes.c_size_t(index),
                                                                ctypes.byref(tensor)))
            data = ctypes.string_at(tensor.data, tensor.bytes) if tensor.bytes else b""
            shape = tuple(tensor.shape[axis] for axis in range(tensor.rank))
            result[name] = np.frombuffer(data, self.library.types[tensor.type]).reshape(shape)
        return result

    def close(self):
        self.library.calls.reckon_context_destroy(self.handle)
