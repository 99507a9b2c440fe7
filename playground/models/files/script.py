"""Exports everything shown as a Python script that prints the same numbers."""

from __future__ import annotations

import dataclasses

from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.network.spec.spec import NetworkSpec
from playground.models.program.program import Program, source_code
from playground.models.program.script import script
from playground.models.program.sources import Expression
from playground.models.state import EinsumState, PlaygroundState

_SHOW = '''
def show(name, tensor):
    """Shape, dtype, then all values of a small tensor, or mean and sum of a large one."""
    print(name, tuple(tensor.shape), tensor.dtype)
    if tensor.numel() <= 64:
        print("   ", tensor.tolist())
    else:
        wide = tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)
        print("    mean", wide.mean().item(), "sum", wide.sum().item())

'''

_LAYERS = """
result = run_network(spec)
for number, layer in enumerate(result.layers, 1):
    print("layer", number, "activation rms", layer.activation.rms, "gradient rms", layer.activation_gradient.rms)
"""


def session_script(state: PlaygroundState, network: bool = False, job: Job | None = None) -> str:
    """The program, the einsum and (if wanted) the network as a script; failing and too large lines become comments.

    Tensors and the einsum need only torch. The network is run by `playground`, which must be installed.
    """
    evaluated = evaluate(state.program, state.memory_budget, job)
    fine = tuple(binding for binding in state.program.bindings if evaluated[binding.name].tensor is not None)
    parts = [script(Program(fine)).rstrip("\n"), _SHOW.rstrip("\n"), ""]
    parts += [f"show({binding.name!r}, {binding.name})" for binding in fine]
    for binding in state.program.bindings:
        problem = evaluated[binding.name].problem
        if binding not in fine:
            reason = f"  # {problem}" if problem is not None else ""
            parts += _commented(f"{binding.name} = {source_code(binding.source)}{reason}")
    parts += _einsum_lines(state.einsum, {binding.name for binding in fine}, state)
    if network:
        parts += _network_lines(state.network.spec)
    return "\n".join(parts) + "\n"


def _commented(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines()]


def _einsum_lines(einsum: EinsumState, names: set[str], state: PlaygroundState) -> list[str]:
    """The einsum, if it can be computed."""
    if not einsum.equation or not einsum.operands:
        return []
    line = f"torch.einsum({einsum.equation!r}, {', '.join(einsum.operands)})"
    probe = state.program.fresh_name("einsum")
    fine = Program(tuple(binding for binding in state.program.bindings if binding.name in names))
    result = evaluate(fine.appended(probe, Expression(line)), state.memory_budget)[probe]
    if result.tensor is None:
        return _commented(f"{line}  # {result.problem}")
    return [f"show({einsum.equation!r}, {line})"]


def _network_lines(spec: NetworkSpec) -> list[str]:
    usual = NetworkSpec()
    chosen = [
        f"{one.name}={getattr(spec, one.name)!r}"
        for one in dataclasses.fields(spec)
        if getattr(spec, one.name) != getattr(usual, one.name)
    ]
    if spec.tensor_name:
        return _commented(f"The network's input is the tensor {spec.tensor_name}: run it in the app.")
    return [
        "",
        "from playground import NetworkSpec, run_network",
        "",
        f"spec = NetworkSpec({', '.join(chosen)})",
        _LAYERS.strip("\n"),
    ]
