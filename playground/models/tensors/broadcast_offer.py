"""Which other tensor the broadcast panel offers beside a selected one whose line has no operation to explain."""

from __future__ import annotations

from collections.abc import Mapping

from playground.models.tensors.broadcast_alignment import Shape, align


def best_partner(name: str, shapes: Mapping[str, Shape]) -> str:
    """The first of the tensors that stretch best beside `name`, of which `shapes` knows the shapes; empty if none fits.

    >>> best_partner("A", {"A": (3, 4), "v": (3,), "w": (4,)})
    'w'
    """
    if name not in shapes:
        return ""
    ranks = {other: _rank(shapes[name], shape) for other, shape in shapes.items() if other != name}
    best = max(ranks.values(), default=0)
    return next((other for other, rank in ranks.items() if rank == best), "") if best else ""


def _rank(shape: Shape, other: Shape) -> int:
    """One tensor stretched says most, then equal shapes, then a number, then two stretched; 0 for a clash."""
    alignment = align([shape, other], ("a", "b"))
    if alignment.shape is None:
        return 0
    if not shape or not other:
        return 2
    return {0: 3, 1: 4, 2: 1}[len(alignment.stretched_rows)]
