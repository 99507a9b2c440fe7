"""Differences between devices besides speed."""

from __future__ import annotations

import torch

WITHOUT_FLOAT64 = ("mps",)
"""The device types without float64: Apple's GPUs."""


def has_float64(device: str) -> bool:
    """True if tensors on a device, such as `"cuda:0"`, may be float64."""
    return torch.device(device).type not in WITHOUT_FLOAT64


def summable(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor on a device with float64: itself, or a copy on the CPU if its device has none."""
    return tensor.cpu() if tensor.device.type in WITHOUT_FLOAT64 else tensor
