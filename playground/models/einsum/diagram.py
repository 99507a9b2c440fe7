"""Where the nodes and lines of a tensor diagram lie: tensors are nodes, letters are lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.models.einsum.labels import Indexing, Label

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Node:
    """An operand at a point of the unit square."""

    operand: int
    name: str
    at: Point


@dataclass(frozen=True, slots=True)
class Line:
    """A letter: from node to node, out to the open (`ends_open`), or through a dot where three and more meet.

    `bend` parts lines between the same two nodes, in units of their spacing; a loop has both ends at one node.
    """

    label: str
    size: int
    place: int
    operands: tuple[int, ...]
    hub: Point | None
    ends_open: Point | None
    bend: float = 0.0
    is_loop: bool = False


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes and lines in a square from (0, 0) at the top left to (1, 1)."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]


def diagram_of(indexing: Indexing) -> Diagram:
    """Two operands side by side, more on a circle; open lines point outwards, those shared and kept too."""
    count = len(indexing.shapes)
    nodes = tuple(Node(i, indexing.names[i], _node_place(i, count)) for i in range(count))
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, label in indexing.labels.items():
        groups.setdefault(tuple(sorted(set(label.operands))), []).append(name)
    lines: list[Line] = []
    open_count = dict.fromkeys(range(count), 0)
    for operands, names in groups.items():
        for number, name in enumerate(names):
            lines.append(_line(indexing.labels[name], nodes, operands, number - (len(names) - 1) / 2, open_count))
    return Diagram(nodes, tuple(lines))


def _node_place(operand: int, count: int) -> Point:
    if count == 1:
        return (0.5, 0.5)
    if count <= 3:
        return (0.2 + 0.6 * operand / (count - 1), 0.5)
    angle = math.pi * (2 * operand / count - 1)
    return (0.5 + 0.32 * math.cos(angle), 0.5 + 0.32 * math.sin(angle))


def _line(
    label: Label, nodes: tuple[Node, ...], operands: tuple[int, ...], bend: float, open_count: dict[int, int]
) -> Line:
    name = label.name
    is_loop = len(operands) == 1 and bool(label.diagonal_of)
    if len(operands) == 1:
        at = nodes[operands[0]].at
        if label.is_summed and not is_loop:
            return Line(name, label.size, label.place, operands, _towards(at, open_count, operands[0]), None, bend)
        outside = None if label.is_summed else _towards(at, open_count, operands[0])
        return Line(name, label.size, label.place, operands, None, outside, bend, is_loop)
    middle = _middle(nodes, operands, bend)
    if label.is_summed:
        return Line(name, label.size, label.place, operands, middle if len(operands) > 2 else None, None, bend)
    outside = (middle[0], 0.06 if middle[1] <= 0.5 else 0.94)
    return Line(name, label.size, label.place, operands, middle, outside, bend)


def _middle(nodes: tuple[Node, ...], operands: tuple[int, ...], bend: float) -> Point:
    points = [nodes[operand].at for operand in operands]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    first, last = points[0], points[-1]
    dx, dy = last[0] - first[0], last[1] - first[1]
    length = math.hypot(dx, dy) or 1.0
    return (x - dy / length * bend * 0.24, y + dx / length * bend * 0.24)


_SIDE_ANGLES = (0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5)


def _towards(at: Point, open_count: dict[int, int], operand: int) -> Point:
    """A free end pointing away from the middle of the diagram, each further one turned a little."""
    number = open_count[operand]
    open_count[operand] += 1
    dx, dy = at[0] - 0.5, at[1] - 0.5
    base = math.atan2(dy, dx) if abs(dx) + abs(dy) > 1e-9 else (math.pi if number % 2 == 0 else 0.0)
    turn = _SIDE_ANGLES[number % len(_SIDE_ANGLES)] if abs(dx) + abs(dy) > 1e-9 else 0.5 * (number // 2)
    return (at[0] + 0.17 * math.cos(base + turn), at[1] + 0.3 * math.sin(base + turn))
