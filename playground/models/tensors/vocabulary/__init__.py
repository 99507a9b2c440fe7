"""What a line may say, family by family: `VOCABULARY` holds each word with its signature and description."""

from playground.models.tensors.vocabulary.complex_numbers import register_complex_numbers
from playground.models.tensors.vocabulary.copying import register_copying
from playground.models.tensors.vocabulary.facts import register_facts
from playground.models.tensors.vocabulary.fourier import register_fourier
from playground.models.tensors.vocabulary.layers import register_layers
from playground.models.tensors.vocabulary.linear_algebra import register_linear_algebra
from playground.models.tensors.vocabulary.making import register_making
from playground.models.tensors.vocabulary.mapping import register_mapping
from playground.models.tensors.vocabulary.multiplying import register_multiplying
from playground.models.tensors.vocabulary.operators import register_operators
from playground.models.tensors.vocabulary.picking import register_picking
from playground.models.tensors.vocabulary.reducing import register_reducing
from playground.models.tensors.vocabulary.reshaping import register_reshaping
from playground.models.tensors.vocabulary.word import VOCABULARY, Word

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
