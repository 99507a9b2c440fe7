"""What an einsum and its equivalents cost, and the order that needs less memory than torch's own."""

import math

import opt_einsum
import pytest
import torch

from playground import Program, plan_einsum
from playground.models.einsum.ways import WayCost, WaysRequest, compute_ways


def test_a_letter_of_one_operand_is_summed_before_anything_is_multiplied():
    plan = plan_einsum("ij,k->i", (2000, 2000), (12_000,), names=("A", "B"))
    assert (plan.cost.products, plan.cost.work) == (2000, 2000 * 2000 + 12_000 + 2000)
    assert plan.equivalents[0] == "B.sum() * A.sum(1)"
    a, b = torch.rand(3, 4, dtype=torch.float64), torch.rand(5, dtype=torch.float64)
    assert torch.allclose(torch.einsum("ij,k->i", a, b), b.sum() * a.sum(1))


def test_an_order_with_a_far_smaller_intermediate_is_named_as_code_that_gives_the_same():
    shapes = [(500, 500)] * 4
    plan = plan_einsum("ij,jk,kl,jk->il", *shapes, names=("A", "B", "C", "D"))
    assert plan.cost.largest_intermediate == 500**3
    assert plan.better is not None
    assert plan.better.largest_intermediate == 500**2
    assert plan.better.work <= plan.cost.work
    _, info = opt_einsum.contract_path("ij,jk,kl,jk->il", *shapes, shapes=True, optimize=list(plan.better.path))
    assert info.largest_intermediate == plan.better.largest_intermediate
    values = {name: torch.rand(4, 4, dtype=torch.float64) for name in "ABCD"}
    expected = torch.einsum("ij,jk,kl,jk->il", *values.values())
    for line in plan.steps_of(plan.better):
        name, code = line.split(" = ", 1)
        values[name] = eval(code, {"torch": torch}, values)
    assert torch.allclose(values[plan.result_name], expected)


@pytest.mark.parametrize(("equation", "count"), [("ij,jk->ik", 2), ("ij,jk,kl->il", 3), ("ij->i", 1)])
def test_where_torchs_order_is_good_no_other_is_named(equation, count):
    assert plan_einsum(equation, *[(5, 5)] * count).better is None


def test_each_way_is_measured_and_what_does_not_fit_is_only_planned():
    program = Program.parse("A = torch.ones(40, 40)\nB = torch.ones(40, 40)")
    plan = plan_einsum("ij,jk->ik", (40, 40), (40, 40), names=("A", "B"))
    result = compute_ways(WaysRequest(program, plan.code, plan.equivalents, 1 << 17))
    cost = {one.code: one for one in result.costs}
    assert cost[plan.code].ratio == 1.0
    assert cost["A @ B"].allocated == 40 * 40 * 4
    assert math.isfinite(cost["A @ B"].seconds)
    lavish = cost[plan.equivalents[-1]]
    assert lavish.seconds is None
    assert lavish.allocated >= 40**3 * 4
    assert lavish.words.startswith("not run, ")


def test_a_way_that_is_more_than_twice_slower_says_so():
    assert WayCost("A @ B", 33e-6, 8000).words == "33 us, 8 kB"
    slow = WayCost("(A * B).sum()", 97e-3, 48_000_000, 97e-3 / 33e-6)
    assert slow.is_slow
    assert slow.words.startswith("97 ms, ")
    assert slow.words.endswith(" times as long")
