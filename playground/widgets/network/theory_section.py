"""What mean-field theory says of the setting, in numbers, or why it says nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from playground.models.network.request import NetworkPageResult
from playground.widgets.common.runs_label import RunsLabel
from playground.widgets.common.section import TitleLine
from playground.widgets.network.layer_numbers import ROW, LayerNumbers
from playground.widgets.network.layer_rows import theory_rows


class TheorySection(QWidget):
    """Title, then q*, chi1, xi, trainable depth and critical gain."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = TitleLine("Theory")
        self.numbers = LayerNumbers(0, "network.theory")
        self.reason = RunsLabel(role="text2")
        body = QVBoxLayout()
        body.setContentsMargins(16, 0, 16, 12)
        body.setSpacing(4)
        body.addWidget(self.numbers)
        body.addWidget(self.reason)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.title)
        column.addLayout(body)

    def show_theory(self, page: NetworkPageResult) -> None:
        """Show a result's theory."""
        rows = theory_rows(page)
        self.numbers.set_rows(rows)
        self.numbers.setFixedHeight(ROW * len(rows))
        self.numbers.setVisible(bool(rows))
        reason = page.theory.prediction.reason or page.theory.prediction.gradient_reason
        self.reason.set_content(reason[:1].upper() + reason[1:] + "." if reason else "")
        self.reason.setVisible(bool(reason))
