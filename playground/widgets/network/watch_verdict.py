"""What the numbers of a watched module say, in the banner of the page; its fixes are lines of code to copy."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from playground.models.network.watch_verdict import WatchedVerdict
from playground.models.outcome import Fix
from playground.models.words import count_in_words
from playground.widgets.network.verdict_banner import Offer, VerdictBanner


class WatchVerdict(VerdictBanner):
    """A press on a fix copies its code."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network.watch.verdict")
        self._why = ""
        self.fix_chosen.connect(self._on_fix)

    def show_words(self, words: WatchedVerdict) -> None:
        """Say a verdict."""
        self._why = words.why
        self._say(words.severity, words.lead, words.text, words.why)
        self._offer([Offer(fix.gives, fix.meaning, fix) for fix in words.fixes])
        for place, button in enumerate(self.buttons):
            button.setObjectName(f"network.watch.fix.{place}")

    @Slot(object)
    def _on_fix(self, fix: object) -> None:
        if isinstance(fix, Fix):
            QGuiApplication.clipboard().setText(fix.code)
            first, *rest = fix.code.splitlines()
            more = f" and {count_in_words(len(rest), 'more line')}" if rest else ""
            self.reason.set_text(f"Copied: {first}{more}")
