"""What the broadcast panel shows of a result: its sentence, and its grids from left to right."""

from __future__ import annotations

from playground.models.tensors.broadcast_operators import BROADCAST_OPERATORS
from playground.models.tensors.broadcast_request import BroadcastResult
from playground.widgets.tensors.broadcast_grids import ShownGrid

_NO_OPERATION = "This line has no elementwise operation of several tensors."


def chains(operator: str) -> bool:
    """Whether a third operand can be written behind this operator."""
    return operator in BROADCAST_OPERATORS and BROADCAST_OPERATORS[operator].chains


def sentence(result: BroadcastResult) -> str:
    """What the operation does and costs, or why it has nothing to say; code in backticks."""
    if not result.operands:
        return "Nothing to broadcast yet: add a tensor, or select a line with an operation."
    if result.request.offered and result.explanation is None:
        return f"{_NO_OPERATION} Choose or type a second operand to see how the two fit."
    if result.explanation is None:
        return ""
    if result.explanation.shape is None:
        return result.explanation.vain_edit
    if result.request.gradient:
        return " ".join([one.sentence for one in result.gradients]) or result.gradient_note
    if result.explanation.warning is not None and not result.request.offered:
        return result.cost  # the warning has said the rest
    said = f"{result.explanation.sentence_markup} {result.cost}"
    return f"{_NO_OPERATION} `{result.code}` would fit: {said}" if result.request.offered else said


def value_grids(result: BroadcastResult) -> list[ShownGrid]:
    """Operands with the operator between them, and the result behind `=`; on a clash the operands as they are."""
    explanation = result.explanation
    shape = explanation.shape if explanation is not None else None
    grids = []
    for place, operand in enumerate(result.operands):
        own = None if operand.failed else operand.shape
        sign = (result.operator if len(result.operator) < 3 else ",") if place else ""
        grids.append(
            ShownGrid(
                operand.text, own, operand.reader, result.scale, sign if shape is not None else "",
                operand.stretched, note=operand.note, linked=shape is not None, characters=operand.characters,
            )
        )  # fmt: skip
    if result.result is not None:
        one = result.result
        grids.append(
            ShownGrid(one.text, one.shape, one.reader, result.scale, "=", note=one.note, characters=one.characters)
        )
    return grids


def gradient_grids(result: BroadcastResult) -> list[ShownGrid]:
    """For each stretched operand what its copies get, and their sum."""
    explanation = result.explanation
    if explanation is None or explanation.shape is None:
        return value_grids(result)
    rank = len(explanation.shape)
    grids = []
    for one in result.gradients[:2]:
        own = tuple(range(rank - len(one.shape), rank))
        grids.append(ShownGrid("each copy", explanation.shape, one.copies, one.scale))
        grids.append(ShownGrid(f"{one.text}.grad", one.shape, one.total, one.scale, "sum", colours=own, linked=False))
    return grids
