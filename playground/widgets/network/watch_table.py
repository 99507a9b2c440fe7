"""The layers of a watched module as a table, in the order in which they ran."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from playground.models.network.layer_statistics import TensorStatistics
from playground.models.network.probe import ProbedLayer
from playground.models.words import digits, shape_in_words
from playground.widgets.common.look import code_font, look, look_holder, words_font

Index = QModelIndex | QPersistentModelIndex
COLUMNS = (
    "",
    "layer",
    "kind",
    "output",
    "rms",
    "std",
    "zeros",
    "dead",
    "nan, inf",
    "gradient rms",
    "weight gradient",
    "",
)
TIPS = (
    "In the order in which they ran",
    "The name in the module",
    "The class of the layer",
    "The shape of what it returns",
    "Root of the mean square of the output",
    "Standard deviation of the output",
    "Share of the output that is exactly 0",
    "Share of the units, along the last axis, that are 0 for every input",
    "How many values are nan, how many inf",
    "rms of the loss's gradient by the output",
    "rms of the loss's gradient by the weights",
    "What is special about this run",
)
NAME_LENGTH = 60


def cells_of(number: int, layer: ProbedLayer) -> tuple[str, ...]:
    """The texts of one row."""
    values = layer.activation
    return (
        str(number),
        _cut(layer.path or "(itself)") + (f" #{layer.call}" if layer.call > 1 else ""),
        _cut(layer.kind),
        shape_in_words(layer.shape) if values is not None else layer.dtype,
        digits(values.rms) if values is not None else "",
        digits(values.std) if values is not None else "",
        f"{values.zero_fraction:.0%}" if values is not None else "",
        f"{layer.dead_fraction:.0%}" if layer.dead_fraction is not None else "",
        f"{values.nan_count:,}, {values.inf_count:,}" if values is not None else "",
        _rms(layer.activation_gradient),
        _rms(layer.weight_gradient),
        layer.note,
    )


def _cut(text: str) -> str:
    return text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1]}…"


def _rms(statistics: TensorStatistics | None) -> str:
    return "" if statistics is None else digits(statistics.rms)


class WatchModel(QAbstractTableModel):
    """The texts, made row by row as they are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers: tuple[ProbedLayer, ...] = ()

    def show_layers(self, layers: tuple[ProbedLayer, ...]) -> None:
        """List other layers."""
        self.beginResetModel()
        self.layers = layers
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.layers)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        layer, column = self.layers[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return cells_of(index.row() + 1, layer)[column]
        if role == Qt.ItemDataRole.FontRole:
            return words_font() if column in (2, 11) else code_font()
        if role == Qt.ItemDataRole.ForegroundRole:
            broken = layer.activation is not None and layer.activation.nan_count + layer.activation.inf_count > 0
            if column == 8 and broken:
                return look().color("error")
            return look().color("text2" if column in (0, 2, 3, 11) else "text")
        return None


class WatchTable(QTableView):
    """`chosen(row)` when a layer is chosen."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.layers")
        self.setAccessibleName("Layers in the order in which they ran")
        self.rows = WatchModel(self)
        self.setModel(self.rows)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((40, 150, 116, 108, 76, 76, 56, 56, 68, 96, 112, 80)):
            self.setColumnWidth(column, width)
        self.selectionModel().currentRowChanged.connect(self._on_row)
        look_holder().changed.connect(self._take_look)
        self._take_look()

    def show_layers(self, layers: tuple[ProbedLayer, ...]) -> None:
        """List the layers."""
        self.rows.show_layers(layers)

    def choose(self, row: int) -> None:
        """Choose a row without a signal back."""
        if row != self.currentIndex().row() and 0 <= row < self.rows.rowCount():
            self.setCurrentIndex(self.rows.index(row, 0))

    @Slot()
    def _take_look(self) -> None:
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Highlight, look().color("selected"))
        palette.setColor(QPalette.ColorRole.HighlightedText, look().color("text"))
        self.setPalette(palette)
        self.viewport().update()

    @Slot(QModelIndex, QModelIndex)
    def _on_row(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.chosen.emit(now.row())
