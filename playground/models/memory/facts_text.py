"""All facts of a tensor's memory as text, to be copied."""

from __future__ import annotations

from collections.abc import Sequence

from playground.models.memory.chain import StepNote
from playground.models.memory.layout import Layout
from playground.models.memory.view_rule import ViewExplanation
from playground.models.words import bytes_in_words, shape_in_words


def fact_lines(layout: Layout) -> tuple[tuple[str, str], ...]:
    """Each fact with its name: `("strides", "(1, 4)")`."""
    reached = "not known" if layout.reached is None else f"{layout.reached:,} of {layout.storage_cells:,}"
    overlap = {True: "yes, some cells are read more than once", False: "no", None: "not known"}[layout.overlap]
    density = "not known" if layout.density is None else f"{layout.density:.4g}"
    on = f", on {layout.reached * layout.itemsize:,}" if layout.overlap and layout.reached is not None else ""
    is_whole = layout.contiguous and layout.own_bytes == layout.storage_bytes
    lines = [
        ("shape", shape_in_words(layout.shape)),
        (
            "strides",
            f"{shape_in_words(layout.strides)} elements, "
            f"{shape_in_words([stride * layout.itemsize for stride in layout.strides])} bytes",
        ),
        ("offset", f"{layout.offset:,} elements, byte {layout.offset * layout.itemsize:,}"),
        ("dtype", f"{layout.dtype}, {layout.itemsize} B an element, {layout.byte_order} endian"),
        ("elements", f"{layout.elements:,}"),
        ("element bytes", f"{layout.own_bytes:,}{on}"),
        ("storage bytes", f"{layout.storage_bytes:,}"),
        ("contiguous", "yes" if layout.contiguous else "no"),
        ("memory format", layout.memory_format or "none of torch's"),
        ("cells read", reached),
        ("density", density),
        ("overlap", overlap),
        ("shares with", ", ".join(layout.shares_with) or "nobody"),
        ("base", layout.base or ("itself" if is_whole else "none that has a name")),
        ("device", layout.device),
    ]
    if layout.conjugated or layout.negated:
        lines.append(("lazy bits", ", ".join(["conjugate"] * layout.conjugated + ["negative"] * layout.negated)))
    return tuple(lines)


def facts_text(
    name: str, code: str, layout: Layout, steps: Sequence[StepNote], view: tuple[str, ViewExplanation | None]
) -> str:
    """Plain text: the facts, the steps, the verdict on the typed view."""
    lines = [f"{name} = {code}" if code else name, layout.verdict, ""]
    lines += [f"{fact:<14} {value}" for fact, value in fact_lines(layout)]
    if steps:
        lines += ["", "steps"]
    for note in steps:
        step = note.step
        lines.append(
            f"{note.line}: {step.code}  {shape_in_words(step.shape)} strides {shape_in_words(step.strides)} "
            f"offset {step.offset} storage {bytes_in_words(step.storage_bytes)}  {note.verdict}. {note.note}"
        )
    view_text, verdict = view
    if verdict is not None:
        lines += ["", f"{name}.view({view_text}): {'yes' if verdict.allowed else 'no'}. {verdict.message}"]
    return "\n".join(lines)
