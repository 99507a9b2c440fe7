"""Measures: numbers that a lesson gets from the app's models, from numpy, or by trying something on a copy."""

from __future__ import annotations

import ast
import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import EllipsisType
from typing import Any

import numpy as np
import torch

from playground.models.einsum.plan import plan_einsum
from playground.models.evaluation.evaluate import Evaluated
from playground.models.job import Job
from playground.models.language.budget import CarefulWatch, default_budget
from playground.models.language.check import check_expression
from playground.models.language.interpreter import Interpreter
from playground.models.language.source import parse_expression
from playground.models.language.torch_warnings import QUIET_TORCH
from playground.models.lessons.lesson import Measure
from playground.models.memory.layout import Layout, describe_layout
from playground.models.memory.view_rule import explain_view
from playground.models.network.measure.measuring import Detail
from playground.models.network.measure.result import NetworkResult
from playground.models.network.measure.statistics import StatisticsTable
from playground.models.network.run.run import run_network
from playground.models.network.saved.request import SavedRequest, SavedResult, compute_saved
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError, refuse
from playground.models.registry import Registry

Number = bool | int | float
Index = tuple[object, ...]


def numpy_index(text: str) -> Index:
    """The index for a text such as "::-1, [0, 2], None, ...": slices, numbers, lists of numbers, None, dots."""
    try:
        match ast.parse(f"_[{text}]", mode="eval").body:
            case ast.Subscript(value=ast.Name(), slice=ast.Tuple(elts=parts)):
                return tuple(_part(part) for part in parts)
            case ast.Subscript(value=ast.Name(), slice=part):
                return (_part(part),)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        pass
    refuse(f"{text!r} is not an index of slices, whole numbers, lists, None or dots.")


def _part(part: ast.expr) -> object:
    match part:
        case ast.Slice(lower=lower, upper=upper, step=step):
            return slice(*(None if end is None else _whole(end) for end in (lower, upper, step)))
        case ast.Constant(value=None | EllipsisType() as value):
            return value
    return _whole(part)


def _whole(part: ast.expr) -> object:
    """A whole number, or a list of them."""
    if isinstance(part, ast.List):
        return [_whole(one) for one in part.elts]
    value = ast.literal_eval(part)
    if type(value) is not int:
        raise ValueError(value)
    return value


def _torch_shape(tensor: torch.Tensor, index: Index) -> tuple[int, ...]:
    """The shape that torch gives; it has no negative steps, and its reading of nested lists depends on the version."""
    with QUIET_TORCH:
        return tuple(tensor[index if len(index) > 1 else index[0]].shape)  # type: ignore[index]


NUMPY_READINGS: dict[str, Callable[[np.ndarray, torch.Tensor, Index], Number | tuple[Number, ...]]] = {
    "strides": lambda found, _tensor, _index: tuple(found.strides),
    "nbytes": lambda found, _tensor, _index: int(found.nbytes),
    "shape": lambda found, _tensor, _index: tuple(found.shape),
    "shares": lambda found, tensor, _index: bool(np.shares_memory(found, tensor.numpy())),
    "torch_shape": lambda _found, tensor, index: _torch_shape(tensor, index),
    "values": lambda found, _tensor, _index: tuple(found.ravel().tolist()),
}


def read_numpy(tensor: torch.Tensor, index: str, read: str) -> Number | tuple[Number, ...]:
    """numpy's result for this index of the tensor's array: strides in bytes, bytes, shape, values, shared or not."""
    wanted = numpy_index(index)
    return NUMPY_READINGS[read](tensor.numpy()[wanted], tensor, wanted)  # type: ignore[index]


def elements_changed(tensor: torch.Tensor, index: tuple[int, ...], other: torch.Tensor) -> int:
    """The number of elements of `other` that share a byte with `tensor[index]`: a write to it changes them."""
    storage = tensor.untyped_storage()
    if other.untyped_storage().data_ptr() != storage.data_ptr():
        return 0
    written = torch.zeros(storage.nbytes(), dtype=torch.bool)
    _bytes_of(tensor, written)[index] = True
    return int(_bytes_of(other, written).any(-1).sum())


def _bytes_of(tensor: torch.Tensor, storage: torch.Tensor) -> torch.Tensor:
    """A view of per-byte marks of a storage, with one mark for each byte of each element: (*shape, itemsize)."""
    item = tensor.itemsize
    strides = (*(stride * item for stride in tensor.stride()), 1)
    return storage.as_strided((*tensor.shape, item), strides, int(tensor.storage_offset()) * item)


MOST_SECONDS = 20.0
"""Seconds from which a check or a number in a text is not started, since nobody can cancel it."""

Values = Mapping[str, Evaluated]
Measurement = Number | tuple[Number, ...]


@dataclass(frozen=True, slots=True)
class MeasureKind:
    """A kind of measure: `take(arguments, values)` returns the number for the arguments in the lesson's file."""

    name: str
    take: Callable[[dict[str, object], Values], Measurement]
    words: str


MEASURES: Registry[MeasureKind] = Registry("measure")


def take_measure(measure: Measure, values: Values) -> Measurement:
    """Take a measure now; raises a ProblemError that names a measure that cannot be taken."""
    try:
        return MEASURES.find(measure.kind).take(dict(measure.arguments), values)
    except ProblemError as error:
        refuse(str(error), lead=f"The measure {measure.name}:", badge="broken lesson")
    except (KeyError, TypeError, ValueError, AttributeError, AssertionError, RuntimeError) as error:
        said = f"there is no {error}" if isinstance(error, KeyError) else str(error) or "its arguments do not fit"
        refuse(f"it cannot be taken: {said}.", lead=f"The measure {measure.name}:", badge="broken lesson")


def _tensor(arguments: dict[str, object], values: Values, key: str = "tensor") -> Evaluated:
    name = str(arguments.get(key, ""))
    if name not in values or values[name].tensor is None:
        refuse(f"This measure needs a tensor with values; {name!r} has none.")
    return values[name]


def _layout(arguments: dict[str, object], values: Values) -> Measurement:
    own = _tensor(arguments, values)
    others = {name: one.tensor for name, one in values.items() if one.tensor is not None and one is not own}
    tensor = own.tensor
    assert tensor is not None
    layout: Layout = describe_layout(tensor, others)
    value = getattr(layout, str(arguments["read"]))
    return len(value) if isinstance(value, str) else value


def _view(arguments: dict[str, object], values: Values) -> Measurement:
    tensor = _tensor(arguments, values).tensor
    assert tensor is not None
    shape = arguments["shape"]
    assert isinstance(shape, tuple)
    return explain_view(tuple(tensor.shape), tuple(tensor.stride()), shape).allowed


def _einsum(arguments: dict[str, object], values: Values) -> Measurement:
    """True if an equation is legal for the operands."""
    operands = arguments.get("operands", ())
    assert isinstance(operands, tuple)
    shapes = [tuple(values[str(name)].tensor.shape) for name in operands]  # type: ignore[union-attr]
    try:
        plan_einsum(str(arguments["equation"]), *shapes)
    except ProblemError:
        return False
    return True


def _network(arguments: dict[str, object], _values: Values) -> Measurement:
    read = str(arguments.pop("read"))
    return NETWORK_READINGS[read](_measured(NetworkSpec(**arguments)))  # type: ignore[arg-type]


@lru_cache(maxsize=8)
def _measured(spec: NetworkSpec) -> NetworkResult:
    """A run, cached because a lesson reads several numbers from it."""
    return run_network(spec, detail=Detail(histograms=()))


def _gradient(arguments: dict[str, object], values: Values) -> Measurement:
    """True if the tensor called `claimed` is autograd's gradient of `loss` with respect to `tensor`."""
    name, loss, claimed = (str(arguments[key]) for key in ("tensor", "loss", "claimed"))
    leaf = _tensor(arguments, values).tensor
    assert leaf is not None
    leaf = leaf.clone().requires_grad_()
    environment: dict[str, torch.Tensor] = {}
    for one in values.values():
        environment[one.name] = leaf if one.name == name else value_of_line(one.code, environment)
        if one.name == loss:
            break
    (gradient,) = torch.autograd.grad(environment[loss], leaf)
    wanted = _tensor(arguments, values, "claimed").tensor
    assert wanted is not None, claimed
    return torch.allclose(gradient, wanted)


def _of_line(arguments: dict[str, object], values: Values) -> torch.Tensor:
    environment = {name: one.tensor for name, one in values.items() if one.tensor is not None}
    value = value_of_line(str(arguments["line"]), environment)
    if not isinstance(value, torch.Tensor):
        refuse(f"{arguments['line']} does not give a tensor.")
    return value


def _shares(arguments: dict[str, object], values: Values) -> Measurement:
    """True if a line's result lies in a tensor's storage."""
    tensor = _tensor(arguments, values).tensor
    assert tensor is not None
    return _of_line(arguments, values).untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()


def _storage(arguments: dict[str, object], values: Values) -> Measurement:
    """The bytes in the storage of a line's result."""
    return _of_line(arguments, values).untyped_storage().nbytes()


def _file(arguments: dict[str, object], values: Values) -> Measurement:
    """The bytes that `torch.save` writes for a line's result."""
    with io.BytesIO() as file:
        torch.save(_of_line(arguments, values), file)
        return len(file.getvalue())


def _pointer(arguments: dict[str, object], values: Values) -> Measurement:
    """True if a line's result begins at the same address as a tensor."""
    tensor = _tensor(arguments, values).tensor
    assert tensor is not None
    return _of_line(arguments, values).data_ptr() == tensor.data_ptr()


WRITES: dict[str, Callable[[torch.Tensor], object]] = {
    "add_": lambda tensor: tensor.add_(1),
    "fill_": lambda tensor: tensor.fill_(1),
    "index_put_": lambda tensor: tensor.index_put_((torch.tensor([0]),) * tensor.ndim, torch.ones(())),
    "relu_": lambda tensor: tensor.relu_(),
}
"""In-place writes; `index_put_` writes only to the first element."""


def _write(arguments: dict[str, object], values: Values) -> Measurement:
    """True if torch allows writing to an element, tried on a tensor with the same strides in other memory.

    With `method`, one of `WRITES`: True if torch allows this method.
    """
    tensor = _tensor(arguments, values).tensor
    assert tensor is not None
    cells = torch.zeros(tensor.untyped_storage().nbytes() // tensor.itemsize, dtype=tensor.dtype)
    twin = cells.as_strided(tensor.shape, tensor.stride(), tensor.storage_offset())
    method, index = arguments.get("method"), arguments.get("index", ())
    assert isinstance(index, tuple)
    try:
        with QUIET_TORCH:
            if method is not None:
                WRITES[str(method)](twin)
            else:
                twin[index] = 1
    except RuntimeError:
        return False
    return True


def _changed(arguments: dict[str, object], values: Values) -> Measurement:
    """The number of elements of a line's result that change when an element of a tensor is written."""
    tensor, index = _tensor(arguments, values).tensor, arguments.get("index", ())
    assert tensor is not None
    assert isinstance(index, tuple)
    return elements_changed(tensor, index, _of_line(arguments, values))


def _numpy(arguments: dict[str, object], values: Values) -> Measurement:
    """numpy's result, computed now, for an index of a tensor."""
    tensor = _tensor(arguments, values).tensor
    assert tensor is not None
    return read_numpy(tensor, str(arguments["index"]), str(arguments["read"]))


def value_of_line(text: str, environment: Mapping[str, torch.Tensor]) -> Any:
    """The result of a line with these tensors; raises `ProblemError` if it fails or takes too much."""
    parsed = parse_expression(text)
    check_expression(parsed, environment, (), "")
    return Interpreter(parsed, environment, CarefulWatch(Job(), default_budget(), MOST_SECONDS)).run()


def _saved(arguments: dict[str, object], _values: Values) -> Measurement:
    """The bytes that a forward pass keeps for the backward pass."""
    read, every = str(arguments.pop("read")), arguments.pop("every", 0)
    assert isinstance(every, int)
    result = compute_saved(SavedRequest(NetworkSpec(**arguments), every))  # type: ignore[arg-type]
    return SAVED_READINGS[read](result)


SAVED_READINGS: dict[str, Callable[[SavedResult], int]] = {
    "saved": lambda result: result.saved.total_bytes,
    "without_gradient": lambda result: result.under_no_grad,
    "checkpointed": lambda result: result.checkpointed.peak,
}


def _first(flags: np.ndarray) -> int:
    """The first layer for which this holds, counted from 1; 0 if it holds for none."""
    return int(np.argmax(flags)) + 1 if flags.any() else 0


def _all_zero(table: StatisticsTable) -> np.ndarray:
    return np.asarray(table.zeros == table.count)


def _slope(values: np.ndarray) -> float:
    """The factor from one layer to the next, as the geometric mean."""
    return math.exp((math.log(values[-1]) - math.log(values[0])) / (len(values) - 1))


NETWORK_READINGS: dict[str, Callable[[NetworkResult], Number]] = {
    "first_inf": lambda result: _first(result.tables["activation"].infs > 0),
    "first_nan": lambda result: _first(result.tables["activation"].nans > 0),
    "first_zero": lambda result: _first(_all_zero(result.tables["activation"])),
    "first_subnormal": lambda result: _first(result.tables["activation"].subnormals > 0),
    "weight_std": lambda result: float(result.tables["weight"].std[0]),
    "first_std": lambda result: float(result.tables["activation"].std[0]),
    "first_rms": lambda result: float(result.tables["activation"].rms[0]),
    "last_std": lambda result: float(result.tables["activation"].std[-1]),
    "last_rms": lambda result: float(result.tables["activation"].rms[-1]),
    "first_gradient_rms": lambda result: float(result.tables["activation_gradient"].rms[0]),
    "first_weight_gradient_rms": lambda result: float(result.tables["weight_gradient"].rms[0]),
    "largest_weight_gradient_rms": lambda result: float(result.tables["weight_gradient"].rms.max()),
    "rms_per_layer": lambda result: _slope(result.tables["activation"].rms),
    "gradient_rms_per_layer": lambda result: 1 / _slope(result.tables["activation_gradient"].rms),
    "last_saturated": lambda result: result.layers[-1].saturated_fraction,
    "last_saturated_percent": lambda result: 100 * result.layers[-1].saturated_fraction,
    "last_dead": lambda result: result.layers[-1].dead_fraction,
    "last_gradient_rms": lambda result: float(result.tables["activation_gradient"].rms[-1]),
    "last_cosine": lambda result: result.layers[-1].cosine_between_inputs,
    "last_spread_across_inputs": lambda result: result.layers[-1].spread_across_inputs,
}
"""The values that can be read from a run, by the names that lessons use."""

MEASURES.register(MeasureKind("layout", _layout, "a fact of a tensor's layout: storage_bytes, strides, overlap, ..."))
MEASURES.register(MeasureKind("view", _view, "whether a tensor can be viewed in a shape"))
MEASURES.register(MeasureKind("einsum", _einsum, "whether an equation is legal"))
MEASURES.register(MeasureKind("gradient", _gradient, "whether a tensor is the gradient that autograd finds"))
MEASURES.register(MeasureKind("write", _write, "whether an element of a tensor, or all of it, can be written"))
MEASURES.register(MeasureKind("changed", _changed, "how many elements of a line change when an element is written"))
MEASURES.register(MeasureKind("numpy", _numpy, "what numpy gives for an index of a tensor: strides, shares, values"))
MEASURES.register(MeasureKind("shares", _shares, "whether what a line gives lies in a tensor's storage"))
MEASURES.register(MeasureKind("pointer", _pointer, "whether what a line gives begins at a tensor's address"))
MEASURES.register(MeasureKind("storage", _storage, "bytes of the storage of what a line gives"))
MEASURES.register(MeasureKind("file", _file, "bytes that torch.save writes for what a line gives"))
MEASURES.register(MeasureKind("saved", _saved, "bytes that a forward pass keeps for the backward pass"))
MEASURES.register(MeasureKind("network", _network, "a number of a network's layers"))
