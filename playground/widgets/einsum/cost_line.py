"""The last line: products, largest intermediate, an equivalent expression, view or new; progress of long runs."""

from __future__ import annotations

from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from playground.models.einsum.request import EinsumResult
from playground.models.formatting import bytes_in_words, count_in_words, digits
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.text.badges import VerdictBadge
from playground.widgets.text.labels import RunsLabel, TextLabel
from playground.widgets.text.runs import Run, runs_width

PATIENCE_MS = 500
_GAP = Run("      ")


def amount(count: int, noun: str) -> str:
    """`"36 products"`, `"5.00e8 products"`."""
    return count_in_words(count, noun) if count < 10**7 else f"{digits(count)} {noun}s"


def cost_runs(result: EinsumResult, brief: bool = False) -> tuple[Run, ...]:
    """`36 products, one step   Largest intermediate: 9 elements, 36 B   Same as A @ B.t()`.

    `brief`: in fewer words, for a line that would wrap.
    """
    plan = result.plan
    assert plan is not None
    cost = plan.cost
    runs: list[Run] = [Run(work_in_words(result))]
    if cost.naive_operations > cost.operations:
        runs += [_GAP, Run(f"{digits(cost.speedup)} times less work{'' if brief else ' than one loop'}")]
    if len(plan.shapes) > 1 and cost.work < cost.operations:
        runs += [_GAP, Run(f"torch first sums letters found in one operand only: {amount(cost.work, 'operation')}")]
    if not plan.is_view:
        largest = amount(cost.largest_intermediate, "element")
        held = bytes_in_words(result.largest_bytes)
        runs += [_GAP, Run(f"Largest: {held}" if brief else f"Largest intermediate: {largest}, {held}")]
    if result.better is not None:
        runs += [_GAP, Run(f"in another order: {bytes_in_words(result.better_bytes)}")]
    if result.equivalents:
        runs += [_GAP, Run("Same as "), Run(result.equivalents[0], "code")]
    return tuple(runs)


def work_in_words(result: EinsumResult) -> str:
    """Products and steps; additions if one operand is summed; or that nothing is computed."""
    plan = result.plan
    assert plan is not None
    steps = len(plan.cost.steps)
    if plan.is_view:
        return "Nothing is computed: the result is a view of the same storage"
    if len(plan.shapes) == 1:
        return f"{amount(plan.cost.index_space, 'element')} added up"
    return f"{amount(plan.cost.products, 'product')}, {'one step' if steps == 1 else f'{steps} steps'}"


class CostLine(QWidget):
    """`cancelled()` for runs longer than half a second, `open_wanted()` to open the selected line's einsum."""

    cancelled = Signal()
    open_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = RunsLabel()
        self.label.setObjectName("einsum.cost")
        set_tooltip(self.label, "Multiplications in the best order, as found by opt_einsum")
        self.result_word = TextLabel("result", "text2", fixed=True)
        self.verdict = VerdictBadge(parent=self)
        self.verdict.setObjectName("einsum.verdict")
        self._busy = TextLabel("computing", "text2", fixed=True)
        self._cancel = Button("Cancel", "quiet")
        self._cancel.setObjectName("einsum.cancel")
        set_tooltip(self._cancel, "Stop computing; the equation stays")
        self._cancel.clicked.connect(self.cancelled)
        self.open = Button("Open", "quiet")
        self.open.setObjectName("einsum.open")
        set_tooltip(self.open, "Open the selected line's einsum")
        self.open.clicked.connect(self.open_wanted)
        self.open.hide()
        self._result: EinsumResult | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PATIENCE_MS)
        self._timer.timeout.connect(self._on_patience_over)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.label, 1)
        for widget in (self._busy, self._cancel, self.open, self.result_word, self.verdict):
            row.addWidget(widget)
        self._busy.hide()
        self._cancel.hide()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_result(self, result: EinsumResult | None) -> None:
        """Show the cost; None clears the line."""
        has_plan = result is not None and result.plan is not None
        self.result_word.setVisible(has_plan)
        if result is None or result.plan is None:
            self._result = None
            self.label.set_content(())
            self.verdict.set_verdict("")
            return
        self._result = result
        self._fit()
        if result.plan.is_view:
            self.verdict.set_verdict("view", f"view of {result.plan.names[0]}")
        elif result.problem is not None:
            self.verdict.set_verdict("too large", result.problem.badge or "not computed")
        else:
            self.verdict.set_verdict("new", "new")

    def _fit(self) -> None:
        """In full if it fits on one line, otherwise in fewer words."""
        if self._result is not None:
            runs = cost_runs(self._result)
            is_wide = self.label.width() >= runs_width(runs)
            self.label.set_content(runs if is_wide else cost_runs(self._result, brief=True))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as the text at its width, so that a second line is fully visible."""
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self.label.heightForWidth(self.label.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def offer(self, name: str) -> None:
        """Offer to open the einsum of the line called `name` (empty: no offer)."""
        self.open.setVisible(bool(name))
        if name and self.open.text() != f"Open {name}":
            self.open.setText(f"Open {name}")
            set_tooltip(self.open, f"Open the einsum of the selected line {name}")
            self.open.updateGeometry()

    def set_busy(self, busy: bool) -> None:
        """Called when a computation starts or ends."""
        if busy:
            self._timer.start()
            return
        self._timer.stop()
        self._busy.hide()
        self._cancel.hide()

    @Slot()
    def _on_patience_over(self) -> None:
        self._busy.show()
        self._cancel.show()
