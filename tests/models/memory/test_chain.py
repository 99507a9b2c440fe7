import random

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.memory import chain
from playground.models.memory.chain import advise_chain, note_steps, written_bytes
from playground.models.program.program import Program

BASE = "A = torch.arange(12.).reshape(3, 4)\n"


def parse(code):
    return Program.parse(f"{BASE}B = {code}")


@pytest.mark.parametrize(
    ("code", "better"),
    [
        ("A.t().contiguous().t().contiguous()", "A.t().t().contiguous()"),
        ("A.double()[1:2]", "A[1:2].double()"),
        ("A.clone().t().reshape(12)", "A.t().reshape(12)"),
        ("A.t().clone().contiguous()", "A.t().contiguous()"),
        ("A.to(torch.int32)[0]", "A[0].to(torch.int32)"),
        ("torch.nn.functional.relu(A).t().clone().contiguous()", "torch.nn.functional.relu(A).t().contiguous()"),
        ("torch.linalg.pinv(A).double()[:2]", "torch.linalg.pinv(A)[:2].double()"),
    ],
)
def test_a_cheaper_order_is_pointed_out_and_gives_the_same_tensor(code, better):
    program = parse(code)
    advice = advise_chain(program, "B")
    before = evaluate(program)["B"]
    after = evaluate(parse(advice.code))["B"]
    assert written_bytes(after.steps) <= written_bytes(evaluate(parse(better))["B"].steps)
    assert torch.equal(before.tensor, after.tensor)
    assert (before.tensor.stride(), before.tensor.dtype) == (after.tensor.stride(), after.tensor.dtype)
    assert advice.saved_bytes == written_bytes(before.steps) - written_bytes(after.steps) > 0


@pytest.mark.parametrize(
    "code",
    ["A.t().reshape(12)", "A.t().contiguous()", "A.flatten()", "A + 1", "A.t().contiguous().double()", "A.clone()"],
)
def test_nothing_is_advised_where_nothing_is_certainly_cheaper(code):
    assert advise_chain(parse(code), "B") is None


@pytest.mark.parametrize("code", ["torch.nn.functional.relu(A)", "torch.linalg.pinv(A).t()", "torch.relu(A)"])
def test_a_function_in_a_module_is_no_chain(code, monkeypatch):
    monkeypatch.setattr(chain, "evaluate", None)  # nothing is planned for it
    assert advise_chain(parse(code), "B") is None


def test_a_clone_that_keeps_the_storage_apart_is_never_advised_away():
    assert advise_chain(parse("A.contiguous().clone()"), "B") is None


def test_advice_on_random_chains_is_always_the_same_tensor_for_fewer_bytes():
    rng = random.Random(8)
    pieces = [
        ".t()",
        ".contiguous()",
        ".clone()",
        ".double()",
        ".int()",
        "[1:]",
        ".reshape(-1)",
        ".unsqueeze(0)",
        ".flip(0)",
    ]
    advised = 0
    for _ in range(90):
        code = "A" + "".join(rng.choice(pieces) for _ in range(rng.randint(2, 5)))
        program = parse(code)
        before = evaluate(program)["B"]
        advice = advise_chain(program, "B")
        if advice is None:
            continue
        advised += 1
        after = evaluate(parse(advice.code))["B"]
        assert torch.equal(before.tensor, after.tensor), (code, advice.code)
        assert before.tensor.stride() == after.tensor.stride()
        assert before.tensor.dtype == after.tensor.dtype
        assert written_bytes(after.steps) < written_bytes(before.steps)
    assert advised > 12


VALUES = [
    "torch.tensor([1.5, -2.5, 300., float('nan')])",
    "torch.tensor([0., -0., 1., 2.])",
    "torch.arange(4) - 2",
    "torch.tensor([1 + 2j, 3., -1j, 0.])",
]
SUFFIXES = [
    ".int()", ".double()", ".half()", ".to(torch.uint8)", ".contiguous()", ".clone()", ".view(torch.int32)",
    ".view(torch.uint8)", ".view(torch.int16)", "[1:3]", "[::2]", ".flip(0)", ".reshape(2, -1)", ".unsqueeze(0)",
    ".expand(2, -1)", ".t()", ".unfold(0, 2, 1)", "[[0, 0, 1]]", ".T", ".narrow(0, 0, 1)",
]  # fmt: skip


def test_what_is_advised_has_the_same_bits_also_where_bytes_are_read_as_another_dtype():
    rng = random.Random(3)
    advised = 0
    for _ in range(250):
        code = "A" + "".join(rng.choice(SUFFIXES) for _ in range(rng.randint(2, 4)))
        base = f"A = {rng.choice(VALUES)}\nB = "
        advice = advise_chain(Program.parse(base + code), "B")
        if advice is None:
            continue
        advised += 1
        one, other = (evaluate(Program.parse(base + text))["B"].tensor for text in (code, advice.code))
        assert (one.dtype, one.shape, one.stride()) == (other.dtype, other.shape, other.stride()), (code, advice.code)
        bits = [tensor.resolve_conj().numpy().tobytes() for tensor in (one, other)]
        assert bits[0] == bits[1], (code, advice.code)
    assert advised > 10


def test_a_cast_is_never_moved_past_a_view_of_the_bytes():
    program = Program.parse("A = torch.tensor([1.5, 2.5, -3.])\nB = A.int().view(torch.int32)")
    assert advise_chain(program, "B") is None


def test_the_steps_of_a_view_follow_those_of_its_storage():
    program = Program.parse(f"{BASE}v = torch.tensor([10., 20., 30.])\nB = A + v[:, None]\nW = B.t()")
    notes = note_steps("W", dict(evaluate(program)))
    assert [(note.line, note.step.code, note.verdict) for note in notes] == [
        ("B", "v[:, None]", "view"),
        ("B", "stretched", "view"),
        ("B", "A + …", "new 48 B"),
        ("W", "B.t()", "view"),
    ]
    assert notes[-1].note == "Reads the storage of B, 48 B: no data is moved."
    assert [note.on_storage for note in notes] == [False, False, True, True]


def test_a_copy_says_which_axes_do_not_merge():
    notes = note_steps("B", dict(evaluate(parse("A.t().reshape(12)"))))
    assert notes[-1].verdict == "copy 48 B"
    assert "Axes 0 and 1" in notes[-1].note
    assert "no data is moved" in note_steps("B", dict(evaluate(parse("A.reshape(2, 6)"))))[-1].note
