"""Small files that would take minutes or gigabytes: read within what their own size allows, or refused in words."""

from __future__ import annotations

import bz2
import contextlib
import io
import json
import pickle
import random
import struct
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
import torch

from playground.models.apart import SWITCH
from playground.models.files.pt_file import is_plain_pickle
from playground.models.files.tensor_files import FORMATS, load_tensors, save_tensors
from playground.models.job import CancelledError, Job
from playground.models.problem import ProblemError


@pytest.fixture
def apart(monkeypatch):
    """Allow processes apart, which tests otherwise do without."""
    monkeypatch.delenv(SWITCH, raising=False)


def zipped_pickle(path, data):
    """A .pt archive with this description in it."""
    buffer = io.BytesIO()
    torch.save(torch.ones(2), buffer)
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        for member in old.infolist():
            new.writestr(member.filename, data if member.filename.endswith("data.pkl") else old.read(member))


def by_reference(depth, inner=b"]"):
    """[x, x] so many times deep, x by reference."""
    steps = b"".join(b"q\x01]q\x02(h\x01h\x01e" for _ in range(depth))
    return b"\x80\x02" + inner + steps + b"."


HOSTILE = {
    "by reference": by_reference(40),
    "bytearray": b"\x80\x02cbuiltins\nbytearray\n\x8a\x05" + (8 * 10**9).to_bytes(5, "little") + b"\x85R.",
    "copies": b"\x80\x02ccollections\nOrderedDict\n)R" + b"".join(
        b"q\x01ccollections\nOrderedDict\n(h\x01tR" for _ in range(2000)) + b".",
    "marks": b"\x80\x02" + b"(" * 3_000_000 + b".",
    "many marks": b"\x80\x02" + b"(" * 20_000_000 + b".",
    "long key": b"\x80\x02}X" + struct.pack("<I", 1_000_000) + b"k" * 1_000_000 + b"]s.",
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("container", ["zip", "plain"])
def test_pickles_that_grow_are_refused(tmp_path, apart, case, container):
    path = tmp_path / "a.pt"
    if container == "zip":
        zipped_pickle(path, HOSTILE[case])
    else:
        path.write_bytes(HOSTILE[case])
    start = time.monotonic()
    with pytest.raises(ProblemError) as caught:
        load_tensors(path)
    assert caught.value.problem.message.endswith(".")
    assert "opened." not in caught.value.problem.message.replace("not opened.", ""), "nothing was opened"
    assert time.monotonic() - start < 60


def test_what_torch_saves_of_models_is_plain():
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimiser = torch.optim.Adam(module.parameters())
    for content in (torch.ones(3), module.state_dict(), {"m": module.state_dict(), "o": optimiser.state_dict()}):
        buffer = io.BytesIO()
        torch.save(content, buffer)
        with zipfile.ZipFile(buffer) as archive:
            (name,) = [one for one in archive.namelist() if one.endswith("data.pkl")]
            assert is_plain_pickle(archive.read(name))
    for data in HOSTILE.values():
        assert not is_plain_pickle(data) or b"q\x01]" in data or data.startswith(b"\x80\x02}")
    assert not is_plain_pickle(pickle.dumps(print))


def test_an_old_file_is_tried_apart_and_opened(tmp_path, apart):
    path = tmp_path / "old.pt"
    torch.save({"a": torch.arange(5)}, path, _use_new_zipfile_serialization=False)
    assert load_tensors(path).tensors["a"].tolist() == [0, 1, 2, 3, 4]


def test_a_member_that_lies_about_its_size_is_not_unpacked(tmp_path, sentence):
    path = tmp_path / "a.npz"
    array = io.BytesIO()
    np.save(array, np.ones(4))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.npy", array.getvalue() + bytes(50_000_000))
    assert len(bz2.compress(bytes(50_000_000))) < 10_000
    tracemalloc.start()
    assert "uses a compression" in sentence(load_tensors, path)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_headers_of_safetensors_are_bounded(tmp_path, sentence):
    path = tmp_path / "a.safetensors"
    header = b'{"__metadata__": {"x": "' + b"y" * 20_000_000 + b'"}}'
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    start = time.monotonic()
    assert "the limit is 10 MB" in sentence(load_tensors, path)
    many = {f"t{n}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * n, 4 * n + 4]} for n in range(50_000)}
    header = json.dumps(many).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4 * len(many)))
    loaded = load_tensors(path)
    assert len(loaded.tensors) == 1000
    assert "50,000" in loaded.problems[0].message
    assert time.monotonic() - start < 60


@pytest.mark.parametrize("body", ["1.5,2,3\n", "1,2,3\n", "1;2,5;3\n", "1 2 nan\n", "-inf\t+2e3\t0\n"])
def test_a_long_table_is_read_fast_and_as_a_short_one(tmp_path, body):
    short, long = tmp_path / "short.csv", tmp_path / "long.csv"
    short.write_text("a b c\n" + body * 3)
    long.write_text("a b c\n" + body * 300_000)
    (few,) = load_tensors(short).tensors.values()
    start = time.monotonic()
    (many,) = load_tensors(long).tensors.values()
    assert time.monotonic() - start < 60
    assert many.dtype == few.dtype
    assert torch.equal(many.nan_to_num(7), few[:1].nan_to_num(7).expand(300_000, -1))


@pytest.mark.parametrize(
    "bad", ["1,x,3", "1,2", "1,,3", "1,2,3,4", "true,2,3", "1e999,2,3", "9999999999999999999999,1,1"]
)
def test_an_odd_line_far_down_is_as_one_at_the_top(tmp_path, bad):
    outcomes = []
    for lines in (2, 200_000):
        path = tmp_path / "a.csv"
        path.write_text("1,2,3\n" * lines + bad + "\n" + "4,5,6\n" * lines)
        try:
            loaded = load_tensors(path)
            (tensor,) = loaded.tensors.values()
            outcomes.append((tensor.dtype, tensor[lines].nan_to_num(7).tolist(), bool(loaded.notes)))
        except ProblemError as error:
            outcomes.append(error.problem.message.replace(f"{lines + 1}", "N", 1))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", ["a.csv", "a.npy", "a.npz", "a.safetensors"])
def test_reading_can_be_cancelled(tmp_path, name):
    save_tensors(tmp_path / name, {"a": torch.rand(300_000, 3)})
    looks = []

    def is_cancelled():
        looks.append(0)
        return len(looks) > 1

    with pytest.raises(CancelledError):
        load_tensors(tmp_path / name, job=Job(is_cancelled if name == "a.csv" else lambda: True))


@pytest.mark.parametrize("name", [one.name for one in FORMATS.values()])
def test_truncations_and_flipped_bits_never_escape(tmp_path, name):
    suffix = FORMATS.find(name).suffixes[0]
    path, rng = tmp_path / f"a{suffix}", random.Random(name)
    save_tensors(path, {"a": torch.arange(12.0).reshape(3, 4)})
    whole = path.read_bytes()
    for turn in range(200):
        data = bytearray(whole[: rng.randrange(1, len(whole))] if turn % 2 else whole)
        for _ in range(rng.randrange(1, 4) if turn % 2 == 0 else 0):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        with contextlib.suppress(ProblemError):
            load_tensors(path)
