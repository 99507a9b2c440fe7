"""Random lines of PyTorch, sensible and not, written without any knowledge of how the app reads them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import torch

Writer = Callable[[random.Random, Mapping[str, torch.Tensor]], str]

_UNARY = [
    "abs",
    "neg",
    "sign",
    "exp",
    "tanh",
    "sigmoid",
    "relu",
    "square",
    "floor",
    "ceil",
    "isnan",
    "sqrt",
    "logical_not",
    "sin",
    "erf",
    "trunc",
]
_BINARY = ["+", "-", "*", "/", "//", "%", "<", "<=", ">", ">=", "==", "!=", "&", "|", "^", "**"]
_REDUCING = [
    "sum",
    "mean",
    "prod",
    "amax",
    "amin",
    "argmax",
    "argmin",
    "all",
    "any",
    "cumsum",
    "softmax",
    "logsumexp",
    "std",
    "var",
    "norm",
    "max",
    "min",
]
_DTYPES = ["torch.float64", "torch.int64", "torch.int32", "torch.bool", "torch.float16", "torch.uint8"]


def random_program(rng: random.Random, lines: int) -> tuple[str, dict[str, torch.Tensor | None]]:
    """The text of a program and what plain torch makes of each line (None: it refuses)."""
    made: dict[str, torch.Tensor] = {}
    verdicts: dict[str, torch.Tensor | None] = {}
    text = []
    for number in range(lines):
        name = f"t{number}"
        writer = _making if number < 2 else rng.choice(_WRITERS)
        line = writer(rng, made)
        text.append(f"{name} = {line}")
        verdicts[name] = plain_torch(line, made)
        result = verdicts[name]
        if result is not None:
            made[name] = result
    return "\n".join(text), verdicts


def plain_torch(line: str, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor | None:
    """What a PyTorch session gives for this line; None if it raises or gives no tensor."""
    try:
        result = eval(line, {"torch": torch, **tensors})  # the generator's own text: this is the oracle
    except Exception:
        return None
    return result if isinstance(result, torch.Tensor) else None


def _shape(rng: random.Random, rank: int | None = None) -> tuple[int, ...]:
    rank = rng.choice([0, 1, 2, 2, 3, 3, 4]) if rank is None else rank
    return tuple(rng.choice([1, 2, 3, 3, 4, 0] if rng.random() < 0.1 else [1, 2, 3, 4]) for _ in range(rank))


def _making(rng: random.Random, _: Mapping[str, torch.Tensor]) -> str:
    shape = _shape(rng)
    count = 1
    for size in shape:
        count *= size
    dtype = rng.choice(["", "", f", dtype={rng.choice(_DTYPES)}"])
    return rng.choice(
        [
            f"torch.arange({count}.).reshape({shape})",
            f"torch.arange({count}).reshape({shape})",
            f"torch.randn({shape}, generator=torch.Generator().manual_seed({rng.randrange(9)}))",
            f"torch.ones({shape}{dtype})",
            f"torch.zeros({shape}{dtype})",
            f"torch.full({shape}, {rng.choice(['7.', '3', 'True', '-2'])})",
            f"torch.linspace(-2., 2., {count}).reshape({shape})",
            f"torch.eye({rng.randrange(4)}, {rng.randrange(1, 4)})",
            f"torch.randint(-3, 4, {shape}, generator=torch.Generator().manual_seed(1))",
            f"torch.tensor({[rng.randrange(9) for _ in range(rng.randrange(1, 5))]})",
            f"torch.tensor({[round(rng.uniform(-3, 3), 2) for _ in range(rng.randrange(1, 5))]})",
        ]
    )


def _name(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    return rng.choice(sorted(tensors)) if tensors else "torch.ones(3)"


def _of(tensors: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    return tensors.get(name, torch.ones(3))


def _axis(rng: random.Random, tensor: torch.Tensor) -> int:
    rank = max(tensor.ndim, 1)
    return rng.randrange(-rank - (rng.random() < 0.05), rank + (rng.random() < 0.05))


def _operator(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    left, right = _name(rng, tensors), _name(rng, tensors)
    if rng.random() < 0.3:
        right = rng.choice(["2", "0.5", "True", "-1"])
    elif rng.random() < 0.3:
        right += rng.choice(["[..., None]", "[None]", ".t()", ".unsqueeze(0)", ".sum(0)"])
    if rng.random() < 0.1:
        return f"{rng.choice(['-', '~', '+'])}{left}"
    if rng.random() < 0.15:
        return f"{left} @ {right}"
    return f"({left} {rng.choice(_BINARY)} {right})"


def _index(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    tensor = _of(tensors, name)
    parts = []
    for axis in range(rng.randrange(tensor.ndim + 2)):
        size = tensor.shape[axis] if axis < tensor.ndim else 1
        parts.append(
            rng.choice(
                [
                    str(rng.randrange(-size - 1, size + 1)) if rng.random() < 0.1 else str(rng.randrange(max(size, 1))),
                    ":",
                    f"{rng.randrange(3)}:",
                    f":{rng.randrange(-2, 4)}",
                    f"::{rng.choice([1, 2, 3, 2, -1])}",
                    "None",
                    "...",
                    "[0, 0]",
                    f"[{max(size - 1, 0)}, 0, 0]",
                    "torch.tensor([0])",
                    "torch.tensor([[0], [0]])",
                    "torch.tensor(0)",
                    "True",
                ]
            )
        )
    if not parts or rng.random() < 0.15:
        return f"{name}[{name} {rng.choice(['>', '<', '=='])} {rng.randrange(-1, 4)}]"
    return f"{name}[{', '.join(parts)}]"


def _factors(rng: random.Random, count: int) -> list[int]:
    sizes = []
    for _ in range(rng.randrange(3)):
        divisors = [n for n in range(1, max(count, 1) + 1) if count % n == 0] or [1]
        sizes.append(rng.choice(divisors))
        count //= max(sizes[-1], 1)
    sizes.append(count)
    rng.shuffle(sizes)
    if rng.random() < 0.2:
        sizes[rng.randrange(len(sizes))] = -1
    if rng.random() < 0.07:
        sizes.append(rng.randrange(1, 4))
    return sizes


def _reshaping(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    tensor = _of(tensors, name)
    order = list(range(tensor.ndim))
    rng.shuffle(order)
    sizes = ", ".join(map(str, _factors(rng, tensor.numel())))
    expanded = [size if size != 1 or rng.random() < 0.4 else 3 for size in tensor.shape]
    axis, other = _axis(rng, tensor), _axis(rng, tensor)
    return name + rng.choice(
        [
            f".permute({', '.join(map(str, order))})" if order else ".permute(())",
            f".transpose({axis}, {other})",
            ".t()",
            ".T" if tensor.ndim == 2 else ".mT",
            f".unsqueeze({_axis(rng, tensor)})",
            ".squeeze()",
            f".squeeze({axis})",
            f".reshape({sizes})",
            f".reshape(({sizes},))",
            f".view({sizes})",
            f".expand({', '.join(map(str, [*rng.choice([[], [2]]), *expanded]))})" if expanded else ".expand(2)",
            f".flatten({rng.choice(['', '0, 1', '1', str(axis)])})",
            f".movedim({axis}, {other})",
            f".narrow({axis}, 0, {rng.randrange(4)})",
            f".select({axis}, {rng.randrange(-1, 3)})",
            f".diagonal({rng.randrange(-1, 2)})",
            f".unfold({axis}, {rng.randrange(1, 4)}, {rng.randrange(1, 3)})",
            f".unflatten({axis}, ({rng.randrange(1, 3)}, -1))",
            f".split({rng.randrange(1, 3)}, {axis})[{rng.randrange(-1, 2)}]",
            f".chunk({rng.randrange(1, 3)}, {axis})[0]",
            ".ravel()",
            f".swapaxes({axis}, {other}).reshape({sizes})",
            f".as_strided((2, 2), ({rng.randrange(3)}, {rng.randrange(3)}), {rng.randrange(3)})",
            f".broadcast_to({(2, *expanded)})",
            f".view_as({_name(rng, tensors)})",
            f".expand_as({_name(rng, tensors)})",
            f".unbind({axis})[0]",
        ]
    )


def _copying(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    tensor = _of(tensors, name)
    axis = _axis(rng, tensor)
    repeats = ", ".join(str(rng.randrange(1, 3)) for _ in range(tensor.ndim + rng.choice([0, 0, 1, -1])))
    return name + rng.choice(
        [
            ".contiguous()",
            ".clone()",
            f".flip({axis})",
            f".roll({rng.randrange(-2, 3)}, {axis})",
            ".roll(1)",
            f".repeat({repeats or '2'})",
            f".tile({rng.randrange(1, 3)})",
            f".repeat_interleave({rng.randrange(3)}, {axis})",
            f".to({rng.choice(_DTYPES)})",
            ".float()",
            ".double()",
            ".long()",
            ".bool()",
            f".view({rng.choice(['torch.int32', 'torch.float64', 'torch.uint8', 'torch.int16'])})",
        ]
    )


def _reducing(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    axis, word = _axis(rng, _of(tensors, name)), rng.choice(_REDUCING)
    if word in ("max", "min"):
        return f"{name}.{word}({axis}).{rng.choice(['values', 'indices'])}"
    if word in ("cumsum", "softmax", "logsumexp"):
        return f"{name}.{word}({axis})"
    arguments = rng.choice(["", f"{axis}", f"dim={axis}", f"{axis}, keepdim=True"])
    if word in ("std", "norm", "var"):
        arguments = rng.choice(["", f"dim={axis}", f"dim={axis}, keepdim=True"])
    return rng.choice([f"{name}.{word}({arguments})", f"torch.{word}({name}{', ' if arguments else ''}{arguments})"])


def _mapping(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    word = rng.choice(_UNARY)
    return rng.choice(
        [
            f"{name}.{word}()",
            f"torch.{word}({name})",
            f"{name}.clamp({rng.randrange(-2, 1)}, {rng.randrange(1, 3)})",
            f"torch.where({name} > 0, {name}, {_name(rng, tensors)})",
            f"{name}.pow({rng.choice(['2', '0.5', '-1'])})",
            f"torch.maximum({name}, {_name(rng, tensors)})",
            f"{name}.masked_fill({name} > 1, {rng.choice(['0', '-1.5'])})",
            f"{name}.round(decimals={rng.randrange(-1, 2)})",
        ]
    )


def _joining(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    left, right = _name(rng, tensors), _name(rng, tensors)
    axis = _axis(rng, _of(tensors, left))
    right = rng.choice([left, right, f"{left}.t()", f"{left}[None]"])
    letters = "ijkl"[: _of(tensors, left).ndim]
    output = "".join(rng.sample(letters, rng.randrange(len(letters) + 1)))
    return rng.choice(
        [
            f"torch.cat([{left}, {right}], dim={axis})",
            f"torch.stack(({left}, {right}), {axis})",
            f"torch.outer({left}, {right})",
            f'torch.einsum("{letters}->{output}", {left})',
            f'torch.einsum("{letters},{letters}->{output}", {left}, {right})',
            f'torch.einsum("ij,jk", {left}, {right})',
            f"torch.matmul({left}, {right})",
            f"torch.tril({left}, {rng.randrange(-1, 2)})",
            f"torch.diag({left})",
            f"torch.zeros_like({left})",
            f"torch.full_like({left}, 3)",
            f'torch.meshgrid({left}, {right}, indexing="ij")[{rng.randrange(2)}]',
            f"torch.zeros({left}.shape[0], {left}.numel())",
            f"torch.ones({left}.size(-1)) * len({left})",
            f"torch.hstack([{left}, {right}])",
        ]
    )


def _picking(rng: random.Random, tensors: Mapping[str, torch.Tensor]) -> str:
    name = _name(rng, tensors)
    tensor = _of(tensors, name)
    axis = _axis(rng, tensor)
    return rng.choice(
        [
            f"{name}.gather({axis}, {name}.argsort({axis}))",
            f"{name}.index_select({axis}, torch.tensor([0, {rng.randrange(3)}]))",
            f"{name}.take_along_dim({name}.argmax({axis}, keepdim=True), {axis})",
            f"{name}.topk({rng.randrange(4)}, {axis})[{rng.randrange(2)}]",
            f"{name}.sort({axis}, descending={rng.choice(['True', 'False'])}, stable=True)[{rng.randrange(2)}]",
            f"{name}.sort({axis}, stable=True).values",
            f"{name}.masked_select({name} > 0)",
            f"{name}.nonzero()",
            f"torch.argsort({name}, {axis}, stable=True)",
            f"{name}.unique()",
        ]
    )


_WRITERS: tuple[Writer, ...] = (
    *(_operator, _operator, _index, _index, _reshaping, _reshaping, _reshaping),
    *(_copying, _reducing, _mapping, _joining, _picking, _making),
)
