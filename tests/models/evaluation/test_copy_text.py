"""Copied cells, read back."""

import csv
import io

import pytest
import torch

from playground.models.evaluation.copy_text import COPY_FORMS, copy_cells
from playground.models.evaluation.reader import TensorReader
from playground.models.problem import Problem


def whole(tensor):
    return tuple((0, size) for size in tensor.shape)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3.0),
        torch.arange(6.0).reshape(2, 3),
        torch.tensor([[1.5, -0.1], [torch.inf, -torch.inf]]),
        torch.tensor([1, 2**62]),
        torch.tensor([[True, False]]),
        torch.tensor([1 + 2j, -1j]),
        torch.tensor([0.1, 0.2], dtype=torch.float64),
        torch.tensor([0.1, 3.0], dtype=torch.bfloat16),
        torch.tensor([1, 2], dtype=torch.int8),
        torch.arange(8.0).reshape(2, 2, 2),
        torch.zeros(0, 3),
        torch.zeros(2, 0, dtype=torch.int64),
    ],
    ids=lambda tensor: f"{tuple(tensor.shape)} {tensor.dtype}",
)
def test_code_makes_the_same_tensor_again(tensor):
    code = copy_cells(TensorReader(tensor), whole(tensor), "torch")
    made = eval(code, {"torch": torch})
    assert made.dtype == tensor.dtype
    assert torch.equal(made.reshape(tensor.shape), tensor)
    if tensor.numel():
        assert made.shape == tensor.shape


def test_nan_is_written_as_torch_writes_it():
    code = copy_cells(TensorReader(torch.tensor([torch.nan, 1.0])), ((0, 2),), "torch")
    assert code == "torch.tensor([torch.nan, 1.])"


def test_a_row_leaves_the_other_axes_out():
    tensor = torch.arange(12.0).reshape(3, 4)
    assert copy_cells(TensorReader(tensor), ((1, 2), (0, 4)), "torch") == "torch.tensor([4., 5., 6., 7.])"


def test_text_and_csv_have_a_line_a_row():
    tensor = torch.arange(6).reshape(2, 3)
    assert copy_cells(TensorReader(tensor), whole(tensor), "text") == "0\t1\t2\n3\t4\t5"
    rows = list(csv.reader(io.StringIO(copy_cells(TensorReader(tensor), whole(tensor), "csv"))))
    assert rows == [["0", "1", "2"], ["3", "4", "5"]]


@pytest.mark.parametrize("form", COPY_FORMS)
def test_too_many_cells_are_refused_at_once(form):
    tensor = torch.zeros(1).expand(10**9)
    assert isinstance(copy_cells(TensorReader(tensor), whole(tensor), form), Problem)
