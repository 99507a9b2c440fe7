from dataclasses import replace

import pytest

from playground.models.lessons.goals import do_step
from playground.models.lessons.lesson import LessonStep
from playground.models.lessons.library import library
from playground.models.lessons.start import start_state
from playground.models.lessons.where import part_to_light
from playground.models.state import PlaygroundState
from playground.models.tensors.program import Program


def test_the_light_goes_from_part_to_part():
    state = PlaygroundState(program=Program.parse("a = torch.ones(3)\nS = torch.ones(3, 3)"), selection="a")
    state = replace(state, einsum=replace(state.einsum, equation="i,i->", operands=("a", "a")))
    step = LessonStep("", "", (("einsum", (("equation", "ii->i"), ("operands", ("S",)))),))
    assert part_to_light(step, state) == "einsum.operand.0"
    state = replace(state, einsum=replace(state.einsum, operands=("S", "a")))
    assert part_to_light(step, state) == "einsum.operand.1"
    for nothing in (("S",), ("S", "")):
        state = replace(state, einsum=replace(state.einsum, operands=nothing))
        assert part_to_light(step, state) == "einsum.equation"
    assert part_to_light(step, do_step(step.goal, state)) == ""


def test_a_tensor_is_chosen_before_its_cell_or_its_view():
    state = PlaygroundState(program=Program.parse("a = torch.ones(3)\nb = torch.ones(3)"), selection="a")
    cell = LessonStep("", "shape.grid", (("pointed", "b[1]"),))
    assert part_to_light(cell, state) == "tensors.card.b"
    assert part_to_light(cell, replace(state, selection="b")) == "shape.grid b[1]"
    view = LessonStep("", "", (("memory", (("view_shape", "3, 1"),)), ("selected", "b")))
    assert part_to_light(view, state) == "tensors.card.b"
    assert part_to_light(view, replace(state, selection="b")) == "memory.view_shape"


@pytest.mark.parametrize("lesson", library(), ids=lambda lesson: lesson.key)
def test_every_step_has_a_place_and_none_names_a_part_that_its_goal_knows(lesson):
    state = start_state(lesson)
    for step in lesson.steps:
        assert part_to_light(step, state)
        if {kind for kind, _ in step.goal} <= {"selected", "einsum", "equation", "memory", "network"}:
            assert not step.part, f"{step.words}: this goal knows its place"
        state = do_step(step.goal, state)
