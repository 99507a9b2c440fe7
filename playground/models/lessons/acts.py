"""What a step may ask for that leaves nothing in the state: a window gone through, a chart filled.

The panel in which it happens notes it by name; `presses` are the objectNames that the app presses to do it itself,
the last of them again and again until it is noted.
"""

from __future__ import annotations

from dataclasses import dataclass

from playground.models.registry import Registry


@dataclass(frozen=True, slots=True)
class Act:
    """An act by its name; `words` say when it is done."""

    name: str
    words: str
    presses: tuple[str, ...]


STEP_THROUGH = ("network.open.step_through", "network.step_through.back", "network.step_through.next")
"""One back first: at the last step already, there is nowhere to go on to."""

ACTS: Registry[Act] = Registry("act")
ACTS.register(Act("ladder", "the ladder of speeds has run", ("einsum.ladder.run",)))
ACTS.register(Act("forward_pass", "the step-through was moved on to the loss", STEP_THROUGH))
ACTS.register(Act("backward_pass", "the step-through was moved on to its last step", STEP_THROUGH))
ACTS.register(
    Act("checkpoint", "another distance of checkpoints was chosen", ("network.saved.details", "network.saved.every"))
)
