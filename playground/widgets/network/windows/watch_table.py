"""The rows of a watched module as a table, in the order in which they returned, and what filters them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHBoxLayout, QHeaderView, QLineEdit, QTableView, QWidget

from playground.models.formatting import shape_in_words
from playground.models.network.watch.layers import WatchedLayer
from playground.widgets.controls.fields import ComboBox
from playground.widgets.controls.tooltip import set_tooltip, tooltip_html
from playground.widgets.look import code_font, look, look_holder, words_font

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("", "layer", "kind", "output")
TIPS = (
    "In the order in which they returned",
    "The name in the module",
    "The class of the layer or block",
    "The shape of its output",
)
NUMBER, LAYER, KIND, OUTPUT = 0, 1, 2, 3
WIDTHS = {NUMBER: 32, KIND: 96, OUTPUT: 120}
NAME_LENGTH = 60
BLOCK_WORDS = "A block: what it makes of what the layers within it return"
ALL_KINDS = "all kinds"
BOLD, PLAIN = QFont.Weight.DemiBold, QFont.Weight.Normal


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
            return words_font(BOLD if layer.is_block else PLAIN) if column == KIND else code_font()
        if role == Qt.ItemDataRole.ToolTipRole:
            block = BLOCK_WORDS if layer.is_block else ""
            return tooltip_html(cells_of(index.row() + 1, layer)[column], block, layer.note)
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
        self.setAccessibleName("Layers and blocks in the order in which they returned")
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


class WatchFilter(QWidget):
    """A part of the name and a kind; `edited` when either changes."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLineEdit()
        self.name.setObjectName("network.watch.filter.name")
        self.name.setFont(code_font())
        self.name.setPlaceholderText("filter by name")
        self.name.setAccessibleName("Filter by name")
        self.name.setClearButtonEnabled(True)
        set_tooltip(self.name, "Show only the layers and blocks whose name contains this")
        self.kind = ComboBox()
        self.kind.setObjectName("network.watch.filter.kind")
        self.kind.setAccessibleName("Filter by kind")
        set_tooltip(self.kind, "Show only layers, only blocks, or those of one class")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(self.name, 3)
        row.addWidget(self.kind, 2)
        self.show_kinds(())
        self.name.textChanged.connect(self.edited)
        self.kind.currentIndexChanged.connect(self.edited)

    def show_kinds(self, kinds: Sequence[str]) -> None:
        """Offer other kinds; the chosen one stays chosen where it is among them."""
        chosen = self.chosen_kind
        with QSignalBlocker(self.kind):
            self.kind.clear()
            self.kind.addItem(ALL_KINDS, "")
            for kind in kinds:
                self.kind.addItem(_cut(kind), kind)
            self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))
        self.kind.update()

    @property
    def chosen_kind(self) -> str:
        """The kind, "" for all."""
        return self.kind.currentData() or ""
