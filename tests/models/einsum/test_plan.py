from __future__ import annotations

import random
import string

import opt_einsum
import pytest
import torch

from playground.models.einsum.cost import cost_of
from playground.models.einsum.diagram import diagram_of
from playground.models.einsum.equation import parse_equation
from playground.models.einsum.labels import index_labels, stretch_warning
from playground.models.einsum.plan import plan_einsum
from playground.models.formatting import shape_in_words
from playground.models.problem import Problem, ProblemError


def problem_of(equation: str, *shapes: tuple[int, ...]) -> Problem:
    with pytest.raises(ProblemError) as caught:
        plan_einsum(equation, *shapes)
    return caught.value.problem


def roles(equation: str, *shapes: tuple[int, ...]) -> dict[str, str]:
    return {name: label.role for name, label in plan_einsum(equation, *shapes).labels.items()}


def test_a_matrix_product():
    plan = plan_einsum("ij,jk->ik", (3, 4), (4, 5))
    assert plan.output_shape == (3, 5)
    assert {name: label.size for name, label in plan.labels.items()} == {"i": 3, "j": 4, "k": 5}
    assert plan.labels["j"].found_in(plan.names) == "A axis 1, B axis 0"
    assert plan.labels["j"].reason == "not right of the arrow"
    assert plan.labels["k"].reason == "axis 1 of C"
    assert plan.equivalent == "A @ B"
    assert plan.sentence == "For each i and k, multiply A[i,j] by B[j,k] and add over j."
    assert plan.path == ((0, 1),)
    assert plan.loops.splitlines() == [
        "C = torch.zeros((3, 5))",
        "for i in range(3):",
        "  for k in range(5):",
        "    for j in range(4):",
        "      C[i,k] += A[i,j]*B[j,k]",
    ]


@pytest.mark.parametrize(
    ("equation", "shapes", "expected"),
    [
        ("ii", [(3, 3)], {"i": "summed"}),
        ("ii->i", [(3, 3)], {"i": "diagonal"}),
        ("iij->ij", [(2, 2, 3)], {"i": "diagonal", "j": "kept"}),
        ("i,i->i", [(3,), (3,)], {"i": "kept"}),
        ("i->", [(3,)], {"i": "summed"}),
        ("b,b,b->", [(3,)] * 3, {"b": "summed"}),
        ("ij,jk->ijk", [(2, 1), (4, 3)], {"i": "kept", "j": "broadcast", "k": "kept"}),
        ("ij,jk->ik", [(2, 1), (4, 3)], {"i": "kept", "j": "summed", "k": "kept"}),
        ("i...->i", [(2, 3)], {"i": "kept", "e0": "summed"}),
        ("...i->...", [(5, 2, 3)], {"e0": "kept", "e1": "kept", "i": "summed"}),
    ],
)
def test_roles(equation, shapes, expected):
    assert roles(equation, *shapes) == expected


def test_reasons_say_what_is_the_case():
    assert plan_einsum("ii", (3, 3)).labels["i"].reason == ("twice in A: the diagonal, no arrow, and it appears twice")
    assert plan_einsum("ba", (2, 3)).labels["a"].reason == "no arrow, and it appears once: axis 0 of B"
    stretched = plan_einsum("ij,jk->ik", (2, 1), (4, 3))
    assert stretched.labels["j"].reason == "size 1 of A axis 1 is stretched to 4, not right of the arrow"


def test_a_silent_stretch_warns_with_its_place():
    warning = stretch_warning(plan_einsum("ij,jk->ik", (2, 1), (4, 3)).indexing)
    assert warning is not None
    assert str(warning) == "Broadcast: j is 1 on axis 1 of A and is stretched to 4."
    assert (warning.severity, warning.span.start) == ("warning", 1)
    assert stretch_warning(plan_einsum("...i,...i->...", (2, 3), (1, 3)).indexing) is None


@pytest.mark.parametrize(
    ("equation", "shapes", "marked", "words"),
    [
        ("", [], "", "Type subscripts, e.g. ij,jk->ik"),
        ("", [(2,)], "", "Type subscripts, e.g. ij,jk->ik"),
        ("ij,jk->iq", [(2, 3), (3, 4)], "q", "q is not an input index"),
        ("ij,jk->ii", [(2, 3), (3, 4)], "i", "For a diagonal, write it twice on the left"),
        ("ijk,jk->ik", [(2, 3), (3, 4)], "ijk", "A has 2 axes (2, 3), ijk has 3 letters"),
        ("ij,jk->ik", [(2, 3), (4, 5)], "j", "j has two sizes: 3 is axis 1 of A, 4 is axis 0 of B"),
        ("ii->i", [(2, 3)], "i", "A diagonal needs equal sizes"),
        ("ii->i", [(1, 3)], "i", "1 is axis 0 of A, 3 is axis 1"),
        ("ij,jk,kl", [(2, 3), (3, 4)], "kl", "C has no tensor"),
        ("ij", [(2, 3), (3, 4)], "ij", "B has no subscripts"),
        ("...i,...i->...", [(2, 3), (5, 3)], "...", "The ellipsis has two sizes"),
        ("i" * 70, [(2, 2)], "i" * 70, "No tensor has more than 64 axes"),
        ("->i", [()], "i", "i is not an input index"),
    ],
)
def test_problems_name_the_letter_the_operand_and_the_sizes(equation, shapes, marked, words):
    problem = problem_of(equation, *shapes)
    assert words in str(problem)
    if problem.span is not None:
        assert problem.span.of(equation) == marked


def test_fixes_of_the_design():
    fixes = problem_of("ij,jk->ik", (3, 4), (3, 4)).fixes
    assert [(fix.code, fix.gives) for fix in fixes[:2]] == [("ij,kj->ik", "(3, 3)"), ("ji,jk->ik", "(4, 4)")]
    assert fixes[2].target == "operand.0"
    squeezed = problem_of("ij,jk->ik", (3, 4, 1), (4, 5)).fixes
    assert "A.squeeze(2)" in [fix.code for fix in squeezed]
    assert [fix.code for fix in problem_of("ij;jk->ik", (3, 4), (4, 5)).fixes] == ["ij,jk->ik"]


@pytest.mark.parametrize(
    ("equation", "shapes", "code"),
    [
        ("ij,jk->ik", [(2, 3, 4), (3,)], "ijl,j->i"),
        ("ijk,jk->i", [(3, 4), (5,)], "ij,l->i"),
        ("i,j->ij", [(2, 3), (4, 5, 6)], "ik,jlm->ij"),
        ("ijk,k->i", [(), (2, 2, 2)], ",klm->"),
    ],
)
def test_where_no_operand_has_the_letters_of_its_axes_all_get_them(equation, shapes, code):
    (fix,) = problem_of(equation, *shapes).fixes
    assert fix.code == code
    assert fix.gives == shape_in_words(torch.einsum(code, *(torch.ones(shape) for shape in shapes)).shape)


def test_cost_of_the_tucker_product():
    cost = plan_einsum("pi,qj,ijkl,rk,sl->pqrs", (10, 10), (10, 10), (10,) * 4, (10, 10), (10, 10)).cost
    assert cost.naive_operations == 5 * 10**8
    assert cost.operations == 8 * 10**5
    assert cost.largest_intermediate == 10**4


def test_torch_adds_lone_letters_up_first():
    cost = plan_einsum("ij,kl->", (1000, 1000), (1000, 1000)).cost
    assert cost.operations == 2 * 10**12
    assert cost.work == 2 * 10**6 + 1
    assert plan_einsum("ij,jk->ik", (3, 4), (4, 5)).cost.work == 2 * 60


def test_cost_is_opt_einsums_on_random_equations():
    source = random.Random(3)
    for _ in range(150):
        letters = string.ascii_lowercase[:6]
        sizes = {letter: source.randint(1, 6) for letter in letters}
        terms = ["".join(source.sample(letters, source.randint(1, 3))) for _ in range(source.randint(1, 5))]
        output = "".join(source.sample(sorted(set("".join(terms))), source.randint(0, 1)))
        equation = ",".join(terms) + "->" + output
        shapes = [tuple(sizes[letter] for letter in term) for term in terms]
        _, theirs = opt_einsum.contract_path(equation, *shapes, shapes=True, optimize="auto")
        mine = plan_einsum(equation, *shapes).cost
        assert mine.operations == theirs.opt_cost, (equation, shapes)
        if len("".join(terms)) > len(set("".join(terms))) and set(output) < set("".join(terms)):
            # Where no letter repeats, opt_einsum leaves the additions of the naive loop out.
            assert mine.naive_operations == theirs.naive_cost, (equation, shapes)
        assert mine.largest_intermediate == theirs.largest_intermediate, (equation, shapes)


def test_steps_of_the_path_run_as_written():
    source = random.Random(4)
    for _ in range(100):
        letters = "abcdef"
        terms = ["".join(source.sample(letters, source.randint(1, 3))) for _ in range(4)]
        output = "".join(source.sample(sorted(set("".join(terms))), 1))
        equation = ",".join(terms) + "->" + output
        shapes = [tuple(2 + letters.index(letter) % 3 for letter in term) for term in terms]
        plan = plan_einsum(equation, *shapes)
        operands = [torch.randint(-3, 4, shape).double() for shape in shapes]
        names = dict(zip(plan.names, operands, strict=False))
        for line in plan.steps_in_torch:
            name, code = line.split(" = ", 1)
            names[name] = eval(code, {"torch": torch}, names)
        assert torch.equal(names[plan.result_name], torch.einsum(equation, *operands)), equation


def test_many_letters_operands_and_huge_shapes():
    plan = plan_einsum(string.ascii_letters, (2,) * 52)
    assert len(plan.labels) == 52
    plan = plan_einsum(",".join(string.ascii_letters[:20]), *[(3,)] * 20)
    assert plan.cost.output_elements == 3**20
    plan = plan_einsum("ij,jk->ik", (10**6, 10**6), (10**6, 10**6))
    assert plan.cost.operations == 2 * 10**18
    assert plan_einsum("ij,jk->ik", (0, 3), (3, 4)).output_shape == (0, 4)


def test_the_result_is_called_by_a_free_name():
    assert plan_einsum("i,i->", (3,), (3,)).result_name == "C"
    assert plan_einsum("i,i->", (3,), (3,), names=["B", "C"]).result_name == "A"


def test_diagrams_hold_every_letter_and_operand():
    for equation, shapes in [
        ("ij,jk->ik", [(3, 4), (4, 5)]),
        ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("ir,jr,kr->ijk", [(3, 2), (4, 2), (5, 2)]),
        ("ii->", [(3, 3)]),
        ("->", [()]),
    ]:
        indexing = index_labels(parse_equation(equation), shapes)
        diagram = diagram_of(indexing)
        assert sorted(line.label for line in diagram.lines) == sorted(indexing.labels)
        assert {line.label for line in diagram.lines if line.ends_open is not None} == set(indexing.output_labels)
        places = [node.at for node in diagram.nodes] + [line.hub for line in diagram.lines if line.hub is not None]
        assert all(0 <= x <= 1 and 0 <= y <= 1 for x, y in places)
        assert cost_of(indexing).steps
