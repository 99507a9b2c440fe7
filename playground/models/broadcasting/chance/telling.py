"""What a line owes to chance, in words, with the other reading and the tie as ready edits."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from playground.models.broadcasting.chance.meeting import Axis
from playground.models.broadcasting.chance.sizes import Sizes
from playground.models.broadcasting.chance.trace import Doubt
from playground.models.broadcasting.operators import postfix_text
from playground.models.language.fills import made_code
from playground.models.language.source import ExpressionText
from playground.models.problem import Fix
from playground.models.program.program import Program
from playground.models.program.sources import Made, Source

LONGEST_TOLD = 40


ReshapeTold = tuple[str, str, tuple[Axis, Axis]]
"""The code in place of a reshape, the message, and the two axes in question."""


@dataclass(frozen=True, slots=True)
class AxisSize:
    """One axis of a tensor and its size; `tensor` is a name, or the text of an operand."""

    tensor: str
    axis: int
    size: int


@dataclass(frozen=True, slots=True)
class ChanceNote:
    """A line that works only because two sizes happen to be equal.

    `name` is the line, `sizes` are the two axes that must be equal. `message` says what meets what, what else would fit
    and what to write for it, with code in backticks. `fixes` are whole lines: the new code of the line `target`.
    `lines` are all lines with this cause, the first of which is `name`; `place` is the characters of the call,
    `letters` the letters of an einsum that are equal by chance.
    """

    name: str
    sizes: tuple[AxisSize, AxisSize]
    message: str
    fixes: tuple[Fix, ...] = ()
    lines: tuple[str, ...] = ()
    place: tuple[int, int] = (0, 0)
    letters: tuple[str, ...] = ()

    @property
    def plain(self) -> str:
        """The message without backticks."""
        return self.message.replace("`", "")


@dataclass(frozen=True, slots=True)
class ChanceTeller:
    """Turns the doubts of one line into notes; `shape_after` plans a line with other code (None: it fails)."""

    name: str
    parsed: ExpressionText
    sizes: Sizes
    program: Program
    lines: Mapping[str, ExpressionText]
    shape_after: Callable[[str, str], str | None]

    def told(self, doubt: Doubt) -> ChanceNote | None:
        """The note of a doubt; None if no other reading of the line works."""
        if doubt.reading is not None:
            return self._reshape(doubt)
        if doubt.ghost is not None:
            return self._ghost(doubt)
        tell = {
            "stretch": self._stretch, "matmul": self._matmul, "linear": self._linear, "einsum": self._einsum,
            "classes": self._classes, "mask": self._mask,
        }.get(doubt.meeting.kind)  # fmt: skip
        note = tell(doubt) if tell is not None else None
        if note is None and doubt.apart is not None:
            note = self._note(doubt, f"{self._met(doubt)}{self._only(doubt)}", [])
        return note

    def _note(self, doubt: Doubt, message: str, fixes: list[Fix], letters: tuple[str, ...] = ()) -> ChanceNote:
        span = self.parsed.span(doubt.node)
        first, second = (self._axis_size(doubt, axis) for axis in doubt.pair)
        ties = self._tie(doubt)
        return ChanceNote(
            self.name, (first, second), message, (*fixes, *ties), (self.name,), (span.start, span.stop), letters
        )

    def _axis_size(self, doubt: Doubt, axis: tuple[int, int]) -> AxisSize:
        size = self.sizes.value(doubt.size(axis))
        if doubt.apart is not None and doubt.apart.name:
            return AxisSize(doubt.apart.name, doubt.apart.axes[doubt.pair.index(axis)], size)
        return AxisSize(self._text(doubt, axis[0]), axis[1], size)

    def _text(self, doubt: Doubt, operand: int) -> str:
        node = doubt.nodes[operand]
        text = "the operand" if node is None else self.parsed.segment(node)
        return text if len(text) <= LONGEST_TOLD else f"{text[: LONGEST_TOLD - 1]}…"

    def _code(self, doubt: Doubt) -> str:
        text = self.parsed.segment(doubt.node)
        return f"`{text}`" if len(text) <= 2 * LONGEST_TOLD else f"`{text[: 2 * LONGEST_TOLD - 1]}…`"

    def _square(self, doubt: Doubt, operand: int, axes: tuple[int, int]) -> str:
        """Why two axes of an operand can be taken for one another: "A is square"."""
        text, shape = self._text(doubt, operand), doubt.shapes[operand]
        if len(shape) == 2:
            return f"`{text}` is square"
        first, second = sorted(axes)
        return f"axes {first} and {second} of `{text}` are both {self.sizes.value(shape[first])}"

    def _met(self, doubt: Doubt) -> str:
        (one, i), (other, k) = doubt.pair
        return (
            f"{self._code(doubt)} pairs axis {i} of `{self._text(doubt, one)}` "
            f"with axis {k} of `{self._text(doubt, other)}`. "
        )

    def _only(self, doubt: Doubt) -> str:
        """For two axes of one tensor: "That works only because A is square."."""
        together, size = doubt.apart, self.sizes.value(doubt.size(doubt.pair[0]))
        assert together is not None
        first, second = together.axes
        if not together.name:
            return f"These are different axes of one tensor, so that works only because both are {size}."
        if together.rank == 2:
            return f"That works only because `{together.name}` is square."
        return f"That works only because axes {first} and {second} of `{together.name}` are both {size}."

    def _edit(self, doubt: Doubt, operand: int, code: str, meaning: str) -> list[Fix]:
        """The line with one operand replaced, if that can be planned."""
        node = doubt.nodes[operand]
        if node is None:
            return []
        span = self.parsed.span(node)
        return self._line(self.name, self.parsed.text[: span.start] + code + self.parsed.text[span.stop :], meaning)

    def _line(self, name: str, code: str, meaning: str) -> list[Fix]:
        gives = self.shape_after(name, code)
        return [] if gives is None else [Fix(code, gives, meaning, target=name)]

    def _full(self, doubt: Doubt, operand: int) -> str:
        node = doubt.nodes[operand]
        return "" if node is None else self.parsed.segment(node)

    def _stretch(self, doubt: Doubt) -> ChanceNote | None:
        placed = self._placement(doubt)
        if placed is None:
            return None
        small, big, code, axis, wanted = placed
        fixes = self._edit(doubt, small, code, "the other reading")
        if not fixes:
            return None
        text, other = self._text(doubt, small), self._text(doubt, big)
        shown = f"`{self._shown(doubt, small, code)}`"
        size = self.sizes.value(doubt.shapes[big][axis])
        matrix = len(doubt.shapes[big]) == 2
        where = "rows" if wanted == 0 else "columns"
        for_that = f"For the {where}: {shown}." if matrix else f"For axis {wanted}: {shown}."
        if doubt.apart is not None:
            message = f"{self._met(doubt)}{self._only(doubt)} {for_that}"
        else:
            message = (
                f"{self._code(doubt)} pairs the {size} of `{text}` with axis {axis} of `{other}`, and it would fit "
                f"axis {wanted} as well, because {self._square(doubt, big, (axis, wanted))}. {for_that}"
            )
        return self._note(doubt, message, fixes)

    def _shown(self, doubt: Doubt, operand: int, code: str) -> str:
        """The call with one operand replaced."""
        node, whole = doubt.nodes[operand], self.parsed.span(doubt.node)
        assert node is not None
        span = self.parsed.span(node)
        return self.parsed.text[whole.start : span.start] + code + self.parsed.text[span.stop : whole.stop]

    def _placement(self, doubt: Doubt) -> tuple[int, int, str, int, int] | None:
        """Another place for the smaller operand: (it, the larger, its code, axis that it meets, axis that it would)."""
        pair = doubt.pair
        big, small = (
            (pair[0], pair[1]) if len(doubt.shapes[pair[0][0]]) >= len(doubt.shapes[pair[1][0]]) else pair[::-1]
        )
        larger, smaller = doubt.shapes[big[0]], doubt.shapes[small[0]]
        best: tuple[int, ...] | None = None
        shift = len(larger) - len(smaller)
        for places in combinations(range(len(larger)), len(smaller)):
            moved = places[small[1]]
            if moved == big[1] or any(place == axis + shift for axis, place in enumerate(places) if axis == small[1]):
                continue
            fits = all(
                self.sizes.value(larger[place]) in (self.sizes.value(size), 1) or size == 1
                for place, size in zip(places, smaller, strict=True)
            )
            if not fits or (doubt.other is not None and doubt.other[0] == big[0] and doubt.other[1] not in places):
                continue
            if doubt.apart is not None and not self.sizes.same(larger[moved], smaller[small[1]]):
                continue
            best = places
        if best is None or shift == 0:
            return None
        items = [":" if axis in best else "None" for axis in range(best[0], len(larger))]
        code = f"{postfix_text(self._full(doubt, small[0]))}[{', '.join(items)}]"
        return small[0], big[0], code, big[1], best[small[1]]

    def _transposed(self, doubt: Doubt, operand: int, axes: tuple[int, int]) -> str:
        """The operand's text with two axes swapped."""
        text, rank = postfix_text(self._full(doubt, operand)), len(doubt.shapes[operand])
        if rank == 2:
            return f"{text}.T"
        low, high = sorted(axes)
        return f"{text}.mT" if (low, high) == (rank - 2, rank - 1) else f"{text}.transpose({low}, {high})"

    def _matmul(self, doubt: Doubt) -> ChanceNote | None:
        other = doubt.other
        if other is None:
            return None
        taken = next(axis for axis in doubt.pair if axis[0] == other[0])
        code = self._transposed(doubt, other[0], (taken[1], other[1]))
        fixes = self._edit(doubt, other[0], code, "the other reading")
        batch = self._batch(doubt, other)
        if not fixes and not batch:
            return None
        text = self._text(doubt, other[0])
        if doubt.apart is not None:
            message = f"{self._met(doubt)}{self._only(doubt)}"
            shown = f" For the other axis: `{self._shown(doubt, other[0], code)}`." if fixes else ""
            return self._note(doubt, message + shown, fixes)
        message = f"{self._code(doubt)} sums over axis {taken[1]} of `{text}`."
        if fixes:
            shown = f"`{self._shown(doubt, other[0], code)}`"
            why = self._square(doubt, other[0], (taken[1], other[1]))
            why = why.replace(f"`{text}` is", "It is") if why.endswith("is square") else why[0].upper() + why[1:]
            message += f" {why}, so {shown} would work too: nothing shows which way round it should be."
        for fix in batch:
            right = self._text(doubt, 1)
            message += f" Axis 0 of `{right}` is also as long as the batch: for one vector per matrix, `{fix.code}`."
        return self._note(doubt, message, [*fixes, *batch])

    def _batch(self, doubt: Doubt, other: tuple[int, int]) -> list[Fix]:
        """The right matrix read as one vector for each matrix of the batch."""
        left, right = doubt.shapes[0], doubt.shapes[1]
        fits = len(right) == 2 and len(left) == 3 and self.sizes.value(left[0]) == self.sizes.value(right[0])
        if not fits or self.sizes.value(left[2]) != self.sizes.value(right[1]):
            return []
        code = f"{postfix_text(self._full(doubt, 1))}[:, :, None]"
        return self._edit(doubt, 1, code, "one vector for each matrix")

    def _linear(self, doubt: Doubt) -> ChanceNote | None:
        code = self._transposed(doubt, 1, (0, 1))
        fixes = self._edit(doubt, 1, code, "the other reading")
        if not fixes or doubt.pair[0][0] == 1:
            return None
        message = (
            f"{self._code(doubt)} sums over axis 1 of `{self._text(doubt, 1)}`. It is square, so `{code}` would work "
            "too: nothing shows which way round it should be."
        )
        return self._note(doubt, message, fixes)

    def _einsum(self, doubt: Doubt) -> ChanceNote | None:
        other, node = doubt.other, doubt.node
        equation = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if other is None or not isinstance(equation, ast.Constant) or not isinstance(equation.value, str):
            return None
        taken = next(axis for axis in doubt.pair if axis[0] == other[0])
        left, arrow, output = equation.value.replace(" ", "").partition("->")
        terms = left.split(",")
        term = list(terms[other[0]])
        if "." in term or not arrow:
            return None
        letters = (term[taken[1]], term[other[1]])
        term[taken[1]], term[other[1]] = letters[1], letters[0]
        terms[other[0]] = "".join(term)
        mended = f"{','.join(terms)}->{output}"
        span, text = self.parsed.span(equation), self.parsed.text
        quote = text[span.start]
        fixes = self._line(
            self.name, f"{text[: span.start]}{quote}{mended}{quote}{text[span.stop :]}", "the other reading"
        )
        if not fixes:
            return None
        (one, i), (two, k) = doubt.pair
        size = self.sizes.value(doubt.size(taken))
        message = (
            f"{letters[0]} is {size} in `{self._text(doubt, one)}` (axis {i}) and {size} in `{self._text(doubt, two)}` "
            f"(axis {k}): by chance, as {letters[1]} is {size} too. `{mended}` would fit as well."
        )
        return self._note(doubt, message, fixes, letters[:1])

    def _classes(self, doubt: Doubt) -> ChanceNote | None:
        if doubt.other is None:
            return None
        scores, targets = self._text(doubt, 0), self._text(doubt, 1)
        met = next(axis for axis in doubt.pair if axis[0] == 0)[1]
        code = self._transposed(doubt, 0, (1, met))
        fixes = self._edit(doubt, 0, code, "classes last")
        if not fixes:
            return None
        message = (
            f"{self._code(doubt)} takes axis 1 of `{scores}` for the classes and pairs axis {met} with `{targets}`. "
            f"It would fit the other way round too, because {self._square(doubt, 0, (1, met))}. "
            f"If axis {met} holds the classes: `{code}`."
        )
        return self._note(doubt, message, fixes)

    def _mask(self, doubt: Doubt) -> ChanceNote | None:
        node = doubt.node
        if doubt.other is None or not isinstance(node, ast.Subscript):
            return None
        axis = doubt.other[1]
        mask = self.parsed.segment(node.slice)
        code = f"{self.parsed.segment(node.value)}[{', '.join([':'] * axis)}, {mask}]"
        whole = self.parsed.span(node)
        text = self.parsed.text
        fixes = self._line(self.name, text[: whole.start] + code + text[whole.stop :], "the other reading")
        if not fixes or len(doubt.meeting.pairs) > 1:
            return None
        message = (
            f"{self._code(doubt)} picks along axis 0 of `{self._text(doubt, 0)}`. `{mask}` would fit axis {axis} as "
            f"well, because {self._square(doubt, 0, (0, axis))}. For axis {axis}: `{code}`."
        )
        return self._note(doubt, message, fixes)

    def _ghost(self, doubt: Doubt) -> ChanceNote | None:
        ghost = doubt.ghost
        assert ghost is not None
        for taken, partner in (doubt.pair, doubt.pair[::-1]):
            axis = taken[1] + (taken[1] >= ghost.axis)
            parsed = self.parsed if ghost.line == self.name else self.lines[ghost.line]
            span = parsed.span(ghost.node)
            fixes = self._line(
                ghost.line, f"{parsed.text[: span.start]}{axis}{parsed.text[span.stop :]}", "the other axis"
            )
            if not fixes:
                continue
            size, text = self.sizes.value(doubt.size(partner)), self._text(doubt, partner[0])
            message = (
                f"{self._code(doubt)} pairs `{text}` with what is left of axis {axis} after the reduction over axis "
                f"{ghost.axis}. Both axes are {size}, so a reduction over axis {axis} would fit too: `{fixes[0].code}`."
            )
            return self._note(doubt, message, fixes)
        return None

    def _reshape(self, doubt: Doubt) -> ChanceNote | None:
        reading, node = doubt.reading, doubt.node
        if reading is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            return None
        told = (
            self._split_and_swapped(doubt, node, node.func) if reading.mixed else self._swapped(doubt, node.func.value)
        )
        if told is None:
            return None
        code, message, pair = told
        whole, text = self.parsed.span(node), self.parsed.text
        fixes = self._line(self.name, text[: whole.start] + code + text[whole.stop :], "axes kept apart")
        return self._note(replace(doubt, pair=pair), message, fixes) if fixes else None

    def _swapped(self, doubt: Doubt, owner: ast.expr) -> ReshapeTold | None:
        """Axes that must be swapped before the reshape joins them or takes one for the other."""
        reading, shape, label = doubt.reading, doubt.shapes[0], self._text(doubt, 0)
        assert reading is not None
        if reading.swapped is not None:
            stands, wanted = reading.swapped
            what = f"puts the size of axis {wanted} of `{label}` where axis {stands} stands"
        else:
            assert reading.joined is not None
            stands, right = reading.joined
            lefts = {self.sizes.now(left) for left, part in self.sizes.splits if self.sizes.same(part, shape[right])}
            wanted = next((axis for axis, size in enumerate(shape) if self.sizes.now(size) in lefts), -1)
            if wanted < 0:
                return None
            what = f"joins axis {stands} of `{label}` with axis {right}, which was split off axis {wanted}"
        low, high = sorted((stands, wanted))
        rest = self.parsed.text[self.parsed.span(owner).stop : self.parsed.span(doubt.node).stop]
        rest = rest.lstrip(") ").replace(".view(", ".reshape(", 1)
        code = f"{postfix_text(self.parsed.segment(owner))}.transpose({low}, {high}){rest}"
        message = (
            f"{self._code(doubt)} {what}. It fits only because axes {low} and {high} are both "
            f"{self.sizes.value(shape[low])}. To swap them first: `{code}`."
        )
        return code, message, ((0, low), (0, high))

    def _split_and_swapped(self, doubt: Doubt, node: ast.Call, function: ast.Attribute) -> ReshapeTold | None:
        """A view in the order of the axes, and a swap after it."""
        assert doubt.reading is not None
        order, label = doubt.reading.mixed, self._text(doubt, 0)
        parts = (
            node.args[0].elts if len(node.args) == 1 and isinstance(node.args[0], ast.Tuple | ast.List) else node.args
        )
        if len(parts) != len(order):
            return None
        source = postfix_text(self.parsed.segment(function.value))
        view = f"{source}.{function.attr}({', '.join(self.parsed.segment(parts[axis]) for axis in order)})"
        moved = [place for place, axis in enumerate(order) if axis != place]
        if len(moved) == 2:
            code = f"{view}.transpose({moved[0]}, {moved[1]})"
        else:
            code = f"{view}.permute({', '.join(str(order.index(axis)) for axis in range(len(order)))})"
        message = (
            f"{self._code(doubt)} cuts the elements of `{label}` in another order than its axes: the product of the "
            f"sizes fits, but axes are mixed. To split first and then swap: `{code}`."
        )
        last = len(doubt.shapes[0]) - 1
        return code, message, ((0, max(last - 1, 0)), (0, last))

    def _tie(self, doubt: Doubt) -> list[Fix]:
        """The later of two made tensors with its size read from the earlier one, for sizes meant to be equal."""
        if doubt.apart is not None or doubt.reading is not None:
            return []
        origins = [self.sizes.origins.get(doubt.size(axis)) for axis in doubt.pair]
        first, second = origins
        if first is None or second is None or first.name == second.name:
            return []
        names = self.program.names
        if first.name not in names or second.name not in names:
            return []
        early, late = sorted((first, second), key=lambda origin: names.index(origin.name))
        source = next(binding.source for binding in self.program.bindings if binding.name == late.name)
        code = tied_code(source, late.axis, f"{early.name}.shape[{early.axis}]")
        meaning = f"axis {late.axis} of {late.name} is always as long as axis {early.axis} of {early.name}"
        return self._line(late.name, code, meaning) if code else []


def tied_code(source: Source, axis: int, size: str) -> str:
    """The code of a made tensor with the size of one axis read from another: `torch.ones(A.shape[1])`; else empty.

    >>> tied_code(Made("ones", (4, 2)), 0, "A.shape[1]")
    'torch.ones(A.shape[1], 2)'
    """
    if not isinstance(source, Made) or not 0 <= axis < len(source.shape) or source.fill in ("values", "eye"):
        return ""
    sizes = [size if place == axis else str(own) for place, own in enumerate(source.shape)]
    if source.fill in ("arange", "linspace"):
        code = made_code(source)
        stem, dot, _ = code.rpartition(".reshape(")
        return f"{stem}.reshape({', '.join(sizes)})" if dot else _counted(source, code, size)
    marker = 900_000_007
    marked = made_code(replace(source, shape=(*source.shape[:axis], marker, *source.shape[axis + 1 :])))
    return marked.replace(str(marker), size)


def _counted(source: Made, code: str, size: str) -> str:
    """`torch.arange(4.)` with its count read from a tensor."""
    if source.fill == "linspace":
        return code.replace(f", {source.shape[0]}", f", {size}", 1)
    if source.parameters:
        return ""
    default = "int64"
    dtype = "" if source.dtype == default else f", dtype=torch.{source.dtype}"
    return f"torch.arange({size}{dtype})"
