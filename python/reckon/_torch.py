"""PyTorch modules to engines, and engines as callables over torch's tensors."""

from __future__ import annotations

import inspect
import os
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
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
        self._inputs: tuple[str | None, ...] = tuple(info.name for info in engine.inputs)
        self._flatten: Callable[[tuple[Any, ...], dict[str, Any]], list[Any]] | None = None
        self._restore: Callable[[list[Any]], Any] | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs on what the module took, in the same structure, and gives what it gave."""
        if self._flatten is None:
            given = {name: value for name, value in zip(self._inputs, args) if name is not None}
            if len(args) > len(self._inputs) or given.keys() & kwargs.keys():
                raise InvalidError(f"{len(args)} inputs by place and {', '.join(kwargs) or 'none'} by name are given; the engine takes "
                                   f"{self.engine._list_inputs()}")
            given.update(kwargs)
        else:
            leaves = self._flatten(args, kwargs)
            given = {name: leaf for name, leaf in zip(self._inputs, leaves) if name is not None}
        results = [_to_torch(info.type, self.engine, value) for info, value in
                   zip(self.engine.outputs, self.engine.run(given).values())]
        if self._restore is not None:
            return self._restore(results)
        return results[0] if len(results) == 1 else tuple(results)

    def synchronize(self) -> None:
        """As Engine.synchronize()."""
        self.engine.synchronize()

    def __repr__(self) -> str:
        exported = f" exported by {self.exporter}" if self.exporter else ""
        return f"<reckon.TorchModel{exported}: {self.engine!r}>"


def _to_torch(kind: str, engine: Engine, value: Any) -> Any:
    import torch

    if isinstance(value, torch.Tensor):
        return value
    if kind == "bf16":  # numpy has their bits
        return torch.from_numpy(value.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(value)


def from_torch(module: torch.nn.Module, example_inputs: Any, dynamic_batch: bool = True, *, target: str | Iterable[str] = "host",
               dynamic_shapes: Any = None, progress: bool | ProgressCallback | None = None, device: str | None = None, threads: int = 0,
               **options: OptionValue) -> TorchModel:
    """Exports a module to ONNX and compiles it.

    torch.export ("dynamo") comes first; what it cannot export goes through TorchScript, with a warning that says why, and
    TorchModel.exporter says which it was. Needs torch, and onnxscript for dynamo.

    Args:
        module: in the mode that it should be run in: call its eval() first.
        example_inputs: a tensor, or a tuple of what the module takes by place: tensors, or lists, tuples and dicts of them. What is
            no tensor is a constant of the engine. The sizes are examples, too, where they are dynamic.
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
    if not isinstance(module, torch.nn.Module):
        raise InvalidError(f"expected a torch.nn.Module, got {type(module).__name__}")
    arguments = example_inputs if isinstance(example_inputs, tuple) else (example_inputs,)
    export = _Export(module, arguments, dynamic_batch, dynamic_shapes)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        exporter, fallback = export.write(path)
        engine = compile(path, target, progress=progress, device=device, threads=threads, **cast("dict[str, Any]", options))
    return export.wrap(engine, exporter, fallback)


class _Export:
    """A module with its example inputs, their names, and which of their sizes may change."""

    def __init__(self, module: torch.nn.Module, arguments: tuple[Any, ...], dynamic_batch: bool, dynamic_shapes: Any) -> None:
        import torch
        from torch.utils import _pytree as pytree

        self.torch, self.pytree, self.module = torch, pytree, module
        leaves, self.structure = pytree.tree_flatten(arguments)
        tensors = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
        if not tensors:
            raise InvalidError("example_inputs has no tensor")
        self.names = self._name_leaves(arguments)
        try:
            with torch.no_grad():
                self.result = module(*arguments)
        except Exception as error:
            raise InvalidError(f"the module does not run on example_inputs: {type(error).__name__}: {error}") from error
        self.is_dynamic, self.dynamic_shapes = dynamic_batch, dynamic_shapes
        if dynamic_batch and dynamic_shapes is None:
            # torch.export takes sizes of 0 and 1 for constants.
            leaves = [torch.cat([leaf, leaf]) if self._is_tensor(leaf) and leaf.dim() and leaf.shape[0] == 1 else leaf for leaf in leaves]
        self.leaves = leaves
        #: Whether the module takes tensors alone, by place.
        self.is_flat = all(map(self._is_tensor, arguments))

    def _is_tensor(self, leaf: Any) -> bool:
        return isinstance(leaf, self.torch.Tensor)

    def _name_leaves(self, arguments: tuple[Any, ...]) -> list[str | None]:
        """For each leaf the parameter that it belongs to, with its place in that; None for what is no tensor."""
        parameters = [p for p in inspect.signature(self.module.forward).parameters.values() if p.kind != p.KEYWORD_ONLY]
        names: list[str | None] = []
        for index, argument in enumerate(arguments):
            if index < len(parameters) and parameters[index].kind != inspect.Parameter.VAR_POSITIONAL:
                base = parameters[index].name
            else:
                base = f"input_{index}"
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
            reason = _first_line(error)
        try:
            self._write_by_torchscript(path)
        except Exception as error:
            raise InvalidError(f"the module cannot be exported to ONNX. dynamo: {reason}. TorchScript: {_first_line(error)}") from error
        warnings.warn(f"exported through TorchScript, because dynamo says: {reason}", stacklevel=4)
        return "torchscript", reason

    def _arguments(self) -> tuple[Any, ...]:
        arguments: tuple[Any, ...] = self.pytree.tree_unflatten(self.leaves, self.structure)
        return arguments

    def _write_by_dynamo(self, path: str) -> None:
        shapes = self.dynamic_shapes
        if shapes is None and self.is_dynamic:
            batch, other = self.torch.export.Dim("batch"), self.torch.export.Dim.AUTO
            dims = [name and {0: batch if name == "batch" else other} for name in self._first_axes()]
            shapes = self.pytree.tree_unflatten(dims, self.structure)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.torch.onnx.export(self.module, self._arguments(), path, dynamo=True, dynamic_shapes=shapes, verbose=False,
                                   input_names=[name for name in self.names if name is not None])

    def _write_by_torchscript(self, path: str) -> None:
        if self.dynamic_shapes is not None:
            raise InvalidError("dynamic_shapes are dynamo's")
        axes = {name: {0: axis} for name, axis in zip(self.names, self._first_axes()) if name and axis}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.torch.onnx.export(self.module, self._arguments(), path, dynamo=False, dynamic_axes=axes,
                                   input_names=[name for name in self.names if name is not None])

    def wrap(self, engine: Engine, exporter: str, fallback: str) -> TorchModel:
        model = TorchModel(engine)
        model.exporter, model.fallback = exporter, fallback
        taken = {info.name for info in engine.inputs}
        unknown = taken.difference(name for name in self.names if name)
        if unknown:
            raise ReckonError(f"the exporter made an input '{sorted(unknown)[0]}' that the module does not have")
        # An exporter leaves out what the module does not read.
        model._inputs = tuple(name if name in taken else None for name in self.names)
        model._flatten = self._flatten
        outputs, structure = self.pytree.tree_flatten(self.result)
        if len(outputs) == len(engine.outputs) and not self._is_tensor(self.result):
            model._restore = lambda results: self.pytree.tree_unflatten(results, structure)
        return model

    def _flatten(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[Any]:
        if self.is_flat and not kwargs and len(args) == len(self.leaves) and all(map(self._is_tensor, args)):
            return list(args)
        if kwargs:
            args = inspect.signature(self.module.forward).bind(*args, **kwargs).args
        leaves, structure = self.pytree.tree_flatten(args)
        if structure != self.structure:
            raise InvalidError(f"expected inputs in the structure of the examples, {self.structure}, got {structure}")
        for index, (leaf, example, name) in enumerate(zip(leaves, self.leaves, self.names)):
            if name is None and leaf != example:
                raise InvalidError(f"input {index} is {leaf!r}, and the engine was made for {example!r}: only tensors may change")
        return leaves


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
