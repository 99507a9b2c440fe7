"""The layers of a watched module as a table, in the order they ran."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView, QWidget

from playground.models.formatting import shape_in_words
from playground.models.network.watch.layers import WatchedLayer
from playground.widgets.controls.tooltip import tooltip_html
from playground.widgets.look import code_font, look, look_holder, words_font

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("", "layer", "kind", "output")
TIPS = (
    "In the order they ran",
    "The name in the module",
    "The class of the layer",
    "The shape of its output",
)
NUMBER, LAYER, KIND, OUTPUT = 0, 1, 2, 3
WIDTHS = {NUMBER: 32, KIND: 96, OUTPUT: 120}
NAME_LENGTH = 60


def cells_of(number: int, layer: WatchedLayer) -> tuple[str, ...]:
    """The texts of one row."""
    values = layer.activation
    return (
        str(number),
        _cut(layer.path or "(itself)") + (f" #{layer.call}" if layer.call > 1 else ""),
        _cut(layer.kind),
        shape_in_words(layer.shape) if values is not None else layer.dtype,
    )


def _cut(text: str) -> str:
    return text if len(text) <= NAME_LENGTH else f"{text[: NAME_LENGTH - 1]}…"


class WatchModel(QAbstractTableModel):
    """The texts, made row by row as they are shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layers: tuple[WatchedLayer, ...] = ()

    def show_layers(self, layers: tuple[WatchedLayer, ...]) -> None:
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
            return words_font() if column == KIND else code_font()
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip_html(cells_of(index.row() + 1, layer)[column], layer.note)
        if role == Qt.ItemDataRole.ForegroundRole:
            broken = layer.activation is not None and layer.activation.nan_count + layer.activation.inf_count > 0
            if broken and column == NUMBER:
                return look().color("error")
            return look().color("text2" if column in (NUMBER, KIND, OUTPUT) else "text")
        return None


class WatchTable(QTableView):
    """`chosen(row)` when a layer is chosen."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.layers")
        self.setAccessibleName("Layers in the order they ran")
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
        header.setMinimumSectionSize(WIDTHS[NUMBER])
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(LAYER, QHeaderView.ResizeMode.Stretch)
        for column, width in WIDTHS.items():
            self.setColumnWidth(column, width)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.selectionModel().currentRowChanged.connect(self._on_row)
        look_holder().changed.connect(self._take_look)
        self._take_look()

    def show_layers(self, layers: tuple[WatchedLayer, ...]) -> None:
        """List the layers."""
        self.rows.show_layers(layers)

    def set_narrow(self, narrow: bool) -> None:
        """Hide the shapes, which are also beside the plots, if there is little room."""
        self.setColumnHidden(OUTPUT, narrow)

    def choose(self, row: int) -> None:
        """Choose a row without emitting a signal."""
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
