"""Lines of mixed text: words, bold, code, axis badges, verdicts, digits underlined in their axis's colour."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFont, QPainter

from playground.widgets.look import code_font, look, words_font
from playground.widgets.painting import (
    cap_height,
    elided,
    forget_metrics,
    paint_squiggle,
    paint_text,
    text_width,
    text_widths,
)
from playground.widgets.text.badges import (
    BADGE,
    VERDICT_HEIGHT,
    badge_width,
    paint_axis_badge,
    paint_verdict,
    verdict_width,
)

LINE = 16
UNDERLINE_TOP = 4
UNDERLINE = 2
_MARKUP = re.compile(r"`([^`]+)`|\*\*(.+?)\*\*")
_PIECES = re.compile(r"\S*\d [kMGT]?B\b\S*|\s+|\S+")
"""Spaces and words; a number of bytes and its unit are one word, so that no line starts with the unit."""

ELLIPSIS = "…"
_TYPED = frozenset({"words", "bold", "code", "bold code"})
"""The kinds that are text; the others are badges."""


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line.

    `kind` is "words", "bold", "code", "bold code", "badge" or a verdict's kind; `role` a colour role (empty: the
    line's own); `axis` the axis whose colour underlines code or fills a badge; `faulty` puts a squiggle below.
    """

    text: str
    kind: str = "words"
    role: str = ""
    axis: int | None = None
    faulty: bool = False


@dataclass(frozen=True, slots=True)
class PlacedRun:
    """A run at its place, relative to the top-left corner of the text."""

    run: Run
    x: float
    baseline: float
    width: float


def parse_runs(text: str) -> tuple[Run, ...]:
    """`` `v` is added to **each** row `` as code, words and bold; everything else is plain text."""
    runs: list[Run] = []
    end = 0
    for match in _MARKUP.finditer(text):
        if match.start() > end:
            runs.append(Run(text[end : match.start()]))
        code, bold = match.groups()
        runs.append(Run(code, "code") if code is not None else Run(bold, "bold"))
        end = match.end()
    if end < len(text):
        runs.append(Run(text[end:]))
    return tuple(runs)


def axis_run(axis: int | None, text: str | None = None) -> Run:
    """An axis badge inside a line."""
    return Run(text if text is not None else "?" if axis is None else str(axis), "badge", axis=axis)


def shape_text(shape: Iterable[int | str]) -> str:
    """The shape as torch writes it: "()", "(3,)", "(3, 4)"."""
    sizes = [str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def shape_runs(
    shape: Sequence[int | str], axes: Sequence[int | None] | None = None, bold: bool = False, role: str = ""
) -> tuple[Run, ...]:
    """The shape with each size underlined in the colour of its axis, or of `axes[i]` if given."""
    kind = "bold code" if bold else "code"
    colors = axes if axes is not None else range(len(shape))
    runs = [Run("(", kind, role)]
    for place, (size, axis) in enumerate(zip(shape, colors, strict=True)):
        runs.append(Run(str(size), kind, role, axis))
        last = place == len(shape) - 1
        runs.append(Run("" if last and len(shape) > 1 else "," if last else ", ", kind, role))
    runs.append(Run(")", kind, role))
    return tuple(run for run in runs if run.text)


def plain(runs: Iterable[Run]) -> str:
    """The plain text, as a screen reader reads it."""
    return "".join(run.text for run in runs)


def run_font(run: Run, pixels: int = 12) -> QFont:
    """The font of a run; `pixels` is the size of code."""
    match run.kind:
        case "code":
            return code_font(pixels)
        case "bold code":
            return code_font(pixels, QFont.Weight.Bold)
        case "bold":
            return words_font(QFont.Weight.DemiBold)
        case _:
            return words_font()


@lru_cache(maxsize=8192)
def run_width(run: Run, pixels: int = 12) -> float:
    """The width of a run in pixels."""
    match run.kind:
        case "badge":
            return badge_width(run.text)
        case "words" | "bold" | "code" | "bold code":
            return text_width(run_font(run, pixels), run.text)
        case _:
            return verdict_width(run.text)


def runs_width(runs: Iterable[Run], pixels: int = 12) -> float:
    """The width of all runs in one line."""
    return sum(run_width(run, pixels) for run in runs)


@lru_cache(maxsize=1024)
def cut_runs(runs: tuple[Run, ...], width: float, pixels: int = 12) -> tuple[Run, ...]:
    """The runs as far as they fit into one line of this width, with an ellipsis if something is omitted."""
    if runs_width(runs, pixels) <= width:
        return runs
    kept: list[Run] = []
    room = width
    for run in runs:
        advance = run_width(run, pixels)
        if run.kind in _TYPED and advance + run_width(replace(run, text=ELLIPSIS), pixels) > room:
            text = elided(run_font(run, pixels), run.text + ELLIPSIS, room)
            return (*kept, replace(run, text=text.rstrip(" " + ELLIPSIS) + ELLIPSIS))
        if advance > room:
            return (*kept, Run(ELLIPSIS))
        kept.append(run)
        room -= advance
    return tuple(kept)


def layout_runs(
    runs: Iterable[Run], width: float = 1e9, line: float = LINE, pixels: int = 12
) -> tuple[tuple[PlacedRun, ...], float]:
    """Place the runs in lines of at most `width`, breaking at spaces, and inside words longer than a line.

    Returns the placed runs and the height used.
    """
    return _layout(tuple(runs), width, line, pixels)


@lru_cache(maxsize=4096)
def _layout(runs: tuple[Run, ...], width: float, line: float, pixels: int) -> tuple[tuple[PlacedRun, ...], float]:
    pieces: list[_Piece] = []
    x, top = 0.0, 0.0
    for run in runs:
        style = replace(run, text="")
        for text, advance in _words(run, width, pixels):
            if x > 0 and x + advance > width and not text.isspace():
                x, top = 0.0, top + line
            if text.isspace() and x == 0 and top > 0:
                continue
            last = pieces[-1] if pieces else None
            # Neighbours of one style on a line are one piece, so that letters keep their kerning.
            if last is not None and last.top == top and last.style == style and run.kind != "badge":
                last.text += text
                last.width += advance
            else:
                pieces.append(_Piece(style, text, x, top, advance))
            x += advance
    base = _baseline_in_line(line)
    placed = (
        PlacedRun(replace(piece.style, text=piece.text), piece.x, piece.top + base, piece.width) for piece in pieces
    )
    return tuple(placed), top + line


@dataclass(slots=True)
class _Piece:
    """The piece being placed: the run without its text, the text so far, its left, the top of its line, its width."""

    style: Run
    text: str
    x: float
    top: float
    width: float


def _words(run: Run, width: float, pixels: int) -> list[tuple[str, float]]:
    """The words and spaces of a run with their widths; long ones, such as a long name, split to fit into a line."""
    if run.kind not in _TYPED:
        return [(run.text, run_width(run, pixels))]
    width_of = text_widths(run_font(run, pixels))
    words = [(text, width_of(text)) for text in _PIECES.findall(run.text)]
    if width <= 0 or all(advance <= width for _, advance in words):
        return words
    parts = []
    for text, advance in words:
        count = len(text)
        if advance > width:
            widest = max(width_of(letter) for letter in set(text))
            count = max(1, int(width / widest)) if widest else count
        parts += [text[start : start + count] for start in range(0, len(text), count)]
    return [(part, width_of(part)) for part in parts]


def forget_layouts() -> None:
    """Clear the cached layouts after fonts were added."""
    forget_metrics()
    run_width.cache_clear()
    cut_runs.cache_clear()
    _layout.cache_clear()


def _baseline_in_line(line: float) -> float:
    return round((line + cap_height(words_font())) / 2)


def paint_placed(
    painter: QPainter, x: float, y: float, placed: Iterable[PlacedRun], role: str = "text", *, pixels: int = 12
) -> None:
    """Paint placed runs with their top-left corner at (x, y); `role` colours runs without a role."""
    cap = round(cap_height(words_font()) / 2)
    for piece in placed:
        run, left, base = piece.run, x + piece.x, round(y + piece.baseline)
        if run.kind == "badge":
            paint_axis_badge(painter, left, base - cap - BADGE / 2, run.axis, run.text)
        elif run.kind in _TYPED:
            font = run_font(run, pixels)
            paint_text(painter, left, base, run.text, font, color=look().color(run.role or role))
            if run.axis is not None:
                paint_underline(painter, left, base, piece.width, look().axis_line(run.axis))
            if run.faulty:
                paint_squiggle(painter, left, base + UNDERLINE_TOP - 1, piece.width, look().color("error"))
        else:
            paint_verdict(painter, left, base - cap - VERDICT_HEIGHT / 2, run.kind, run.text)


def paint_underline(painter: QPainter, x: float, base: float, width: float, color: QColor) -> None:
    """Draw the 2 px line in an axis's colour below a digit or letter with its baseline at `base`."""
    painter.fillRect(QRectF(round(x), base + UNDERLINE_TOP, round(width), UNDERLINE), color)


def paint_runs(
    painter: QPainter, x: float, base: float, runs: Iterable[Run], role: str = "text", *, pixels: int = 12
) -> float:
    """Paint runs in one line with their baseline at `base`; returns the x after them."""
    placed, _ = layout_runs(runs, pixels=pixels)
    offset = _baseline_in_line(LINE)
    paint_placed(painter, x, base - offset, placed, role, pixels=pixels)
    return x + sum(piece.width for piece in placed)
