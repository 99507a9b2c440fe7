"""How a tensor lies in memory, in one line, for where the panel is folded away."""

from __future__ import annotations

from playground.models.memory.layout import Layout
from playground.widgets.common.runs import Run, shape_runs


def summary_runs(layout: Layout) -> tuple[Run, ...]:
    """`strides (1, 4) offset 0, not contiguous, elements 48 B, shared with B`."""
    order = "contiguous" if layout.contiguous else layout.memory_format or "not contiguous"
    runs = [Run("strides "), *shape_runs(layout.strides), Run(" offset "), Run(f"{layout.offset:,}", "code")]
    runs.append(Run(f", {order}, elements {layout.size_text}"))
    if layout.shares_with:
        runs += [Run(", shared with "), Run(", ".join(layout.shares_with), "code")]
    return tuple(runs)
