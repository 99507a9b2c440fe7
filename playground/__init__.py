"""Tensor Playground: see what tensors and deep networks really do.

`show(A=tensor)` opens the window on your tensors; `watch(module, batch)` measures each layer of your own network. The
other names compute what the panels show, without a window. Importing the package imports neither Qt nor torch: each
name imports what it needs on first use. These names are the package's contract; the modules behind them may move.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.app.from_python.ipython import load_ipython_extension
    from playground.app.start import show, watch
    from playground.models.broadcasting.chance.explain import explain_chance
    from playground.models.broadcasting.explain import explain_broadcast
    from playground.models.broadcasting.stretches import list_broadcasts
    from playground.models.einsum.plan import plan_einsum
    from playground.models.evaluation.evaluate import evaluate
    from playground.models.files.tensor_files import load_tensors, save_tensors
    from playground.models.memory.layout import describe_layout
    from playground.models.memory.view_rule import explain_view
    from playground.models.network.run.run import run_network
    from playground.models.network.spec.spec import NetworkSpec
    from playground.models.network.sweep.sweep import sweep
    from playground.models.network.theory.mean_field import fixed_point, predict
    from playground.models.problem import Problem, ProblemError
    from playground.models.program.program import Program
    from playground.version import __version__

_HOMES = {
    "show": "app.start",
    "watch": "app.start",
    "Program": "models.program.program",
    "evaluate": "models.evaluation.evaluate",
    "explain_broadcast": "models.broadcasting.explain",
    "explain_chance": "models.broadcasting.chance.explain",
    "list_broadcasts": "models.broadcasting.stretches",
    "plan_einsum": "models.einsum.plan",
    "describe_layout": "models.memory.layout",
    "explain_view": "models.memory.view_rule",
    "NetworkSpec": "models.network.spec.spec",
    "run_network": "models.network.run.run",
    "sweep": "models.network.sweep.sweep",
    "fixed_point": "models.network.theory.mean_field",
    "predict": "models.network.theory.mean_field",
    "load_tensors": "models.files.tensor_files",
    "save_tensors": "models.files.tensor_files",
    "Problem": "models.problem",
    "ProblemError": "models.problem",
    "load_ipython_extension": "app.from_python.ipython",
    "__version__": "version",
}

__all__ = [
    "NetworkSpec",
    "Problem",
    "ProblemError",
    "Program",
    "__version__",
    "describe_layout",
    "evaluate",
    "explain_broadcast",
    "explain_chance",
    "explain_view",
    "fixed_point",
    "list_broadcasts",
    "load_ipython_extension",
    "load_tensors",
    "plan_einsum",
    "predict",
    "run_network",
    "save_tensors",
    "show",
    "sweep",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals().keys() | _HOMES.keys())
