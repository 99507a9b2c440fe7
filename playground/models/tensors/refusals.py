"""Syntax and words that a line cannot have, each with its reason."""

from __future__ import annotations

import ast

FORBIDDEN: dict[type[ast.expr], str] = {
    ast.Lambda: "A line is computed once: there are no functions to define in it.",
    ast.ListComp: "There are no loops in a line. Operations run over all elements by themselves.",
    ast.SetComp: "There are no loops in a line. Operations run over all elements by themselves.",
    ast.DictComp: "There are no loops in a line. Operations run over all elements by themselves.",
    ast.GeneratorExp: "There are no loops in a line. Operations run over all elements by themselves.",
    ast.JoinedStr: "A line makes tensors, not texts.",
    ast.IfExp: "A line does not branch. torch.where(condition, x, y) chooses element by element.",
    ast.NamedExpr: "A line gives one name, at its start.",
    ast.Await: "There is nothing to await in a line.",
    ast.Yield: "There is nothing to yield in a line.",
    ast.YieldFrom: "There is nothing to yield in a line.",
    ast.Dict: "There are no dictionaries in a line.",
    ast.Set: "There are no sets in a line.",
    ast.Starred: "Arguments are written out one by one, without a star.",
}
"""Why some of Python's syntax has no place in a line of tensors."""

UNAVAILABLE = {
    "torch.load": "Files are opened with Open, which reads tensors and runs no code.",
    "torch.save": "Files are written with Export.",
    "torch.empty": "torch.empty gives whatever memory holds, another each time.",
    "torch.empty_like": "torch.empty_like gives whatever memory holds, another each time.",
    "torch.empty_strided": "torch.empty_strided gives whatever memory holds, another each time.",
    "torch.manual_seed": "Each random line carries its own seed: generator=torch.Generator().manual_seed(0).",
    "torch.from_numpy": "Arrays come in as files, or by playground.show from Python.",
    ".item": "A line gives a tensor, and .item() a number. Point at a cell to read its value.",
    ".tolist": "A line gives a tensor, and .tolist() a list. The grid copies its values as text.",
    ".numpy": "A line gives a tensor. Export writes .npy files.",
    ".cpu": "Everything here is on the CPU.",
    ".cuda": "Everything here is on the CPU.",
    "torch.device": "Everything here is on the CPU.",
    ".device": "Everything here is on the CPU.",
    ".is_cuda": "Everything here is on the CPU.",
    ".data": "There is no gradient in a line, so .detach() gives the same.",
    ".grad": "There is no gradient in a line.",
    ".requires_grad": "There is no gradient in a line.",
    ".storage": "The Memory panel shows the storage.",
    ".untyped_storage": "The Memory panel shows the storage.",
    "torch.FloatTensor": "torch.tensor takes values: torch.tensor([1., 2.]).",
    "torch.LongTensor": "torch.tensor takes values: torch.tensor([1, 2]).",
    ".data_ptr": "The address of the storage changes from run to run. The Memory panel shows who shares it.",
    ".backward": "There is no gradient in a line.",
    "torch.Tensor": "torch.Tensor(3, 4) gives whatever memory holds; torch.tensor takes values, torch.zeros sizes.",
    "torch.nn.functional.dropout": "Dropout draws anew each time. "
    "A * (torch.rand_like(A, generator=torch.Generator().manual_seed(0)) > 0.5) says its seed.",
    "torch.no_grad": "There is no gradient in a line.",
    "torch.nn.Linear": "Layers are on the Network page; torch.nn.functional.linear(input, weight, bias) is one here.",
}
"""Why some words of torch are left out, and where to find what they do."""

REPLACEMENTS = {
    "torch.empty": "torch.zeros",
    "torch.empty_like": "torch.zeros_like",
    "torch.FloatTensor": "torch.tensor",
    "torch.LongTensor": "torch.tensor",
}
"""What to write in their place."""

NEEDLESS = frozenset({".item", ".tolist", ".numpy", ".cpu", ".cuda", ".storage", ".untyped_storage"})
"""Methods that a line can simply leave out."""

_PLAIN = "has no meaning here: everything is a plain tensor on the CPU."
_NEW = "is not in the vocabulary: a line makes a new tensor and nothing else."
NEEDLESS_ARGUMENTS = {
    **{name: f"{name} {_PLAIN}" for name in ("device", "pin_memory", "layout", "requires_grad")},
    **{name: f"{name} {_NEW}" for name in ("out", "inplace", "non_blocking", "copy", "names")},
}
"""Arguments that a line can simply leave out."""

NUMPY_NAMES = ("axis", "keepdims", "input", "self")
"""Names that torch takes besides its own, as numpy calls them."""

SHORT_NAMES = {"F": "torch.nn.functional", "nn": "torch.nn", "np": "torch", "numpy": "torch", "math": "torch"}
"""Names that imports give to modules, and what a line writes out for them: it runs without any import but torch."""
