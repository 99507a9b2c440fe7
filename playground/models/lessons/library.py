"""The lessons that ship with the app."""

from __future__ import annotations

import functools
from pathlib import Path

from playground.models.lessons.lesson import Lesson
from playground.models.lessons.lesson_file import load_lesson
from playground.models.outcome import refuse
from playground.models.resources import resource_path


@functools.cache
def library() -> tuple[Lesson, ...]:
    """All lessons: the twelve questions in order, then the cards."""
    lessons = [load_lesson(path) for path in sorted(resource_path("lessons").rglob("*.toml"))]
    return tuple(sorted(lessons, key=lambda lesson: (lesson.shelf != "questions", lesson.number)))


def find_lesson(wanted: str) -> tuple[Lesson, str]:
    """A lesson by number ("4"), key or path, and the path if it is a file of one's own; else a ProblemError."""
    for lesson in library():
        if wanted == lesson.key or (lesson.shelf == "questions" and wanted == str(lesson.number)):
            return lesson, ""
    if Path(wanted).suffix == ".toml":
        return load_lesson(wanted), str(wanted)
    keys = ", ".join(str(lesson.number) for lesson in library() if lesson.shelf == "questions")
    refuse(f"There is no lesson {wanted!r}: there are {keys}, and files that end in .toml.")


def neighbour(lesson: Lesson, step: int) -> Lesson | None:
    """The lesson before (-1) or after (1) this one in the library; None at the ends and for a file of one's own."""
    lessons = library()
    keys = [one.key for one in lessons]
    if lesson.key not in keys:
        return None
    place = keys.index(lesson.key) + step
    return lessons[place] if 0 <= place < len(lessons) else None


def place_in_words(key: str) -> str:
    """ "lesson 4 of 12" or "card 3 of 19"; empty for no lesson and for a file of one's own."""
    for shelf, word in (("questions", "lesson"), ("cards", "card")) if key else ():
        keys = [one.key for one in library() if one.shelf == shelf]
        if key in keys:
            return f"{word} {keys.index(key) + 1} of {len(keys)}"
    return ""
