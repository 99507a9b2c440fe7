from dataclasses import replace

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.memory.bits import explain_bits
from playground.models.memory.layout import describe_layout
from playground.models.memory.readers import StorageReader
from playground.models.memory.request import (
    compute_memory,
    find_cell,
    find_element,
    find_pointed,
    memory_request,
    write_at_pointed,
)
from playground.models.problem import ProblemError
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Imported, TensorReference
from playground.models.state import MemoryState, PlaygroundState, PointedCell, StridedChoice

PROGRAM = """A = torch.arange(12.).reshape(3, 4)
v = torch.tensor([10., 20., 30.])
B = A + v[:, None]
W = B.t()
e = v.expand(3, 3)
big = torch.zeros(1000000, 1280000).t()
D = A + v
"""


def ask(name="", pointed=None, code=PROGRAM, **memory):
    program = code if isinstance(code, Program) else Program.parse(code)
    state = PlaygroundState(program=program, selection=name, pointed=pointed, memory=MemoryState(**memory))
    return compute_memory(memory_request(state), Job())


def imported(tensor):
    return Program((Binding("x", Imported(TensorReference(tensor))),))


def test_it_follows_the_selection_unless_pinned():
    assert ask("B").name == "B"
    assert ask("B", pinned="W").name == "W"
    assert ask("B", pinned="gone").name == "B"
    assert ask("", code="A = torch.zeros(2)").name == "A"


def test_pointing_asks_for_nothing():
    state = PlaygroundState(program=Program.parse(PROGRAM), selection="W")
    assert memory_request(replace(state, pointed=PointedCell("W", (1, 1)))) == memory_request(state)


def test_the_same_cell_is_found_from_every_tensor_of_the_storage():
    result = ask("W", PointedCell("B", (1, 2)))
    assert find_cell(PointedCell("B", (1, 2)), result.sharing) == 6
    assert find_element(PointedCell("B", (1, 2)), "W", result.sharing) == (2, 1)
    assert find_pointed(6, ("B",), result.sharing) == PointedCell("B", (1, 2))
    assert find_pointed(6, ("W",), result.sharing) == PointedCell("W", (2, 1))
    assert find_cell(PointedCell("A", (0, 0)), result.sharing) is None
    assert find_cell(PointedCell("B", (3, 0)), result.sharing) is None
    assert write_at_pointed(result, PointedCell("B", (1, 2)), "5").index == (2, 1)
    assert write_at_pointed(result, PointedCell("B", (1, 2)), "5").new == "5"
    assert write_at_pointed(result, PointedCell("A", (1, 2)), "5") is result.write
    assert result.reader.text(6) == "26"


def test_what_is_typed_is_answered():
    assert not ask("W", view_shape="2, 6").view.allowed
    assert ask("W", view_shape="(2, 2, 3)").view.allowed
    assert ask("W", view_shape="2, x").view_problem.span.start == 3
    assert ask("W").view.blocking == (0, 1)
    assert ask("W", write_index=(0, 1), write_value="-1").write.cell == 4
    strided = ask("W", strided=StridedChoice("W", (5, 5), (4, 1), 3)).strided
    assert "storage has 48 B" in strided.problem.message
    assert ask("W", strided=StridedChoice("B", (5, 5), (4, 1), 3)).strided.allowed


@pytest.mark.parametrize("text", ["1e18", "2.5", "٣", "1_000", "0x10", "9" * 30, "-", "2,,x"])
def test_shapes_that_are_none_are_refused_with_their_place(text):
    result = ask("W", view_shape=text)
    assert result.view is None
    assert result.view_problem.span is not None


def test_a_failed_line_and_an_empty_program_are_problems():
    with pytest.raises(ProblemError, match="Axis 1 of A is 4"):
        ask("D")
    with pytest.raises(ProblemError, match="no tensor"):
        ask("", code=Program())


def test_what_is_too_large_shows_everything_but_contents():
    result = ask("big")
    assert result.reader is None
    assert result.layout.storage_bytes == 5_120_000_000_000
    assert result.layout.symbolic
    assert result.view is not None
    assert result.write.sentence.startswith("It is cell 0")
    assert result.warning is not None


TENSORS = {
    "rank 0": torch.tensor(1.0),
    "size 0": torch.zeros(0, 4),
    "size 1 with any strides": torch.zeros(1).as_strided((1, 1, 1), (7, 0, 99)),
    "expanded": torch.zeros(3).expand(4, 3),
    "overlapping": torch.arange(8.0).unfold(0, 3, 1),
    "at the very end": torch.zeros(10).as_strided((2, 2), (1, 1), 7),
    "view of a view": torch.arange(30.0)[3:][4:][::2],
    "bool": torch.tensor([True, False]),
    "complex": torch.tensor([1 + 2j]),
    "half": torch.tensor([0.1], dtype=torch.float16),
    "bfloat16": torch.tensor([0.1], dtype=torch.bfloat16),
    "float8": torch.tensor([0.5]).to(torch.float8_e4m3fn),
    "int64": torch.tensor([2**53 + 1]),
    "uint64": torch.tensor([2**64 - 1], dtype=torch.uint64),
    "nan payload": torch.tensor([0x7FC00001], dtype=torch.int32).view(torch.float32),
    "65 axes": torch.zeros((1,) * 65),
    "all nan": torch.full((3,), float("nan")),
    "subnormal": torch.tensor([1e-42]),
    "extremes": torch.tensor([1.7e308, -1.7e308], dtype=torch.float64),
}


@pytest.mark.parametrize("name", TENSORS)
def test_every_kind_of_tensor_is_described_whole(name):
    tensor = TENSORS[name]
    result = ask("x", code=imported(tensor))
    assert result.layout.shape == tuple(tensor.shape)
    assert result.reader.cells == tensor.untyped_storage().nbytes() // tensor.itemsize
    assert 0 < result.scale < float("inf")
    assert result.facts.startswith("x")
    assert len(result.trials) > 10
    if tensor.numel():
        assert result.write is not None


def test_an_expand_to_a_trillion_is_a_view_of_one_cell():
    result = ask("x", code=imported(torch.zeros(1).expand(10**12)))
    assert result.layout.own_bytes == 4 * 10**12
    assert result.layout.reached == 1
    assert result.write.changed[0].count == 10**12
    assert "1,000,000,000,000 elements of x" in result.write.sentence


def test_all_facts_as_text():
    text = ask("W", view_shape="2, 6").facts
    for part in ("W = B.t()", "strides        (1, 4) elements, (4, 16) bytes", "shares with    B", "W.view(2, 6): no."):
        assert part in text


ROW = torch.arange(3.0)
CUBE = torch.arange(24.0).reshape(2, 3, 4)
LAYOUTS = {
    "expand over rows": (ROW.expand(3, 3), (0, 1), 12, False),
    "expand over columns": (ROW.unsqueeze(1).expand(3, 3), (1, 0), 12, False),
    "contiguous copies": (ROW.expand(3, 3).contiguous(), (3, 1), 36, True),
    "clone copies": (ROW.expand(3, 3).clone(), (3, 1), 36, True),
    "times one copies": (ROW.expand(3, 3) * 1, (3, 1), 36, True),
    "repeat copies": (ROW.repeat(3, 1), (3, 1), 36, True),
    "to float64": (ROW.expand(3, 3).to(torch.float64).contiguous(), (3, 1), 72, True),
    "transpose": (CUBE.transpose(0, 1), (4, 12, 1), 96, False),
    "permute": (CUBE.permute(2, 0, 1), (1, 12, 4), 96, False),
    "diagonal": (torch.zeros(5, 5).diagonal(), (6,), 100, False),
    "unfold": (torch.zeros(8).unfold(0, 3, 1), (1, 1), 32, False),
    "channels last": (
        torch.zeros(2, 3, 4, 5).contiguous(memory_format=torch.channels_last), (60, 1, 15, 3), 480, False,
    ),
    "clone keeps strides": (torch.zeros(3, 4).t().clone(), (1, 4), 48, False),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_that_the_field_knows(name):
    tensor, strides, storage_bytes, contiguous = LAYOUTS[name]
    layout = describe_layout(tensor)
    assert (layout.strides, layout.storage_bytes, layout.contiguous) == (strides, storage_bytes, contiguous)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("A.contiguous()", "same"),
        ("A.t().contiguous()", "copy"),
        ("A.t().reshape(12)", "copy"),
        ("A.reshape(2, 6)", "view"),
        ("A.flip(0)", "copy"),
        ("A[:, None]", "view"),
        ("A[[0, 1]]", "copy"),
        ("A + 1", "new"),
        ("A.expand(2, 3, 4)", "view"),
        ("A.double()", "copy"),
    ],
)
def test_each_step_says_what_it_did(code, kind):
    program = Program.parse(f"A = torch.arange(12.).reshape(3, 4)\nB = {code}")
    result = evaluate(program)
    assert result["B"].steps[-1].kind == kind
    shares = "A" in describe_layout(result["B"].tensor, {"A": result["A"].tensor}).shares_with
    assert shares == (kind == "view") or kind == "same"


def test_one_is_1065353216_in_other_eyes():
    tensor = torch.ones(1)
    assert StorageReader(tensor.view(torch.int32)).text(0) == "1065353216"
    assert explain_bits(StorageReader(tensor).cell_bytes(0), "int32").formula == "1065353216"


@pytest.mark.parametrize("line", ["A.t()", "A[:, 1:3]", "v.expand(500, 3)", "A.t().to(torch.bfloat16)"])
@pytest.mark.parametrize("spare", [4, 10_000])
def test_what_would_make_a_file_smaller_is_offered_where_its_line_has_values(line, spare):
    """With so many bytes left of the budget beside the lines that there are."""
    program = Program.parse(f"A = torch.arange(12.).reshape(3, 4)\nv = torch.ones(3)\nZ = {line}")
    storages = [one.tensor.untyped_storage() for one in evaluate(program).values()]
    budget = sum({one.data_ptr(): one.nbytes() for one in storages}.values()) + spare
    state = PlaygroundState(program=program, selection="Z", memory_budget=budget)
    result = compute_memory(memory_request(state), Job())
    offered = [cost for cost in result.files if cost.fix]
    assert bool(offered) == (spare > 4)
    for cost in offered:
        assert evaluate(program.appended("Y", Expression(cost.fix)), budget)["Y"].tensor is not None, cost
