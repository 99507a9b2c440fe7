import random

import pytest
import torch

from playground.models.einsum.fixes import NOTE, is_unfinished, once_left, while_typing
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.problem import Fix, Problem, ProblemError, Span
from playground.models.program.program import Program
from playground.models.state import EinsumState, PlaygroundState

A, B, T, Q, K, V = (3, 4), (4, 5), (3, 4, 5), (2, 3, 4, 5), (2, 3, 6, 5), (3,)
TYPED = [
    ("ij,jk->ik", (A, B)),
    ("ij,jk", (A, B)),
    ("ij , jk -> ik", (A, B)),
    ("ii->i", ((3, 3),)),
    ("ii", ((3, 3),)),
    ("i,i->", (V, V)),
    ("i,j->ij", (V, (4,))),
    ("bhqd,bhkd->bhqk", (Q, K)),
    ("ij->ji", (A,)),
    ("ij->", (A,)),
    ("ij,ij->ij", (A, A)),
    ("...ij->...ji", (T,)),
    ("i,ij,j->", (V, A, (4,))),
    ("ijk->ik", (T,)),
    ("...,...->...", (A, A)),
    ("ia,ja->ij", (A, A)),
    ("i->", (V,)),
    ("ijk,jk->i", (T, B)),
    ("b...d,b...d->b...", (Q, Q)),
    ("ijk,ka,ab,bc->ijc", (T, (5, 2), (2, 3), (3, 4))),
]


def problem_of(equation, shapes):
    lines = "\n".join(f"P{number} = torch.ones({shape})" for number, shape in enumerate(shapes))
    operands = tuple(f"P{number}" for number in range(len(shapes)))
    state = PlaygroundState(program=Program.parse(lines), einsum=EinsumState(equation, operands))
    try:
        compute_einsum(einsum_request(state))
    except ProblemError as error:
        return error.problem
    return None


@pytest.mark.parametrize(("equation", "shapes"), TYPED)
def test_no_key_on_the_way_to_an_equation_is_an_error(equation, shapes):
    assert problem_of(equation, shapes) is None
    for length in range(len(equation)):
        problem = problem_of(equation[:length], shapes)
        assert problem is None or problem.severity == NOTE, equation[:length]
        assert problem is None or str(problem)


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,i", (A, B)),
        ("ijk", (A, B)),
        ("ij,jk,", (A, B)),
        ("i1", (A,)),
        ("ij->k", (A,)),
        ("ij->ii", (A,)),
        ("ij-x", (A,)),
        ("ij....", (T,)),
        ("i,jk", (A, B)),
        ("ij,jk->ik->", (A, B)),
        ("ij->ji,", (A,)),
    ],
)
def test_what_no_further_key_can_mend_is_an_error_at_once(equation, shapes):
    assert problem_of(equation, shapes).severity == "error"


def test_every_prefix_of_what_torch_takes_is_legal_or_unfinished():
    source = random.Random(3)
    tried = 0
    while tried < 300:
        sizes = {letter: source.choice((2, 3, 4)) for letter in "abcij"}
        terms = ["".join(source.choice("abcij") for _ in range(source.randint(0, 4))) for _ in range(3)]
        terms = terms[: source.randint(1, 3)]
        shapes = [tuple(sizes[letter] for letter in term) for term in terms]
        equation = ",".join(terms) + source.choice(("", "->", f"->{''.join(sorted(set(''.join(terms))))}"))
        torch.einsum(equation, *(torch.ones(shape) for shape in shapes))
        tried += 1
        assert all(is_unfinished(equation[:length], shapes) or _is_legal(equation[:length], shapes)
                   for length in range(len(equation)))  # fmt: skip


def _is_legal(equation, shapes):
    try:
        torch.einsum(equation, *(torch.ones(shape) for shape in shapes))
    except RuntimeError:
        return False
    return True


def test_a_note_has_no_fixes_until_the_hand_has_gone():
    problem = Problem("B has 2 axes.", Span(0, 1), (Fix("ij,jk"),), severity=NOTE)
    assert while_typing(problem) == Problem("B has 2 axes.", severity=NOTE)
    assert once_left(problem) == Problem("B has 2 axes.", Span(0, 1), (Fix("ij,jk"),))
    other = Problem("No.", Span(0, 1), (Fix("ij,jk"),))
    assert while_typing(other) == once_left(other) == other
