"""The letters table: size, where each letter is, kept or summed, and why. Sizes of generated tensors can be dragged."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.einsum.labels import Indexing, Label
from playground.widgets.controls.tooltip import place_beside
from playground.widgets.look import STALE, code_font, look, look_holder, words_font
from playground.widgets.painting import baseline, elided, paint_box, paint_text, text_width
from playground.widgets.text.badges import BADGE, paint_axis_badge

ROW, LINE = 24, 18
SIZE_X, SIZE_WIDTH = 24, 36
_DIGIT = 7.2
PIXELS_A_STEP = 12
_GAP = 16
LEAST_WHY = 88
WORDS = "What each letter means: its size, where it appears, kept or summed, and why"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The left edges of "kept or summed" and "why", each reason as lines, the top of each row, and the bottom."""

    size: QSize
    role_x: float
    why_x: float
    reasons: tuple[list[str], ...]
    tops: list[int]


class LettersTable(QWidget):
    """`sized(letter, size, gesture)` while a size is dragged, scrolled or typed; `let_go()` when that ends."""

    sized = Signal(str, object, object)
    let_go = Signal()
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("einsum.letters")
        self.setAccessibleName("letters of the equation")
        place_beside(self)
        self.setToolTip(WORDS)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._indexing: Indexing | None = None
        self._labels: tuple[Label, ...] = ()
        self._resizable: frozenset[str] = frozenset()
        self._chance: Mapping[str, ChanceNote] = {}
        self._row: int | None = None
        self._current = 0
        self._drag: tuple[str, float, int] | None = None
        self._gesture = 0
        self._typed = ""
        self._dimmed = False
        self._arranged: Arrangement | None = None
        look_holder().changed.connect(self.update)

    def set_letters(self, indexing: Indexing | None, resizable: Collection[str] = ()) -> None:
        """Show the letters of an einsum; letters with a size that the user can set are `resizable`."""
        if indexing is self._indexing and frozenset(resizable) == self._resizable:
            return
        self._indexing = indexing
        self._labels = () if indexing is None else tuple(indexing.labels.values())
        self._resizable = frozenset(resizable)
        self._arranged = None
        self._current = min(self._current, max(0, len(self._labels) - 1))
        self.setAccessibleDescription("; ".join(self.row_text(label) for label in self._labels))
        self.updateGeometry()
        self.update()

    def set_chance(self, notes: Mapping[str, ChanceNote]) -> None:
        """Say of these letters that their sizes are equal by chance."""
        if notes != self._chance:
            self._chance = notes
            self._arranged = None
            self.setAccessibleDescription("; ".join(self.row_text(label) for label in self._labels))
            self.update()

    def reason(self, label: Label) -> str:
        """Why it is kept or summed; first whether its operands agree on its size by chance."""
        note = self._chance.get(label.name)
        if note is None:
            return label.reason
        places = " and ".join(f"in {size.tensor}" for size in note.sizes)
        return f"by chance {note.sizes[0].size} {places}; {label.reason}"

    def row_text(self, label: Label) -> str:
        """`"j 4, A axis 1, B axis 1, summed: not right of the arrow"`."""
        found = "" if self._indexing is None else label.found_in(self._indexing.names)
        return f"{label.name} {label.size}, {found}, {label.role}: {self.reason(label)}"

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        self._dimmed = dimmed
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, ROW * (len(self._labels) + 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    # Mouse and keys -------------------------------------------------------------------------------------------------

    def _label_at(self, y: float) -> int | None:
        rows = enumerate(pairwise(self.arrangement().tops))
        return next((row for row, (top, bottom) in rows if top <= y < bottom), None)

    def arrangement(self) -> Arrangement:
        """The positions of everything, measured once for these letters and this size."""
        if self._arranged is None or self._arranged.size != self.size():
            role_x, why_x = self._columns()
            reasons = tuple(_in_lines(self.reason(label), max(self.width() - why_x, 1)) for label in self._labels)
            self._arranged = Arrangement(self.size(), role_x, why_x, reasons, self._tops(reasons))
        return self._arranged

    def _tops(self, reasons: Sequence[Sequence[str]]) -> list[int]:
        """The top of each row and the bottom of the last; a reason wraps onto further lines if all rows have room."""
        further = [len(lines) - 1 for lines in reasons]
        if ROW * (len(further) + 1) + LINE * sum(further) > self.height():
            further = [0] * len(further)
        return list(accumulate((ROW + LINE * lines for lines in further), initial=ROW))

    def _size_width(self) -> float:
        digits = max([len(str(label.size)) for label in self._labels] + [1])
        return max(SIZE_WIDTH, round(digits * _DIGIT) + 14)

    def _found_x(self) -> float:
        return SIZE_X + self._size_width() + 8

    def _size_rect(self, row: int) -> QRectF:
        return QRectF(SIZE_X, self.arrangement().tops[row] + 2, self._size_width(), ROW - 4)

    def _can_size(self, row: int | None) -> bool:
        return row is not None and self._labels[row].name in self._resizable and not self._dimmed

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            name, start, size = self._drag
            steps = round((event.position().x() - start) / PIXELS_A_STEP)
            self.sized.emit(name, max(0, size + steps), ("letter", name, self._gesture))
            return
        row = self._label_at(event.position().y())
        on_size = row is not None and self._can_size(row) and self._size_rect(row).contains(event.position())
        self.setCursor(Qt.CursorShape.SizeHorCursor if on_size else Qt.CursorShape.ArrowCursor)
        if row != self._row:
            self._row = row
            self.setToolTip(self._tooltip(row))
            self.hovered.emit(None if row is None else self._labels[row].name)
            self.update()

    def _tooltip(self, row: int | None) -> str:
        if row is None:
            return WORDS
        handle = " Drag, scroll or type its size." if self._can_size(row) else ""
        note = self._chance.get(self._labels[row].name)
        told = f" {note.plain}" if note is not None else ""
        return self.row_text(self._labels[row]) + "." + told + handle

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self._label_at(event.position().y())
        if event.button() != Qt.MouseButton.LeftButton or row is None:
            return
        self._current, self._typed = row, ""
        if self._can_size(row) and self._size_rect(row).contains(event.position()):
            self._gesture += 1
            self._drag = (self._labels[row].name, event.position().x(), self._labels[row].size)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._drag is not None:
            self._drag = None
            self.let_go.emit()
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        if self._row is not None and self._drag is None:
            self._row = None
            self.hovered.emit(None)
            self.update()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.hovered.emit(None if self._row is None else self._labels[self._row].name)

    def wheelEvent(self, event: QWheelEvent) -> None:
        row = self._label_at(event.position().y())
        if row is None or not self._can_size(row) or not self._size_rect(row).contains(event.position()):
            event.ignore()
            return
        self._set_size(row, self._labels[row].size + (1 if event.angleDelta().y() > 0 else -1))
        event.accept()

    def _set_size(self, row: int, size: int) -> None:
        if self._can_size(row) and size >= 0:
            self.sized.emit(self._labels[row].name, size, None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, row = event.key(), self._current
        if not self._labels:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = 1 if key == Qt.Key.Key_Down else -1
            self._current = max(0, min(len(self._labels) - 1, row + step))
            self._typed = ""
            self.hovered.emit(self._labels[self._current].name)
        elif key in (Qt.Key.Key_Right, Qt.Key.Key_Plus):
            self._set_size(row, self._labels[row].size + 1)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Minus):
            self._set_size(row, self._labels[row].size - 1)
        elif event.text() in tuple("0123456789") and event.text():
            self._typed = (self._typed + event.text())[-7:]
            self._set_size(row, int(self._typed))
        else:
            self._typed = ""
            super().keyPressEvent(event)
        self.update()

    # Painting ------------------------------------------------------------------------------------------------------

    def _columns(self) -> tuple[float, float]:
        """The left edges of "kept or summed" and "why"."""
        font = words_font()
        texts = [label.found_in(self._indexing.names) for label in self._labels] if self._indexing is not None else []
        found = max([text_width(font, text) for text in ("found in", *texts)])
        roles = max([text_width(words_font(words_font().Weight.DemiBold), label.role) for label in self._labels] + [40])
        left = self._found_x()
        role_x = min(left + found + _GAP, max(left, self.width() - roles - 10 - LEAST_WHY))
        return role_x, role_x + roles + 10

    def paintEvent(self, _event: QPaintEvent) -> None:
        arranged = self.arrangement()
        with QPainter(self) as painter:
            if self._dimmed:
                painter.setOpacity(STALE)
            base = baseline(QRectF(0, 0, self.width(), ROW), words_font())
            for x, text in ((SIZE_X + 4, "size"), (self._found_x(), "found in"), (arranged.why_x, "why")):
                paint_text(painter, x, base, text, words_font(), color=look().color("text2"))
            for row, label in enumerate(self._labels):
                self._paint_row(painter, row, label, arranged)

    def _paint_row(self, painter: QPainter, row: int, label: Label, arranged: Arrangement) -> None:
        top, bottom = arranged.tops[row : row + 2]
        rect = QRectF(0, top, self.width(), bottom - top)
        pointed = row == self._row or (self.hasFocus() and row == self._current)
        if pointed:
            painter.fillRect(rect.adjusted(0, 1, 0, 0), look().color("hover"))
        painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 1), look().color("hairline"))
        rect.setHeight(ROW)
        paint_axis_badge(painter, 0, rect.center().y() - BADGE / 2, label.place, label.name)
        self._paint_size(painter, row, label, pointed)
        font, bold = words_font(), words_font(words_font().Weight.DemiBold)
        base = baseline(rect, font)
        found = "" if self._indexing is None else label.found_in(self._indexing.names)
        found = elided(font, found, arranged.role_x - self._found_x() - 8)
        paint_text(painter, self._found_x(), base, found, font, color=look().color("text"))
        paint_text(painter, arranged.role_x, base, label.role, bold, color=look().color("text"))
        role = "warning" if label.stretched else "text2"
        lines = arranged.reasons[row] if bottom - top > ROW else [self.reason(label)]
        for number, line in enumerate(lines):
            why = elided(font, line, self.width() - arranged.why_x)
            paint_text(painter, arranged.why_x, base + number * LINE, why, font, color=look().color(role))

    def _paint_size(self, painter: QPainter, row: int, label: Label, pointed: bool) -> None:
        box = self._size_rect(row)
        if self._drag is not None and self._drag[0] == label.name:
            paint_box(painter, box, look().color("selected"), look().color("accent"))
        elif self._can_size(row) and pointed:
            paint_box(painter, box, look().color("panel"), look().color("field"))
        elif self._can_size(row):
            paint_box(painter, box, None, look().color("hairline"))
        text = str(label.size)
        painter.setFont(code_font())
        painter.setPen(look().color("text"))
        painter.drawText(QPointF(box.left() + 6, baseline(box, code_font())), text)


def _in_lines(reason: str, room: float) -> list[str]:
    """The reason, wrapped at spaces to fit its column."""
    lines = [""]
    for word in reason.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width(words_font(), longer) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def scrolled(table: LettersTable) -> QScrollArea:
    """The table in a scroll area as high as its neighbours."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(table)
    area.setMinimumHeight(48)
    area.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    area.viewport().setAutoFillBackground(False)
    table.setAutoFillBackground(False)
    return area
