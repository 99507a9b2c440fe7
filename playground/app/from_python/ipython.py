"""IPython's extension: `%load_ext playground`, then `%playground A B`, or `%playground` for all tensors.

It needs nothing of IPython but the shell that loads it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from playground.app.start import show
from playground.models.program.handed_over import named_by_caller, names_in, shown_variables

if TYPE_CHECKING:
    from playground.app.from_python.handle import Handle

MAGIC = "playground"


class Shell(Protocol):
    """What the extension needs of IPython's shell."""

    user_ns: Mapping[str, object]
    user_ns_hidden: Mapping[str, object]

    def register_magic_function(self, func: Callable[[str], object], magic_kind: str, magic_name: str) -> None:
        """Make a function a magic."""

    def ev(self, expr: str) -> object:
        """The value of an expression in the user's namespace."""


def load_ipython_extension(shell: Shell) -> None:
    """Add the magic `%playground` to an IPython shell; IPython calls this for `%load_ext playground`.

    >>> class Shell:
    ...     def register_magic_function(self, func, magic_kind, magic_name):
    ...         print(magic_kind, magic_name)
    >>> load_ipython_extension(Shell())
    line playground
    """

    def playground(line: str) -> Handle | None:
        """Show tensors in Tensor Playground: `%playground A B layer.weight`; `%playground` shows all tensors.

        The window shares their memory: what later cells write in place, it shows. Gives a handle to it.
        """
        return show_line(shell, line)

    shell.register_magic_function(playground, "line", MAGIC)


def show_line(shell: Shell, line: str) -> Handle | None:
    """Show what a line of the magic names, or all tensors of the user's namespace; says why if it cannot."""
    try:
        tensors = _wanted(shell, line) if line.strip() else shown_variables(shell.user_ns, shell.user_ns_hidden)
        if tensors:
            return show(**{"block": False, **tensors})
        reason = "There are no tensors or arrays to show."
    except (TypeError, RuntimeError) as error:
        reason = str(error)
    print(reason, file=sys.stderr)
    return None


def _wanted(shell: Shell, line: str) -> dict[str, Any]:
    """The values of the expressions in a line, separated by spaces or commas, by name."""
    try:
        arguments = _arguments(line)
    except SyntaxError:
        raise TypeError(f"{line.strip()}: write names, as in %{MAGIC} A B.") from None
    texts = [ast.unparse(one) for one in arguments]
    values = []
    for text in texts:
        try:
            values.append(shell.ev(text))
        except Exception as error:  # whatever the user's own expression raises
            raise TypeError(f"{text}: {error}.") from None
    return named_by_caller(values, names_in(arguments), {})


def _arguments(line: str) -> list[ast.expr]:
    """`A B[0]` and `A, B[0]` as two expressions each."""
    try:
        parts = [ast.parse(part, mode="eval").body for part in line.split()]
    except SyntaxError:
        parts = [ast.parse(line.strip(), mode="eval").body]
    return [one for part in parts for one in (part.elts if isinstance(part, ast.Tuple) else [part])]
