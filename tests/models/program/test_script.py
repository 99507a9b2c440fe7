"""The exported script gives the same tensors in a plain Python process."""

from __future__ import annotations

import random
import warnings
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.example import example_program
from playground.models.files.tensor_files import load_tensors
from playground.models.program.program import Program
from playground.models.program.script import script
from playground.models.program.sources import Expression, Imported, TensorReference


def run(text: str, **given: object) -> dict[str, object]:
    found: dict[str, object] = dict(given)
    exec(compile(text, "script", "exec"), found)
    return found


def assert_same(program: Program) -> None:
    found = run(script(program))
    for name, result in evaluate(program).items():
        if result.tensor is not None:
            assert isinstance(found[name], torch.Tensor)
            torch.testing.assert_close(found[name], result.tensor, rtol=0, atol=0, equal_nan=True, msg=name)
            assert found[name].dtype == result.tensor.dtype


def test_a_working_program() -> None:
    assert_same(example_program().without("D"))
    assert script(example_program().without("D")).startswith("import torch\n")


def test_a_line_that_fails_does_not_stop_the_script() -> None:
    program = example_program().appended("E", Expression("A +")).appended("F", Expression("E * 2"))
    found = run(script(program))
    assert torch.equal(found["C"], evaluate(program)["C"].tensor)
    assert "D" not in found
    assert "# D = A + v" in script(program)


def test_draws_without_a_seed_get_one() -> None:
    program = Program().appended("a", Expression("torch.rand(3) + torch.randn(3, ) + torch.randperm(3)"))
    assert_same(program)


@pytest.mark.parametrize("suffix", ["safetensors", "npy", "npz", "pt", "csv"])
def test_files_are_read_by_the_right_call(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"some 'data'.{suffix}"
    tensor = torch.arange(6.0).reshape(2, 3)
    match suffix:
        case "safetensors":
            safetensors.torch.save_file({"x": tensor}, path)
        case "npy":
            np.save(path, tensor.numpy())
        case "npz":
            np.savez(path, x=tensor.numpy(), y=tensor.numpy() + 1)
        case "pt":
            torch.save({"layer.0": {"x": tensor}, "list": [tensor + 1, tensor + 2]}, path)
        case "csv":
            path.write_text("a,b,c\n0.5,1,2\n3,4,5\n")
    loaded = load_tensors(path)
    program = Program()
    for number, (key, value) in enumerate(loaded.tensors.items()):
        program = program.appended(f"t{number}", Imported(TensorReference(value), str(path), key))
    assert len(program.bindings) == len(loaded.tensors)
    assert_same(program)


def test_csv_of_whole_numbers_and_decimal_commas(tmp_path: Path) -> None:
    for text in (
        "1,2\n3,4\n", "0,5;1\n2;3,25\n", "1\t2\n3\t4\n", "1 2 3\n4 5 6\n", "1,,3\n4,5,6\n", ",2\n3,\n", "a,b\n1,2\n",
        '"1","2"\n"3","4"\n', "\ufeff1,2\n", "7\n8\n", "nan,1\n2,inf\n",
    ):  # fmt: skip
        path = tmp_path / f"t{abs(hash(text))}.csv"
        path.write_text(text)
        (value,) = load_tensors(path).tensors.values()
        assert_same(Program().appended("t", Imported(TensorReference(value), str(path), path.stem)))


def test_tensors_from_python() -> None:
    small = Imported(TensorReference(torch.tensor([[1.5, float("nan")], [float("-inf"), -0.0]], dtype=torch.bfloat16)))
    text = script(Program().appended("s", small))
    found = run(text)["s"]
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.nan_to_num(nan=9.0), small.reference.tensor.nan_to_num(nan=9.0))
    large = torch.randn(100, 100)
    text = script(Program().appended("s", Imported(TensorReference(large))).appended("u", Expression("s.t()")))
    assert torch.equal(run(text, s=large)["u"], large.t()), "in the session that it came from it is there"


def test_random_programs_survive_the_script() -> None:
    rng = random.Random(5)
    lines = ["A = torch.arange(24.).reshape(2, 3, 4)"]
    for n in range(30):
        source = "A" if n == 0 else f"t{n - 1}"
        lines.append(
            f"t{n} = {source}.{rng.choice(['permute(2, 0, 1)', 'flip(0)', 'transpose(0, 1)', 'clone()', 'roll(1)'])}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_same(Program.parse("\n".join(lines)))
