"""What the cards and the shape panel are given."""

from dataclasses import replace

import pytest
import torch

from playground.models.evaluation import cache
from playground.models.evaluation.cards import (
    ProgramRequest,
    compute_program,
    program_request,
    short_dtype,
    statistics_lines,
    summary_words,
    thumbnail_of,
    trouble_words,
)
from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.evaluation.summary import summarise
from playground.models.job import Job
from playground.models.problem import Problem
from playground.models.program.program import Program
from playground.models.program.sources import Imported, TensorReference
from playground.models.state import PlaygroundState

TEXT = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
R = A.t().reshape(12)
D = A + v
X = torch.zeros(1000000, 128000)
Y = X[0]
N = torch.log(torch.arange(-2., 3.))
"""


@pytest.fixture(scope="module")
def cards():
    program = Program.parse(TEXT).appended("I", Imported(TensorReference(torch.ones(2))))
    state = PlaygroundState(program=program, memory_budget=10**9)
    return {card.name: card for card in compute_program(program_request(state), Job()).cards}


def test_verdicts(cards):
    words = {name: (card.verdict, card.verdict_text) for name, card in cards.items()}
    assert words == {
        "A": ("new", "new"),
        "v": ("new", "new"),
        "B": ("new", "new"),
        "W": ("view", "view of B"),
        "R": ("copy", "copy"),
        "D": ("problem", "4 against 3"),
        "X": ("too large", "too large"),
        "Y": ("too large", "no values"),
        "N": ("new", "new"),
        "I": ("imported", "imported"),
    }


def test_words_on_the_cards(cards):
    assert summary_words(cards["A"]) == "48 B  mean 5.5  std 3.61"
    assert summary_words(cards["B"]) == "48 B  mean 25.5  std 12.0"
    assert summary_words(cards["W"]) == "48 B shared  mean 25.5"
    assert trouble_words(cards["N"].summary) == "2 nan 1 inf"
    assert cards["X"].shape == (1000000, 128000)
    assert cards["X"].nbytes == 512 * 10**9
    assert short_dtype("bfloat16") == "bf16"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("torch.ones(3).expand(4, 3)", "12 B stored  mean 1"),
        ("torch.ones(6)[::2]", "24 B stored  mean 1"),
        ("torch.ones(2, 3).t()", "24 B  mean 1  std 0"),
        ("torch.ones(3).expand(4, 3).contiguous()", "48 B  mean 1  std 0"),
        ("torch.ones(0)", "0 B  no elements"),
    ],
)
def test_a_card_counts_the_bytes_that_are_stored(line, words):
    (card,) = compute_program(ProgramRequest(Program.parse(f"A = {line}")), Job()).cards
    assert summary_words(card) == words


def test_thumbnails_are_small_and_show_the_values():
    assert (
        thumbnail_of(torch.arange(12.0).reshape(3, 4), 11).values.tolist() == torch.arange(12.0).reshape(3, 4).tolist()
    )
    assert thumbnail_of(torch.arange(3.0), 2).values.shape == (3, 1)
    assert max(thumbnail_of(torch.zeros(5000, 3, 7000), 1).values.shape) <= 20
    assert thumbnail_of(torch.zeros(0, 3), 1) is None


def test_large_tensors_show_their_shape_before_their_numbers(monkeypatch):
    monkeypatch.setattr(cache, "_LARGE", 3)
    state = PlaygroundState(program=Program.parse("A = torch.ones(3)\nB = torch.ones(4) * 2"), selection="B")
    shown = []
    final = compute_program(program_request(state), Job(show=shown.append))
    assert [card.summary is None for card in shown[0].cards] == [False, True]
    assert [card.summary.total for card in final.cards] == [3, 8]
    shown.clear()
    evaluate(state.program)["B"].tensor.fill_(3)
    final = compute_shape(shape_request(state), Job(show=shown.append))
    assert shown[0].summary is None
    assert shown[0].reader is not None
    assert final.summary.total == 12


def shape_of(text, name, **changes):
    state = replace(PlaygroundState(program=Program.parse(text), selection=name), **changes)
    return compute_shape(shape_request(state), Job())


def test_shape_results():
    made = shape_of(TEXT, "A")
    assert (made.made, made.resizable, made.whole) == (True, True, (3, 4))
    cut = shape_of(TEXT + "K = B[:2, :3]", "K")
    assert (cut.made, cut.layout.shape, cut.whole) == (False, (2, 3), (3, 4))
    large = shape_of(TEXT, "X", memory_budget=10**9)
    assert large.reader is None
    assert large.nbytes == 512 * 10**9
    assert isinstance(large.problem, Problem)
    assert shape_of(TEXT, "D").layout.shape == ()
    assert shape_of(TEXT, "nobody") is None


def test_selected_cells_are_summed_up():
    state = PlaygroundState(program=Program.parse(TEXT), selection="A")
    state = replace(state, shape=replace(state.shape, cells=((0, 2), (1, 9))))
    found = compute_shape(shape_request(state), Job()).cells
    part = torch.arange(12.0).reshape(3, 4)[0:2, 1:]
    assert (found.count, found.total, found.mean) == (6, part.sum().item(), part.mean().item())
    assert found.std == pytest.approx(part.std().item())
    assert statistics_lines(found) == ("6 cells selected", "sum  24", "mean 4", "std  2.37", "from 1 to 7")


def test_selecting_cells_is_no_step_of_undo():
    state = PlaygroundState()
    selected = replace(state, shape=replace(state.shape, cells=((0, 1),)))
    assert state.without_pointing() == selected.without_pointing()


def test_integers_keep_their_sum():
    assert statistics_lines(summarise(torch.tensor([2**62, 2**62])))[1] == f"sum  {2**63}"
