"""Words for signals: Fourier transforms and windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from playground.models.language.vocabulary.bounds import operands, padded, sizes
from playground.models.language.vocabulary.word import function

_ONE_AXIS = "(input, n=None, dim=-1, norm=None)"
_TWO_AXES = "(input, s=None, dim=(-2, -1), norm=None)"
_NORMS = ("forward", "backward", "ortho")

_TRANSFORMS = {
    "fft": (_ONE_AXIS, "The discrete Fourier transform along an axis, complex."),
    "ifft": (_ONE_AXIS, "The inverse of fft."),
    "rfft": (_ONE_AXIS, "The first half of the transform of real numbers: the rest mirrors it."),
    "irfft": (_ONE_AXIS, "The inverse of rfft: real numbers."),
    "fft2": (_TWO_AXES, "The transform along two axes."),
    "ifft2": (_TWO_AXES, "The inverse of fft2."),
}


def _transformed(arguments: Sequence[Any]) -> int:
    """Complex numbers, with an axis of the given length."""
    return 4 * (operands(arguments) + padded(arguments)) + 64


def _plan_of(name: str) -> Callable[..., torch.Tensor]:
    """torch's plan, if MKL computes it: the other axes keep their order. Otherwise a transform is row-major."""
    transform: Callable[..., torch.Tensor] = _to_real if name == "irfft" else getattr(torch.fft, name)

    def plan(*arguments: Any, **named: Any) -> torch.Tensor:
        planned = transform(*arguments, **named)
        keeps_order = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
        return planned if keeps_order else torch.empty(planned.shape, dtype=planned.dtype, device="meta")

    return plan


def _to_real(input: torch.Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> torch.Tensor:
    """`irfft` with the strides of the complex transform of half its length, scaled to the whole."""
    real = torch.fft.irfft(input, n, dim, norm)
    length = real.shape[dim]
    half = length // 2 + 1
    dtype = input.dtype if input.is_complex() or input.is_floating_point() else torch.get_default_dtype()
    complex_steps = torch.fft.ifft(input.to(dtype.to_complex()), half, dim).stride()
    steps = [step if step == 1 else step // half * length for step in complex_steps]
    return torch.empty_strided(real.shape, steps, dtype=real.dtype, device="meta")


def register_fourier() -> None:
    """Add Fourier transforms and windows to the vocabulary."""
    for name, (signature, text) in _TRANSFORMS.items():
        plan = _plan_of(name)
        function(f"fft.{name}", signature, text, "mapping", "new", need=_transformed, strings=_NORMS, plan=plan)
    for name, text in (("fftshift", "Move frequency 0 to the middle."), ("ifftshift", "The inverse of fftshift.")):
        function(f"fft.{name}", "(input, dim=None)", text, "copying", "copy", need=operands)
    for name, text in (("fftfreq", "The frequencies of fft."), ("rfftfreq", "The frequencies of rfft.")):
        function(f"fft.{name}", "(n, d=1.0, *, dtype=None)", text, "making", "new", need=sizes)
    for name in ("hann", "hamming", "blackman", "bartlett"):
        text = f"The {name.title()} window."
        own = "alpha=0.54, beta=0.46, " if name == "hamming" else ""
        function(
            f"{name}_window", f"(window_length, periodic=True, {own}*, dtype=None)", text,
            "making", "new", need=sizes,
        )  # fmt: skip
