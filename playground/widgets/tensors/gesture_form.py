"""The menu of gestures, and a small form for one: its fields, a preview of the result, and Done.

The tensor updates while the user fills in the form.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from playground.models.problem import Problem
from playground.models.program.gesture import Field, MenuRow, Preview
from playground.models.program.gestures import GESTURES, Gesture, Metadata, preview_gesture
from playground.widgets.code.edit import CodeEdit
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import look
from playground.widgets.painting import RADIUS_CARD, paint_box
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run, shape_runs


def gesture_menu(parent: QWidget, rows: Sequence[MenuRow]) -> ResultMenu:
    """One row per choice; below the separator those that open a form. The action's data is its `MenuRow`."""
    menu = ResultMenu("Reshape, slice, flip", parent)
    menu.setObjectName("shape.gestures.menu")
    had_form = False
    for row in rows:
        if row.form and not had_form:
            menu.addSeparator()
            had_form = True
        action = menu.add_result(row.label, _outcome(row), row)
        gesture = GESTURES[row.gesture]
        code = "" if isinstance(row.outcome, Problem) else f"\n{row.outcome.code}"
        reason = f"\n{row.outcome}" if isinstance(row.outcome, Problem) else ""
        action.setToolTip(f"{gesture.description}{code}{reason}")
    return menu


def _outcome(row: MenuRow) -> Outcome:
    if isinstance(row.outcome, Problem):
        return Outcome(reason=str(row.outcome))
    if row.form:
        return Outcome()
    return Outcome(row.outcome.layout.shape, row.outcome.verdict, row.outcome.verdict)


_WIDTH = 304


class GestureForm(QFrame):
    """`changed(texts)` for each legal input; `finished(keep)`: True on Done or Enter, False on Cancel or Esc."""

    changed = Signal(object)
    finished = Signal(bool)

    def __init__(self, gesture: Gesture, name: str, layout: Metadata, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("shape.form")
        self.setAccessibleName(gesture.label)
        self.gesture, self._name, self._layout = gesture, name, layout
        self._inputs: dict[str, ComboBox | CodeEdit] = {}
        self.preview_label = RunsLabel()
        self.done = Button("Done", "primary")
        self.cancel = Button("Cancel", "quiet")
        self.done.clicked.connect(self._on_done)
        self.cancel.clicked.connect(self._on_cancel)
        self._lay_out()
        self.setFixedWidth(_WIDTH)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 8, 14, 12)
        column.setSpacing(8)
        column.addWidget(TextLabel(self.gesture.label, bold=True))
        column.addWidget(RunsLabel(self.gesture.description, "text2"))
        grid = QGridLayout()
        grid.setSpacing(8)
        for row, field in enumerate(self.gesture.fields):
            control = self._control(field)
            label = TextLabel(field.label, "text2", fixed=True)
            grid.addWidget(label, row, 0)
            grid.addWidget(control, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addWidget(self.preview_label)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.done)
        column.addLayout(buttons)

    def _control(self, field: Field) -> QWidget:
        default = field.default(self._layout.shape)
        control: ComboBox | CodeEdit
        if field.kind == "axis":
            control = ComboBox(code=True)
            for axis in range(len(self._layout.shape)):
                control.add_axis(axis)
            control.setCurrentIndex(int(default) if default.isdigit() else 0)
            control.currentIndexChanged.connect(self._on_changed)
        else:
            control = CodeEdit(default)
            control.edited.connect(self._on_changed)
            control.committed.connect(self._on_committed)
        control.setObjectName(f"shape.form.{field.name}")
        control.setAccessibleName(field.label)
        set_tooltip(control, field.description or field.label)
        self._inputs[field.name] = control
        return control

    def open(self) -> None:
        """Show the form with its initial values already applied."""
        self.show()
        self.raise_()
        self.adjustSize()
        first = next(iter(self._inputs.values()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.PopupFocusReason)
            if isinstance(first, CodeEdit):
                first.selectAll()
        self._on_changed()

    def texts(self) -> dict[str, str]:
        """The texts of the fields."""
        return {
            name: control.currentText() if isinstance(control, ComboBox) else control.text()
            for name, control in self._inputs.items()
        }

    def set_text(self, field: str, text: str) -> None:
        """Fill in a field."""
        control = self._inputs[field]
        if isinstance(control, ComboBox):
            control.setCurrentIndex(int(text))
        else:
            control.setPlainText(text)

    @Slot()
    def _on_changed(self, *_: object) -> None:
        outcome = preview_gesture(self.gesture, self._layout, self.texts())
        self._show_outcome(outcome)
        if isinstance(outcome, Preview):
            self.changed.emit(self.texts())

    def _show_outcome(self, outcome: Preview | Problem) -> None:
        self.done.setEnabled(isinstance(outcome, Preview))
        if isinstance(outcome, Problem):
            self.preview_label.set_content((Run(str(outcome)),), "error")
        else:
            runs = (
                Run(f"{self._name}{outcome.code}", "code"),
                Run("  gives ", role="text2"),
                *shape_runs(outcome.layout.shape),
                Run("  "),
                Run(outcome.verdict_text, outcome.verdict),
            )
            self.preview_label.set_content(runs, "text")
        self.adjustSize()

    @Slot(str)
    def _on_committed(self, _text: str) -> None:
        """Enter in a field: the same as Done, if the input is legal."""
        if self.done.isEnabled() and self.isAncestorOf(self.focusWidget() or self):
            self.done.setFocus()

    @Slot()
    def _on_done(self) -> None:
        self.finished.emit(True)

    @Slot()
    def _on_cancel(self) -> None:
        self.finished.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.finished.emit(False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.done.isEnabled():
            self.finished.emit(True)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            paint_box(painter, QRectF(self.rect()), look().color("raised"), look().color("edge"), RADIUS_CARD)
