"""Shows a problem, its place and its fixes as buttons, above the last good result."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from playground.models.problem import Fix, Problem, Span
from playground.widgets.code.marks import code_runs, no_marks
from playground.widgets.controls.buttons import HEIGHT, IconButton
from playground.widgets.controls.fix_button import FixButton, fix_runs
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import icon, look
from playground.widgets.painting import RADIUS_CONTROL, paint_box, paint_left_bar
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, parse_runs, plain

_BAR = 4
_ICON = 16
_LEFT, _RIGHT = 40, 12
_ABOVE, _SPACING = 7, 6
_LONGEST_TEXT = 44
_WIDEST = 16_777_215
"""Qt's own: no limit."""

_LOOKS = {
    "error": ("error_fill", "error", "circle-alert"),
    "warning": ("warning_fill", "warning", "triangle-alert"),
    "note": ("sunken", "text2", "info"),
}
"""By severity: the fill, the role of bar and icon, the icon; a note is for input that is not finished yet."""

FIRST_FIXES = 3
"""This many fixes are buttons; the others are in a menu."""


def faulty_text(text: str, span: Span | None) -> tuple[Run, ...]:
    """The typed text with a squiggle below the error; a long text is cut to the part around the error."""
    if not text:
        return ()
    shown, place = text, span
    if len(text) > _LONGEST_TEXT and span is not None:
        start = max(0, min(span.start - _LONGEST_TEXT // 3, len(text) - _LONGEST_TEXT))
        stop = min(len(text), start + _LONGEST_TEXT)
        before, after = "…" if start else "", "…" if stop < len(text) else ""
        shown = before + text[start:stop] + after
        shift = len(before) - start
        place = Span(span.start + shift, min(span.stop + shift, len(shown)))
    elif len(text) > _LONGEST_TEXT:
        shown = text[: _LONGEST_TEXT - 1] + "…"
    if place is not None and place.stop <= place.start:
        place = Span(max(0, place.start - 1), max(1, place.start))
    return (*code_runs(shown.replace("\n", " "), no_marks(shown), place), Run("  "))


def problem_runs(problem: Problem, text: str = "") -> tuple[Run, ...]:
    """The whole sentence: the text with the error, the lead in bold, the message."""
    lead = (Run(problem.lead + " ", "bold"),) if problem.lead else ()
    return (*faulty_text(text, problem.span), *lead, *parse_runs(problem.message))


class ProblemBanner(QWidget):
    """Hidden while there is no problem. `fix_chosen(fix)` when a button or a menu row is chosen.

    `first`: so many fixes are buttons, fewer where `fit` has little room for them; 0 where none can be taken.
    """

    fix_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, first: int = FIRST_FIXES) -> None:
        super().__init__(parent)
        self._problem: Problem | None = None
        self._text = ""
        self._first, self._shown = first, first
        self.buttons: list[FixButton] = []
        self.more: IconButton | None = None
        self.message = RunsLabel()
        self._fixes = QWidget()
        self._flow = FlowLayout(self._fixes)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(_LEFT, _ABOVE, _RIGHT, _ABOVE)
        column.setSpacing(_SPACING)
        column.addWidget(self.message)
        column.addWidget(self._fixes)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._fixes.setSizePolicy(policy)
        self.hide()

    @property
    def offers(self) -> bool:
        """Whether it shows fixes at all."""
        return self._first > 0

    @property
    def problem(self) -> Problem | None:
        """What is shown."""
        return self._problem

    def set_problem(self, problem: Problem | None, text: str = "") -> None:
        """Show a problem and the text that its span refers to; None hides the banner."""
        if (problem, text) == (self._problem, self._text):
            return
        self._problem, self._text = problem, text
        if problem is not None:
            self.message.set_content(problem_runs(problem, text))
            self.setAccessibleName(str(problem))
        self._set_fixes(problem.fixes if problem is not None else ())
        self.setVisible(problem is not None)
        self.updateGeometry()
        self.update()

    def _set_fixes(self, fixes: tuple[Fix, ...]) -> None:
        for old in (*self.buttons, self.more):
            if old is not None:
                self._flow.removeWidget(old)
                old.hide()
                old.deleteLater()
        self.buttons, self.more = [], None
        for fix in fixes[: self._first]:
            button = FixButton(fix, parent=self._fixes, original=self._text)
            button.chosen.connect(self._on_chosen)
            self._flow.addWidget(button)
            self.buttons.append(button)
        if len(fixes) > 1 and self.offers:
            self.more = IconButton("ellipsis", "More fixes", parent=self._fixes)
            self.more.clicked.connect(self._on_more)
            self._flow.addWidget(self.more)
        self._show_first(self._first)
        self._fixes.setVisible(bool(self.buttons))

    def _show_first(self, count: int) -> None:
        """Show this many fixes as buttons; the rest are in the menu."""
        self._shown = count = min(count, len(self.buttons))
        for place, button in enumerate(self.buttons):
            button.setVisible(place < count)
        left = len(self._problem.fixes) - count if self._problem is not None else 0
        if self.more is not None:
            words = f"{left} more {'fix' if left == 1 else 'fixes'}"
            set_tooltip(self.more, words)
            self.more.setAccessibleName(words)
            self.more.setVisible(left > 0)
        self._fixes.updateGeometry()
        self._column.invalidate()
        self._leave_room_for_more(self.width())

    def _leave_room_for_more(self, width: int) -> None:
        """Limit the last button's width so that the next one does not wrap."""
        room = width - _LEFT - _RIGHT - (HEIGHT + self._flow.spacing())
        for place, button in enumerate(self.buttons):
            is_last = place == self._shown - 1 and self.more is not None and not self.more.isHidden()
            button.setMaximumWidth(max(room, 80) if is_last else _WIDEST)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room_for_more(event.size().width())

    def fit(self, width: int, room: int) -> None:
        """Show as many fix buttons as fit into a height of `room` pixels, at least one."""
        if self._problem is None or not self.buttons:
            return
        before = self._shown
        for count in range(len(self.buttons), 0, -1):
            self._show_first(count)
            self._leave_room_for_more(width)
            if self._height(width) <= room:
                break
        if self._shown != before:
            self.updateGeometry()

    def _height(self, width: int) -> int:
        inner = width - _LEFT - _RIGHT
        message = self.message.heightForWidth(inner)
        return 2 * _ABOVE + message + _SPACING + self._flow.heightForWidth(inner)

    @Slot()
    def _on_more(self) -> None:
        if self.more is None or self._problem is None:
            return
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        for fix in self._problem.fixes[self._shown :]:
            action = menu.addAction(plain(fix_runs(fix)).replace("&", "&&"))
            action.setToolTip(fix.meaning)
            action.setData(self._problem.fixes.index(fix))
        menu.triggered.connect(self._on_triggered)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height())))

    @Slot(QAction)
    def _on_triggered(self, action: QAction) -> None:
        if self._problem is not None and action.data() < len(self._problem.fixes):
            self.fix_chosen.emit(self._problem.fixes[action.data()])

    @Slot(object)
    def _on_chosen(self, fix: Fix) -> None:
        self.fix_chosen.emit(fix)

    def paintEvent(self, _event: QPaintEvent) -> None:
        severity = self._problem.severity if self._problem is not None else "error"
        fill, role, name = _LOOKS.get(severity, _LOOKS["error"])
        rect = QRectF(self.rect())
        with QPainter(self) as painter:
            paint_box(painter, rect, look().color(fill), look().color("hairline"), RADIUS_CONTROL)
            paint_left_bar(painter, rect, look().color(role), _BAR, RADIUS_CONTROL)
            place = QRect(16, self.message.y() + 1, _ICON, _ICON)
            icon(name, role).paint(painter, place, Qt.AlignmentFlag.AlignCenter)
