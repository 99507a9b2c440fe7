import random
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.memory.as_strided import (
    StridedSpec,
    explain_strided,
    name_pattern,
    named_specs,
    spec_from_code,
    spec_of,
)
from playground.models.memory.layout import describe_layout


def test_verdicts_are_those_of_torch():
    rng = random.Random(4)
    storage = torch.zeros(40)
    seen = {True: 0, False: 0}
    for _ in range(3000):
        rank = rng.randint(0, 3)
        spec = StridedSpec(
            tuple(rng.choice((0, 1, 2, 3, 5)) for _ in range(rank)),
            tuple(rng.randint(-1, 14) if rng.random() < 0.3 else rng.randint(0, 9) for _ in range(rank)),
            rng.randint(-1, 45) if rng.random() < 0.3 else rng.randint(0, 20),
        )
        explained = explain_strided(spec, 160, 4)
        try:
            tensor = storage.as_strided(spec.size, spec.stride, spec.offset)
        except RuntimeError:
            tensor = None
        assert explained.allowed == (tensor is not None), spec
        seen[explained.allowed] += 1
        assert (explained.problem is None) == explained.allowed
        if tensor is not None and tensor.numel():
            layout = describe_layout(tensor)
            assert (explained.last, explained.overlap, explained.reached) == (
                layout.last_cell,
                layout.overlap,
                layout.reached,
            )
            assert explained.needed_bytes == 4 * (layout.last_cell + 1) <= 160
        if explained.problem is not None:
            for fix in explained.problem.fixes:
                if fix.code.startswith("as_strided"):
                    assert eval(fix.code, {"as_strided": storage.as_strided}).numel()
    assert min(seen.values()) > 500


def test_out_of_bounds_names_the_bytes():
    explained = explain_strided(StridedSpec((3, 4), (4, 1), 2), 48, 4)
    assert (
        explained.problem.message == "The last element is cell 13, bytes 52 to 56. The storage has 48 B: 8 B too few."
    )
    assert [fix.gives for fix in explained.problem.fixes] == ["(2, 4)", "(3, 2)"]


def test_the_very_end_of_the_storage_is_still_inside():
    assert explain_strided(StridedSpec((1,), (1,), 11), 48, 4).allowed
    assert explain_strided(StridedSpec((0,), (1,), 500), 48, 4).allowed
    assert not explain_strided(StridedSpec((1,), (1,), 12), 48, 4).allowed


def test_negative_strides_are_explained_with_the_copy_that_does_it():
    explained = explain_strided(StridedSpec((4,), (-1,), 3), 48, 4)
    assert "negative" in explained.problem.message
    assert explained.problem.fixes[0].code == ".flip(0)"
    assert "bytes 0 to 16" in explained.problem.message


@pytest.mark.parametrize(
    ("size", "stride", "word"),
    [
        ((3, 4), (4, 1), "contiguous"),
        ((4, 3), (1, 4), "transpose"),
        ((2, 3, 4), (1, 8, 2), "permute"),
        ((3,), (5,), "diagonal"),
        ((6, 3), (1, 1), "sliding window"),
        ((3, 4), (2, 1), "sliding window: 4 wide, moved by 2"),
        ((3, 4), (0, 1), "broadcast"),
        ((4,), (-1,), "flip"),
        ((1, 1), (7, 9), "single"),
        ((0, 2), (1, 1), "no elements"),
        ((2, 3), (6, 1), "block: 2 pieces of 3, 6 apart"),
        ((3, 2), (1, 6), "transposed block"),
        ((2, 3), (12, 2), "every 2nd"),
    ],
)
def test_patterns_have_their_names(size, stride, word):
    assert word in explain_strided(StridedSpec(size, stride, 0), 10**6, 4).pattern


@pytest.mark.parametrize("cells", [1, 2, 3, 5, 12, 100, 10**6])
def test_the_patterns_offered_fit_but_for_the_flip(cells):
    for name, spec in named_specs(cells):
        explained = explain_strided(spec, cells * 4, 4)
        if name == "Broadcast" or explained.last < cells:
            assert explained.allowed == (name != "Flip"), (name, spec)


def test_the_tensor_itself_is_a_start():
    tensor = torch.zeros(3, 4).t()[1:]
    spec = spec_of(describe_layout(tensor))
    assert spec == StridedSpec((3, 3), (1, 4), 1)
    assert spec.code == "as_strided((3, 3), (1, 4), 1)"
    assert spec_from_code(spec.code) == spec
    assert spec_from_code(StridedSpec((), ()).code) == StridedSpec((), ())
    assert spec_from_code(".flip(0)") is None


def test_more_sizes_than_strides_is_a_problem_that_names_both_lengths():
    storage = torch.zeros(12)
    for size, stride in [((3, 4), (1,)), ((2,), (4, 1)), ((), (1,)), ((3,), ())]:
        explained = explain_strided(StridedSpec(size, stride, 2), 48, 4)
        with pytest.raises(RuntimeError):
            storage.as_strided(size, stride, 2)
        assert not explained.allowed
        assert f"{len(size)} size" in explained.problem.message
        assert f"{len(stride)} stride" in explained.problem.message
        (fix,) = explained.problem.fixes
        assert explain_strided(spec_from_code(fix.code), 48, 4).allowed
        assert eval(fix.code, {"as_strided": storage.as_strided}).dim() == min(len(size), len(stride))
    assert not explain_strided(StridedSpec((30, 4), (1,)), 48, 4).problem.fixes


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(2, 4), st.integers(1, 24)), min_size=1, max_size=3))
def test_the_words_of_a_pattern_hold_of_the_cells_that_it_reads(axes):
    """Every 8th cell only where all cells that are read are whole steps of 8 apart; pieces are as far apart as said."""
    size, stride = tuple(n for n, _ in axes), tuple(s for _, s in axes)
    words = name_pattern(StridedSpec(size, stride))
    cells = torch.arange(200).as_strided(size, stride).flatten().tolist()
    steps = re.search(r"every (\d+)", words)
    if steps is not None:
        assert all(cell % int(steps[1]) == 0 for cell in cells), (words, size, stride)
    assert (len(set(cells)) < len(cells)) == words.startswith("sliding window"), (words, size, stride)
    dense = sorted(cells) == list(range(len(cells)))
    assert dense == words.startswith(("contiguous", "transpose:", "permute:", "every 1st")), (words, size, stride)
    listed = re.search(r"steps of ([\d, and]+) cells", words)
    if listed is not None:
        assert [int(number) for number in re.findall(r"\d+", listed[1])] == list(stride)
