"""Statistics of a whole tensor: exact extremes, in bounded memory, and cancellable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from playground.models.evaluation.reader import smallest_normal
from playground.models.job import Job

CHUNK = 1 << 17
"""Elements read at a time: this many float64 stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """Statistics over the finite elements; `std` divides by n - 1 as torch does, and is None below two elements.

    For complex tensors `mean` is the mean of the real parts, and `largest` is the largest |z|. `minimum` and `maximum`
    are exact, even for integers beyond 2^53. `largest` scales the heat. `total` is the sum.
    """

    count: int
    finite: int
    mean: float | None
    std: float | None
    minimum: float | int | None
    maximum: float | int | None
    largest: float
    total: float | int | None
    nans: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0
    zeros: int = 0
    subnormals: int = 0
    whole: bool = True

    @property
    def characters(self) -> int:
        """The width of the widest exact text, for whole numbers; 0 if there is a fraction."""
        if not self.whole or self.minimum is None or self.maximum is None:
            return 0
        return max(len(str(int(self.minimum))), len(str(int(self.maximum))))


def summarise(tensor: torch.Tensor, job: Job | None = None) -> TensorSummary:
    """The summary of a tensor, read once in chunks (twice for float64, whose squares may overflow)."""
    job = job or Job()
    distinct, repeats = _without_repetition(tensor.detach())
    gathered = _Gathered(tensor.dtype)
    if distinct.dtype in (torch.float64, torch.complex128):
        gathered.scale = _power_of_two_scale(distinct, job)
    for chunk in _chunks(distinct):
        job.check()
        gathered.add(chunk)
    return gathered.summary(tensor.numel(), repeats)


def _without_repetition(tensor: torch.Tensor) -> tuple[torch.Tensor, int]:
    """The tensor without its stretched axes, and how many times they repeat each element."""
    repeats = 1
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if stride == 0 and size > 1:
            repeats *= size
            tensor = tensor.narrow(axis, 0, 1)
    return tensor, repeats


def _chunks(tensor: torch.Tensor) -> Iterator[torch.Tensor]:
    """Flat pieces of at most CHUNK elements, without copying a whole strided tensor."""
    if tensor.numel() <= CHUNK:
        yield tensor.reshape(-1)
    elif tensor.is_contiguous():
        yield from torch.split(tensor.view(-1), CHUNK)
    else:
        axis = max(range(tensor.ndim), key=lambda a: (tensor.stride(a), tensor.shape[a]))
        if tensor.shape[axis] == 1:
            axis = max(range(tensor.ndim), key=lambda a: tensor.shape[a])
        width = max(1, CHUNK * tensor.shape[axis] // tensor.numel())
        for piece in torch.split(tensor, width, dim=axis):
            yield from _chunks(piece)


def _power_of_two_scale(tensor: torch.Tensor, job: Job) -> float:
    """The factor that keeps squares from overflowing or vanishing; a power of two, so that scaling is exact."""
    largest = 0.0
    for chunk in _chunks(tensor):
        job.check()
        sizes = _plain(chunk).abs()
        finite = sizes[torch.isfinite(sizes)]
        largest = max(largest, float(finite.max()) if finite.numel() else 0.0)
    if 1e-100 < largest < 1e100 or largest == 0:
        return 1.0
    return 2.0 ** -max(-1000, min(1000, math.frexp(largest)[1]))


def _plain(chunk: torch.Tensor) -> torch.Tensor:
    """A chunk in a dtype that torch can reduce: float32, float64, int64, or complex128."""
    if chunk.is_quantized:
        chunk = chunk.dequantize()
    if chunk.is_complex():
        return chunk.resolve_conj().to(torch.complex128)
    if chunk.is_floating_point():
        return chunk.resolve_neg().to(torch.float32) if chunk.itemsize < 4 else chunk.resolve_neg()
    return chunk.to(torch.int64)


class _Gathered:
    """Running counts and moments (combined by Chan's formula for two parts)."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.scale = 1.0
        self.finite = 0
        self.mean = self.squares = self.sum = self.largest = 0.0
        self.integer_sum = 0
        self.minimum: float | int | None = None
        self.maximum: float | int | None = None
        self.nans = self.positive = self.negative = self.zeros = self.subnormals = 0
        self.whole = True
        floats = dtype.is_floating_point and not dtype.is_complex
        self.tiny = smallest_normal(str(dtype).removeprefix("torch.")) if floats else 0.0

    def add(self, chunk: torch.Tensor) -> None:
        """Add the elements of one flat chunk."""
        if chunk.dtype == torch.uint64:
            self._add_unsigned(chunk)
        elif chunk.is_floating_point() or chunk.is_complex() or chunk.is_quantized:
            self._add_floats(_plain(chunk))
        else:
            self._add_integers(_plain(chunk))

    def _add_floats(self, numbers: torch.Tensor) -> None:
        if numbers.is_complex():
            self.largest = max(self.largest, _largest_finite(numbers.abs()))
            numbers = numbers.real
            self.whole = False
        if not numbers.numel():
            return
        low, high = (float(end) for end in torch.aminmax(numbers))
        if not (math.isfinite(low) and math.isfinite(high)):
            self.nans += int(torch.isnan(numbers).sum())
            self.positive += int((numbers == math.inf).sum())
            self.negative += int((numbers == -math.inf).sum())
            numbers = numbers[torch.isfinite(numbers)]
            if not numbers.numel():
                return
            low, high = (float(end) for end in torch.aminmax(numbers))
        self._widen(low, high)
        zeros = numbers.numel() - int(torch.count_nonzero(numbers))
        self.zeros += zeros
        if not self.dtype.is_complex and low < self.tiny and high > -self.tiny:
            self.subnormals += int(torch.count_nonzero(numbers.abs() < self.tiny)) - zeros
        if self.whole:
            self.whole = max(abs(low), abs(high)) < 1e6 and bool((numbers == numbers.trunc()).all())
        self._join(numbers.to(torch.float64) * self.scale if self.scale != 1.0 else numbers.to(torch.float64))

    def _add_integers(self, numbers: torch.Tensor) -> None:
        low, high = (int(end) for end in torch.aminmax(numbers)) if numbers.numel() else (0, 0)
        if not numbers.numel():
            return
        self._widen(low, high)
        self.zeros += int((numbers == 0).sum())
        self.integer_sum += (int((numbers >> 32).sum()) << 32) + int((numbers & 0xFFFFFFFF).sum())
        self._join(numbers.to(torch.float64))

    def _add_unsigned(self, chunk: torch.Tensor) -> None:
        """torch has few operations for uint64: split it into two int64, which have all of them."""
        bits = chunk.view(torch.int64)
        high, low = (bits >> 32) & 0xFFFFFFFF, bits & 0xFFFFFFFF
        if not bits.numel():
            return
        order = bits ^ torch.iinfo(torch.int64).min  # as signed numbers, in the order of the unsigned numbers
        ends = [int(end) + (1 << 63) for end in torch.aminmax(order)]
        self._widen(ends[0], ends[1])
        self.zeros += int((bits == 0).sum())
        self.integer_sum += (int(high.sum()) << 32) + int(low.sum())
        self._join(high.to(torch.float64) * 2.0**32 + low.to(torch.float64))

    def _widen(self, low: float, high: float) -> None:
        self.minimum = low if self.minimum is None else min(self.minimum, low)
        self.maximum = high if self.maximum is None else max(self.maximum, high)
        self.largest = max(self.largest, abs(float(low)), abs(float(high)))

    def _join(self, numbers: torch.Tensor) -> None:
        count = numbers.numel()
        chunk_sum = float(numbers.sum())
        self.sum += chunk_sum
        mean = chunk_sum / count
        away = numbers - mean
        squares = float(torch.dot(away, away))
        total = self.finite + count
        difference = mean - self.mean
        self.mean += difference * count / total
        self.squares += squares + difference * difference * self.finite * count / total
        self.finite = total

    def summary(self, count: int, repeats: int) -> TensorSummary:
        """The collected statistics, with each element counted `repeats` times."""
        finite = self.finite * repeats
        floats = self.dtype.is_floating_point or self.dtype.is_complex
        total: float | int | None = None
        if self.finite:
            total = self.sum / self.scale * repeats if floats else self.integer_sum * repeats
        return TensorSummary(
            count=count,
            finite=finite,
            mean=self.mean / self.scale if self.finite else None,
            std=math.sqrt(self.squares * repeats / (finite - 1)) / self.scale if finite > 1 else None,
            minimum=self.minimum,
            maximum=self.maximum,
            largest=self.largest,
            total=total,
            nans=self.nans * repeats,
            positive_infinities=self.positive * repeats,
            negative_infinities=self.negative * repeats,
            zeros=self.zeros * repeats,
            subnormals=self.subnormals * repeats,
            whole=self.whole,
        )


def _largest_finite(sizes: torch.Tensor) -> float:
    finite = sizes[torch.isfinite(sizes)]
    return float(finite.max()) if finite.numel() else 0.0
