"""A menu that previews each choice: the resulting shape, and view or copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QAction, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QWidget

from playground.widgets.look import look, words_font
from playground.widgets.painting import baseline
from playground.widgets.text.badges import VERDICT_HEIGHT, paint_verdict, verdict_width
from playground.widgets.text.runs import Run, paint_runs, runs_width, shape_runs, shape_text

_LEFT = 12
_GAP = 24


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a choice: a shape, a verdict's kind and text, or the reason why it cannot be chosen."""

    shape: Sequence[int | str] | None = None
    kind: str = ""
    verdict: str = ""
    reason: str = ""

    def words(self) -> str:
        """As one line of text, for the accessible name and for the width of the row."""
        shape = shape_text(self.shape) if self.shape is not None else ""
        return "  ".join(part for part in (shape, self.verdict or self.kind, self.reason) if part)


class ResultMenu(QMenu):
    """`menu.add_result("Flatten", Outcome((12,), "view"))`; otherwise as in QMenu."""

    def __init__(self, title: str = "", parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setFont(words_font())
        self.setToolTipsVisible(True)
        self._outcomes: dict[QAction, Outcome] = {}

    def add_result(self, words: str, outcome: Outcome = Outcome(), data: object = None) -> QAction:
        """Add a row; it is disabled if the outcome has a reason."""
        action = self.addAction(f"{words}\t{outcome.words()}" if outcome.words() else words)
        action.setData(data)
        action.setEnabled(not outcome.reason)
        action.setToolTip(outcome.reason or words)
        self._outcomes[action] = outcome
        self.setMinimumWidth(max(self.minimumWidth(), self._needed_width()))
        return action

    def _needed_width(self) -> int:
        names = max(_column(_name(action)) for action in self._outcomes)
        shapes = max(runs_width(_shape(outcome, "text")) for outcome in self._outcomes.values())
        verdicts = max(verdict_width(o.verdict or o.kind) if o.kind else 0 for o in self._outcomes.values())
        reasons = max(_column(outcome.reason) for outcome in self._outcomes.values())
        return round(_LEFT + names + max(shapes + verdicts + _GAP, reasons) + _GAP + _LEFT)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        names = [_name(action) for action in self.actions()]
        column = max((_column(name) for name in names), default=0.0)
        with QPainter(self) as painter:
            for action, name in zip(self.actions(), names, strict=True):
                outcome = self._outcomes.get(action)
                if outcome is not None and event.rect().intersects(self.actionGeometry(action)):
                    self._paint_row(painter, action, name, outcome, column)

    def _paint_row(self, painter: QPainter, action: QAction, name: str, outcome: Outcome, column: float) -> None:
        rect = QRectF(self.actionGeometry(action))
        chosen = action is self.activeAction() and action.isEnabled()
        role = "accent_text" if chosen else "text" if action.isEnabled() else "text3"
        painter.fillRect(rect, look().color("accent" if chosen else "raised"))
        base = baseline(rect, words_font())
        painter.setFont(words_font())
        painter.setPen(look().color(role))
        painter.drawText(QPointF(_LEFT + rect.left(), base), name)
        second = role if chosen or not action.isEnabled() else "text2"
        paint_runs(painter, rect.left() + _LEFT + column + _GAP, base, _shape(outcome, second), second)
        if outcome.reason:
            paint_runs(painter, rect.left() + _LEFT + column + _GAP, base, (Run(outcome.reason),), "text3")
        if outcome.kind:
            words = outcome.verdict or outcome.kind
            x = rect.right() - 8 - verdict_width(words)
            y = rect.center().y() - VERDICT_HEIGHT / 2
            paint_verdict(painter, x, y, outcome.kind, words, on_accent=chosen)


def _name(action: QAction) -> str:
    return action.text().split("\t")[0].replace("&", "")


def _column(name: str) -> float:
    return runs_width((Run(name),))


def _shape(outcome: Outcome, role: str) -> tuple[Run, ...]:
    """The shape without underlines, which could not be told apart on the accent colour."""
    if outcome.shape is None:
        return ()
    return shape_runs(outcome.shape, [None] * len(outcome.shape), role=role)
