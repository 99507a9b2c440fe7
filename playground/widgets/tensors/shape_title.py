"""The line of the selected tensor as it stands in a title: `B = A + v[:, None]`."""

from __future__ import annotations

from playground.models.tensors.names import cut_name
from playground.models.tensors.program import Program, source_code
from playground.widgets.common.code_marks import code_marks, code_runs
from playground.widgets.common.runs import Run

LEAST_CODE = 4
"""Less of the code than so many characters says nothing: the name takes its room."""


def title_runs(program: Program, name: str, longest: int = 90) -> tuple[Run, ...]:
    """Name in bold, the equals sign in the second colour, the code coloured, all in at most `longest` characters."""
    binding = program.get(name)
    if binding is None:
        return ()
    code = source_code(binding.source).replace("\n", " ")
    whole, name = name, cut_name(name, max(8, 2 * longest // 3))
    room = longest - len(name) - len(" = ")
    if room < LEAST_CODE:
        return (Run(cut_name(whole, longest), "bold code"),)
    if len(code) > room:
        code = code[: room - 1] + "…"
    return (Run(name, "bold code"), Run(" = ", "code", "text2"), *code_runs(code, code_marks(code)))
