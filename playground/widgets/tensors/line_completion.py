"""Gives a code field what the language knows: words at the cursor, and the signature around it."""

from __future__ import annotations

from playground.models.tensors.completion import complete, signature_help
from playground.widgets.common.code_completion import Completion, CompletionItem

_MOST = 40


class LineCompletion:
    """Completes with the tensors above the line; `names` are their shapes (() where one has no result)."""

    def __init__(self) -> None:
        self.names: dict[str, tuple[int, ...]] = {}

    def complete(self, text: str, position: int) -> Completion:
        """What may stand at the cursor, the likeliest first."""
        found = complete(text, position, self.names)
        items = tuple(
            CompletionItem(candidate.text, candidate.description or candidate.signature, candidate.insert)
            for candidate in found.candidates[:_MOST]
        )
        return Completion(found.start, items)

    def signature(self, text: str, position: int) -> str:
        """What the function around the cursor takes, and what it does."""
        found = signature_help(text, position, self.names)
        return "" if found is None else f"{found.usage}  {found.description}"
