"""Which parts of a watched module take hooks, and which of them torch runs in a way of its own."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from playground.models.formatting import count_in_words
from playground.models.problem import Problem

QUANTISED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized", "torch.nn.quantized")
COMPILED = "_orig_mod"
"""The attribute where torch.compile keeps the original module."""
PARAMETRIZATIONS = "parametrizations"
"""Under this name torch keeps what computes a layer's weights, as for spectral norm; it makes the layer no block."""


class ScriptedWhole(nn.Module):
    """Wraps a scripted module, which cannot have hooks itself."""

    def __init__(self, scripted: torch.jit.ScriptModule) -> None:
        super().__init__()
        self.scripted = scripted

    def forward(self, *arguments: Any, **named: Any) -> Any:
        """The scripted module's result."""
        return self.scripted(*arguments, **named)


def is_quantised(part: nn.Module) -> bool:
    """True for torch's quantised layers, which pack their weights in a part that never runs."""
    return type(part).__module__.startswith(QUANTISED)


def is_compiled(part: nn.Module) -> bool:
    """True if calling it calls torch.compile's version."""
    return isinstance(getattr(part, COMPILED, None), nn.Module) or part._compiled_call_impl is not None


def shown_path(path: str) -> str:
    """The path without the module that torch.compile inserted."""
    return ".".join(part for part in path.split(".") if part != COMPILED)


def watched_parts(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """The parts that take hooks, the module itself among them, each by its path.

    A module that occurs at two places is listed once, by its first path. Scripted parts take no hooks and are left out,
    but for a `ScriptedWhole`; so are what torch.compile puts around a module, and the parts of a quantised layer.
    """
    if isinstance(module, ScriptedWhole):
        return [("", module)]
    found = []
    packed: set[nn.Module] = set()
    for path, part in module.named_modules():
        if is_quantised(part):
            packed.update(inner for inner in part.modules() if inner is not part)
        if not isinstance(part, torch.jit.ScriptModule) and part not in packed and COMPILED not in part._modules:
            found.append((shown_path(path), part))
    return found


def has_parameters(part: nn.Module) -> bool:
    """Whether a module holds parameters itself, not only in its parts."""
    return any(parameter is not None for parameter in part._parameters.values())


@contextmanager
def runs_eagerly() -> Iterator[None]:
    """Inside, compiled modules run uncompiled: otherwise hooks would be traced, which takes half a minute.

    If nothing can be compiled yet, the compiler, which takes seconds to import, is not imported. torch's warning that
    quantised layers have no backward pass is suppressed, because `quantised_problem` says so.
    """
    stance = torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()
    with stance, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="quantized::.* autograd kernel was not registered")
        yield


def compiled_notes(module: nn.Module) -> list[str]:
    """A note if parts of a module are compiled."""
    paths = [path for path, part in module.named_modules() if path and is_compiled(part)]
    if not paths:
        return []
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return [f"{shown_path(paths[0])[:60]}{more} {'are' if more else 'is'} compiled. What ran is the original code."]


def quantised_problem(module: nn.Module) -> Problem | None:
    """A note that quantised layers have no backward pass, if there are any."""
    names = [path for path, part in watched_parts(module) if is_quantised(part)]
    if not names:
        return None
    first = f", the first is {names[0][:60]}" if names[0] else ""
    return Problem(
        f"{count_in_words(len(names), 'layer')} of it {'is' if len(names) == 1 else 'are'} quantised{first}. Quantised "
        "layers compute with whole numbers and have no backward pass: no gradient reaches the layers before them. "
        "Their outputs and weights are still measured.",
        badge="no gradients",
        severity="warning",
    )
