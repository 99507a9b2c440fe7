"""One line of the program as a card."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QEnterEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.evaluation.cards import CardResult, definition_of_statistics
from playground.models.problem import Fix
from playground.widgets.controls.buttons import IconButton
from playground.widgets.controls.fix_button import FixButton, fix_runs
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.tensors.card_painter import (
    CODE_TOP,
    LEFT,
    MARK,
    RIGHT,
    CardView,
    card_height,
    fixes_top,
    name_room,
    name_width,
    paint_card,
)
from playground.widgets.text.runs import plain

_CARRY_FROM = 16


def shown_fix(fix: Fix) -> Fix:
    """A fix as shown on its button: the operand that changes, not the whole line."""
    return replace(fix, code=fix.target) if fix.target else fix


class TensorCard(QWidget):
    """Shows a `CardView`; emits when it is pressed, when it should be edited, and which fix was chosen."""

    pressed = Signal(str)
    name_wanted = Signal(str)
    code_wanted = Signal(str)
    fix_chosen = Signal(str, object)
    menu_wanted = Signal(str, QPoint)
    dragged = Signal(str, QPoint)
    dropped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = CardView("", "")
        self._fixes: tuple[Fix, ...] = ()
        self._button: FixButton | None = None
        self._more: IconButton | None = None
        self._mark: IconButton | None = None
        self._press: QPoint | None = None
        self._carried = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    @property
    def view(self) -> CardView:
        """The view shown."""
        return self._view

    def set_view(self, view: CardView) -> None:
        """Show another line, result or state."""
        if view == self._view and view.result is self._view.result:
            return
        chance_is_new = view.chance != self._view.chance
        self._view = view
        self._set_fixes(view.result)
        if chance_is_new:
            self._set_mark(view.chance)
        self._describe(view)
        self._fit()
        self.update()

    def _set_fixes(self, result: CardResult | None) -> None:
        fixes = result.problem.fixes if result is not None and result.problem is not None else ()
        if fixes == self._fixes:
            return
        self._fixes = fixes
        for widget in (self._button, self._more):
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._button = self._more = None
        if fixes:
            self._button = FixButton(shown_fix(fixes[0]), parent=self)
            self._button.clicked.connect(self._on_first_fix)
            self._button.show()
        if len(fixes) > 1:
            self._more = IconButton("ellipsis", f"{len(fixes) - 1} more fixes", parent=self)
            self._more.clicked.connect(self._on_more)
            self._more.show()

    def _set_mark(self, note: ChanceNote | None) -> None:
        """The button of a line that holds by chance: its tooltip is the note, its menu the edits."""
        if self._mark is not None:
            self._mark.hide()
            self._mark.deleteLater()
        self._mark = None
        if note is not None:
            self._mark = IconButton("dice-5", note.plain, parent=self)
            self._mark.setObjectName(f"tensors.chance.{note.name}")
            self._mark.setAccessibleName(f"By chance: {note.plain}")
            self._mark.clicked.connect(self._on_mark)
            self._mark.show()

    @Slot()
    def _on_mark(self) -> None:
        note = self._view.chance
        if note is None or self._mark is None or not note.fixes:
            return
        menu = QMenu(self)
        menu.setObjectName("tensors.chance.menu")
        menu.setToolTipsVisible(True)
        for place, fix in enumerate(note.fixes):
            action = menu.addAction(f"{fix.target} = {fix.code}".replace("&", "&&"))
            action.setToolTip(fix.meaning)
            action.setData(place)
        menu.triggered.connect(self._on_chance_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._mark.mapToGlobal(QPoint(0, self._mark.height())))

    def _on_chance_triggered(self, action: QAction) -> None:
        if self._view.chance is not None:
            fix = self._view.chance.fixes[action.data()]
            self.fix_chosen.emit(fix.target, fix)

    @property
    def fix_button(self) -> FixButton | None:
        """The button of the first fix, if there is one."""
        return self._button

    @Slot()
    def _on_first_fix(self) -> None:
        self.fix_chosen.emit(self._view.name, self._fixes[0])

    @Slot()
    def _on_more(self) -> None:
        if self._more is None:
            return
        menu = QMenu(self)
        for place, fix in enumerate(self._fixes[1:], start=1):
            action = menu.addAction(plain(fix_runs(shown_fix(fix))).replace("&", "&&"))
            action.setToolTip(fix.meaning)
            action.setData(place)
        menu.setToolTipsVisible(True)
        menu.triggered.connect(self._on_fix_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _on_fix_triggered(self, action: object) -> None:
        self.fix_chosen.emit(self._view.name, self._fixes[action.data()])  # type: ignore[attr-defined]

    def _describe(self, view: CardView) -> None:
        result = view.result
        parts = [view.name, view.code]
        if result is not None:
            parts.append(f"{result.shape} {result.dtype}" if result.shape is not None else "no result")
            parts.append(result.verdict_text)
            if result.problem is not None:
                parts.append(str(result.problem))
        if view.chance is not None:
            parts.append(f"by chance: {view.chance.plain}")
        self.setAccessibleName(", ".join(parts))
        set_tooltip(self, definition_of_statistics(result.summary if result is not None else None), view.code)

    def code_rect(self) -> QRect:
        """The rectangle of the code."""
        return QRect(LEFT, CODE_TOP, self.width() - LEFT - self._view.code_right, 20)

    def name_rect(self) -> QRect:
        """The rectangle of the name."""
        width, room = name_width(self._view.name), round(name_room(self._view, self.width()))
        return QRect(LEFT, 6, width + 2 if width <= room else room - 6, 20)

    def _fit(self) -> None:
        width = max(120, self.width())
        height = card_height(self._view, width, len(self._fixes))
        if height != self.height():
            self.setFixedHeight(height)
        if self._mark is not None:
            self._mark.setGeometry(width - RIGHT - MARK + 4, CODE_TOP - 6, MARK, MARK)
        if self._button is not None:
            top = fixes_top(self._view, width)
            room = width - LEFT - RIGHT - (28 if self._more is not None else 0)
            self._button.setGeometry(LEFT, top, min(self._button.sizeHint().width(), room), 24)
            if self._more is not None:
                self._more.setGeometry(self._button.geometry().right() + 5, top, 24, 24)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(255, card_height(self._view, max(120, self.width()), len(self._fixes)))

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_card(painter, self.rect(), self._view)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.set_view(replace(self._view, hovered=True))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.set_view(replace(self._view, hovered=False))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position().toPoint()
            self._carried = self._view.name
            self.pressed.emit(self._view.name)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Start dragging the pressed line; this widget may already show another one."""
        if self._press is not None and (event.position().toPoint() - self._press).manhattanLength() > _CARRY_FROM:
            self.dragged.emit(self._carried, event.globalPosition().toPoint())

    def let_go(self) -> None:
        """Stop dragging the line, even if the button is still held."""
        self._press = None

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self._press = None
        self.dropped.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.name_rect().adjusted(-4, 0, 8, 0).contains(event.position().toPoint()):
            self.name_wanted.emit(self._view.name)
        else:
            self.code_wanted.emit(self._view.name)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self._view.name, event.globalPos())
