"""The range of one axis of a plot, as the model gives it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from playground.widgets.common.ticks import layer_ticks, linear_ticks, log_ticks, power_text, tick_text


@dataclass(frozen=True, slots=True)
class AxisRange:
    """From `low` to `high` in coordinates: the exponent of ten where `logarithmic`. Without a width it is not drawn."""

    low: float = 0.0
    high: float = 0.0
    logarithmic: bool = False
    ticks: tuple[tuple[float, str], ...] | None = None

    def labelled(self, most: int, whole: bool = False) -> tuple[tuple[float, str], ...]:
        """The ticks with their labels, at most `most` and the ends of layers unless they were given."""
        if self.ticks is not None:
            return self.ticks
        if self.logarithmic:
            return tuple((power, power_text(power)) for power in log_ticks(self.low, self.high, most))
        if whole and self.high > self.low:
            ticks = layer_ticks(math.ceil(self.low), math.floor(self.high), most)
        else:
            ticks = linear_ticks(self.low, self.high, most)
        return tuple((value, tick_text(value)) for value in ticks)
