import time
from dataclasses import replace

import pytest
from peak_memory import peak_bytes

from playground.models.example import example_program
from playground.models.job import Job
from playground.models.lessons.lesson_file import load_lesson, parse_lesson, skeleton
from playground.models.lessons.request import compute_lesson, lesson_request
from playground.models.lessons.scope import make_scope
from playground.models.problem import ProblemError
from playground.models.state import LessonState, PlaygroundState

GOOD = """title = "A title"
question = "A question"

[[prediction]]
words = "yes"
right = true
check = "1 == 1"
because = "so"

[[step]]
words = "do"
goal = { selected = "A" }

[answer]
words = "the answer"
"""


def test_a_good_file_is_read():
    lesson = parse_lesson(GOOD)
    assert lesson.title == "A title"
    assert lesson.predictions[0].right
    assert lesson.steps[0].goal == (("selected", "A"),)


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("right = true", 'right = "yes"'), 6, "true or false"),
        (('title = "A title"', "title = 3"), 1, "string"),
        (('goal = { selected = "A" }', 'goal = { juggle = "A" }'), 12, "juggle"),
        (('question = "A question"', 'question = "A question'), 2, "TOML"),
        (('words = "do"', 'word = "do"'), 11, "'word'"),
        (("[[prediction]]", "[prediction]"), 4, "prediction"),
        (("right = true\n", ""), 5, "'right' is missing"),
        (('goal = { selected = "A" }', 'goal = { pointed = "A" }'), 11, "A cell is written like"),
        (('goal = { selected = "A" }', "goal = { network = { depht = 2 } }"), 11, "'depht'"),
        (("[answer]", "[start]\nprogram = 'A = torch.ones(2'\n[answer]"), 15, "never closed"),
        (("[answer]", "[start]\nnetwork = { width = 3, tall = 2 }\n[answer]"), 15, "'tall'"),
    ],
)
def test_a_broken_file_says_which_line_is_wrong(change, line, words):
    with pytest.raises(ProblemError) as caught:
        parse_lesson(GOOD.replace(*change), file="mine.toml")
    said = str(caught.value.problem)
    assert f"mine.toml, line {line}:" in said
    assert words in said


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        ('{ kind = "network", activation = "bogus", read = "last_rms" }', "bogus"),
        ('{ kind = "network", depth = 2 }', "'read'"),
        ('{ kind = "network", depth = 2, read = "colour" }', "'colour'"),
        ('{ kind = "network", dept = 2, read = "last_rms" }', "dept"),
        ('{ kind = "layout", tensor = "nobody", read = "strides" }', "nobody"),
        ('{ kind = "storage", line = "nobody.t()" }', "nobody"),
        ('{ kind = "saved", depth = 2, read = "saved", every = "x" }', "arguments"),
    ],
)
def test_a_measure_that_cannot_be_taken_is_named(measure, words):
    lesson = parse_lesson(GOOD + f"[measure]\nheight = {measure}\n")
    with pytest.raises(ProblemError) as caught:
        make_scope(lesson)
    assert "The measure height:" in str(caught.value.problem)
    assert words in str(caught.value.problem)


@pytest.mark.parametrize("text", ["", "\x00", "a = [" * 5000, "title = 1e999", "x" * 2_000_000])
def test_hostile_files_are_problems(text):
    with pytest.raises(ProblemError):
        parse_lesson(text)


def test_missing_and_unreadable_files_are_problems(tmp_path):
    with pytest.raises(ProblemError, match="no such file"):
        load_lesson(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProblemError, match="cannot be read"):
        load_lesson(tmp_path / "binary.toml")
    with pytest.raises(ProblemError):
        load_lesson(tmp_path)


@pytest.mark.parametrize("page", ["tensors", "network"])
def test_the_present_state_saved_as_a_lesson_opens_again(page):
    state = PlaygroundState(program=example_program(), selection="B")
    state = replace(state, einsum=replace(state.einsum, equation="ij,kj->ik", operands=("A", "B")))
    lesson = parse_lesson(skeleton(state, page))
    assert lesson.start.program == state.program.code
    assert lesson.start.equation == "ij,kj->ik"
    assert lesson.page == page


FAULTS = {
    "torch.ones((3": "never closed",
    "1 == 1)": "cannot parse",
    "1 == \\u00001": "control character",
    "9" * 5000: "This number has 5,000 digits, but at most 4,300 are allowed",
    "\u0661 == 1": "(U+0661) has no meaning",
}


@pytest.mark.parametrize("bad", FAULTS, ids=lambda bad: repr(bad[:15]))
@pytest.mark.parametrize(
    ("change", "line"),
    [(('check = "1 == 1"', 'check = "{}"'), 7), (('because = "so"', 'because = "so {{{}}}"'), 8)],
    ids=["check", "hole"],
)
def test_what_cannot_be_read_in_a_check_or_a_hole_is_a_fault_of_the_file(bad, change, line):
    with pytest.raises(ProblemError) as caught:
        parse_lesson(GOOD.replace(change[0], change[1].format(bad)), file="mine.toml")
    assert f"mine.toml, line {line}:" in str(caught.value.problem)
    assert FAULTS[bad] in str(caught.value.problem)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("torch.ones(10**12).sum()", "too large|may take up to"),
        ("torch.ones(10**9, 10**9)", "too large|may take up to"),
        ("torch.full((10**6, 10**6), 1.0)", "may take up to"),
        ("torch.randn(10**12)", "may take up to"),
        ("torch.linalg.svd(torch.ones(1, 1).expand(5000, 5000))[1].sum()", "minutes"),
        ("torch.arange(100_000)", "too many for a sentence"),
    ],
)
@pytest.mark.parametrize(
    ("change", "line"),
    [(('check = "1 == 1"', 'check = "{} == 1"'), 7), (('because = "so"', 'because = "so {{{}}}"'), 8)],
    ids=["check", "hole"],
)
def test_what_takes_too_much_is_a_fault_of_the_file_and_is_not_begun(tmp_path, bad, words, change, line):
    if "sentence" in words and line == 7:
        return
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(change[0], change[1].format(bad)))
    state = PlaygroundState(program=example_program(), lesson=LessonState("mine", path=str(path)))
    before, start = peak_bytes(), time.monotonic()
    with pytest.raises(ProblemError, match=words) as caught:
        compute_lesson(lesson_request(state), Job())
    assert f"mine.toml, line {line}:" in str(caught.value.problem)
    assert time.monotonic() - start < 30
    assert peak_bytes() - before < 400_000_000
