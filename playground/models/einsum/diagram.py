"""The layout of a tensor diagram: tensors are nodes, letters are lines."""

from __future__ import annotations

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
class Edge:
    """A letter: from node to node, to an open end (`ends_open`), or through a dot where three or more meet.

    `bend` separates lines between the same two nodes, in units of their spacing; a loop has both ends at one node.
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
    lines: tuple[Edge, ...]


def diagram_of(indexing: Indexing) -> Diagram:
    """The operands in a row: one operand's letters hang below it, those of neighbours join them, others meet above."""
    count = len(indexing.shapes)
    nodes = tuple(Node(i, indexing.names[i], ((i + 0.5) / count, MIDDLE)) for i in range(count))
    groups: dict[tuple[int, ...], list[str]] = {}
    for name, label in indexing.labels.items():
        groups.setdefault(_group(label), []).append(name)
    lines: list[Edge] = []
    above = sum(len(names) for operands, names in groups.items() if _meets_above(indexing, operands, names[0]))
    met = 0
    for operands, names in groups.items():
        for number, name in enumerate(names):
            label, bend = indexing.labels[name], number - (len(names) - 1) / 2
            if len(operands) == 1:
                lines.append(_hanging(label, nodes[operands[0]], bend, count))
            elif _meets_above(indexing, operands, name):
                lines.append(_meeting(label, operands, nodes, met - (above - 1) / 2))
                met += 1
            else:
                lines.append(Edge(name, label.size, label.place, operands, None, None, bend))
    return Diagram(nodes, tuple(lines))


MIDDLE, TOP, BOTTOM = 0.5, 0.12, 0.95


def _group(label: Label) -> tuple[int, ...]:
    return tuple(sorted(label.operands))


def _meets_above(indexing: Indexing, operands: tuple[int, ...], name: str) -> bool:
    """Shared letters that stay open, are shared by three, or belong to operands that are not neighbours."""
    if len(operands) < 2:
        return False
    return not indexing.labels[name].is_summed or len(operands) > 2 or operands[1] - operands[0] > 1


def _hanging(label: Label, node: Node, bend: float, count: int) -> Edge:
    """A letter of one operand only: open below it, or ending in a dot if summed; a loop for a diagonal."""
    x = node.at[0] + bend * min(0.16, 0.5 / count)
    is_loop = bool(label.diagonal_of)
    end = (x, BOTTOM)
    operands = (node.operand,)
    if is_loop:
        return Edge(label.name, label.size, label.place, operands, None, None if label.is_summed else end, bend, True)
    if label.is_summed:
        return Edge(label.name, label.size, label.place, operands, end, None, bend)
    return Edge(label.name, label.size, label.place, operands, None, end, bend)


def _meeting(label: Label, operands: tuple[int, ...], nodes: tuple[Node, ...], offset: float) -> Edge:
    x = sum(nodes[operand].at[0] for operand in operands) / len(operands) + offset * 0.14
    hub = (min(0.95, max(0.05, x)), TOP)
    outside = None if label.is_summed else (hub[0], 0.0)
    return Edge(label.name, label.size, label.place, operands, hub, outside)
