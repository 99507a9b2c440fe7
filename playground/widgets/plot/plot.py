"""A plot: a title line with the legend, and below it the canvas with curves, a band or an image of counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtCore import QPoint, QRectF, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QContextMenuEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from playground.models.formatting import digits
from playground.widgets.look import look_holder
from playground.widgets.plot.areas import Band, Counts, Healthy
from playground.widgets.plot.axis import AxisRange
from playground.widgets.plot.canvas import Canvas
from playground.widgets.plot.curve import Curve, Entry, in_coordinates
from playground.widgets.plot.export import Columns
from playground.widgets.plot.figure import Figure, paint_whole, whole_size
from playground.widgets.plot.legend import LegendLine
from playground.widgets.plot.menu import add_exports
from playground.widgets.plot.segments import Floats

_SAID_MS = 6000
_HIGH = 108
"""From this height on there is room for a second line of the legend."""

_NEAR = 40.0
"""Pixels from the pointer within which a curve is named."""

AnyEntry = TypeVar("AnyEntry", bound=Entry)


class Plot(QWidget):
    """A plot of curves.

    ```
    plot = Plot("Spread", x_name="layer")
    rms = plot.add(Curve("rms", axis=1))
    plot.set_ranges(AxisRange(1, 50), AxisRange(-10, 2, logarithmic=True))
    rms.set_data(layers, values)
    plot.refresh()
    ```

    `toggled(key)` is a click on an entry of the legend: whoever keeps the state answers with `set_hidden`.
    """

    pointed = Signal(object)
    pressed = Signal(float)
    toggled = Signal(str)
    may_be_linear = False
    """Whether a logarithmic value axis makes sense as a linear one too."""

    def __init__(
        self,
        title: str,
        *,
        x_name: str = "",
        x_column: str = "",
        shows_x: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.legend = LegendLine(title)
        self.canvas = Canvas()
        self.canvas.show_x_axis(shows_x, x_name)
        self.canvas.setAccessibleName(title)
        self.x_name = x_name
        self.x_column = x_column or x_name or "x"
        self.words_of: Callable[[float], str] = digits
        self.together: Callable[[], Sequence[Plot]] = lambda: ()
        """The plots of its page, which can be exported as one figure."""
        self.prints_light = False
        self._flipped = False
        self._given = AxisRange(), AxisRange()
        self.hidden: frozenset[str] = frozenset()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.legend)
        column.addWidget(self.canvas, 1)
        self.setFocusProxy(self.canvas)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._said = QTimer(self)
        self._said.setSingleShot(True)
        self._said.setInterval(_SAID_MS)
        self._said.timeout.connect(self._on_said)
        self.canvas.readout = self.readout
        self.canvas.pointed.connect(self.pointed)
        self.canvas.pressed.connect(self.pressed)
        self.canvas.view.menu_wanted.connect(self._on_menu_wanted)
        self.legend.clicked.connect(self._on_legend_clicked)
        look_holder().changed.connect(self.take_look)

    def add(self, entry: AnyEntry) -> AnyEntry:
        """Put a curve, band, bars or image into the plot."""
        entry.logarithmic = self.canvas.y_range.logarithmic
        self.canvas.entries.append(entry)
        self.canvas.view.addItem(entry, ignoreBounds=True)
        entry.place()
        entry.set_hidden(self.key_of(entry) in self.hidden)
        return entry

    def remove(self, entry: Entry) -> None:
        """Take an entry out again."""
        if entry in self.canvas.entries:
            self.canvas.entries.remove(entry)
            self.canvas.view.removeItem(entry)
            self.refresh()

    def key_of(self, entry: Entry) -> str:
        """What a state calls an entry of this plot: "network.spread: std"."""
        return f"{self.objectName() or self.plot_name()}: {entry.key}"

    def set_hidden(self, keys: frozenset[str]) -> None:
        """Hide the entries with these keys, show all others."""
        if keys != self.hidden:
            self.hidden = keys
            for entry in self.canvas.entries:
                entry.set_hidden(self.key_of(entry) in keys)
            self.legend.update()
            self.canvas.read_again()

    def set_ranges(self, x: AxisRange, y: AxisRange) -> None:
        """Show these ranges unless the hand has zoomed; the model gives them, nothing is guessed from the data."""
        self._given = x, y
        self.canvas.set_ranges(x, self._flip(y) if self._flipped else y)

    @property
    def is_flipped(self) -> bool:
        """Whether the value axis is linear where the model has it logarithmic, or the other way round."""
        return self._flipped

    def set_flipped(self, flipped: bool) -> None:
        """Show the value axis linear instead of logarithmic, or back."""
        self._flipped = flipped
        self.set_ranges(*self._given)

    def _flip(self, y: AxisRange) -> AxisRange:
        """The linear axis that holds the same numbers as a logarithmic one, or the other way round."""
        reach = np.concatenate([np.empty(0), *(entry.reach() for entry in self.canvas.entries if entry.is_shown)])
        if y.logarithmic:
            within = reach[(reach > 0) & (reach < 1e300)]
            return AxisRange(0.0, 1.05 * float(within.max(initial=1e-300)))
        within = reach[reach > 0]
        if not len(within):
            return y
        return AxisRange(math.floor(math.log10(within.min())), math.ceil(math.log10(within.max()) + 1e-9), True)

    def set_healthy(self, low: float, high: float, words: str = "") -> None:
        """Tint the band of healthy values, and name it in the legend."""
        known = next((entry for entry in self.canvas.entries if isinstance(entry, Healthy)), None)
        if known is None:
            known = self.add(Healthy(low, high, words))
        known.name, known.in_legend = words, bool(words)
        self.refresh()

    def set_crosshair(self, x: float | None, label: str = "") -> None:
        """Show the cursor at an x, or hide it."""
        self.canvas.set_crosshair(x, label)

    def set_note(self, note: str) -> None:
        """Say in words what the range leaves out: "2 below"."""
        self.canvas.set_note(note)

    def refresh(self) -> None:
        """Bring the legend up to date with what is shown, after data came or went."""
        self.legend.set_entries(self.canvas.entries)
        if self._flipped:
            self.set_ranges(*self._given)
        self.canvas.read_again()

    def readout(self, x: float, y: float) -> str:
        """The value nearest to a place, with the name of its curve: "layer 12  rms 0.0312"."""
        at, view = self.canvas.x_at(x), self.canvas.view
        high = view.height() / ((view.viewRange()[1][1] - view.viewRange()[1][0]) or 1.0)
        best, words = _NEAR, ""
        for entry in self.canvas.entries:
            value = entry.value_at(at) if entry.is_shown and not entry.is_hidden and entry.name else None
            if value is not None:
                away = abs(float(in_coordinates(value, entry.logarithmic)) - y) * high
                if away < best:
                    best, words = away, f"{self.x_words(at)}  {entry.name} {self.words_of(value)}"
        return words

    def x_words(self, x: float) -> str:
        """An x with its name: "layer 12"."""
        return f"{self.x_column} {x:,.0f}" if self.canvas.steps_whole else f"{self.x_column} {digits(x)}"

    def say(self, words: str, role: str = "text2") -> None:
        """Show a sentence in the title line for some seconds."""
        self.legend.say(words, role)
        self._said.start()

    def take_look(self) -> None:
        """Take the colours of the present look."""
        self.canvas.take_look()
        self.legend.update()

    @Slot(object)
    def _on_legend_clicked(self, entry: Entry) -> None:
        self.toggled.emit(self.key_of(entry))

    @Slot()
    def _on_said(self) -> None:
        self.legend.say("")

    # The menu

    @Slot(object)
    def _on_menu_wanted(self, place: QPoint) -> None:
        self.menu().popup(place)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu key; the mouse has its own way, since it may drag instead."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """The menu of the plot, to be shown with `popup`; it is deleted when it closes."""
        menu = QMenu(self)
        menu.setObjectName("plot_menu")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction("View all\tA", self.canvas.view_all).setEnabled(self.canvas.view.is_zoomed())
        if self.may_be_linear:
            self._add_check(menu, "Logarithmic axis", self.canvas.y_range.logarithmic, self._on_scale_chosen)
        self._add_check(menu, "Grid", self.canvas.grid, self.canvas.show_grid)
        shown = self.legend.listed()
        if shown:
            curves = menu.addMenu("Show")
            for entry in shown:
                action = self._add_check(curves, entry.name, not entry.is_hidden, self._on_entry_chosen)
                action.setData(self.key_of(entry))
        menu.addSeparator()
        self._add_check(menu, "Export in light, for print", self.prints_light, self._on_light_chosen)
        add_exports(menu, self, self, self.prints_light)
        plots = [plot for plot in self.together() if plot.isVisible()]
        if len(plots) > 1:
            add_exports(menu.addMenu("All plots as one figure"), Figure("Plots", plots), self, self.prints_light)
        return menu

    def _add_check(self, menu: QMenu, words: str, checked: bool, slot: Callable[[bool], None]) -> QAction:
        action = menu.addAction(words.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(checked)
        action.triggered.connect(slot)
        return action

    @Slot(bool)
    def _on_scale_chosen(self, logarithmic: bool) -> None:
        self.set_flipped(logarithmic != self._given[1].logarithmic)

    @Slot(bool)
    def _on_light_chosen(self, light: bool) -> None:
        self.prints_light = light

    @Slot(bool)
    def _on_entry_chosen(self, _shown: bool) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.toggled.emit(action.data())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.legend.set_may_wrap(self.height() >= _HIGH)

    def sizeHint(self) -> QSize:
        return QSize(400, 160)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 80)

    # For the export

    def plot_name(self) -> str:
        """The name of the files: the title."""
        return self.legend.title

    def figure_size(self) -> QSize:
        """The size of the plot with everything that the page leaves to its neighbours."""
        return whole_size(self)

    def paint_plot(self, painter: QPainter, rect: QRectF) -> None:
        """Paint title, legend, axes and data into a rectangle of `figure_size`."""
        paint_whole(self, painter, rect)

    def plot_columns(self) -> Columns:
        """All numbers shown, by name, in rows of equal x; None where a curve has no point there."""
        shown = [entry for entry in self.canvas.entries if entry.is_shown and not entry.is_hidden]
        joined = [entry for entry in shown if isinstance(entry, Curve | Band)]
        columns: dict[str, Sequence[float | None]] = {}
        x = np.unique(np.concatenate([np.empty(0), *(entry.x for entry in joined)]))
        if joined:
            columns[self.x_column] = x.tolist()
        for entry in shown:
            for name, values in entry.columns().items():
                column = list(map(float, values)) if entry not in joined else _aligned(x, entry.x, values)
                columns[_fresh(name, columns)] = column
        return columns


def _fresh(name: str, taken: dict[str, Sequence[float | None]]) -> str:
    """A name that no other column has: "pinned", "pinned 2"."""
    number, fresh = 2, name
    while fresh in taken:
        fresh, number = f"{name} {number}", number + 1
    return fresh


def _aligned(x: Floats, own: Floats, values: ArrayLike) -> list[float | None]:
    at = dict(zip(own.tolist(), np.asarray(values, float).tolist(), strict=True))
    return [at.get(place) for place in x.tolist()]


class HeatMap(Plot):
    """Counts over x (one column each) and value (rows, lowest first), coloured by the logarithm of the count."""

    def __init__(
        self,
        title: str,
        *,
        x_name: str = "",
        x_column: str = "",
        shows_x: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, x_name=x_name, x_column=x_column, shows_x=shows_x, parent=parent)
        self.image = self.add(Counts())
        self.canvas.show_grid(False)  # it would be seen beside the image only
        self.value_of: Callable[[float], float] = self._value

    def set_counts(
        self, counts: ArrayLike, first_x: float, low: float, high: float, *, largest: float | None = None
    ) -> None:
        """Show `counts[row, column]`; the first column lies around `first_x`, the rows go from `low` to `high`.

        `low` and `high` are coordinates of the value axis: exponents of ten on a logarithmic one.
        """
        self.image.set_counts(counts, QRectF(first_x - 0.5, low, np.shape(counts)[1], high - low), largest)

    def _value(self, coordinate: float) -> float:
        return float(10.0**coordinate) if self.canvas.y_range.logarithmic else coordinate

    def readout(self, x: float, y: float) -> str:
        cell = self.image.cell(x, y)
        if cell is None:
            return super().readout(x, y)
        low, high = (digits(self.value_of(end)) for end in cell[:2])
        return f"{self.x_words(self.canvas.x_at(x))}  {low} to {high}  count {cell[2]:,.0f}"

    def plot_columns(self) -> Columns:
        """One row a cell: x, the range of values, the count; then the curves over it."""
        cells = dict(self.image.columns())
        columns: dict[str, Sequence[float | None]] = {self.x_column: cells.pop("x").tolist()}
        columns |= {name: values.tolist() for name, values in cells.items()}
        for entry in self.canvas.entries:
            if isinstance(entry, Curve) and entry.is_shown and not entry.is_hidden and entry.name:
                for name, values in entry.columns().items():
                    columns[_fresh(f"{self.x_column} of {name}", columns)] = entry.x.tolist()
                    columns[_fresh(name, columns)] = values.tolist()
        return columns
