"""The progress in the lessons, kept from one time to the next."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from PySide6.QtCore import QSettings

from playground.models.lessons.state import Progress

KEY = "lessons/progress"


def save_progress(settings: QSettings, progress: tuple[Progress, ...]) -> None:
    """Keep how far the learner is in each lesson."""
    settings.setValue(KEY, json.dumps([asdict(one) for one in progress]))


def remembered_progress(settings: QSettings) -> tuple[Progress, ...]:
    """How far the learner was; nothing where it cannot be read."""
    try:
        rows = json.loads(str(settings.value(KEY, "[]")))
        return tuple(_progress(row) for row in rows)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ()


def _progress(row: dict[str, Any]) -> Progress:
    skipped = tuple(int(step) for step in row.get("skipped", ()))
    return Progress(str(row["key"]), int(row["prediction"]), int(row["steps"]), bool(row["answered"]), skipped)
