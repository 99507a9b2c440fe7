"""Colours the text of a code field; letters on badges stand further apart."""

from __future__ import annotations

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from playground.widgets.common.code_marks import CodeMark, Marker
from playground.widgets.common.look import look

BADGE_SPACING = 6.0
"""What a letter on a badge takes more than one without, in pixels."""


class CodeHighlighter(QSyntaxHighlighter):
    """Formats a document by a marker."""

    def __init__(self, document: QTextDocument, marker: Marker) -> None:
        super().__init__(document)
        self._marker = marker

    def highlightBlock(self, text: str) -> None:
        marks = self._marker(text)
        badges = {mark.start for mark in marks if _is_badge(mark)}
        for start in badges:
            if start > 0 and start - 1 not in badges:
                self.setFormat(start - 1, 1, _spaced(BADGE_SPACING / 2))
        for mark in marks:
            if _is_badge(mark):
                style = _spaced(BADGE_SPACING)
                style.setForeground(look().axis_text(mark.axis or 0))
            elif mark.role:
                style = self.format(mark.start)
                style.setForeground(look().color(mark.role))
            else:
                continue
            self.setFormat(mark.start, mark.stop - mark.start, style)


def _is_badge(mark: CodeMark) -> bool:
    return mark.badge and mark.axis is not None


def _spaced(pixels: float) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setFontLetterSpacingType(QFont.SpacingType.AbsoluteSpacing)
    style.setFontLetterSpacing(pixels)
    return style
