"""The present state as a lesson to be filled in: "Save this as a lesson"."""

from __future__ import annotations

import json
from dataclasses import fields

from playground.models.lessons.lesson_file import parse_lesson
from playground.models.network.spec import NetworkSpec
from playground.models.state import PlaygroundState
from playground.models.tensors.program import Imported


def skeleton(state: PlaygroundState, page: str = "tensors") -> str:
    """The text of a lesson file that starts where the app is now, with a place for each part of a lesson.

    Imported tensors have no line that a lesson could run, and are left out with a comment.
    """
    lines = [
        "# A lesson. Backticks set code, {braces} are filled with what the line in them gives.",
        'title = "What is asked, in a few words"',
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
    lines = [f"# imported, and so left out: {', '.join(left_out)}"] if left_out else []
    body = _quoted(code.code) if "'''" in code.code else f"'''\n{code.code}\n'''"
    return [*lines, f"program = {body}" if kept else 'program = ""']


def _network(spec: NetworkSpec) -> str:
    usual = NetworkSpec()
    changed = {one.name: getattr(spec, one.name) for one in fields(spec)}
    pairs = [f"{name} = {json.dumps(value)}" for name, value in changed.items() if value != getattr(usual, name)]
    return "{ " + ", ".join(pairs) + " }" if pairs else "{}"
