"""The head of the shape panel: axis chips, facts, pickers and place sliders; it scrolls where room is scarce."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from playground.widgets.common.painting import fill_background
from playground.widgets.common.section import PADDING
from playground.widgets.common.text_label import TextLabel
from playground.widgets.tensors.axis_strip import AxisStrip
from playground.widgets.tensors.layout_bar import AxisPickers, PlaceBar

LINE, SPACING = 32, 8
"""Height of a line of chips or sliders, and the gap below it, in pixels."""

NARROW = 480
"""Below this width, in pixels, the chips come before the facts, which the card and the status line say as well."""


class ShapeHead(QScrollArea):
    """As high as its lines ask for, as long as there is room; many axes scroll."""

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
        """Where the chips need the room of the first row, the pickers stand in the second."""
        wanted = self.strip.sizeHint().width() + self.facts.sizeHint().width() + self.pickers.sizeHint().width()
        home = self._strip_row if wanted + 3 * PADDING < width - 2 * PADDING else self._place_row
        if home.indexOf(self.pickers) < 0:
            home.addWidget(self.pickers, 0, Qt.AlignmentFlag.AlignRight)
        beside = self.strip.sizeHint().width() + PADDING + self.facts.sizeHint().width()
        has_room = width >= NARROW or beside <= width - 2 * PADDING
        self.facts.setVisible(has_room and not self.strip.isHidden())

    def fit(self, width: int, room: int) -> None:
        """Take the height that all lines need at this width, at most `room`; what is left over scrolls."""
        for layout in (self._strip_row, self._place_row, self._column):
            layout.invalidate()  # a hidden head gets no layout requests: its rows still know what they last held
        parts = (self.strip, self.facts, self.pickers, self.places)
        is_empty = all(part.isHidden() for part in parts)
        needed = 0 if is_empty else max(self._column.heightForWidth(width), 0)
        if needed > room:
            # Whole lines only: none is cut in its middle where the rest scrolls.
            lines = max(1, (room + SPACING) // (LINE + SPACING))
            needed = min(needed, lines * (LINE + SPACING) - SPACING)
        self.setFixedHeight(needed)
        self.setVisible(needed > 0)
