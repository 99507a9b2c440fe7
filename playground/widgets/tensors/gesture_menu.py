"""The menu of gestures: each row says beforehand which shape it gives, and whether it views or copies."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QWidget

from playground.models.outcome import Problem
from playground.models.tensors.gesture import GESTURES, MenuRow
from playground.widgets.common.result_menu import Outcome, ResultMenu


def gesture_menu(parent: QWidget, rows: Sequence[MenuRow]) -> ResultMenu:
    """One row a choice; below the line those that open a form. The action's data is its `MenuRow`."""
    menu = ResultMenu("Reshape, slice, flip", parent)
    menu.setObjectName("shape.gestures.menu")
    had_form = False
    for row in rows:
        if row.form and not had_form:
            menu.addSeparator()
            had_form = True
        action = menu.add_result(row.label, _outcome(row), row)
        gesture = GESTURES[row.gesture]
        code = "" if isinstance(row.outcome, Problem) else f"\n{row.outcome.code}"
        reason = f"\n{row.outcome}" if isinstance(row.outcome, Problem) else ""
        action.setToolTip(f"{gesture.description}{code}{reason}")
    return menu


def _outcome(row: MenuRow) -> Outcome:
    if isinstance(row.outcome, Problem):
        return Outcome(reason=str(row.outcome))
    if row.form:
        return Outcome()
    return Outcome(row.outcome.layout.shape, row.outcome.verdict, row.outcome.verdict)
