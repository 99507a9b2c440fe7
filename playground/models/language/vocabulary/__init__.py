"""The vocabulary of a line, family by family: `VOCABULARY` has each word with its signature and description."""

from playground.models.language.vocabulary.complex_numbers import register_complex_numbers
from playground.models.language.vocabulary.copying import register_copying
from playground.models.language.vocabulary.facts import register_facts
from playground.models.language.vocabulary.fourier import register_fourier
from playground.models.language.vocabulary.layers import register_layers
from playground.models.language.vocabulary.linear_algebra import register_linear_algebra
from playground.models.language.vocabulary.making import register_making
from playground.models.language.vocabulary.mapping import register_mapping
from playground.models.language.vocabulary.multiplying import register_multiplying
from playground.models.language.vocabulary.operators import register_operators
from playground.models.language.vocabulary.picking import register_picking
from playground.models.language.vocabulary.reducing import register_reducing
from playground.models.language.vocabulary.reshaping import register_reshaping
from playground.models.language.vocabulary.word import VOCABULARY, Word

__all__ = ["VOCABULARY", "Word"]

if not VOCABULARY:
    register_making()
    register_operators()
    register_reshaping()
    register_copying()
    register_reducing()
    register_mapping()
    register_multiplying()
    register_picking()
    register_facts()
    register_complex_numbers()
    register_linear_algebra()
    register_layers()
    register_fourier()
