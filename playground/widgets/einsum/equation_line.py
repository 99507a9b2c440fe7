"""The title line: the equation with coloured letters, its operands, its result, and the presets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.einsum.equation import ARROW, HINT, parse_equation
from playground.models.einsum.labels import index_labels
from playground.models.einsum.operands import ordinal
from playground.models.einsum.plan import EinsumPlan
from playground.models.einsum.presets import PRESETS
from playground.widgets.code.edit import CodeEdit
from playground.widgets.code.marks import BADGE_SPACING
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import HEIGHT, ComboBox
from playground.widgets.controls.layouts import FlowLayout, FlowTitle
from playground.widgets.controls.result_menu import Outcome, ResultMenu
from playground.widgets.controls.section import PADDING
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.einsum.letters import equation_marks
from playground.widgets.painting import text_width
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run, axis_run, shape_runs

LEAST, MOST = 144, 320
_CHARACTER = 7.8
_PADDING = 28


class EquationEdit(CodeEdit):
    """Emits `edited(text)` on every keystroke."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(marker=equation_marks, pixels=13, parent=parent)
        self.setObjectName("einsum.equation")
        self.setPlaceholderText("ij,jk->ik")
        self.setAccessibleName("einsum equation")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        set_tooltip(self, HINT, "i,i-> dot   ij->ji transpose   ii->i diagonal")
        self.textChanged.connect(self.updateGeometry)

    def light(self, letter: str) -> None:
        """Highlight one letter everywhere; "" for none."""
        self.marker = partial(equation_marks, lit=letter)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        text = self.text()
        letters = len(equation_marks(text))
        width = len(text) * _CHARACTER + letters * BADGE_SPACING + _PADDING
        return QSize(min(MOST, max(LEAST, round(width))), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(min(LEAST, self.sizeHint().width()), super().minimumSizeHint().height())


NOTHING = "none"
EXPRESSION = "expression..."
_CHEVRON = 38


class NameCombo(ComboBox):
    """As wide as the chosen item, not as the widest one."""

    def sizeHint(self) -> QSize:
        width = text_width(self.item_font(), self.currentText()) + _CHEVRON
        return QSize(round(min(140.0, max(56.0, width))), HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(56, self.sizeHint().width()), HEIGHT)


class OperandBox(QWidget):
    """`chosen(number, text)`: a name, an expression, or "" for nothing."""

    chosen = Signal(int, str)

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number = number
        self._text = ""
        self.combo = NameCombo(code=True)
        self.combo.setObjectName(f"einsum.operand.{number}")
        self.combo.setMaximumWidth(140)
        set_tooltip(self.combo, f"The {ordinal(number)} operand: a tensor of the program, or an expression")
        self.field = CodeEdit()
        self.field.setObjectName(f"einsum.expression.{number}")
        self.field.setAccessibleName(f"expression for the {ordinal(number)} operand")
        self.field.setFixedWidth(120)
        set_tooltip(self.field, "An expression of the program's tensors", "B.t()   A[:, :3]")
        self.field.hide()
        self.combo.activated.connect(self._on_activated)
        self.field.committed.connect(self._on_committed)
        self.field.reverted.connect(self._close_field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.combo)
        row.addWidget(self.field)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def set_choice(self, text: str, names: Sequence[str]) -> None:
        """Show the chosen item and the other choices."""
        items = [*names, *([text] if text and text not in names else []), NOTHING, EXPRESSION]
        shown = [self.combo.itemText(row) for row in range(self.combo.count())]
        self._text = text
        if items != shown:
            self.combo.blockSignals(True)
            self.combo.clear()
            self.combo.addItems(items)
            self.combo.blockSignals(False)
            self.combo.updateGeometry()
        row = items.index(text) if text else items.index(NOTHING)
        if row != self.combo.currentIndex():
            self.combo.blockSignals(True)
            self.combo.setCurrentIndex(row)
            self.combo.blockSignals(False)
            self.combo.updateGeometry()

    @Slot(int)
    def _on_activated(self, row: int) -> None:
        text = self.combo.itemText(row)
        if text == EXPRESSION and row == self.combo.count() - 1:
            self.combo.setCurrentText(self._text or NOTHING)
            self.open_field()
        elif text == NOTHING and row == self.combo.count() - 2:
            self.chosen.emit(self._number, "")
        else:
            self.chosen.emit(self._number, text)

    def open_field(self) -> None:
        """Type an expression instead of choosing a name."""
        self.combo.hide()
        self.field.show()
        self.field.set_text(self._text)
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _close_field(self) -> None:
        self.field.hide()
        self.combo.show()

    @Slot(str)
    def _on_committed(self, text: str) -> None:
        self._close_field()
        self.chosen.emit(self._number, text.strip())


BESIDE = 2
"""This many operands fit in the title line; more get their own line."""

MOST_BOXES = 24
"""An upper limit: a mistyped equation may ask for thousands."""

MOST_BELOW = 88
NARROW = 700
ROOMY_EQUATION, TIGHT_BOXES, ROOMY_BOXES = 200, 152, 200
"""A longer equation and longer operand names shrink to these widths before anything wraps."""


def box_count(equation: str, operands: Sequence[str]) -> int:
    """The number of operands that the equation has or the user chose."""
    left = equation.split(ARROW, maxsplit=1)[0]
    asked = left.count(",") + 1 if left.strip() else 1
    return max(min(asked, MOST_BOXES), len(operands))


class EquationLine(QWidget):
    """`equation_edited(text)`, `operand_chosen(number, text)`, `preset_chosen(name)`, `keep_wanted()`.

    `is_typing` is True from the first key until the equation loses focus.
    """

    equation_edited = Signal(str)
    operand_chosen = Signal(int, str)
    preset_chosen = Signal(str)
    keep_wanted = Signal()
    equation_left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.boxes: list[OperandBox] = []
        self.is_typing = False
        self.title = FlowTitle()
        self._name = TextLabel("Einsum", bold=True, fixed=True)
        self.equation = EquationEdit()
        self.equation.edited.connect(self._on_edited)
        self.equation.textChanged.connect(self._arrange)
        self.equation.committed.connect(self._on_committed)
        self._of = TextLabel("of", "text2", fixed=True)
        self._gives = TextLabel("gives", "text2", fixed=True)
        self.result = RunsLabel(wrap=False)
        self._holder = QWidget()
        self._flow = QHBoxLayout(self._holder)
        self._flow.setContentsMargins(0, 0, 0, 0)
        self._flow.setSpacing(8)
        self._below = QWidget()
        self._below_flow = FlowLayout(self._below)
        self._below.setContentsMargins(PADDING, 0, PADDING, 4)
        self.presets = Button("Presets", opens_menu=True)
        self.presets.setObjectName("einsum.presets")
        set_tooltip(self.presets, "Well-known einsums")
        self.keep = Button("Keep as tensor")
        self.keep.setObjectName("einsum.keep")
        set_tooltip(self.keep, "Add the result to the program as a new line")
        self.keep.clicked.connect(self.keep_wanted)
        self.title.flow.add(self._name)
        self.title.flow.add(self.equation, tight=ROOMY_EQUATION, roomy=ROOMY_EQUATION)
        self.title.flow.add(self._of)
        self.title.flow.add(self._holder, tight=TIGHT_BOXES, roomy=ROOMY_BOXES)
        self.title.flow.add(self._gives)
        self.title.flow.add(self.result, tied=True)
        self.title.flow.add(self.presets, right=True)
        self.title.flow.add(self.keep, right=True, tied=True)
        self._make_menu()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addWidget(self._below)
        self._below.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _make_menu(self) -> None:
        menu = ResultMenu(parent=self)
        for preset in PRESETS.values():
            shape = index_labels(parse_equation(preset.equation), preset.shapes).output_shape
            action = menu.add_result(preset.name.capitalize(), Outcome(shape, "same", preset.equation), preset.name)
            action.setToolTip(preset.meaning)
        menu.triggered.connect(self._on_preset)
        self.presets.setMenu(menu)

    def set_choices(self, equation: str, operands: Sequence[str], names: Sequence[str]) -> None:
        """Show the state."""
        self.equation.set_text(equation)
        self._make_boxes(box_count(equation, operands))
        for number, box in enumerate(self.boxes):
            box.set_choice(operands[number] if number < len(operands) else "", names)

    def _make_boxes(self, count: int) -> None:
        if count == len(self.boxes):
            return
        while len(self.boxes) > count:
            box = self.boxes.pop()
            for layout in (self._flow, self._below_flow):
                layout.removeWidget(box)
            box.hide()
            box.deleteLater()
        while len(self.boxes) < count:
            box = OperandBox(len(self.boxes))
            box.chosen.connect(self.operand_chosen)
            self.boxes.append(box)
        beside = count <= BESIDE
        for box in self.boxes:
            (self._below_flow if beside else self._flow).removeWidget(box)
            (self._flow if beside else self._below_flow).addWidget(box)
            box.show()
        self._holder.setVisible(beside)
        self._below.setVisible(not beside)
        self._arrange()

    def show_plan(self, plan: EinsumPlan | None) -> None:
        """Show the result: `C (3, 3)`, and the output letters if there is no arrow."""
        if plan is None:
            self.result.set_content(())
            self._gives.hide()
            return
        places = [plan.labels[name].place for name in plan.output_labels]
        runs: list[Run] = []
        if plan.equation.output is None:
            runs.append(Run("->", "code", "text2"))
            runs.extend(axis_run(place, name) for place, name in zip(places, plan.output_labels, strict=True))
            runs.append(Run("  "))
        runs.append(Run(f"{plan.result_name} ", "bold code"))
        runs.extend(shape_runs(plan.output_shape, places))
        self.result.set_content(runs)
        self._arrange()

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._arrange()

    @Slot()
    def _arrange(self) -> None:
        """Hide parts as the line gets narrow: first the words, then the result, which the last line shows too."""
        wide = self.width() >= NARROW
        beside = len(self.boxes) <= BESIDE
        self._of.setVisible(wide and beside)
        has_result = bool(self.result.runs)
        self._gives.setVisible(wide and has_result)
        self.result.setVisible(wide and has_result)
        if not beside:
            height = self._below_flow.heightForWidth(max(100, self.width() - 2 * PADDING)) + 4
            self._below.setFixedHeight(min(height, MOST_BELOW))
        self._drop_what_does_not_fit()
        words = "Keep as tensor" if wide else "Keep"
        if self.keep.text() != words:
            self.keep.setText(words)
            self.keep.updateGeometry()

    def _drop_what_does_not_fit(self) -> None:
        """Hide a long shape before cutting the equation: the grid's caption shows it too."""
        shown = [self.equation, self.presets, self.keep, self._name]
        shown += [w for w in (self._of, self._holder, self._gives, self.result) if w.isVisibleTo(self.title)]
        wanted = sum(widget.sizeHint().width() for widget in shown) + 8 * len(shown) + 2 * PADDING
        if wanted > self.width():
            self._gives.hide()
            self.result.hide()

    @Slot(QAction)
    def _on_preset(self, action: QAction) -> None:
        self.preset_chosen.emit(str(action.data()))

    @Slot(str)
    def _on_edited(self, text: str) -> None:
        self.is_typing = True
        self.equation_edited.emit(text)

    @Slot(str)
    def _on_committed(self, _text: str) -> None:
        self.is_typing = False
        self.equation_left.emit()
