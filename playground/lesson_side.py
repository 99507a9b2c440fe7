"""Where a lesson stands: beside the page, with its part of the window lit, and covered what gives its answer away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from playground.lesson_player import LessonPlayer
from playground.models.lessons import moves
from playground.models.outcome import ProblemError
from playground.spotlight import Spotlight
from playground.widgets.einsum.details import Details
from playground.widgets.einsum.ladder_view import LadderView
from playground.widgets.lessons.lesson_panel import LessonPanel
from playground.widgets.network.network_windows import NetworkWindows
from playground.widgets.panel import Panel

if TYPE_CHECKING:
    from playground.main_window import MainWindow
    from playground.models.lessons.lesson import Lesson
    from playground.models.lessons.state import Progress
    from playground.models.state import PlaygroundState
    from playground.network_page import NetworkPage
    from playground.tensors_page import TensorsPage

COMPUTED = ("tensors.columns", "network", "status")
"""All parts of the window that say what was computed, but for the lesson itself."""


class LessonSide(QObject):
    """Moves the lesson panel onto the page that is shown while a lesson, or the shelf, is open."""

    def __init__(self, panel: Panel, pages: Sequence[TensorsPage | NetworkPage], window: MainWindow) -> None:
        super().__init__(window)
        assert isinstance(panel, LessonPanel)
        self._panel, self._pages, self._window = panel, pages, window
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
        window.pages.currentChanged.connect(self._on_page_changed)

    @Slot(str)
    def open(self, wanted: str) -> None:
        """Open a lesson by number, key or path; what is wrong with it shows on the panel."""
        try:
            self._panel.open_lesson(wanted)
        except ProblemError as error:
            self._panel.edit(moves.listed(self._panel.state))
            self._panel.show_problem(error.problem)

    @Slot(str)
    def light(self, part: str) -> None:
        """Light a part of the window, after opening the page and the tab that it stands on."""
        self.bring_up(part)
        self.spotlight.light(part)
        self._lit_for = place_of(self._panel.state)

    @Slot(str)
    def note(self, act: str) -> None:
        """Something was done that a step may ask for."""
        self._panel.edit(moves.noted(self._panel.state, act))

    @Slot(str)
    def bring_up(self, part: str) -> None:
        """Open the page and the tab that a part stands on."""
        holder = self.spotlight.find(part)
        while holder is not None:
            if isinstance(holder, Panel) and holder is not self._panel:
                self._window.show_page("network" if holder.key == "network" else "tensors")
                self._pages[0].open_tab(holder.key)  # type: ignore[union-attr]
            if isinstance(holder, Details):
                holder.bring_up(part)
            holder = holder.parentWidget()

    @Slot()
    def toggle(self) -> None:
        """Show the shelf, or close what is open."""
        state = self._panel.state
        self._panel.edit(moves.closed(state) if state.lesson.is_open else moves.listed(state))

    @Slot(object)
    def show_state(self, state: PlaygroundState) -> None:
        """Stand the panel where it belongs; cover what the lesson wants covered until its first step is done."""
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
        """What is to be covered is known of a lesson of one's own once it was read."""
        self.show_state(self._panel.state)

    def _open_tab(self, about: tuple[str, ...]) -> None:
        """Bring the panel that the lesson is about to the front, where there is room for one only."""
        is_below = "memory" in about and "broadcast" not in about and "einsum" not in about
        tab = next((part for part in about if part in ("shape", "einsum", "memory")), "shape")
        self._pages[0].stand_below("memory" if is_below else "broadcast")  # type: ignore[union-attr]
        self._pages[0].open_tab("shape" if is_below else tab)  # type: ignore[union-attr]

    @Slot(int)
    def _on_page_changed(self, _index: int) -> None:
        if self._is_open:
            self._stand()

    def _stand(self) -> None:
        current = self._window.pages.currentIndex()
        for index, page in enumerate(self._pages):
            if index != current or not self._is_open:
                page.open_side(None)
        if self._is_open:
            self._pages[current].open_side(self._panel)
        else:
            self._panel.hide()


def covered_parts(lesson: Lesson | None, here: Progress) -> tuple[tuple[str, ...], str]:
    """What would give the answer away, and what to say on it: all that is computed until the learner has predicted."""
    if lesson is None:
        return (), ""
    if lesson.predictions and not here.is_begun:
        return COMPUTED, "Make your prediction first, at the right. Then this shows."
    if here.steps == 0 and not here.answered:
        return lesson.covered, "This would give it away. It shows when you have tried the first step."
    return (), ""


def place_of(state: PlaygroundState) -> tuple[str, int, str]:
    """Where the learner is: a light goes out when the lesson goes on, or another line is selected."""
    return state.lesson.key, state.lesson.here.steps, state.selection
