"""What each test must do: check something, and wait for what an event causes before it looks."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
CHECKS = {
    "assert",
    "raises",
    "warns",
    "fail",
    "waitUntil",
    "waitSignal",
    "waitSignals",
    "waitExposed",
    "until",
    "assertNotEmitted",
    "assert_close",
}
"""Calls that fail where what they name does not come."""
EVENTS = re.compile(r"(QTest|qtbot)\.(mouse|key)\w+|(hand|self)\.(click|key|drag|scroll|write|pick|choose)")
MOVES = re.compile(r"(QTest|qtbot)\.mouseMove")
"""The window's system brings these later, or not at all where the pointer is elsewhere meanwhile."""


@cache
def trees() -> dict[Path, ast.Module]:
    return {file: ast.parse(file.read_text("utf-8")) for file in sorted(TESTS.rglob("*.py"))}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def last_name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


@cache
def calls(function: ast.FunctionDef) -> frozenset[str]:
    """The last names of what it calls, `assert` among them where it asserts."""
    return frozenset(
        "assert" if isinstance(node, ast.Assert) else last_name(node)
        for node in ast.walk(function)
        if isinstance(node, ast.Assert | ast.Call)
    )


def checking_names(trees_of: list[ast.Module]) -> set[str]:
    """What checks something: `assert`, pytest's and Qt's calls, and all helpers that check something in their turn."""
    names, helpers = set(CHECKS), [one for tree in trees_of for one in functions(tree) if not is_test(one)]
    while more := {one.name for one in helpers if one.name not in names and calls(one) & names}:
        names |= more
    return names


def is_test(function: ast.FunctionDef) -> bool:
    return function.name.startswith("test_")


def hasty(tree: ast.Module, events: re.Pattern[str]) -> list[int]:
    """The lines of assertions whose statement before is one of these events and nothing else."""
    blocks = [
        block
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(node, name, None), list)
    ]
    return [
        after.lineno
        for event, after in itertools.chain.from_iterable(map(itertools.pairwise, blocks))
        if isinstance(after, ast.Assert) and isinstance(event, ast.Expr) and isinstance(event.value, ast.Call)
        if events.fullmatch(ast.unparse(event.value.func))
    ]


def test_each_test_checks_something():
    names = checking_names(list(trees().values()))
    assert not [
        f"{file.relative_to(TESTS)}:{test.lineno} {test.name}"
        for file, tree in trees().items()
        for test in functions(tree)
        if file.name.startswith("test_") and is_test(test) and not calls(test) & names
    ]


@pytest.mark.parametrize(
    ("folder", "events"), [("app", EVENTS), ("widgets", MOVES), ("runtime", EVENTS)], ids=["app", "widgets", "runtime"]
)
def test_what_an_event_causes_is_waited_for(folder, events):
    """In a whole window every event; for a widget alone presses and keys are answered before they return."""
    assert not [
        f"{file.relative_to(TESTS)}:{line}"
        for file, tree in trees().items()
        if file.is_relative_to(TESTS / folder)
        for line in hasty(tree, events)
    ]


def test_the_rules_see_what_breaks_them():
    bad = ast.parse(
        "def test_it(qtbot, w):\n    qtbot.mouseMove(w)\n    assert w.hot\ndef test_nothing(w):\n    w.show()\n"
    )
    assert hasty(bad, MOVES) == [3]
    assert [bool(calls(one) & CHECKS) for one in functions(bad)] == [True, False]
    good = ast.parse("def test_it(qtbot, w):\n    qtbot.mouseMove(w)\n    qtbot.waitUntil(lambda: w.hot)\n")
    assert hasty(good, EVENTS) == []
    assert all(calls(one) & CHECKS for one in functions(good))
