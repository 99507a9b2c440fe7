"""What a command says beside its result: sentences on the error stream, each with the command's name."""

from __future__ import annotations

import sys


def note(words: str) -> None:
    """Say something that does not stop the command."""
    print(f"tensor-playground: {words}", file=sys.stderr)
