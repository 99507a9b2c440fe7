"""Painting against bare Qt."""

from __future__ import annotations

import numpy as np
import torch
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QTableView

from playground.app.start import make_application
from playground.models.evaluation.reader import TensorReader
from playground.widgets.grid.tensor_grid import TensorGrid
from tests.benchmarks.benchmark import Benchmark, Pair

SIZE = (1200, 800)


class ArrayModel(QAbstractTableModel):
    """A bare Qt table over an array."""

    def __init__(self, array: np.ndarray) -> None:
        super().__init__()
        self._array = array

    def rowCount(self, _parent: QModelIndex | None = None) -> int:
        return self._array.shape[0]

    def columnCount(self, _parent: QModelIndex | None = None) -> int:
        return self._array.shape[1]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        return f"{self._array[index.row(), index.column()]:.4g}" if role == Qt.ItemDataRole.DisplayRole else None


def grid() -> Pair:
    """A tensor of 10,000 x 10,000 painted at 1200 x 800, against Qt's own table over the same numbers."""
    make_application("light")
    tensor = torch.arange(10_000.0).repeat(10_000, 1)
    ours = TensorGrid()
    ours.set_reader(TensorReader(tensor), 10_000.0)
    table = QTableView()
    model = ArrayModel(tensor.numpy())
    table.setModel(model)
    images = []
    for widget in (ours, table):
        widget.resize(*SIZE)
        widget.show()
        image = QImage(widget.size(), QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(0)
        images.append(image)
    return (lambda: ours.render(images[0])), (lambda: (table.render(images[1]), model))


BENCHMARKS = (Benchmark("a grid of 10,000 x 10,000", "QTableView over the same array", 1.0, grid),)
