"""PyTorch modules to engines, and engines as callables over torch's tensors."""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .engine import Engine
from .errors import InvalidError, ReckonError, UnavailableError

if TYPE_CHECKING:
    import torch

    from .compiler import OptionValue, ProgressCallback


class TorchModel:
    """An engine as a callable that takes and gives torch's tensors, in place of the module that it was made of.

    Tensors in host memory go in and out without a copy; those on a GPU stay there, as for Engine.run(). Gradients do not go
    through.

    Attributes:
        engine: what runs.
        exporter: "dynamo" or "torchscript", with which from_torch() exported; "" of an engine that was loaded.
        fallback: why it was not "dynamo"; "" when it was.
    """

    def __init__(self, engine: Engine) -> None:
        """An engine whose inputs are given in its order, or by name. Gives a tensor, or a tuple when there are several."""
        self.engine = engine
        self.exporter, self.fallback = "", ""
        #: Which of the leaves of what is given each input of the engine is.
        self._leaves = tuple(range(len(engine.inputs)))
        self._flatten: Callable[[tuple[Any, ...], dict[str, Any]], list[Any]] | None = None
        self._restore: Callable[[list[Any]], Any] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs on what the module took, in the same structure, and gives what it gave."""
        import torch

        engine, given = self.engine, self._take(args, kwargs)
        values = engine._context()._run(given, None, -1).values()
        results = [value if isinstance(value, torch.Tensor) else _to_torch(info.type, value) for info, value in zip(engine.outputs, values)]
        if self._restore is not None:
            return self._restore(results)
        return results[0] if len(results) == 1 else tuple(results)

    def _take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...] | dict[str, Any]:
        """The engine's inputs, all of them in its order or by name."""
        if self._flatten is not None:
            leaves = self._flatten(args, kwargs)
            return tuple(leaves[index] for index in self._leaves)
        if not kwargs and len(args) == len(self._leaves):
            return args
        given = {info.name: value for info, value in zip(self.engine.inputs, args)}
        if len(args) > len(self._leaves) or given.keys() & kwargs.keys():
            raise InvalidError(f"{len(args)} inputs by place and {', '.join(kwargs) or 'none'} by name are given; the engine takes "
                               f"{self.engine._list_inputs()}")
        return {**given, **kwargs}

    def synchronize(self) -> None:
        """As Engine.synchronize()."""
        self.engine.synchronize()

    def __repr__(self) -> str:
        exported = f" exported by {self.exporter}" if self.exporter else ""
        return f"<reckon.TorchModel{exported}: {self.engine!r}>"


def _to_torch(kind: str, value: Any) -> Any:
    import torch

    if kind == "bf16":  # numpy has their bits
        return torch.from_numpy(value.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(value)


def from_torch(module: torch.nn.Module, example_inputs: Any = (), dynamic_batch: bool = True, *, example_kwargs: Mapping[str, Any] | None = None,
               target: str | Iterable[str] = "host",
               dynamic_shapes: Any = None, progress: bool | ProgressCallback | None = None, device: str | None = None, threads: int = 0,
               **options: OptionValue) -> TorchModel:
    """Exports a module to ONNX and compiles it.

    torch.export ("dynamo") comes first; what it cannot export goes through TorchScript, with a warning that says why, and
    TorchModel.exporter says which it was. Needs torch, and onnxscript for dynamo.

    Args:
        module: in the mode that it should be run in: call its eval() first. Of one that torch.compile() made the one behind it.
        example_inputs: a tensor, or a tuple of what the module takes by place: tensors, or lists, tuples and dicts of them. What is
            no tensor is a constant of the engine. The sizes are examples, too, where they are dynamic.
        example_kwargs: what it takes by name, likewise.
        dynamic_batch: whether the first axis of the tensors may have any size at run time: one size, the batch, for those that have
            the size of the first tensor in the examples, and another for each other tensor where the module allows it. False: all
            sizes are the examples'.
        dynamic_shapes: in place of that, what torch.export.export() takes; TorchScript does not.
        target, progress, device, threads, options: as for compile(). A module on a GPU is exported from there.

    Raises:
        InvalidError: the examples do not fit the module; neither exporter takes it. The message has both reasons.
        UnsupportedError: there is no code for an operator; the message has its name and the nodes.
        UnavailableError: torch is not installed.

    >>> model = reckon.from_torch(torch.nn.Linear(3, 1).eval(), torch.zeros(2, 3))
    >>> model(torch.zeros(7, 3)).shape
    torch.Size([7, 1])
    """
    from . import compile  # says so where this is reckon-runtime

    try:
        import torch
    except ImportError as error:
        raise UnavailableError(f"from_torch() needs torch: {error}") from None
    module = getattr(module, "_orig_mod", module)
    if not isinstance(module, torch.nn.Module):
        raise InvalidError(f"expected a torch.nn.Module, got {type(module).__name__}")
    if module.training:
        warnings.warn("the module is in training mode: call its eval() first, unless that is meant", stacklevel=2)
    # A namedtuple is one of the things that a module takes.
    arguments = example_inputs if type(example_inputs) is tuple else (example_inputs,)
    export = _Export(module, arguments, dict(example_kwargs or {}), dynamic_batch, dynamic_shapes)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        exporter, fallback = export.write(path)
        try:
            engine = compile(path, target, progress=progress, device=device, threads=threads, **cast("dict[str, Any]", options))
        except ReckonError as error:
            # The file is gone; the module is what the caller knows.
            raise type(error)(str(error).replace(path, type(module).__name__), error.diagnostics) from None
    return export.wrap(engine, exporter, fallback)


class _Export:
    """A module with its example inputs, their names, and which of their sizes may change."""

    def __init__(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], dynamic_batch: bool, dynamic_shapes: Any) -> None:
        import torch
        from torch.utils import _pytree as pytree

        self.torch, self.pytree, self.module = torch, pytree, module
        self.signature = inspect.signature(module.forward)
        hint = "; give what it takes by name as example_kwargs" if args and type(args[0]) is dict else ""
        self.example = self._bind(args, kwargs, hint)
        leaves, self.structure = pytree.tree_flatten(self.example)
        if not any(map(self._is_tensor, leaves)):
            raise InvalidError(f"example_inputs has no tensor of torch: got {', '.join(type(leaf).__name__ for leaf in leaves) or 'nothing'}")
        self.names = self._name_leaves()
        try:
            with torch.no_grad():
                self.result = module(*self.example[0], **self.example[1])
        except Exception as error:
            raise InvalidError(f"the module does not run on example_inputs: {type(error).__name__}: {error}{hint}") from error
        self.is_dynamic, self.dynamic_shapes = dynamic_batch, dynamic_shapes
        if dynamic_batch and dynamic_shapes is None:
            # torch.export takes sizes of 0 and 1 for constants.
            leaves = [torch.cat([leaf, leaf]) if self._is_tensor(leaf) and leaf.dim() and leaf.shape[0] == 1 else leaf for leaf in leaves]
        # torch.export takes one tensor in two places for one input.
        self.leaves = [leaf.clone() if self._is_tensor(leaf) and any(leaf is other for other in leaves[:index]) else leaf
                       for index, leaf in enumerate(leaves)]
        #: Whether the module takes tensors alone, by place.
        self.is_flat = all(map(self._is_tensor, self.example[0])) and not self.example[1]

    def _is_tensor(self, leaf: Any) -> bool:
        return isinstance(leaf, self.torch.Tensor)

    def _bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], hint: str = "") -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments in the form of the parameters: what can be by place is."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidError(f"the module takes {self.signature}: {error}{hint}") from None
        return bound.args, bound.kwargs

    def _name_leaves(self) -> list[str | None]:
        """For each leaf the parameter that it belongs to, with its place in that; None for what is no tensor."""
        args, kwargs = self.example
        places = [p for p in self.signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        bases = [places[index].name if index < len(places) else f"input_{index}" for index in range(len(args))]
        names: list[str | None] = []
        for base, argument in (*zip(bases, args), *kwargs.items()):
            for path, leaf in self.pytree.tree_flatten_with_path(argument)[0]:
                part = "".join(f"_{getattr(key, 'key', getattr(key, 'idx', key))}" for key in path)
                names.append(base + part if self._is_tensor(leaf) else None)
        return names

    def _first_axes(self) -> list[str | None]:
        """The name of the first axis of each leaf where it may change: "batch" for all that have the size of the first."""
        batch = next((leaf.shape[0] for leaf in self.leaves if self._is_tensor(leaf) and leaf.dim()), None)
        names = []
        for leaf, name in zip(self.leaves, self.names):
            has_axis = self.is_dynamic and self._is_tensor(leaf) and leaf.dim() > 0
            names.append(None if not has_axis else "batch" if leaf.shape[0] == batch else f"{name}_size")
        return names

    def write(self, path: str) -> tuple[str, str]:
        """Exports into a file. The exporter, and why it was not dynamo."""
        try:
            self._write_by_dynamo(path)
            return "dynamo", ""
        except Exception as error:  # exporters raise all kinds
            reason = _reason_of(error)
        try:
            self._write_by_torchscript(path)
        except Exception as error:
            raise InvalidError(f"the module cannot be exported to ONNX. dynamo: {reason}. TorchScript: {_reason_of(error)}") from error
        warnings.warn(f"exported through TorchScript, because dynamo says: {reason}", stacklevel=3)
        return "torchscript", reason

    def _export(self, path: str, **options: Any) -> None:
        args, kwargs = self.pytree.tree_unflatten(self.leaves, self.structure)
        with warnings.catch_warnings(), _quiet_loggers():
            warnings.simplefilter("ignore")
            # A dict in the last place is what the exporters take for arguments by name.
            self.torch.onnx.export(self.module, (*args, kwargs), path, verbose=False,
                                   input_names=[name for name in self.names if name is not None], **options)

    def _write_by_dynamo(self, path: str) -> None:
        shapes = self.dynamic_shapes
        if shapes is None and self.is_dynamic:
            batch, other = self.torch.export.Dim("batch"), self.torch.export.Dim.AUTO
            dims = [name and {0: batch if name == "batch" else other} for name in self._first_axes()]
            args, kwargs = self.pytree.tree_unflatten(dims, self.structure)
            # By parameter, of which one may stand for many arguments.
            shapes = dict(self.signature.bind(*args, **kwargs).arguments)
        self._export(path, dynamo=True, dynamic_shapes=shapes)

    def _write_by_torchscript(self, path: str) -> None:
        if self.dynamic_shapes is not None:
            raise InvalidError("dynamic_shapes are dynamo's")
        axes = {name: {0: axis} for name, axis in zip(self.names, self._first_axes()) if name and axis}
        self._export(path, dynamo=False, dynamic_axes=axes)

    def wrap(self, engine: Engine, exporter: str, fallback: str) -> TorchModel:
        model = TorchModel(engine)
        model.exporter, model.fallback = exporter, fallback
        places = {name: index for index, name in enumerate(self.names) if name}
        unknown = [info.name for info in engine.inputs if info.name not in places]
        if unknown:
            raise ReckonError(f"the exporter made an input '{unknown[0]}' that the module does not have")
        # An exporter leaves out what the module does not read.
        model._leaves = tuple(places[info.name] for info in engine.inputs)
        model._flatten = self._flatten
        outputs, structure = self.pytree.tree_flatten(self.result)
        if len(outputs) == len(engine.outputs) and not self._is_tensor(self.result):
            model._restore = lambda results: self.pytree.tree_unflatten(results, structure)
        return model

    def _flatten(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        if self.is_flat and not kwargs and len(args) == len(self.leaves) and all(map(self._is_tensor, args)):
            return list(args)
        leaves: list[Any]
        leaves, structure = self.pytree.tree_flatten(_in_order_of(self.example, self._bind(args, kwargs)))
        if structure != self.structure:
            raise InvalidError(f"expected inputs in the structure of the examples, {self.structure}, got {structure}")
        for index, (leaf, example, name) in enumerate(zip(leaves, self.leaves, self.names)):
            if name is None and (self._is_tensor(leaf) or not _is_same(leaf, example)):
                raise InvalidError(f"input {index} is {leaf!r}, and the engine was made for {example!r}: only tensors may change")
        return leaves


def _in_order_of(example: Any, given: Any) -> Any:
    """What is given, with the keys of its dicts in the order that the example's have: dicts of other orders are equal."""
    if type(given) is not type(example):
        return given
    if isinstance(given, dict) and given.keys() == example.keys():
        return type(given)((key, _in_order_of(value, given[key])) for key, value in example.items())
    if type(given) in (list, tuple) and len(given) == len(example):
        return type(given)(map(_in_order_of, example, given))
    return given


def _is_same(value: Any, other: Any) -> bool:
    try:
        return value is other or bool(np.all(value == other))
    except Exception:  # of whatever kind a comparison has
        return False


@contextlib.contextmanager
def _quiet_loggers() -> Iterator[None]:
    """Without warnings of exporters, about themselves and about what they do not find; what they cannot do they raise."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch.fx", "torch._dynamo", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels):
            logger.setLevel(level)


def _reason_of(error: BaseException) -> str:
    """The first line of what began it, without the colours of terminals."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in re.sub("\x1b\\[[0-9;]*m", "", str(error)).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
