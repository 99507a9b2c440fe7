"""Would .view work? The user types a shape and gets the verdict, with the rule's numbers, and fixes as buttons."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from playground.models.formatting import bytes_in_words
from playground.models.memory.request import MemoryResult
from playground.models.memory.view_rule import ViewExplanation
from playground.models.problem import Fix, Problem
from playground.widgets.controls.fix_button import FixButton
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import code_font, icon, look, words_font
from playground.widgets.memory.part import FoldingPart, short_name
from playground.widgets.painting import baseline, paint_text, text_width
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run, axis_run, shape_runs


class ViewAnswer(QWidget):
    """Yes or No, with an icon."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("memory.view_verdict")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._word, self._role, self._icon = "", "text2", ""
        set_tooltip(self, "Does torch's .view accept this shape?")

    def text(self) -> str:
        """The word shown."""
        return self._word

    def set_verdict(self, allowed: bool | None) -> None:
        """Show Yes, No, or nothing."""
        self._word, self._role, self._icon = {
            True: ("Yes", "good", "check"),
            False: ("No", "error", "ban"),
            None: ("", "text2", ""),
        }[allowed]
        self.setAccessibleName(f"view works: {self._word}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(words_font(), "Yes")) + 30, 24)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if not self._word:
            return
        font = words_font(words_font().Weight.DemiBold)
        x = self.width() - text_width(font, self._word)
        with QPainter(self) as painter:
            icon(self._icon, self._role).paint(painter, QRect(round(x) - 22, 4, 16, 16), Qt.AlignmentFlag.AlignCenter)
            base = baseline(QRectF(self.rect()), font)
            paint_text(painter, x, base, self._word, font, color=look().color(self._role))


def explanation_runs(view: ViewExplanation, name: str) -> tuple[Run, ...]:
    """The sentence with axis badges and code, and in red the number that breaks the rule."""
    if view.allowed and view.strides is not None:
        return (Run("Strides "), *shape_runs(view.strides), Run(" read the same cells. No data is moved."))
    if view.blocking is None or view.shape is None or view.new_axis is None:
        return (Run(view.message),)
    first, second = view.blocking
    words = view.message.split("which is ")[1].partition(".")[0]
    return (
        Run(f"The {view.shape[view.new_axis]} would span axes "),
        axis_run(first),
        Run(" and "),
        axis_run(second),
        Run(f" of {name}. For that, stride {first} must be stride {second} times size {second}, which is "),
        Run(words, "code"),
        Run(". It is "),
        Run(f"{view.found_stride}", "bold", "error"),
        Run("."),
    )


def fixes_of(view: ViewExplanation) -> tuple[Fix, ...]:
    """The fixes as shown on buttons, with the bytes that each copies."""
    if view.allowed and view.shape is not None:
        return (Fix(f".view({', '.join(map(str, view.shape))})", gives="view", meaning="Keep it as a new line"),)
    shown = []
    for fix in view.fixes:
        gives = f"copy {bytes_in_words(view.reshape_bytes)}" if fix.gives.startswith("copy") else ""
        shown.append(Fix(fix.code, gives, f"Add this as a new line: {fix.meaning}"))
    return tuple(shown)


class ViewPart(FoldingPart):
    """`shape_edited(text)` while the user types, `fix_chosen(code)` when a button is pressed."""

    shape_edited = Signal(str)
    fix_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Would .view work?", parent=parent)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        self.before = TextLabel("W.view(", code=True, fixed=True)
        self.shape = QLineEdit()
        self.shape.setObjectName("memory.view_shape")
        self.shape.setFont(code_font())
        self.shape.setFixedHeight(24)
        self.shape.setMaxLength(400)
        set_tooltip(self.shape, "Type a shape; one size may be -1", "2, 6", "2, -1")
        self.shape.setAccessibleName("shape to view the tensor in")
        self.shape.textEdited.connect(self._on_shape_edited)
        self.verdict = ViewAnswer()
        line.addWidget(self.before)
        line.addWidget(self.shape, 2)
        line.addWidget(TextLabel(")", code=True, fixed=True))
        line.addStretch(1)
        line.addWidget(self.verdict)
        self.message = RunsLabel()
        self.fixes = QWidget()
        self.flow = FlowLayout(self.fixes, spacing=4)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.fixes.setSizePolicy(policy)
        for widget in (row, self.message, self.fixes):
            self.add(widget)
        self._shown: tuple[Fix, ...] = ()
        self.buttons: list[FixButton] = []

    def show_text(self, text: str) -> None:
        """Show the typed text, unless the user is typing here."""
        if self.shape.text() != text:
            self.shape.blockSignals(True)
            self.shape.setText(text)
            self.shape.blockSignals(False)

    def show_result(self, result: MemoryResult) -> None:
        """Show the verdict on the shape."""
        self.before.set_text(f"{short_name(result.name)}.view(")
        self.shape.setPlaceholderText(result.view_text)
        view = result.view
        if view is None:
            problem = result.view_problem or Problem("")
            self.verdict.set_verdict(None)
            self.message.set_content((Run(problem.message, role="error"),))
            self._set_fixes(())
            return
        self.verdict.set_verdict(view.allowed)
        self.message.set_content(explanation_runs(view, result.name))
        self._set_fixes(fixes_of(view))

    def _set_fixes(self, fixes: tuple[Fix, ...]) -> None:
        if fixes == self._shown:
            return
        self._shown = fixes
        for button in self.buttons:
            self.flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        for number, fix in enumerate(fixes):
            button = FixButton(fix, parent=self.fixes)
            button.setObjectName(f"memory.view_fix.{number}")
            button.chosen.connect(self._on_fix_chosen)
            self.flow.addWidget(button)
            self.buttons.append(button)
            button.show()
        self.fixes.setVisible(bool(fixes))
        self.fixes.updateGeometry()

    @Slot(str)
    def _on_shape_edited(self, text: str) -> None:
        self.shape_edited.emit(text)

    @Slot(object)
    def _on_fix_chosen(self, fix: Fix) -> None:
        self.fix_chosen.emit(fix.code)
