"""The few calls of the CUDA driver that a benchmark needs, through ctypes: memory, a stream, and times by events."""

import ctypes
import os
import statistics
import subprocess

import numpy as np


class Missing(Exception):
    """There is no driver or no GPU."""


class Driver:
    def __init__(self):
        try:
            self.calls = ctypes.CDLL(os.environ.get("RECKON_LIBCUDA") or "libcuda.so.1")
        except OSError as error:
            raise Missing(f"no NVIDIA driver: {error}") from error
        count = ctypes.c_int()
        if self.calls.cuInit(0) or self.calls.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
            raise Missing("the NVIDIA driver finds no GPU")
        self.device, context = ctypes.c_int(), ctypes.c_void_p()
        self.call("cuDeviceGet", ctypes.byref(self.device), 0)
        # The context that Reckon uses, too.
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), self.device)
        self.call("cuCtxPushCurrent_v2", context)
        self.stream = ctypes.c_void_p()
        self.call("cuStreamCreate", ctypes.byref(self.stream), 0)
        self.events = ctypes.c_void_p(), ctypes.c_void_p()
        for event in self.events:
            self.call("cuEventCreate", ctypes.byref(event), 0)

    def call(self, name, *arguments):
        status = getattr(self.calls, name)(*arguments)
        if status:
            text = ctypes.c_char_p()
            self.calls.cuGetErrorString(status, ctypes.byref(text))
            raise RuntimeError(f"{name}: {(text.value or b'error').decode()} ({status})")

    def describe(self):
        name, version = ctypes.create_string_buffer(256), ctypes.c_int()
        self.call("cuDeviceGetName", name, 256, self.device)
        self.call("cuDriverGetVersion", ctypes.byref(version))
        try:
            words = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
            driver = subprocess.run(words, text=True, stdout=subprocess.PIPE).stdout.strip().split("\n")[0]
        except OSError:
            driver = "unknown"
        return {"gpu": name.value.decode(), "driver": driver, "cuda": f"{version.value // 1000}.{version.value % 1000 // 10}"}

    def wait(self):
        self.call("cuStreamSynchronize", self.stream)

    def time(self, launches, rounds):
        """Microseconds of each of `launches`, run one after the other, round and round."""
        begin, end = self.events
        self.call("cuEventRecord", begin, self.stream)
        for _ in range(rounds):
            for launch in launches:
                launch()
        self.call("cuEventRecord", end, self.stream)
        self.call("cuEventSynchronize", end)
        milliseconds = ctypes.c_float()
        self.call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
        return milliseconds.value * 1e3 / (rounds * len(launches))

    def median(self, launches, groups):
        """A group of launches between two events lasts a millisecond or more, so that the events do not show."""
        self.time(launches, 2)
        rounds = max(1, round(1e3 / (self.time(launches, 3) * len(launches))))
        return statistics.median(self.time(launches, rounds) for _ in range(groups))

    def copy_bytes(self, size=1 << 32):
        """Bytes a second, read plus written, of a large copy on the device."""
        source, target = Memory(self, size), Memory(self, size)
        source.fill(0x5A)
        copy = lambda: self.call("cuMemcpyDtoDAsync_v2", target.address, source.address, ctypes.c_size_t(size), self.stream)
        microseconds = self.median([copy], 9)
        source.free()
        target.free()
        return 2 * size / microseconds * 1e6


class Memory:
    """Device memory; `array` is what it holds at first."""

    def __init__(self, driver, size, array=None):
        self.driver, self.size, self.address = driver, size, ctypes.c_uint64()
        self.shape = (size,) if array is None else array.shape
        driver.call("cuMemAlloc_v2", ctypes.byref(self.address), ctypes.c_size_t(max(size, 1)))
        if array is not None and size:
            driver.call("cuMemcpyHtoD_v2", self.address, ctypes.c_void_p(array.ctypes.data), ctypes.c_size_t(size))

    def fill(self, byte):
        self.driver.call("cuMemsetD8_v2", self.address, ctypes.c_ubyte(byte), ctypes.c_size_t(self.size))

    def tensor(self, dtype, shape):
        """What the package takes: the memory with elements of a type, on the driver's stream."""
        return Tensor(self, np.dtype(dtype), tuple(shape))

    def read(self, dtype, shape):
        array = np.empty(shape, dtype)
        self.driver.wait()
        self.driver.call("cuMemcpyDtoH_v2", ctypes.c_void_p(array.ctypes.data), self.address, ctypes.c_size_t(array.nbytes))
        return array

    def free(self):
        self.driver.call("cuMemFree_v2", self.address)


class Tensor:
    def __init__(self, memory, dtype, shape):
        self.memory = memory  # kept
        self.__cuda_array_interface__ = {"version": 3, "typestr": dtype.str, "shape": shape, "strides": None,
                                         "data": (memory.address.value, False), "stream": memory.driver.stream.value}
