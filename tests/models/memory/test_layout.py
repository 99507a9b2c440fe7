import random

import pytest
import torch

from playground.models.memory.layout import describe_layout, storage_identity
from playground.models.problem import ProblemError


def test_a_transposed_tensor():
    base = torch.arange(12.0).reshape(3, 4)
    layout = describe_layout(base.t(), {"B": base})
    assert (layout.shape, layout.strides, layout.offset) == ((4, 3), (1, 4), 0)
    assert (layout.storage_bytes, layout.own_bytes, layout.itemsize) == (48, 48, 4)
    assert not layout.contiguous
    assert layout.overlap is False
    assert (layout.unreached, layout.density) == (0, 1.0)
    assert layout.shares_with == ("B",)
    assert layout.base == "B"
    assert layout.verdict == "not contiguous: row-major order needs strides (3, 1)"


def test_an_expanded_row_takes_the_bytes_of_one_row():
    row = torch.arange(3.0)
    layout = describe_layout(row.expand(3, 3), {"c": row})
    assert (layout.strides, layout.storage_bytes, layout.own_bytes) == ((0, 1), 12, 36)
    assert layout.overlap is True
    assert layout.reached == 3
    assert not layout.contiguous
    assert layout.verdict == "stretched: axis 0 has stride 0, 9 elements read 3 cells"


def test_a_slice_keeps_the_whole_storage():
    layout = describe_layout(torch.arange(6.0)[1:4])
    assert (layout.offset, layout.storage_bytes, layout.own_bytes) == (1, 24, 12)
    assert (layout.reached, layout.unreached, layout.density) == (3, 3, 0.5)
    assert layout.verdict == "contiguous, but only cells 1 to 3 of 6"


@pytest.mark.parametrize(
    ("tensor", "memory_format"),
    [
        (torch.zeros(2, 3, 4, 5), "contiguous"),
        (torch.zeros(2, 3, 4, 5).to(memory_format=torch.channels_last), "channels_last"),
        (torch.zeros(2, 3, 4, 5, 6).to(memory_format=torch.channels_last_3d), "channels_last_3d"),
        (torch.zeros(3, 4).t(), ""),
    ],
)
def test_memory_formats(tensor, memory_format):
    assert describe_layout(tensor).memory_format == memory_format


def test_a_view_of_bytes_shares_the_storage_and_a_copy_does_not():
    base = torch.zeros(6)
    tensors = {"i": base.view(torch.int32), "copy": base.clone(), "slice": base[2:]}
    assert describe_layout(base, tensors).shares_with == ("i", "slice")


def test_storages_of_meta_tensors_are_told_apart():
    first, second = torch.empty(4, device="meta"), torch.empty(4, device="meta")
    assert storage_identity(first) == storage_identity(first[1:])
    assert storage_identity(first) != storage_identity(second)
    assert describe_layout(first[1:], {"first": first, "second": second}).shares_with == ("first",)
    assert describe_layout(first).symbolic


def test_what_has_no_strides_is_refused_by_name():
    with pytest.raises(ProblemError, match="sparse_coo"):
        describe_layout(torch.eye(3).to_sparse())
    with pytest.raises(ProblemError, match="nested"):
        describe_layout(torch.nested.nested_tensor([torch.zeros(2), torch.zeros(3)], layout=torch.jagged))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3.0),
        torch.zeros(0, 4),
        torch.zeros(1).as_strided((1, 1), (7, 9)),
        torch.zeros(5, 5).diagonal(),
        torch.zeros(8).unfold(0, 3, 1),
        torch.zeros(10).as_strided((2, 2), (3, 5), 1),
        torch.zeros(3, 4, dtype=torch.bool)[1:][:, ::2],
        torch.zeros(3, dtype=torch.complex64).conj(),
        torch.zeros(3, dtype=torch.complex64).conj().imag,
        torch.zeros((1,) * 65),
    ],
)
def test_bounds_of_the_cells_read(tensor):
    layout = describe_layout(tensor)
    cells = {layout.offset} if tensor.numel() else set()
    for size, stride in zip(layout.shape, layout.strides, strict=True):
        cells = {cell + i * stride for cell in cells for i in range(size)}
    assert layout.reached == len(cells)
    assert layout.overlap == (len(cells) < tensor.numel())
    assert layout.contiguous == tensor.is_contiguous()
    if cells:
        assert (layout.first_cell, layout.last_cell) == (min(cells), max(cells))
    assert layout.verdict


def test_the_verdict_says_what_is_read_of_random_strided_tensors():
    rng = random.Random(3)
    buffer = torch.zeros(4000)
    for _ in range(300):
        rank = rng.randint(0, 4)
        shape = [rng.randint(0, 4) for _ in range(rank)]
        strides = [rng.randint(0, 40) for _ in range(rank)]
        tensor = buffer.as_strided(shape, strides, rng.randint(0, 9))
        layout = describe_layout(tensor)
        assert layout.unreached == 4000 - layout.reached
        assert ("stretched" in layout.verdict or "overlapping" in layout.verdict) == bool(layout.overlap)
