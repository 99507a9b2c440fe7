""".safetensors: headers that lie, and files that shrink while they are shown."""

import json
import struct

import pytest
import torch

from playground.models.files.tensor_files import load_tensors, save_tensors


def safe(head, data=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


SAFETENSORS_CASES = {
    "seven bytes": (b"1234567", "header's length alone takes 8"),
    "long": (struct.pack("<Q", 2**63) + b"{}", "promises a header of"),
    "no json": (safe(b"{'a': 1}"), "header is not JSON"),
    "bomb": (safe(b"[" * 100_000), "header is not JSON"),
    "list": (safe([1]), "header is not JSON"),
    "outside": (safe({"x": entry((4,), 0, 16)}, bytes(8)), "not a complete .safetensors file"),
    "hole": (safe({"x": entry((1,), 0, 4), "y": entry((1,), 8, 12)}, bytes(12)), "not a complete .safetensors file"),
    "overlap": (safe({"x": entry((2,), 0, 8), "y": entry((2,), 4, 12)}, bytes(12)), "not a complete .safetensors file"),
    "trailing": (safe({"x": entry((1,), 0, 4)}, bytes(9)), "not a complete .safetensors file"),
    "dtype": (safe({"x": entry((1,), 0, 4, "Q9")}, bytes(4)), "not a complete .safetensors file"),
    "overflow": (safe({"x": entry((2**40, 2**40), 0, 4)}, bytes(4)), "not a complete .safetensors file"),
    "nothing": (safe({}), "contains no tensors"),
}


@pytest.mark.parametrize("case", SAFETENSORS_CASES)
def test_bad_safetensors(case, tmp_path, sentence):
    data, words = SAFETENSORS_CASES[case]
    (tmp_path / "a.safetensors").write_bytes(data)
    message = sentence(load_tensors, tmp_path / "a.safetensors")
    assert message.startswith("a.safetensors ")
    assert words in message


def test_safetensors_of_zero_by_a_trillion_is_legal(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(safe({"x": entry((0, 2**40), 0, 0)}))
    assert load_tensors(tmp_path / "a.safetensors").tensors["x"].shape == (0, 2**40)


def test_safetensors_survive_the_file_being_cut_while_they_are_shown(tmp_path):
    path = tmp_path / "a.safetensors"
    save_tensors(path, {"x": torch.arange(1_000_000.0)})
    tensor = load_tensors(path).tensors["x"]
    with path.open("r+b") as file:
        file.truncate(100)
    assert tensor[-1] == 999_999
