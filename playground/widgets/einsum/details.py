"""The same einsum in six forms: loops, torch, numpy, words, a drawing, and the ladder of speeds."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from playground.models.einsum.cost import Cost
from playground.models.einsum.numpy_verdict import NumpyVerdict
from playground.models.einsum.plan import loops_of
from playground.models.einsum.request import EinsumResult
from playground.models.einsum.ways import WaysResult
from playground.models.formatting import bytes_in_words, digits
from playground.widgets.code.block import CodeBlock
from playground.widgets.controls.dim_overlay import PaleCover
from playground.widgets.controls.tabs import TabRow
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.einsum.diagram_view import DiagramView
from playground.widgets.einsum.ladder_view import LadderView
from playground.widgets.einsum.letters import letter_marker
from playground.widgets.text.labels import RunsLabel

TABS = ("Loops", "torch", "numpy", "Words", "Drawing", "Ladder")


DRAWN = (4, 5)
"""The tabs that need height."""

CODE_LINE = 17


class LoopsBlock(CodeBlock):
    """Shows the loops; copies them with the line that creates the result, so that they run."""

    runnable = ""

    @Slot()
    def copy(self) -> None:
        """Copy the runnable code to the clipboard."""
        QGuiApplication.clipboard().setText(self.runnable)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)
    area.setWidget(widget)
    return area


class Details(QWidget):
    """The tabs to the right of the letters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = TabRow(*TABS, spacing=8)
        self.tabs.setObjectName("einsum.details")
        self.tabs.setAccessibleName("other forms of the equation")
        set_tooltip(self.tabs, "The same einsum as loops, in torch, in numpy, in words, drawn, and timed")
        self.loops = LoopsBlock(line=CODE_LINE)
        self.torch, self.numpy = CodeBlock(line=CODE_LINE), CodeBlock(line=CODE_LINE)
        self.words, self.numpy_words, self.torch_words = RunsLabel(), RunsLabel(role="text2"), RunsLabel(role="text2")
        self.diagram, self.ladder = DiagramView(), LadderView()
        for block, name in ((self.loops, "loops"), (self.torch, "torch"), (self.numpy, "numpy")):
            block.setObjectName(f"einsum.{name}")
        self.words.setObjectName("einsum.sentence")
        set_tooltip(self.loops, "Plain Python that gives the same numbers", "Ctrl+C copies it, ready to run")
        set_tooltip(self.torch, "The best order, step by step", "Ctrl+C copies it")
        set_tooltip(self.numpy, "The same in numpy", "Ctrl+C copies it")
        self._places: dict[str, int] = {}
        self._result: EinsumResult | None = None
        self._ways: WaysResult | None = None
        self._pages = QStackedWidget()
        self._page_widgets = self._make_pages()
        for page in self._page_widgets:
            self._pages.addWidget(page)
        self._veil = PaleCover(self._pages)
        self.tabs.currentChanged.connect(self._on_tab_changed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._pages, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _make_pages(self) -> tuple[QWidget, ...]:
        return (
            _scrolled(self.loops),
            _scrolled(_column(self.torch, self.torch_words)),
            _scrolled(_column(self.numpy, self.numpy_words)),
            _scrolled(_column(self.words)),
            self.diagram,
            self.ladder,
        )

    def sizeHint(self) -> QSize:
        return QSize(300, 102)

    def minimumSizeHint(self) -> QSize:
        return QSize(304, 48)

    @property
    def shows_torch(self) -> bool:
        """True while the lines of torch are shown."""
        return self.tabs.currentIndex() == TABS.index("torch")

    @Slot(int)
    def _on_tab_changed(self, index: int) -> None:
        self._pages.setCurrentIndex(index)

    def bring_up(self, part: str) -> None:
        """Open the tab that holds the part of this objectName."""
        for index, page in enumerate(self._page_widgets):
            if page.findChild(QWidget, part) is not None:
                self.tabs.setCurrentIndex(index)

    def show_result(self, result: EinsumResult) -> None:
        """Fill all tabs."""
        plan = result.plan
        assert plan is not None
        self._result = result
        self._places = {name: label.place for name, label in plan.labels.items()}
        marker = letter_marker(self._places)
        self.loops.set_text(plan.nested_loops, marker)
        self.loops.runnable = loops_of(plan.indexing, result.dtype)
        self.torch.set_text(self._torch_lines(result), marker)
        self.torch_words.set_content(self._torch_note(result))
        self.words.set_content(plan.sentence)
        self.diagram.set_diagram(result.diagram)
        if result.numpy is not None:
            self.numpy.set_text(numpy_code(result), marker)
            self.numpy_words.set_content(numpy_note(result.numpy, result))

    def show_ways(self, ways: WaysResult | None) -> None:
        """Add to each line of torch what it costs here; None until that is measured."""
        self._ways = ways
        if self._result is not None:
            self.torch.set_text(self._torch_lines(self._result), letter_marker(self._places))

    def light(self, letter: str) -> None:
        """Highlight one letter everywhere in the code; "" for none."""
        for block in (self.loops, self.torch, self.numpy):
            block.set_marker(letter_marker(self._places, letter))

    def dim(self, dimmed: bool) -> None:
        """Dim the contents while a problem is shown above the last good result."""
        self._veil.dim(dimmed)

    def _torch_lines(self, result: EinsumResult) -> tuple[str, ...]:
        plan = result.plan
        assert plan is not None
        name = plan.result_name
        lines = [f"{name} = {way}{self._cost_words(way)}" for way in (plan.code, *result.equivalents)]
        if len(plan.cost.steps) > 1:
            lines = [lines[0], *plan.steps_in_torch]
        if result.better is not None:
            lines += [f"# less memory: {bytes_in_words(result.better_bytes)}", *plan.steps_of(result.better)]
        return tuple(lines)

    def _cost_words(self, way: str) -> str:
        """What a way costs here, as a comment; empty until it is measured."""
        cost = self._ways.of(way) if self._ways is not None else None
        return f"  # {cost.words}" if cost is not None else ""

    @staticmethod
    def _torch_note(result: EinsumResult) -> str:
        plan = result.plan
        assert plan is not None
        if len(plan.cost.steps) > 1:
            words = "The best order, one step per line. torch.einsum uses the same order."
            return words if result.better is None else better_note(result, result.better)
        if not result.equivalents:
            return "Nothing shorter is exactly the same."
        return result.equivalents_note


def better_note(result: EinsumResult, better: Cost) -> str:
    """How torch's own order and the better one compare."""
    plan = result.plan
    assert plan is not None
    more = better.work / plan.cost.work if plan.cost.work else 1.0
    return (
        "First torch's own order, one step per line; then an order with less memory. Largest intermediate: "
        f"{bytes_in_words(result.largest_bytes)} in torch's order, {bytes_in_words(result.better_bytes)} in the other, "
        f"with {digits(more)} times the operations."
    )


def _column(*widgets: QWidget) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    for widget in widgets:
        column.addWidget(widget)
    column.addStretch(1)
    return holder


def numpy_code(result: EinsumResult) -> str:
    """The call in numpy."""
    plan = result.plan
    assert plan is not None
    names = ", ".join(plan.names[: len(plan.shapes)])
    optimize = ", optimize=True" if len(plan.shapes) > 2 else ""
    return f'{plan.result_name} = np.einsum("{plan.equation.text}", {names}{optimize})'


def numpy_note(verdict: NumpyVerdict, result: EinsumResult) -> str:
    """Where numpy differs, with its own message."""
    plan = result.plan
    assert plan is not None
    parts = [verdict.note or "Same shape, dtype and sum as torch."]
    if verdict.numpy_message:
        parts.append(f"numpy: {verdict.numpy_message}")
    if verdict.torch_message:
        parts.append(f"torch: {verdict.torch_message}")
    cost = plan.cost
    if len(plan.shapes) > 2 and cost.operations < cost.naive_operations:
        parts.append(
            f"Without optimize=True numpy loops over everything: {cost.naive_operations:,} "
            f"operations instead of {cost.operations:,}."
        )
    return " ".join(parts)
