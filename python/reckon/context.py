"""Contexts, which run engines: numpy arrays in, numpy arrays out."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import _device, _runtime
from .arrays import check_names, make_output, to_array
from .errors import InvalidError, UnavailableError
from .info import Array
from .profile import Profile

if TYPE_CHECKING:
    from .engine import Engine


def to_limit(timeout: float) -> int:
    """Seconds as the native module takes them: in microseconds, 0 for no limit of a run that can be cancelled."""
    if not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidError(f"timeout: got {timeout!r}, expected more than 0 seconds")
    return 0 if timeout >= 1e12 else max(1, round(timeout * 1e6))


class Context:
    """Runs an engine, one thing at a time: give each thread its own. Made by Engine.create_context().

    Attributes:
        engine: what it runs.
        device: where.
    """

    def __init__(self, engine: "Engine", device: str, threads: int) -> None:
        self.engine, self.device = engine, device
        makers = functools.partial(_device.make_makers, tuple(engine._outputs.values()))
        self._native = _runtime.create_context(engine._opened(), device, threads, makers)

    def run(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> dict[str, Any]:
        """As Engine.run()."""
        if isinstance(inputs, tuple):
            check_names("input", inputs, self.engine._inputs)
        return self._run(inputs, out, -1 if timeout is None else to_limit(timeout))

    def _run(self, given: Mapping[str, Any] | tuple[Any, ...], out: Mapping[str, Any] | None, limit: int) -> dict[str, Any]:
        """The same of inputs by name, or of all of them in the engine's order."""
        if self.engine._native is None:
            raise InvalidError("the engine is closed")
        try:
            results = self._native.run_directly(given, out, limit)
            if results is None:
                results = self._run_converted(dict(zip(self.engine._inputs, given)) if isinstance(given, tuple) else given, out, limit)
            return results
        except MemoryError as error:
            raise UnavailableError(f"out of memory{f': {error}' if str(error) else ''}") from None

    def _run_converted(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None, limit: int) -> dict[str, Any]:
        """The same of whatever can be made arrays, or described as tensors on the GPU; says what is wrong with the rest."""
        plan = Plan(self, inputs, out)
        if plan.first is None:
            self._native.run(plan.inputs, plan.make_arrays, limit)
        else:
            self._native.enqueue(plan.inputs, plan.make_tensors, _device.current_stream(plan.first), limit)
        return plan.results

    def cancel(self) -> None:
        """Ends the run of this context that is under way in another thread, if there is one: it raises CancelledError.

        That is looked at between the engine's kernels; on a GPU after the launch only in a run with a `timeout`, which may be
        `math.inf`.

        >>> context = engine.create_context()
        >>> watchdog = threading.Timer(10, context.cancel)
        >>> watchdog.start()
        >>> results = context.run({"x": x, "ids": ids})
        >>> watchdog.cancel()
        """
        self._native.cancel()

    def bind(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> "Bound":
        """Binds arrays, or tensors on a GPU, for many runs on what they hold then: a run costs nothing but the engine's time.

        Args:
            inputs, out: as for Engine.run(), but inputs must be taken where they are: contiguous, of the input's dtype.

        Raises:
            InvalidError: also when an input would have to be copied.

        >>> bound = engine.create_context().bind({"x": x, "ids": ids})
        >>> x[:] = 1
        >>> bound.run()["y"][0]
        array([7., 8., 9.], dtype=float32)
        """
        inputs = Plan.take(inputs)
        plan = Plan(self, inputs, out)
        for slot, array in zip(self.engine._inputs.values(), plan.inputs):
            if plan.first is None and array is not inputs[slot.name] and array.flags.owndata:
                raise InvalidError(f"input '{slot.name}' would be copied: bind a C-contiguous array of {slot.dtype_name}")
        return Bound(self, inputs, plan, self._native.bind(plan.inputs, plan.make_arrays if plan.first is None else plan.make_tensors))

    def profile(self, inputs: Mapping[str, Any], out: Mapping[str, Any] | None = None) -> Profile:
        """As Engine.profile()."""
        plan = Plan(self, inputs, out)
        if plan.first is not None:
            _device.wait(plan.first)
        make = plan.make_arrays if plan.first is None else plan.make_tensors
        return Profile(*self._native.profile(plan.inputs, make), plan.results)

    def output_shapes(self, inputs: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
        """The shapes of what a run on these inputs would give; nothing runs. Raises what Engine.run() does of inputs.

        >>> engine.create_context().output_shapes({"x": x, "ids": ids})
        {'y': (2, 3)}
        """
        shapes = self._native.shapes(Plan(self, inputs, None).inputs)
        return {name: tuple(shape) for name, shape in zip(self.engine._outputs, shapes)}

    @property
    def version(self) -> int:
        """Of the engine's rows and weights that the last run has read: 0 as it was opened, one more with each Update.commit()."""
        return self._native.version()

    def synchronize(self) -> None:
        """Waits for runs on tensors of a GPU. Raises InvalidError when an id in one of them was out of range."""
        if self.device != "host":
            self._native.synchronize()

    def __repr__(self) -> str:
        return f"<reckon.Context on {self.device} of {self.engine!r}>"


class Bound:
    """Inputs and outputs that stay bound to a context, whose other runs it must not overlap. Made by Context.bind().

    Attributes:
        outputs: the arrays or tensors that each run writes, by name.
    """

    def __init__(self, context: Context, inputs: Mapping[str, Any], plan: "Plan", native: _runtime.Bound) -> None:
        self._context, self._native = context, native
        self._inputs, self._plan = inputs, plan  # keep tensors alive
        self.outputs = plan.results

    def run(self, *, timeout: float | None = None) -> dict[str, Any]:
        """Runs on what the inputs hold now; on a GPU it is enqueued on the framework's current stream. Gives `outputs`.

        `timeout` and errors as for Engine.run().
        """
        if self._context.engine._native is None:
            raise InvalidError("the engine is closed")
        limit = -1 if timeout is None else to_limit(timeout)
        if self._plan.first is None:
            self._native.run(limit)
        else:
            self._native.enqueue(_device.current_stream(self._plan.first), limit)
        return self.outputs

    def __repr__(self) -> str:
        return f"<reckon.Bound on {self._context.device}: {_shapes(self._inputs)} -> {_shapes(self.outputs)}>"


def _shapes(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}: {'x'.join(map(str, value.shape)) or 'a number'}" for name, value in values.items())


class Plan:
    """Inputs of a run as the native module takes them, and where its outputs go."""

    __slots__ = ("engine", "first", "gpu", "inputs", "out", "results")

    def __init__(self, context: Context, inputs: Mapping[str, Any], out: Mapping[str, Any] | None) -> None:
        engine, inputs = context.engine, self.take(inputs)
        engine._check_inputs(inputs)
        if out:
            check_names("output", out, engine._outputs)
        self.engine, self.out, self.gpu = engine, out or {}, _device.gpu_of(context.device)
        values = [inputs[name] for name in engine._inputs]
        slots = engine._inputs.values()
        #: A tensor on a GPU, where there is one.
        self.first = next(filter(_device.is_on_device, values), None)
        self.inputs: list[Any] = ([to_array(slot.info, value) for slot, value in zip(slots, values)] if self.first is None else
                                  [_device.describe(slot, value, self.gpu) for slot, value in zip(slots, values)])
        self.results: dict[str, Any] = {}

    @staticmethod
    def take(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Inputs that nobody else changes; what is no mapping stays what it is."""
        return dict(inputs) if isinstance(inputs, Mapping) else inputs

    def make_arrays(self, shapes: list[list[int]]) -> list[Array]:
        arrays = []
        for slot, shape in zip(self.engine._outputs.values(), shapes):
            given = self.out.get(slot.name)
            arrays.append(make_output(slot.info, tuple(shape), given))
            self.results[slot.name] = arrays[-1] if given is None else given
        return arrays

    def make_tensors(self, shapes: list[list[int]]) -> list[_runtime.Address]:
        memory: list[_runtime.Address] = []
        for slot, shape in zip(self.engine._outputs.values(), shapes):
            tensor = self.out[slot.name] if slot.name in self.out else _device.maker_like(self.first, slot)(shape)
            self.results[slot.name] = tensor
            place = _device.describe(slot, tensor, self.gpu)
            if list(place[1]) != shape:
                raise InvalidError(f"output '{slot.name}': expected the shape {tuple(shape)}, got {tuple(place[1])}")
            memory.append(place)
        return memory
