"""Windows onto tensors against torch's own indexing, for every dtype and awkward layouts."""

import math
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation.reader import Glyph, TensorReader, exact_text, fitted_text, full_text, short_text

DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int64,
    torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64, torch.bool,
    torch.complex64, torch.complex128,
)  # fmt: skip


def sample(dtype, shape=(3, 4)):
    generator = torch.Generator().manual_seed(3)
    numbers = torch.rand(shape, generator=generator, dtype=torch.float64) * 100
    return numbers.to(dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_reads_exactly(dtype):
    tensor = sample(dtype)
    window = TensorReader(tensor).read(0, 1, range(1, 3), range(2, 4))
    expected = [[tensor[row, column].item() for column in (2, 3)] for row in (1, 2)]
    assert window.values.tolist() == expected
    assert window.dtype == str(dtype).removeprefix("torch.")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_exact_text_names_the_element_and_no_other(dtype):
    for value in sample(dtype, (40,)):
        text = TensorReader(value).text(())
        read = {"True": True, "False": False}.get(text)
        if read is None:
            number = complex(text) if dtype.is_complex else float(text) if dtype.is_floating_point else int(text)
            wide = torch.complex128 if dtype.is_complex else torch.float64 if dtype.is_floating_point else None
            read = torch.tensor(number, dtype=wide).to(dtype).item()
        assert read == value.item()


def test_integers_beyond_two_to_the_53_are_exact():
    tensor = torch.tensor([2**63 - 1, -(2**63), 2**53 + 1])
    assert [TensorReader(tensor).text((i,)) for i in range(3)] == [str(2**63 - 1), str(-(2**63)), str(2**53 + 1)]
    unsigned = torch.tensor([2**64 - 1, 2**63 + 1], dtype=torch.uint64)
    assert [TensorReader(unsigned).text((i,)) for i in range(2)] == [str(2**64 - 1), str(2**63 + 1)]


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_any_axes_of_any_view_read_as_torch_indexes(data):
    rank = data.draw(st.integers(2, 5))
    shape = data.draw(st.tuples(*[st.integers(1, 4)] * rank))
    tensor = torch.arange(int(np.prod(shape)), dtype=torch.float32).reshape(shape)
    tensor = tensor.permute(data.draw(st.permutations(range(rank))))
    row, column = data.draw(st.permutations(range(rank)))[:2]
    fixed = {
        axis: data.draw(st.integers(0, tensor.shape[axis] - 1)) for axis in range(rank) if axis not in (row, column)
    }
    window = TensorReader(tensor).read(row, column, range(tensor.shape[row]), range(tensor.shape[column]), fixed)
    for i in range(tensor.shape[row]):
        for j in range(tensor.shape[column]):
            index = tuple({**fixed, row: i, column: j}[axis] for axis in range(rank))
            assert window.values[i, j] == tensor[index].item()


def test_awkward_tensors_read():
    grad = torch.ones(2, 3, requires_grad=True)
    assert TensorReader(grad).read(0, 1, range(2), range(3)).values.sum() == 6
    conjugated = torch.tensor([[1 + 2j]]).conj()
    assert TensorReader(conjugated).text((0, 0)) == "1-2j"
    stretched = torch.ones(3).expand(10**12, 3)
    assert TensorReader(stretched).read(0, 1, range(10**12 - 2, 10**12), range(3)).values.shape == (2, 3)
    assert TensorReader(torch.zeros(0, 3)).read(0, 1, range(5), range(5)).values.size == 0
    assert TensorReader(torch.tensor(2.5)).read(None, None, range(9), range(9)).values.tolist() == [[2.5]]
    assert TensorReader(torch.arange(3)).read(None, 0, range(1), range(3)).values.tolist() == [[0, 1, 2]]
    assert TensorReader(torch.arange(3)).read(0, None, range(3), range(1)).values.tolist() == [[0], [1], [2]]
    deep = torch.arange(4).reshape((1,) * 62 + (2, 2))
    assert TensorReader(deep).read(62, 63, range(2), range(2)).values.tolist() == [[0, 1], [2, 3]]


def test_reading_copies_nothing_but_the_window():
    tensor = torch.zeros(3000, 3000)
    tracemalloc.start()
    TensorReader(tensor.t()).read(0, 1, range(1000, 1030), range(2000, 2020))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_kinds_mark_what_is_special():
    tensor = torch.tensor([1.0, torch.nan, torch.inf, -torch.inf, 1e-40, 50.0, 0.0])
    window = TensorReader(tensor).read(None, 0, range(1), range(7))
    assert window.kinds(10.0)[0].tolist() == [
        Glyph.NORMAL, Glyph.NAN, Glyph.POSITIVE_INFINITY, Glyph.NEGATIVE_INFINITY, Glyph.SUBNORMAL, Glyph.CLIPPED, 0,
    ]  # fmt: skip
    half = TensorReader(torch.tensor([1e-5], dtype=torch.float16)).read(None, 0, range(1), range(1))
    assert half.kinds()[0, 0] == Glyph.SUBNORMAL


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(5, 12))
@settings(deadline=None, max_examples=300)
def test_fitted_text_fits_and_never_says_zero_of_something(value, characters):
    text = fitted_text(value, "float32", characters)
    assert len(text) <= characters
    if text == "…":
        return
    assert (float(text) == 0) == (value == 0)
    assert abs(float(text) - value) <= abs(value) * 0.51


def test_texts_of_what_is_no_number_fit_the_narrowest_cells():
    for characters in range(1, 6):
        for value in (math.inf, -math.inf, math.nan):
            text = fitted_text(value, "float32", characters)
            assert len(text) <= characters
    assert fitted_text(-math.inf, "float32", 3) == "-∞"
    assert fitted_text(math.inf, "float32", 2) == "∞"
    assert fitted_text(-math.inf, "float32", 4) == "-inf"


def test_texts_of_known_numbers():
    assert exact_text(0.10009765625, "bfloat16") == "0.1"
    assert exact_text(26.0, "float32") == "26"
    assert exact_text(-0.0, "float32") == "-0"
    assert fitted_text(1 / 3, "float32", 6) == "0.333"
    assert fitted_text(-1.23456, "float32", 6) == "-1.235"
    assert fitted_text(1234567, "int64", 6) == "1.23e6"
    assert [short_text(v) for v in (25.5, 3.60555, 11.9962, 566, 2.16e-8, 20, 1234, 9.999)] == [
        "25.5", "3.61", "12.0", "566", "2.16e-8", "20", "1234", "10.0",
    ]  # fmt: skip


def test_all_digits_are_told_where_the_text_is_rounded():
    assert full_text(torch.tensor(0.1).item(), "float32") == "0.100000001490116119384765625"
    assert full_text(0.10009765625, "bfloat16") == "0.10009765625"
    assert full_text(0.5, "float32") == ""
    assert full_text(26.0, "float32") == ""
    assert full_text(float("nan"), "float32") == full_text(3, "int64") == ""
