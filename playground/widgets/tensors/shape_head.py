"""The head of the Shape panel: axis chips, facts, and which axes the grid shows as rows, columns and index sliders."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from playground.models.language.names import cut_name
from playground.models.program.program import Program, source_code
from playground.models.state import ShapeState
from playground.widgets.code.marks import code_marks, code_runs
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.layouts import FlowLayout
from playground.widgets.controls.section import PADDING
from playground.widgets.controls.slider import SliderRow
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.painting import fill_background
from playground.widgets.tensors.axis_strip import AxisStrip
from playground.widgets.text.badges import AxisBadge
from playground.widgets.text.labels import TextLabel
from playground.widgets.text.runs import Run

LEAST_CODE = 4
"""Fewer characters of code than this say nothing, so the name takes the room."""


def title_runs(program: Program, name: str, longest: int = 90) -> tuple[Run, ...]:
    """Name in bold, the equals sign in the second colour, the code coloured, all in at most `longest` characters."""
    binding = program.get(name)
    if binding is None:
        return ()
    code = source_code(binding.source).replace("\n", " ")
    whole, name = name, cut_name(name, max(8, 2 * longest // 3))
    room = longest - len(name) - len(" = ")
    if room < LEAST_CODE:
        return (Run(cut_name(whole, longest), "bold code"),)
    if len(code) > room:
        code = code[: room - 1] + "…"
    return (Run(name, "bold code"), Run(" = ", "code", "text2"), *code_runs(code, code_marks(code)))


def shown_axes(shape: tuple[int, ...], state: ShapeState) -> tuple[int | None, int | None]:
    """Row and column axis: the chosen ones if the tensor has them, otherwise the last two."""
    rank = len(shape)
    if rank == 0:
        return None, None
    if rank == 1:
        return None, 0
    column = state.column_axis if state.column_axis is not None and state.column_axis < rank else rank - 1
    row = state.row_axis if state.row_axis is not None and state.row_axis < rank else rank - 2
    if row == column:
        row = rank - 1 if column != rank - 1 else rank - 2
    return row, column


class AxisPickers(QWidget):
    """rows [0] columns [1], each a choice of axis badges; choosing the other one's axis swaps them."""

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axes: tuple[int | None, int | None] = (None, None)
        self._rank = -1
        self.rows, self.columns = ComboBox(code=True), ComboBox(code=True)
        self.rows.setObjectName("shape.rows")
        self.columns.setObjectName("shape.columns")
        set_tooltip(self.rows, "The axis shown as rows")
        set_tooltip(self.columns, "The axis shown as columns")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for words, box in (("rows", self.rows), ("columns", self.columns)):
            box.setFixedWidth(52)
            row.addWidget(TextLabel(words, "text2", fixed=True))
            row.addWidget(box)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.rows.currentIndexChanged.connect(self._on_rows)
        self.columns.currentIndexChanged.connect(self._on_columns)

    def set_axes(self, rank: int, row: int | None, column: int | None) -> None:
        """Offer the axes of a tensor, two of them chosen."""
        self._axes = (row, column)
        for box, axis in ((self.rows, row), (self.columns, column)):
            with QSignalBlocker(box):
                if rank != self._rank:
                    box.clear()
                    for number in range(rank):
                        box.add_axis(number)
                box.setCurrentIndex(-1 if axis is None else axis)
        self._rank = rank

    @Slot(int)
    def _on_rows(self, axis: int) -> None:
        row, column = self._axes
        if row is not None and column is not None and axis >= 0:
            self.chosen.emit(axis, row if axis == column else column)

    @Slot(int)
    def _on_columns(self, axis: int) -> None:
        row, column = self._axes
        if row is not None and column is not None and axis >= 0:
            self.chosen.emit(column if axis == row else row, axis)


class _Place(QWidget):
    """Badge, slider and number for an axis that is neither rows nor columns."""

    moved = Signal(int, int)
    let_go = Signal()

    def __init__(self, axis: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.axis = axis
        self.slider = SliderRow(f"Index on axis {axis}", 0, 1, 0, label_width=0)
        self.slider.label.hide()
        self.slider.box.setObjectName(f"shape.index.{axis}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(AxisBadge(axis))
        row.addWidget(self.slider)
        set_tooltip(self.slider.slider, f"Which index of axis {axis} is shown")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.slider.changed.connect(self._on_changed)
        self.slider.gesture_ended.connect(self.let_go)

    def set_place(self, place: int, size: int) -> None:
        """Show an index and the size of the axis."""
        last = max(0, size - 1)
        self.slider.box.set_range(0, last)
        self.slider.set_range(0, last)
        self.slider.set_value(min(place, last))
        self.slider.setEnabled(size > 1)

    def sizeHint(self) -> QSize:
        return QSize(176, 32)

    @Slot(object)
    def _on_changed(self, value: object) -> None:
        self.moved.emit(self.axis, int(value))  # type: ignore[call-overload]


class PlaceBar(QWidget):
    """The sliders of all other axes, and the switch that draws the last two of them as small multiples."""

    moved = Signal(int, int)
    let_go = Signal()
    facets_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, 12, centred=True)
        self._places: dict[int, _Place] = {}
        self.facets = Button("Small multiples")
        self.facets.setObjectName("shape.facets")
        self.facets.setCheckable(True)
        set_tooltip(self.facets, "Draw the last two of the other axes side by side instead of one index at a time")
        self.facets.toggled.connect(self.facets_changed)
        self._flow.addWidget(self.facets)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_layout(self, shape: tuple[int, ...], state: ShapeState) -> None:
        """A slider for each axis that is neither rows, columns nor facets; hidden below three axes."""
        row, column = shown_axes(shape, state)
        others = [axis for axis in range(len(shape)) if axis not in (row, column)]
        sliders = others[:-2] if state.facets else others
        self.setVisible(bool(others))
        with QSignalBlocker(self.facets):
            self.facets.setChecked(state.facets)
        for axis in [axis for axis in self._places if axis not in sliders]:
            place = self._places.pop(axis)
            self._flow.removeWidget(place)
            place.hide()
            place.deleteLater()
        fixed = dict(state.fixed)
        for axis in sliders:
            if axis not in self._places:
                self._places[axis] = _Place(axis, self)
                self._places[axis].moved.connect(self.moved)
                self._places[axis].let_go.connect(self.let_go)
                self._flow.addWidget(self._places[axis])
                self._places[axis].show()
            self._places[axis].set_place(fixed.get(axis, 0), shape[axis])
        self.updateGeometry()


LINE, SPACING = 32, 8
"""Height of a line of chips or sliders, and the gap below it, in pixels."""

NARROW = 480
"""Below this width, in pixels, the chips take priority over the facts, which the card and the status line also show."""


class ShapeHead(QScrollArea):
    """As high as its lines need, if there is room; many axes scroll."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.strip = AxisStrip()
        self.facts = TextLabel("", "text2", fixed=True)
        self.pickers = AxisPickers()
        self.places = PlaceBar()
        self._strip_row, self._place_row = QHBoxLayout(), QHBoxLayout()
        self._strip_row.setSpacing(16)
        self._strip_row.addWidget(self.strip)
        self._strip_row.addWidget(self.facts)
        self._strip_row.addStretch(1)
        self._strip_row.addWidget(self.pickers)
        self._place_row.setSpacing(16)
        self._place_row.addWidget(self.places, 1)
        body = QWidget()
        fill_background(body, "panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACING)
        column.addLayout(self._strip_row)
        column.addLayout(self._place_row)
        self._column = column
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(True)
        self.setWidget(body)
        self.setAccessibleName("Axes and places")

    def place_pickers(self, width: int) -> None:
        """Move the pickers to the second row if the chips need the first."""
        wanted = self.strip.sizeHint().width() + self.facts.sizeHint().width() + self.pickers.sizeHint().width()
        home = self._strip_row if wanted + 3 * PADDING < width - 2 * PADDING else self._place_row
        if home.indexOf(self.pickers) < 0:
            home.addWidget(self.pickers, 0, Qt.AlignmentFlag.AlignRight)
        beside = self.strip.sizeHint().width() + PADDING + self.facts.sizeHint().width()
        has_room = width >= NARROW or beside <= width - 2 * PADDING
        self.facts.setVisible(has_room and not self.strip.isHidden())

    def fit(self, width: int, room: int) -> None:
        """Set the height that all lines need at this width, at most `room`; the rest scrolls."""
        for layout in (self._strip_row, self._place_row, self._column):
            layout.invalidate()  # a hidden head gets no layout requests, so its rows keep their last content
        parts = (self.strip, self.facts, self.pickers, self.places)
        is_empty = all(part.isHidden() for part in parts)
        needed = 0 if is_empty else max(self._column.heightForWidth(width), 0)
        if needed > room:
            # Whole lines only: no line is cut in half when the rest scrolls.
            lines = max(1, (room + SPACING) // (LINE + SPACING))
            needed = min(needed, lines * (LINE + SPACING) - SPACING)
        self.setFixedHeight(needed)
        self.setVisible(needed > 0)
