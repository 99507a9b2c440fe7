"""The simplest other ways to write an einsum that give exactly the same tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playground.models.einsum.labels import Indexing
from playground.models.registry import Registry

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Factor:
    """An expression and the labels of its axes; `is_name`: calling a method on it needs no brackets."""

    code: str
    labels: Labels
    is_name: bool = True

    @property
    def called(self) -> str:
        """The code, in brackets if calling a method needs them."""
        return self.code if self.is_name else f"({self.code})"


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A way to write some einsums: `function(parts, output)` returns its code, or None if it does not apply."""

    name: str
    function: Callable[[Sequence[Factor], Labels], str | None]


LAVISH = frozenset({"elementwise product", "broadcasting"})
"""The ways that multiply everything out before summing."""

REWRITINGS: Registry[Rewriting] = Registry("rewriting")


def _rewriting(
    name: str,
) -> Callable[[Callable[[Sequence[Factor], Labels], str | None]], Callable[[Sequence[Factor], Labels], str | None]]:
    def decorate(
        function: Callable[[Sequence[Factor], Labels], str | None],
    ) -> Callable[[Sequence[Factor], Labels], str | None]:
        REWRITINGS.register(Rewriting(name, function))
        return function

    return decorate


def equivalents_of(indexing: Indexing) -> tuple[str, ...]:
    """All known ways, the simplest first: `"A @ B.t()"` for `ij,kj->ik`; () if no other is exactly the same.

    Stretched sizes have none: `@` does not broadcast 1 against n.
    """
    if any(label.stretched for label in indexing.labels.values()):
        return ()
    parts = [Factor(name, labels) for name, labels in zip(indexing.names, indexing.input_labels, strict=False)]
    return rewrite(parts, indexing.output_labels)


def rewrite(parts: Sequence[Factor], output: Labels, frugal: bool = False) -> tuple[str, ...]:
    """The ways to write the sum of products of `parts` with axes `output`.

    `frugal`: none with intermediates larger than the result.
    """
    if len(parts) > 1:
        parts = [_without_diagonal(part) for part in parts]
        parts = [_summed_over(part, _lone(part, parts, output)) for part in parts]
    entries = [entry for entry in REWRITINGS.values() if not (frugal and entry.name in LAVISH)]
    ways = (entry.function(parts, output) for entry in entries)
    return tuple(dict.fromkeys(way for way in ways if way is not None))


def _without_diagonal(part: Factor) -> Factor:
    """Axes with the same label merged into one, placed last, as `diagonal` does."""
    while repeated := [label for label, count in Counter(part.labels).items() if count > 1]:
        label = repeated[0]
        first = part.labels.index(label)
        second = part.labels.index(label, first + 1)
        rest = tuple(other for axis, other in enumerate(part.labels) if axis not in (first, second))
        plain = len(part.labels) == 2
        call = "diagonal()" if plain else f"diagonal(dim1={first}, dim2={second})"
        part = Factor(f"{part.called}.{call}", (*rest, label))
    return part


def _lone(part: Factor, parts: Sequence[Factor], output: Labels) -> Labels:
    """The letters found in this part only, and not in the result: torch too sums over them before it multiplies."""
    others = {label for other in parts if other is not part for label in other.labels}
    return tuple(label for label in part.labels if label not in others and label not in output)


def _summed_over(part: Factor, gone: Labels) -> Factor:
    if not gone:
        return part
    axes = [axis for axis, label in enumerate(part.labels) if label in gone]
    places = "" if len(axes) == len(part.labels) else str(axes[0]) if len(axes) == 1 else str(tuple(axes))
    return Factor(f"{part.called}.sum({places})", tuple(label for label in part.labels if label not in gone))


def _arranged(part: Factor, labels: Labels) -> Factor:
    """The part with its axes reordered, in the shortest code."""
    if part.labels == labels:
        return part
    order = [part.labels.index(label) for label in labels]
    moved = [axis for axis, source in enumerate(order) if axis != source]
    if len(order) == 2:
        call = "t()"
    elif len(moved) == 2:
        call = "mT" if moved == [len(order) - 2, len(order) - 1] else f"transpose({moved[0]}, {moved[1]})"
    else:
        call = f"permute({', '.join(map(str, order))})"
    return Factor(f"{part.called}.{call}", labels)


@_rewriting("one operand")
def _one_operand(parts: Sequence[Factor], output: Labels) -> str | None:
    if len(parts) != 1:
        return None
    part = parts[0]
    if len(part.labels) == 2 and part.labels[0] == part.labels[1] and not output:
        return f"{part.called}.trace()"
    part = _without_diagonal(part)
    part = _summed_over(part, tuple(label for label in part.labels if label not in output))
    return _arranged(part, output).code


@_rewriting("dot product")
def _dot(parts: Sequence[Factor], output: Labels) -> str | None:
    if len(parts) != 2 or output or len(parts[0].labels) != 1 or parts[0].labels != parts[1].labels:
        return None
    return f"{parts[0].code} @ {parts[1].code}"


@_rewriting("outer product")
def _outer(parts: Sequence[Factor], output: Labels) -> str | None:
    if len(parts) != 2 or len(output) != 2 or any(len(part.labels) != 1 for part in parts):
        return None
    first, second = parts if parts[0].labels == output[:1] else (parts[1], parts[0])
    if first.labels + second.labels != output:
        return None
    return f"torch.outer({first.code}, {second.code})"


@_rewriting("elementwise product")
def _elementwise(parts: Sequence[Factor], output: Labels) -> str | None:
    """All operands with the same letters: multiply, then sum and transpose if needed."""
    if len(parts) < 2 or any(sorted(part.labels) != sorted(parts[0].labels) for part in parts):
        return None
    kept = set(output) & set(parts[0].labels)
    if kept != set(output):
        return None
    layout = output if len(output) == len(parts[0].labels) else parts[0].labels
    text = " * ".join(_arranged(part, layout).code for part in parts)
    if layout == output:
        return text
    total = _summed_over(Factor(text, layout, is_name=False), tuple(label for label in layout if label not in output))
    return _arranged(total, output).code


@_rewriting("scaling")
def _scaled(parts: Sequence[Factor], output: Labels) -> str | None:
    """Scalars times one tensor."""
    full = [part for part in parts if part.labels]
    if len(parts) < 2 or len(full) > 1:
        return None
    if full and sorted(full[0].labels) != sorted(output):
        return None
    numbers = [part.code for part in parts if not part.labels]
    return " * ".join([*numbers, *([_arranged(full[0], output).code] if full else [])])


@_rewriting("matrix product")
def _matmul(parts: Sequence[Factor], output: Labels) -> str | None:
    return _product_of_two(parts, output, lambda left, right, _rank: f"{left} @ {right}")


@_rewriting("batched matrix product")
def _bmm(parts: Sequence[Factor], output: Labels) -> str | None:
    def write(left: str, right: str, rank: int) -> str | None:
        return f"torch.bmm({left}, {right})" if rank == 3 else None

    return _product_of_two(parts, output, write)


def _product_of_two(
    parts: Sequence[Factor], output: Labels, write: Callable[[str, str, int], str | None]
) -> str | None:
    """Matches one summed letter in both, at most one kept letter in each operand alone, and a batch of kept letters."""
    if len(parts) != 2:
        return None
    left, right = parts
    both = set(left.labels) & set(right.labels)
    summed = (set(left.labels) | set(right.labels)) - set(output)
    batch = tuple(label for label in output if label in both)
    rows = [label for label in left.labels if label not in both]
    columns = [label for label in right.labels if label not in both]
    if len(summed) != 1 or not summed <= both or max(len(rows), len(columns)) > 1 or output[: len(batch)] != batch:
        return None
    if batch and not (rows and columns):
        return None
    inner = tuple(summed)
    if output[len(batch) :] == (*columns, *rows) and rows and columns:
        left, right, rows, columns = right, left, columns, rows
    if output != (*batch, *rows, *columns):
        return None
    first = _arranged(left, (*batch, *rows, *inner))
    second = _arranged(right, (*batch, *inner, *columns))
    return write(first.code, second.code, len(batch) + 2)


@_rewriting("chain of matrix products")
def _chain(parts: Sequence[Factor], output: Labels) -> str | None:
    """Three or more, each sharing one summed letter with the next: `x @ M @ y`."""
    if len(parts) < 3 or len(output) > 2 or any(len(part.labels) not in (1, 2) for part in parts):
        return None
    counts = Counter(label for part in parts for label in part.labels)
    if any(counts[label] != (1 if label in output else 2) for label in counts):
        return None
    ordered = _follow(list(parts), output[:1])
    if ordered is None or tuple(label for label in _ends(ordered) if label) != output:
        return None
    return " @ ".join(part.code for part in ordered)


def _ends(parts: Sequence[Factor]) -> tuple[str, str]:
    first = parts[0].labels[0] if len(parts[0].labels) == 2 else ""
    last = parts[-1].labels[1] if len(parts[-1].labels) == 2 else ""
    return first, last


def _follow(left: list[Factor], start: Labels) -> list[Factor] | None:
    """The parts in chain order, transposed if needed."""
    vectors = [part for part in left if len(part.labels) == 1]
    if any(len(part.labels) == 1 for part in left) and (not start or not any(start[0] in p.labels for p in left)):
        first = vectors[0]
    else:
        candidates = [part for part in left if start and start[0] in part.labels]
        if not candidates:
            return None
        first = _arranged(candidates[0], tuple(sorted(candidates[0].labels, key=lambda label: label != start[0])))
        left = [part if part is not candidates[0] else first for part in left]
    chain = [first]
    left = [part for part in left if part is not first]
    while left:
        link = chain[-1].labels[-1]
        following = next((part for part in left if link in part.labels), None)
        if following is None:
            return None
        left.remove(following)
        turned = _arranged(following, tuple(sorted(following.labels, key=lambda label: label != link)))
        if len(turned.labels) == 1 and left:
            return None
        chain.append(turned)
    return chain


@_rewriting("tensor contraction")
def _tensordot(parts: Sequence[Factor], output: Labels) -> str | None:
    """Several letters summed over, none kept in both: `torch.tensordot`."""
    if len(parts) != 2:
        return None
    left, right = parts
    inner = [label for label in left.labels if label in right.labels]
    outer_left = tuple(label for label in left.labels if label not in inner)
    outer_right = tuple(label for label in right.labels if label not in inner)
    if set(inner) & set(output) or not inner:
        return None
    if output not in ((*outer_left, *outer_right), (*outer_right, *outer_left)):
        return None
    if output != (*outer_left, *outer_right):
        left, right = right, left
    axes = [[part.labels.index(label) for label in inner] for part in (left, right)]
    return f"torch.tensordot({left.code}, {right.code}, dims=({axes[0]}, {axes[1]}))"


@_rewriting("broadcasting")
def _broadcast(parts: Sequence[Factor], output: Labels) -> str | None:
    """Each operand with its axes in the result's order, None for those it lacks: always possible for two."""
    if len(parts) != 2:
        return None
    involved = dict.fromkeys(label for part in parts for label in part.labels)
    order = (*output, *(label for label in involved if label not in output))
    codes = [_with_new_axes(part, order) for part in parts]
    total = Factor(" * ".join(codes), order, is_name=False)
    summed = tuple(label for label in order if label not in output)
    return _summed_over(total, summed).code if summed else total.code


def _with_new_axes(part: Factor, order: Labels) -> str:
    own = tuple(label for label in order if label in part.labels)
    arranged = _arranged(part, own)
    places = [":" if label in part.labels else "None" for label in order]
    while places and places[-1] == ":":
        places.pop()
    if all(place == ":" for place in places):
        return arranged.code
    return f"{arranged.called}[{', '.join(places)}]"
