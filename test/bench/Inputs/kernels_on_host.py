"""kernels_on_host.py SOURCE BUILD ENGINES JSON REGEX [BREAK]: runs bench/gpu-kernels/measure.py where there is no GPU. The
host's program stands in for the device's and host memory for its memory; times are the host's, and mean nothing. With
BREAK one number of what is said to be the device's answer is changed."""

import ctypes
import os
import sys
import time

source, build, engines, output, cases_wanted = sys.argv[1:6]
is_broken = len(sys.argv) > 6
sys.path[:0] = [os.path.join(source, "bench"), os.path.join(source, "bench", "gpu-kernels")]

import numpy as np  # noqa: E402

import cases  # noqa: E402
import driver  # noqa: E402
import measure  # noqa: E402
import reckon  # noqa: E402


class Memory:
    def __init__(self, gpu, size, array=None):
        self.size = size
        self.bytes = np.zeros(max(size, 1), np.uint8)
        if array is not None:
            self.bytes[:size] = np.frombuffer(array.tobytes(), np.uint8)
        self.address = ctypes.c_uint64(self.bytes.ctypes.data)

    def fill(self, byte):
        self.bytes[:] = byte

    def read(self, dtype, shape):
        assert not np.all(self.bytes == 0xFF), "nobody wrote it"
        array = np.frombuffer(self.bytes[:self.size].tobytes(), dtype).reshape(shape).copy()
        if is_broken:
            array[tuple(size - 1 for size in array.shape)] += 1000
        return array

    def free(self):
        self.bytes = None


class Driver(driver.Driver):
    def __init__(self):
        self.stream = ctypes.c_void_p()

    def wait(self):
        pass

    def describe(self):
        return {"gpu": "no GPU", "driver": "0", "cuda": "0.0"}

    def time(self, launches, rounds):
        start = time.perf_counter()
        for launch in launches * rounds:
            launch()
        return (time.perf_counter() - start) / (rounds * len(launches)) * 1e6

    def copy_bytes(self):
        return 1e9


class Context(reckon.Context):
    def __init__(self, engine, threads, device):
        super().__init__(engine, 1, "host")

    def input_binder(self, *arguments, device=False):
        return super().input_binder(*arguments)

    def output_binder(self, *arguments, device=False):
        return super().output_binder(*arguments)

    def launcher(self, stream):
        return self.run

    def synchronize(self):
        pass


driver.Memory, driver.Driver, reckon.Context = Memory, Driver, Context
for index, case in enumerate(cases.CASES):
    cases.CASES[index] = cases.dataclasses.replace(case, rows=tuple(rows for rows in (1, 3, 300)))
sys.argv[1:] = [f"--engines={engines}", f"--json={output}", f"--cases={cases_wanted}", "--rows=50", "--sets=2", "--groups=3",
                f"--library={build}/lib/libreckon-runtime.so", f"--inspect={build}/bin/reckon-inspect"]
measure.START = time.perf_counter()
sys.exit(measure.main())
