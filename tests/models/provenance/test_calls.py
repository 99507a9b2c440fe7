"""What a cell tells of a cast: the number it came from, and in words that torch's own numbers bear out."""

from __future__ import annotations

import itertools

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.evaluation.selected import compute_shape, shape_request
from playground.models.job import Job
from playground.models.program.program import Program
from playground.models.provenance.calls import cast_words
from playground.models.state import PlaygroundState

START = """A = torch.tensor([[3., -1.75, 0.1, 7e4], [0., 5e-8, 300., -3.]])
K = torch.tensor([[300, -1, 16777217, 70000], [0, 1, 128, -129]])
Z = torch.tensor([[1.5, 2.], [0., 3.]]) + 1j
"""


def told(line: str):
    program = Program.parse(f"{START}B = {line}")
    result = compute_shape(shape_request(PlaygroundState(program=program, selection="B")), Job())
    tensors = {key: one.tensor for key, one in evaluate(program).items()}
    return {index: result.story.at(index) for index in itertools.product(*map(range, tensors["B"].shape))}, tensors


@pytest.mark.parametrize(
    "line",
    [
        "A.int()", "A.to(torch.int8)", "A.half()", "A.bfloat16()", "A.double()", "A.bool()", "A.type(torch.uint8)",
        "A.type_as(K)", "K.float()", "K.char()", "K.byte()", "K.half()", "K.bool()", "K.short()", "Z.float()",
        "Z.int()", "A.to(torch.complex64)", "A.to(torch.float8_e4m3fn)", "(A * 2).int()",
    ],
)  # fmt: skip
def test_every_cell_names_the_number_it_was_cast_from(line: str) -> None:
    stories, tensors = told(line)
    for index, story in stories.items():
        (source,) = story.lines
        cell = tensors["B"][index]
        if not line.startswith("("):
            before = eval(source.label, dict(tensors))
            again = before.to(cell.dtype)
            assert torch.equal(again, cell) or bool(again != again)
        assert story.conclusion


@pytest.mark.parametrize(
    ("line", "index", "words"),
    [
        ("A.int()", (0, 1), "truncated toward zero"),
        ("A.int()", (0, 0), "the same number as int32"),
        ("A.half()", (0, 2), "rounded to the nearest float16"),
        ("A.half()", (0, 3), "beyond the largest float16, 65504"),
        ("A.half()", (1, 1), "rounded to the nearest float16"),
        ("A.to(torch.float8_e4m3fn)", (1, 1), "too small for float8_e4m3fn"),
        ("A.double()", (0, 2), "the same number as float64"),
        ("A.bool()", (1, 0), "False: it is 0"),
        ("A.bool()", (1, 1), "True: it is not 0"),
        ("K.float()", (0, 2), "rounded to the nearest float32"),
        ("K.char()", (0, 0), "its last 8 bits as int8"),
        ("K.char()", (0, 1), "the same number as int8"),
        ("Z.float()", (0, 0), "its real part"),
        ("Z.int()", (0, 0), "its real part, truncated toward zero"),
        ("A.char()", (0, 3), "int8 has no such number"),
    ],
)
def test_what_a_cast_does_is_said(line: str, index: tuple[int, int], words: str) -> None:
    assert told(line)[0][index].conclusion == words


def test_the_last_bits_are_those_that_torch_keeps() -> None:
    stories, tensors = told("K.byte()")
    for index, story in stories.items():
        whole, kept = int(tensors["K"][index]), int(tensors["B"][index])
        assert kept == whole % 256
        assert story.conclusion == ("the same number as uint8" if kept == whole else "its last 8 bits as uint8")


def test_the_same_dtype_is_the_same_cell() -> None:
    assert {story.conclusion for story in told("A.float()")[0].values()} == {"the same cell"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_what_no_integer_is(value: float) -> None:
    assert cast_words(value, int(torch.tensor(value).to(torch.int16)), torch.int16) == "int16 has no such number"
    assert cast_words(value, value, torch.float64) == "the same number as float64"
