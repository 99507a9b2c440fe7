"""Every format: what comes back, what is lost, and that this is said beforehand."""

import keyword
import os
import random
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.models.evaluation.evaluate import evaluate
from playground.models.files.tensor_files import (
    FORMATS,
    clean_name,
    format_of,
    import_bindings,
    load_tensors,
    losses,
    planned_losses,
    save_tensors,
)
from playground.models.files.tensor_format import LoadedFile
from playground.models.language.names import name_problem
from playground.models.problem import ProblemError
from playground.models.program.program import Program

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
    assert ".npz, .pt, .safetensors can hold many" in sentence(save_tensors, tmp_path / "x.npy", two)
    assert ".docx is not a known file format" in sentence(save_tensors, tmp_path / "x.docx", {"a": torch.zeros(2)})
    assert "it has no suffix" in sentence(format_of, "x")
    assert "There is no file format called 'npq'. Did you mean npz or npy?" in sentence(
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


def test_what_is_no_file_is_refused_at_once(tmp_path, sentence):
    assert "is a folder" in sentence(load_tensors, tmp_path)
    assert "does not exist" in sentence(load_tensors, tmp_path / "gone.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(load_tensors, tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(load_tensors, "/dev/zero")
    assert "invalid name" in sentence(load_tensors, "a\0b.npy")
    assert "longer than this file system allows" in sentence(load_tensors, tmp_path / ("x" * 300 + ".npy"))
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    assert "link that points to itself" in sentence(load_tensors, tmp_path / "loop.npy")
    (tmp_path / "a.npy").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "a PNG image, although it is named .npy" in sentence(load_tensors, tmp_path / "a.npy")
    (tmp_path / "a.xyz").write_bytes(b"hello")
    assert ".xyz is not a known file format" in sentence(load_tensors, tmp_path / "a.xyz")


def test_a_wrong_ending_is_read_by_its_content(tmp_path):
    save_tensors(tmp_path / "x.npy", {"x": torch.eye(2)})
    (tmp_path / "x.npy").rename(tmp_path / "x.csv")
    loaded = load_tensors(tmp_path / "x.csv")
    assert torch.equal(loaded.tensors["x"], torch.eye(2))
    assert "is actually a .npy file" in loaded.notes[0]


STRANGE_NAMES = ["with space", "a#b%20c", "line\nbreak", "smile\U0001f600", os.fsdecode(b"latin\xff"), "<b>bold<br>"]


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_strange_file_names(name, tmp_path, sentence):
    for one in FORMATS.values():
        path = tmp_path / f"{name}{one.suffixes[0]}"
        save_tensors(path, {"x": torch.eye(2)})
        (back,) = load_tensors(path).tensors.values()
        assert torch.equal(back.double(), torch.eye(2, dtype=torch.float64))
        path.write_bytes(b"\x00broken")
        message = sentence(load_tensors, path)
        message.encode()


def test_the_budget_holds_for_every_format(tmp_path, sentence):
    for one in FORMATS.values():
        path = tmp_path / f"x{one.suffixes[0]}"
        save_tensors(path, {"x": torch.rand(100, 100)})
        assert "the limit is 10 kB" in sentence(load_tensors, path, 10_000)


def test_damaged_files_of_every_format_are_opened_or_refused_in_words(tmp_path):
    rng = random.Random(0)
    whole = {}
    for one in FORMATS.values():
        path = tmp_path / f"x{one.suffixes[0]}"
        save_tensors(path, {"x": torch.arange(12.0).reshape(3, 4)})
        whole[path] = path.read_bytes()
    for number in range(600):
        path = list(whole)[number % len(whole)]
        data = bytearray(whole[path])
        for _ in range(rng.choice((1, 1, 3))):
            place = rng.randrange(max(1, len(data)))
            if rng.random() < 0.5:
                data[place : place + 1] = bytes([rng.randrange(256)])
            else:
                del data[place : place + rng.choice((1, 8, 100))]
        path.write_bytes(data)
        try:
            load_tensors(path)
        except ProblemError as error:
            message = error.problem.message
            assert message.endswith((".", "?"))
            assert path.name in message
            assert "while reading" not in message, message


def test_the_bundled_digits_open():
    path = Path(__file__).parents[3] / "resources" / "data" / "digits.safetensors"
    loaded = load_tensors(path)
    assert loaded.tensors["images"].shape == (1797, 8, 8)
    assert loaded.tensors["images"].max() == 16
    assert loaded.tensors["labels"].shape == (1797,)
    assert "CC BY 4.0" in (path.parent / "ATTRIBUTION.md").read_text()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("images", "images"),
        ("layer.0.weight", "layer_0_weight"),
        ("../../evil", "evil"),
        ("0.weight", "t0_weight"),
        ("größe", "groe"),
        ("<b>x</b>", "b_x_b"),
        ("数", "t"),
        ("", "t"),
        ("lambda", "lambda_"),
        ("torch", "torch_"),
        ("__class__", "class_"),
    ],
)
def test_names_are_made_clean(key, name):
    assert clean_name(key) == name


@settings(deadline=None)
@given(st.lists(st.text(max_size=60) | st.sampled_from([*keyword.kwlist, "torch", "x", "x2"]), max_size=8))
def test_any_keys_give_names_that_are_free_and_allowed(keys):
    loaded = LoadedFile({key: torch.zeros(()) for key in keys})
    program = import_bindings(Program(), loaded, "f.npz")
    assert len(set(program.names)) == len(program.names) == len(loaded.tensors)
    for binding in program.bindings:
        assert name_problem(binding.name) is None
        assert loaded.tensors[binding.source.key] is binding.source.reference.tensor
        assert binding.source.path == "f.npz"


def test_importing_twice_keeps_both():
    loaded = LoadedFile({"x": torch.zeros(3)})
    program = import_bindings(import_bindings(Program(), loaded, "a.npy"), loaded, "a.npy")
    assert program.names == ("x", "x2")
