"""Thousands of random equations and shapes, legal and not: torch.einsum and np.einsum are the oracles."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from playground.models.einsum.equivalents import equivalents_of
from playground.models.einsum.loops import loops_of
from playground.models.einsum.numpy_verdict import numpy_accepts
from playground.models.einsum.plan import EinsumPlan, plan_einsum
from playground.models.einsum.terms import terms_of
from playground.models.outcome import ProblemError

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
