"""How a tensor lies in memory, in one line, for where the panel is folded away."""

from __future__ import annotations

from playground.models.memory.layout import Layout
from playground.models.words import bytes_in_words
from playground.widgets.common.runs import Run, shape_runs


def summary_runs(layout: Layout) -> tuple[Run, ...]:
    """`strides (1, 4) offset 0, not contiguous, 48 B own, shared with B`."""
    order = "contiguous" if layout.contiguous else layout.memory_format or "not contiguous"
    runs = [Run("strides "), *shape_runs(layout.strides), Run(" offset "), Run(f"{layout.offset:,}", "code")]
    runs.append(Run(f", {order}, {bytes_in_words(layout.own_bytes)} own"))
    if layout.shares_with:
        runs += [Run(", shared with "), Run(", ".join(layout.shares_with), "code")]
    return tuple(runs)
