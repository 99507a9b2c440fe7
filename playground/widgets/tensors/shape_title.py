"""The line of the selected tensor as it stands in a title: `B = A + v[:, None]`."""

from __future__ import annotations

from playground.models.tensors.program import Program, source_code
from playground.widgets.common.code_marks import code_marks, code_runs
from playground.widgets.common.runs import Run

_LONGEST = 90


def title_runs(program: Program, name: str) -> tuple[Run, ...]:
    """Name in bold, the equals sign in the second colour, the code coloured."""
    binding = program.get(name)
    if binding is None:
        return ()
    code = source_code(binding.source).replace("\n", " ")
    if len(code) > _LONGEST:
        code = code[: _LONGEST - 1] + "…"
    return (Run(name, "bold code"), Run(" = ", "code", "text2"), *code_runs(code, code_marks(code)))
