from __future__ import annotations

import itertools
import random

import pytest
import torch

from playground.models.einsum.plan import plan_einsum
from playground.models.einsum.terms import Region, block_of, count_of_terms, fed_cells, feeding_cells, terms_of

CASES = [
    ("ij,jk->ik", [(3, 4), (4, 5)]),
    ("ii->", [(3, 3)]),
    ("iij->ji", [(3, 3, 2)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 2), (2, 2, 2, 2)]),
    ("i,j->ij", [(3,), (2,)]),
    ("ij,jk->ik", [(3, 1), (4, 2)]),
    ("...i,i->...", [(2, 3, 4), (4,)]),
    ("ijj,kj->ki", [(2, 3, 3), (2, 3)]),
    ("i,i,i->i", [(3,)] * 3),
    (",i->i", [(), (3,)]),
    ("i->", [(4,)]),
]


def cells(shape):
    return itertools.product(*map(range, shape))


@pytest.mark.parametrize(("equation", "shapes"), CASES)
def test_feeding_cells_are_those_with_a_gradient(equation, shapes):
    indexing = plan_einsum(equation, *shapes).indexing
    operands = [torch.rand(shape, dtype=torch.float64).add_(1).requires_grad_() for shape in shapes]
    result = torch.einsum(equation, *operands)
    for index in cells(result.shape):
        gradients = torch.autograd.grad(result[index], operands, retain_graph=True)
        for region, gradient in zip(feeding_cells(indexing, index), gradients, strict=True):
            lit = {cell for cell in cells(gradient.shape) if region.contains(cell)}
            assert lit == {cell for cell in cells(gradient.shape) if gradient[cell] != 0}
            assert region.count == len(lit)
            framed = list(region.patterns())
            assert lit == {
                cell
                for cell in cells(gradient.shape)
                for p in framed
                if all(want is None or want == place for want, place in zip(p, cell, strict=True))
            }
        for operand, gradient in enumerate(gradients):
            for cell in cells(gradient.shape):
                fed = fed_cells(indexing, operand, cell)
                assert (fed is not None and fed.contains(index)) == (gradient[cell].item() != 0)


def test_a_diagonal_region_is_listed_cell_by_cell_up_to_a_limit():
    region = Region((1000, 1000), (None, None), ((0, 1),))
    assert len(list(region.patterns(7))) == 7
    assert region.count == 1000


def test_long_sums_keep_first_and_last_terms():
    a, b = torch.arange(1000.0), torch.ones(1000)
    indexing = plan_einsum("i,i->", (1000,), (1000,)).indexing
    total = terms_of(indexing, [a, b], (), a @ b, shown=6)
    assert (total.count, total.hidden, total.head) == (1000, 994, 4)
    assert [term.number for term in total.terms] == [0, 1, 2, 3, 998, 999]
    assert total.value == total.exact == 499500
    grown = terms_of(indexing, [a, b], (), a @ b, shown=6, upto=500)
    assert grown.partial == sum(range(500))
    assert 499 in [term.number for term in grown.terms]
    assert len(grown.terms) == 6


def test_sums_of_millions_are_not_added_up_again():
    a = torch.ones(1).expand(10**9)
    indexing = plan_einsum("i->", (10**9,)).indexing
    total = terms_of(indexing, [a], ())
    assert (total.count, total.exact, total.products) == (10**9, None, ())
    assert [term.factors for term in total.terms] == [(1.0,)] * 8


LONG = (
    ("i,i->", [(1_500_000,), (1_500_000,)]),
    ("ij,jk->ik", [(2, 1_200_000), (1_200_000, 2)]),
    ("kij,j->k", [(2, 1200, 1100), (1100,)]),
    ("ii,j->", [(1100, 1100), (1000,)]),
    ("aij,ij->", [(1, 1, 1_100_000), (1, 1_100_000)]),
)


@pytest.mark.parametrize(("equation", "shapes"), LONG)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool])
def test_a_sum_of_millions_grows_by_blocks(equation, shapes, dtype):
    torch.manual_seed(1)
    operands = [torch.randint(0, 3, shape).to(dtype) for shape in shapes]
    indexing = plan_einsum(equation, *shapes).indexing
    result = torch.einsum(equation, *(operand.to(torch.int64) for operand in operands))
    index = (1,) * result.ndim
    block, total = block_of(indexing), None
    count = count_of_terms(indexing)
    assert 1 < count / block <= 64
    for upto in range(block, count, block):
        total = terms_of(indexing, operands, index, result, upto=upto, before=total)
        assert len(total.products) == upto // block
    assert total.can_step
    rest = terms_of(indexing, operands, index, result, upto=count, before=total)
    assert rest.partial == result[index].item()
    again = terms_of(indexing, operands, index, result, upto=block, before=rest)
    assert again.partial == rest.products[0]


def test_a_block_is_the_sum_of_its_terms():
    torch.manual_seed(2)
    a, b = torch.randn(1100, 1000), torch.randn(1000)
    indexing = plan_einsum("ij,j->", a.shape, b.shape).indexing
    block = block_of(indexing)
    rows = block // 1000
    total = terms_of(indexing, [a, b], (), a.sum(), upto=2 * block)
    assert total.partial == pytest.approx((a[: 2 * rows].double() * b.double()).sum().item(), rel=1e-12)
    assert total.terms[-1].number == 2 * block - 1


def test_longer_sums_are_not_worked_out_under_the_hand():
    a = torch.ones(1).expand(10**9)
    indexing = plan_einsum("i->", (10**9,)).indexing
    total = terms_of(indexing, [a], (), a[0], upto=10**8)
    assert (total.partial, total.products, total.can_step) == (None, (), False)


def test_rounding_is_told():
    a = torch.tensor([1e8, 1.0, -1e8])
    indexing = plan_einsum("i->", (3,)).indexing
    total = terms_of(indexing, [a], (), a.sum())
    assert total.exact == 1.0
    assert total.is_rounded == (a.sum().item() != 1.0)
    third = torch.tensor([0.1, 0.1])
    total = terms_of(plan_einsum("i,i->", (2,), (2,)).indexing, [third, third], (), third @ third)
    assert total.is_rounded


@pytest.mark.processor
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64, torch.bfloat16, torch.float16])
def test_terms_of_other_dtypes(dtype):
    source = random.Random(1)
    a = torch.tensor([[source.randint(0, 3) for _ in range(3)] for _ in range(2)]).to(dtype)
    indexing = plan_einsum("ij->i", (2, 3)).indexing
    result = torch.einsum("ij->i", a)
    for row in range(2):
        total = terms_of(indexing, [a], (row,), result)
        assert total.exact == total.value
