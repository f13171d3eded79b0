"""Engines: compiled models."""

from __future__ import annotations

import asyncio
import math
import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _device, _runtime
from .arrays import check_names
from .context import Context
from .errors import Diagnostic, InvalidError
from .info import Array, KernelInfo, PathLike, TableInfo, TensorInfo, WeightInfo
from .profile import Profile, html_table
from .tables import Rows, SyntheticRows, bind_rows, check_rows, read_rows
from .updates import Update, UpdateLog, to_ids

if TYPE_CHECKING:
    from ._compiler import Compilation


_DEVICE_TABLES = ("own", "shared", "shared-or-own")  # by their numbers in the C interface


def load(engine: PathLike | bytes | bytearray | memoryview | Compilation, *, tables: Mapping[str, Rows] | SyntheticRows | None = None,
         device: str = "host", threads: int = 0, public_key: bytes | None = None, device_tables: str = "own",
         huge_pages: bool = False, numa_interleave: bool = False, scrub_bytes_per_second: int = 0) -> "Engine":
    """Opens an engine, checking all of it.

    Args:
        engine: the path of an engine file, its bytes, or "shm:NAME": what `python -m reckon share` put in shared memory, of which
            all processes have one copy.
        tables: rows of embedding tables by ONNX name, in place of the engine's own: the path of a .npy or raw file, which is
            mapped, an array of rows x row_bytes as the table stores them, or SyntheticRows, which may also stand for every table.
            Arrays must not be changed while the engine lives.
        device: "host", "cuda" (the first GPU) or "cuda:N": where contexts run.
        threads: threads that work on one run, the caller included; 0: as many as there are CPUs.
        public_key: 32 bytes; what this key has not signed is refused: the engine, rows that a run reads, its update logs.
        device_tables: where tables lie on a GPU: "own" memory, "shared": once for all processes of this user that ask for it and have
            the same rows, or "shared-or-own" where that does not go.
        huge_pages, numa_interleave: on the host tables of 1 MiB and more are copied to memory of this process, on huge pages, or a
            page on each NUMA node in turn, when they are first wanted. Arrays in `tables` stay where they are.
        scrub_bytes_per_second: a thread of the engine's checks the rows that have not been at this pace, where no CPU is wanted for
            something else; 0: none does. `counters()["unchecked_bytes"]` says what is left.

    Raises:
        InvalidError: the file is no engine or damaged, a table does not fit, or it is not signed by the key.
        UnsupportedError: another format version. By the first run, not here: no code for the device.
        UnavailableError: there is no memory, or no libsodium for signatures, or the system refuses what is asked of memory. By the first run: the CPU or the GPU is not there.

    >>> reckon.compile("model.onnx").save("model.rkn")
    >>> engine = reckon.load("model.rkn", threads=1)
    >>> engine(x, ids).shape
    (2, 3)
    """
    if device_tables not in _DEVICE_TABLES:
        raise InvalidError(f"device_tables: got {device_tables!r}, expected one of {', '.join(_DEVICE_TABLES)}")
    place = _DEVICE_TABLES.index(device_tables)
    host_tables = bool(huge_pages) + 2 * bool(numa_interleave)  # as the C interface adds them up
    if isinstance(tables, SyntheticRows):
        rows: dict[str, str | Array | SyntheticRows] = {}
        bindings: list[_runtime.Binding] = [bind_rows(None, tables)]
    else:
        if not isinstance(tables, (Mapping, type(None))):
            raise InvalidError(f"tables: expected rows by name, or SyntheticRows, got {type(tables).__name__}")
        rows = {name: read_rows(name, given) for name, given in (tables or {}).items()}
        bindings = [bind_rows(name, given) for name, given in rows.items()]
    if isinstance(engine, (str, os.PathLike)):
        source: Any = os.fspath(engine)
        native = _runtime.open_file(source, bindings, public_key, place, host_tables, scrub_bytes_per_second)
    else:
        source = engine
        try:
            is_dense = memoryview(source).c_contiguous
        except TypeError:
            is_dense = False
        if not is_dense:
            raise InvalidError(f"expected the path of an engine or its bytes in one piece, got {type(engine).__name__}")
        native = _runtime.open_memory(engine, bindings, public_key, place, host_tables, scrub_bytes_per_second)
    opened = Engine(native, device=device, threads=threads, source=source)
    opened._options = {"public_key": public_key, "device_tables": device_tables, "huge_pages": huge_pages, "numa_interleave": numa_interleave,
                       "scrub_bytes_per_second": scrub_bytes_per_second}
    # Nothing has been read of the arrays yet, whose types the C interface does not see.
    for table in opened.tables:
        check_rows(table, rows.get(table.name))
    return opened


class Engine:
    """A compiled model. Immutable, and may be used from any thread: each gets a context of its own behind the scenes.

    Attributes:
        inputs, outputs: what goes in and out, as TensorInfo in the model's order.
        tables: the embedding tables, as TableInfo.
        dims: the names of the dimensions that inputs decide, such as "batch".
        kernels: what runs, as KernelInfo, for every device that there is code for.
        device, threads: as given to load().
        diagnostics: what the compiler said, of an engine that compile() made.
    """

    def __init__(self, native: _runtime.Engine, *, device: str, threads: int, source: Any) -> None:
        if not isinstance(device, str):
            raise InvalidError(f"device: got {device!r}, expected 'host', 'cuda' or 'cuda:N'")
        if not isinstance(threads, int) or not 0 <= threads <= 1024:
            raise InvalidError(f"threads: got {threads!r}, expected 0 to 1024")
        self._native: _runtime.Engine | None = native
        self._source = source
        self._options: dict[str, Any] = {}  # of load(), for another one of the same
        self._contexts = threading.local()
        self.device, self.threads = device, threads
        self.diagnostics: tuple[Diagnostic, ...] = ()
        self.inputs = tuple(_describe(*fields) for fields in native.inputs())
        self.outputs = tuple(_describe(*fields) for fields in native.outputs())
        self.tables = tuple(TableInfo(name, kind, np.dtype(dtype), encoding, rows, dim, row_bytes)
                            for name, kind, dtype, encoding, rows, dim, row_bytes in native.tables())
        self.dims = tuple(native.dims())[: len(native.dims()) - len(self.tables)]
        self.kernels = tuple(KernelInfo(name, kind, on, target, tuple(nodes)) for name, kind, on, target, nodes in native.kernels())
        self._inputs = {info.name: _device.Slot("input", info) for info in self.inputs}
        self._outputs = {info.name: _device.Slot("output", info) for info in self.outputs}

    # --- Running ---

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs on inputs in the model's order or by name. Gives the output, or a tuple when there are several.

        Raises what run() does.

        >>> engine(x, ids).shape, engine(ids=ids, x=x).dtype
        ((2, 3), dtype('float32'))
        """
        if not kwargs and len(args) == len(self.inputs):
            return _unwrap(self._context()._run(args, None, -1))
        if len(args) > len(self.inputs):
            raise InvalidError(f"{len(args)} inputs are given, and the engine takes {self._list_inputs()}")
        given: dict[str, Any] = {info.name: value for info, value in zip(self.inputs, args)}
        for name, value in kwargs.items():
            if name in given:
                raise InvalidError(f"input '{name}' is given twice, by its place and by its name")
            given[name] = value
        return _unwrap(self.run(given))

    def run(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> dict[str, Any]:
        """Runs on inputs by name; gives the outputs by name.

        With an engine on a GPU all inputs may be contiguous tensors there, torch's, cupy's, or others with
        `__cuda_array_interface__`. The outputs are then such tensors, too, and the run is enqueued on the framework's current stream
        without waiting: nothing is copied. An id out of range shows in synchronize().

        Args:
            inputs: an array for each input, of its dtype and rank. Lists and scalars are converted; arrays are not, but for
                their layout: what is not contiguous, or in another byte order, is copied. Tensors with DLPack in host memory
                are taken without a copy. Nothing is kept when the run has ended.
            out: arrays or tensors that outputs are written to, by name: C-contiguous, writable, of the output's dtype and shape. They
                are among the results. Outputs without one get a new array.
            timeout: seconds after which the run ends with DeadlineError; what is in `out` is undefined then. It is looked at between
                the engine's kernels. Of a run that is enqueued it is the limit of synchronize().

        Raises:
            InvalidError: an input is missing, unknown, of another dtype or shape; an id is outside its table. The message names
                the input.
            DeadlineError: it did not end in time.
            CancelledError: Context.cancel() ended it.
            UnavailableError: there is no memory for a batch so large.

        >>> results = engine.run({"x": x, "ids": ids}, timeout=10)
        >>> results["y"].shape
        (2, 3)
        >>> engine.run({"x": x, "ids": ids}, out=results)["y"] is results["y"]
        True
        """
        return self._context().run(inputs, out, timeout=timeout)

    def profile(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> Profile:
        """Runs once, as run() does, and says what each kernel took. The first run of a size takes longer than the next ones.

        >>> profile = engine.profile({"x": x, "ids": ids})
        >>> longest = max(profile.kernels, key=lambda kernel: kernel.busy_us)
        >>> longest.nodes
        ('lookup', 'add', 'relu')
        """
        return self._context().profile(inputs, out)

    def synchronize(self) -> None:
        """Waits for this thread's runs on tensors of a GPU; see Context.synchronize()."""
        self._context().synchronize()

    async def run_async(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None, *,
                        timeout: float | None = None) -> dict[str, Any]:
        """run() in a thread of the event loop's executor; the loop goes on meanwhile. Cancelling the task cancels the run, too.

        >>> async def serve():
        ...     return await asyncio.wait_for(engine.run_async({"x": x, "ids": ids}), 10)
        >>> asyncio.run(serve())["y"].shape
        (2, 3)
        """
        run = _AsyncRun(self, inputs, out, math.inf if timeout is None else timeout)
        try:
            return await asyncio.get_running_loop().run_in_executor(None, run)
        except asyncio.CancelledError:
            run.cancel()
            raise

    def create_context(self, *, device: str | None = None, threads: int | None = None) -> Context:
        """A context of one's own, for callers who manage threads themselves. Defaults are the engine's.

        >>> context = engine.create_context(threads=1)
        >>> context.run({"x": x, "ids": ids})["y"].shape
        (2, 3)
        """
        return Context(self, self.device if device is None else device, self.threads if threads is None else threads)

    # --- Tables ---

    def bind_tables(self, tables: Mapping[str, Rows] | SyntheticRows) -> "Engine":
        """The same engine over other rows, as load() takes them; this one stays as it is. Tables not named have their own.

        >>> other = engine.bind_tables({"emb": np.ones((100, 3), np.float32)})
        >>> other.tables[0].rows, other(x, [99, 0])[0]
        (100, array([1., 1., 1.], dtype=float32))
        """
        self._opened()
        return load(self._source, tables=tables, device=self.device, threads=self.threads, **self._options)

    def update(self) -> Update:
        """Changes of rows and weights, made together by Update.commit() while the engine runs.

        >>> update = engine.update()
        >>> update.set_rows("emb", [3, 6], np.zeros((2, 3), np.float32))
        >>> update.commit(), engine.version
        (1, 1)
        """
        return Update(self)

    @property
    def version(self) -> int:
        """The newest version of its rows and weights: 0 as it was opened."""
        return self._opened().version()

    def open_log(self, path: PathLike, *, append: bool = False) -> UpdateLog:
        """Opens a file of updates, to follow it or to append to it; then it is made when it is not there.

        Raises:
            InvalidError: to append, that it is of another engine or damaged; who follows hears of it in UpdateLog.apply().
            UnavailableError: it cannot be opened, or another process appends to it.

        >>> writer, reader = reckon.load("model.rkn"), reckon.load("model.rkn")
        >>> update = writer.update()
        >>> update.delete_rows("emb", [3])
        >>> with writer.open_log("model.log", append=True) as log:
        ...     log.append(update)
        >>> reader.open_log("model.log").apply(), reader.version
        (1, 1)
        """
        return UpdateLog(self, path, append)

    @property
    def weights(self) -> tuple[WeightInfo, ...]:
        """The weights as WeightInfo, as the engine was opened. Their bytes are the engine's memory, and keep it."""
        return tuple(WeightInfo(name, packing, np.asarray(memoryview(data))) for name, packing, data in self._opened().weights())

    # --- What it has done ---

    def counters(self) -> dict[str, int]:
        """What runs of all contexts have done since the engine was opened, by the names of ReckonCounters in the C interface.

        `runs` that went well, `failed_...`, `cancelled` and `deadline_exceeded`; `rows_looked_up` and their `table_bytes`;
        `input_bytes`, `output_bytes`; `waits` for a CPU and `wait_ns`, nanoseconds; `version`, `commits`, `rows_updated`,
        `commit_wait_ns`, `run_retries`; `unchecked_bytes` of rows. Replays of captured runs do not count.

        >>> click = engine(x, ids)
        >>> engine.counters()["runs"], engine.counters()["rows_looked_up"]
        (1, 2)
        """
        return self._opened().counters()

    def metrics(self, name: str | None = None) -> str:
        """The same in the text format of Prometheus, with the label engine="NAME" unless that is None.

        >>> text = engine.metrics("ranking")
        >>> 'reckon_runs_total{engine="ranking"} 0' in text.splitlines()
        True
        """
        return self._opened().metrics(name)

    # --- Life ---

    def verify(self) -> None:
        """Checks the rows that have not been: load() leaves tables from 1 MiB on for the runs that first read them.

        Raises:
            InvalidError: rows are damaged; the message has the table.
        """
        self._opened().verify()

    def warm_up(self, hot_rows: Mapping[str, Any] | None = None, *, all_rows: bool = True,
                progress: Callable[[int, int], object] | None = None) -> None:
        """Reads rows into memory and checks those that have not been, so that first runs wait neither for a disk nor for checksums.

        Others may run meanwhile. What `progress` raises, and Ctrl-C, end it.

        Args:
            hot_rows: ids of rows by table, which are read first, in this order.
            all_rows: whether all other rows follow.
            progress: called now and then with the bytes that have been read, and all that are to be.

        Raises:
            InvalidError: there is no such table or row, or rows are damaged; the message has the table.

        >>> engine.warm_up({"emb": [3, 1]}, progress=lambda done, total: print(done, "of", total))
        108 of 108
        """
        self._opened().warm_up([(table, to_ids(ids)) for table, ids in (hot_rows or {}).items()], bool(all_rows), progress)

    def save(self, path: PathLike) -> None:
        """Writes the engine with the newest version of its rows and weights in the place of the file that is there, at once. It has no signature.

        Raises:
            UnavailableError: the file cannot be written.
        """
        self._opened().save(os.fspath(path))

    def close(self) -> None:
        """Lets go of the engine; runs under way end first. Using it afterwards is an InvalidError."""
        self._native = None
        self._contexts = threading.local()

    def __reduce__(self) -> Any:
        raise TypeError("an engine cannot be pickled or copied: save() it, and load() the file in the other process, which maps it")

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- For people ---

    def __repr__(self) -> str:
        where = self.device if self._native else "closed"
        lines = [f"<reckon.Engine on {where}"]
        lines += [f"  input  {info}" for info in self.inputs] + [f"  output {info}" for info in self.outputs]
        lines += [f"  table  {table}" for table in self.tables[:8]]
        if len(self.tables) > 8:
            lines.append(f"  and {len(self.tables) - 8} tables more")
        return "\n".join(lines) + ">"

    def _repr_html_(self) -> str:
        rows = [("", "name", "type", "shape")]
        for kind, infos in (("input", self.inputs), ("output", self.outputs)):
            rows += [(kind, info.name, info.type, f"[{', '.join(info.shape)}]") for info in infos]
        rows += [("table", t.name, t.type if t.encoding == "plain" else t.encoding, f"{t.rows} x {t.dim}") for t in self.tables[:30]]
        if len(self.tables) > 30:
            rows.append(("table", f"and {len(self.tables) - 30} more", "", ""))
        on = sum(kernel.device == self.device.partition(":")[0] for kernel in self.kernels)
        return html_table(f"reckon.Engine on {self.device}, {on} kernels", rows)

    # --- Behind the scenes ---

    def _opened(self) -> _runtime.Engine:
        if self._native is None:
            raise InvalidError("the engine is closed")
        return self._native

    def _context(self) -> Context:
        try:
            context: Context = self._contexts.context
        except AttributeError:
            self._opened()
            context = self._contexts.context = self.create_context()
        return context

    def _list_inputs(self) -> str:
        return ", ".join(str(info) for info in self.inputs) or "none"

    def _check_inputs(self, inputs: Mapping[str, Any]) -> None:
        self._opened()
        if isinstance(inputs, dict) and inputs.keys() == self._inputs.keys():
            return
        check_names("input", inputs, self._inputs)
        missing = [name for name in self._inputs if name not in inputs]
        if missing:
            raise InvalidError(f"input '{missing[0]}' is missing; the engine takes {self._list_inputs()}")


def _describe(name: str, kind: str, dtype: str, shape: list[str]) -> TensorInfo:
    return TensorInfo(name, kind, np.dtype(dtype), tuple(shape))


def _unwrap(results: dict[str, Any]) -> Any:
    values = tuple(results.values())
    return values[0] if len(values) == 1 else values


class _AsyncRun:
    """A run in another thread, which can be cancelled as long as that thread is in it."""

    def __init__(self, engine: Engine, inputs: Mapping[str, Any], out: Mapping[str, Any] | None, timeout: float) -> None:
        self._engine, self._inputs, self._out, self._timeout = engine, inputs, out, timeout
        self._lock = threading.Lock()
        self._context: Context | None = None

    def __call__(self) -> dict[str, Any]:
        context = self._engine._context()
        with self._lock:
            self._context = context
        try:
            return context.run(self._inputs, self._out, timeout=self._timeout)
        finally:
            with self._lock:
                self._context = None

    def cancel(self) -> None:
        with self._lock:
            if self._context is not None:
                self._context.cancel()
