"""The ways to make a tensor from nothing: each writes its code, builds its tensor and knows its own text again."""

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
