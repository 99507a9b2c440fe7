"""Every offer helps: each fix of many clashes is taken as its button takes it, and a result comes."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.broadcasting.request import broadcast_request, chosen_operands, compute_broadcast
from playground.models.broadcasting.request import request_with_fix as with_broadcast_fix
from playground.models.einsum.edits import with_fix
from playground.models.einsum.fixes import PATIENCE
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.language.vocabulary import VOCABULARY
from playground.models.memory.request import compute_memory, memory_request
from playground.models.problem import Problem, ProblemError
from playground.models.program.edit import edit_code, paste_problem, pasted, with_statement
from playground.models.program.program import Program, parse_source
from playground.models.program.sources import Expression
from playground.models.state import EinsumState, MemoryState, PlaygroundState, StridedChoice

BASE = Program.parse(
    "A = torch.arange(12.).reshape(3, 4)\n"
    "v = torch.tensor([10., 20., 30.])\n"
    "n = torch.arange(12).reshape(3, 4)\n"
    "b = n > 5\n"
    "s = torch.tensor(2.)\n"
    "X = torch.arange(24.).reshape(2, 3, 4)"
)
ARGUMENTS = (
    "",
    "1",
    "v",
    "A",
    "n",
    "b",
    "0, v",
    "2, 7",
    "X",
    "v, A",
    "[0, 1]",
    "A, device=7",
    "dtype=torch.int64",
    '"mean"',
)
SECOND_FAULTS = ("", " + v", ".cuda()", "[..., 0]", " @ v.long()")


def offered_and_taken(lines: Iterator[str]) -> int:
    """How many fixes these lines have; each is taken and must leave a result, and the shape that it promised."""
    count = 0
    for line in lines:
        program = BASE.appended("Z", Expression(line))
        problem = evaluate(program)["Z"].problem
        for fix in problem.fixes if problem is not None else ():
            mended = evaluate(edit_code(program, "Z", fix.code))["Z"]
            assert not mended.failed, (line, fix.code, mended.problem)
            assert mended.problem is None or mended.problem.severity != "error"
            if fix.gives.startswith("("):
                assert str(tuple(mended.meta.shape)) == fix.gives, (line, fix)
            count += 1
    return count


@pytest.mark.parametrize("second", SECOND_FAULTS)
def test_fixes_of_every_word_that_is_refused(second: str, every_case: bool) -> None:
    rng = random.Random(second)
    words = list(VOCABULARY.values())
    words = words if every_case else rng.sample(words, len(words) // 12)

    def lines() -> Iterator[str]:
        for word in words:
            for arguments in rng.sample(ARGUMENTS, 3):
                if word.name.startswith("."):
                    receiver = rng.choice(["A", "v", "n", "X", "s", "A.t()"])
                    yield (
                        f"{receiver}{word.name}{second}"
                        if word.is_property
                        else f"{receiver}{word.name}({arguments}){second}"
                    )
                elif word.name.startswith("torch."):
                    yield f"{word.name}({arguments}){second}"
                elif len(word.name) < 3 and word.name[0] not in "[~":
                    yield f"{rng.choice('AvnX')} {word.name.replace('x', '')} {rng.choice('Avnb')}{second}"

    assert offered_and_taken(lines()) > (3 if every_case else 0)


def test_fixes_of_every_method_that_writes_in_place(every_case: bool) -> None:
    methods = [name for name in dir(torch.Tensor) if name.endswith("_") and not name.startswith("_")]
    methods = methods if every_case else methods[::12]

    def lines() -> Iterator[str]:
        for method in methods:
            for arguments in ("", "1", "v", "A", "0, 1"):
                yield f"A.{method}({arguments})"
            yield f"(n + 1).{method}(2) + v"

    assert offered_and_taken(lines()) > (60 if every_case else 4)


def test_fixes_of_a_program_that_is_pasted() -> None:
    taken = 0
    for statement in ("A += 1", "A[0] = 1", "A[1:] = 0", "A[A > 3] = 0", "A.add_(1)", "A.zero_()", "A @= A", "A + 1",
                      "1A = 3", "lambda = A", "A[0, 1] += v", "A.nothing_()"):  # fmt: skip
        text = f"A = torch.ones(3, 4)\nv = torch.ones(3)\n{statement}\nlast = v"
        with pytest.raises(ProblemError) as caught:
            Program.parse(text)
        problem = paste_problem(Program(), text, caught.value.problem)
        for fix in problem.fixes:
            mended = pasted(Program(), with_statement(text, problem, fix))
            assert not any(line.failed for line in evaluate(mended).values()), (statement, fix.code)
            taken += 1
    assert taken > 5


SIZES = st.lists(st.integers(1, 4), max_size=3).map(tuple)


@settings(max_examples=25, deadline=None)
@given(st.lists(SIZES, min_size=1, max_size=3), st.randoms(use_true_random=False), st.booleans())
def test_fixes_of_einsums_in_a_line_and_on_the_panel(shapes, rng, whole) -> None:
    terms = [
        "".join(rng.choice("ijk") for _ in range(max(0, len(shape) + rng.choice([0, 0, 0, -1, 1])))) for shape in shapes
    ]
    equation = ",".join(terms[: len(terms) - (rng.random() < 0.1)]) + rng.choice(["->", "->i", "->ik", "", "->q"])
    names = "ABC"[: len(shapes)]
    kinds = [rng.choice(["", "", ".long()"]) for _ in names]
    program = Program.parse(
        "\n".join(f"{name} = torch.ones({shape}){kind}" for name, shape, kind in zip(names, shapes, kinds, strict=True))
    )
    operands = [f"{name}.clone()" if whole else name for name in names]
    line = program.appended("Z", Expression(f'torch.einsum("{equation}", {", ".join(operands)})'))
    problem = evaluate(line)["Z"].problem
    for fix in problem.fixes if problem is not None else ():
        assert not evaluate(edit_code(line, "Z", fix.code))["Z"].failed, fix.code
    state = PlaygroundState(program=program, einsum=EinsumState(equation, tuple(operands)))
    for fix in _einsum_fixes(state):
        if fix.target != PATIENCE:
            assert compute_einsum(einsum_request(with_fix(state, fix))).plan is not None


def _einsum_fixes(state: PlaygroundState):
    try:
        result = compute_einsum(einsum_request(state))
    except ProblemError as error:
        return error.problem.fixes
    return result.problem.fixes if result.problem is not None else ()


@settings(max_examples=20, deadline=None)
@given(SIZES, SIZES, st.sampled_from(["A + B", "(A * B).sum()", "torch.where(A > B, A, B)", "A - B @ B", "(A + B)[7]"]))
def test_fixes_of_a_broadcast_in_a_line_and_by_hand(one, other, code) -> None:
    program = Program.parse(f"A = torch.ones({one})\nB = torch.ones({other})\nZ = {code}")
    for state in (
        PlaygroundState(program=program, selection="Z"),
        chosen_operands(PlaygroundState(program=program, selection="A"), ("A", "B"), "*"),
    ):
        result = compute_broadcast(broadcast_request(state), Job())
        explanation = result.explanation
        problems: list[Problem | None] = [explanation.problem, explanation.warning] if explanation is not None else []
        for fix in [fix for problem in problems if problem is not None for fix in problem.fixes]:
            request = with_broadcast_fix(result, fix)
            assert request is not None, fix
            if request.line:
                mended = program.with_source(request.line, parse_source(request.text))
                assert not evaluate(mended)[request.line].failed, fix
            else:
                assert compute_broadcast(request, Job()).explanation.problem is None


@settings(max_examples=20, deadline=None)
@given(
    SIZES,
    st.sampled_from(["", ".mT", ".t()", "[None]", "[..., ::2]"]),
    st.sampled_from(["", "6", "2, -1", "3, 3", "5"]),
    st.data(),
)
def test_fixes_of_a_view_and_of_a_pattern(shape, ending, text, data) -> None:
    program = Program.parse(f"A = torch.ones({shape}){ending}")
    if evaluate(program)["A"].failed:
        return
    sizes = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=3))
    strides = data.draw(st.lists(st.integers(-2, 4), min_size=len(sizes), max_size=len(sizes)))
    strided = StridedChoice("A", tuple(sizes), tuple(strides), data.draw(st.integers(0, 3)))
    memory = MemoryState(view_shape=text, strided=strided)
    result = compute_memory(memory_request(PlaygroundState(program=program, selection="A", memory=memory)), Job())
    fixes = [*(result.view.fixes if result.view is not None else ())]
    fixes += result.strided.problem.fixes if result.strided.problem is not None else ()
    for fix in fixes:
        line = program.appended("Z", Expression(f"A.{fix.code.removeprefix('.')}"))
        assert not evaluate(line)["Z"].failed, fix.code
