""".csv: tables that are none, and the dialects of those that are."""

import math

import pytest
import torch

from playground.models.files.tensor_files import load_tensors

CSV_CASES = {
    "ragged": (b"1,2,3\n4,5\n", "Line 2 of a.csv has 2 values, line 1 has 3"),
    "word": (b"1,2\n3,x\n", "Line 2, column 2 of a.csv is 'x', not a number"),
    "binary": (b"1,2\x00\x01", "contains zero bytes"),
    "latin": (b"1,2\n3,\xff\xfe", "byte 6 is ff"),
    "blank": (b"\n\n \n", "holds no numbers"),
    "only words": (b"a,b\n", "holds no numbers"),
    "one long field": (b"1" * 200_000, "not a table"),
    "open quote": (b'1,"2\n' * 2000, "a.csv"),
}


@pytest.mark.parametrize("case", CSV_CASES)
def test_bad_csv(case, tmp_path, sentence):
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
    assert "1e400 in line 3 is too large for float64" in loaded.notes[1]
    assert [problem.severity for problem in loaded.said] == ["warning", "warning"]


def test_csv_of_a_hundred_thousand_columns(tmp_path):
    (tmp_path / "a.csv").write_text(",".join(["1"] * 100_000))
    assert load_tensors(tmp_path / "a.csv").tensors["a"].shape == (1, 100_000)
