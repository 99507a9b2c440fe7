"""An einsum as a sentence."""

from __future__ import annotations

from playground.models.einsum.labels import Indexing
from playground.models.einsum.loops import cell
from playground.models.words import joined


def sentence_of(indexing: Indexing) -> str:
    """`"For each i and k, multiply A[i,j] by B[j,k] and add over j."`"""
    kept, summed = indexing.output_labels, indexing.summed
    cells = [cell(indexing, operand) for operand in range(len(indexing.shapes))]
    start = f"For each {joined(kept)}, " if kept else ""
    if len(cells) == 1:
        rest = f"add {cells[0]} over {_each(summed)}" if summed else f"take {cells[0]}"
    else:
        rest = f"multiply {cells[0]} by {joined(cells[1:])}"
        if summed:
            rest += f" and add over {_each(summed)}"
    text = f"{start}{rest}."
    return text[0].upper() + text[1:]


def _each(labels: tuple[str, ...]) -> str:
    return joined(labels)
