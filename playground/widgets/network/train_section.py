"""The training section: start, pause, single step, stop, rewind; its loss plot scrubs all other plots."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.formatting import count_in_words
from playground.models.network.training.page import invitation, loss_range, progress_in_words
from playground.models.network.training.request import TrainingResult
from playground.models.network.training.settings import TrainingSettings
from playground.models.problem import Fix, Problem
from playground.widgets.controls.problem_banner import ProblemBanner
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look, look_holder
from playground.widgets.network.plots.scrub_plot import ScrubPlot, StepHistory, step_range
from playground.widgets.network.train_controls import StepRow, TrainSettings, TrainTitle, enable
from playground.widgets.plot.axis import AxisRange
from playground.widgets.text.labels import RunsLabel

THICK = 2


class ProgressLine(QWidget):
    """A progress line, two pixels high; empty but still in place while nothing is computed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fraction: float | None = None
        self.setFixedHeight(THICK)
        look_holder().changed.connect(self.update)

    def set_fraction(self, fraction: float | None) -> None:
        """Draw this share of the line, 0 to 1; None draws nothing."""
        if fraction != self.fraction:
            self.fraction = fraction
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.fraction is None:
            return
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), look().color("hairline"))
            painter.fillRect(QRectF(0, 0, self.width() * min(1.0, self.fraction), THICK), look().color("accent"))


PADDING = 16
PLOT_HEIGHT = 168
HISTORY_HEIGHT = 112
PATIENCE_MS = 400
"""After this long without a new picture, the text says what is being computed."""


class TrainSection(QWidget):
    """Shows `TrainingSettings` and a `TrainingResult`.

    `edited(settings, gesture)` carries the user's settings: `target` is how far to train, `shown` the step to show.
    `pause_wanted()` asks to cancel the running computation, which then returns what it has reached.
    """

    edited = Signal(object, object)
    gesture_ended = Signal()
    pause_wanted = Signal()
    toggled = Signal(str)
    """The legend entry that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.train")
        self.setAccessibleName("Train")
        self._shown: tuple[TrainingSettings, tuple[str, ...]] | None = None
        self._settings = TrainingSettings()
        self._result: TrainingResult | None = None
        self._pinned: tuple[tuple[str, np.ndarray], ...] = ()
        self._running = self._stepping = False
        self._pausing = False
        self._scrubs = 0
        self._cost = ""
        self._since = QElapsedTimer()
        self._since.start()
        self.settings_window = TrainSettings(self)
        self.settings_window.edited.connect(self._on_settings_edited)
        self.plot = ScrubPlot()
        self.plot.setObjectName("network.train.loss")
        self.plot.setFixedHeight(PLOT_HEIGHT)
        self.history = StepHistory()
        self.history.setFixedHeight(HISTORY_HEIGHT)
        self.history.hide()
        self.history.canvas.view.setXLink(self.plot.canvas.view)
        self.words = RunsLabel(role="text2")
        self.words.setObjectName("network.train.words")
        self.banner = ProblemBanner()
        self.progress = ProgressLine()
        self.title, self.row = TrainTitle(), StepRow()
        self.choices, self.rewind, self.start = self.title.choices, self.title.rewind, self.title.start
        self.step_box, self.one, self.stop = self.row.step_box, self.row.one, self.row.stop
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, 0, PADDING, 12)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.progress)
        column.addWidget(self.plot)
        column.addSpacing(8)
        column.addWidget(self.history)
        column.addWidget(self.row)
        column.addWidget(self.words)
        column.addWidget(self.banner)
        self._connect()
        self.show_settings(self._settings)

    def _connect(self) -> None:
        self.plot.scrubbed.connect(self._on_scrubbed)
        self.plot.scrub_ended.connect(self._on_scrub_ended)
        self.plot.toggled.connect(self.toggled)
        self.banner.fix_chosen.connect(self._on_fix)
        self.choices.clicked.connect(self._on_choices)
        self.rewind.clicked.connect(self._on_rewind)
        self.start.clicked.connect(self._on_start)
        self.step_box.changed.connect(self._on_step_typed)
        self.step_box.gesture_ended.connect(self.gesture_ended)
        self.one.clicked.connect(self._on_one)
        self.stop.clicked.connect(self._on_stop)

    # Content

    @property
    def reached(self) -> int:
        """The number of updates that the shown run has made."""
        return self._result.reached if self._result is not None else 0

    def show_settings(self, settings: TrainingSettings, tensor_names: tuple[str, ...] = ()) -> None:
        """Set the controls to the settings; `tensor_names` are the tensors to train on."""
        if (settings, tensor_names) == self._shown:
            return
        self._shown = (settings, tensor_names)
        if not settings.asked or settings.run != self._settings.run:
            self._result = None
            self._running = False
            self.banner.set_problem(None)
        self._settings = settings
        self.settings_window.show_settings(settings, tensor_names)
        self.title.show_settings(settings)
        self._draw()

    def show_cost(self, words: str) -> None:
        """Show the expected cost before training: "about 1.4 s and 46.2 MB"."""
        if words != self._cost:
            self._cost = words
            self._draw()

    def show_progress(self, fraction: float, words: str) -> None:
        """Show the training's progress; the text appears if no picture has arrived for a while."""
        if not self._running:
            return
        self.progress.set_fraction(fraction)
        if self._since.elapsed() > PATIENCE_MS:
            self.words.set_content(f"{words[:1].upper()}{words[1:]}.")

    def show_result(self, result: TrainingResult) -> None:
        """Draw a run so far."""
        self._result = result
        self._since.restart()
        # A picture that was already on its way when the user paused must not restart the training.
        self._pausing = self._pausing and result.running
        self._running = result.running and not self._pausing
        self.banner.set_problem(None)
        self._draw()

    def show_problem(self, problem: Problem) -> None:
        """Show why there is no training, or ask before a long one; the last curve stays."""
        if not self._settings.asked:
            return
        self._running = self._stepping = False
        self.banner.set_problem(problem)
        self._draw()

    def show_pinned(self, runs: tuple[tuple[str, ArrayLike], ...]) -> None:
        """Show the losses of pinned networks in grey, `(name, losses)` each."""
        if not runs and not self._pinned:
            return
        self._pinned = tuple((name, np.asarray(run, float)) for name, run in runs)
        self.plot.set_pinned(runs)
        self._draw()

    def _draw(self) -> None:
        result, reached = self._result, self.reached
        losses = result.losses if result is not None else np.empty(0)
        pinned = tuple(run for _, run in self._pinned)
        low, high, logarithmic = loss_range(losses, pinned)
        last = max(self._settings.steps, reached, *(len(run) - 1 for run in pinned), 1)
        shown = result.shown if result is not None else 0
        steps = step_range(last)
        if len(losses) or pinned or self._running:
            self.plot.show_losses(losses, reached, shown, steps, AxisRange(low, high, logarithmic))
        else:
            self.plot.show_nothing(steps, f"Play trains {count_in_words(self._settings.steps, 'step')}")
        self.history.show_history(result, steps, result.request.layer if result is not None else 1)
        self.history.setVisible(result is not None and len(result.count_steps) > 1)
        self.row.show_step(shown, reached)
        self.start.set_icon_name("pause" if self._running else "play")
        set_tooltip(self.start, "Pause" if self._running else f"Train {self._settings.steps:,} steps", self._cost)
        self.start.setAccessibleName("Pause" if self._running else "Train")
        failed = result is not None and result.failure is not None
        may_stop = reached > 0 or self._running or failed or self._question() is not None
        may_step = not failed and (self._stepping or not self._running)
        buttons = {self.stop: may_stop, self.start: not failed, self.one: may_step, self.rewind: reached > 0}
        enable(buttons, (self.start, self.stop, self.choices))
        if not self._running:
            self.progress.set_fraction(None)
        if result is None:
            self.words.set_content(invitation(self._settings, self._cost))
        else:
            self.words.set_content(progress_in_words(result, self._pinned))

    # User actions

    def _edit(self, gesture: Hashable = None, **fields: int) -> bool:
        """Emit what the user set; returns True if that is new."""
        settings = replace(self._settings, **fields)  # type: ignore[arg-type]
        if settings == self._settings:
            return False
        self._settings = settings
        self.edited.emit(settings, gesture)
        return True

    def _question(self) -> Fix | None:
        """Answer "go on" to the question before a long training, if it is being asked."""
        fixes = self.banner.problem.fixes if self.banner.problem is not None else ()
        return next((fix for fix in fixes if fix.target == "agree"), None)

    @Slot()
    def _on_start(self) -> None:
        if self._running:
            self._pause()
            return
        answer = self._question()
        if answer is not None:
            self._on_fix(answer)
            return
        goal = self._settings.steps if self.reached < self._settings.steps else self.reached + self._settings.steps
        self._stepping = False
        self._begin(target=goal, shown=-1)

    def _begin(self, **fields: int) -> None:
        self._since.restart()
        self._pausing = False
        self._running = self._edit(**fields)
        if self._running:
            self.banner.set_problem(None)
        self._draw()

    @Slot(object)
    def _on_fix(self, fix: Fix) -> None:
        settings = self._settings
        if fix.target == "agree":
            self._begin(agreed=settings.target)
        elif fix.target == "steps":
            steps = int(fix.code.split()[0])
            self._begin(steps=steps, target=self.reached + steps, shown=-1)

    def _pause(self) -> None:
        self.pause_wanted.emit()
        self._running, self._pausing, self._stepping = False, True, False
        self._edit(target=self.reached, shown=-1)
        self._draw()

    @Slot()
    def _on_one(self) -> None:
        goal = max(self.reached, self._settings.target) if self._running or self._stepping else self.reached
        self._stepping = True  # pressed again before it is done, it adds one more step
        self._begin(target=goal + 1, shown=-1)

    @Slot()
    def _on_stop(self) -> None:
        if self._running:
            self.pause_wanted.emit()
        self._running = False
        self._result = None
        self.banner.set_problem(None)
        self._edit(target=0, shown=0)
        self._draw()

    @Slot()
    def _on_rewind(self) -> None:
        if self._running:
            self._pause()
        self._edit(shown=0)

    @Slot(int)
    def _on_scrubbed(self, step: int) -> None:
        if self._running:
            self._pause()
        self._edit(("scrub", self._scrubs), shown=step)

    @Slot()
    def _on_scrub_ended(self) -> None:
        self._scrubs += 1
        self.gesture_ended.emit()

    @Slot(object)
    def _on_step_typed(self, step: object) -> None:
        self._edit(("step", self.step_box.gesture), shown=int(step))  # type: ignore[call-overload]

    @Slot()
    def _on_choices(self) -> None:
        self.settings_window.popup_below(self.choices)

    @Slot(object, object)
    def _on_settings_edited(self, settings: TrainingSettings, gesture: Hashable) -> None:
        if self._running and settings.target == 0:
            self.pause_wanted.emit()
            self._running = False
        self._settings = settings
        self.edited.emit(settings, gesture)

    def sizeHint(self) -> QSize:
        return QSize(272, 40 + PLOT_HEIGHT + 90)
