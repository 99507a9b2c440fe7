"""What the measured numbers say, in words, with the changes that help, each tried before it is offered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.formatting import digits
from playground.models.network.arrays import Floats
from playground.models.network.measure.result import NetworkResult
from playground.models.network.measure.statistics import StatisticsTable
from playground.models.network.spec.activations import ACTIVATIONS
from playground.models.network.spec.inits import INIT_SCHEMES
from playground.models.network.spec.spec import NetworkSpec
from playground.models.network.theory.mean_field import MeanFieldPrediction
from playground.models.network.verdict.cures import MOST_FIXES, OF_THE_INPUT, SpecFix, all_cures
from playground.models.network.verdict.healthy import band_in_words, farthest_from_band, unhealthy
from playground.models.network.verdict.reasons import (
    KEEPS,
    MOST,
    SATURATING,
    compared,
    cuts_all,
    largest_of,
    largest_part_is_bias,
    outlook,
    underflows,
    why_gradients,
    why_spread,
)
from playground.models.problem import ProblemError

DECADES = 1e3
"""A signal that changes by more than this factor from the first layer to the last vanishes or explodes."""
ALIKE = 0.999
"""Above this mean cosine at the last layer, all inputs give the same output."""
ONE_NUMBER = 0.1
"""Inputs with one direction that differ by more than this share of the rms still differ in length."""
CHANCE = 2.5
"""Inputs that all point the same way turn off about half of relu's units; so many deviations more is an illness."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lead` is in bold, `text` beside it, `why` below; numbers are in backticks.

    `illness` is the key of `CURES` for what may help; `fixes` are those of them that were tried and do. `mild` says
    that it is no illness, and yet keeps the network from being healthy.
    """

    severity: str
    lead: str
    text: str
    why: str = ""
    fixes: tuple[SpecFix, ...] = ()
    illness: str = ""
    mild: bool = False

    def plain(self) -> str:
        """The whole text without markup."""
        return " ".join(part for part in (self.lead, self.text, self.why) if part).replace("`", "")


def factor_a_layer(values: Floats) -> float:
    """The geometric mean factor from layer to layer over the first run of finite positive values; nan for fewer than 2.

    `factor_a_layer(np.array([1.0, 10.0, 100.0]))` is 10.
    """
    usable = np.isfinite(values) & (values > 0)
    stop = len(values) if usable.all() else int(np.argmin(usable))
    if stop < 2:
        return math.nan
    return float(np.exp((np.log(values[stop - 1]) - np.log(values[0])) / (stop - 1)))


def _rate(factor: float, *, exploding: bool) -> str:
    """`": ×1.31 per layer"`, or "" if the factor has the other direction, as it may if the run ends at a value of 0."""
    agrees = factor > 1 + KEEPS if exploding else factor < 1 - KEEPS
    return f": ×{digits(factor)} per layer" if agrees else ""


def _first(mask: NDArray[np.bool_]) -> int | None:
    """The first layer, counted from 1, where the mask holds."""
    return int(np.argmax(mask)) + 1 if mask.any() else None


def _ill(illness: str, lead: str, text: str, why: str = "", *, severity: str = "error") -> Verdict:
    return Verdict(severity, lead, text, why, illness=illness)


def judge(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict:
    """The most serious finding about a run; "good" if nothing is wrong. `tried` finds what helps."""
    for look_for in (_overflow, _all_zero, _same_units, _spread, _nothing_back, _gradients, _loss, _alike, _units):
        verdict = look_for(result, prediction)
        if verdict is not None:
            return verdict
    return _not_ill(result, prediction)


def _not_ill(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict:
    """The verdict on a network without an illness: healthy, or what it lacks."""
    rms, gradient = result.tables["activation"].rms, result.tables["activation_gradient"].rms
    ratio = float(gradient[0] / gradient[-1]) if gradient[-1] else math.nan
    if result.depth == 1:
        text = f"It has rms `{digits(rms[0])}`; increase the depth to see what repeating it does."
        return Verdict("good", "One layer.", text, outlook(prediction))
    reach = f"gradients reach layer 1 at {compared(ratio)} of layer {result.depth}."
    text = f"Layer {result.depth} has rms `{digits(rms[-1])}`, layer 1 `{digits(rms[0])}`; {reach}"
    lacks = unhealthy(rms, gradient, result.units.cosine)
    if lacks == "rms":
        return replace(_outside_band(result, prediction), mild=True)
    if lacks == "gradient":
        lead = f"Gradients {'grow' if ratio > 1 else 'shrink'} going backward."
        why = why_gradients(result, exploding=ratio > 1)
        ill = _ill("gradient", lead, f"{reach[:1].upper()}{reach[1:]}", why, severity="warning")
        return replace(ill, mild=True)
    if lacks == "alike":
        alike = f"But inputs become alike: their mean cosine at layer {result.depth} is"
        alike += f" `{digits(float(result.units.cosine[-1]))}`."
        return Verdict("good", "The signal keeps its size.", text, alike)
    return Verdict("good", "Healthy.", text, outlook(prediction))


def _outside_band(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict:
    rms = result.tables["activation"].rms
    layer = farthest_from_band(rms)
    large = bool(rms[layer] > 1)
    lead = f"Activations are too {'large' if large else 'small'}."
    text = f"At layer {layer + 1} the rms is `{digits(rms[layer])}`; a healthy one is {band_in_words()}."
    why = why_spread(result.spec, prediction, layer + 1, exploding=large)
    return _ill("explode" if large else "vanish", lead, text, why, severity="warning")


def _overflow(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict | None:
    for kind, words in (("preactivation", "Activations"), ("activation_gradient", "Gradients")):
        backward = kind == "activation_gradient"
        table = _first_broken(result) if not backward else result.tables[kind]
        bad = (table.infs > 0) | (table.nans > 0)
        if not bad.any():
            continue
        if backward and not np.isfinite(result.loss):
            return _plain_overflow(result)
        layer = result.depth - int(np.argmax(bad[::-1])) if backward else _first(bad)
        assert layer is not None
        what = "inf" if table.infs[layer - 1] else "nan"
        way = slice(None, None, -1 if backward else 1)
        factor = factor_a_layer(table.rms[way][: int(np.argmax(bad[way]))])  # a run that is cut off at inf has no rate
        rate = _rate(factor, exploding=True)
        lead = f"{words} explode{rate}." if rate else f"{words} overflow."
        broken = None if backward else _broken_input(result) or _broken_weights(result, layer) or _broken_biases(result)
        if broken is not None:
            return broken
        nan_layer = _first(table.nans > 0)
        more = f", nan from layer {nan_layer}" if nan_layer and not backward and nan_layer != layer else ""
        after = result.tables["activation"]
        cut = not backward and not after.infs[layer - 1] and not after.nans[layer - 1]
        where = f"{layer}, before {ACTIVATIONS[result.spec.activation].label}" if cut else f"{layer}"
        text = f"The first {what} is at layer {where}{more}: {result.spec.dtype} ends at `{largest_of(result.spec)}`."
        why = why_spread(result.spec, prediction, result.depth if backward else layer, exploding=True)
        if not backward and largest_part_is_bias(result):
            why = f"Most of layer 1's output comes from the biases: their std is `{digits(result.spec.bias_std)}`."
        return _ill("overflow", lead, text, why)
    return None


def _first_broken(result: NetworkResult) -> StatisticsTable:
    """Pre-activations, or activations if those are not finite in an earlier layer: a residual may overflow first."""
    before, after = result.tables["preactivation"], result.tables["activation"]
    places = [_first((table.infs > 0) | (table.nans > 0)) or math.inf for table in (before, after)]
    return after if places[1] < places[0] else before


def _broken_input(result: NetworkResult) -> Verdict | None:
    """The input is the cause if it is not finite; values beyond the dtype became inf in the conversion."""
    nans, infs, dtype = result.input.nan_count, result.input.inf_count, result.spec.dtype
    if not nans and not infs:
        return None
    counts = " and ".join(f"{count:,} {what}" for count, what in ((nans, "nan"), (infs, "inf")) if count)
    narrow = infs and dtype != "float64"
    text = f"{f'As {dtype} it' if narrow else 'It'} contains {counts}, and every layer passes them on."
    return _ill("input range" if narrow else "input", "The input is not finite.", text)


def _broken_weights(result: NetworkResult, layer: int) -> Verdict | None:
    """The weights are the cause if those of the first layer that overflows are not finite themselves."""
    table = result.tables["weight"]
    count = int(table.infs[layer - 1] + table.nans[layer - 1])
    if not count:
        return None
    some = f"`{count:,}` {'weight is' if count == 1 else 'weights are'}"
    share = "every weight is" if count == table.count[layer - 1] else some
    text = f"In layer {layer} {share} inf or nan: {result.spec.dtype} ends at `{largest_of(result.spec)}`."
    return _ill("overflow", "The weights overflow.", text)


def _broken_biases(result: NetworkResult) -> Verdict | None:
    """The biases are the cause if a draw of one standard deviation is beyond the number type."""
    spec = result.spec
    if INIT_SCHEMES[spec.init].own_bias or spec.bias_std < torch.finfo(spec.torch_dtype).max:
        return None
    text = f"Their std is `{digits(spec.bias_std)}`, and {spec.dtype} ends at `{largest_of(spec)}`."
    return _ill("overflow", "The biases overflow.", text)


def _plain_overflow(result: NetworkResult) -> Verdict:
    spec = result.spec
    what = "logits leave" if result.head is not None else "squares of the last layer's values leave"
    text = f"The loss is {result.loss:g}: the {what} the range of {spec.dtype}, which ends at `{largest_of(spec)}`."
    return _ill("overflow", "The loss overflows.", text)


def _all_zero(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict | None:
    table = result.tables["activation"]
    layer = _first(table.zeros == table.count)
    if layer is None:
        return None
    spec = result.spec
    if spec.init == "zeros" or spec.gain == 0:
        gradients = (
            "and so is every gradient except the last bias's" if result.head is not None else "and every gradient too"
        )
        text = f"Every activation from layer {layer} on is exactly 0, {gradients}."
        why = "All units are identical and stay identical: training cannot make them differ."
        return _ill("zeros", "Nothing gets through.", text, why)
    if result.input.zero_fraction == 1:
        text = f"Every layer from {layer} on is 0 too, whatever its weights are."
        return _ill("input", "The input is all zeros.", text)
    if spec.normalisation == "layer" and spec.width == 1:
        text = "Layer norm subtracts the mean over the units, which with one unit is the value itself."
        return _ill("one unit", "Nothing gets through.", text)
    factor = factor_a_layer(table.rms)
    rate = _rate(factor, exploding=False)
    lead = f"Activations vanish{rate}." if rate else "Activations end at 0."
    text = f"From layer {layer} on every value is exactly 0: {spec.dtype} has nothing smaller."
    weights = result.tables["weight"]
    if weights.zeros[layer - 1] == weights.count[layer - 1]:
        idle = f"Every weight of layer {layer} is 0, and so is every activation."
        return _ill("zeros", "Nothing gets through.", idle)
    revived = table.zeros[-1] < table.count[-1]
    end = f"None of the input gets past layer {layer}." if revived else "Activations end at 0."
    if cuts_all(result, layer):
        after = "what follows comes only from the biases" if revived else "every value is exactly 0"
        what = ACTIVATIONS[spec.activation].label
        text = f"At layer {layer} no pre-activation is above 0: {what} cuts them all, and {after}."
        return _ill("vanish", end, text)
    if spec.dropout and not underflows(spec, float(result.tables["preactivation"].rms[layer - 1])):
        share = f"{digits(100 * spec.dropout)} % of them at each layer, and here the last"
        text = f"{'At' if revived else 'From'} layer {layer}{'' if revived else ' on'} every value is exactly 0"
        return _ill("dropout", end, f"{text}: dropout takes {share}.")
    return _ill("vanish", lead, text, why_spread(spec, prediction, layer, exploding=False))


def _spread(result: NetworkResult, prediction: MeanFieldPrediction) -> Verdict | None:
    rms = result.tables["activation"].rms
    if result.depth < 2 or not rms[0] > 0:
        return None
    ratio = rms[-1] / rms[0]
    if 1 / DECADES < ratio < DECADES:
        return None
    exploding = ratio > 1
    rate = _rate(factor_a_layer(rms), exploding=exploding)
    lead = f"Activations {'explode' if exploding else 'vanish'}{rate}."
    text = f"By layer {result.depth} the rms is `{digits(rms[-1])}`"
    if prediction.rms is not None and math.isfinite(prediction.rms[-1]):
        text += f"; theory predicts ×{digits(prediction.slope)} and `{digits(float(prediction.rms[-1]))}`"
    why = why_spread(result.spec, prediction, result.depth, exploding=exploding)
    return _ill("explode" if exploding else "vanish", lead, text + ".", why)


def _nothing_back(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    """Activations that no gradient reaches: there is none, or none passes weights that are all 0."""
    table, weights, spec = result.tables["activation_gradient"], result.tables["weight"], result.spec
    none, idle = table.zeros == table.count, np.all(weights.zeros == weights.count)
    if not table.count.any() or not (none.all() or (idle and none.any())):
        return None
    text = f"Every gradient from layer {result.depth - int(np.argmax(none[::-1]))} down is exactly 0"
    if idle:
        text += ": all weights are 0, and gradients pass through them."
        return _ill("zeros", "Nothing comes back.", text)
    above = result.depth - int(np.argmax(none[::-1]))  # from 0: the layer above the last one without a gradient
    last = result.tables["activation"].rms[-1] / table.count[-1]
    faint = underflows(spec, float(table.rms[above] if above < result.depth else last))
    cause = f"{spec.dtype} has nothing smaller" if faint else "the slopes that they pass through are 0"
    return _ill("gradient", "Nothing comes back.", f"{text}: {cause}.")


def _gradients(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    rms = result.tables["activation_gradient"].rms
    if result.depth < 2 or not rms[-1] > 0:
        return None
    ratio = rms[0] / rms[-1]
    if 1 / DECADES < ratio < DECADES:
        return None
    exploding = ratio > 1
    rate = _rate(factor_a_layer(rms[::-1]), exploding=exploding)
    lead = f"Gradients {'explode' if exploding else 'vanish'}{rate}{' going backward' if rate else ''}."
    if ratio == 0:
        layer = result.depth - int(np.argmax(rms[::-1] == 0))
        text = f"From layer {layer} down they are exactly 0."
    else:
        text = f"They reach layer 1 at {compared(ratio)} of layer {result.depth}."
    return _ill("gradient", lead, text, why_gradients(result, exploding=exploding))


def _loss(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    return None if math.isfinite(result.loss) else _plain_overflow(result)


def _alike(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    cosine, spread = result.units.cosine[-1], result.units.spread[-1]
    rms = result.tables["activation"].rms[-1]
    if not cosine > ALIKE or result.batch < 2 or result.units.cosine[0] > ALIKE:
        return None
    share = float(spread / rms) if rms else math.nan
    angle = f"At layer {result.depth} their mean cosine is `{digits(float(cosine), 5)}`"
    if share > ONE_NUMBER:
        lead = "All inputs end in the same direction."
        text = f"{angle}: they differ only in length, by `{digits(share)}` of the rms."
        why = "The spread looks healthy, but the last layer tells only one number about each input."
    else:
        lead, text = "All inputs give the same output.", f"{angle}, and they differ by `{digits(share)}` of the rms."
        why = "The spread over the whole layer looks healthy, but the network gives every input nearly the same output."
    return _ill("alike", lead, text, why, severity="warning")


def _same_units(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    spec = result.spec
    told_apart = spec.bias_std or spec.dropout or (spec.residual != "none" and result.features == spec.width)
    if spec.init == "constant" and spec.width > 1 and not told_apart:
        text = "Equal weights give equal activations and equal gradients, so they stay equal in training."
        return _ill("zeros", "All units of a layer are the same.", text)
    return None


def _units(result: NetworkResult, _prediction: MeanFieldPrediction) -> Verdict | None:
    dead = result.units.dead
    worst = int(np.argmax(dead))
    if dead[worst] > 0.5 + CHANCE * 0.5 / math.sqrt(result.spec.width):
        text = f"At layer {worst + 1} `{dead[worst]:.0%}` of the units are 0 for every input and pass no gradient."
        return _ill("alike", "Units are dead.", text, severity="warning")
    saturated = result.units.saturated
    worst = int(np.argmax(saturated))
    if saturated[worst] > MOST and result.spec.activation in SATURATING:
        share = f"`{saturated[worst]:.0%}` of the values"
        text = f"At layer {worst + 1} {share} lie where the slope is below 1 % of its maximum."
        return _ill("explode", "Units are saturated.", text, severity="warning")
    return None


SEVERITIES = ("good", "warning", "error")
MOST_TRIALS = 12


def tried(verdict: Verdict, spec: NetworkSpec, judge_spec: Callable[[NetworkSpec], Verdict]) -> Verdict:
    """The verdict with the changes that help, each with its outcome; `judge_spec` runs and judges a network.

    A change helps if it leads to a milder verdict, or if the input was the cause and no longer is. Changes that heal
    come first, each kind in the order of `CURES`; trying ends with the third that heals. If nothing helps, nothing is
    offered.
    """
    if not verdict.illness:
        return verdict
    rank = SEVERITIES.index(verdict.severity)
    healing: list[SpecFix] = []
    easing: list[SpecFix] = []
    for fix in all_cures(spec, verdict.illness)[:MOST_TRIALS]:
        try:
            after = judge_spec(fix.spec)
        except ProblemError:
            continue
        mends_input = verdict.illness in OF_THE_INPUT and after.illness not in OF_THE_INPUT
        if SEVERITIES.index(after.severity) >= rank and not mends_input:
            continue
        outcome = f"{after.lead} {after.text}".replace("`", "")
        heals = after.severity == "good" or (after.mild and not verdict.mild)
        (healing if heals else easing).append(replace(fix, outcome=outcome))
        if len(healing) == MOST_FIXES:
            break
    return replace(verdict, fixes=tuple((healing + easing)[:MOST_FIXES]))
