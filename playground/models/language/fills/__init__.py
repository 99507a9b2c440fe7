"""Fills: ways to create a tensor. Each writes its code, builds its tensor and recognises its own text."""

from playground.models.language.fills import drawn, regular, typed
from playground.models.language.fills.fill import FILLS, FLOATING, INTEGRAL, Fill, Parameter, dtype_named, parameter
from playground.models.language.fills.making import check_made, default_made, made_code, make, recognise, resized

__all__ = [
    "FILLS",
    "FLOATING",
    "INTEGRAL",
    "Fill",
    "Parameter",
    "check_made",
    "default_made",
    "dtype_named",
    "made_code",
    "make",
    "parameter",
    "recognise",
    "resized",
]

if not FILLS:
    regular.register_counting()
    regular.register_constants()
    drawn.register_drawn()
    typed.register_typed()
