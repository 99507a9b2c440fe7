"""A label of mixed type that wraps, or is cut with an ellipsis."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from playground.widgets.common.runs import LINE, Run, cut_runs, layout_runs, paint_placed, parse_runs, plain, runs_width


class RunsLabel(QWidget):
    """Shows runs, or a text whose backticks are code and double stars bold: "`v` is added to **each** row"."""

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
        """Show other runs or another text, in another colour role where one is given."""
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
        """Whether a line needs more or less room than `before`; one of ignored width needs none in particular."""
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
