"""Paints a program card: name, shape, dtype, verdict, code, numbers and a thumbnail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QFont, QPainter

from playground.models.broadcasting.chance.telling import ChanceNote
from playground.models.evaluation.cards import CardResult, Thumbnail, short_dtype, summary_words, trouble_words
from playground.models.problem import Span
from playground.widgets.code.marks import code_marks, code_runs
from playground.widgets.grid.style import cell_image, heat_colors
from playground.widgets.look import code_font, icon, look
from playground.widgets.painting import RADIUS_CARD, elided, paint_box, paint_left_bar, paint_text, text_width
from playground.widgets.text.badges import paint_verdict, verdict_width
from playground.widgets.text.runs import Run, layout_runs, paint_placed, paint_runs, parse_runs, runs_width, shape_runs

LEFT, RIGHT = 13, 11
LINE_1, LINE_2, LINE_3 = 21, 40, 60
"""Baselines, measured from the top of the card."""

CODE_TOP = 28
"""The top of the code field."""

FULL_HEIGHT, SHORT_HEIGHT = 72, 52
MARK = 24
"""The width of the mark of a line that holds by chance."""

_ICON = 16
_MESSAGE_LEFT = LEFT + _ICON + 5
_MESSAGE_TOP = 50
_NUMBERS = 20
_LINE = 16


@dataclass(frozen=True, slots=True)
class CardView:
    """The content of a card: its line, its result (None during the first computation), and its state."""

    name: str
    code: str
    result: CardResult | None = None
    selected: bool = False
    hovered: bool = False
    short: bool = False
    edits_code: bool = False
    edits_name: bool = False
    focused: bool = False
    chance: ChanceNote | None = None

    @property
    def code_right(self) -> int:
        """The pixels to the right of the code: its margin, and the mark of a line that holds by chance."""
        return RIGHT + (MARK if self.chance is not None else 0)

    @property
    def severity(self) -> str:
        """ "error", "warning", or "" if there is no problem."""
        if self.result is None or self.result.problem is None:
            return ""
        return "warning" if self.result.verdict == "too large" else self.result.problem.severity


def message_height(view: CardView, width: int) -> int:
    """The height of the message in a card of this width; 0 without a problem."""
    if not view.severity or view.result is None or view.result.problem is None:
        return 0
    runs = parse_runs(str(view.result.problem))
    return round(layout_runs(runs, width - _MESSAGE_LEFT - RIGHT, _LINE)[1])


def _has_numbers(view: CardView) -> bool:
    """True if the line of numbers is shown: an error replaces it, a warning about a tensor with values does not."""
    has_values = view.result is not None and view.result.summary is not None
    return not view.short and (not view.severity or (view.severity == "warning" and has_values))


def _message_top(view: CardView) -> int:
    return _MESSAGE_TOP + (_NUMBERS if _has_numbers(view) else 0)


def card_height(view: CardView, width: int, fixes: int) -> int:
    """The height of a card; an error replaces the line of numbers."""
    message = message_height(view, width)
    if not message:
        return SHORT_HEIGHT if view.short else FULL_HEIGHT
    return _message_top(view) + message + (32 if fixes else 0) + 8


def fixes_top(view: CardView, width: int) -> int:
    """The top of the fix buttons."""
    return _message_top(view) + message_height(view, width) + 6


SIZES_KEPT = 3
"""Up to this many axes, all sizes are shown."""

LEAST_NAME = 72.0
"""The width of a long name, in pixels, that takes priority over the verdict."""


def name_width(name: str) -> int:
    """The width of the name in pixels."""
    return round(text_width(code_font(13, QFont.Weight.Bold), name))


def name_room(view: CardView, width: int) -> float:
    """The width available to the name: sizes are never cut, and the verdict is hidden before the name is cut."""
    whole = float(width - LEFT - RIGHT)
    if view.result is None:
        return max(LEAST_NAME, whole)
    shape = view.result.shape
    is_short = shape is None or len(shape) <= SIZES_KEPT
    without_sizes = whole - runs_width(_shape_words(shape, whole if is_short else whole / 2), 13) - 8
    without_verdict = without_sizes - verdict_width(view.result.verdict_text) - 8
    return max(24.0, without_verdict if without_verdict >= LEAST_NAME else without_sizes)


def paint_card(painter: QPainter, rect: QRect, view: CardView) -> None:
    """Paint the whole card except the in-place editors and the fix buttons."""
    _paint_frame(painter, rect, view)
    _paint_first_line(painter, rect, view)
    if not view.edits_code:
        _paint_code(painter, rect, view)
    if view.severity:
        _paint_message(painter, rect, view)
    if _has_numbers(view):
        _paint_numbers(painter, rect, view)


def _paint_frame(painter: QPainter, rect: QRect, view: CardView) -> None:
    fill = "selected" if view.selected else "raised"
    border = view.severity or ("accent" if view.selected else "field" if view.hovered else "edge")
    box = QRectF(rect)
    paint_box(painter, box, look().color(fill), None, RADIUS_CARD)
    if view.selected:
        paint_left_bar(painter, box, look().color(view.severity or "accent"), 4, RADIUS_CARD)
    paint_box(painter, box, None, look().color(border), RADIUS_CARD, width=2 if view.selected and view.focused else 1)


def _paint_first_line(painter: QPainter, rect: QRect, view: CardView) -> None:
    """Paint name, shape, dtype, and the verdict on the right; if they do not fit, hide dtype, then the verdict."""
    result, base = view.result, rect.top() + LINE_1
    right = float(rect.right() + 1 - RIGHT)
    font = code_font(13, QFont.Weight.Bold)
    x = float(rect.left() + LEFT)
    verdict = verdict_width(result.verdict_text) if result is not None else 0
    name = elided(font, view.name, name_room(view, rect.width()))
    if not view.edits_name:
        paint_text(painter, x, base, name, font, color=look().color("text"))
    x += text_width(font, name) + 8
    if result is None:
        return
    runs = _shape_words(result.shape, right - x)
    room_for_verdict = x + runs_width(runs, 13) + 8 + verdict <= right
    if room_for_verdict:
        kind = "problem" if view.severity == "error" else result.verdict
        paint_verdict(painter, right - verdict, base - 13, kind, result.verdict_text)
        right -= verdict + 8
    x = paint_runs(painter, x, base, runs, pixels=13) + 8
    dtype = short_dtype(result.dtype)
    if x + text_width(code_font(), dtype) <= right and result.verdict != "too large":
        paint_text(painter, x, base, dtype, code_font(), color=look().color("text2"))


def _shape_words(shape: tuple[int, ...] | None, room: float) -> tuple[Run, ...]:
    """The shape, underlined; with too many axes, the first sizes and the number of axes."""
    if shape is None:
        return (Run("no result", "code", "text2"),) if room > 60 else ()
    runs = shape_runs(shape)
    if runs_width(runs, 13) <= room:
        return runs
    return (*shape_runs(shape[:3])[:-1], Run(f", … {len(shape)} axes)", "code"))


def _paint_code(painter: QPainter, rect: QRect, view: CardView) -> None:
    problem = view.result.problem if view.result is not None else None
    span = problem.span if problem is not None and view.severity == "error" else None
    room = rect.width() - LEFT - view.code_right
    paint_code_line(painter, rect.topLeft() + QPoint(LEFT, LINE_2), room, view.code, span)


def paint_code_line(painter: QPainter, place: QPoint, room: float, code: str, span: Span | None) -> None:
    """Paint code on one line, coloured and elided, with its error underlined; `place` is on its baseline."""
    text = elided(code_font(), code.replace("\n", " "), room)
    if span is not None and span.start >= len(text):
        span = None
    paint_runs(painter, place.x(), place.y(), code_runs(text, code_marks(text), span))


def _paint_numbers(painter: QPainter, rect: QRect, view: CardView) -> None:
    if view.result is None:
        return
    base = rect.top() + LINE_3
    x = float(rect.left() + LEFT)
    right = float(rect.right() + 1 - RIGHT)
    thumbnail = view.result.thumbnail
    if thumbnail is not None:
        right -= _paint_thumbnail(painter, right, base - 5, thumbnail) + 8
    trouble = trouble_words(view.result.summary)
    font = code_font()
    if trouble:
        width = text_width(font, trouble)
        right -= width
        paint_text(painter, right, base, trouble, font, color=look().color("error"))
        right -= 8
    parts = summary_words(view.result).split("  ")
    while len(parts) > 1 and text_width(font, "  ".join(parts)) > right - x:
        parts.pop()
    words = elided(font, "  ".join(parts), right - x)
    paint_text(painter, x, base, words, font, color=look().color("text2"))


def _paint_thumbnail(painter: QPainter, right: float, middle: float, thumbnail: Thumbnail) -> int:
    rows, columns = thumbnail.values.shape
    cell = max(1, min(5, 20 // max(rows, columns)))
    image = cell_image(heat_colors(thumbnail.values, thumbnail.kinds, thumbnail.scale, np.float64(1.0), False))
    area = QRect(round(right - columns * cell - 1), round(middle - rows * cell / 2), columns * cell, rows * cell)
    painter.drawImage(area, image)
    line = look().color("edge")
    if cell >= 4:
        for row in range(1, rows):
            painter.fillRect(area.left(), area.top() + row * cell, area.width(), 1, line)
        for column in range(1, columns):
            painter.fillRect(area.left() + column * cell, area.top(), 1, area.height(), line)
    paint_box(painter, QRectF(area).adjusted(0, 0, 1, 1), None, line, 0)
    return area.width() + 1


def _paint_message(painter: QPainter, rect: QRect, view: CardView) -> None:
    problem = view.result.problem if view.result is not None else None
    if problem is None:
        return
    role = view.severity
    name = "triangle-alert" if role == "warning" else "circle-alert"
    top = rect.top() + _message_top(view)
    icon(name, role).paint(painter, QRect(rect.left() + LEFT, top, _ICON, _ICON))
    placed, _ = layout_runs(parse_runs(str(problem)), rect.width() - _MESSAGE_LEFT - RIGHT, _LINE)
    paint_placed(painter, rect.left() + _MESSAGE_LEFT, top, placed, role)
