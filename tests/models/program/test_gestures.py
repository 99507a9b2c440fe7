"""Each gesture's preview against what its own code gives when torch runs it."""

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.problem import Problem, ProblemError
from playground.models.program.gesture import (
    Call,
    Cut,
    Index,
    Preview,
    gesture_operation,
    insert_axis,
    layout_of,
    moved_axis,
    parse_sizes,
)
from playground.models.program.gestures import GESTURES, Metadata, menu_rows, preview_gesture
from playground.models.program.program import Program

TENSORS = {
    "matrix": torch.arange(12.0).reshape(3, 4),
    "transposed": torch.arange(12.0).reshape(3, 4).t(),
    "vector": torch.arange(5.0),
    "scalar": torch.tensor(3.0),
    "stack": torch.arange(24).reshape(2, 3, 4),
    "one": torch.ones(1, 3, 1),
    "stretched": torch.arange(3.0).expand(4, 3),
    "empty": torch.zeros(0, 3),
    "sliced": torch.arange(20.0)[::2],
    "halves": torch.ones(2, 2, dtype=torch.float16),
}


@pytest.mark.parametrize("kind", TENSORS)
@pytest.mark.parametrize("name", GESTURES)
def test_preview_is_what_torch_gives(name, kind):
    gesture, tensor = GESTURES[name], TENSORS[kind]
    layout = layout_of(tensor)
    choices = [{}] if gesture.fields else []
    if gesture.offer(layout) is None:
        choices += [texts for _, texts in gesture.quick(layout.shape)]
    for texts in choices:
        found = preview_gesture(gesture, layout, texts)
        if isinstance(found, Problem):
            assert gesture.offer(layout) is not None, found
            continue
        result = eval(f"x{found.code}", {"x": tensor, "torch": torch})
        assert found.layout == layout_of(result)
        shares = result.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr()
        if tensor.numel():
            assert found.verdict == ("same" if result is tensor else "view" if shares else "copy")
        assert found.copied_bytes == (result.numel() * result.element_size() if found.verdict == "copy" else 0)


@pytest.mark.parametrize("name", GESTURES)
def test_the_language_knows_what_each_gesture_writes(name):
    layout = layout_of(torch.arange(12.0).reshape(3, 1, 4))
    found = preview_gesture(GESTURES[name], layout, {})
    assert isinstance(found, Preview), found
    result = evaluate(Program.parse(f"A = torch.arange(12.).reshape(3, 1, 4)\nB = A{found.code}"))["B"]
    assert result.problem is None
    assert layout_of(result.tensor) == found.layout


@pytest.mark.parametrize(
    ("name", "texts", "words"),
    [
        ("reshape", {"shape": "5, 3"}, "(5, 3) has 15 elements, but the tensor has 12."),
        ("reshape", {"shape": "-1, -1"}, "One size may be -1, the others must be at least 0."),
        ("reshape", {"shape": "-1, 5"}, "12 elements are not divisible by 5."),
        ("reshape", {"shape": "two"}, "Shape: two is not a whole number."),
        ("permute", {"order": "0, 0"}, "The order must name each axis from 0 to 1 once."),
        ("expand", {"sizes": "3, 5"}, "Axis 1 has size 4. Only an axis of size 1 can be stretched."),
        ("slice", {"axis": "0", "step": "-1"}, "A step must be at least 1; to go backwards, use flip, which copies."),
        ("select", {"axis": "1", "index": "4"}, "Index 4 is outside axis 1, which has size 4."),
        ("unfold", {"axis": "0", "size": "4", "step": "1"}, "A window of 4 does not fit axis 0, which has size 3."),
        ("diagonal", {"offset": "0", "first": "0", "second": "0"}, "A diagonal needs two different axes."),
        ("unsqueeze", {"place": "9"}, "The place of a new axis must be from 0 to 2."),
        ("flip", {"axis": "7"}, "Axis: there is no axis 7, the axes are 0 to 1."),
        ("roll", {"shift": "9" * 30, "axis": "0"}, "Shift: 999999999999999999999999999999 exceeds 2^62."),
        ("roll", {"shift": "٣", "axis": "0"}, "Shift: ٣ is not a whole number."),
    ],
)
def test_refusals_name_axis_and_sizes(name, texts, words):
    found = preview_gesture(GESTURES[name], layout_of(TENSORS["matrix"]), texts)
    assert isinstance(found, Problem)
    assert str(found) == words


def test_what_cannot_be_offered_says_why():
    rows = {row.gesture: row for row in menu_rows(Metadata((), ()))}
    assert str(rows["permute"].outcome) == "It needs an axis, but the tensor has none."
    with pytest.raises(ProblemError):
        gesture_operation(GESTURES["permute"], Metadata((), ()), {})


def test_huge_layouts_are_previewed_without_memory():
    rows = menu_rows(Metadata((10**6, 10**6), (10**6, 1)))
    flip = next(row for row in rows if row.label == "Flip axis 0")
    assert flip.outcome.copied_bytes == 4 * 10**12


def test_spellings():
    assert [form.code for form in insert_axis(1, 3)] == [".unsqueeze(1)", "[:, None]"]
    assert [form.code for form in insert_axis(3, 3)] == [".unsqueeze(3)", "[..., None]"]
    tensor = torch.zeros(2, 3, 4)
    for place in range(4):
        method, index = insert_axis(place, 3)
        assert method.apply(tensor).shape == index.apply(tensor).shape == eval(f"x{index.code}", {"x": tensor}).shape
    assert Index((Cut(), Cut(stop=3), 0)).code == "[:, :3, 0]"
    assert Call("reshape", ((2, 3),)).code == ".reshape((2, 3))"
    assert moved_axis(3, 0, 2) == (1, 2, 0)
    assert parse_sizes("(2, 6,)") == parse_sizes("[2,6]") == (2, 6)
    assert parse_sizes("") == ()
