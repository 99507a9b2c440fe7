"""The user's training settings: the task, the optimiser, how far to train, and which step the plots show."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from playground.models.network.training.optimisers import OptimiserSettings


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """`steps` is the length of one start, `target` the step requested so far, `shown` the step in the plots.

    `shown` -1 follows the training. `inputs` and `targets` name tensors of the program, for the task "tensors".
    `agreed` is the target up to which the user agreed to a long training.
    """

    task: str = "digits"
    optimiser: str = "sgd"
    rates: OptimiserSettings = field(default_factory=OptimiserSettings)
    steps: int = 120
    target: int = 0
    shown: int = 0
    inputs: str = ""
    targets: str = ""
    agreed: int = 0

    @property
    def run(self) -> TrainingSettings:
        """The part that determines the course of a training: settings with equal values share one run."""
        return replace(self, target=0, shown=0, steps=0, agreed=0)

    @property
    def asked(self) -> bool:
        """True if there is anything to train."""
        return self.target > 0
