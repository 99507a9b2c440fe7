"""Results print what the panels say, as text and as HTML, whatever names they hold."""

import html
import pickle
import re

import pytest
import torch

from playground import (
    NetworkSpec,
    Program,
    describe_layout,
    evaluate,
    explain_broadcast,
    explain_view,
    plan_einsum,
    run_network,
    sweep,
)
from playground.models.network.pinned import judge_run
from playground.models.printed import COLUMNS, TextTable, _html, _text, sampled

SPEC = NetworkSpec(depth=30, width=12, batch=6, activation="relu", init="kaiming_normal")
PROGRAM = Program.parse("A = torch.zeros(3, 4)\nB = A.t()[None]\nC = A @ A")
RESULTS = {
    "clash": (explain_broadcast((3,), (3, 4)), ["Axis 0 of a is 3, axis 1 of b is 4.", "a.unsqueeze(1)", "– → 3"]),
    "fit": (explain_broadcast((3, 1), (4,)), ["1 → 4", "both stretched", "b[None]"]),
    "scalars": (explain_broadcast((), ()), ["result", "It fits, nothing stretched."]),
    "einsum": (
        plan_einsum("ij,jk->ik", (3, 4), (4, 5)),
        ["A @ B", "add over j", "A axis 1, B axis 0", "(3, 5)"],
    ),
    "einsum of nothing": (plan_einsum("->", ()), ["torch.einsum"]),
    "layout": (describe_layout(torch.zeros(3, 4).t()), ["(1, 4) elements, (4, 16) bytes", "not contiguous"]),
    "no view": (explain_view((3, 4), (1, 3), (12,)), ["No. The 12 would span axes 0 and 1", ".reshape(12)"]),
    "view": (explain_view((12,), (1,), (3, 4)), ["Yes. Strides (4, 1) read the same cells."]),
    "program": (evaluate(PROGRAM), ["view of A", "A.t()[None]", "(1, 4, 3)", "Axis 1 of A is 4"]),
    "no lines": (evaluate(Program()), ["No lines."]),
    "network": (run_network(SPEC), ["30 layers of 12, relu", "gradient rms", "12 of 30 layers"]),
    "sweep": (sweep(SPEC, depth=[3, 0]), ["The depth is 0, but must be from 1 to 500."]),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_says_the_same_as_text_and_as_html(name):
    result, wanted = RESULTS[name]
    shown = html.unescape(re.sub(r"<[^>]+>", "\n", result._repr_html_()))
    for words in wanted:
        assert words in " ".join(repr(result).split("\n"))
        assert words in shown


def test_names_are_text_and_never_markup():
    found = explain_broadcast((3,), (3, 4), names=("<b>x</b>", "a&b"))
    assert "<b>x</b>" in repr(found)
    assert "<b>" not in found._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in found._repr_html_()
    assert "a&amp;b" in found._repr_html_()


def test_the_verdict_printed_is_that_of_the_page():
    small = run_network(NetworkSpec(depth=40, width=20, batch=10, gain=0.01))
    assert judge_run(small).lead.replace("`", "") in repr(small)
    assert repr(pickle.loads(pickle.dumps(small))) == repr(small)


def test_long_sentences_are_wrapped_and_code_is_not():
    assert max(map(len, _text("word " * 60).splitlines())) <= COLUMNS
    assert _text("x = 1\n" + "y" * 200) == "x = 1\n" + "y" * 200


def test_columns_are_aligned_and_a_head_of_nothing_is_left_out():
    table = TextTable(("n", "size"), [("a", "5"), ("long", "100")], "lr")
    assert _text(table) == "n     size\na        5\nlong   100"
    assert _text(TextTable(("", ""), [("a", "b")])) == "a  b"
    assert _html(TextTable(("", ""), [("a", "<")])).count("<tr>") == 1
    assert _html("for i in range(3):\n  pass").startswith("<pre>")


@pytest.mark.parametrize(("count", "places"), [(0, []), (3, [0, 1, 2]), (100, [0, 25, 50, 74, 99])])
def test_samples_hold_the_first_and_the_last(count, places):
    assert sampled(count, 5) == places
