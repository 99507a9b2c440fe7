import pytest
import torch

from playground.models.memory.bits import explain_bits
from playground.models.memory.layout import describe_layout
from playground.models.memory.storage_window import StorageReader
from playground.models.tensors.evaluation import evaluate
from playground.models.tensors.program import Program

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
