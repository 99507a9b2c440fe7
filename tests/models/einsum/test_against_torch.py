"""Thousands of random equations and shapes, legal and not: torch.einsum and np.einsum are the oracles."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from playground.models.einsum.equivalents import equivalents_of
from playground.models.einsum.labels import Indexing
from playground.models.einsum.numpy_verdict import NUMPY_OPERANDS, einsum_in_numpy
from playground.models.einsum.plan import EinsumPlan, loops_of, plan_einsum
from playground.models.einsum.request import compute_einsum, einsum_request
from playground.models.einsum.terms import terms_of
from playground.models.evaluation.evaluate import evaluate
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.state import EinsumState, PlaygroundState

CASES = 5000


def random_case(source: random.Random) -> tuple[str, list[tuple[int, ...]]]:
    letters = source.sample("ijkabXY", source.randint(1, 4))
    sizes = {
        letter: source.choice((0, 1, 2, 2, 3, 3, 4)) if source.random() < 0.3 else source.choice((2, 3))
        for letter in letters
    }
    terms, shapes = [], []
    ellipsis = [source.choice((1, 2, 3)) for _ in range(2)]
    for _ in range(source.choice((1, 1, 2, 2, 2, 3, 3, 4))):
        labels = [source.choice(letters) for _ in range(source.randint(0, 3))]
        shape = [1 if source.random() < 0.07 else sizes[label] for label in labels]
        if source.random() < 0.2:
            at = source.randint(0, len(labels))
            own = ellipsis[source.randint(0, 2) :]
            labels[at:at] = ["..."]
            shape[at:at] = [1 if source.random() < 0.2 else size for size in own]
        if source.random() < 0.06:
            shape = shape[:-1] if source.random() < 0.5 else [*shape, 2]
        terms.append("".join(labels))
        shapes.append(tuple(shape))
    text = ",".join(terms)
    if source.random() < 0.8:
        known = sorted(set("".join(terms)) - {"."})
        output = source.sample(known, source.randint(0, len(known)))
        if "..." in text and source.random() < 0.7:
            output.insert(source.randint(0, len(output)), "...")
        if source.random() < 0.03:
            output.append(source.choice("ijkqXz."))
        text += "->" + "".join(output)
    if source.random() < 0.1:
        at = source.randint(0, len(text))
        text = text[:at] + source.choice([" ", " ", "1", ".", ",", "->", "é", "\n", "-", ">", "\t", "Q"]) + text[at:]
    return text, shapes


def operands_of(shapes: list[tuple[int, ...]], source: random.Random) -> list[torch.Tensor]:
    """Small whole numbers in float64: every order of adding gives the same."""
    generator = torch.Generator().manual_seed(source.randint(0, 10**6))
    return [torch.randint(-4, 5, shape, generator=generator).double() for shape in shapes]


def verdict(text: str, shapes: list[tuple[int, ...]]) -> EinsumPlan | None:
    try:
        return plan_einsum(text, *shapes)
    except ProblemError:
        return None


def torch_verdict(text: str, operands: list[torch.Tensor]) -> torch.Tensor | None:
    try:
        return torch.einsum(text, *operands)
    except (RuntimeError, ValueError, IndexError):
        return None


def numpy_verdict(text: str, operands: list[torch.Tensor]) -> np.ndarray | None:
    try:
        return np.asarray(np.einsum(text, *[operand.numpy() for operand in operands]))
    except (ValueError, TypeError):
        return None


@pytest.fixture(scope="module")
def cases():
    source = random.Random(20260101)
    made = []
    for _ in range(CASES):
        text, shapes = random_case(source)
        operands = operands_of(shapes, source)
        made.append((text, shapes, operands, verdict(text, shapes), torch_verdict(text, operands)))
    return made


def test_verdict_and_shape_are_torchs(cases):
    legal = 0
    for text, shapes, _, plan, result in cases:
        assert (plan is None) == (result is None), (text, shapes)
        if plan is not None and result is not None:
            assert plan.output_shape == tuple(result.shape), (text, shapes)
            legal += 1
    assert CASES * 0.5 < legal < CASES * 0.95


def test_views_are_views(cases):
    seen = 0
    for text, shapes, operands, plan, result in cases:
        if plan is not None and result is not None:
            storage = result.untyped_storage().data_ptr()
            shares = any(storage == o.untyped_storage().data_ptr() for o in operands if o.numel() or result.numel())
            if result.numel():
                assert plan.is_view == shares, (text, shapes)
                seen += plan.is_view
    assert seen > 100


def numpy_accepts(indexing: Indexing) -> bool:
    """Whether np.einsum takes what torch takes: no axes of an ellipsis summed away, fewer than 64 operands."""
    lost = any(len(name) > 1 and label.is_summed for name, label in indexing.labels.items())
    return not lost and len(indexing.shapes) <= NUMPY_OPERANDS


def test_numpy_differs_where_the_note_says_so(cases):
    differing = 0
    for text, shapes, operands, plan, result in cases:
        if plan is not None and result is not None:
            theirs = numpy_verdict(text, operands)
            assert (theirs is not None) == numpy_accepts(plan.indexing), (text, shapes)
            if theirs is not None:
                assert np.array_equal(theirs, result.numpy()), (text, shapes)
            differing += theirs is None
    assert differing > 20


@pytest.mark.processor
def test_loops_run_and_give_the_same_numbers(cases):
    for text, shapes, operands, plan, result in cases[::3]:
        if plan is not None and result is not None and plan.cost.index_space <= 300:
            names = dict(zip(plan.names, operands, strict=False))
            exec(loops_of(plan.indexing, "float64"), {"torch": torch}, names)
            assert torch.equal(names[plan.result_name], result), (text, shapes, plan.loops)


@pytest.mark.processor
def test_equivalents_are_exactly_equal(cases):
    tried = 0
    for text, shapes, operands, plan, result in cases:
        if plan is not None and result is not None:
            names = dict(zip(plan.names, operands, strict=False))
            for way in equivalents_of(plan.indexing):
                other = eval(way, {"torch": torch}, names)
                assert other.shape == result.shape, (text, shapes, way)
                assert torch.equal(other, result), (text, shapes, way)
                tried += 1
    assert tried > 1500


def test_every_fix_mends(cases):
    offered = 0
    for text, shapes, operands, plan, _ in cases[:1500]:
        if plan is None:
            with pytest.raises(ProblemError) as caught:
                plan_einsum(text, *shapes)
            problem = caught.value.problem
            assert problem.message
            if problem.span is not None:
                assert 0 <= problem.span.start <= problem.span.stop <= max(1, len(text))
            for fix in problem.fixes:
                if not fix.gives:
                    continue
                mended, equation = list(operands), fix.code
                if fix.target.startswith("operand."):
                    place = int(fix.target.removeprefix("operand."))
                    names = {"ABCDEFGH"[i]: operand for i, operand in enumerate(operands)}
                    mended[place] = eval(fix.code, {"torch": torch}, names)
                    equation = text
                assert str(tuple(torch.einsum(equation, *mended).shape)) == fix.gives, (text, shapes, fix)
                offered += 1
    assert offered > 100


def test_terms_add_up_to_the_cell(cases):
    source = random.Random(5)
    seen = 0
    for text, shapes, operands, plan, result in cases[::2]:
        if plan is not None and result is not None and result.numel():
            index = tuple(source.randrange(size) for size in result.shape)
            cell_sum = terms_of(plan.indexing, operands, index, result)
            assert cell_sum.exact == cell_sum.value, (text, shapes, index)
            if not cell_sum.hidden:
                assert sum(term.product for term in cell_sum.terms) == cell_sum.value
            for term in cell_sum.terms:
                factors = [operand[cell].item() for operand, cell in zip(operands, term.cells, strict=True)]
                assert list(term.factors) == factors
            seen += 1
    assert seen > 500


@pytest.mark.processor
def test_loops_run_whatever_letters_are_tensors_names():
    """Capital letters that are also the names of operands, of the result, or of each other's substitutes."""
    rng = random.Random(11)
    for _ in range(150):
        letters = "".join(rng.sample("ABCabct", 3))
        terms = ["".join(rng.sample(letters, rng.randint(0, 3))) for _ in range(rng.randint(1, 3))]
        used = sorted(set("".join(terms)))
        output = "".join(rng.sample(used, rng.randint(0, len(used))))
        sizes = {letter: rng.randint(1, 3) for letter in letters}
        shapes = [tuple(sizes[letter] for letter in term) for term in terms]
        names = rng.sample(["A", "B", "C", "a1", "b", "t"], len(terms))
        equation = f"{','.join(terms)}->{output}"
        plan = plan_einsum(equation, *shapes, names=names, result_name=rng.choice(["R", "c", "C2"]))
        operands = [torch.randint(-4, 5, shape).double() for shape in shapes]
        scope = dict(zip(names, operands, strict=True)) | {"torch": torch}
        exec(loops_of(plan.indexing, "float64"), scope)
        assert torch.equal(scope[plan.result_name], torch.einsum(equation, *operands)), plan.loops


@pytest.mark.parametrize("equation", ["l,l,l->l", "i,i->", "ij,jk->ik", "i,j->ij", "i->", "i,i,i->"])
def test_where_numpy_is_said_to_agree_it_gives_the_same_numbers(equation):
    """Whole numbers of several dtypes, whose products and sums overflow the narrow ones."""
    rng = random.Random(equation)
    generator = torch.Generator().manual_seed(7)
    agreed = differed = 0
    for _ in range(120):
        terms = equation.split("->")[0].split(",")
        kinds = [rng.choice(["uint8", "int8", "int16", "int64"]) for _ in terms]
        operands = [
            torch.randint(0, 127, (3,) * len(term), generator=generator).to(getattr(torch, kind))
            for term, kind in zip(terms, kinds, strict=True)
        ]
        try:
            ours = torch.einsum(equation, *operands)
        except RuntimeError:
            continue
        theirs = np.einsum(equation, *(operand.numpy() for operand in operands))
        same = str(theirs.dtype) == str(ours.numpy().dtype) and np.array_equal(theirs, ours.numpy())
        agrees = einsum_in_numpy(equation, [tuple(operand.shape) for operand in operands], kinds).agrees
        assert same or not agrees, (equation, kinds)
        agreed, differed = agreed + agrees, differed + (not same)
    assert agreed
    assert differed or equation != "l,l,l->l"


@pytest.mark.processor
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_distance_of_other_ways_is_the_measured_one(dtype):
    values = f"torch.linspace(-3., 7., 600, dtype=torch.{dtype}).reshape(20, 30)"
    program = Program.parse(f"A = {values}\nB = A.t() / 7")
    state = PlaygroundState(program=program, einsum=EinsumState("ij,jk->ik", ("A", "B")))
    result = compute_einsum(einsum_request(state))
    tensors = {name: line.tensor for name, line in evaluate(program).items()}
    assert len(result.equivalents) > 1
    others = [eval(way, {"torch": torch}, tensors) for way in result.equivalents]
    apart = max(float((other.double() - result.tensor.double()).abs().max()) for other in others)
    told = f"by up to {apart:.2g}" if apart else "exactly the same numbers here"
    assert told in result.equivalents_note
