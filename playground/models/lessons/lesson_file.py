"""Lessons as TOML files: reading them, and writing the current state as a template for one.

Errors name the line in the file.
"""

from __future__ import annotations

import functools
import json
import re
import tomllib
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from playground.models.lessons.goals import GOALS, do_step
from playground.models.lessons.lesson import Claim, Lesson, LessonAnswer, LessonStep, Measure, Pairs, Prediction, Start
from playground.models.lessons.measures import MEASURES
from playground.models.lessons.moves import start_state
from playground.models.lessons.scope import holes, parsed_text, shortened
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError, refuse
from playground.models.program.sources import Imported
from playground.models.resources import resource_path
from playground.models.state import PlaygroundState

SHELVES = ("questions", "cards")
PAGES = ("tensors", "network")
LARGEST_FILE = 1_000_000

_KEYS = {
    "": {"number", "title", "question", "shelf", "page", "about", "covered", "start", "prediction", "step", "measure",
         "answer"},
    "start": {"program", "selection", "equation", "operands", "broadcast", "network", "memory", "chance"},
    "prediction": {"words", "detail", "right", "check", "because"},
    "step": {"words", "part", "goal"},
    "answer": {"words", "code", "claim"},
    "claim": {"words", "check"},
}  # fmt: skip


_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|.)")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def _unescaped(found: re.Match[str]) -> str:
    """The character that a TOML escape represents."""
    code = found[1]
    return chr(int(code[1:], 16) % 0x110000) if len(code) > 1 else _ESCAPED.get(code, code)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads values from a table; names file and line if one is missing or has the wrong type."""

    file: str
    text: str

    def fail(self, message: str, word: str = "") -> Any:
        """Refuse, naming the first line that contains `word`."""
        line = self.line_of(word)
        where = f"{self.file}, line {line}" if line else self.file
        return refuse(message, lead=f"{where}:", badge="broken lesson")

    def line_of(self, word: str) -> int:
        """The number of the first line that starts with this key or table, or contains the text; 0 if none does."""
        for number, line in enumerate(self.text.splitlines(), start=1):
            if word and re.match(rf"\s*(\[+)?{re.escape(word)}\b", line):
                return number
        first = word.strip().partition("\n")[0]
        for number, line in enumerate(self.text.splitlines(), start=1):
            if first and (first in line or first in _ESCAPE.sub(_unescaped, line)):
                return number
        return 0

    def check_keys(self, table: dict[str, Any], section: str) -> None:
        """Refuse a key that lessons do not have."""
        for key in table:
            if key not in _KEYS[section]:
                known = ", ".join(sorted(_KEYS[section]))
                self.fail(f"{key!r} is no part of {f'[{section}]' if section else 'a lesson'}: {known}.", key)

    def take(self, table: dict[str, Any], key: str, kind: type, default: object = None) -> Any:
        """The value of a key; refuses one that is missing without a default, or has the wrong type."""
        if key not in table:
            if default is None:
                self.fail(f"{key!r} is missing.", _first_text(table))
            return default
        value = table[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fail(f"{key!r} must be a {_WORDS[kind]}, not {value!r}.", key)
        return value.strip("\n") if isinstance(value, str) else value

    def texts(self, table: dict[str, Any], key: str) -> tuple[str, ...]:
        """A list of strings; empty if it is missing."""
        values = self.take(table, key, list, [])
        if not all(isinstance(value, str) for value in values):
            self.fail(f"{key!r} must be a list of strings.", key)
        return tuple(values)

    def tables(self, table: dict[str, Any], key: str) -> list[dict[str, Any]]:
        """A list of tables; empty if it is missing."""
        values = self.take(table, key, list, [])
        if not all(isinstance(value, dict) for value in values):
            self.fail(f"{key!r} must be tables, each starting with [[{key}]].", key)
        return list(values)


def _first_text(table: dict[str, Any]) -> str:
    """A text to find a table's place in the file: the first line of its first text."""
    texts = (str(value).strip().partition("\n")[0] for value in table.values() if isinstance(value, str))
    return next(texts, "")


_WORDS = {str: "string", int: "whole number", bool: "true or false", list: "list", dict: "table"}


def parse_lesson(text: str, file: str = "lesson", key: str = "lesson") -> Lesson:
    """The lesson in this TOML text; raises a ProblemError that names the file and the wrong line."""
    reader = _Reader(file, text)
    if len(text) > LARGEST_FILE:
        reader.fail(f"{len(text):,} characters are too many for a lesson.")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = re.search(r"at line (\d+)", str(error))
        line = f", line {where.group(1)}" if where else ""
        refuse(f"this is not TOML: {error}.", lead=f"{file}{line}:", badge="broken lesson")
    reader.check_keys(table, "")
    lesson = _lesson(reader, table, key)
    for line in _lines_of(lesson):
        try:
            parsed_text(line)
        except ProblemError as error:
            reader.fail(f"{shortened(line)!r} cannot be computed: {error.problem.message}", line)
    for part in ("program", "network", "memory"):
        one = Start(**{part: getattr(lesson.start, part)})
        try:
            start_state(replace(lesson, start=one))
        except ProblemError as error:
            reader.fail(f"the lesson cannot start like this: {error}", part)
    return lesson


def _lines_of(lesson: Lesson) -> list[str]:
    """Every check, and every placeholder in a text."""
    checks = [one.check for one in lesson.predictions] + [one.check for one in lesson.answer.claims]
    texts = [lesson.question, lesson.answer.words, *(step.words for step in lesson.steps)]
    texts += [*(one.because for one in lesson.predictions), *(claim.words for claim in lesson.answer.claims)]
    return [*checks, *(hole for text in texts for hole in holes(text))]


def _lesson(reader: _Reader, table: dict[str, Any], key: str) -> Lesson:
    return Lesson(
        key=key,
        title=reader.take(table, "title", str),
        question=reader.take(table, "question", str),
        number=reader.take(table, "number", int, 0),
        shelf=_one_of(reader, table, "shelf", SHELVES),
        page=_one_of(reader, table, "page", PAGES),
        about=reader.texts(table, "about"),
        covered=reader.texts(table, "covered"),
        start=_start(reader, reader.take(table, "start", dict, {})),
        predictions=tuple(_prediction(reader, one) for one in reader.tables(table, "prediction")),
        steps=tuple(_step(reader, one) for one in reader.tables(table, "step")),
        measures=_measures(reader, reader.take(table, "measure", dict, {})),
        answer=_answer(reader, reader.take(table, "answer", dict)),
    )


def load_lesson(path: str | Path) -> Lesson:
    """The lesson in this file; raises a ProblemError if it cannot be read or is broken."""
    path = Path(path)
    try:
        if not path.is_file():
            refuse("there is no such file.", lead=f"{path.name}:")
        if path.stat().st_size > LARGEST_FILE:
            refuse(f"{path.stat().st_size:,} bytes are too many for a lesson.", lead=f"{path.name}:")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        refuse(f"it cannot be read: {error}.", lead=f"{path.name}:")
    return parse_lesson(text, file=path.name, key=path.stem)


def place_in_file(wanted: str, words: str) -> str:
    """The place of this text in a user's own lesson file: "mine.toml, line 7:"; empty for a built-in lesson."""
    path = Path(wanted)
    if path.suffix != ".toml" or not path.is_file():
        return ""
    line = _Reader(path.name, path.read_text(encoding="utf-8")).line_of(words.strip("{}:.").strip())
    return f"{path.name}, line {line}:" if line else f"{path.name}:"


def _one_of(reader: _Reader, table: dict[str, Any], key: str, allowed: tuple[str, ...]) -> str:
    value: str = reader.take(table, key, str, allowed[0])
    if value not in allowed:
        reader.fail(f"{key!r} is one of {', '.join(allowed)}, not {value!r}.", key)
    return value


def _start(reader: _Reader, table: dict[str, Any]) -> Start:
    reader.check_keys(table, "start")
    return Start(
        program=reader.take(table, "program", str, ""),
        selection=reader.take(table, "selection", str, ""),
        equation=reader.take(table, "equation", str, ""),
        operands=reader.texts(table, "operands"),
        broadcast=reader.texts(table, "broadcast"),
        network=_pairs(reader.take(table, "network", dict, {})),
        memory=_pairs(reader.take(table, "memory", dict, {})),
        chance=reader.take(table, "chance", bool, False),
    )


def _prediction(reader: _Reader, table: dict[str, Any]) -> Prediction:
    reader.check_keys(table, "prediction")
    return Prediction(
        words=reader.take(table, "words", str),
        right=reader.take(table, "right", bool),
        check=reader.take(table, "check", str),
        because=reader.take(table, "because", str),
        detail=reader.take(table, "detail", str, ""),
    )


def _step(reader: _Reader, table: dict[str, Any]) -> LessonStep:
    reader.check_keys(table, "step")
    goal: dict[str, Any] = reader.take(table, "goal", dict)
    for kind in goal:
        if kind not in GOALS:
            reader.fail(f"there is no goal {kind!r}: {', '.join(GOALS)}.", kind)
    words, part = reader.take(table, "words", str), reader.take(table, "part", str, "")
    try:
        do_step(_pairs(goal), PlaygroundState())
    except ProblemError as error:
        reader.fail(f"this goal cannot be reached: {error}", _first_text(table))
    return LessonStep(words=words, part=part, goal=_pairs(goal))


def _measures(reader: _Reader, table: dict[str, Any]) -> tuple[Measure, ...]:
    measures = []
    for name, arguments in table.items():
        if not isinstance(arguments, dict) or arguments.get("kind") not in MEASURES:
            reader.fail(f"measure {name!r} needs a kind: {', '.join(MEASURES)}.", name)
        kind = arguments["kind"]
        measures.append(Measure(name, kind, _pairs({key: one for key, one in arguments.items() if key != "kind"})))
    return tuple(measures)


def _answer(reader: _Reader, table: dict[str, Any]) -> LessonAnswer:
    reader.check_keys(table, "answer")
    claims = []
    for one in reader.tables(table, "claim"):
        reader.check_keys(one, "claim")
        claims.append(Claim(reader.take(one, "words", str), reader.take(one, "check", str)))
    return LessonAnswer(reader.take(table, "words", str), reader.take(table, "code", str, ""), tuple(claims))


def _pairs(table: dict[str, Any]) -> Pairs:
    """A table as sorted, hashable pairs."""
    return tuple(sorted((key, _frozen(value)) for key, value in table.items()))


def _frozen(value: Any) -> object:
    if isinstance(value, dict):
        return _pairs(value)
    if isinstance(value, list):
        return tuple(_frozen(one) for one in value)
    return value.strip("\n") if isinstance(value, str) else value


@functools.cache
def library() -> tuple[Lesson, ...]:
    """All lessons: the twelve questions in order, then the cards."""
    lessons = [load_lesson(path) for path in sorted(resource_path("lessons").rglob("*.toml"))]
    return tuple(sorted(lessons, key=lambda lesson: (lesson.shelf != "questions", lesson.number)))


def find_lesson(wanted: str) -> tuple[Lesson, str]:
    """A lesson by number ("4"), key or path, and the path if it is a user's own file; else a ProblemError."""
    for lesson in library():
        if wanted == lesson.key or (lesson.shelf == "questions" and wanted == str(lesson.number)):
            return lesson, ""
    if Path(wanted).suffix == ".toml":
        return load_lesson(wanted), str(wanted)
    keys = ", ".join(str(lesson.number) for lesson in library() if lesson.shelf == "questions")
    refuse(f"There is no lesson {wanted!r}: there are {keys}, and files that end in .toml.")


def neighbour(lesson: Lesson, step: int) -> Lesson | None:
    """The lesson before (-1) or after (1) this one; None at the ends and for a user's own file."""
    lessons = library()
    keys = [one.key for one in lessons]
    if lesson.key not in keys:
        return None
    place = keys.index(lesson.key) + step
    return lessons[place] if 0 <= place < len(lessons) else None


def place_in_words(key: str) -> str:
    """ "lesson 4 of 12" or "card 3 of 19"; empty without a lesson and for a user's own file."""
    for shelf, word in (("questions", "lesson"), ("cards", "card")) if key else ():
        keys = [one.key for one in library() if one.shelf == shelf]
        if key in keys:
            return f"{word} {keys.index(key) + 1} of {len(keys)}"
    return ""


def skeleton(state: PlaygroundState, page: str = "tensors") -> str:
    """The text of a lesson file that starts from the app's current state, with a template for each part of a lesson.

    Imported tensors have no line that a lesson could run, so a comment replaces them.
    """
    lines = [
        "# A lesson. Backticks mark code; {braces} are replaced by the result of the line in them.",
        'title = "The question, in a few words"',
        'question = "The question, in one or two sentences. Use `code` where you name code."',
        f"page = {_quoted(page)}",
        'about = ["shape"]',
        "",
        "[start]",
        *_program(state),
        f"selection = {_quoted(state.selection)}",
    ]
    if state.einsum.equation:
        lines += [
            f"equation = {_quoted(state.einsum.equation)}",
            f"operands = [{', '.join(_quoted(name) for name in state.einsum.operands)}]",
        ]
    if page == "network":
        lines.append(f"network = {_network(state.network.spec)}")
    text = "\n".join([*lines, *_PARTS, ""])
    parse_lesson(text)
    return text


_PARTS = (
    "",
    "[[prediction]]",
    'words = "What is right"',
    "right = true",
    'check = "1 == 1"',
    'because = "What the run shows, with a {1 + 1} computed in it."',
    "",
    "[[prediction]]",
    'words = "What many expect"',
    "right = false",
    'check = "1 == 2"',
    'because = "The case that refutes it."',
    "",
    "[[step]]",
    'words = "Something to try. The app notices when the goal is reached."',
    'part = "shape.grid"',
    'goal = { line = "Z = torch.zeros(2, 3)" }',
    "",
    "[answer]",
    'words = "The answer."',
    "",
    "[[answer.claim]]",
    'words = "A sentence that the next line makes true."',
    'check = "1 == 1"',
)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _program(state: PlaygroundState) -> list[str]:
    kept = [line for line in state.program.bindings if not isinstance(line.source, Imported)]
    left_out = [line.name for line in state.program.bindings if isinstance(line.source, Imported)]
    code = state.program
    for name in left_out:
        code = code.without(name)
    lines = [f"# imported, so omitted: {', '.join(left_out)}"] if left_out else []
    body = _quoted(code.code) if "'''" in code.code else f"'''\n{code.code}\n'''"
    return [*lines, f"program = {body}" if kept else 'program = ""']


def _network(spec: NetworkSpec) -> str:
    usual = NetworkSpec()
    changed = {one.name: getattr(spec, one.name) for one in fields(spec)}
    pairs = [f"{name} = {json.dumps(value)}" for name, value in changed.items() if value != getattr(usual, name)]
    return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
