import io
import json
import math
import os
import random
import signal
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from playground.models.files.tensor_files import (
    FORMATS,
    format_of,
    load_tensors,
    losses,
    planned_losses,
    save_tensors,
)
from playground.models.outcome import ProblemError
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


def sentence(call, *arguments, **keywords):
    with pytest.raises(ProblemError) as caught:
        call(*arguments, **keywords)
    message = caught.value.problem.message
    assert message.endswith(".")
    assert "weights_only" not in message
    assert "\n" not in message
    return message


def same(one, other):
    return torch.equal(torch.nan_to_num(one, nan=7.25), torch.nan_to_num(other, nan=7.25))


def wide(tensor):
    plain = tensor.detach().resolve_conj()
    if plain.dtype.is_complex:
        return torch.view_as_real(plain.to(torch.complex128))
    return plain.to(torch.float64 if plain.dtype.is_floating_point else torch.int64)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format", FORMATS)
def test_round_trip_keeps_all_but_the_losses_said_beforehand(format, name, tmp_path):
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


def test_pt_keeps_stride_zero_and_drops_the_storage_around_a_slice(tmp_path):
    save_tensors(tmp_path / "e.pt", {"e": torch.arange(3.0).expand(100_000, 3)})
    assert (tmp_path / "e.pt").stat().st_size < 3000
    (back,) = load_tensors(tmp_path / "e.pt").tensors.values()
    assert back.stride() == (0, 1)
    assert "12 B" in losses(torch.arange(3.0).expand(1000, 3), "npy")[0]
    save_tensors(tmp_path / "s.pt", {"s": torch.zeros(1_000_000)[:3]})
    assert (tmp_path / "s.pt").stat().st_size < 3000
    assert losses(torch.zeros(1_000_000)[:3], "pt")[0].startswith("It is a view of 4 MB")


def test_pt_keeps_tensors_that_share(tmp_path):
    base = torch.arange(12.0)
    save_tensors(tmp_path / "x.pt", {"a": base, "b": base.reshape(3, 4).t()})
    back = load_tensors(tmp_path / "x.pt").tensors
    assert back["a"].untyped_storage().data_ptr() == back["b"].untyped_storage().data_ptr()


def test_one_tensor_formats_refuse_many_and_unknown_endings_are_named(tmp_path):
    two = {"a": torch.zeros(2), "b": torch.zeros(2)}
    assert ".npz, .pt, .safetensors hold many" in sentence(save_tensors, tmp_path / "x.npy", two)
    assert "no format ends in .docx" in sentence(save_tensors, tmp_path / "x.docx", {"a": torch.zeros(2)})
    assert "it has no ending" in sentence(format_of, "x")
    assert "There is no file format called 'npq'. Near it: npz, npy" in sentence(
        save_tensors, tmp_path / "x", two, format="npq"
    )


def npy(header, data=b"", version=1):
    text = header.encode() if isinstance(header, str) else header
    length = struct.pack("<H", len(text)) if version == 1 else struct.pack("<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def header(shape, dtype="<f4"):
    return f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n"


NPY_CASES = {
    "empty": (b"", "is empty"),
    "noise": (bytes(range(100, 200)), "does not begin with the bytes 93 NUMPY"),
    "cut": (npy(header((100,)), bytes(17)), "promises (100,) of float32, which is 400 B, and 17 B follow"),
    "huge": (npy(header((10**12,))), "limit is"),
    "huger": (npy(header((10**30, 10**30))), "no machine can count"),
    "overflow": (npy(header((2**40, 2**40))), "limit is"),
    "zero times huge": (npy(header((0, 2**61, 2**61))), "a.npy"),
    "negative": (npy(header((-3,))), "negative size"),
    "float shape": (npy(header((3.0,))), "not a tuple of whole numbers"),
    "bool shape": (npy(header((True,))), "not a tuple of whole numbers"),
    "long header": (npy(b" " * 200_000, version=2), "has a header of 200 kB"),
    "code": (npy("__import__('os').system('touch /tmp/evil')\n"), "header that is not one of .npy"),
    "deep": (npy("(" * 5000 + ")" * 5000), "header that is not one of .npy"),
    "cut in header": (npy(header((3,)))[:20], "cut off inside its header"),
    "version 9": (b"\x93NUMPY\x09\x00", "version of .npy that does not exist"),
    "bad dtype": (npy(header((3,), "<q99"), bytes(99)), "dtype that numpy does not know"),
    "rank 65": (npy(header((1,) * 65), bytes(4)), "65 axes"),
    "objects": (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n", b"cos\nsystem\n."), "Python objects"),
    "text": (npy(header((1,), "<U3"), bytes(12)), "holds text"),
    "dates": (npy(header((1,), "<M8[ns]"), bytes(8)), "holds dates"),
    "fields": (npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,), }\n", bytes(4)), "fields x"),
}


@pytest.mark.parametrize("case", NPY_CASES)
def test_bad_npy(case, tmp_path):
    data, words = NPY_CASES[case]
    (tmp_path / "a.npy").write_bytes(data)
    assert words in sentence(load_tensors, tmp_path / "a.npy", 10**9)


def test_npy_of_unusual_arrays(tmp_path):
    np.save(tmp_path / "reversed.npy", np.arange(5.0)[::-1])
    assert load_tensors(tmp_path / "reversed.npy").tensors["reversed"].tolist() == [4, 3, 2, 1, 0]
    np.save(tmp_path / "long.npy", np.arange(5, dtype=np.longdouble))
    loaded = load_tensors(tmp_path / "long.npy")
    assert loaded.tensors["long"].dtype == torch.float64
    assert "float64" in loaded.notes[0]
    (tmp_path / "tail.npy").write_bytes(npy(header((1,)), bytes(9)))
    assert "5 B behind the array" in load_tensors(tmp_path / "tail.npy").notes[0]


def test_bad_npz(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\x03\x04" + bytes(50))
    assert "no whole .npz archive" in sentence(load_tensors, path)
    path.write_bytes(b"no zip at all")
    assert "no whole .npz archive" in sentence(load_tensors, path)
    good = npy(header((3,)), bytes(12))
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x.npy", "../../evil.npy", "readme.txt"):
            archive.writestr(name, good)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", good)
        archive.writestr("bad.npy", npy(header((10**12,))))
    loaded = load_tensors(path)
    assert list(loaded.tensors) == ["x", "../../evil"]
    told = " ".join(problem.message for problem in loaded.problems)
    assert "readme.txt in it is no .npy array" in told
    assert "x in a.npz is there twice" in told
    assert "bad in a.npz" in told


def test_npz_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("x.npy", "w") as member:
        member.write(npy(header((1 << 24,))))
        for _ in range(64):
            member.write(bytes(1 << 20))
    assert path.stat().st_size < 200_000
    assert "unpacked, needs 67.1 MB, the limit is 50 MB" in sentence(load_tensors, path, 50_000_000)


def test_npz_that_lies_about_its_sizes(tmp_path):
    path = tmp_path / "lie.npz"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy(header((1 << 20,)), bytes(4 << 20)))
    data = bytearray(buffer.getvalue())
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 1000)
    path.write_bytes(data)
    assert "x in lie.npz is damaged" in sentence(load_tensors, path)
    data[place + 8] |= 1
    path.write_bytes(data)
    assert "encrypted" in sentence(load_tensors, path)


def test_npz_of_very_many_members(tmp_path):
    path = tmp_path / "many.npz"
    good = npy(header(()), bytes(4))
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(3000):
            archive.writestr(f"x{number}.npy", good)
    loaded = load_tensors(path)
    assert len(loaded.tensors) == 1000
    assert "3,000 arrays; the first 1,000 are opened" in loaded.problems[0].message


def test_numbers_of_pickle_run_nothing(tmp_path):
    marker = tmp_path / "evil-was-here"
    command = f"cposix\nsystem\n(S'touch {marker}'\ntR.".encode()
    path = tmp_path / "evil.pt"
    path.write_bytes(b"\x80\x02" + command)
    assert "names posix.system" in sentence(load_tensors, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("evil/data.pkl", b"\x80\x02" + command)
        archive.writestr("evil/version", "3\n")
    assert "names posix.system" in sentence(load_tensors, path)
    assert not marker.exists()


def test_bad_pt(tmp_path):
    path = tmp_path / "a.pt"
    torch.save(torch.nn.Linear(2, 2), path)
    assert "names torch.nn.modules.linear.Linear, which is no tensor" in sentence(load_tensors, path)
    torch.save({"a": np.zeros(3)}, path)
    assert "names numpy" in sentence(load_tensors, path)
    path.write_bytes(b"\x80\x02" + b"(" * 200_000 + b".")
    assert sentence(load_tensors, path)
    path.write_bytes(b"\x80\x02" + b"]" + b"(]" * 200_000 + b"e" * 200_000 + b".")
    assert sentence(load_tensors, path)
    torch.save([1, "two"], path)
    assert "holds no tensor, only 0 (int), 1 (str)" in sentence(load_tensors, path)
    torch.save({"s": torch.eye(3).to_sparse(), "d": torch.eye(2)}, path)
    loaded = load_tensors(path)
    assert list(loaded.tensors) == ["d"]
    assert "s in a.pt is left out" in loaded.problems[0].message
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "table of contents is missing" in sentence(load_tensors, path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "none that torch.save wrote" in sentence(load_tensors, path)


def test_pt_that_unpacks_to_more_than_the_budget(tmp_path):
    path = tmp_path / "bomb.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\x80\x02]q\x00.")
        archive.writestr("bomb/data/0", bytes(60_000_000))
    assert "the limit is 50 MB" in sentence(load_tensors, path, 50_000_000)


def test_a_nested_list_of_a_billion_elements_costs_nothing(tmp_path):
    path = tmp_path / "wide.pt"
    torch.save(torch.zeros(1).expand(10**9), path)
    (tensor,) = load_tensors(path, 1_000_000).tensors.values()
    assert tensor.numel() == 10**9
    assert tensor.untyped_storage().nbytes() == 4


def safe(head, data=b""):
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


SAFETENSORS_CASES = {
    "seven bytes": (b"1234567", "length of its header alone takes 8"),
    "long": (struct.pack("<Q", 2**63) + b"{}", "promises a header of"),
    "no json": (safe(b"{'a': 1}"), "header is no JSON"),
    "bomb": (safe(b"[" * 100_000), "header is no JSON"),
    "list": (safe([1]), "header is no JSON"),
    "outside": (safe({"x": entry((4,), 0, 16)}, bytes(8)), "no whole .safetensors file"),
    "hole": (safe({"x": entry((1,), 0, 4), "y": entry((1,), 8, 12)}, bytes(12)), "no whole .safetensors file"),
    "overlap": (safe({"x": entry((2,), 0, 8), "y": entry((2,), 4, 12)}, bytes(12)), "no whole .safetensors file"),
    "trailing": (safe({"x": entry((1,), 0, 4)}, bytes(9)), "no whole .safetensors file"),
    "dtype": (safe({"x": entry((1,), 0, 4, "Q9")}, bytes(4)), "no whole .safetensors file"),
    "overflow": (safe({"x": entry((2**40, 2**40), 0, 4)}, bytes(4)), "no whole .safetensors file"),
    "nothing": (safe({}), "holds no tensors"),
}


@pytest.mark.parametrize("case", SAFETENSORS_CASES)
def test_bad_safetensors(case, tmp_path):
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


CSV_CASES = {
    "ragged": (b"1,2,3\n4,5\n", "Line 2 of a.csv has 2 values, line 1 has 3"),
    "word": (b"1,2\n3,x\n", "Line 2, column 2 of a.csv is 'x', not a number"),
    "binary": (b"1,2\x00\x01", "holds zero bytes"),
    "latin": (b"1,2\n3,\xff\xfe", "byte 6 is ff"),
    "blank": (b"\n\n \n", "holds no numbers"),
    "only words": (b"a,b\n", "holds no numbers"),
    "one long field": (b"1" * 200_000, "no table"),
    "open quote": (b'1,"2\n' * 2000, "a.csv"),
}


@pytest.mark.parametrize("case", CSV_CASES)
def test_bad_csv(case, tmp_path):
    data, words = CSV_CASES[case]
    (tmp_path / "a.csv").write_bytes(data)
    assert words in sentence(load_tensors, tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("text", "values", "dtype"),
    [
        ("1,2\n3,4\n", [[1, 2], [3, 4]], torch.int64),
        ("\ufeff1,2\r\n3,4\r\n", [[1, 2], [3, 4]], torch.int64),
        ("x,y\n1,2.5\n", [[1, 2.5]], torch.float64),
        ("1,5;2,25\n3;4\n", [[1.5, 2.25], [3, 4]], torch.float64),
        ("1\t2\n3\t4", [[1, 2], [3, 4]], torch.int64),
        ("1  2\n 3 4 \n", [[1, 2], [3, 4]], torch.int64),
        ('"1","2"\n"3","4"', [[1, 2], [3, 4]], torch.int64),
        ("7", [[7]], torch.int64),
        ("1\n2\n3", [[1], [2], [3]], torch.int64),
        ("true,false\n1,0", [[1, 0], [1, 0]], torch.int64),
        ("9223372036854775807,1", [[2**63 - 1, 1]], torch.int64),
        ("9223372036854775808,1", [[2.0**63, 1]], torch.float64),
        ("1e400,-1e-400,inf", [[math.inf, -0.0, math.inf]], torch.float64),
        (" 1 , -2.5e3 \n\n 3 ,4", [[1, -2500], [3, 4]], torch.float64),
    ],
)
def test_csv_dialects(text, values, dtype, tmp_path):
    (tmp_path / "a.csv").write_text(text, newline="")
    tensor = load_tensors(tmp_path / "a.csv").tensors["a"]
    assert tensor.dtype == dtype
    assert tensor.tolist() == values


def test_csv_says_what_it_made_of_headers_gaps_and_overflow(tmp_path):
    (tmp_path / "a.csv").write_text("height,weight\n1.5,\n1e400,3\n")
    loaded = load_tensors(tmp_path / "a.csv")
    assert torch.isnan(loaded.tensors["a"][0, 1])
    assert "height, weight" in loaded.notes[0]
    assert "1e400 in line 3 is beyond float64" in loaded.notes[1]
    assert [problem.severity for problem in loaded.said] == ["warning", "warning"]


def test_csv_of_a_hundred_thousand_columns(tmp_path):
    (tmp_path / "a.csv").write_text(",".join(["1"] * 100_000))
    assert load_tensors(tmp_path / "a.csv").tensors["a"].shape == (1, 100_000)


def test_what_is_no_file_is_refused_at_once(tmp_path):
    assert "is a folder" in sentence(load_tensors, tmp_path)
    assert "not there" in sentence(load_tensors, tmp_path / "gone.npy")
    os.mkfifo(tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(load_tensors, tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(load_tensors, "/dev/zero")
    assert "no file can have" in sentence(load_tensors, "a\0b.npy")
    assert "longer than this file system allows" in sentence(load_tensors, tmp_path / ("x" * 300 + ".npy"))
    (tmp_path / "loop.npy").symlink_to(tmp_path / "loop.npy")
    assert "link that leads back" in sentence(load_tensors, tmp_path / "loop.npy")
    (tmp_path / "a.npy").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "a PNG image, although it is named .npy" in sentence(load_tensors, tmp_path / "a.npy")
    (tmp_path / "a.xyz").write_bytes(b"hello")
    assert "no format ends in .xyz" in sentence(load_tensors, tmp_path / "a.xyz")


def test_a_wrong_ending_is_read_by_its_content(tmp_path):
    save_tensors(tmp_path / "x.npy", {"x": torch.eye(2)})
    (tmp_path / "x.npy").rename(tmp_path / "x.csv")
    loaded = load_tensors(tmp_path / "x.csv")
    assert torch.equal(loaded.tensors["x"], torch.eye(2))
    assert "in truth a .npy file" in loaded.notes[0]


STRANGE_NAMES = ["with space", "a#b%20c", "line\nbreak", "smile\U0001f600", os.fsdecode(b"latin\xff"), "<b>bold</b>"]


@pytest.mark.parametrize("name", [name for name in STRANGE_NAMES if "/" not in name])
def test_strange_file_names(name, tmp_path):
    for one in FORMATS.values():
        path = tmp_path / f"{name}{one.suffixes[0]}"
        save_tensors(path, {"x": torch.eye(2)})
        (back,) = load_tensors(path).tensors.values()
        assert torch.equal(back.double(), torch.eye(2, dtype=torch.float64))
        path.write_bytes(b"\x00broken")
        message = sentence(load_tensors, path)
        message.encode()


def test_the_budget_holds_for_every_format(tmp_path):
    for one in FORMATS.values():
        path = tmp_path / f"x{one.suffixes[0]}"
        save_tensors(path, {"x": torch.rand(100, 100)})
        assert "the limit is 10 kB" in sentence(load_tensors, path, 10_000)


def test_unwritable_places(tmp_path):
    one = {"x": torch.eye(2)}
    assert "its folder is not there" in sentence(save_tensors, tmp_path / "no" / "x.npy", one)
    (tmp_path / "folder.npy").mkdir()
    assert "a folder of that name" in sentence(save_tensors, tmp_path / "folder.npy", one)
    assert "longer than this file system" in sentence(save_tensors, tmp_path / ("x" * 300 + ".npy"), one)
    assert "no file can have" in sentence(save_tensors, tmp_path / "a\0b.npy", one)
    os.mkfifo(tmp_path / "pipe.npy")
    assert "a device or a pipe" in sentence(save_tensors, tmp_path / "pipe.npy", one)
    assert sorted(os.listdir(tmp_path)) == ["folder.npy", "pipe.npy"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_leaves_the_old_file(tmp_path):
    paths = [tmp_path / f"x{one.suffixes[0]}" for one in FORMATS.values()]
    for path in paths:
        save_tensors(path, {"x": torch.eye(2)})
    old = [path.read_bytes() for path in paths]
    script = f"""
import resource, signal, torch
from playground.models.files.tensor_files import save_tensors
from playground.models.outcome import ProblemError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for path in {[str(path) for path in paths]!r}:
    try:
        save_tensors(path, {{"x": torch.rand(200, 200)}})
    except ProblemError as error:
        print(error.problem.message)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    messages = done.stdout.splitlines()
    assert len(messages) == len(paths)
    for path, before, message in zip(paths, old, messages, strict=True):
        assert message.startswith(f"{path.name} was not saved: ")
        assert message.endswith("Nothing that was there is lost.")
        assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in paths)


def test_killed_while_saving_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.npy"
    save_tensors(path, {"x": torch.eye(2)})
    old = path.read_bytes()
    script = f"""
import numpy, time, torch
from playground.models.files.tensor_files import save_tensors
import playground.models.files.npy_file as npy_file
class Slow(npy_file.CountedFile):
    def write(self, data):
        count = super().write(data)
        self.flush()
        print("writing", flush=True)
        time.sleep(30)
        return count
npy_file.CountedFile = Slow
save_tensors({str(path)!r}, {{"x": torch.rand(2000, 2000)}})
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "writing\n"
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    assert path.read_bytes() == old


def test_saving_keeps_links_permissions_and_refuses_protected_files(tmp_path):
    path = tmp_path / "x.npy"
    save_tensors(path, {"x": torch.eye(2)})
    path.chmod(0o640)
    (tmp_path / "link.npy").symlink_to(path)
    save_tensors(tmp_path / "link.npy", {"x": torch.ones(3)})
    assert (tmp_path / "link.npy").is_symlink()
    assert load_tensors(path).tensors["x"].tolist() == [1, 1, 1]
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o440)
    if not os.access(path, os.W_OK):
        assert "write-protected" in sentence(save_tensors, path, {"x": torch.eye(2)})


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_tensors_without_plain_numbers_are_refused_by_name(tmp_path):
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
            assert message.endswith(".")
            assert path.name in message
            assert "while reading" not in message, message


def test_refusals_are_fast_and_allocate_nothing(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(header((10**12,))))
    start = time.process_time()
    for _ in range(20):
        sentence(load_tensors, path)
    assert time.process_time() - start < 5


def test_the_bundled_digits_open():
    path = Path(__file__).parents[3] / "resources" / "data" / "digits.safetensors"
    loaded = load_tensors(path)
    assert loaded.tensors["images"].shape == (1797, 8, 8)
    assert loaded.tensors["images"].max() == 16
    assert loaded.tensors["labels"].shape == (1797,)
    assert "CC BY 4.0" in (path.parent / "ATTRIBUTION.md").read_text()
