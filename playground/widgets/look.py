"""Colours and fonts by role. The theme sets the current look; widgets ask for it when they paint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QIcon

AXIS_FILLS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#D55E00")
AXIS_TEXTS = ("#FFFFFF", "#14161A", "#14161A", "#14161A", "#14161A", "#14161A", "#14161A")
AXIS_LINES_LIGHT = ("#0072B2", "#B87F00", "#009E73", "#C0729D", "#4692BD", "#968C00", "#D55E00")
AXIS_LINES_DARK = ("#1F86CC", *AXIS_FILLS[1:])
NO_AXIS = "#8A8F98"
STALE = 0.7
"""The opacity of the last good result while it is out of date; its text is still readable."""


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one theme, as `#RRGGBB` by role; ask `color(role)` for a QColor."""

    dark: bool
    window: str
    panel: str
    sunken: str
    raised: str
    hover: str
    hairline: str
    edge: str
    field: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_text: str
    selected: str
    error: str
    error_fill: str
    warning: str
    warning_fill: str
    good: str
    code_number: str
    tooltip: str
    tooltip_text: str
    tooltip_text2: str
    healthy: str
    heat_negative: str
    heat_zero: str
    heat_positive: str
    heat_negative_strong: str
    heat_positive_strong: str
    counts: tuple[str, ...]
    axis_lines: tuple[str, ...]
    axis_line_none: str
    pinned: str = "#8C94A0"

    def color(self, role: str) -> QColor:
        """The colour of a role: `look().color("accent")`."""
        return QColor(getattr(self, role))

    def axis_fill(self, axis: int) -> QColor:
        """The fill of an axis's badge and bars; grey from axis 7 on."""
        return QColor(AXIS_FILLS[axis] if 0 <= axis < len(AXIS_FILLS) else NO_AXIS)

    def axis_text(self, axis: int) -> QColor:
        """The colour of the number on the badge."""
        return QColor(AXIS_TEXTS[axis] if 0 <= axis < len(AXIS_TEXTS) else "#14161A")

    def axis_line(self, axis: int) -> QColor:
        """The colour of anything thin that represents an axis: underlines, arrows, frames, curves."""
        return QColor(self.axis_lines[axis] if 0 <= axis < len(self.axis_lines) else self.axis_line_none)


LIGHT = Look(
    dark=False, window="#F2F3F5", panel="#FFFFFF", sunken="#F7F8F9", raised="#FFFFFF", hover="#EBECEF",
    hairline="#DCDFE4", edge="#C1C6CE", field="#848B96", text="#1A1D21", text2="#565D68", text3="#636A75",
    accent="#5145CD", accent_text="#FFFFFF", selected="#EEEDFB", error="#B4231A", error_fill="#FDF0EE",
    warning="#805300", warning_fill="#FFF5DC", good="#1B6E3C", code_number="#0B6A70", tooltip="#1F2328",
    tooltip_text="#F4F5F6", tooltip_text2="#B8BEC7", healthy="#E4F1E8", heat_negative="#EFB594",
    heat_zero="#FFFFFF", heat_positive="#A9C4E4", heat_negative_strong="#9C4A1A", heat_positive_strong="#1F5A9E",
    counts=("#FFFFFF", "#E3F0D5", "#A9D8BE", "#5BB0B8", "#2C7FA8", "#23518E", "#1A2350"),
    axis_lines=AXIS_LINES_LIGHT, axis_line_none="#868B93",
)  # fmt: skip
DARK = Look(
    dark=True, window="#15171B", panel="#1B1E23", sunken="#16181C", raised="#23272E", hover="#2B3038",
    hairline="#2E333B", edge="#434A55", field="#767E8B", text="#E7E9EC", text2="#A9B0BB", text3="#8C94A0",
    accent="#A69CFF", accent_text="#15171B", selected="#2A2850", error="#FF8C82", error_fill="#2B2022",
    warning="#F0C050", warning_fill="#322811", good="#6FCF97", code_number="#62C4C9", tooltip="#EDEEF0",
    tooltip_text="#1A1D21", tooltip_text2="#565D68", healthy="#26352D", heat_negative="#8F4626",
    heat_zero="#1B1E23", heat_positive="#2C5C94", heat_negative_strong="#F0A27A", heat_positive_strong="#7FB2EA",
    counts=("#1B1E23", "#1F2C4D", "#24518A", "#2B83A8", "#5DB9A8", "#B9DFA6", "#F7F6CF"),
    axis_lines=AXIS_LINES_DARK, axis_line_none="#8A8F98",
)  # fmt: skip


def _no_icon(_name: str, _color: QColor) -> QIcon:
    return QIcon()


class LookHolder(QObject):
    """The current look, shared by all widgets; `changed` tells those that store colours (plots) to read them again."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.look = LIGHT
        self.load_icon: Callable[[str, QColor], QIcon] = _no_icon

    def set_look(self, new_look: Look) -> None:
        """Make another look the current one."""
        if new_look != self.look:
            self.look = new_look
            self.changed.emit()


_holder = LookHolder()


def look_holder() -> LookHolder:
    """The shared holder: connect bound methods to its `changed`."""
    return _holder


def look() -> Look:
    """The current look."""
    return _holder.look


def icon(name: str, role: str = "text2") -> QIcon:
    """An icon in a role's colour: `icon("undo-2")`. Names are those of the files in resources/icons."""
    return _holder.load_icon(name, look().color(role))


@cache
def _words(weight: QFont.Weight) -> QFont:
    font = QFont("Inter")
    font.setPixelSize(13)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("calt"), 0)  # Inter has an arrow ligature, but a typed -> must stay ->
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


@cache
def _code(pixels: int, weight: QFont.Weight) -> QFont:
    font = QFont("JetBrains Mono")
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("calt"), 0)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def words_font(weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Inter, 13 px, with tabular numbers and without ligatures; a new copy."""
    return QFont(_words(weight))


def code_font(pixels: int = 12, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """JetBrains Mono, 12 px (13 for names and the equation), without ligatures; a new copy."""
    return QFont(_code(pixels, weight))
