import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.memory.readers import UNKNOWN, Reach, cell_of, count_readers, elements_of_cell, measure_reach

LAYOUTS = st.integers(0, 4).flatmap(
    lambda rank: st.tuples(
        st.tuples(*[st.integers(0, 5)] * rank),
        st.tuples(*[st.integers(0, 13)] * rank),
    )
)


def readers_by_hand(shape, strides):
    return Counter(
        sum(i * s for i, s in zip(index, strides, strict=True))
        for index in itertools.product(*(range(size) for size in shape))
    )


@settings(deadline=None, max_examples=600)
@given(LAYOUTS)
def test_reach_is_what_visiting_every_element_finds(layout):
    shape, strides = layout
    readers = readers_by_hand(shape, strides)
    assert measure_reach(shape, strides) == Reach(any(n > 1 for n in readers.values()), len(readers))


def test_reach_of_many_random_layouts():
    rng = random.Random(5)
    for _ in range(4000):
        rank = rng.randint(1, 4)
        shape = tuple(rng.choice((1, 2, 3, 4, 6)) for _ in range(rank))
        strides = tuple(rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 12, 24, 35)) for _ in range(rank))
        readers = readers_by_hand(shape, strides)
        assert measure_reach(shape, strides) == Reach(any(n > 1 for n in readers.values()), len(readers)), (
            shape,
            strides,
        )


@pytest.mark.parametrize(
    ("shape", "strides", "reach"),
    [
        ((10**9,), (0,), Reach(True, 1)),
        ((10**6, 10**6), (10**6, 1), Reach(False, 10**12)),
        ((10**6, 100), (1, 1), Reach(True, 10**6 + 99)),
        ((8, 3, 224, 224, 3, 3), (150528, 50176, 224, 1, 224, 1), Reach(True, None)),
        ((10**5, 10**5), (10**5 + 1, 10**5), Reach(False, 10**10)),
        ((10**5 + 1, 10**5 + 2), (10**5 + 1, 10**5), Reach(True, (10**5 + 1) * (10**5 + 2) - 1)),
        ((3, 0), (7, 0), Reach(False, 0)),
        ((), (), Reach(False, 1)),
    ],
)
def test_reach_of_large_layouts(shape, strides, reach):
    found = measure_reach(shape, strides)
    assert found.overlap == reach.overlap
    if reach.cells is not None:
        assert found.cells == reach.cells


def test_what_cannot_be_decided_with_bounded_effort_is_said_to_be_unknown():
    primes = (1000003, 1000033, 1000037, 1000039, 1000081, 1000099)
    reach = measure_reach((300,) * 6, primes)
    assert reach.cells is None
    assert reach.overlap in {True, None}


@settings(deadline=None, max_examples=400)
@given(LAYOUTS, st.integers(0, 9))
def test_readers_of_each_cell_are_those_found_by_visiting_every_element(layout, offset):
    shape, strides = layout
    readers = readers_by_hand(shape, strides)
    counted = count_readers(shape, strides, offset, 0, 80)
    assert [readers[cell - offset] for cell in range(80)] == counted.tolist()


@settings(deadline=None, max_examples=300)
@given(LAYOUTS, st.integers(0, 9))
def test_elements_of_a_cell_are_all_that_read_it(layout, offset):
    shape, strides = layout
    by_cell = {}
    for index in itertools.product(*(range(size) for size in shape)):
        by_cell.setdefault(cell_of(index, strides, offset), []).append(index)
    for cell in range(0, 60, 7):
        assert list(elements_of_cell(shape, strides, offset, cell, limit=700)) == by_cell.get(cell, [])


def test_a_cell_of_a_huge_tensor_is_found_at_once():
    shape, strides = (10**6, 10**6), (1, 10**6)
    assert elements_of_cell(shape, strides, 3, 3 + 5 * 10**6 + 77) == ((77, 5),)
    assert count_readers(shape, strides, 0, 10**11, 10**11 + 3).tolist() == [1, 1, 1]


def test_the_first_elements_of_a_cell_with_many_readers():
    assert elements_of_cell((10**9, 3), (0, 1), 0, 2, limit=3) == ((0, 2), (1, 2), (2, 2))
    assert count_readers((10**9, 3), (0, 1), 0, 0, 3).tolist() == [10**9] * 3


def test_readers_beyond_the_bounded_effort_are_unknown():
    shape, strides = (5000, 5000, 5000), (10007, 10009, 10037)
    counted = count_readers(shape, strides, 0, 60_000_000, 60_000_002)
    assert set(counted.tolist()) <= {UNKNOWN}
