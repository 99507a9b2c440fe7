"""The section that trains: start, pause, one step, stop, rewind; its loss plot is the scrubber of all other plots."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.models.network.training_request import TrainingResult
from playground.models.network.training_settings import TrainingSettings
from playground.models.network.training_words import invitation, loss_range, progress_in_words, settings_in_words
from playground.models.outcome import Problem
from playground.widgets.common.buttons import Button, IconButton
from playground.widgets.common.number_box import NumberBox
from playground.widgets.common.plots import AxisRange
from playground.widgets.common.problem_banner import ProblemBanner
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import TitleLine
from playground.widgets.common.text_label import TextLabel
from playground.widgets.common.tooltip import set_tooltip
from playground.widgets.network.scrub_plot import ScrubPlot
from playground.widgets.network.step_history import StepHistory
from playground.widgets.network.train_settings import TrainSettings

PADDING = 16
PLOT_HEIGHT = 168
HISTORY_HEIGHT = 112


class TrainSection(QWidget):
    """Shows `TrainingSettings` and a `TrainingResult`.

    `edited(settings, gesture)` is the settings that the user made: `target` how far to train, `shown` the step to show.
    `pause_wanted()` asks to cancel the computation that runs, which then gives what it reached.
    """

    edited = Signal(object, object)
    gesture_ended = Signal()
    pause_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.train")
        self.setAccessibleName("Train")
        self._shown: tuple[TrainingSettings, tuple[str, ...]] | None = None
        self._settings = TrainingSettings()
        self._result: TrainingResult | None = None
        self._pinned: tuple[tuple[str, ArrayLike], ...] = ()
        self._running = False
        self._pausing = False
        self._scrubs = 0
        self.settings_window = TrainSettings(self)
        self.settings_window.edited.connect(self._on_settings_edited)
        self.plot = ScrubPlot()
        self.plot.setObjectName("network.train.loss")
        self.plot.setFixedHeight(PLOT_HEIGHT)
        self.history = StepHistory()
        self.history.setFixedHeight(HISTORY_HEIGHT)
        self.history.hide()
        self.words = RunsLabel(role="text2")
        self.words.setObjectName("network.train.words")
        self.banner = ProblemBanner()
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, 0, PADDING, 12)
        column.setSpacing(4)
        column.addWidget(self._title())
        column.addWidget(self.plot)
        column.addSpacing(8)
        column.addWidget(self.history)
        column.addWidget(self._step_row())
        column.addWidget(self.words)
        column.addWidget(self.banner)
        self.plot.scrubbed.connect(self._on_scrubbed)
        self.plot.scrub_ended.connect(self._on_scrub_ended)
        self.show_settings(self._settings)

    def _title(self) -> QWidget:
        line = TitleLine("Train", 0)
        self.choices = Button("", "quiet")
        self.choices.setObjectName("network.train.choices")
        self.choices.clicked.connect(self._on_choices)
        self.rewind = self._icon("rewind", "network.train.rewind", "Show step 0 again, with the very same weights")
        self.start = self._icon("play", "network.train.start", "Train")
        line.add(self.choices)
        line.add_right(self.rewind)
        line.add_right(self.start)
        self.rewind.clicked.connect(self._on_rewind)
        self.start.clicked.connect(self._on_start)
        return line

    def _step_row(self) -> QWidget:
        self.step_box = NumberBox(0, 0, 0, name="step shown")
        self.step_box.setObjectName("network.train.step")
        self.step_box.setFixedWidth(72)
        set_tooltip(self.step_box, "The step that the plots show")
        self.of_steps = TextLabel("of 0", "text2", fixed=True)
        self.one = self._icon("step-forward", "network.train.one", "One step more")
        self.stop = self._icon("circle-stop", "network.train.stop", "Stop, and forget this run")
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 4)
        line.setSpacing(8)
        line.addWidget(TextLabel("step", "text2", fixed=True))
        line.addWidget(self.step_box)
        line.addWidget(self.of_steps)
        line.addStretch(1)
        line.addWidget(self.one)
        line.addWidget(self.stop)
        self.step_box.changed.connect(self._on_step_typed)
        self.step_box.gesture_ended.connect(self.gesture_ended)
        self.one.clicked.connect(self._on_one)
        self.stop.clicked.connect(self._on_stop)
        return row

    def _icon(self, icon_name: str, name: str, words: str) -> IconButton:
        button = IconButton(icon_name, words)
        button.setObjectName(name)
        return button

    # What is shown

    @property
    def reached(self) -> int:
        """How many updates the shown run has made."""
        return self._result.reached if self._result is not None else 0

    def show_settings(self, settings: TrainingSettings, tensor_names: tuple[str, ...] = ()) -> None:
        """Set the controls to the settings; `tensor_names` may be trained on."""
        if (settings, tensor_names) == self._shown:
            return
        self._shown = (settings, tensor_names)
        if self._result is not None and _forgets(settings, self._settings):
            self._result = None
        self._settings = settings
        self.settings_window.show_settings(settings, tensor_names)
        self.choices.setText(settings_in_words(settings))
        self.choices.updateGeometry()
        set_tooltip(self.choices, "Task, optimiser, learning rate, steps", settings_in_words(settings))
        self._draw()

    def show_result(self, result: TrainingResult) -> None:
        """Draw a run so far."""
        self._result = result
        # A picture that was on its way when the hand paused does not start the training again.
        self._pausing = self._pausing and result.running
        self._running = result.running and not self._pausing
        self.banner.set_problem(None)
        self._draw()

    def show_problem(self, problem: Problem) -> None:
        """Say why there is no training; the last curve stays."""
        self._running = False
        self.banner.set_problem(problem)
        self._draw()

    def show_running(self, running: bool) -> None:
        """Show whether a computation goes on."""
        if running != self._running:
            self._running = running
            self._draw()

    def show_pinned(self, runs: tuple[tuple[str, ArrayLike], ...]) -> None:
        """Show the losses of pinned networks in grey, `(name, losses)` each."""
        if not runs and not self._pinned:
            return
        self._pinned = runs
        self.plot.set_pinned(runs)
        self._draw()

    def _draw(self) -> None:
        result, reached = self._result, self.reached
        losses = result.losses if result is not None else np.empty(0)
        pinned = tuple(np.asarray(run, float) for _, run in self._pinned)
        low, high, logarithmic = loss_range(losses, pinned)
        last = max(self._settings.steps, reached, *(len(run) - 1 for run in pinned), 1)
        shown = result.shown if result is not None else 0
        steps = step_range(last)
        self.plot.show_losses(losses, reached, shown, steps, AxisRange(low, high, logarithmic))
        self.history.show_history(result, steps, result.request.layer if result is not None else 1)
        self.history.setVisible(result is not None and len(result.count_steps) > 1)
        self.step_box.set_range(0, reached)
        self.step_box.set_value(shown)
        self.of_steps.set_text(f"of {reached:,}")
        self.start.set_icon_name("pause" if self._running else "play")
        set_tooltip(self.start, "Pause" if self._running else f"Train {self._settings.steps:,} steps")
        self.start.setAccessibleName("Pause" if self._running else "Train")
        failed = result is not None and result.failure is not None
        self.start.setEnabled(not failed)
        self.one.setEnabled(not self._running and not failed)
        self.rewind.setEnabled(reached > 0)
        self.stop.setEnabled(reached > 0 or self._running or failed)
        self.step_box.setEnabled(reached > 0)
        said = invitation(self._settings) if result is None else progress_in_words(result, self._named_runs())
        self.words.set_content(said)

    def _named_runs(self) -> tuple[tuple[str, np.ndarray], ...]:
        return tuple((name, np.asarray(run, float)) for name, run in self._pinned)

    # What the hand does

    def _edit(self, gesture: Hashable = None, *, target: int | None = None, shown: int) -> None:
        settings = replace(self._settings, target=self._settings.target if target is None else target, shown=shown)
        if settings != self._settings:
            self._settings = settings
            self.edited.emit(settings, gesture)

    @Slot()
    def _on_start(self) -> None:
        if self._running:
            self._pause()
            return
        goal = self._settings.steps if self.reached < self._settings.steps else self.reached + self._settings.steps
        self._running, self._pausing = True, False
        self._edit(target=goal, shown=-1)
        self._draw()

    def _pause(self) -> None:
        self.pause_wanted.emit()
        self._running, self._pausing = False, True
        self._edit(target=self.reached, shown=-1)
        self._draw()

    @Slot()
    def _on_one(self) -> None:
        self._edit(target=self.reached + 1, shown=-1)

    @Slot()
    def _on_stop(self) -> None:
        if self._running:
            self.pause_wanted.emit()
        self._running = False
        self._result = None
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


def _forgets(new: TrainingSettings, old: TrainingSettings) -> bool:
    """Whether these settings belong to another run, or to none."""
    return new.target == 0 or replace(new, target=0, shown=0, steps=0) != replace(old, target=0, shown=0, steps=0)


def step_range(last: int) -> AxisRange:
    """Steps 0 to `last` with three or four round labels."""
    power = 10 ** (len(str(last // 3)) - 1) if last >= 3 else 1
    stride = next((f * power for f in (1, 2, 3, 4, 5, 10) if f * power * 4 >= last), last)
    return AxisRange(0, last, ticks=tuple((float(step), f"{step:,}") for step in range(0, last + 1, max(1, stride))))
