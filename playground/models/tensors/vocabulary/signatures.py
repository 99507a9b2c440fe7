"""What torch itself takes by name, asked of torch: an argument that only this app lacks is not called unknown."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator

import torch

_FOLDERS = ("nn.functional.", "linalg.", "fft.")
_GATES = {"unique": torch.functional._unique_impl, "unique_consecutive": torch.functional._unique_consecutive_impl}  # type: ignore[attr-defined, unused-ignore]
"""Words that torch defines by a choice between two functions, which hides their arguments."""


@functools.cache
def torch_arguments(word: str) -> frozenset[str]:
    """The names of the arguments that torch's own `word` takes: those of `torch.sort` hold "descending"."""
    short = word.removeprefix("torch.").removeprefix(".")
    names = {*_python_names(word, short), *_native_names(short)}
    return frozenset(names - {"self"})


def _python_names(word: str, short: str) -> Iterator[str]:
    found: object = torch.Tensor if word.startswith(".") else torch
    for part in short.split("."):
        found = getattr(found, part, None)
    try:
        signature = inspect.signature(_GATES.get(short, found))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return
    variadic = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    yield from (name for name, parameter in signature.parameters.items() if parameter.kind not in variadic)


def _native_names(short: str) -> Iterator[str]:
    """The arguments in the schemas of torch's operators; not those of the interpreter for plain numbers."""
    operator = short.removeprefix("nn.functional.")
    for folder in _FOLDERS[1:]:
        operator = operator.replace(folder, folder.replace(".", "_"))
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{operator}"):
        kinds = {str(argument.type) for argument in schema.arguments}
        writes = any(argument.alias_info is not None and argument.alias_info.is_write for argument in schema.arguments)
        if any("Tensor" in kind for kind in kinds) and not writes:
            yield from (argument.name for argument in schema.arguments)
