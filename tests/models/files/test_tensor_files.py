"""Every format: what comes back, what is lost, and that this is said beforehand."""

import os

import numpy as np
import pytest
import safetensors.torch
import torch

from playground.models.files.tensor_files import FORMATS, format_of, load_tensors, losses, planned_losses, save_tensors
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Program

MANY = [name for name, one in FORMATS.items() if one.holds_many]


SAMPLES = {
    "matrix": torch.arange(12.0).reshape(3, 4) / 7,
    "transposed": torch.arange(12.0).reshape(3, 4).t(),
    "expanded": torch.tensor([1.0, 2.0, 3.0]).expand(4, 3),
    "slice": torch.arange(1000.0)[5:8],
    "scalar": torch.tensor(3.5),
    "empty": torch.zeros(0, 3),
    "bool": torch.tensor([[True, False], [False, True]]),
    "int64": torch.tensor([[2**53 + 1, -(2**63)], [2**63 - 1, 0]]),
    "uint8": torch.tensor([[255, 0]], dtype=torch.uint8),
    "uint16": torch.tensor([[65535, 0]]).to(torch.uint16),
    "float64": torch.tensor([[0.1, 1e308, 5e-324]], dtype=torch.float64),
    "float16": torch.tensor([[0.1, 65504.0, 6e-8]], dtype=torch.float16),
    "bfloat16": torch.tensor([[0.1, 3e38, 1e-40]], dtype=torch.bfloat16),
    "float8": torch.tensor([[0.5, 448.0]]).to(torch.float8_e4m3fn),
    "complex64": torch.tensor([[1 + 2j, -3j]]),
    "complex128": torch.tensor([[1 + 2j, -3j]], dtype=torch.complex128),
    "conjugated": torch.tensor([[1 + 2j, -3j]]).conj(),
    "extremes": torch.tensor([[float("nan"), float("inf"), -float("inf"), -0.0, 1e-45]]),
    "grad": torch.ones(2, 2, requires_grad=True),
    "rank8": torch.arange(256).reshape(2, 2, 2, 2, 2, 2, 2, 2),
}


def same(one, other):
    return torch.equal(torch.nan_to_num(one, nan=7.25), torch.nan_to_num(other, nan=7.25))


def wide(tensor):
    plain = tensor.detach().resolve_conj()
    if plain.dtype.is_complex:
        return torch.view_as_real(plain.to(torch.complex128))
    return plain.to(torch.float64 if plain.dtype.is_floating_point else torch.int64)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format", FORMATS)
def test_round_trip_keeps_all_but_the_losses_said_beforehand(format, name, tmp_path, sentence):
    tensor = SAMPLES[name]
    path = tmp_path / f"x{FORMATS[format].suffixes[0]}"
    told = losses(tensor, format)
    if FORMATS[format].refusal(tensor):
        assert told[0].startswith("It cannot be written")
        sentence(save_tensors, path, {name: tensor})
        assert not list(tmp_path.iterdir())
        return
    save_tensors(path, {name: tensor})
    (back,) = load_tensors(path).tensors.values()
    words = " ".join(told)
    if "dtype" not in words:
        assert back.dtype == tensor.dtype
    if "shape" not in words:
        assert back.shape == tensor.shape
    if "trides" not in words:
        assert back.stride() == tensor.stride() or tensor.numel() == 0 or format == "csv"
    assert ("requires_grad" in words) == tensor.requires_grad
    values = wide(tensor)
    if format == "csv" and tensor.dtype.is_floating_point:
        narrow = torch.float32 if tensor.dtype in (torch.bfloat16, torch.float8_e4m3fn) else tensor.dtype
        back = back.to(narrow)
    assert same(wide(back).reshape(values.shape), values)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("format", MANY)
def test_many_tensors_keep_their_names_and_order(format, tmp_path):
    tensors = {"b": torch.eye(2), "a": torch.arange(3), "layer.0.weight": torch.zeros(2, 2)}
    path = tmp_path / f"x{FORMATS[format].suffixes[0]}"
    save_tensors(path, tensors)
    back = load_tensors(path).tensors
    assert set(back) == set(tensors)
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


def test_files_are_read_by_the_plain_libraries(tmp_path):
    tensor = torch.arange(6.0).reshape(2, 3).t()
    for format in FORMATS:
        save_tensors(tmp_path / f"x{FORMATS[format].suffixes[0]}", {"A": tensor})
    assert np.array_equal(np.load(tmp_path / "x.npy"), tensor.numpy())
    with np.load(tmp_path / "x.npz") as archive:
        assert np.array_equal(archive["A"], tensor.numpy())
    loaded = torch.load(tmp_path / "x.pt")
    assert torch.equal(loaded, tensor)
    assert loaded.stride() == tensor.stride()
    assert torch.equal(safetensors.torch.load_file(tmp_path / "x.safetensors")["A"], tensor)
    assert np.array_equal(np.loadtxt(tmp_path / "x.csv", delimiter=","), tensor.numpy())


def test_files_of_the_plain_libraries_are_read(tmp_path):
    tensor = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    np.save(tmp_path / "a.npy", np.asfortranarray(tensor.numpy().astype(">f4")))
    np.savez_compressed(tmp_path / "a.npz", x=tensor.numpy(), y=np.arange(3))
    torch.save({"state": {"w": tensor, "step": 3}, "list": [tensor[0]]}, tmp_path / "a.pt")
    torch.save(tensor, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    safetensors.torch.save_file({"x": tensor.bfloat16()}, tmp_path / "a.safetensors", {"format": "pt"})
    assert torch.equal(load_tensors(tmp_path / "a.npy").tensors["a"], tensor)
    assert list(load_tensors(tmp_path / "a.npz").tensors) == ["x", "y"]
    nested = load_tensors(tmp_path / "a.pt")
    assert list(nested.tensors) == ["state.w", "list.0"]
    assert "state.step (int)" in nested.notes[0]
    assert torch.equal(load_tensors(tmp_path / "old.pth").tensors["old"], tensor)
    assert load_tensors(tmp_path / "a.safetensors").tensors["x"].dtype == torch.bfloat16


def test_one_tensor_formats_refuse_many_and_unknown_endings_are_named(tmp_path, sentence):
    two = {"a": torch.zeros(2), "b": torch.zeros(2)}
    assert ".npz, .pt, .safetensors hold many" in sentence(save_tensors, tmp_path / "x.npy", two)
    assert "no format ends in .docx" in sentence(save_tensors, tmp_path / "x.docx", {"a": torch.zeros(2)})
    assert "it has no ending" in sentence(format_of, "x")
    assert "There is no file format called 'npq'. Near it: npz, npy" in sentence(
        save_tensors, tmp_path / "x", two, format="npq"
    )


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_tensors_without_plain_numbers_are_refused_by_name(tmp_path, sentence):
    for tensor, words in (
        (torch.eye(3).to_sparse(), "to_dense"),
        (torch.zeros(3, device="meta"), "meta device"),
        (torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8), "dequantize"),
    ):
        for format in FORMATS:
            path = tmp_path / f"x{FORMATS[format].suffixes[0]}"
            assert words in sentence(save_tensors, path, {"x": tensor})
            assert words in losses(tensor, format)[0]


@pytest.mark.parametrize("line", ["A", "A.t()", "A[:1]", "v.expand(3, 4)", "A.bool()", "A[0].to(torch.bfloat16)"])
def test_what_a_format_loses_is_known_from_the_plan_alone(line):
    program = Program.parse(f"A = torch.arange(12.).reshape(3, 4)\nv = torch.ones(3, 1)\nB = {line}")
    found = evaluate(program)["B"]
    for format in FORMATS:
        assert planned_losses(found.meta, format) == losses(found.tensor, format)
