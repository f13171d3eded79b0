"""Engines and contexts: numpy arrays in, numpy arrays out."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union

import numpy as np
from numpy.typing import NDArray

from . import _device, _runtime
from .errors import Diagnostic, InvalidError
from .profile import Profile, html_table

if TYPE_CHECKING:
    from ._compiler import Compilation

Array = NDArray[Any]
PathLike = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class TensorInfo:
    """An input or output: `shape` has a size or an expression in named dimensions an axis, such as ("batch", "26")."""

    name: str
    type: str
    dtype: np.dtype[Any]
    shape: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.type}[{', '.join(self.shape)}]"


@dataclass(frozen=True)
class TableInfo:
    """An embedding table: `rows` x `dim` elements of `type`, stored in `encoding`, `row_bytes` a row."""

    name: str
    type: str
    dtype: np.dtype[Any]
    encoding: str
    rows: int
    dim: int
    row_bytes: int

    def __str__(self) -> str:
        stored = "" if self.encoding == "plain" else f" from {self.encoding}"
        return f"{self.name}: {self.type}{stored}, {self.rows} rows x {self.dim}"


@dataclass(frozen=True)
class SyntheticRows:
    """Made-up rows of an embedding table, for benchmarks: the same for the same seed."""

    rows: int
    seed: int = 0


Rows = Union[PathLike, Array, SyntheticRows]


@dataclass(frozen=True)
class KernelInfo:
    """A kernel of the code for `device`, "host" or "cuda": its symbol and kind, the CPU or GPU it is for, and its ONNX nodes."""

    name: str
    kind: str
    device: str
    target: str
    nodes: tuple[str, ...]


def load(engine: PathLike | bytes | bytearray | memoryview | Compilation, *, tables: Mapping[str, Rows] | SyntheticRows | None = None,
         device: str = "host", threads: int = 0) -> "Engine":
    """Opens an engine, checking all of it.

    Args:
        engine: the path of an engine file, or its bytes.
        tables: rows of embedding tables by ONNX name, in place of the engine's own: the path of a .npy or raw file, which is
            mapped, an array of rows x row_bytes as the table stores them, or SyntheticRows, which may also stand for every table.
            Arrays must not be changed while the engine lives.
        device: "host", "cuda" (the first GPU) or "cuda:N": where contexts run.
        threads: threads that work on one run, the caller included; 0: as many as there are CPUs.

    Raises:
        InvalidError: the file is no engine or damaged, or a table does not fit.
        UnsupportedError: another format version, or no code for the device.
        UnavailableError: the CPU, the GPU or the memory is not there.

    >>> import reckon
    >>> engine = reckon.compile(relu_model)         # doctest: +SKIP
    >>> engine.save("relu.rkn")                     # doctest: +SKIP
    >>> reckon.load("relu.rkn")([[-1.0, 2.0]])      # doctest: +SKIP
    array([[0., 2.]], dtype=float32)
    """
    if isinstance(tables, SyntheticRows):
        rows: dict[str, str | Array | SyntheticRows] = {}
        bindings: list[_runtime.Binding] = [_bind_rows(None, tables)]
    else:
        rows = {name: _read_rows(name, given) for name, given in (tables or {}).items()}
        bindings = [_bind_rows(name, given) for name, given in rows.items()]
    if isinstance(engine, (str, os.PathLike)):
        source: Any = os.fspath(engine)
        native = _runtime.open_file(source, bindings)
    else:
        source = engine
        native = _runtime.open_memory(engine, bindings)
    opened = Engine(native, device=device, threads=threads, source=source)
    # Nothing has been read of the arrays yet, whose types the C interface does not see.
    for table in opened.tables:
        _check_rows(table, rows.get(table.name))
    return opened


def _read_rows(name: str, rows: Rows) -> str | Array | SyntheticRows:
    """The path of a raw file, which is checked when it is opened, an array, or rows to make up."""
    if isinstance(rows, SyntheticRows):
        return rows
    if isinstance(rows, (str, os.PathLike)):
        path = os.fspath(rows)
        if not path.endswith(".npy"):
            return path
        try:
            rows = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InvalidError(f"table '{name}': {error}") from None
    if not isinstance(rows, np.ndarray) or rows.ndim != 2:
        raise InvalidError(f"table '{name}': expected a file, or an array of two dimensions, rows first")
    return np.ascontiguousarray(rows)


def _bind_rows(name: str | None, rows: str | Array | SyntheticRows) -> _runtime.Binding:
    """As the native module takes them: the name, a path, an array, the offset in the file, the number of rows, a seed."""
    if isinstance(rows, SyntheticRows):
        return name, "", None, 0, rows.rows, rows.seed
    return (name, rows, None, 0, 0, 0) if isinstance(rows, str) else (name, "", rows, 0, rows.shape[0], 0)


def _check_rows(table: TableInfo, rows: str | Array | SyntheticRows | None) -> None:
    if rows is None or isinstance(rows, (str, SyntheticRows)):
        return
    is_plain = table.encoding == "plain"
    dtype, columns = (table.dtype, table.dim) if is_plain else (np.dtype(np.uint8), table.row_bytes)
    if rows.dtype != dtype or rows.shape[1] != columns:
        raise InvalidError(f"table '{table.name}': got rows of {rows.shape[1]} {rows.dtype}, expected {columns} {dtype}"
                           + ("" if is_plain else f" in the encoding {table.encoding}"))


class Context:
    """Runs an engine, one thing at a time: give each thread its own. Made by Engine.create_context().

    Attributes:
        engine: what it runs.
        device: where.
    """

    def __init__(self, engine: "Engine", device: str, threads: int) -> None:
        self.engine, self.device = engine, device
        self._native = _runtime.create_context(engine._opened(), device, threads)

    def run(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """As Engine.run()."""
        plan = _Plan(self.engine, inputs, out)
        if plan.first is None:
            self._native.run(plan.inputs, plan.make_arrays)
        else:
            self._native.enqueue(plan.inputs, plan.make_tensors, _device.current_stream(plan.first))
        return plan.results

    def bind(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> "Bound":
        """Binds arrays, or tensors on a GPU, for many runs on what they hold then: a run costs nothing but the engine's time.

        Args:
            inputs, out: as for Engine.run(), but inputs must be taken where they are: contiguous, of the input's dtype.

        Raises:
            InvalidError: also when an input would have to be copied.

        >>> bound = engine.create_context().bind({"x": x})     # doctest: +SKIP
        >>> x[:] = 1                                           # doctest: +SKIP
        >>> bound.run()["y"]                                   # doctest: +SKIP
        """
        plan = _Plan(self.engine, inputs, out)
        for slot, array in zip(self.engine._inputs.values(), plan.inputs):
            if plan.first is None and array is not inputs[slot.name] and array.flags.owndata:
                raise InvalidError(f"input '{slot.name}' would be copied: bind a C-contiguous array of {slot.dtype_name}")
        return Bound(self, plan, self._native.bind(plan.inputs, plan.make_arrays if plan.first is None else plan.make_tensors))

    def profile(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> Profile:
        """As Engine.profile()."""
        plan = _Plan(self.engine, inputs, out)
        if plan.first is not None:
            _device.wait(plan.first)
        make = plan.make_arrays if plan.first is None else plan.make_tensors
        return Profile(*self._native.profile(plan.inputs, make), plan.results)

    def output_shapes(self, inputs: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
        """The shapes of what a run on these inputs would give; nothing runs. Raises what Engine.run() does of inputs."""
        shapes = self._native.shapes(_Plan(self.engine, inputs, None).inputs)
        return {name: tuple(shape) for name, shape in zip(self.engine._outputs, shapes)}

    @property
    def version(self) -> int:
        """Of the engine's rows and weights that the last run has read: 0 as it was opened, one more with each Update.commit()."""
        return self._native.version()

    def synchronize(self) -> None:
        """Waits for runs on tensors of a GPU. Raises InvalidError when an id in one of them was out of range."""
        if self.device != "host":
            self._native.synchronize()


class Bound:
    """Inputs and outputs that stay bound to a context, whose other runs it must not overlap. Made by Context.bind().

    Attributes:
        outputs: the arrays or tensors that each run writes, by name.
    """

    def __init__(self, context: Context, plan: "_Plan", native: _runtime.Bound) -> None:
        self._context, self._native = context, native
        self._plan = plan  # keeps tensors alive
        self.outputs = plan.results

    def run(self) -> dict[str, Any]:
        """Runs on what the inputs hold now; on a GPU it is enqueued on the framework's current stream. Gives `outputs`.

        Raises what Engine.run() does.
        """
        if self._plan.first is None:
            self._native.run()
        else:
            self._native.enqueue(_device.current_stream(self._plan.first))
        return self.outputs


class Update:
    """Changes of an engine's tables that are made together; runs see all of them or none, and never wait. Made by Engine.update().

    Contexts on the host see them; an engine that is loaded on a GPU refuses them with UnsupportedError.
    """

    def __init__(self, engine: "Engine") -> None:
        self._tables = {table.name: table for table in engine.tables}
        self._native = _runtime.create_update(engine._opened())

    def set_rows(self, table: str, ids: Any, rows: Any) -> None:
        """Rows by their ids: an array of len(ids) rows as the table stores them. Later changes of a row count.

        Raises:
            InvalidError: there is no such table or row, or the rows are of another dtype or shape.
        """
        self._native.rows(table, _to_ids(ids), self._to_rows(table, rows))

    def set_table(self, table: str, rows: Any) -> None:
        """All rows; their number stays what it is. Raises as set_rows()."""
        self._native.table(table, self._to_rows(table, rows))

    def delete_rows(self, table: str, ids: Any) -> None:
        """Rows that are zeros from then on. Raises as set_rows()."""
        self._native.delete_rows(table, _to_ids(ids))

    def commit(self) -> int:
        """Makes the changes; the version that they are. The update is empty then, and may be used again."""
        return self._native.commit()

    def _to_rows(self, table: str, rows: Any) -> Array:
        info = self._tables.get(table)
        array = np.ascontiguousarray(rows)
        if info is not None:  # else the runtime says so
            _check_rows(info, array.reshape(1, -1) if array.ndim == 1 else array)
        return array


def _to_ids(ids: Any) -> Array:
    array = np.atleast_1d(np.asarray(ids))
    if array.size and array.dtype.kind not in "iu" or array.ndim != 1:
        raise InvalidError(f"ids: expected whole numbers in one dimension, got {array.dtype} of the shape {array.shape}")
    return np.ascontiguousarray(array, np.int64)


class _Plan:
    """Inputs of a run as the native module takes them, and where its outputs go."""

    __slots__ = ("engine", "first", "inputs", "out", "results")

    def __init__(self, engine: "Engine", inputs: Mapping[str, Any], out: Mapping[str, Any] | None) -> None:
        engine._check_inputs(inputs)
        if out:
            _check_names("output", out, engine._outputs)
        self.engine, self.out = engine, out or {}
        values = [inputs[name] for name in engine._inputs]
        slots = engine._inputs.values()
        #: A tensor on a GPU, where there is one.
        self.first = next(filter(_device.is_on_device, values), None)
        self.inputs: list[Any] = ([_to_array(slot.info, value) for slot, value in zip(slots, values)] if self.first is None else
                                  [_device.describe(slot, value) for slot, value in zip(slots, values)])
        self.results: dict[str, Any] = {}

    def make_arrays(self, shapes: list[list[int]]) -> list[Array]:
        for slot, shape in zip(self.engine._outputs.values(), shapes):
            self.results[slot.name] = _make_output(slot.info, tuple(shape), self.out.get(slot.name))
        return list(self.results.values())

    def make_tensors(self, shapes: list[list[int]]) -> list[_runtime.Address]:
        memory: list[_runtime.Address] = []
        for slot, shape in zip(self.engine._outputs.values(), shapes):
            tensor = self.out[slot.name] if slot.name in self.out else _device.make_like(self.first, slot, shape)
            self.results[slot.name] = tensor
            place = _device.describe(slot, tensor)
            if list(place[1]) != shape:
                raise InvalidError(f"output '{slot.name}': expected the shape {tuple(shape)}, got {tuple(place[1])}")
            memory.append(place)
        return memory


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
        self._native: _runtime.Engine | None = native
        self._source = source
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
        """
        if len(args) > len(self.inputs):
            raise InvalidError(f"{len(args)} inputs are given, and the engine takes {self._list_inputs()}")
        given: dict[str, Any] = {info.name: value for info, value in zip(self.inputs, args)}
        for name, value in kwargs.items():
            if name in given:
                raise InvalidError(f"input '{name}' is given twice, by its place and by its name")
            given[name] = value
        results = tuple(self.run(given).values())
        return results[0] if len(results) == 1 else results

    def run(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Runs on inputs by name; gives the outputs by name.

        With an engine on a GPU all inputs may be contiguous tensors there, torch's, cupy's, or others with
        `__cuda_array_interface__`. The outputs are then such tensors, too, and the run is enqueued on the framework's current stream
        without waiting: nothing is copied. An id out of range shows in synchronize().

        Args:
            inputs: an array for each input, of its dtype and rank. Lists and scalars are converted; arrays are not, but for
                their layout: what is not contiguous, or in another byte order, is copied. Tensors with DLPack in host memory
                are taken without a copy. Nothing is kept when the run has ended.
            out: arrays that outputs are written to, by name: C-contiguous, writable, of the output's dtype and shape. They are
                among the results. Outputs without one get a new array.

        Raises:
            InvalidError: an input is missing, unknown, of another dtype or shape; an id is outside its table. The message names
                the input.
            UnavailableError: there is no memory for a batch so large.
        """
        return self._context().run(inputs, out)

    def profile(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> Profile:
        """Runs once, as run() does, and says what each kernel took. The first run of a size takes longer than the next ones.

        >>> print(engine.profile({"x": x}))            # doctest: +SKIP
        """
        return self._context().profile(inputs, out)

    def synchronize(self) -> None:
        """Waits for this thread's runs on tensors of a GPU; see Context.synchronize()."""
        self._context().synchronize()

    async def run_async(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """run() in a thread of the event loop's executor; the loop goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(None, functools.partial(self.run, inputs, out))

    def create_context(self, *, device: str | None = None, threads: int | None = None) -> Context:
        """A context of one's own, for callers who manage threads themselves. Defaults are the engine's."""
        return Context(self, self.device if device is None else device, self.threads if threads is None else threads)

    # --- Tables ---

    def bind_tables(self, tables: Mapping[str, Rows] | SyntheticRows) -> "Engine":
        """The same engine over other rows, as load() takes them; this one stays as it is. Tables not named have their own."""
        self._opened()
        return load(self._source, tables=tables, device=self.device, threads=self.threads)

    def update(self) -> Update:
        """Changes of rows, made together by Update.commit() while the engine runs.

        >>> update = engine.update()                                   # doctest: +SKIP
        >>> update.set_rows("emb", [3, 7], rows)                       # doctest: +SKIP
        >>> update.commit()                                            # doctest: +SKIP
        1
        """
        return Update(self)

    @property
    def version(self) -> int:
        """The newest version of its rows and weights: 0 as it was opened."""
        return self._opened().version()

    # --- Life ---

    def save(self, path: PathLike) -> None:
        """Writes the engine file with the newest version of its rows."""
        if self._opened().version():
            return self._opened().save(os.fspath(path))
        if isinstance(self._source, str):
            with open(self._source, "rb") as source:
                data: Any = source.read()
        else:
            data = self._source
        with open(path, "wb") as file:
            file.write(data)

    def close(self) -> None:
        """Lets go of the engine; runs under way end first. Using it afterwards is an InvalidError."""
        self._native = None
        self._contexts = threading.local()

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
        self._opened()
        context = getattr(self._contexts, "context", None)
        if context is None:
            context = self._contexts.context = self.create_context()
        return context

    def _list_inputs(self) -> str:
        return ", ".join(str(info) for info in self.inputs) or "none"

    def _check_inputs(self, inputs: Mapping[str, Any]) -> None:
        self._opened()
        if isinstance(inputs, dict) and inputs.keys() == self._inputs.keys():
            return
        _check_names("input", inputs, self._inputs)
        missing = [name for name in self._inputs if name not in inputs]
        if missing:
            raise InvalidError(f"input '{missing[0]}' is missing; the engine takes {self._list_inputs()}")


def _describe(name: str, kind: str, dtype: str, shape: list[str]) -> TensorInfo:
    return TensorInfo(name, kind, np.dtype(dtype), tuple(shape))




def _check_names(kind: str, given: Mapping[str, object], known: Mapping[str, _device.Slot]) -> None:
    if not isinstance(given, Mapping):
        raise InvalidError(f"expected {kind}s by name, got {type(given).__name__}")
    for name in given:
        if name not in known:
            listing = ", ".join(str(slot.info) for slot in known.values())
            raise InvalidError(f"there is no {kind} {name!r}; the engine has {listing}")


def _to_array(info: TensorInfo, value: Any) -> Array:
    """`value` as a C-contiguous array of the input's dtype."""
    if type(value) is np.ndarray and value.dtype is info.dtype and value.flags.c_contiguous and value.ndim == len(info.shape):
        return value
    array = value
    if not isinstance(array, (np.ndarray, np.generic)) and hasattr(array, "__dlpack_device__"):
        array = _from_dlpack(info, array)
    if not isinstance(array, (np.ndarray, np.generic)):
        # Lists and numbers have no dtype of their own: they become the input's, where nothing is lost by it.
        try:
            loose = np.asarray(array)
            array = loose.astype(info.dtype, casting="same_kind") if loose.size else loose.astype(info.dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise InvalidError(f"input '{info.name}': cannot make an array of {info.dtype} from {type(value).__name__}: {error}"
                               ) from None
    if array.dtype.newbyteorder("=") != info.dtype and not (info.type == "bf16" and array.dtype.name == "bfloat16"):
        raise InvalidError(f"input '{info.name}' is {array.dtype}, expected {info.dtype} ({info})")
    if array.dtype.name == "bfloat16":
        array = array.view(np.uint16)
    if array.ndim != len(info.shape):
        raise InvalidError(f"input '{info.name}' has the shape {array.shape}, expected [{', '.join(info.shape)}]")
    # Not ascontiguousarray(), which gives scalars a dimension.
    return np.asarray(array, dtype=info.dtype, order="C")


def _make_output(info: TensorInfo, shape: tuple[int, ...], given: Any) -> Array:
    """The array that a run writes: the caller's, when it fits, or a new one."""
    if given is None:
        return np.empty(shape, info.dtype)
    if not isinstance(given, np.ndarray):
        raise InvalidError(f"output '{info.name}': expected a numpy array, got {type(given).__name__}")
    if given.dtype != info.dtype or given.shape != shape or not given.flags.c_contiguous or not given.flags.writeable:
        raise InvalidError(f"output '{info.name}': expected a writable C-contiguous array of {info.dtype} with the shape {shape}")
    return given


def _from_dlpack(info: TensorInfo, tensor: Any) -> Any:
    kind, _ = tensor.__dlpack_device__()
    if kind not in (1, 3):  # kDLCPU, kDLCUDAHost
        raise InvalidError(f"input '{info.name}' is not in host memory: move it there first, as with .cpu()")
    try:
        if not _device.is_torch(tensor):
            return np.from_dlpack(tensor)
        tensor = tensor.detach()
        if info.type == "bf16" and tensor.dtype is _device.torch_dtype(info):
            return tensor.view(sys.modules["torch"].int16).numpy().view(np.uint16)  # numpy has their bits
        return tensor.numpy()  # more types than its DLPack, and no copy either
    except (BufferError, RuntimeError, TypeError) as error:
        raise InvalidError(f"input '{info.name}': {error}") from None
