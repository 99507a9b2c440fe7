"""The verdict at the top of the page, with fixes; also shows problems, and long runs with their progress."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QEvent, QRect, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from playground.models.network.verdict.cures import SpecFix
from playground.models.network.verdict.verdict import Verdict
from playground.models.problem import Fix, Problem
from playground.widgets.controls.buttons import Button
from playground.widgets.controls.tooltip import set_tooltip
from playground.widgets.look import icon, look, look_holder
from playground.widgets.text.labels import RunsLabel
from playground.widgets.text.runs import Run, parse_runs, runs_width

HEIGHT = 68
NARROW, HIGH = 860, 100
_REASON_HIGH = 24
_BAR = 4
_LEFT = 40
_RIGHT = 16
_CLAUSES = re.compile(r"(?<=[.,:;]) ")
_PATIENCE_MS = 500
_ASK_AGAIN = Fix("", target="confirm")
_STOPPED = Problem(
    "It was cancelled.",
    lead="Stopped.",
    severity="warning",
    fixes=(Fix("Run it", target="confirm", meaning="Run again (can be cancelled)."),),
)
_ICONS = {"error": "circle-alert", "warning": "triangle-alert", "good": "check"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of the banner: label, meaning, the fix it offers, and the outcome if that was tried."""

    words: str
    meaning: str
    brings: SpecFix | Fix
    outcome: str = ""


class _OfferButton(Button):
    """Emits `chosen(offer)` when pressed."""

    chosen = Signal(object)

    def __init__(self, offer: Offer, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(offer.words, kind, parent=parent)
        self._offer: Offer | None = None
        self.set_offer(offer)
        self.clicked.connect(self._on_clicked)

    def set_offer(self, offer: Offer) -> None:
        """Offer something else, with another label if it differs."""
        before, self._offer = self._offer, offer
        if before is None or (offer.words, offer.meaning, offer.outcome) != (
            before.words,
            before.meaning,
            before.outcome,
        ):
            self.setText(offer.words)
            self.setAccessibleName(offer.words)
            set_tooltip(self, offer.meaning or offer.words, *([f"Tried: {offer.outcome}"] if offer.outcome else []))
            self.updateGeometry()

    @Slot()
    def _on_clicked(self) -> None:
        if self._offer is not None:
            self.chosen.emit(self._offer.brings)


class VerdictBanner(QWidget):
    """Lead and numbers; below them reason and fixes. `fix_chosen` carries a `SpecFix` or a `Fix`."""

    fix_chosen = Signal(object)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.verdict")
        self._least = HEIGHT
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.severity = "good"
        self._fraction: float | None = None
        self._verdict: Verdict | None = None
        self._problem: Problem | None = None
        self._given_up = ""
        self._said: tuple[str, str, str] = ("", "", "")
        self.message, self.reason = RunsLabel(), RunsLabel("", "text2")
        for label in (self.message, self.reason):
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            label.setSizePolicy(policy)
        self.reason.setMinimumHeight(_REASON_HIGH)
        self.buttons: list[_OfferButton] = []
        self.cancel = Button("Cancel", "quiet")
        self.cancel.setObjectName("network.cancel")
        self.cancel.hide()
        self.cancel.clicked.connect(self._on_cancel)
        self._busy = QTimer(self)
        self._busy.setSingleShot(True)
        self._busy.setInterval(_PATIENCE_MS)
        self._busy.timeout.connect(self._on_patience_ended)
        self._is_busy = self._has_answer = False
        self._lay_out()
        look_holder().changed.connect(self.update)

    def _lay_out(self) -> None:
        self._offers = QHBoxLayout()
        self._offers.setSpacing(8)
        self._below = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._below.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addLayout(self._offers)
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        self._below.addWidget(self.reason, 1)
        self._below.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(_LEFT, 8, _RIGHT, 8)
        column.setSpacing(4)
        column.addWidget(self.message)
        column.addLayout(self._below)

    def text(self) -> str:
        """All visible text."""
        return f"{self.message.text()} {self.reason.text()}".strip()

    def show_verdict(self, verdict: Verdict) -> None:
        """Show the verdict on a run."""
        self._has_answer = True
        if verdict == self._verdict and self._problem is None:
            return
        self._verdict, self._problem = verdict, None
        self._show()

    def show_problem(self, problem: Problem) -> None:
        """Show a problem; the plots keep the last good result."""
        if problem != self._problem:
            self._problem = problem
            self._show()

    def show_given_up(self, words: str) -> None:
        """Show in the second line why a typed value was rejected; "" restores the normal text."""
        if words != self._given_up:
            self._given_up = words
            self._show()

    def _show(self) -> None:
        """A problem comes first, then the verdict."""
        note = f"Rejected. {self._given_up}" if self._given_up else ""
        problem, verdict = self._problem, self._verdict
        if problem is not None:
            self._say(
                problem.severity, problem.lead, problem.message, note or "The plots show the last network that ran."
            )
            self._offer([Offer(fix.gives or fix.code, fix.meaning, fix) for fix in problem.fixes])
        elif verdict is not None:
            self._say(verdict.severity, verdict.lead, verdict.text, note or verdict.why)
            self._offer([Offer(fix.label, fix.meaning, fix, fix.outcome) for fix in verdict.fixes])
        else:
            self._say("good", "", "", "")
            self._offer([])

    def _say(self, severity: str, lead: str, text: str, why: str) -> None:
        before = self.severity, bool(self.message.text())
        self.severity, self._said = severity, (lead, text, why)
        self._fit()
        self.setAccessibleName(self.text())
        if before != (severity, bool(self.message.text())):
            self.update()

    def _fit(self) -> None:
        """Set both lines; if the second is free, it takes the clauses that do not fit into the first."""
        lead, text, why = self._said
        bold = (Run(f"{lead}  ", "bold"),) if lead else ()
        clauses = _CLAUSES.split(text)
        rest: list[str] = []
        while not why and len(clauses) > 1 and self._is_too_long((*bold, *parse_runs(" ".join(clauses)))):
            rest.insert(0, clauses.pop())
        self.message.set_content((*bold, *parse_runs(" ".join(clauses))))
        self.reason.set_content(why or " ".join(rest), "warning" if self._given_up else "text2")
        self._take_height()

    def _is_too_long(self, runs: tuple[Run, ...]) -> bool:
        return runs_width(runs) > self.width() - _LEFT - _RIGHT

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow banner the fixes always get their own line, so that nothing moves later."""
        super().resizeEvent(event)
        is_narrow = self.width() < NARROW
        ways = QBoxLayout.Direction
        self._below.setDirection(ways.TopToBottom if is_narrow else ways.LeftToRight)
        if event.oldSize().width() != self.width():
            self._least = HIGH if is_narrow else HEIGHT
        self._fit()

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:  # a button came or went, and left the reason another width
            self._take_height()
        return handled

    def _take_height(self) -> None:
        """Be as high as the words need; it shrinks with another width alone, so that nothing jumps under a drag."""
        layout = self.layout()
        if layout is not None:
            self._least = max(self._least, layout.heightForWidth(self.width()))
            self.setFixedHeight(self._least)

    def _offer(self, offers: list[Offer]) -> None:
        if len(offers) == len(self.buttons):
            for button, offer in zip(self.buttons, offers, strict=True):
                button.set_offer(offer)
                button.show()
            return
        focused = next((button for button in self.buttons if button is self.window().focusWidget()), None)
        if focused is not None:
            focused.clearFocus()  # otherwise focus moves to a box of the plots, which the next key would change
        for button in self.buttons:
            self._offers.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.buttons = []
        for place, offer in enumerate(offers):
            button = _OfferButton(offer, "primary" if place == 0 else "secondary", self)
            button.setObjectName(f"network.fix.{place}")
            button.chosen.connect(self.fix_chosen)
            self._offers.addWidget(button)
            button.show()
            self.buttons.append(button)
        if focused is not None and self.buttons:
            self.buttons[0].setFocus()
        for before, after in pairwise((self.cancel, *self.buttons)):
            QWidget.setTabOrder(before, after)  # if created later, they would come last in the tab order

    def show_busy(self, busy: bool) -> None:
        """Called when a computation starts or ends; Cancel appears after half a second."""
        self._is_busy = busy
        if busy:
            self._has_answer = False
            self._busy.start()
        else:
            self._busy.stop()
            self.cancel.hide()
            self._fraction = None
            if self._asks:
                self._show()
            self.update()

    @Slot()
    def _on_patience_ended(self) -> None:
        self.cancel.setVisible(self._is_busy)

    @Slot()
    def _on_cancel(self) -> None:
        """Ask again about a long run that the user had agreed to; a run that has shown nothing says it was stopped."""
        self.cancelled.emit()
        if self._asks:
            self.fix_chosen.emit(_ASK_AGAIN)
        elif not self._has_answer:
            self.show_problem(_STOPPED)

    def show_progress(self, fraction: float, words: str) -> None:
        """Show progress as a line along the lower edge, and in words for a run that the user agreed to."""
        if self.cancel.isVisible():
            self._fraction = fraction
            set_tooltip(self.cancel, f"Stop: {words}")
            if self._asks:
                self.reason.set_content(f"{words[:1].upper()}{words[1:]}.")
                if self.window().focusWidget() in self.buttons:
                    self.cancel.setFocus()  # rather than to the next widget, which the next key would change
                for button in self.buttons:
                    button.hide()
            self.update()

    @property
    def _asks(self) -> bool:
        """True while the banner asks before a long run."""
        return self._problem is not None and any(fix.target == "confirm" for fix in self._problem.fixes)

    def paintEvent(self, _event: QPaintEvent) -> None:
        rect = QRectF(self.rect())
        fill = "panel" if self.severity == "good" else f"{self.severity}_fill"
        with QPainter(self) as painter:
            painter.fillRect(rect, look().color(fill))
            painter.fillRect(QRectF(0, rect.bottom() - 1, rect.width(), 1), look().color("hairline"))
            if self._fraction is not None:
                done = QRectF(_BAR, rect.bottom() - 2, (rect.width() - _BAR) * self._fraction, 2)
                painter.fillRect(done, look().color("accent"))
            if not self.message.text():
                return  # nothing has run yet, so there is no verdict
            painter.fillRect(QRectF(0, 0, _BAR, rect.height()), look().color(self.severity))
            place = QRect(16, self.message.y() + 1, 16, 16)
            icon(_ICONS[self.severity], self.severity).paint(painter, place, Qt.AlignmentFlag.AlignCenter)
