"""Numbers and sizes as the app writes them outside grids."""

from __future__ import annotations

import math

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def number_text(value: float, digits: int = 3) -> str:
    """Three significant digits, `2.16e-8` and never `0.00000002`: "1", "0.391", "1.41", "2.3e6", "nan", "-inf"."""
    if isinstance(value, int) and abs(value) < 10**6:
        return str(value)
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -3 <= power < 6:
        return (
            f"{float(f'{value:.{digits - 1}e}'):.{max(0, digits - 1 - power)}f}".rstrip("0").rstrip(".")
            if power < digits
            else f"{float(f'{value:.{digits - 1}e}'):.0f}"
        )
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{power}"


def bytes_text(count: int) -> str:
    """Bytes in decimal units: "48 B", "1.2 kB", "4 GB", "512 GB"."""
    size, unit = float(count), 0
    while size >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{count} B" if unit == 0 else f"{number_text(size)} {_BYTE_UNITS[unit]}"
