"""What holds by chance is found and said in the right words; what the program ties is left alone."""

from pathlib import Path

import pytest
import torch
from torch.overrides import TorchFunctionMode

from playground import Program, evaluate, explain_chance
from playground.models.broadcasting.chance.reshaping import read_reshape
from playground.models.broadcasting.chance.sizes import SizeOrigin, Sizes
from playground.models.broadcasting.chance.telling import tied_code
from playground.models.job import Job
from playground.models.language.budget import PlanWatch
from playground.models.language.interpreter import Interpreter
from playground.models.language.source import parse_expression
from playground.models.program.program import parse_source, program_of
from playground.models.program.sources import Expression, Made


def read_kinds():
    """Each kind of `kinds.txt` with its program, the line, the sentence and the other reading."""
    text = (Path(__file__).parent / "kinds.txt").read_text("utf-8")
    kinds = {}
    for block in text.split("\n# ")[1:]:
        name, _, rest = block.partition("\n")
        code, told, fix = (part.strip() for part in rest.split("\n=>"))
        line, _, message = told.partition(": ")
        kinds[name] = (code, line, message, fix)
    return kinds


KINDS = read_kinds()

BY_DESIGN = {
    "sizes that differ": "A = torch.ones(3, 4)\nw = torch.ones(4)\nB = A * w",
    "an ordinary product": "A = torch.ones(3, 4)\nB = torch.ones(4, 5)\nC = A @ B",
    "a size read from the other": "A = torch.ones(4, 4)\nw = torch.ones(A.shape[1])\nB = A * w",
    "a stretch in so many words": "A = torch.ones(4, 4)\nw = torch.ones(4)\nB = A * w[:, None]",
    "a kept axis": "X = torch.ones(4, 4)\nB = X - X.mean(1, keepdim=True)",
    "means of columns": "X = torch.ones(4, 4)\nB = X - X.mean(0)",
    "a transpose in so many words": "x = torch.ones(8, 4)\nW = torch.ones(4, 4)\ny = x @ W.T",
    "a weight for its input": "x = torch.ones(8, 4)\nW = torch.ones(x.shape[1], 4)\ny = x @ W",
    "a Gram matrix": "A = torch.ones(4, 4)\nG = A @ A.T",
    "a symmetric part": "A = torch.ones(4, 4)\nS = (A + A.T) / 2",
    "equal shapes": "A = torch.ones(4, 4)\nB = torch.ones(4, 4)\nC = A + B",
    "an identity": "A = torch.eye(4)\nv = torch.ones(4)\ny = A @ v",
    "an inverse": "A = torch.ones(4, 4)\nB = torch.linalg.inv(A + torch.eye(4))\nC = B @ A",
    "a residual around two weights": (
        "x = torch.ones(8, 4)\nW = torch.ones(x.shape[1], 6)\nV = torch.ones(6, 4)\ny = x + (x @ W).relu() @ V"
    ),
    "queries and keys": "q = torch.ones(5, 5)\nk = torch.ones(5, q.shape[1])\ns = q @ k.T",
    "a gram matrix minus its diagonal": "x = torch.ones(4, 4)\ng = x @ x.T\nd = g - g.diagonal()",
    "heads split": "x = torch.ones(2, 8, 32)\nz = x.view(2, 8, 8, 4).transpose(1, 2)",
    "heads put together": (
        "x = torch.ones(2, 8, 32)\nz = x.view(2, 8, 8, 4).transpose(1, 2)\ny = z.transpose(1, 2).reshape(2, 8, 32)"
    ),
    "heads by division": (
        "x = torch.ones(2, 8, 32)\nz = x.view(x.shape[0], x.shape[1], 8, x.shape[2] // 8).transpose(1, 2)\n"
        "y = z.transpose(1, 2).reshape(x.shape)"
    ),
    "a reshape of everything": "x = torch.arange(24.).reshape(4, 6)\ny = x.reshape(3, 8)\nz = x.flatten() * 2",
    "a transposed shape": "x = torch.arange(12.).reshape(3, 4)\ny = x.reshape(4, 3)",
    "concatenated": "A = torch.ones(4, 4)\nB = torch.ones(4, 4)\nC = torch.cat([A, B], 1)",
    "batches": "A = torch.ones(4, 4, 4)\nB = torch.ones(A.shape[0], A.shape[2], 4)\nC = A @ B",
    "batches by letter": (
        'A = torch.ones(4, 4, 5)\nB = torch.ones(4, A.shape[2], 4)\nC = torch.einsum("bij,bjk->bik", A, B)'
    ),
    "neighbours": "x = torch.arange(10.)\ny = x[1:] - x[:-1]\nz = y[::2] + y[1::2].sum()",
    "slices of equal length": "A = torch.ones(5, 6)\nw = torch.ones(3)\nB = A[:3, :3] * w",
    "its own mask": "A = torch.ones(4, 4)\nB = A[A.sum(1) > 0]",
    "one number": "A = torch.ones(4, 4)\ns = torch.ones(1)\nB = A * s + A.mean()",
    "a vector of classes": (
        "s = torch.ones(4, 4)\ny = torch.zeros(s.shape[0], dtype=torch.int64)\n"
        "z = torch.nn.functional.cross_entropy(s, y)"
    ),
    "parts of unknown length": "x = torch.arange(9.)\ny = x[x > 4]\nz = y * torch.ones(4)",
    "chunks": "x = torch.ones(4, 8)\na = x.chunk(2, 1)[0]\nb = x.chunk(2, 1)[1]\nc = a * b",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_chance_is_told_in_the_right_sentence_with_the_other_reading(kind):
    assert len(KINDS) >= 30
    code, line, message, fix = KINDS[kind]
    note = explain_chance(Program.parse(code))[0]
    assert (note.name, note.message) == (line, message)
    assert [one.code for one in note.fixes[:1]] == ([fix] if fix else [])
    assert {size.size for size in note.sizes} <= {3, 4, 5, 6, 8, 32}


@pytest.mark.parametrize("kind", BY_DESIGN)
def test_what_the_program_ties_is_left_alone(kind):
    program = Program.parse(BY_DESIGN[kind])
    assert not [one.problem for one in evaluate(program).values() if one.failed]
    assert [note.message for note in explain_chance(program)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_fix_works_and_a_tie_ends_the_doubt(kind):
    program = Program.parse(KINDS[kind][0])
    notes = explain_chance(program)
    for fix in notes[0].fixes:
        mended = program.with_source(fix.target, parse_source(fix.code))
        result = evaluate(mended)[fix.target]
        assert result.meta is not None
        assert "(" + ", ".join(map(str, result.meta.shape)) + ("," if result.meta.ndim == 1 else "") + ")" == fix.gives
        if "always" in fix.meaning:
            assert notes[0].message not in [note.message for note in explain_chance(mended)]


def test_one_note_tells_all_lines_of_one_cause():
    code = "x = torch.ones(8, 4)\nWq = torch.ones(4, 4)\nWk = torch.ones(4, 4)\nq = x @ Wq\nk = x @ Wk\ns = q @ k.T"
    assert [note.lines for note in explain_chance(Program.parse(code))] == [("q", "k")]


def test_imported_tensors_have_sizes_of_their_own():
    program = program_of({"A": torch.ones(3, 3), "w": torch.ones(3)})
    (note,) = explain_chance(program.appended("B", Expression("A * w")))
    assert [fix.code for fix in note.fixes] == ["A * w[:, None]"]
    assert [(size.tensor, size.axis) for size in note.sizes] == [("A", 1), ("w", 0)]


def test_failing_lines_and_their_readers_are_left_out():
    code = "A = torch.ones(3, 3)\nB = A @ torch.ones(4)\nC = B + A\nw = torch.ones(3)\nD = A * w"
    assert [note.name for note in explain_chance(Program.parse(code))] == ["D"]


ATTENTION = """x = torch.ones(2, 8, 32)
Wv = torch.ones(x.shape[2], 32)
q = x.view(2, 8, 8, 4).transpose(1, 2)
v = (x @ Wv).view(2, 8, 8, 4).transpose(1, 2)
weights = (q @ q.mT).softmax(-1)
heads = weights @ v
out = heads.transpose(1, 2).reshape(2, 8, 32)"""


def test_attention_with_as_many_heads_as_tokens():
    assert explain_chance(Program.parse(ATTENTION)) == ()
    wrong = ATTENTION.replace("heads.transpose(1, 2)", "heads")
    assert [note.name for note in explain_chance(Program.parse(wrong))] == ["out"]
    unturned = ATTENTION.replace(".transpose(1, 2)", "") + "\nmask = torch.ones(x.shape[1], 8)\nmasked = weights * mask"
    assert [note.name for note in explain_chance(Program.parse(unturned))] == ["masked"]


class CallCount(TorchFunctionMode):
    """Counts torch's calls."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def plan(program):
    metas = {}
    for binding in program.bindings:
        if isinstance(binding.source, Made):
            metas[binding.name] = torch.empty(binding.source.shape, device="meta")
        else:
            parsed = parse_expression(binding.source.text)
            metas[binding.name] = Interpreter(parsed, metas, PlanWatch(Job(), 1 << 40), "meta").run()


def test_it_costs_at_most_three_plans():
    program = Program.parse(ATTENTION)
    evaluate(program)
    with CallCount() as planned:
        plan(program)
    with CallCount() as explained:
        explain_chance(program)
    assert explained.count <= 3 * planned.count


def test_sizes_split_merge_and_keep_their_values():
    sizes = Sizes("torch.ones(101, 6)")
    width, rows = sizes.fresh(SizeOrigin("x", 1, 32)), sizes.fresh(SizeOrigin("x", 0, 8))
    assert width != 101, "a prime that the program writes stands for itself"
    left, right = sizes.split(width, 4)
    assert (sizes.value(left), sizes.value(right), sizes.value(width), sizes.value(2 * width)) == (8, 4, 32, 64)
    assert sizes.now(width) == left * right
    assert not sizes.same(left, rows)
    sizes.merge(left, rows)
    assert sizes.same(width, rows * right)
    with pytest.raises(ValueError, match="split"):
        sizes.split(rows, 3)


def test_a_reshape_keeps_whole_axes_and_splits_others():
    sizes = Sizes("")
    batch, width = sizes.fresh(SizeOrigin("x", 0, 6)), sizes.fresh(SizeOrigin("x", 1, 32))
    reading = read_reshape(sizes, (batch, width), (-1, 8, 4), "y")
    assert reading.shape[0] == batch
    assert sizes.same(reading.shape[1] * reading.shape[2], width)
    assert read_reshape(sizes, (batch, width), (8, 6, 4), "y").mixed == (1, 0, 2)


@pytest.mark.parametrize(
    ("made", "axis", "code"),
    [
        (Made("ones", (4, 2)), 1, "torch.ones(4, n)"),
        (Made("arange", (4, 2)), 0, "torch.arange(8.).reshape(n, 2)"),
        (Made("arange", (4,), "int64"), 0, "torch.arange(n)"),
        (Made("arange", (4,)), 0, "torch.arange(n, dtype=torch.float32)"),
        (Made("linspace", (4,)), 0, "torch.linspace(0., 1., n)"),
        (Made("values", (2,), parameters=(("values", (1.0, 2.0)),)), 0, ""),
        (Made("eye", (3, 3)), 0, ""),
    ],
)
def test_a_tie_is_written_into_the_code_of_a_made_tensor(made, axis, code):
    assert tied_code(made, axis, "n") == code
