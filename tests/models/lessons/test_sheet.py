import json
import subprocess
import sys
from xml.etree import ElementTree

import pytest
import torch

from playground.models.job import Job
from playground.models.lessons.lesson_file import library
from playground.models.lessons.sheet import SheetRequest, compute_sheet, layer_figure
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import ProblemError

QUESTIONS = tuple(lesson for lesson in library() if lesson.shelf == "questions")


def test_the_html_sheet_holds_every_lesson_its_code_and_the_torch_version():
    text = compute_sheet(SheetRequest(QUESTIONS, "answers.html"), Job())
    assert torch.__version__ in text
    assert text.count("<h2>") == 12
    assert "NOT true" not in text
    assert "[[1, 2], [3, 4]]" not in text
    assert text.count("<svg") == sum(lesson.page == "network" for lesson in QUESTIONS)
    assert "{" not in text.split("</style>")[1].replace("{0", "")


def test_the_notebook_runs_from_top_to_bottom_with_plain_torch(tmp_path):
    notebook = json.loads(compute_sheet(SheetRequest(library(), "answers.ipynb"), Job()))
    assert notebook["nbformat"] == 4
    code = "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")
    assert "playground" not in code
    script = tmp_path / "answers.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "rms" in done.stdout


def test_another_ending_is_refused():
    with pytest.raises(ProblemError, match=r"\.docx"):
        compute_sheet(SheetRequest(QUESTIONS, "answers.docx"), Job())


@pytest.mark.parametrize("spec", [NetworkSpec(), NetworkSpec(init="zeros", depth=3), NetworkSpec(depth=1)])
def test_figures_are_drawings_even_where_numbers_end(spec):
    figure = ElementTree.fromstring(layer_figure(spec))
    assert figure.tag.endswith("svg")
    assert len(figure) > 2
