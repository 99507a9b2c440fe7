"""The step of `make test` that runs tests as other processors would."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SAYS_WHERE_IT_RAN = """
import os

import pytest


@pytest.mark.processor
def test_one():
    assert os.environ["MKL_CBWR"] != "AVX2"
    assert os.environ["OMP_NUM_THREADS"] == "1"
"""


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("processors", ROOT / "tools" / "processors.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_test_that_fails_under_one_setting_fails_the_step(tool, tmp_path, capsys):
    file = tmp_path / "test_it.py"
    file.write_text(SAYS_WHERE_IT_RAN)
    arguments = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(tmp_path), *map(str, tool.marked(tmp_path))]
    assert tool.run_everywhere(arguments, ("MKL_CBWR=COMPATIBLE",)) == 0
    assert "MKL_CBWR=COMPATIBLE: passes" in capsys.readouterr().out
    assert tool.run_everywhere(arguments, ("MKL_CBWR=COMPATIBLE", "MKL_CBWR=AVX2")) == 1
    said = capsys.readouterr().out
    assert "MKL_CBWR=COMPATIBLE: passes" in said
    assert "MKL_CBWR=AVX2: FAILS" in said
    assert "assert 'AVX2' != 'AVX2'" in said


def test_every_setting_is_tried_alone_and_together_and_the_lessons_are_among_what_is_run(tool):
    assert sorted(" ".join(tool.TOGETHER).split()) == sorted(tool.ALONE)
    for together in tool.TOGETHER:
        assert len({setting.partition("=")[0] for setting in together.split()}) == len(together.split()) == 3
    names = {Path(file).name for file in tool.marked(ROOT / "tests")}
    assert {"test_all_lessons.py", "test_verdict.py", "test_depth_facts.py", "test_passes.py"} <= names
