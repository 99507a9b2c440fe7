"""A fix as a button that names its result: `v[:, None]` gives (3, 4)."""

from __future__ import annotations

import re

from PySide6.QtCore import QRectF, QSize, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.outcome import Fix
from playground.widgets.common.buttons import HEIGHT, Button
from playground.widgets.common.look import words_font
from playground.widgets.common.painting import baseline, elided
from playground.widgets.common.runs import Run, paint_runs, plain, run_font, runs_width, shape_runs
from playground.widgets.common.tooltip import set_tooltip

_PADDING = 9
_SHAPE = re.compile(r"\((?P<sizes>(\d+,)?(\s*\d+(,\s*\d+)*)?)\)")
_VERDICT = re.compile(r"(?P<kind>copy|view|same|new)\b.*")


def fix_runs(fix: Fix, short: bool = False, primary: bool = False) -> tuple[Run, ...]:
    """The words on the button; the short form leaves "gives" out."""
    second = "accent_text" if primary else "text2"
    runs = [Run(fix.code, "code")] if _is_code(fix.code) else [Run(fix.code)]
    if not fix.gives:
        return tuple(runs)
    runs.append(Run(" " if short else " gives ", role=second))
    end = 0
    verdict = _VERDICT.fullmatch(fix.gives)
    if verdict:
        return (runs[0], Run(" "), Run(fix.gives, verdict.group("kind")))
    for match in _SHAPE.finditer(fix.gives):
        if match.start() > end:
            runs.append(Run(fix.gives[end : match.start()], role=second))
        sizes = [size.strip() for size in match.group("sizes").split(",") if size.strip()]
        runs += shape_runs(sizes, [None] * len(sizes) if primary else None)
        end = match.end()
    if end < len(fix.gives):
        runs.append(Run(fix.gives[end:], role=second))
    return tuple(runs)


def _is_code(text: str) -> bool:
    """Whether a fix is code and not words: `Init He, gain 1.414` is words."""
    return any(sign in text for sign in "()[]=>_") or text.startswith(".")


class FixButton(Button):
    """Shows a fix, and says `chosen(fix)` when it is pressed."""

    chosen = Signal(object)

    def __init__(self, fix: Fix, kind: str = "secondary", parent: QWidget | None = None) -> None:
        super().__init__("", kind, parent=parent)
        self.fix = fix
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(plain(fix_runs(fix)))
        set_tooltip(self, fix.meaning or plain(fix_runs(fix)), *([plain(fix_runs(fix))] if fix.meaning else []))
        self.clicked.connect(self._on_clicked)

    def sizeHint(self) -> QSize:
        return QSize(round(runs_width(fix_runs(self.fix))) + 2 * _PADDING, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(self.sizeHint().width(), 80), HEIGHT)

    @Slot()
    def _on_clicked(self) -> None:
        self.chosen.emit(self.fix)

    def paint_content(self, painter: QPainter, role: str) -> None:
        room = self.width() - 2 * _PADDING + 1
        primary = self.kind == "primary"
        runs = fix_runs(self.fix, primary=primary)
        if runs_width(runs) > room:
            runs = fix_runs(self.fix, short=True, primary=primary)
        if runs_width(runs) > room:
            code, rest = runs[0], runs[1:]
            cut = elided(run_font(code), code.text, max(20.0, room - runs_width(rest)))
            runs = (Run(cut, code.kind), *rest)
        base = baseline(QRectF(self.rect()), words_font())
        paint_runs(painter, _PADDING, base, runs, role)
