"""Well-known einsums with names."""

from __future__ import annotations

from dataclasses import dataclass

from playground.models.registry import Registry


@dataclass(frozen=True, slots=True)
class Preset:
    """A named equation, with shapes for operands that must be created, and its purpose.

    `tensors` numbers the tensors if one appears twice: `(0, 1, 0)`.
    """

    name: str
    equation: str
    shapes: tuple[tuple[int, ...], ...]
    meaning: str
    tensors: tuple[int, ...] = ()

    @property
    def places(self) -> tuple[int, ...]:
        """The number of the tensor in each place."""
        return self.tensors or tuple(range(len(self.shapes)))


PRESETS: Registry[Preset] = Registry("preset")

for _preset in (
    Preset("dot product", "i,i->", ((4,), (4,)), "Two vectors, one number."),
    Preset("outer product", "i,j->ij", ((3,), (4,)), "Every product of two vectors."),
    Preset("Hadamard product", "ij,ij->ij", ((3, 4), (3, 4)), "Cell times cell."),
    Preset("trace", "ii->", ((3, 3),), "The sum of the diagonal."),
    Preset("diagonal", "ii->i", ((3, 3),), "A view of the diagonal."),
    Preset("transpose", "ij->ji", ((3, 4),), "The same cells with the axes swapped: a view."),
    Preset("row sums", "ij->i", ((3, 4),), "The sum of each row."),
    Preset("column sums", "ij->j", ((3, 4),), "The sum of each column."),
    Preset("matrix times vector", "ij,j->i", ((3, 4), (4,)), "Each row times the vector."),
    Preset("matrix product", "ij,jk->ik", ((3, 4), (4, 2)), "Rows times columns."),
    Preset("batched matrix product", "bij,bjk->bik", ((2, 3, 4), (2, 4, 3)), "One matrix product for each b."),
    Preset("bilinear form", "bi,oij,bj->bo", ((2, 3), (4, 3, 2), (2, 2)), "Like torch.nn.Bilinear, without the bias."),
    Preset(
        "attention scores",
        "bhqd,bhkd->bhqk",
        ((2, 2, 3, 4), (2, 2, 5, 4)),
        "Each query against each key, in each head.",
    ),
    Preset("attention output", "bhqk,bhkd->bhqd", ((2, 2, 3, 5), (2, 2, 5, 4)), "The values, weighted for each query."),
    Preset(
        "Mahalanobis distance",
        "ni,ij,nj->n",
        ((4, 3), (3, 3), (4, 3)),
        "x M x for each row x: the squared distance.",
        tensors=(0, 1, 0),
    ),
    Preset("tensor contraction", "ijk,jkl->il", ((2, 3, 4), (3, 4, 2)), "Two letters summed at once."),
    Preset(
        "CP reconstruction",
        "ir,jr,kr->ijk",
        ((3, 2), (4, 2), (2, 2)),
        "A tensor from the factors of its rank-one parts.",
    ),
):
    PRESETS.register(_preset)
