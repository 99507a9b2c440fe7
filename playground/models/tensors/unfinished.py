"""Whether what is typed in a line may still be on its way to one that can be computed."""

from __future__ import annotations

from playground.models.outcome import ProblemError
from playground.models.tensors.check import check_expression
from playground.models.tensors.program import Program
from playground.models.tensors.source_text import parse_expression


def says_something(program: Program, name: str, text: str) -> bool:
    """Whether a text is a whole expression of known words and tensors, so that the line may follow it at once.

    >>> from playground.models.tensors.program import Program
    >>> program = Program.parse("A = torch.ones(3)\\nB = A")
    >>> says_something(program, "B", "A + 1"), says_something(program, "B", "A["), says_something(program, "B", "A.su")
    (True, False, False)
    """
    place = program.names.index(name) if name in program.names else len(program.names)
    try:
        check_expression(parse_expression(text), program.names[:place], program.names[place + 1 :], name)
    except ProblemError:
        return False
    return True
