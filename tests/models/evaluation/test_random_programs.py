"""Three thousand random programs against plain torch: same verdict, shape, strides, dtype, values."""

from __future__ import annotations

import importlib.util
import random
import sys
import warnings
from pathlib import Path

import pytest
import torch

from playground.models.evaluation.evaluate import CACHE, evaluate
from playground.models.language import budget
from playground.models.program.program import Program

_spec = importlib.util.spec_from_file_location("random_programs", Path(__file__).with_name("random_programs.py"))
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["random_programs"] = _module
_spec.loader.exec_module(_module)

PROGRAMS, LINES, BATCHES = 3000, 4, 10


def assert_agrees(text: str, verdicts: dict[str, torch.Tensor | None]) -> int:
    results = evaluate(Program.parse(text))
    for name, expected in verdicts.items():
        found = results[name]
        if expected is None:
            assert found.tensor is None, f"torch refuses {name} in\n{text}"
            assert found.problem is not None, text
            assert found.problem.severity == "error", text
            continue
        assert found.tensor is not None, f"{found.problem} for {name} in\n{text}"
        actual = found.tensor
        assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), f"{name} in\n{text}"
        assert actual.stride() == expected.stride(), f"{name} in\n{text}"
        assert actual.storage_offset() == expected.storage_offset(), f"{name} in\n{text}"
        assert torch.equal(actual, expected) or torch.allclose(
            actual.double(), expected.double(), rtol=0, atol=0, equal_nan=True
        ), f"{name} in\n{text}"
        meta = found.meta
        assert meta is not None
        assert (meta.shape, meta.dtype, meta.stride()) == (expected.shape, expected.dtype, expected.stride())
        assert meta.storage_offset() == expected.storage_offset()
        last = found.steps[-1]
        assert (last.shape, last.strides, last.offset) == (expected.shape, expected.stride(), expected.storage_offset())
    return sum(verdict is not None for verdict in verdicts.values())


def test_planning_first_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "SMALL", 0)
    CACHE.clear()
    rng = random.Random("planned")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(100):
            assert_agrees(*_module.random_program(rng, LINES))
    CACHE.clear()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_random_programs_agree_with_torch(batch: int) -> None:
    rng = random.Random(batch)
    fine = 0
    for _ in range(PROGRAMS // BATCHES):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text, verdicts = _module.random_program(rng, LINES)
            fine += assert_agrees(text, verdicts)
    assert 0.5 < fine / (PROGRAMS // BATCHES * LINES) < 0.95, "both verdicts must be common"
