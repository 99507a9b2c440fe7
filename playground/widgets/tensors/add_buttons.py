"""The buttons that add to the program: a made tensor, a line of code, tensors from files."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QWidget

from playground.widgets.common.buttons import Button
from playground.widgets.common.tooltip import set_tooltip

ROOMY_WIDTH = 268


class AddButtons(QWidget):
    """Tensor, Line, Open; where there is little room, they lose their icons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tensor = Button("Tensor", icon_name="plus", opens_menu=True)
        self.line = Button("Line", icon_name="terminal")
        self.open = Button("Open", icon_name="folder-open")
        self.tensor.setObjectName("tensors.add")
        self.line.setObjectName("tensors.line")
        self.open.setObjectName("tensors.open")
        set_tooltip(self.tensor, "New tensor from a fill: counted up, zeros, random, ...")
        set_tooltip(self.line, "New line of PyTorch code")
        set_tooltip(self.open, "Open tensors from files: .npy, .npz, .pt, .safetensors, .csv, images")
        row = QHBoxLayout(self)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(8)
        for button in (self.tensor, self.line, self.open):
            row.addWidget(button)
        row.addStretch(1)
        self.setFixedHeight(40)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the buttons to the room."""
        super().resizeEvent(event)
        roomy = self.width() >= ROOMY_WIDTH
        for button, name in ((self.line, "terminal"), (self.open, "folder-open")):
            button.icon_name = name if roomy else ""
            button.updateGeometry()
        self.tensor.opens_menu = roomy
        self.tensor.updateGeometry()
