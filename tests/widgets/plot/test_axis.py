import math
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playground.widgets.network.plots.distribution_plot import layer_range
from playground.widgets.plot.axis import (
    AxisRange,
    layer_ticks,
    linear_ticks,
    log_ticks,
    power_text,
    tick_text,
    value_ticks,
)

finite = st.floats(-1e12, 1e12)


@settings(max_examples=200, deadline=None)
@given(finite, finite, st.integers(2, 9))
def test_linear_ticks_are_few_even_and_inside(one, other, most):
    low, high = min(one, other), max(one, other)
    assume(high - low > 1e-6 * max(1, abs(low), abs(high)))
    ticks = linear_ticks(low, high, most)
    assert 1 <= len(ticks) <= most
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = [b - a for a, b in pairwise(ticks)]
    assert all(math.isclose(step, steps[0], rel_tol=1e-4) for step in steps)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 600), st.integers(1, 600), st.integers(2, 9))
def test_layer_ticks_begin_with_the_first_and_end_with_the_last(first, count, most):
    ticks = layer_ticks(first, first + count, most)
    assert (ticks[0], ticks[-1]) == (first, first + count)
    assert all(tick == round(tick) for tick in ticks)
    assert list(ticks) == sorted(set(ticks))


@settings(max_examples=300, deadline=None)
@given(st.floats(-330, 330), st.floats(0.5, 400), st.integers(2, 8))
def test_log_ticks_are_whole_powers_evenly_apart(low, width, most):
    ticks = log_ticks(low, low + width, most)
    assert len(ticks) <= most
    assert all(tick == round(tick) for tick in ticks)
    assert len({b - a for a, b in pairwise(ticks)}) <= 1
    if low <= 0 <= low + width:
        assert 0 in ticks


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (25, "25"), (1e-4, "1e-4"), (2.5e6, "2.5e6"), (1e6, "1e6"), (-3, "-3")]
)
def test_ticks_are_short(value, text):
    assert tick_text(value) == text


@pytest.mark.parametrize(("power", "text"), [(0, "1"), (-4, "1e-4"), (2, "1e2"), (-10, "1e-10")])
def test_powers(power, text):
    assert power_text(power) == text


@pytest.mark.parametrize("ends", [(math.nan, 1), (1, math.inf), (2, 1), (1, 1)])
def test_impossible_ranges_have_no_ticks(ends):
    assert linear_ticks(*ends) == ()
    assert AxisRange(*ends).labelled(*ends, 5) == ()


def test_given_ticks_win():
    assert AxisRange(0, 1, ticks=((0, "0%"), (1, "100%"))).labelled(0, 1, 9) == ((0, "0%"), (1, "100%"))


@pytest.mark.parametrize("depth", [3, 8, 50, 500])
def test_a_part_of_the_layers_is_labelled_as_densely_as_all(depth):
    whole = layer_range(depth)
    for low in range(1, depth):
        for high in range(low + 1, min(depth, low + 30)):
            labels = whole.labelled(low - 0.5, high + 0.5, 8, whole=True)
            assert len(labels) >= min(high - low + 1, 4), (low, high)
            assert all(place == int(text) for place, text in labels)


@settings(max_examples=300, deadline=None)
@given(st.floats(-30, 30), st.floats(0.05, 60), st.integers(2, 8))
def test_labels_of_a_logarithmic_axis_have_room(low, width, most):
    places = [place for place, _ in value_ticks(low, low + width, most)]
    assert all(low - 1e-6 <= place <= low + width + 1e-6 for place in places)
    assert all(b - a >= width / (1.5 * most) - 1e-9 or b - a >= 1 for a, b in pairwise(places))
