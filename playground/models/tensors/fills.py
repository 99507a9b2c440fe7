"""The ways to make a tensor from nothing: each writes its code, builds its tensor and knows its own text again."""

from __future__ import annotations

import ast
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from playground.models.outcome import refuse
from playground.models.registry import Registry
from playground.models.tensors.literals import (
    DtypeName,
    LiteralCall,
    Seed,
    as_sizes,
    literal_call,
    number_text,
    sizes_text,
)
from playground.models.tensors.sources import Made

FLOATING = ("float32", "float64", "float16", "bfloat16")
INTEGRAL = ("int64", "int32", "int16", "int8", "uint8")
MAXIMUM_VALUES = 10_000
"""So many numbers of a `torch.tensor([...])` are kept as numbers; longer ones stay a line of text."""

Code = Callable[[Made], str]
Recognise = Callable[[LiteralCall, tuple[int, ...] | None], Made | None]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number that a fill takes besides shape, dtype and seed."""

    name: str
    default: float | int
    description: str
    integral: bool = False


@dataclass(frozen=True, slots=True)
class Fill:
    """A way to make a tensor: `code` writes the PyTorch text, `build` runs it, `recognise` reads the text back."""

    name: str
    label: str
    description: str
    code: Code
    build: Callable[[Made], torch.Tensor]
    recognise: Recognise
    calls: tuple[str, ...]
    dtypes: tuple[str, ...] = (*FLOATING, *INTEGRAL)
    parameters: tuple[Parameter, ...] = ()
    seeded: bool = False
    ranks: tuple[int, ...] | None = None

    def fits_rank(self, rank: int) -> bool:
        """Whether a tensor with so many axes can be made."""
        return self.ranks is None or rank in self.ranks


FILLS: Registry[Fill] = Registry("fill")


def parameter(made: Made, name: str) -> Any:
    """What `made` sets this parameter to, or the fill's default."""
    given = dict(made.parameters)
    if name in given:
        return given[name]
    return next(p.default for p in FILLS[made.fill].parameters if p.name == name)


def default_made(fill: str, shape: tuple[int, ...] = (3, 4)) -> Made:
    """A tensor of this fill with its first dtype, its default parameters and seed 0 where it has one."""
    entry = FILLS.find(fill)
    if not entry.fits_rank(len(shape)):
        shape = (shape + (1, 1))[:2]
    parameters: tuple[tuple[str, object], ...] = ()
    if fill == "values":
        parameters = (("values", _nested([0.0] * math.prod(shape), shape)),)
    return Made(fill, shape, entry.dtypes[0], 0 if entry.seeded else None, parameters)


def made_code(made: Made) -> str:
    """The PyTorch text that makes the tensor: `torch.arange(12.).reshape(3, 4)`."""
    return FILLS.find(made.fill).code(made)


def make(made: Made, device: str = "cpu") -> torch.Tensor:
    """The tensor itself; on `"meta"` its shape, strides and dtype alone, of any size."""
    check_made(made)
    if device == "meta":
        return torch.empty(made.shape, dtype=dtype_named(made.dtype), device="meta")
    return FILLS[made.fill].build(made).to(device)


def check_made(made: Made) -> None:
    """Raise a `ProblemError` for sizes, ranks or dtypes that the fill cannot have."""
    fill = FILLS.find(made.fill)
    for axis, size in enumerate(made.shape):
        if size < 0:
            refuse(f"Axis {axis} has size {size}. A size is 0 or more.", badge="size below 0")
    if math.prod(made.shape) >= 2**60:
        refuse("The sizes multiply to more than 2^60 elements, more than torch can count.", badge="too many elements")
    if not fill.fits_rank(len(made.shape)):
        refuse(
            f"{fill.label} has {fill.ranks[0] if fill.ranks else 0} axes, not {len(made.shape)}.", badge="wrong rank"
        )
    if made.dtype not in fill.dtypes:
        refuse(f"{fill.label} cannot be made in {made.dtype}. It can be {', '.join(fill.dtypes)}.", badge="wrong dtype")


def dtype_named(name: str) -> torch.dtype:
    """`torch.float32` of `"float32"`, for the dtypes that a fill can have."""
    return _DTYPES[name]


def recognise(node: ast.expr) -> Made | None:
    """The `Made` that would write this expression (in its own spelling), or None: `torch.zeros((3, 4))` is a fill too."""
    reshaped: tuple[int, ...] | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("reshape", "view"):
        inner = node.func.value
        outer = literal_call(ast.Call(ast.Name("reshape"), node.args, node.keywords))
        reshaped = as_sizes(outer.positional) if outer and not outer.keywords else None
        if reshaped is None:
            return None
        node = inner
    call = literal_call(node)
    if call is None:
        return None
    for fill in FILLS.values():
        if call.name in fill.calls:
            made = fill.recognise(call, reshaped)
            if made is not None and made.dtype in fill.dtypes and fill.fits_rank(len(made.shape)):
                return made
    return None


_DTYPES = {name: getattr(torch, name) for name in (*FLOATING, *INTEGRAL, "bool")}
_SEED_DEFAULT = 0


def _dtype(call: LiteralCall, default: str) -> str | None:
    """The dtype keyword's name; None if there is a keyword that no fill writes."""
    if set(call.keywords) - {"dtype", "generator"}:
        return None
    given = call.keywords.get("dtype", DtypeName(default))
    return given.name if isinstance(given, DtypeName) and given.name in _DTYPES else None


def _seed(call: LiteralCall) -> int | None:
    given = call.keywords.get("generator", Seed(_SEED_DEFAULT))
    return given.value if isinstance(given, Seed) else None


def _joined(*arguments: str) -> str:
    return ", ".join(argument for argument in arguments if argument)


def _dtype_text(made: Made, default: str) -> str:
    return "" if made.dtype == default else f"dtype=torch.{made.dtype}"


def _generator_text(made: Made) -> str:
    return f"generator=torch.Generator().manual_seed({made.seed or 0})"


def _generator(made: Made) -> torch.Generator:
    return torch.Generator().manual_seed(made.seed or 0)


def _reshape_text(made: Made) -> str:
    return "" if len(made.shape) == 1 else f".reshape({sizes_text(made.shape)})"


def _one_dimensional(shape: tuple[int, ...] | None, count: int) -> tuple[int, ...] | None:
    """The shape that a run of `count` numbers takes, None if it does not fit."""
    if shape is None:
        return (count,)
    return shape if math.prod(shape) == count else None


def _arange_code(made: Made) -> str:
    start, count = int(parameter(made, "start")), math.prod(made.shape)
    write = (lambda n: f"{n}.") if made.dtype in FLOATING else str
    default = "float32" if made.dtype in FLOATING else "int64"
    limits = write(count) if start == 0 else f"{write(start)}, {write(start + count)}"
    return f"torch.arange({_joined(limits, _dtype_text(made, default))}){_reshape_text(made)}"


def _arange_build(made: Made) -> torch.Tensor:
    start, count = int(parameter(made, "start")), math.prod(made.shape)
    number = float if made.dtype in FLOATING else int
    return torch.arange(number(start), number(start + count), dtype=dtype_named(made.dtype)).reshape(made.shape)


def _arange_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    numbers = call.positional
    if len(numbers) not in (1, 2) or any(isinstance(n, bool) or not isinstance(n, int | float) for n in numbers):
        return None
    start, end = (0, numbers[0]) if len(numbers) == 1 else numbers
    if not all(math.isfinite(n) and n == int(n) and abs(n) < 2**53 for n in (start, end)) or end < start:
        return None
    whole = all(isinstance(n, int) for n in numbers)
    dtype = _dtype(call, "int64" if whole else "float32")
    if dtype is None or "generator" in call.keywords or (whole and dtype in FLOATING):
        return None
    shape = _one_dimensional(reshaped, int(end) - int(start))
    parameters = (("start", int(start)),) if start else ()
    return None if shape is None else Made("arange", shape, dtype, None, parameters)


def _sized_fill(name: str, label: str, description: str, function: Callable[..., torch.Tensor]) -> Fill:
    def code(made: Made) -> str:
        return f"torch.{name}({_joined(sizes_text(made.shape), _dtype_text(made, 'float32'))})"

    def build(made: Made) -> torch.Tensor:
        return function(made.shape, dtype=dtype_named(made.dtype))

    def recognise_call(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
        shape, dtype = as_sizes(call.positional), _dtype(call, "float32")
        if (
            not call.positional
            or shape is None
            or dtype is None
            or "generator" in call.keywords
            or reshaped is not None
        ):
            return None
        return Made(name, shape, dtype)

    dtypes = (*FLOATING, *INTEGRAL, "bool")
    return Fill(name, label, description, code, build, recognise_call, (f"torch.{name}",), dtypes)


def _random_fill(
    name: str, label: str, description: str, call_name: str, function: Callable[..., torch.Tensor]
) -> Fill:
    def code(made: Made) -> str:
        return (
            f"torch.{call_name}({_joined(sizes_text(made.shape), _dtype_text(made, 'float32'), _generator_text(made))})"
        )

    def build(made: Made) -> torch.Tensor:
        return function(made.shape, dtype=dtype_named(made.dtype), generator=_generator(made))

    def recognise_call(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
        shape, dtype, seed = as_sizes(call.positional), _dtype(call, "float32"), _seed(call)
        if not call.positional or shape is None or dtype is None or seed is None or reshaped is not None:
            return None
        return Made(name, shape, dtype, seed)

    return Fill(name, label, description, code, build, recognise_call, (f"torch.{call_name}",), FLOATING, seeded=True)


def _inferred_dtype(value: object) -> str:
    return "bool" if isinstance(value, bool) else "int64" if isinstance(value, int) else "float32"


def _cast(value: Any, dtype: str) -> Any:
    return float(value) if dtype in FLOATING else bool(value) if dtype == "bool" else int(value)


def _full_code(made: Made) -> str:
    value = _cast(parameter(made, "value"), made.dtype)
    arguments = _joined(
        sizes_text(()) if not made.shape else _tuple_text(made.shape),
        number_text(value),
        _dtype_text(made, _inferred_dtype(value)),
    )
    return f"torch.full({arguments})"


def _tuple_text(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _full_build(made: Made) -> torch.Tensor:
    return torch.full(made.shape, _cast(parameter(made, "value"), made.dtype), dtype=dtype_named(made.dtype))


def _full_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    if len(call.positional) != 2 or reshaped is not None or not isinstance(call.positional[0], tuple):
        return None
    shape, value = as_sizes((call.positional[0],)), call.positional[1]
    if shape is None or not isinstance(value, int | float) or "generator" in call.keywords:
        return None
    dtype = _dtype(call, _inferred_dtype(value))
    if dtype is None or (isinstance(value, float) and dtype not in FLOATING):
        return None
    return Made("full", shape, dtype, None, (("value", value),))


def _eye_code(made: Made) -> str:
    rows, columns = made.shape
    sizes = f"{rows}" if rows == columns else f"{rows}, {columns}"
    return f"torch.eye({_joined(sizes, _dtype_text(made, 'float32'))})"


def _eye_build(made: Made) -> torch.Tensor:
    return torch.eye(*made.shape, dtype=dtype_named(made.dtype))


def _eye_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    sizes, dtype = as_sizes(call.positional), _dtype(call, "float32")
    if (
        sizes is None
        or len(sizes) not in (1, 2)
        or dtype is None
        or reshaped is not None
        or "generator" in call.keywords
    ):
        return None
    return Made("eye", (sizes[0], sizes[-1]), dtype) if all(isinstance(n, int) for n in call.positional) else None


def _linspace_code(made: Made) -> str:
    limits = (number_text(float(parameter(made, name))) for name in ("start", "end"))
    return f"torch.linspace({_joined(*limits, str(math.prod(made.shape)), _dtype_text(made, 'float32'))}){_reshape_text(made)}"


def _linspace_build(made: Made) -> torch.Tensor:
    start, end = float(parameter(made, "start")), float(parameter(made, "end"))
    return torch.linspace(start, end, math.prod(made.shape), dtype=dtype_named(made.dtype)).reshape(made.shape)


def _linspace_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype = _dtype(call, "float32")
    if len(call.positional) != 3 or dtype is None or "generator" in call.keywords:
        return None
    start, end, steps = call.positional
    plain = all(isinstance(n, int | float) and not isinstance(n, bool) for n in (start, end))
    if not plain or not isinstance(steps, int) or isinstance(steps, bool) or steps < 0:
        return None
    shape = _one_dimensional(reshaped, steps)
    parameters = (("end", float(end)), ("start", float(start)))
    return None if shape is None else Made("linspace", shape, dtype, None, parameters)


def _normal_code(made: Made) -> str:
    mean, std = float(parameter(made, "mean")), float(parameter(made, "std"))
    rest = (_dtype_text(made, "float32"), _generator_text(made))
    if (mean, std) == (0.0, 1.0):
        return f"torch.randn({_joined(sizes_text(made.shape), *rest)})"
    return f"torch.normal({_joined(number_text(mean), number_text(std), _tuple_text(made.shape), *rest)})"


def _normal_build(made: Made) -> torch.Tensor:
    mean, std = float(parameter(made, "mean")), float(parameter(made, "std"))
    dtype, generator = dtype_named(made.dtype), _generator(made)
    if (mean, std) == (0.0, 1.0):
        return torch.randn(made.shape, dtype=dtype, generator=generator)
    if std < 0:
        refuse(f"The standard deviation is {number_text(std)}. It is 0 or more.", badge="std below 0")
    return torch.normal(mean, std, made.shape, dtype=dtype, generator=generator)


def _normal_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype, seed = _dtype(call, "float32"), _seed(call)
    if dtype is None or seed is None or reshaped is not None or not call.positional:
        return None
    if call.name == "torch.randn":
        shape = as_sizes(call.positional)
        return None if shape is None else Made("normal", shape, dtype, seed)
    if len(call.positional) != 3 or not all(isinstance(n, int | float) for n in call.positional[:2]):
        return None
    mean, std, sizes = call.positional
    shape = as_sizes((sizes,)) if isinstance(sizes, tuple) else None
    return None if shape is None else Made("normal", shape, dtype, seed, (("mean", float(mean)), ("std", float(std))))


def _randint_limits(made: Made) -> tuple[int, int]:
    low, high = int(parameter(made, "low")), int(parameter(made, "high"))
    if low >= high:
        refuse(f"The integers run from {low} to below {high}, so there is none.", badge="empty range")
    return low, high


def _randint_code(made: Made) -> str:
    low, high = int(parameter(made, "low")), int(parameter(made, "high"))
    rest = (_dtype_text(made, "int64"), _generator_text(made))
    return f"torch.randint({_joined(str(low), str(high), _tuple_text(made.shape), *rest)})"


def _randint_build(made: Made) -> torch.Tensor:
    return torch.randint(*_randint_limits(made), made.shape, dtype=dtype_named(made.dtype), generator=_generator(made))


def _randint_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    dtype, seed, numbers = _dtype(call, "int64"), _seed(call), call.positional
    if dtype is None or seed is None or reshaped is not None or len(numbers) not in (2, 3):
        return None
    low, high, sizes = numbers if len(numbers) == 3 else (0, *numbers)
    shape = as_sizes((sizes,)) if isinstance(sizes, tuple) else None
    if shape is None or not all(isinstance(n, int) and not isinstance(n, bool) for n in (low, high)):
        return None
    return Made("randint", shape, dtype, seed, (("high", high), ("low", low)))


def _nested(flat: list[Any], shape: tuple[int, ...]) -> Any:
    """Flat values in row order as nested tuples of this shape."""
    if not shape:
        return flat[0]
    step = math.prod(shape[1:])
    return tuple(_nested(flat[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0]))


def _nested_shape(values: Any) -> tuple[int, ...] | None:
    """The shape of nested tuples; None if they are ragged or hold anything but numbers."""
    if isinstance(values, bool | int | float):
        return ()
    if not isinstance(values, tuple):
        return None
    shapes = {_nested_shape(value) for value in values}
    if not shapes:
        return (0,)
    inner = shapes.pop()
    return None if shapes or inner is None else (len(values), *inner)


def _flat(values: Any) -> list[Any]:
    return list(itertools.chain.from_iterable(map(_flat, values))) if isinstance(values, tuple) else [values]


def _fitted(values: Any, shape: tuple[int, ...]) -> Any:
    """The nested values cut to `shape`, and zero where they do not reach: what dragging a size shows."""
    if not shape:
        while isinstance(values, tuple):
            values = values[0] if values else 0
        return values
    rows = values if isinstance(values, tuple) else (values,)
    return tuple(_fitted(rows[k] if k < len(rows) else 0, shape[1:]) for k in range(shape[0]))


def _written(values: Any, dtype: str) -> str:
    if isinstance(values, tuple):
        return f"[{', '.join(_written(value, dtype) for value in values)}]"
    return number_text(_cast(values, dtype))


def _values(made: Made) -> Any:
    values = dict(made.parameters).get("values", 0)
    return values if _nested_shape(values) == made.shape else _fitted(values, made.shape)


def _values_code(made: Made) -> str:
    values = _values(made)
    flat = _flat(values)
    default = _inferred_dtype(_cast(flat[0], made.dtype)) if flat else "float32"
    written = _written(values, made.dtype)
    text = f"torch.tensor({_joined(written, _dtype_text(made, default))})"
    if _nested_shape(values) == made.shape:
        return text
    return f"{text}.reshape({sizes_text(made.shape)})"


def _values_build(made: Made) -> torch.Tensor:
    flat = [_cast(value, made.dtype) for value in _flat(_values(made))]
    return torch.tensor(flat, dtype=dtype_named(made.dtype)).reshape(made.shape)


def _values_recognise(call: LiteralCall, reshaped: tuple[int, ...] | None) -> Made | None:
    if len(call.positional) != 1 or "generator" in call.keywords:
        return None
    values = call.positional[0]
    shape = _nested_shape(values)
    if shape is None or math.prod(shape) > MAXIMUM_VALUES:
        return None
    if reshaped is not None:
        if math.prod(shape) or math.prod(reshaped):
            return None
        shape = reshaped
    flat = _flat(values)
    kinds = {_inferred_dtype(value) for value in flat}
    natural = "float32" if "float32" in kinds or not kinds else "int64" if "int64" in kinds else "bool"
    dtype = _dtype(call, natural)
    if dtype is None or (natural == "float32" and dtype not in FLOATING and flat):
        return None
    return Made("values", shape, dtype, None, (("values", values),))


FILLS.register(
    Fill(
        "arange",
        "Count up",
        "0, 1, 2, ... in row order: each value says where it came from.",
        _arange_code,
        _arange_build,
        _arange_recognise,
        ("torch.arange",),
        parameters=(Parameter("start", 0, "the first value", integral=True),),
    )
)
FILLS.register(_sized_fill("zeros", "Zeros", "Every element 0.", torch.zeros))
FILLS.register(_sized_fill("ones", "Ones", "Every element 1.", torch.ones))
FILLS.register(
    Fill(
        "full",
        "One value",
        "Every element the same value.",
        _full_code,
        _full_build,
        _full_recognise,
        ("torch.full",),
        (*FLOATING, *INTEGRAL, "bool"),
        (Parameter("value", 7.0, "the value of each element"),),
    )
)
FILLS.register(
    Fill(
        "eye",
        "Identity",
        "1 on the main diagonal, 0 elsewhere.",
        _eye_code,
        _eye_build,
        _eye_recognise,
        ("torch.eye",),
        (*FLOATING, *INTEGRAL, "bool"),
        ranks=(2,),
    )
)
FILLS.register(
    Fill(
        "linspace",
        "Even steps",
        "Evenly spaced from start to end, both included.",
        _linspace_code,
        _linspace_build,
        _linspace_recognise,
        ("torch.linspace",),
        FLOATING,
        (Parameter("start", 0.0, "the first value"), Parameter("end", 1.0, "the last value")),
    )
)
FILLS.register(
    Fill(
        "normal",
        "Normal",
        "Independent draws from a normal distribution, the same ones for the same seed.",
        _normal_code,
        _normal_build,
        _normal_recognise,
        ("torch.randn", "torch.normal"),
        FLOATING,
        (Parameter("mean", 0.0, "the mean"), Parameter("std", 1.0, "the standard deviation")),
        seeded=True,
    )
)
FILLS.register(
    _random_fill("uniform", "Uniform", "Independent draws, uniform between 0 and 1, 1 excluded.", "rand", torch.rand)
)
FILLS.register(
    Fill(
        "randint",
        "Random integers",
        "Independent integers, each from low to high - 1 equally likely.",
        _randint_code,
        _randint_build,
        _randint_recognise,
        ("torch.randint",),
        (*INTEGRAL, *FLOATING),
        (
            Parameter("low", 0, "the smallest integer", integral=True),
            Parameter("high", 10, "one more than the largest integer", integral=True),
        ),
        seeded=True,
    )
)
FILLS.register(
    Fill(
        "values",
        "Typed values",
        "The numbers as typed.",
        _values_code,
        _values_build,
        _values_recognise,
        ("torch.tensor",),
        (*FLOATING, *INTEGRAL, "bool"),
    )
)


def resized(made: Made, axis: int, size: int) -> Made:
    """The same fill with another size along one axis."""
    shape = (*made.shape[:axis], size, *made.shape[axis + 1 :])
    if made.fill == "values" and _nested_shape(dict(made.parameters).get("values", 0)) is None:
        return made
    return replace(made, shape=shape)
