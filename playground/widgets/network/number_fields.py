"""The numbers of a network's spec as the page offers them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.models.network.checks import LIMITS


@dataclass(frozen=True, slots=True)
class NumberField:
    """A number of the spec: label, range of the slider, digits, what it means."""

    field: str
    label: str
    low: float
    high: float
    meaning: str
    decimals: int | None = None
    logarithmic: bool = False
    hard: tuple[float | None, float | None] = (None, None)


NUMBERS = {
    entry.field: entry
    for entry in (
        NumberField("depth", "Depth", 1, 500, "How many layers, 1 to 500", logarithmic=True, hard=LIMITS["depth"]),
        NumberField("width", "Width", 1, 4096, "How many units a layer has, 1 to 4,096", logarithmic=True,
                    hard=LIMITS["width"]),
        NumberField("batch", "Batch", 1, 2048, "How many inputs go through at once", logarithmic=True,
                    hard=LIMITS["batch"]),
        NumberField("gain", "Gain", 0.0, 3.0, "Multiplies whatever the init gives", decimals=3, hard=(0.0, math.inf)),
        NumberField("weight_std", "Weight std", 0.001, 10.0, "The standard deviation of the weights", decimals=3,
                    logarithmic=True, hard=(0.0, math.inf)),
        NumberField("weight_value", "Value", -1.0, 1.0, "What every weight is set to", decimals=3,
                    hard=(-math.inf, math.inf)),
        NumberField("bias_std", "Bias std", 0.0, 1.0, "The standard deviation of the biases; 0 sets them to 0",
                    decimals=3, hard=(0.0, math.inf)),
        NumberField("dropout", "Dropout", 0.0, 0.95, "The share of activations set to 0, the others scaled up",
                    decimals=2, hard=(0.0, 0.999)),
    )
}  # fmt: skip
