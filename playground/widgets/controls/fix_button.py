"""A fix as a button that names its result: `v[:, None]` gives (3, 4)."""

from __future__ import annotations

import re
from itertools import takewhile

from PySide6.QtCore import QRectF, QSize, Signal, Slot
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.models.problem import Fix
from playground.widgets.controls.buttons import HEIGHT, Button
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import words_font
from playground.widgets.painting import baseline, elided, text_width
from playground.widgets.text.runs import Run, paint_runs, plain, run_font, runs_width, shape_runs

_PADDING = 9
_SHAPE = re.compile(r"\((?P<sizes>(\d+,)?(\s*\d+(,\s*\d+)*)?)\)")
_VERDICT = re.compile(r"(?P<kind>copy|view|same|new)\b.*")


def fix_runs(fix: Fix, short: bool = False, primary: bool = False) -> tuple[Run, ...]:
    """The button's label; the short form omits "gives"."""
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
    """True if a fix is code rather than words: `Init He, gain 1.414` is words."""
    return any(sign in text for sign in "()[]=>_") or text.startswith(".")


def cut_code(code: str, original: str, characters: int) -> str:
    """Cut a fix to so many characters, keeping those that differ from the `original` text.

    >>> cut_code("torch.exp(A) + v[:, None] + 1000", "torch.exp(A) + v + 1000", 20)
    '…(A) + v[:, None] +…'
    """
    if len(code) <= characters:
        return code
    start = _alike(code, original)
    stop = len(code) - _alike(code[start:][::-1], original[start:][::-1])
    changed = len(code) - start
    if stop == len(code) and changed < characters:
        return f"{code[: characters - 1 - changed]}…{code[start:]}"
    left = start - max(0, characters - 2 - (stop - start)) // 2
    left = max(0, min(left, len(code) - characters + 1))
    if left == 0:
        return code[: characters - 1] + "…"
    right = left + characters - 2
    return f"…{code[left:right]}…" if right < len(code) - 1 else f"…{code[1 - characters :]}"


def _before_last_call(code: str) -> str:
    """`weights` of `weights[:, None]` and of `weights.permute(1, 0)`."""
    return code[: max(code.rfind("["), code.rfind("."), 0)]


def _alike(first: str, second: str) -> int:
    """The length of the common prefix of two texts."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))


class FixButton(Button):
    """Shows a fix and emits `chosen(fix)` when pressed; a cut fix still shows what it changes in `original`."""

    chosen = Signal(object)

    def __init__(self, fix: Fix, kind: str = "secondary", parent: QWidget | None = None, original: str = "") -> None:
        super().__init__("", kind, parent=parent)
        self.fix = fix
        self._original = original or _before_last_call(fix.code)
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
            font = run_font(code)
            left = max(20.0, room - runs_width(rest))
            cut = cut_code(code.text, self._original, int(left / text_width(font, "0")))
            cut = elided(font, cut, left)
            runs = (Run(cut, code.kind), *rest)
        base = baseline(QRectF(self.rect()), words_font())
        paint_runs(painter, _PADDING, base, runs, role)
