"""Lessons beside the pages: highlighting and covering parts, doing a step for the learner, and keeping progress."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSettings, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QScrollArea, QWidget

from playground.app.header import Pages
from playground.models.lessons import moves
from playground.models.lessons.goals import ACTS
from playground.models.problem import ProblemError
from playground.models.state import Progress
from playground.widgets.einsum.details import Details
from playground.widgets.einsum.ladder_view import LadderView
from playground.widgets.grid.tensor_grid import TensorGrid
from playground.widgets.lessons.lesson_panel import LessonPanel
from playground.widgets.look import code_font, look, words_font
from playground.widgets.network.windows.windows import NetworkWindows
from playground.widgets.painting import text_width
from playground.widgets.panel import Panel

if TYPE_CHECKING:
    from playground.app.pages import NetworkPage, TensorsPage
    from playground.models.lessons.lesson import Lesson
    from playground.models.state import PlaygroundState

MARGIN, RADIUS = 4, 6
SHOWN_MILLISECONDS = 8000
LABEL_GAP, REVEALED, LEAST_FRAME = 28, 24, 64
FOLLOWED = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide)


def paint_ring(painter: QPainter, rect: QRectF) -> None:
    """Draw a rounded frame in the accent colour just inside a rectangle."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(look().color("accent"), 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS, RADIUS)


class Overlay(QWidget):
    """A child of the window that covers another widget and follows it."""

    is_revealed = False
    """True if the target is scrolled back into view when a layout, not the user, has moved it."""

    def __init__(self, window: QWidget, target: QWidget, margin: int) -> None:
        super().__init__(window)
        self._window = window
        self._target = target
        self._margin = margin
        self._watched: list[QWidget] = []
        self._laid_out = QTimer(self)
        self._laid_out.setSingleShot(True)
        self._laid_out.timeout.connect(self._on_laid_out)
        widget: QWidget | None = target
        while widget is not None and widget is not window:
            widget.installEventFilter(self)
            self._watched.append(widget)
            widget = widget.parentWidget()
        self.follow()

    def leave(self) -> None:
        """Remove the overlay."""
        for widget in self._watched:
            widget.removeEventFilter(self)
        self._watched.clear()
        self._laid_out.stop()
        self.hide()
        self.deleteLater()

    def follow(self) -> None:
        """Move to the target's place."""
        margin, corner = self._margin, self._target.mapTo(self._window, QPoint(0, 0))
        place = QRect(corner, self._target.size()).adjusted(-margin, -margin, margin, margin)
        self.setGeometry(place & self._window.rect())
        self.setVisible(self._target.isVisibleTo(self._window))
        self.raise_()

    @Slot()
    def _on_laid_out(self) -> None:
        reveal(self._target)
        self.follow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow moves, resizes and hides of the target and its ancestors."""
        if event.type() in FOLLOWED:
            self.follow()
            if self.is_revealed and not is_scrolled(watched, event):
                self._laid_out.start()
        return super().eventFilter(watched, event)


class Ring(Overlay):
    """A 2 px ring in the accent colour around the part; clicks pass through."""

    is_revealed = True

    def __init__(self, window: QWidget, target: QWidget) -> None:
        super().__init__(window, target, MARGIN)
        self.setObjectName("spotlight")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ring and leave its inside unchanged."""
        with QPainter(self) as painter:
            paint_ring(painter, QRectF(self.rect()))


class Cover(Overlay):
    """Hides a part and, given room, says when it will show; no key reaches the part meanwhile."""

    def __init__(self, window: QWidget, target: QWidget, words: str) -> None:
        super().__init__(window, target, 0)
        around = target.parentWidget()
        self._was_enabled = target.isEnabled() if around is None else target.isEnabledTo(around)
        target.setEnabled(False)
        self.words = words
        self.setObjectName("cover")
        self.setAccessibleName(words)

    def leave(self) -> None:
        """Uncover the part."""
        self._target.setEnabled(self._was_enabled)
        super().leave()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the panel's colour, a dashed frame and one sentence."""
        with QPainter(self) as painter:
            colours = look()
            painter.fillRect(self.rect(), colours.color("panel"))
            if self.height() < LEAST_FRAME:
                return
            painter.setPen(QPen(colours.color("edge"), 1, Qt.PenStyle.DashLine))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(16.5, 12.5, -16.5, -12.5), RADIUS, RADIUS)
            painter.setPen(colours.color("text2"))
            painter.setFont(words_font())
            inside = self.rect().adjusted(32, 16, -32, -16)
            painter.drawText(inside, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.words)


class CellRing(Overlay):
    """A ring around one cell of a grid, with a label beside the cells so that no number is covered."""

    is_revealed = True

    def __init__(self, window: QWidget, grid: TensorGrid, cell: str) -> None:
        self._grid = grid
        self._index = tuple(int(place) for place in re.findall(r"\d+", cell.partition("[")[2]))
        self._label = f"Click {cell}"
        super().__init__(window, grid, 0)
        self.setObjectName("spotlight")
        self.setAccessibleName(self._label)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        grid.reveal(self._index)
        for bar in (grid.horizontalScrollBar(), grid.verticalScrollBar()):
            bar.valueChanged.connect(self.follow)
        self.follow()

    def _cell(self) -> QRect | None:
        rect = self._grid.present_geometry().rect(self._index)
        return None if rect is None else QRect(*rect).translated(self._grid.viewport().pos())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ring, and the label to the right of the cells, or below them if there is no room."""
        cell = self._cell()
        with QPainter(self) as painter:
            if cell is None:
                paint_ring(painter, QRectF(self.rect()))
                return
            cell = cell.translated(self._grid.mapTo(self._window, QPoint(0, 0)) - self.pos())
            paint_ring(painter, QRectF(cell).adjusted(-1, -1, 1, 1))
            self._paint_label(painter, cell)

    def _paint_label(self, painter: QPainter, cell: QRect) -> None:
        geometry = self._grid.present_geometry()
        corner = self._grid.viewport().mapTo(self._window, QPoint(0, 0)) - self.pos()
        across = min(geometry.fitting_columns, geometry.total_columns - geometry.first_column)
        down = min(geometry.fitting_rows, geometry.total_rows - geometry.first_row)
        right = corner.x() + geometry.left + across * geometry.cell_width
        bottom = corner.y() + geometry.top + down * geometry.cell_height
        width = round(text_width(code_font(), self._label)) + 16
        label = QRect(right + LABEL_GAP, cell.center().y() - 12, width, 24)
        if label.right() > self.width():
            label = QRect(min(cell.left(), self.width() - width), min(bottom + 8, self.height() - 24), width, 24)
        else:
            painter.setPen(QPen(look().color("accent"), 2, Qt.PenStyle.DotLine))
            painter.drawLine(right + 4, label.center().y(), label.left(), label.center().y())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().color("accent"))
        painter.drawRoundedRect(QRectF(label), 4, 4)
        painter.setPen(look().color("accent_text"))
        painter.setFont(code_font())
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, self._label)


class Spotlight(QObject):
    """The ring and the covers of one window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._ring: Overlay | None = None
        self._covers: dict[str, Cover] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SHOWN_MILLISECONDS)
        self._timer.timeout.connect(self.end_light)

    @Slot(str)
    def light(self, part: str) -> None:
        """Ring the part with this objectName, or its nearest named ancestor, for some seconds.

        "shape.grid r[1, 0]" rings one cell of the grid. The part is scrolled into view. For a number with a slider, the
        whole row is ringed.
        """
        self.end_light()
        name, _, cell = part.partition(" ")
        target = self.find(f"{name}.row")
        if target is None:
            return
        reveal(target)
        if isinstance(target, TensorGrid) and cell:
            self._ring = CellRing(target.window(), target, cell)
        else:
            self._ring = Ring(target.window(), target)
        self._timer.start()

    @Slot()
    def end_light(self) -> None:
        """Remove the ring."""
        self._timer.stop()
        if self._ring is not None:
            self._ring.leave()
            self._ring = None

    def cover(self, parts: tuple[str, ...], words: str = "") -> None:
        """Cover exactly these parts, given by objectName or panel key, with the texts to show on them."""
        for name, cover in tuple(self._covers.items()):
            if name not in parts or cover.words != words:
                self._covers.pop(name).leave()
        for name in parts:
            target = self.find(name)
            if target is not None and name not in self._covers:
                self._covers[name] = Cover(self._window, target, words)

    def find(self, part: str) -> QWidget | None:
        """The widget with this objectName; if there is none, that of the name up to its last dot, and so on."""
        part = part.partition(" ")[0]
        while part:
            found = self._window.findChild(QWidget, part)
            if found is not None:
                return found
            part = part.rpartition(".")[0]
        return None


def is_scrolled(moved: QObject, event: QEvent) -> bool:
    """True if the event comes from a scroll area moving its content, not from a layout placing a widget."""
    parent = moved.parent()
    holder = parent.parent() if parent is not None else None
    return event.type() == QEvent.Type.Move and isinstance(holder, QScrollArea) and holder.widget() is moved


def reveal(target: QWidget) -> None:
    """Scroll all ancestors of a widget so that it is visible."""
    holder = target.parentWidget()
    while holder is not None:
        if isinstance(holder, QScrollArea):
            holder.ensureWidgetVisible(target, REVEALED, REVEALED)
        holder = holder.parentWidget()


KEY = "lessons/progress"


def save_progress(settings: QSettings, progress: tuple[Progress, ...]) -> None:
    """Save how far the learner is in each lesson."""
    settings.setValue(KEY, json.dumps([asdict(one) for one in progress]))


def remembered_progress(settings: QSettings) -> tuple[Progress, ...]:
    """The saved progress; empty if it cannot be read."""
    try:
        rows = json.loads(str(settings.value(KEY, "[]")))
        return tuple(_progress(row) for row in rows)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def _progress(row: dict[str, Any]) -> Progress:
    skipped = tuple(int(step) for step in row.get("skipped", ()))
    return Progress(str(row["key"]), int(row["prediction"]), int(row["steps"]), bool(row["answered"]), skipped)


MILLISECONDS = 120


class LessonPlayer(QObject):
    """`play(act)` presses the parts that an act names, the last one repeatedly until `stop()`; `came_to` names each."""

    came_to = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._presses: tuple[str, ...] = ()
        self._at = ""
        self._timer = QTimer(self)
        self._timer.setInterval(MILLISECONDS)
        self._timer.timeout.connect(self._on_timeout)

    @property
    def is_playing(self) -> bool:
        """True while there is more to press."""
        return bool(self._presses)

    @Slot(str)
    def play(self, act: str) -> None:
        """Start this act; an act being played is dropped."""
        self._presses, self._at = ACTS.find(act).presses, ""
        self._timer.start()
        self._on_timeout()

    @Slot()
    def stop(self) -> None:
        """Stop pressing."""
        self._presses = ()
        self._timer.stop()

    @Slot()
    def _on_timeout(self) -> None:
        """Press the next part once it exists; stop if the user has closed its window."""
        name, *others = self._presses
        part = self._window.findChild(QWidget, name)
        if part is None:
            return
        if name != self._at:
            self._at = name
            self.came_to.emit(name)
        elif not part.isVisible():
            self.stop()
            return
        if others:
            self._presses = tuple(others)
        if isinstance(part, QAbstractButton):
            part.click()
        elif isinstance(part, QAbstractSpinBox):
            part.stepUp()


COMPUTED = ("tensors.columns", "network", "status")
"""All parts of the window that show results, except the lesson."""


class LessonSide(QObject):
    """Moves the lesson panel to the visible page while a lesson, or the shelf, is open."""

    page_wanted = Signal(str)
    """"tensors" or "network": the page that holds a part of the window."""

    def __init__(self, panel: Panel, pages: Sequence[TensorsPage | NetworkPage], stack: Pages) -> None:
        super().__init__(stack)
        assert isinstance(panel, LessonPanel)
        self._panel, self._pages, self._stack = panel, pages, stack
        window = stack.window()
        panel.hide()
        panel.setParent(window)
        self._is_open = False
        self._opened_key = ""
        self._lit_for = ("", 0, "")
        self._played_for = ("", 0)
        self.spotlight = Spotlight(window)
        self.player = LessonPlayer(window)
        self.player.came_to.connect(self.bring_up)
        panel.act_wanted.connect(self.player.play)
        panel.arrived.connect(self._on_panel_arrived)
        for page in pages:
            for ladder in page.findChildren(LadderView):
                ladder.noted.connect(self.note)
            for windows in page.findChildren(NetworkWindows):
                windows.noted.connect(self.note)
        stack.currentChanged.connect(self._on_page_changed)

    @Slot(str)
    def open(self, wanted: str) -> None:
        """Open a lesson by number, key or path; the panel shows what is wrong with it."""
        try:
            self._panel.open_lesson(wanted)
        except ProblemError as error:
            self._panel.edit(moves.with_list_shown(self._panel.state))
            self._panel.show_problem(error.problem)

    @Slot(str)
    def light(self, part: str) -> None:
        """Highlight a part of the window, after opening its page and tab."""
        self.bring_up(part)
        self.spotlight.light(part)
        self._lit_for = place_of(self._panel.state)

    @Slot(str)
    def note(self, act: str) -> None:
        """Record an act that a step may ask for."""
        self._panel.edit(moves.noted(self._panel.state, act))

    @Slot(str)
    def bring_up(self, part: str) -> None:
        """Open the page and tab that hold a part."""
        holder = self.spotlight.find(part)
        while holder is not None:
            if isinstance(holder, Panel) and holder is not self._panel:
                self.page_wanted.emit("network" if holder.key == "network" else "tensors")
                self._pages[0].open_tab(holder.key)  # type: ignore[union-attr]
            if isinstance(holder, Details):
                holder.bring_up(part)
            holder = holder.parentWidget()

    @Slot()
    def toggle(self) -> None:
        """Show the shelf, or close whatever is open."""
        state = self._panel.state
        self._panel.edit(moves.closed(state) if state.lesson.is_open else moves.with_list_shown(state))

    @Slot(object)
    def show_state(self, state: PlaygroundState) -> None:
        """Place the panel, and cover what the lesson wants covered until its first step is done."""
        if state.lesson.is_open != self._is_open:
            self._is_open = state.lesson.is_open
            self._stand()
        here = state.lesson.here
        lesson = self._panel.lesson()
        self.spotlight.cover(*covered_parts(lesson, here))
        place = place_of(state)
        if place != self._lit_for:
            self._lit_for = place
            self.spotlight.end_light()
        if place[:2] != self._played_for:
            self._played_for = place[:2]
            self.player.stop()
        if state.lesson.key != self._opened_key:
            self._opened_key = state.lesson.key
            self._open_tab(lesson.about if lesson is not None else ())

    @Slot()
    def _on_panel_arrived(self) -> None:
        """Cover parts for a user's own lesson once it has been read."""
        self.show_state(self._panel.state)

    def _open_tab(self, about: tuple[str, ...]) -> None:
        """Bring the lesson's panel to the front if there is room for only one."""
        is_below = "memory" in about and "broadcast" not in about and "einsum" not in about
        tab = next((part for part in about if part in ("shape", "einsum", "memory")), "shape")
        self._pages[0].stand_below("memory" if is_below else "broadcast")  # type: ignore[union-attr]
        self._pages[0].open_tab("shape" if is_below else tab)  # type: ignore[union-attr]

    @Slot(int)
    def _on_page_changed(self, _index: int) -> None:
        if self._is_open:
            self._stand()

    def _stand(self) -> None:
        current = self._stack.currentIndex()
        for index, page in enumerate(self._pages):
            if index != current or not self._is_open:
                page.open_side(None)
        if self._is_open:
            self._pages[current].open_side(self._panel)
        else:
            self._panel.hide()


def covered_parts(lesson: Lesson | None, here: Progress) -> tuple[tuple[str, ...], str]:
    """The parts that would give the answer away, and the text on each: all results until the learner has predicted."""
    if lesson is None:
        return (), ""
    if lesson.predictions and not here.is_begun:
        return COMPUTED, "Make your prediction first, on the right. Then this will show."
    if here.steps == 0 and not here.answered:
        return lesson.covered, "This would give the answer away. It will show after the first step."
    return (), ""


def place_of(state: PlaygroundState) -> tuple[str, int, str]:
    """Follow the learner: the ring disappears when the lesson moves on or another line is selected."""
    return state.lesson.key, state.lesson.here.steps, state.selection
