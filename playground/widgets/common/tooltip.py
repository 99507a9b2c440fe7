"""Tooltips: words first, code below in the second colour. All parts are plain text, whatever they hold."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QApplication, QWidget

from playground.widgets.common.look import look

_PROPERTY = "tooltipParts"


def tooltip_html(words: str, *code_lines: str) -> str:
    """`tooltip_html("Insert an axis", "B.unsqueeze(1)  B[:, None]", "gives (3, 1, 4)")` as rich text."""
    style = f"color:{look().tooltip_text2}; font-family:'JetBrains Mono'; font-size:12px; white-space:pre"
    lines = [f"<div>{escape(words)}</div>"]
    lines += [f'<div style="{style}">{escape(line)}</div>' for line in code_lines]
    return "".join(lines)


def set_tooltip(widget: QWidget, words: str, *code_lines: str) -> None:
    """Give a widget a tooltip whose colours follow the look; its words become the accessible name if it has none."""
    widget.setProperty(_PROPERTY, [words, *code_lines])
    widget.setToolTip(tooltip_html(words, *code_lines))
    if not widget.accessibleName():
        widget.setAccessibleName(words)


def refresh_tooltips() -> None:
    """Take the colours of the present look in all tooltips."""
    for widget in QApplication.allWidgets():
        parts = widget.property(_PROPERTY)
        if parts:
            widget.setToolTip(tooltip_html(*parts))
