"""An einsum as nested loops of plain Python."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Mapping

from playground.models.einsum.labels import Indexing

INDENT = "  "


def loop_names(indexing: Indexing) -> dict[str, str]:
    """What each label is called as a variable: itself, or with a number behind it where a tensor has that name."""
    written = [*indexing.names, indexing.result_name, "torch", "range"]
    words = {word for text in written for word in re.findall(r"\w+", text)}
    names: dict[str, str] = {}
    for label in indexing.labels:
        fresh = itertools.chain([label], (f"{label.lower()}{number}" for number in itertools.count(1)))
        others = words | set(names.values()) | (set(indexing.labels) - {label})
        names[label] = next(name for name in fresh if name not in others and not keyword.iskeyword(name))
    return names


def cell(indexing: Indexing, operand: int, called: Mapping[str, str] | None = None) -> str:
    """`"A[i,j]"`; a stretched axis is read at 0, an operand without axes has no brackets."""
    name = indexing.names[operand]
    stretched = {(o.operand, o.axis) for label in indexing.labels.values() for o in label.stretched}
    places = [
        "0" if (operand, axis) in stretched else (called or {}).get(label, label)
        for axis, label in enumerate(indexing.input_labels[operand])
    ]
    return f"{name}[{','.join(places)}]" if places else name


def product(indexing: Indexing) -> str:
    """`"A[i,j]*B[j,k]"`."""
    called = loop_names(indexing)
    return "*".join(cell(indexing, operand, called) for operand in range(len(indexing.shapes)))


def result_cell(indexing: Indexing) -> str:
    """`"C[i,k]"`, or `"C"` for a single number."""
    called = loop_names(indexing)
    labels = [called[label] for label in indexing.output_labels]
    return f"{indexing.result_name}[{','.join(labels)}]" if labels else indexing.result_name


def loop_labels(indexing: Indexing) -> tuple[str, ...]:
    """The labels from the outermost loop in: those of the result in its order, then the summed ones."""
    return (*indexing.output_labels, *indexing.summed)


def nested_loops(indexing: Indexing) -> str:
    """The loops over the whole index space, without the line that makes the result."""
    lines, called = [], loop_names(indexing)
    for depth, label in enumerate(loop_labels(indexing)):
        lines.append(f"{INDENT * depth}for {called[label]} in range({indexing.labels[label].size}):")
    lines.append(f"{INDENT * len(indexing.labels)}{result_cell(indexing)} += {product(indexing)}")
    return "\n".join(lines)


def loops_of(indexing: Indexing, dtype: str = "") -> str:
    """Runnable Python: the result full of zeros, then the loops that fill it.

    >>> loops_of(index_labels(parse_equation("i,i->"), [(3,), (3,)]))  # doctest: +SKIP
    C = torch.zeros(())
    for i in range(3):
      C += A[i]*B[i]
    """
    shape = indexing.output_shape
    written = f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
    kind = f", dtype=torch.{dtype}" if dtype and dtype != "float32" else ""
    return f"{indexing.result_name} = torch.zeros({written}{kind})\n{nested_loops(indexing)}"
