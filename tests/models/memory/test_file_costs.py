import io

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.files.tensor_files import save_tensors
from playground.models.formatting import shape_in_words
from playground.models.memory.file_costs import csv_cost, file_costs
from playground.models.memory.layout import describe_layout
from playground.models.memory.numpy_side import compare_with_numpy
from playground.models.memory.readers import StorageReader


def saved_size(suffix, tensor):
    buffer = io.BytesIO()
    if suffix == ".pt":
        torch.save(tensor, buffer)
    elif suffix == ".npy":
        np.save(buffer, tensor.numpy())
    elif suffix == ".npz":
        np.savez(buffer, tensor=tensor.numpy())
    else:
        buffer.write(safetensors.torch.save({"tensor": tensor}))
    return len(buffer.getvalue())


TENSORS = {
    "plain": torch.zeros(3, 4),
    "stretched": torch.zeros(3).expand(1000, 3),
    "slice": torch.zeros(10**6)[5:8],
    "turned": torch.zeros(300, 400).t(),
    "scalar": torch.tensor(1.0),
    "empty": torch.zeros(0, 3),
    "windows": torch.zeros(300).unfold(0, 5, 1),
    "half": torch.zeros(5, dtype=torch.bfloat16),
    "large": torch.zeros(400, 500),
    "every_other": torch.zeros(100_000)[::2],
}


@pytest.mark.parametrize("name", TENSORS)
def test_costs_are_those_of_the_real_file(name):
    tensor = TENSORS[name]
    for cost in file_costs(describe_layout(tensor), "T"):
        try:
            real = saved_size(cost.suffix, tensor)
        except (TypeError, ValueError):
            assert cost.bytes is None, cost
        else:
            assert cost.bytes == pytest.approx(real, abs=0 if cost.exact else 160), cost
        if cost.fix:
            fixed = tensor.clone(memory_format=torch.contiguous_format)
            assert cost.fix_bytes == pytest.approx(saved_size(cost.suffix, fixed), abs=160)
            assert cost.bytes is None or cost.fix_bytes < cost.bytes


def test_a_slice_saved_whole_writes_its_whole_storage():
    torch_file = next(cost for cost in file_costs(describe_layout(TENSORS["slice"]), "s") if cost.suffix == ".pt")
    assert torch_file.bytes > 4_000_000
    assert torch_file.fix == "s.clone()"
    assert torch_file.fix_bytes < 2_000
    assert "4 MB of the storage" in torch_file.keeps


def test_stretched_axes_survive_only_in_pt():
    costs = {cost.suffix: cost for cost in file_costs(describe_layout(TENSORS["stretched"]), "e")}
    assert "(0, 1)" in costs[".pt"].keeps
    assert costs[".npy"].bytes == 12_128
    assert "sharing is lost" in costs[".npy"].keeps
    assert costs[".safetensors"].bytes is None
    assert costs[".safetensors"].fix == "e.contiguous()"


def test_no_elements_of_astronomic_sizes_are_answered_at_once():
    empty = torch.zeros(9).as_strided((5, 10**11, 0, 10**11), (1, 0, 2, 0), 8)
    costs = {cost.suffix: cost for cost in file_costs(describe_layout(empty), "z")}
    assert costs[".pt"].bytes < 2000
    assert costs[".npy"].bytes is None or costs[".npy"].bytes == 128
    assert "float32" not in costs[".npy"].keeps


def test_costs_of_what_is_too_large_to_compute():
    big = torch.empty(10**6, 10**6, device="meta").t()
    costs = {cost.suffix: cost for cost in file_costs(describe_layout(big), "big")}
    assert costs[".npy"].bytes == pytest.approx(4e12, rel=1e-6)


@pytest.mark.parametrize("name", TENSORS)
def test_numpy_says_what_it_says_of_the_tensor_itself(name):
    tensor = TENSORS[name]
    rows = {row.question: row for row in compare_with_numpy(describe_layout(tensor), "T")}
    if name == "half":
        assert rows["T.numpy()"].why == "numpy has no bfloat16"
        return
    array = tensor.numpy()
    if tensor.numel():
        assert rows["strides"].numpy_says == f"{array.strides} bytes"
    assert rows["nbytes"].numpy_says == f"{array.nbytes:,}"
    assert (rows["in row-major order"].numpy_says == "yes") == array.flags.c_contiguous
    if array.ndim and tensor.numel():
        assert str(array[::-1].strides) in rows["T[::-1]"].numpy_says
        assert rows["T[::-1]"].torch_says == "refused"


def test_numpy_has_no_65_axes():
    (row,) = compare_with_numpy(describe_layout(torch.zeros((1,) * 65)), "T")
    assert "64 axes" in row.why


def test_a_storage_is_read_where_it_is_looked_at_and_shares_its_memory():
    tensor = torch.arange(1000.0).view(10, 100).t()[3:]
    reader = StorageReader(tensor)
    assert reader.cells == 1000
    assert reader.read(990, 1010).values.tolist() == [list(map(float, range(990, 1000)))]
    tensor[0, 0] = -5
    assert reader.text(3) == "-5"
    assert reader == StorageReader(tensor.t())
    assert reader != StorageReader(tensor.clone())


@pytest.mark.parametrize(
    ("tensor", "cell", "text", "raw"),
    [
        (torch.tensor([True, False]), 0, "True", "01"),
        (torch.tensor([2**53 + 1, -1]), 0, "9007199254740993", "0100000000002000"),
        (torch.tensor([1.0, 0.1], dtype=torch.bfloat16), 1, "0.1", "cd3d"),
        (torch.tensor([0.1], dtype=torch.float16), 0, "0.1", "662e"),
        (torch.tensor([1 + 2j]), 0, "1+2j", "0000803f00000040"),
        (torch.tensor([1 + 2j]).conj(), 0, "1+2j", "0000803f00000040"),
        (torch.tensor([0x7FC00001], dtype=torch.int32).view(torch.float32), 0, "nan", "0100c07f"),
        (torch.tensor([2**64 - 1], dtype=torch.uint64), 0, "18446744073709551615", "ffffffffffffffff"),
    ],
)
def test_contents_are_exact(tensor, cell, text, raw):
    reader = StorageReader(tensor)
    assert reader.text(cell) == text
    assert reader.cell_bytes(cell).hex() == raw


@pytest.mark.parametrize(
    ("tensor", "exact"),
    [
        (torch.arange(12.0).reshape(3, 4), True),
        (torch.tensor([1.0, 0.1, float("nan"), -float("inf")]).expand(3, 4), True),
        (torch.tensor([True, False]), True),
        (torch.tensor(2**53 + 1), True),
        (torch.full((40, 50), 0.25), False),
    ],
)
def test_a_table_of_text_costs_what_saving_it_writes(tensor, exact, tmp_path):
    cost = csv_cost(tensor)
    save_tensors(tmp_path / "t.csv", {"T": tensor})
    assert cost.bytes == (tmp_path / "t.csv").stat().st_size
    assert cost.exact is exact


def test_a_table_of_text_says_what_is_lost_and_copies_no_large_tensor():
    assert "float32 is read back as float64" in csv_cost(torch.zeros(2, 2)).keeps
    assert csv_cost(torch.zeros(2, 2, dtype=torch.float64)).keeps == "as text, nothing is lost"
    assert csv_cost(torch.zeros(2, dtype=torch.complex64)).bytes is None
    assert csv_cost(torch.zeros(0, 4)).bytes is None
    assert csv_cost(torch.zeros((1,) * 65)).keeps == "refused: numpy has at most 64 axes, not 65"
    assert csv_cost(torch.zeros(1).expand(10**12)).bytes == 4 * 10**12


def test_no_elements_of_a_large_storage_cost_what_saving_them_does():
    cells = torch.zeros(40_000)
    for shape, strides in (((0, 0, 2), (2, 2, 1)), ((0,), (7,)), ((3, 0, 0, 0), (1, 1, 5, 9))):
        tensor = cells.as_strided(shape, strides, 1)
        for cost in file_costs(describe_layout(tensor, {})):
            assert abs(saved_size(cost.suffix, tensor) - cost.bytes) < 64
            assert not cost.exact


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(0, 3), max_size=4),
    st.randoms(use_true_random=False),
    st.sampled_from([torch.float32, torch.int16, torch.bool]),
)
def test_strides_of_files_and_of_numpy_are_those_of_the_real_thing(sizes, rng, dtype):
    """Axes in another order, axes of size 1 and no elements at all."""
    order = rng.sample(range(len(sizes)), len(sizes))
    tensor = torch.zeros(sizes, dtype=dtype).permute(order)
    if rng.random() < 0.5:
        tensor = tensor.unsqueeze(rng.randrange(tensor.ndim + 1))
    strides = compare_with_numpy(describe_layout(tensor))[0]
    assert strides.numpy_says == f"{shape_in_words(tensor.numpy().strides)} bytes"
    written = io.BytesIO()
    np.save(written, tensor.numpy())
    back = torch.from_numpy(np.load(io.BytesIO(written.getvalue())))
    keeps = next(cost for cost in file_costs(describe_layout(tensor)) if cost.suffix == ".npy").keeps
    long = [place for place, size in enumerate(tensor.shape) if size != 1]
    if back.stride() == tensor.stride():
        assert keeps == f"keeps strides {shape_in_words(tensor.stride())}"
    elif [back.stride(place) for place in long] == [tensor.stride(place) for place in long]:
        assert keeps == "keeps the strides except those of axes of size 1"
    else:
        assert keeps == f"in row-major order: strides become {shape_in_words(back.stride())}"


def test_numpy_keeps_column_order_behind_a_new_axis():
    tensor = torch.zeros(3, 4).t()[None]
    keeps = next(cost for cost in file_costs(describe_layout(tensor)) if cost.suffix == ".npy").keeps
    assert keeps.startswith("keeps the strides")
