"""What is opened: any path, any name, any damage, within the budget."""

import os
import random
from pathlib import Path

import pytest
import torch

from playground.models.files.tensor_files import FORMATS, load_tensors, save_tensors
from playground.models.outcome import ProblemError


def test_what_is_no_file_is_refused_at_once(tmp_path, sentence):
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
            assert message.endswith(".")
            assert path.name in message
            assert "while reading" not in message, message


def test_the_bundled_digits_open():
    path = Path(__file__).parents[3] / "resources" / "data" / "digits.safetensors"
    loaded = load_tensors(path)
    assert loaded.tensors["images"].shape == (1797, 8, 8)
    assert loaded.tensors["images"].max() == 16
    assert loaded.tensors["labels"].shape == (1797,)
    assert "CC BY 4.0" in (path.parent / "ATTRIBUTION.md").read_text()
