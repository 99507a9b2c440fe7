"""The contraction as a drawing: tensors are nodes, letters are lines, and open lines are the result's axes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.einsum.diagram import Diagram, Edge, Node
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, look, look_holder
from playground.widgets.painting import elided, paint_box, paint_text, text_width
from playground.widgets.text.badges import BADGE, badge_width, paint_axis_badge

NODE_HEIGHT = 24
MARGIN = 10.0
BEND = 26.0
LOOP = 24.0
STUB = 17.0


def _name_and_width(node: Node) -> tuple[str, float]:
    """The text of a node and its width."""
    name = elided(code_font(13), node.name, 120)
    return name, max(32.0, text_width(code_font(13), name) + 16)


class DiagramView(QWidget):
    """Shows a diagram; `paint_plot` draws it into any rectangle, for exporting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("einsum.diagram")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        set_tooltip(self, "Nodes are tensors, lines are letters: joined lines are summed, open lines are kept")
        self._diagram: Diagram | None = None
        self._dimmed = False
        look_holder().changed.connect(self.update)

    def set_diagram(self, diagram: Diagram | None) -> None:
        """Show another diagram."""
        self._diagram = diagram
        words = "" if diagram is None else "; ".join(self._words(line) for line in diagram.lines)
        self.setAccessibleDescription(words)
        self.update()

    def _words(self, line: Edge) -> str:
        assert self._diagram is not None
        names = " and ".join(self._diagram.nodes[operand].name for operand in line.operands)
        return f"{line.label} of size {line.size} at {names}, {'summed' if line.ends_open is None else 'open'}"

    def sizeHint(self) -> QSize:
        return QSize(280, 96)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 72)

    # For exporting

    def plot_name(self) -> str:
        """The default file name."""
        return "contraction"

    def plot_columns(self) -> dict[str, Sequence[object]]:
        """Each line with its size, the operands that it joins, and whether it is open."""
        lines = () if self._diagram is None else self._diagram.lines
        names = () if self._diagram is None else tuple(node.name for node in self._diagram.nodes)
        return {
            "letter": [line.label for line in lines],
            "size": [line.size for line in lines],
            "operands": [" ".join(names[operand] for operand in line.operands) for line in lines],
            "open": [line.ends_open is not None for line in lines],
        }

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint the diagram into a rectangle."""
        painter.fillRect(rect, look().color("panel"))
        if self._diagram is not None:
            self._paint_diagram(painter, rect.adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN), self._diagram)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            self.paint_plot(painter, QRectF(self.rect()))

    # Painting

    def _paint_diagram(self, painter: QPainter, rect: QRectF, diagram: Diagram) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        badges = [self._paint_line(painter, rect, diagram, line) for line in diagram.lines]
        for node in diagram.nodes:
            at = self._point(rect, node.at)
            name, width = _name_and_width(node)
            box = QRectF(at.x() - width / 2, at.y() - NODE_HEIGHT / 2, width, NODE_HEIGHT)
            paint_box(painter, box, look().color("raised"), look().color("text"), radius=6)
            left = at.x() - text_width(code_font(13), name) / 2
            paint_text(painter, left, at.y() + 4.5, name, code_font(13), color=look().color("text"))
        for line, at in zip(diagram.lines, badges, strict=True):
            text = f"{line.label}"
            paint_axis_badge(painter, at.x() - badge_width(text) / 2, at.y() - BADGE / 2, line.place, text)
            outwards = -1 if at.x() < rect.center().x() - 1 else 1
            self._paint_size(painter, at, line, outwards, self._room(rect, diagram, line))
        painter.restore()

    def _room(self, rect: QRectF, diagram: Diagram, line: Edge) -> float:
        """The distance in pixels between the two nodes that a line joins; unlimited for other lines."""
        if line.hub is not None or line.ends_open is not None or len(line.operands) < 2:
            return math.inf
        first, last = (diagram.nodes[operand] for operand in (line.operands[0], line.operands[-1]))
        widths = _name_and_width(first)[1] + _name_and_width(last)[1]
        return abs(self._point(rect, last.at).x() - self._point(rect, first.at).x()) - widths / 2

    @staticmethod
    def _paint_size(painter: QPainter, at: QPointF, line: Edge, outwards: int, room: float) -> None:
        """Draw the size on the outer side of the badge, or above or below it if two nodes leave no room."""
        badge = badge_width(line.label)
        size = str(line.size)
        width = text_width(code_font(), size)
        if room < badge + 2 * (width + 6):
            base = at.y() + BADGE / 2 + 11 if line.bend > 0 else at.y() - BADGE / 2 - 4
            paint_text(painter, at.x() - width / 2, base, size, code_font(), color=look().color("text2"))
            return
        left = at.x() - badge / 2 - 3 - width if outwards < 0 else at.x() + badge / 2 + 3
        painter.fillRect(QRectF(left - 1, at.y() - 7, width + 2, 14), look().color("panel"))
        paint_text(painter, left, at.y() + 4, size, code_font(), color=look().color("text2"))

    @staticmethod
    def _point(rect: QRectF, at: tuple[float, float]) -> QPointF:
        return QPointF(rect.left() + at[0] * rect.width(), rect.top() + at[1] * rect.height())

    def _paint_line(self, painter: QPainter, rect: QRectF, diagram: Diagram, line: Edge) -> QPointF:
        """Draw a line; returns the place of its badge."""
        painter.setPen(QPen(look().axis_line(line.place), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ends = [self._point(rect, diagram.nodes[operand].at) for operand in line.operands]
        if line.is_loop:
            return self._paint_loop(painter, rect, ends[0], line)
        if line.hub is not None:
            return self._paint_star(painter, rect, ends, line)
        if line.ends_open is not None:
            tip = self._point(rect, line.ends_open)
            painter.drawLine(ends[0], tip)
            return tip
        first, last = ends[0], ends[-1]
        middle = (first + last) * 0.5
        across = QPointF(-(last.y() - first.y()), last.x() - first.x())
        length = max(1.0, (across.x() ** 2 + across.y() ** 2) ** 0.5)
        bent = middle + across * (line.bend * BEND / length)
        path = QPainterPath(first)
        path.quadTo(bent + (bent - middle), last)
        painter.drawPath(path)
        return QPointF(bent)

    def _paint_loop(self, painter: QPainter, rect: QRectF, at: QPointF, line: Edge) -> QPointF:
        """A letter that appears twice in one operand: a loop above its node, open if the letter is kept."""
        box = QRectF(at.x() - LOOP / 2, at.y() - LOOP - 6, LOOP, LOOP)
        painter.drawEllipse(box)
        if line.ends_open is not None:
            painter.drawLine(QPointF(at.x(), box.top()), QPointF(at.x(), max(rect.top(), box.top() - 16)))
        return QPointF(at.x() + LOOP / 2, at.y() - LOOP / 2 - 6)

    def _paint_star(self, painter: QPainter, rect: QRectF, ends: list[QPointF], line: Edge) -> QPointF:
        """A letter summed in one operand only, shared by three, or shared and kept: its lines meet in a point."""
        assert line.hub is not None
        hub = self._point(rect, line.hub)
        for end in ends:
            painter.drawLine(end, hub)
        if line.ends_open is not None:
            painter.drawLine(hub, QPointF(hub.x(), hub.y() - STUB))
        elif len(ends) == 1:
            painter.setBrush(look().axis_line(line.place))
            painter.drawEllipse(hub, 3.5, 3.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            return (hub + ends[0]) * 0.5 + QPointF(0, 8)
        return hub
