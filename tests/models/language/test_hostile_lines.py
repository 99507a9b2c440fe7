"""Lines written to break in, to fill the memory or to hang: each gets a place and a sentence, and nothing happens."""

from __future__ import annotations

import pytest
import torch
from peak_memory import peak_bytes

from playground.models.evaluation.evaluate import evaluate
from playground.models.problem import ProblemError
from playground.models.program.program import Program, parse_source
from playground.models.program.sources import Expression

BASE = Program.parse("A = torch.arange(12.).reshape(3, 4)")

REFUSED = [
    "__import__('os').system('true')",
    "A.__class__",
    "A.__class__.__base__.__subclasses__()",
    "().__class__",
    "A.data_ptr().__class__",
    "torch.load('x.pt')",
    "torch.save(A, 'x')",
    "torch.ops.aten.add(A, A)",
    "torch.hub.load('a','b')",
    "torch.jit.script(A)",
    "torch.classes",
    "torch._C",
    "torch.os.system('ls')",
    "torch.serialization.load",
    "torch.__dict__",
    "torch.utils.data",
    "lambda: 0",
    "(lambda x: x)(A)",
    "[x for x in A]",
    "{x for x in A}",
    "{1: 2}",
    "(x for x in A)",
    "f'{A}'",
    "f'{__import__(\"os\")}'",
    "10**10**10",
    "2**64",
    "1<<10**9",
    "'a'*10**9",
    "[0]*10**10",
    "(0,)*10**10",
    "torch.tensor([0]*10**10)",
    "torch.empty(10**15)",
    "torch.zeros(10**10, 10**10)",
    "torch.ones(2**62, 2)",
    "torch.arange(0, 1, 1e-300)",
    "A.repeat(10**6, 10**6, 10**6)",
    "A.as_strided((100,), (1,))",
    "A.as_strided((2, 2), (1, 1), 11)",
    "A.as_strided((2,), (-1,))",
    "A.as_strided((10**9, 10**9), (10**9, 1))",
    "A.t(",
    "A +",
    "A + )",
    "A + $",
    "A = B",
    "A; B",
    "import os",
    "exec('1')",
    "eval('1')",
    "open('/etc/passwd')",
    "print(A)",
    "globals()",
    "getattr(A, 'x')",
    "A.add_(1)",
    "A.zero_()",
    "A.fill_(3)",
    "A.t_()",
    "A if A else A",
    "A and A",
    "A or A",
    "not A",
    "1 < A < 3",
    "A is A",
    "A in A",
    "A := 3",
    "(A := 3)",
    "await A",
    "yield A",
    "*A",
    "torch.cat(*[A])",
    "torch.sum(**{})",
    "torch.add(A, A, out=A)",
    "A.to('cuda')",
    "A.cuda()",
    "A.numpy()",
    "A.tolist()",
    "A.item()",
    "A.grad",
    "A.storage()",
    "A.untyped_storage()",
    "A.register_hook(1)",
    "A.apply_(1)",
    "A.map_(A, 1)",
    "A.backward()",
    "torch.set_default_dtype(torch.float64)",
    "torch.manual_seed(0)",
    "torch.from_numpy(A)",
    "torch.frombuffer(A)",
    "torch.compile(A)",
    "B",
    "self",
    "\u0410 + 1",
    "A + \uff41",
    "A\u200b + 1",
    "A\x00",
    "A\r+1",
    "'abc'",
    "b'abc'",
    '"ij"',
    "1j",
    "99999999999999999999999",
    "1e400",
    "A[10]",
    "A[0,0,0]",
    "A['x']",
    "A[1.5]",
    "A[A]",
    "A[[[[[[[1]]]]]]]",
    "A.reshape(5)",
    "A.reshape(-1,-1)",
    "A.view(7)",
    "A @ A",
    "A.matmul(torch.ones(3))",
    "A.permute(0)",
    "A.permute(0,0)",
    "A.sum(5)",
    "A.unsqueeze(9)",
    "A.expand(7, 4)",
    "A.t().view(12)",
    "torch.cat([A, torch.ones(2)])",
    "torch.stack([A, torch.ones(2)])",
    "torch.einsum('ij,jk->ik', A, A)",
    "torch.einsum('ij->x', A)",
    "torch.einsum('i1', A)",
    "torch.einsum('', A)",
    "A & A",
    "A.argmax(9)",
    "A.foo",
    "A.foo()",
    "torch.foo(3)",
    "torch.aranje(3)",
    "A.reshap(3)",
    "A.shape",
    "A.shape[0]",
    "A.shape[7]",
    "A.sum",
    "torch.zeros",
    "torch",
    "len",
    "len(A, A)",
    "A.split(2)",
    "torch.ones(3).t().T + torch.ones(2)",
    "3",
    "3 + 4",
    "torch.float32",
    "None",
    "True",
    "A.std(foo=1)",
    "torch.zeros(3, device='cuda')",
    "torch.zeros(-1)",
    "torch.zeros(2.5)",
    "torch.zeros('a')",
    "torch.tensor([[1,2],[3]])",
    "torch.tensor(['a'])",
    "torch.bincount(torch.tensor([10**15]))",
    "torch.nn.functional.one_hot(torch.tensor([10**14]))",
    "torch.nn.Linear(3,4)",
    "torch.randn(3, generator=5)",
    "torch.Generator()",
    "torch.Generator().manual_seed(-1)",
    "A.unfold(0, 10**18, 1)",
    "A.roll(10**30)",
    "1/0",
    "0**-1",
    "A.to(torch.int64).bincount()",
    "A.log().sum(dim=[0,0])",
    "slice(1,2)",
    "A.norm(p='nope')",
    "A.quantile(2.0)",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "#",
    "\\",
    "''' '''",
    "A\n+1",
    "(" * 100 + "1" + ")" * 100,
    "[" * 5000 + "]" * 5000,
    "-" * 5000 + "A",
    "A" + ".t()" * 4000,
    "A" + ".t()" * 5001,
    "A" + "+A" * 5000,
    "not " * 3000 + "A",
    "2**" * 1000 + "2",
    "9" * 5000,
    "A" + "[0]" * 3000,
    "A" * 1_000_000,
    "(" * 1_000_000,
    "A + " * 250_000,
    "torch.tensor([" + "1, " * 300_000 + "])",
]

TOO_LARGE = [
    "torch.zeros(10**15)",
    "torch.arange(10**18)",
    "torch.eye(10**9)",
    "torch.linspace(0,1,10**17)",
    "A.expand(10**6, 10**6, 3, 4) + 1",
    "A.repeat_interleave(10**15)",
    "torch.tril_indices(10**9,10**9)",
    "torch.nn.functional.pad(A, (10**12, 10**12))",
    "torch.combinations(torch.arange(10**6))",
    "torch.cartesian_prod(torch.arange(10**5), torch.arange(10**5))",
    "torch.ones(10**5) [:, None] @ torch.ones(10**5)[None]",
    "torch.outer(torch.ones(10**6), torch.ones(10**6))",
    "A.histc(10**12)",
]


def result_of(line: str):
    return evaluate(BASE.appended("Z", parse_source(line)))["Z"]


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: f"{len(line)}-{line[:40]!r}")
def test_hostile_lines_get_a_place_and_a_sentence(line: str) -> None:
    before = peak_bytes()
    result = result_of(line)
    assert peak_bytes() - before < 200_000_000, "nothing is allocated"
    assert result.tensor is None
    assert result.meta is None
    problem = result.problem
    assert problem is not None
    assert problem.severity == "error"
    assert problem.message.endswith((".", "jk->ik")), problem.message
    assert len(problem.message) < 400
    assert "object at 0x" not in problem.message
    assert "Traceback" not in problem.message
    if "bytes" not in line:
        assert problem.span is not None, "a place"
        assert 0 <= problem.span.start <= problem.span.stop <= len(line)


@pytest.mark.parametrize("line", TOO_LARGE)
def test_lines_too_large_keep_their_shape(line: str) -> None:
    before = peak_bytes()
    result = result_of(line)
    assert peak_bytes() - before < 200_000_000, "nothing is allocated"
    assert result.tensor is None
    assert result.meta is not None
    assert result.meta.numel() > 10**8
    assert result.problem is not None
    assert (result.problem.severity, result.problem.badge) == ("warning", "too large")
    assert "the limit is" in result.problem.message


def test_there_are_many() -> None:
    assert len(REFUSED) + len(TOO_LARGE) >= 60


@pytest.mark.parametrize("line", REFUSED, ids=lambda line: f"{len(line)}-{line[:40]!r}")
def test_fixes_of_refused_lines_are_better(line: str) -> None:
    """A button must not lead into the next refusal of the same thing."""
    problem = result_of(line).problem
    assert problem is not None
    for fix in problem.fixes[:3]:
        again = result_of(fix.code)
        assert again.problem is None or again.problem.message != problem.message, fix


def test_a_cycle_of_lines_is_no_cycle() -> None:
    results = evaluate(Program.parse("A = B + 1\nB = A + 1\nC = C"))
    assert "in a later line" in results["A"].problem.message
    assert "A has no result" in results["B"].problem.message
    assert "itself" in results["C"].problem.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A = " + "1 + " * 250_000 + "1", "characters"),
        ("A = 1\n" * 30_000, "lines of text"),
        ("A = 1\nA = 2", "already"),
        ("\n".join(f"a{n} = torch.ones(1)" for n in range(600)), "More than"),
        ("\u0391 = torch.ones(3)", "U+0391"),
        ("ｘ = torch.ones(3)", "U+FF58"),
        ("lambda = 3", ""),
        ("torch = 3", "already means"),
        ("__class__ = 3", "underscores"),
        ("A, B = torch.ones(2)", "one tensor"),
        ("A = B = torch.ones(2)", "one name"),
        ("import os", "torch"),
        ("from torch import ones", "torch"),
        ("import torch.nn as nn", "torch"),
        ("torch.ones(3)", "no name"),
        ("print(3)", "grid"),
        ("for x in y: pass", "form"),
        ("def f(): pass", "form"),
        ("class A: pass", "form"),
        ("del A", "form"),
        ("A.b = 3", "form"),
        ("A = torch.ones(3)\nA.add_(1)", "storage"),
        ("A = torch.ones(3)\nA += 1", "storage"),
        ("A = torch.ones(3)\nA[0] = 1", "storage"),
        ("A = torch.ones(3)\nA = 2 * A", "already"),
        ("A = torch.ones(3", "closed"),
        ("A = \x00", "control"),
        ("A = " + "(" * 100 + "1" + ")" * 100, "deep"),
    ],
)
def test_programs_are_refused_with_a_place(text: str, words: str) -> None:
    with pytest.raises(ProblemError) as caught:
        Program.parse(text)
    problem = caught.value.problem
    assert words in problem.message
    assert problem.span is not None
    assert 0 <= problem.span.start <= problem.span.stop <= len(text)


def test_nothing_outside_is_reachable() -> None:
    """No text can reach Python's builtins: an expression sees tensors, numbers and the vocabulary."""
    program = Program((*BASE.bindings, *Program.parse("eval2 = torch.ones(1)").bindings)).appended(
        "Z", Expression("eval2 + len(A)")
    )
    assert torch.equal(evaluate(program)["Z"].tensor, torch.tensor([4.0]))
