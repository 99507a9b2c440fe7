"""The cost of a training before its first step: time and memory, and whether to ask the user."""

from __future__ import annotations

from dataclasses import dataclass

from playground.models.formatting import bytes_in_words, count_in_words, digits
from playground.models.network.measure.histograms import SLOTS
from playground.models.network.run.build import parameter_counts
from playground.models.network.run.estimate import LONG_SECONDS, estimate, machine_speed, multiply_seconds
from playground.models.network.spec.spec import DTYPES, NetworkSpec
from playground.models.network.training.optimisers import OPTIMISERS
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.training import COLUMN_BYTES, SNAPSHOT_BYTES
from playground.models.problem import Fix, Problem, ProblemError, refuse

LONG_TRAINING_SECONDS = 30.0
"""In seconds. A training starts with a button next to its cost, shows each step and pauses at once, so no further
question is needed, unless a single step takes longer than an ordinary run may, all steps take longer than this, or it
needs a quarter of the memory."""
COUNT_SHARE = 0.2
"""Counting a value by its exponent bits costs about this share of measuring it in full."""


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """Seconds per step, total seconds and peak bytes; `measured` if steps have already been made."""

    step_seconds: float
    seconds: float
    bytes: int
    measured: bool = False

    def words(self) -> str:
        """`"about 1.4 s and 46.2 MB"`."""
        return f"about {duration_in_words(self.seconds)} and {bytes_in_words(self.bytes)}"


def duration_in_words(seconds: float) -> str:
    """`"0.8 s"`, `"95 s"`, `"12 min"`, `"3.1 h"`: two digits, which is all an estimate can support."""
    if seconds < 0.1:
        return "0.1 s"
    if seconds < 99.5:
        return f"{digits(seconds, 2)} s"
    if seconds < 99.5 * 60:
        return f"{digits(seconds / 60, 2)} min"
    return f"{digits(seconds / 3600, 2)} h"


def training_cost(
    spec: NetworkSpec, settings: TrainingSettings, features: int, steps: int, step_seconds: float | None = None
) -> TrainingCost:
    """The cost of so many steps; `step_seconds` is the measured time per step; by default it is estimated from sizes.

    Bytes are exact Python integers: the weights, their gradients, the new weights, the optimiser's state, the
    activations that autograd keeps, and the states and histograms kept for rewinding.
    """
    weights, biases = parameter_counts(spec, features)
    width = DTYPES[spec.dtype].itemsize
    values = spec.depth * spec.batch * spec.width
    parameters, slots = weights + biases, OPTIMISERS[settings.optimiser].slots
    state = width * parameters * (1 + slots)
    kept = min(steps * state, max(SNAPSHOT_BYTES, state)) + min(steps * spec.depth * SLOTS * 4, COLUMN_BYTES)
    size = max(2 * state + width * (parameters + 3 * values) + kept, estimate(spec, features).bytes)
    if step_seconds is None:
        speed = machine_speed()
        multiply = 6 * spec.batch * weights * multiply_seconds(spec.torch_dtype)
        passes = COUNT_SHARE * speed.measure * (3 * values + (2 + 2 * slots) * parameters)
        return TrainingCost(multiply + passes, steps * (multiply + passes), size)
    return TrainingCost(step_seconds, steps * step_seconds, size, measured=True)


def check_training(cost: TrainingCost, settings: TrainingSettings, steps: int, budget: int) -> None:
    """Refuse a training that does not fit in memory; ask before a long or large one, unless the user has agreed."""
    size, limit = bytes_in_words(cost.bytes), bytes_in_words(budget)
    if cost.bytes > budget:
        refuse(f"Training this network needs about {size}, but the limit is {limit}.", badge="too large")
    slow = cost.step_seconds > LONG_SECONDS or cost.seconds > LONG_TRAINING_SECONDS
    long_ahead = slow or cost.bytes > budget / 4
    one_more = steps == 1 and settings.agreed > 0
    if not long_ahead or settings.target <= settings.agreed or one_more:
        return
    each = f", {duration_in_words(cost.step_seconds)} each" if steps > 1 and cost.step_seconds >= 0.1 else ""
    take = "takes" if steps == 1 else "take"
    whole = f"about {duration_in_words(cost.seconds)}{each}"
    message = f"{count_in_words(steps, 'step')} {take} {whole}, and {size} of {limit}."
    raise ProblemError(
        Problem(message, lead="A long training.", severity="warning", fixes=_ways(cost, steps), badge="asks first")
    )


def _ways(cost: TrainingCost, steps: int) -> tuple[Fix, ...]:
    """Fixes: train anyway, or train fewer steps, as many as need no question."""
    meaning = "Shows its progress and can be paused at once."
    all_of_it = Fix(f"Train {count_in_words(steps, 'step')}", target="agree", meaning=meaning)
    fewer = int(LONG_TRAINING_SECONDS / cost.step_seconds) if cost.step_seconds > 0 else steps
    if not 1 <= fewer < steps:
        return (all_of_it,)
    return all_of_it, Fix(f"{fewer} {'step' if fewer == 1 else 'steps'}", target="steps", meaning="Takes about 30 s.")
