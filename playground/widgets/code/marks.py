"""How code is coloured: numbers, `torch.` paths, letters in their axis's colour, and the error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from playground.models.problem import Span
from playground.widgets.look import look
from playground.widgets.text.runs import Run

_TOKENS = re.compile(
    r"(?P<string>\"[^\"]*\"?|'[^']*'?)"
    r"|(?P<torch>\btorch(\.[A-Za-z_]\w*)*)"
    r"|(?P<number>(?<![\w.])(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?(?!\w))"
    r"|(?P<name>[A-Za-z_]\w*)"
)


@dataclass(frozen=True, slots=True)
class CodeMark:
    """Characters `start` to `stop` in a colour role, underlined in an axis's colour, or (`badge`) on its fill.

    `lit` ones are highlighted in the accent colour.
    """

    start: int
    stop: int
    role: str = ""
    axis: int | None = None
    badge: bool = False
    lit: bool = False


Marker = Callable[[str], Sequence[CodeMark]]
"""Maps a text to its marks."""


def code_marks(text: str) -> tuple[CodeMark, ...]:
    """Numbers in the number colour, `torch.arange` in text 2, everything else in the text colour."""
    marks = []
    for match in _TOKENS.finditer(text):
        if match.group("number"):
            marks.append(CodeMark(match.start(), match.end(), "code_number"))
        elif match.group("torch"):
            marks.append(CodeMark(match.start(), match.end(), "text2"))
    return tuple(marks)


def no_marks(_text: str) -> tuple[CodeMark, ...]:
    """Plain: everything in the text colour."""
    return ()


def lit_run(run: Run) -> Run:
    """The same code, highlighted."""
    return replace(run, kind="bold code", role="accent")


def code_runs(
    text: str, marks: Iterable[CodeMark] | None = None, faulty: Span | None = None, kind: str = "code"
) -> tuple[Run, ...]:
    """The code as runs; `marks` are `code_marks(text)` unless given."""
    chosen = tuple(code_marks(text) if marks is None else marks)
    cuts = {0, len(text)}
    for mark in chosen:
        cuts |= {min(mark.start, len(text)), min(mark.stop, len(text))}
    if faulty is not None:
        cuts |= {min(faulty.start, len(text)), min(faulty.stop, len(text))}
    edges = sorted(cuts)
    runs = []
    for start, stop in pairwise(edges):
        covering = [mark for mark in chosen if mark.start <= start and stop <= mark.stop]
        role = next((mark.role for mark in reversed(covering) if mark.role), "")
        axis = next((mark.axis for mark in reversed(covering) if mark.axis is not None), None)
        wrong = faulty is not None and faulty.start <= start and stop <= faulty.stop
        run = Run(text[start:stop], kind, role, axis, wrong)
        runs.append(lit_run(run) if any(mark.lit for mark in covering) else run)
    return tuple(runs)


BADGE_SPACING = 6.0
"""The extra width of a letter on a badge, in pixels."""


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
