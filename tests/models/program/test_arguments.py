"""No argument of torch's own is called unknown; memory formats, `.T`, `in` and `is` are what torch makes of them."""

import inspect

import pytest
import torch

from playground.models.evaluation.evaluate import evaluate
from playground.models.language.vocabulary import VOCABULARY
from playground.models.program.program import Program
from playground.models.program.sources import Expression

OVERRIDES = torch.overrides.get_testing_overrides()
BASE = Program.parse("A = torch.tensor([[1., 2.], [2., 1.]])\nX = torch.arange(120.).reshape(2, 3, 4, 5)")


def torchs_own(name: str) -> set[str]:
    """The names in torch's table of signatures for those who override it, another source than the app's."""
    found: object = torch.Tensor if name.startswith(".") else torch
    for part in name.removeprefix("torch.").removeprefix(".").split("."):
        found = getattr(found, part, None)
    stand_in = OVERRIDES.get(found)
    if stand_in is None:
        return set()
    plain = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(stand_in).parameters.values()
    return {one.name for one in parameters if one.kind in plain} - {"self", "input", "out"}


@pytest.mark.parametrize("name", [name for name in VOCABULARY if name.startswith(("torch.", "."))])
def test_an_argument_of_torch_is_never_said_not_to_exist(name: str) -> None:
    word = VOCABULARY[name]
    if word.is_property or word.family == "facts":
        return
    for argument in torchs_own(name):
        call = f"A{name}({argument}=1)" if name.startswith(".") else f"{name}({argument}=1)"
        problem = evaluate(BASE.appended("Z", Expression(call)))["Z"].problem
        if problem is not None and f"has no argument {argument}." in problem.message:
            tensor = torch.ones(2, 2)
            with pytest.raises(TypeError):
                getattr(tensor, name[1:])(**{argument: 1}) if name.startswith(".") else word.call(**{argument: 1})


@pytest.mark.parametrize(
    "code",
    [
        "torch.unique(A, return_inverse=True)[1]",
        "A.unique(return_counts=True, dim=0)[1]",
        "torch.unique_consecutive(A, return_counts=True)[1]",
        "X.contiguous(memory_format=torch.channels_last)",
        "X.to(memory_format=torch.channels_last)",
        "X.clone(memory_format=torch.channels_last)",
        "torch.zeros_like(X, memory_format=torch.channels_last)",
        "X.T",
        "torch.nn.functional.max_pool2d(X, 2, return_indices=True)[1]",
        "torch.isin(A, A[0], invert=True)",
        "torch.searchsorted(A[0], A, side='right')",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_torch_takes_is_taken(code: str) -> None:
    values = {name: line.tensor for name, line in evaluate(BASE).items()}
    real = eval(code, {"torch": torch, **values})
    mine = evaluate(BASE.appended("Z", Expression(code)))["Z"].tensor
    assert mine is not None
    assert torch.equal(mine, real)
    assert mine.stride() == real.stride()


@pytest.mark.parametrize(
    ("code", "fix"), [("2. in A", "(A == 2.).any()"), ("A is A", "A == A"), ("9 not in A", "~(A == 9).any()")]
)
def test_in_and_is_say_what_they_give(code: str, fix: str) -> None:
    problem = evaluate(BASE.appended("Z", Expression(code)))["Z"].problem
    assert problem is not None
    assert "single Python bool" in problem.message
    assert [one.code for one in problem.fixes] == [fix]
