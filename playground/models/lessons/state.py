"""Where the learner is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LessonState:
    """The open lesson (empty: none)."""

    key: str = ""
