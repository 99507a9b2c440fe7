"""What devices differ in beyond their speed."""

from __future__ import annotations

import torch

WITHOUT_FLOAT64 = ("mps",)
"""The types of devices whose tensors are never float64: Apple's GPUs."""


def has_float64(device: str) -> bool:
    """Whether tensors on a device, as `"cuda:0"` names it, may be float64."""
    return torch.device(device).type not in WITHOUT_FLOAT64


def summable(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor where it can be made float64: itself, or a copy on the CPU where its device has none."""
    return tensor.cpu() if tensor.device.type in WITHOUT_FLOAT64 else tensor
