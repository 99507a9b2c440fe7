import numpy as np
import pytest
import torch

from playground.models.lessons.measures import elements_changed, numpy_index, read_numpy
from playground.models.problem import ProblemError


@pytest.mark.parametrize(
    "text", ["::-1", "1::2", "0", "-1", "...", "None, :", "..., None, 1", ":", "2:0:-1", "[0, -1]", "[[0, 1], [1, 0]]"]
)
def test_an_index_is_read_as_python_reads_it(text):
    array = np.arange(5.0)
    assert np.array_equal(array[numpy_index(text)], eval(f"array[{text}]", {"array": array}))


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1:2:3:4",
        "[0, 1.5]",
        "[x]",
        "0][1",
        "1.5",
        "True",
        "[" * 5000,
        "\0",
        "--1:",
        "__import__('os')",
        "",
        "1, , 2",
        "²",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ProblemError, match="is not an index of slices, whole numbers, lists, None or dots"):
        numpy_index(text)


def test_numpy_walks_backwards_through_the_same_memory():
    x = torch.arange(5.0)
    assert read_numpy(x, "::-1", "strides") == (-4,)
    assert read_numpy(x, "::-1", "values") == (4.0, 3.0, 2.0, 1.0, 0.0)
    assert read_numpy(x, "::-1", "shares") is True
    assert read_numpy(x.expand(3, 5), "...", "nbytes") == 60


def test_numpy_and_torch_are_both_run_for_the_shape():
    x = torch.arange(9.0).reshape(3, 3)
    assert read_numpy(x, "[[0, 1], [1, 0]]", "shape") == (2, 2, 3)
    assert read_numpy(x, "[[0, 1], [1, 0]]", "torch_shape") in ((2,), (2, 2, 3))
    assert read_numpy(x, "1:, None", "torch_shape") == read_numpy(x, "1:, None", "shape") == (2, 1, 3)


def test_a_write_changes_all_that_lie_on_its_cell_and_nothing_of_the_users():
    c = torch.tensor([1.0, 2.0, 3.0])
    e = c.expand(3, 3)
    assert elements_changed(e, (0, 0), e) == 3
    assert elements_changed(e, (2, 1), c) == 1
    assert elements_changed(e, (2, 1), c[:1]) == 0
    assert elements_changed(e, (0, 0), c.clone()) == 0
    assert c.tolist() == [1.0, 2.0, 3.0]


def test_bytes_that_are_read_as_another_type_change_too():
    tensor = torch.arange(6.0)
    assert elements_changed(tensor, (1,), tensor.view(torch.int16)) == 2
    assert elements_changed(tensor, (1,), tensor.view(torch.uint8)) == 4
    assert elements_changed(tensor.view(torch.uint8), (5,), tensor) == 1
    assert elements_changed(tensor, (), tensor.view(torch.float64)) == 3
    assert elements_changed(torch.ones(3, dtype=torch.complex64), (0,), tensor) == 0
