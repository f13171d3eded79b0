"""kernels_on_host.py SOURCE BUILD ENGINES JSON REGEX [BREAK]: runs bench/gpu-kernels/measure.py where there is no GPU. The
host's program stands in for the device's and host memory for its memory; times are the host's, and mean nothing. Those of
reckon-tune are made up: it is asked, and finds no driver. With BREAK one number of what is said to be the device's answer is
changed."""

import ctypes
import json
import os
import subprocess
import sys
import time

source, build, engines, output, cases_wanted = sys.argv[1:6]
is_broken = len(sys.argv) > 6
sys.path[:0] = [os.path.join(source, "bench"), os.path.join(source, "bench", "gpu-kernels")]

import numpy as np  # noqa: E402

import cases  # noqa: E402
import driver  # noqa: E402
import measure  # noqa: E402


class Memory:
    def __init__(self, gpu, size, array=None):
        self.size = size
        self.bytes = np.zeros(max(size, 1), np.uint8)
        self.shape = (size,) if array is None else array.shape
        if array is not None:
            self.bytes[:size] = np.frombuffer(array.tobytes(), np.uint8)

    def tensor(self, dtype, shape):
        return self.bytes[:self.size].view(dtype).reshape(shape)

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


class Bench(measure.Bench):
    device = "host"

    def tool(self, program, *words):
        if program != self.arguments.tune:
            return super().tool(program, *words)
        nowhere = {**os.environ, "RECKON_LIBCUDA": "/nowhere.so"}
        done = subprocess.run([program, *words], stderr=subprocess.PIPE, text=True, env=nowhere)
        assert done.returncode == 4 and "/nowhere.so" in done.stderr, done.stderr
        options = dict(word.split("=") for word in words if "=" in word)
        programs = json.loads(self.tool(self.arguments.inspect, words[0], "--json"))["programs"]
        found = cases.dispatches(next(p for p in programs if p["device"] == "cuda"))
        with open(words[words.index("-o") + 1], "w") as cache:
            cache.write("reckon-timing-cache 1\ndevice none\ndriver none\nkernels 0\n")
            for dispatch in found:
                cache.write(f"dispatch {dispatch['kernel']}\n")
                is_timed = len(dispatch["launches"]) > 1 or "--all-dispatches" in words
                for number, launch in enumerate(dispatch["launches"], 1):
                    times = [f" {rows}:{number}.5" for rows in options["--batch"].split(",")] if is_timed else []
                    cache.write(f"  launch {launch['library'] or launch['kernel']}{''.join(times)}\n")
        return ""


driver.Memory, driver.Driver, measure.Bench = Memory, Driver, Bench
for index, case in enumerate(cases.CASES):
    cases.CASES[index] = cases.dataclasses.replace(case, rows=tuple(rows for rows in (1, 3, 300)))
sys.argv[1:] = [f"--engines={engines}", f"--json={output}", f"--cases={cases_wanted}", "--rows=50", "--sets=2", "--groups=3",
                f"--inspect={build}/bin/reckon-inspect",
                f"--tune={build}/bin/reckon-tune"]
measure.START = time.perf_counter()
sys.exit(measure.main())
