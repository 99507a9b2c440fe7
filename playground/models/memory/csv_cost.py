"""What a tensor costs as a table of text: unlike that of the other formats, the size depends on the values."""

from __future__ import annotations

import torch

from playground.models.files.csv_file import characters_of, csv_losses, csv_refusal
from playground.models.memory.file_costs import FileCost
from playground.models.memory.numpy_side import NUMPY_AXES

SAMPLED = 256
"""Up to here all elements are written to count their characters, beyond so many of them."""


def csv_cost(tensor: torch.Tensor) -> FileCost:
    """The size of the `.csv` file, from a sample of the elements where they are many, and what does not come back."""
    refused = csv_refusal(tensor)
    if tensor.ndim > NUMPY_AXES:
        refused = f"numpy has at most {NUMPY_AXES} axes, not {tensor.ndim}"
    if refused:
        return FileCost(".csv", None, False, f"refused: {refused}")
    count = tensor.numel()
    few = count <= SAMPLED
    sample = tensor.detach() if few else _sample(tensor.detach())
    size = round(characters_of(sample) * count / max(1, sample.numel()))
    return FileCost(".csv", size, few, " ".join(csv_losses(tensor)) or "as text, nothing is lost")


def _sample(tensor: torch.Tensor) -> torch.Tensor:
    """Elements at equal distances; they are copied, the tensor is not."""
    places = torch.arange(SAMPLED) * (tensor.numel() // SAMPLED)
    return tensor[torch.unravel_index(places, tensor.shape)]
