"""Where an axis is labelled, and how: `1`, `0.5`, `1e-4`, `2.5e6`."""

from __future__ import annotations

import math

from playground.models.words import digits

_NICE = (1, 2, 2.5, 5)
_POWER_STEPS = (1, 2, 3, 4, 5, 10, 20, 25, 50, 100, 200, 500, 1000)


def linear_ticks(low: float, high: float, most: int = 5, whole: bool = False) -> tuple[float, ...]:
    """Round numbers between `low` and `high`, at most `most` of them; only whole ones for layers and steps."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return ()
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = [nice * scale for scale in (power, power * 10) for nice in _NICE]
    if whole:
        steps = [max(1.0, float(math.ceil(step))) for step in steps]
    fitting = [step for step in steps if 1 <= _count(low, high, step) <= most]
    crowded = [step for step in reversed(steps) if _count(low, high, step) > most]
    if not fitting and not crowded:
        return ()
    step = fitting[0] if fitting else crowded[0]
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(float(f"{count * step:.12g}") for count in range(first, last + 1))
    return ticks if fitting else ticks[:: math.ceil(len(ticks) / most)]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def layer_ticks(first: int, last: int, most: int = 6) -> tuple[float, ...]:
    """The first layer, round numbers, and the last: 1, 10, 20, 30, 40, 50."""
    if last <= first:
        return (float(first),)
    inner = linear_ticks(first, last, most, whole=True)
    gap = inner[1] - inner[0] if len(inner) > 1 else float(last - first)
    kept = [tick for tick in inner if tick - first >= gap * 0.6 and last - tick >= gap * 0.6]
    return (float(first), *kept, float(last))


def log_ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Exponents of the powers of ten between 10**low and 10**high, evenly thinned out, 0 among them where it can be."""
    if not (math.isfinite(low) and math.isfinite(high)) or high < low:
        return ()
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    count = last - first + 1
    if count <= 0:
        return ()
    step = next(step for step in _POWER_STEPS if last // step - -(-first // step) + 1 <= most)
    return tuple(float(power) for power in range(first, last + 1) if power % step == 0)


def tick_text(value: float) -> str:
    """A tick in three digits at most: 0.5, 25, 1e-4."""
    if value == 0:
        return "0"
    text = digits(value)
    mantissa, _, power = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}" if power else text


def power_text(exponent: float) -> str:
    """A power of ten: "1" for 0, "1e-4" for -4; 10 and 100 too are written 1e1 and 1e2, so that steps look alike."""
    whole = round(exponent)
    return "1" if whole == 0 else f"1e{whole}"


def value_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """Places and labels on a logarithmic axis between two exponents: powers of ten, or round numbers where few fit."""
    powers = log_ticks(low, high, most)
    if len(powers) > 1 or not -300 < low < high < 300:
        return tuple((power, power_text(power)) for power in powers)
    numbers = [number for number in linear_ticks(10.0**low, 10.0**high, most) if number > 0]
    return tuple((math.log10(number), tick_text(number)) for number in numbers)
