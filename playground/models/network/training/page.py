"""The page during training: the section's texts, and the plots at the chosen step, without the initial theory."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from playground.models.formatting import digits
from playground.models.network.arrays import Floats
from playground.models.network.request import NetworkPageResult, NetworkRequest
from playground.models.network.saved.request import SavedRequest
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import MeanFieldPrediction
from playground.models.network.training.cost import training_cost
from playground.models.network.training.optimisers import OPTIMISERS
from playground.models.network.training.request import TrainingRequest, TrainingResult
from playground.models.network.training.settings import TrainingSettings
from playground.models.network.training.tasks import TASKS
from playground.models.network.verdict.verdict import judge
from playground.models.program.program import Program
from playground.models.state import NetworkState

DECADES_FOR_LOG = 2.0
NEAR_GUESS = 0.02
LEAST_SPAN = 0.2
"""A loss that changes by less than this share of itself counts as flat."""
SHORT = 19
"""This many characters fit beside the section's title."""
LAST = 10
"""The value that a noisy loss "reaches" is the mean over this many last steps."""


def _rate(settings: TrainingSettings) -> str:
    """The learning rate as typed: "0.01", "1e10"."""
    mantissa, e, exponent = f"{settings.rates.learning_rate:g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def settings_in_words(settings: TrainingSettings) -> str:
    """`"120 steps, SGD 0.01"`."""
    return f"{settings.steps:,} steps, {OPTIMISERS[settings.optimiser].title} {_rate(settings)}"


def short_settings(settings: TrainingSettings) -> tuple[str, ...]:
    """Shorter and shorter forms, keeping the most informative part: `("120, Adam 0.001", "Adam 0.001")`."""
    rule = f"{OPTIMISERS[settings.optimiser].title} {_rate(settings)}"
    wanted = (settings_in_words(settings), f"{settings.steps:,}, {rule}", rule)
    return tuple(words for words in wanted if len(words) <= SHORT) or (rule,)


def invitation(settings: TrainingSettings, cost: str = "") -> str:
    """The text before any training: "Not trained yet. Play trains 120 steps on the digits: ...".

    `cost` is its cost, "about 1.4 s and 46.2 MB".
    """
    task = TASKS[settings.task]
    if settings.task == "tensors" and not (settings.inputs and settings.targets):
        return "Choose the tensors of inputs and targets to train on."
    on = f"{settings.inputs} and {settings.targets}" if settings.task == "tensors" else f"the {task.title}"
    price = f" It takes {cost}." if cost else ""
    return f"Not trained yet. Play trains {settings.steps:,} steps on {on}: {task.words}.{price}"


def reached_loss(losses: Floats) -> float:
    """The mean of the last ten losses, or of all if there are fewer; nan for none."""
    return float(np.mean(losses[-LAST:])) if len(losses) else math.nan


def progress_in_words(result: TrainingResult, pinned: tuple[tuple[str, Floats], ...] = ()) -> str:
    """The text about the plots and the losses: "The plots show step 0. The loss stays at `2.303`, ...".

    `pinned` are the losses of other runs by name.
    """
    parts = [f"The plots show step {result.shown:,}."]
    if result.failure is not None:
        parts.append(result.failure.words())
    elif result.reached:
        parts.append(_went(result))
    else:
        loss = f"`{digits(float(result.losses[0]), 4)}`" if len(result.losses) else "unknown"
        parts.append(f"Before training the loss is {loss}; {result.guess_words} gives `{digits(result.guess, 4)}`.")
    parts += [_pinned_in_words(name, losses) for name, losses in pinned if len(losses)]
    return " ".join(parts)


def _pinned_in_words(name: str, losses: Floats) -> str:
    broken = np.flatnonzero(~np.isfinite(losses))
    if len(broken):
        return f"{name} fails at step {broken[0]:,}."
    return f"{name} reaches `{digits(reached_loss(losses))}`."


def _went(result: TrainingResult) -> str:
    losses, guess = result.losses, result.guess
    now, start = reached_loss(losses), float(losses[0])
    if len(losses) > 1 and abs(now - start) <= NEAR_GUESS * abs(start):
        near = abs(now - guess) <= NEAR_GUESS * abs(guess)
        return f"The loss stays at `{digits(now, 4)}`" + (f", which is {result.guess_words}." if near else ".")
    verb = "falls" if now < start else "rises"
    if abs(now - guess) <= NEAR_GUESS * abs(guess):
        return f"The loss {verb} from `{digits(start)}` to `{digits(now)}`, which is {result.guess_words}."
    compared = "" if now < guess else f", above `{digits(guess)}`: {result.guess_words}"
    return f"The loss {verb} from `{digits(start)}` to `{digits(now)}`{compared}."


def loss_range(losses: Floats, pinned: tuple[Floats, ...] = ()) -> tuple[float, float, bool]:
    """(low, high, logarithmic) of an axis for all finite losses: exponents of ten if logarithmic.

    Ends on round numbers, so that it does not change when the loss changes a little.
    """
    values = np.concatenate([np.asarray(part, float).ravel() for part in (losses, *pinned)])
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0, 1.0, False
    low, high = float(values.min()), float(values.max())
    least = LEAST_SPAN * max(abs(low), abs(high))
    if high - low < least:
        middle = (low + high) / 2
        low, high = middle - least / 2, middle + least / 2
    if low > 0 and math.log10(high / low) > DECADES_FOR_LOG:
        return math.floor(math.log10(low)), max(math.ceil(math.log10(high)), math.floor(math.log10(low)) + 1), True
    step = _round_step((high - low) or abs(high) or 1.0)
    return (
        math.floor(low / step) * step,
        max(math.ceil(high / step) * step, math.floor(low / step) * step + step),
        False,
    )


def _round_step(span: float) -> float:
    """A quarter of the span, rounded up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(span / 4))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= span / 4 * 0.999)


TRAINED = "no theory drawn: training changed the weights"


def training_request(chosen: NetworkState, program: Program, budget: int | None = None) -> TrainingRequest | None:
    """The training request, or None; includes the program only if one of its tensors is used."""
    settings = chosen.training
    if not settings.asked or chosen.moving:
        return None
    needed = chosen.spec.tensor_name or settings.task == "tensors"
    return TrainingRequest(chosen.spec, settings, chosen.layer, program if needed else None, chosen.scale, budget)


def is_of(training: TrainingResult, chosen: NetworkState) -> bool:
    """True if a result belongs to the current training; a stopped one may still arrive."""
    request = training.request
    return chosen.training.asked and request.spec == chosen.spec and request.settings.run == chosen.training.run


def cost_in_words(chosen: NetworkState) -> str:
    """The cost of training the network, from its sizes: "about 1.4 s and 46.2 MB"."""
    return training_cost(chosen.spec, chosen.training, chosen.spec.width, chosen.training.steps).words()


def saved_request(request: NetworkRequest) -> SavedRequest:
    """The request of the strip of saved tensors that goes with a page request."""
    return SavedRequest(request.spec, program=request.program if request.spec.tensor_name else None)


def with_other_network(chosen: NetworkState, spec: NetworkSpec) -> NetworkState:
    """The state with another network, not trained yet."""
    if spec == chosen.spec:
        return chosen
    return replace(chosen, spec=spec, training=replace(chosen.training, target=0, shown=0, agreed=0))


def page_at_step(page: NetworkPageResult, training: TrainingResult | None) -> NetworkPageResult:
    """The page with the trained network instead of the initial one; the page itself at step 0."""
    if training is None or training.network is None or not training.shown or training.request.spec != page.request.spec:
        return page
    prediction = MeanFieldPrediction(reason=TRAINED, gradient_reason=TRAINED)
    theory = replace(page.theory, prediction=prediction, fixed_point=None, critical_gain=math.nan)
    verdict = judge(training.network, prediction)
    lead = f"Step {training.shown:,}. {verdict.lead}"
    return replace(
        page,
        network=training.network,
        theory=theory,
        verdict=replace(verdict, lead=lead, fixes=()),
        band=None,
        own=(),
    )
