"""How to watch a model of one's own: lines to copy, for while nothing has been watched."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from playground.widgets.common.buttons import Button
from playground.widgets.common.code_block import CodeBlock
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.tooltip import set_tooltip

SNIPPET = """\
import playground
import torch

model = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
batch = torch.randn(32, 64)

playground.watch(model, batch)
playground.show()"""

WORDS = (
    "Run these lines in Python or in a notebook, with a model and a batch of your own. `playground.watch` runs the "
    "model once, forward and backward, and measures each layer. The window that `playground.show` opens lists it here. "
    "A loss of your own goes in as `loss=`, a function from the output to a scalar."
)


class WatchHelp(QWidget):
    """Words, the lines, and a button that copies them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.help")
        self.code = CodeBlock(SNIPPET)
        self.code.setMaximumWidth(self.code.sizeHint().width())
        self.copy = Button("Copy", icon_name="copy")
        self.copy.setObjectName("network.watch.copy")
        set_tooltip(self.copy, "Put these lines on the clipboard")
        self.copy.clicked.connect(self._on_copy_clicked)
        self.said = RunsLabel(role="text2")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.copy)
        row.addWidget(self.said, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(12)
        column.addWidget(RunsLabel(WORDS))
        column.addWidget(self.code)
        column.addLayout(row)
        column.addStretch(1)

    @Slot()
    def _on_copy_clicked(self) -> None:
        self.code.copy()
        self.said.set_content("Copied.")
