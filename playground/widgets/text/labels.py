"""Labels: plain text in a colour role, mixed text that wraps or is elided, and a line that follows the pointer."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from html import escape

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.controls.tooltip import place_beside
from playground.widgets.look import code_font, look, words_font
from playground.widgets.painting import baseline, elided, text_width
from playground.widgets.text.runs import (
    LINE,
    Run,
    cut_runs,
    layout_runs,
    paint_placed,
    parse_runs,
    plain,
    runs_width,
)

_HEIGHT = 24


class TextLabel(QWidget):
    """`TextLabel("Depth", "text2")`; never markup. A `fixed` label never gets narrower than its text.

    If not even `least` characters fit, nothing is painted: `= …` would say nothing.
    """

    def __init__(
        self,
        text: str = "",
        role: str = "text",
        *,
        code: bool = False,
        bold: bool = False,
        right: bool = False,
        fixed: bool = False,
        height: int = _HEIGHT,
        least: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._own_tip, self._least = "", least
        self._text, self._role, self._right, self._fixed, self._height = "", role, right, fixed, height
        weight = QFont.Weight.DemiBold if bold else QFont.Weight.Normal
        self._font = code_font(12, QFont.Weight.Bold if bold else weight) if code else words_font(weight)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.set_text(text)

    def text(self) -> str:
        """The whole text, uncut."""
        return self._text

    def set_text(self, text: str, role: str | None = None) -> None:
        """Show another text, in another colour role if given."""
        if role is not None and role != self._role:
            self._role = role
            self.update()
        if text != self._text:
            before = self.sizeHint()
            self._text = text
            self.setAccessibleName(text)
            takes_any = self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
            if not takes_any and self.sizeHint() != before:
                self.updateGeometry()
            self._tell_what_is_cut()
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(round(text_width(self._font, self._text) + 1), self._height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() if self._fixed else QSize(min(24, self.sizeHint().width()), self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_what_is_cut()

    def _tell_what_is_cut(self) -> None:
        cut = self.sizeHint().width() > self.width() + 1 and self.isVisible()
        tip = escape(self._text) if cut else ""
        if self.toolTip() == self._own_tip and tip != self._own_tip:  # keep a tooltip set by somebody else
            self._own_tip = tip
            place_beside(self)
            self.setToolTip(tip)

    def shown_text(self) -> str:
        """The text as far as it fits, with an ellipsis if cut."""
        text = elided(self._font, self._text, self.width() + 0.5)
        return text if text == self._text or len(text) > self._least else ""

    def paintEvent(self, _event: QPaintEvent) -> None:
        text = self.shown_text()
        x = self.width() - text_width(self._font, text) if self._right else 0.0
        with QPainter(self) as painter:
            painter.setFont(self._font)
            painter.setPen(look().color(self._role if self.isEnabled() else "text3"))
            painter.drawText(QPointF(x, baseline(QRectF(self.rect()), self._font)), text)


class RunsLabel(QWidget):
    """Shows runs, or a text with backticks for code and double stars for bold: "`v` is added to **each** row"."""

    def __init__(
        self,
        content: str | Iterable[Run] = "",
        role: str = "text",
        wrap: bool = True,
        pixels: int = 12,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._runs: tuple[Run, ...] = ()
        self._hint: QSize | None = None
        self._role, self._wrap, self._pixels, self._line = role, wrap, pixels, LINE + 2
        vertical = QSizePolicy.Policy.Minimum if wrap else QSizePolicy.Policy.Fixed
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, vertical)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)
        self.set_content(content)

    @property
    def runs(self) -> tuple[Run, ...]:
        """What is shown."""
        return self._runs

    def text(self) -> str:
        """What is shown, as plain text."""
        return plain(self._runs)

    def set_content(self, content: str | Iterable[Run], role: str | None = None) -> None:
        """Show other runs or another text, in another colour role if given."""
        runs = parse_runs(content) if isinstance(content, str) else tuple(content)
        new_role = self._role if role is None else role
        if runs == self._runs and new_role == self._role:
            return
        before = None if self._wrap else self.sizeHint()
        self._runs, self._role, self._hint = runs, new_role, None
        underlined = any((run.axis is not None and run.kind != "badge") or run.faulty for run in runs)
        self._line = LINE + (6 if underlined else 2)
        self.setAccessibleName(plain(runs))
        if before is None or self._needs_other_room(before):
            self.updateGeometry()
        self.update()

    def _needs_other_room(self, before: QSize) -> bool:
        """True if a line needs more or less room than `before`; a line with an ignored width never does."""
        takes_any = self.sizePolicy().horizontalPolicy() == QSizePolicy.Policy.Ignored
        return self._line != before.height() if takes_any else self.sizeHint() != before

    def hasHeightForWidth(self) -> bool:
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        if not self._runs:
            return 0
        if not self._wrap:
            return self._line
        return round(layout_runs(self._runs, max(width, 1), self._line, self._pixels)[1])

    def sizeHint(self) -> QSize:
        if self._hint is None:
            width = round(runs_width(self._runs, self._pixels) + 1)
            self._hint = QSize(min(width, 360) if self._wrap else width, self.heightForWidth(360))
        return self._hint

    def minimumSizeHint(self) -> QSize:
        if self._wrap:
            return QSize(40, self._line if self._runs else 0)
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        runs = self._runs if self._wrap else cut_runs(self._runs, self.width(), self._pixels)
        placed, height = layout_runs(runs, self.width() if self._wrap else 1e9, self._line, self._pixels)
        top = max(0.0, (self.height() - height) / 2)
        with QPainter(self) as painter:
            paint_placed(painter, 0, round(top), placed, self._role, pixels=self._pixels)


LINE_HEIGHT = 20


class CellLine(QWidget):
    """Shows runs, wrapped; grows as needed and shrinks only when its subject changes."""

    def __init__(self, role: str = "text", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self._runs: tuple[Run, ...] = ()
        self._about: Hashable = None
        self._lines = 1
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def text(self) -> str:
        """What is shown, as plain text."""
        return plain(self._runs)

    def forget_height(self, about: Hashable) -> None:
        """Return to the height of one line when the subject changes."""
        if about != self._about:
            self._about, self._lines = about, 1
            self.updateGeometry()

    def set_content(self, runs: tuple[Run, ...]) -> None:
        """Show another text."""
        if runs == self._runs:
            return
        self._runs = runs
        self.setAccessibleName(plain(runs))
        lines = self._needed(max(self.width(), 60))
        if lines > self._lines:
            self._lines = lines
            self.updateGeometry()
        self.update()

    def _needed(self, width: int) -> int:
        return round(layout_runs(self._runs, width, LINE_HEIGHT)[1] / LINE_HEIGHT) if self._runs else 1

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._lines, self._needed(width)) * LINE_HEIGHT + 2

    def sizeHint(self) -> QSize:
        return QSize(320, self._lines * LINE_HEIGHT + 2)

    def minimumSizeHint(self) -> QSize:
        return QSize(60, LINE_HEIGHT + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        placed, _ = layout_runs(self._runs, self.width(), LINE_HEIGHT)
        with QPainter(self) as painter:
            paint_placed(painter, 0, 0, placed, self._role)
