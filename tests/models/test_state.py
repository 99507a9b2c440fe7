from dataclasses import replace

import pytest

from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.training.settings import TrainingSettings
from playground.models.program.program import Program, renamed_text
from playground.models.state import (
    BroadcastState,
    EinsumState,
    MemoryState,
    NetworkState,
    PlaygroundState,
    StridedChoice,
)

PROGRAM = Program.parse("A = torch.ones(3)\nB = A + 1\nAB = B * 2")
FED = NetworkSpec(input="tensor:A")
STATE = PlaygroundState(
    program=PROGRAM,
    einsum=EinsumState("i,i->", ("A", "AB.flip(0) + A")),
    broadcast=BroadcastState(("A", "B"), chosen_at="A"),
    memory=MemoryState(pinned="A", strided=StridedChoice("A", (3,), (1,))),
    network=NetworkState(
        spec=FED, pins=(FED, NetworkSpec()), confirmed=FED, training=TrainingSettings(inputs="A", targets="B")
    ),
)


def test_whatever_names_a_tensor_follows_its_new_name():
    after = STATE.with_program(PROGRAM.renamed("A", "M"))
    assert after.program.names == ("M", "B", "AB")
    assert after.einsum.operands == ("M", "AB.flip(0) + M")
    assert (after.broadcast.operands, after.broadcast.chosen_at) == (("M", "B"), "M")
    assert (after.memory.pinned, after.memory.strided.name) == ("M", "M")
    assert after.network.spec.tensor_name == after.network.confirmed.tensor_name == "M"
    assert [pin.input for pin in after.network.pins] == ["tensor:M", "normal"]
    assert (after.network.training.inputs, after.network.training.targets) == ("M", "B")


@pytest.mark.parametrize(
    "program",
    [
        PROGRAM,
        PROGRAM.without("A"),
        Program.parse("A = torch.zeros(3)\nB = A + 1\nAB = B * 2"),
        Program.parse("B = A + 1\nA = torch.ones(3)\nAB = B * 2"),
    ],
    ids=["the same", "one less", "other code", "other order"],
)
def test_any_other_edit_leaves_the_names_alone(program):
    assert STATE.with_program(program) == replace(STATE, program=program)


def test_a_line_typed_over_with_its_name_is_the_same_line():
    after = STATE.with_program(Program.parse("M = torch.ones(4)\nB = M + 1\nAB = B * 2"))
    assert after.einsum.operands == ("M", "AB.flip(0) + M")
    assert after.network.spec.tensor_name == "M"


def test_an_operand_that_cannot_be_read_stays_as_it_was_typed():
    state = replace(STATE, einsum=EinsumState("i,i->", ("A +", "A")))
    assert state.with_program(PROGRAM.renamed("A", "M")).einsum.operands == ("A +", "M")


def test_only_the_name_itself_is_rewritten():
    assert renamed_text("A.t() + AB[A:] * B.A", "A", "M") == "M.t() + AB[M:] * B.A"
