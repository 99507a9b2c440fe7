"""What a call costs besides its result: upper bounds of its time in seconds and of its temporary bytes.

The time is for one core of an ordinary processor, loose by design: it only decides what runs in a separate process,
where it can be cancelled, and what is not started at all. Words that do more than touch each element of operands and
result a few times have an entry.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from playground.models.einsum.plan import plan_einsum
from playground.models.language.vocabulary.bounds import (
    HUGE,
    WORD,
    indexed,
    leaves,
    product,
    repeated_elements,
    squared_sizes,
    stretched,
    tensors,
    whole_numbers,
)
from playground.models.problem import ProblemError

Seconds = Callable[[Sequence[Any]], float]
Bytes = Callable[[Sequence[Any]], int]

LIGHT, HEAVY, SLOW = 5e-9, 3e-8, 2.5e-7
"""Seconds per element: for moving or adding; for sorting or exponentials; for series, hashing or indexing."""
DRAWING = frozenset({"rand", "randn", "randint", "randperm", "normal", "rand_like", "randn_like", "randint_like"})
"""Words that draw each element that they make."""
LONG_SECONDS = 1.0
"""Seconds from which a call runs in a cancellable process."""
MOST_SECONDS = 3600.0
"""Seconds from which a call is not started."""


def elements(arguments: Sequence[Any]) -> int:
    """The elements of all operands, plus those of the operands broadcast together."""
    found = tensors(arguments)
    try:
        together = stretched(found) // WORD if found else 0
    except (RuntimeError, OverflowError):
        together = 0
    return sum(tensor.numel() for tensor in found) + together


def each(seconds: float) -> Seconds:
    """This many seconds for each element."""
    return lambda arguments: seconds * elements(arguments)


def each_made(seconds: float, need: Bytes) -> Seconds:
    """So long for each element of what is made from numbers, by the bound of its bytes where there is one."""

    def total(arguments: Sequence[Any]) -> float:
        made = need(arguments) // WORD
        return seconds * (made if made < HUGE // WORD else elements(arguments))

    return total


def sorting(arguments: Sequence[Any]) -> float:
    """Each element is compared log2(n) times."""
    count = elements(arguments)
    return HEAVY * count * math.log2(count + 2)


def seconds_each(found: Sequence[torch.Tensor]) -> float:
    """Seconds per multiply-add: integers and half precision have no fast path."""
    rates = [_RATES.get(tensor.dtype, 1.2e-8) for tensor in found]
    return max(rates, default=_RATES[torch.float32])


_RATES = {
    torch.float32: 3e-10, torch.float64: 6e-10, torch.complex64: 1.2e-9, torch.complex128: 2.4e-9,
    torch.float16: 5e-9, torch.bfloat16: 5e-9,
}  # fmt: skip


def matrices(arguments: Sequence[Any]) -> float:
    """A product over one operand's last axis: each of its elements is multiplied with each column of the other."""
    found = [tensor for tensor in tensors(arguments) if tensor.ndim][-2:]
    if len(found) < 2:
        return each(LIGHT)(arguments)
    left, right = found
    columns = right.shape[-1] if right.ndim > 1 else 1
    batches = math.prod(right.shape[:-2]) if left.ndim < 3 else 1
    return seconds_each(found) * left.numel() * columns * max(1, batches) + each(LIGHT)(found)


def rows(arguments: Sequence[Any]) -> float:
    """Each row of one operand with each row of the other: `inner`, `linear`."""
    found = tensors(arguments)[:2]
    if len(found) < 2 or not found[1].ndim:
        return each(LIGHT)(arguments)
    return seconds_each(found) * found[0].numel() * max(1, found[1].numel() // max(1, found[1].shape[-1]))


def distances(arguments: Sequence[Any]) -> float:
    """The same for `cdist`: p=2 is a matrix product, and any p except 1 and 2 needs a power per element."""
    power = next((leaf for leaf in arguments if isinstance(leaf, int | float)), 2.0)
    factor = {2.0: 1.0, 1.0: 20.0}.get(float(power), 150.0)
    return factor * rows(arguments)


def outer(arguments: Sequence[Any]) -> float:
    """Each element of one operand with each of the other."""
    return HEAVY * math.prod(max(1, tensor.numel()) for tensor in tensors(arguments)[:2])


def summed(arguments: Sequence[Any]) -> float:
    """The letters of an einsum, in the order of contraction that torch takes."""
    found = tensors(arguments)
    try:
        cost = plan_einsum(arguments[0], *(tuple(tensor.shape) for tensor in found)).cost
    except (ProblemError, AttributeError, IndexError, TypeError):
        return each(LIGHT)(arguments)
    return 2 * seconds_each(found) * cost.work + each(LIGHT)(arguments)


def dotted(arguments: Sequence[Any]) -> float:
    """`tensordot`: summed axes are counted once."""
    found = tensors(arguments)
    dims = arguments[2] if len(arguments) > 2 else 2
    if len(found) < 2 or not isinstance(dims, int):
        first = dims[0] if isinstance(dims, list | tuple) and dims else ()
        axes = [axis for axis in (first if isinstance(first, list | tuple) else (first,)) if isinstance(axis, int)]
        sizes = [found[0].shape[axis] for axis in axes if found and -found[0].ndim <= axis < found[0].ndim]
    else:
        sizes = list(found[0].shape[found[0].ndim - min(dims, found[0].ndim) :])
    if len(found) < 2:
        return 0.0
    return seconds_each(found) * found[0].numel() * found[1].numel() / max(1, math.prod(sizes)) + each(LIGHT)(found)


def cubes(factor: float) -> Seconds:
    """The cube of each matrix's longer axis, times a factor."""

    def seconds(arguments: Sequence[Any]) -> float:
        total = 0.0
        for tensor in tensors(arguments)[:1]:
            sides = tensor.shape[-2:]
            shorter, longer = (min(sides), max(sides)) if len(sides) == 2 else (1, tensor.numel())
            batches = tensor.numel() // max(1, math.prod(sides))
            scale = 4 if tensor.is_complex() else 1
            total += scale * factor * 1e-9 * batches * (shorter * shorter * longer + 100 * shorter)
        return total + each(LIGHT)(arguments)

    return seconds


def powers(arguments: Sequence[Any]) -> float:
    """A product for each binary digit of the exponent."""
    exponent = max((abs(number) for number in whole_numbers(arguments)), default=1)
    return 2 * max(1, exponent.bit_length()) * matrices([*tensors(arguments)[:1]] * 2)


def normed(arguments: Sequence[Any]) -> float:
    """A norm: by singular values if nuclear or of order 2, otherwise one pass."""
    singular = any(leaf in ("nuc", 2, -2) for leaf in leaves(arguments[1:]) if isinstance(leaf, str | int | float))
    is_matrix = any(tensor.ndim > 1 for tensor in tensors(arguments))
    return cubes(3)(arguments) if singular and is_matrix else each(HEAVY)(arguments)


def covered(arguments: Sequence[Any]) -> float:
    """Each row with each other row."""
    found = tensors(arguments)
    pairs = sum(tensor.numel() * (tensor.shape[0] if tensor.ndim > 1 else 1) for tensor in found)
    return seconds_each(found) * pairs + each(HEAVY)(arguments)


def differences(arguments: Sequence[Any]) -> float:
    """As many passes as the order, or as the length of the axis."""
    orders = whole_numbers(arguments)[:1]
    longest = max((max(tensor.shape, default=1) for tensor in tensors(arguments)), default=1)
    return LIGHT * elements(arguments) * max(1, min(max(orders, default=1), longest)) + 1e-5 * longest


def kernels(arguments: Sequence[Any]) -> float:
    """A convolution: each weight is applied at each place of the padded input."""
    found = tensors(arguments)
    if len(found) < 2 or not found[1].ndim:
        return each(LIGHT)(arguments)
    image, weight = found[:2]
    places = math.prod(size + 2 * _most(arguments) for size in image.shape[max(1, image.ndim - weight.ndim + 2) :])
    batches = image.shape[0] if image.ndim == weight.ndim else 1
    return 4 * seconds_each(found[:2]) * batches * places * weight.numel()


def _most(arguments: Sequence[Any]) -> int:
    """The largest whole number that could be a padding."""
    return max((abs(number) for number in whole_numbers(arguments)), default=0)


def windows(arguments: Sequence[Any]) -> float:
    """Each window of a pool has as many elements as the product of its sizes."""
    sizes = arguments[1] if len(arguments) > 1 else 1
    numbers = [abs(number) for number in whole_numbers([sizes])] or [1]
    axes = 3 if len(numbers) == 1 else 1
    return LIGHT * elements(arguments) * float(min(math.prod(numbers) ** axes, max(1, elements(arguments))))


def attention(arguments: Sequence[Any]) -> float:
    """Each query with each key, and once more with each value."""
    found = tensors(arguments)[:3]
    if len(found) < 3 or any(tensor.ndim < 2 for tensor in found):
        return each(LIGHT)(arguments)
    width = found[0].shape[-1] + found[2].shape[-1] + 20
    return 2 * seconds_each(found) * _scores(found) * width


def _scores(found: Sequence[torch.Tensor]) -> int:
    """The number of query-key pairs."""
    lead = max(math.prod(tensor.shape[:-2]) for tensor in found)
    return lead * found[0].shape[-2] * found[1].shape[-2]


def score_bytes(arguments: Sequence[Any]) -> int:
    """The attention scores, with their mask and softmax."""
    found = tensors(arguments)[:3]
    return 4 * WORD * _scores(found) if len(found) == 3 and all(tensor.ndim >= 2 for tensor in found) else 0


def bilinear(arguments: Sequence[Any]) -> float:
    """Each row with each weight."""
    found = tensors(arguments)[:3]
    if len(found) < 3:
        return 0.0
    rows = found[0].numel() // max(1, found[0].shape[-1] if found[0].ndim else 1)
    return 10 * seconds_each(found) * rows * found[2].numel()


def scaled(arguments: Sequence[Any]) -> float:
    """`interpolate`: the elements times the scale along each axis, or the sizes given."""
    numbers = [abs(float(leaf)) for leaf in leaves(arguments[1:]) if isinstance(leaf, int | float)]
    scale = math.prod(max(1.0, number) for number in numbers)
    axes = 3 if len(numbers) == 1 else 1
    return SLOW / 2 * elements(arguments) * scale**axes


def copies(count: float) -> Bytes:
    """This many copies of the operands, at their own width."""

    def total(arguments: Sequence[Any]) -> int:
        return int(count * sum(tensor.numel() * tensor.element_size() for tensor in tensors(arguments)))

    return total


def casts(count: float) -> Bytes:
    """So many copies of the operands, as wide as torch computes with them: integers and bools in 8 bytes."""

    def total(arguments: Sequence[Any]) -> int:
        sizes = [(one.numel(), max(4, one.element_size()) if is_fraction(one) else WORD) for one in tensors(arguments)]
        return int(count * sum(elements * width for elements, width in sizes))

    return total


def is_fraction(tensor: torch.Tensor) -> bool:
    """Whether its numbers have a fraction."""
    return tensor.is_floating_point() or tensor.is_complex()


def indices(count: float) -> Bytes:
    """This many 8-byte indices for each element of the operands."""
    return lambda arguments: int(count * WORD * sum(tensor.numel() for tensor in tensors(arguments)))


def wide_copies(count: float) -> Bytes:
    """This many copies of the operands broadcast together."""
    return lambda arguments: int(count * stretched(tensors(arguments))) if tensors(arguments) else 0


def column_bytes(arguments: Sequence[Any]) -> int:
    """The windows of a convolution, written out as columns."""
    found = tensors(arguments)
    if len(found) < 2 or not found[1].ndim:
        return 0
    image, weight = found[:2]
    places = math.prod(size + 2 * _most(arguments) for size in image.shape[max(1, image.ndim - weight.ndim + 2) :])
    batches = image.shape[0] if image.ndim == weight.ndim else 1
    wide = max(4, image.element_size())
    return 2 * wide * batches * places * (math.prod(weight.shape[1:]) + weight.shape[0] + weight.shape[1])


def chosen_bytes(arguments: Sequence[Any]) -> int:
    """As many elements as there are, in as many places as are chosen: a grid of them, with a mask and indices."""
    count = sum(tensor.numel() for tensor in tensors(arguments))
    chosen = max((number for number in whole_numbers(arguments)), default=2)
    grid: int = count ** max(2, min(chosen, 60))
    return WORD * max(2, chosen) * grid


def grid_bytes(arguments: Sequence[Any]) -> int:
    """Each element of one tensor with each of every other, a column a tensor."""
    found = tensors(arguments)
    return WORD * len(found) * math.prod(tensor.numel() for tensor in found)


def repeated_bytes(arguments: Sequence[Any]) -> int:
    """A place for each element that comes out; a plan, which has no values, does not know them."""
    unknown = any(tensor.is_meta for tensor in tensors(arguments))
    return indices(6)(arguments) if unknown else max(repeated_elements(arguments), indices(6)(arguments))


def factor_bytes(arguments: Sequence[Any]) -> int:
    """Square matrices as large as the longer axis, as LAPACK's workspace."""
    return sum(
        12 * tensor.element_size() * math.prod(tensor.shape[:-2]) * (max(tensor.shape[-2:], default=1) + 1) ** 2
        for tensor in tensors(arguments)
    )


def tolerant_bytes(arguments: Sequence[Any]) -> int:
    """Factors, and the singular values compared with each of the tolerances, where these are tensors."""
    return factor_bytes(arguments) + (2 * product(arguments) if len(tensors(arguments)) > 1 else 0)


def spectrum_bytes(arguments: Sequence[Any]) -> int:
    """Two complex copies of the operand, one axis of it as long as is asked for."""
    length = _most(arguments)
    return sum(
        4 * max(4, one.element_size()) * one.numel() * max(1, -(-length // max(1, min(one.shape, default=1))))
        for one in tensors(arguments)
    )


def picking(arguments: Sequence[Any]) -> float:
    """Each element that an index of tensors or lists picks; a view takes no time."""
    return HEAVY * indexed(arguments) / WORD


_BY_WORK: tuple[tuple[Seconds, str], ...] = (
    (matrices, "@ matmul mm bmm mv dot vdot addmm addmv baddbmm multi_dot"),
    (rows, "inner linear"),
    (distances, "cdist"),
    (outer, "outer ger addr kron cartesian_prod isin"),
    (summed, "einsum"),
    (dotted, "tensordot"),
    (cubes(1), "inv inverse det logdet slogdet solve solve_triangular cholesky"),
    (cubes(2), "qr matrix_exp eigvalsh svdvals eigh"),
    (cubes(3), "svd pinv pinverse cond matrix_rank"),
    (normed, "norm matrix_norm"),
    (cubes(6), "eig eigvals"),
    (powers, "matrix_power"),
    (differences, "diff"),
    (kernels, "conv1d conv2d conv3d"),
    (windows, "avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d unfold"),
    (attention, "scaled_dot_product_attention"),
    (bilinear, "bilinear"),
    (scaled, "interpolate"),
    (covered, "cov corrcoef"),
    (lambda a: SLOW * chosen_bytes(a) / WORD, "combinations"),
    (picking, "[]"),
    (sorting, "sort argsort msort topk kthvalue median nanmedian quantile nanquantile searchsorted bucketize fft ifft "
              "rfft irfft fft2 ifft2"),
    (lambda a: 2 * sorting(a), "unique unique_consecutive mode"),
    (each(SLOW), "lgamma digamma erfinv i0 pow float_power logcumsumexp index_put index_add scatter scatter_add "
                 "scatter_reduce bincount histc gather take embedding multinomial cumprod renorm ** % fmod remainder "
                 "// floor_divide logsumexp xlogy"),
)  # fmt: skip

_BY_BYTES: tuple[tuple[Bytes, str], ...] = (
    (score_bytes, "scaled_dot_product_attention"),
    (column_bytes, "conv1d conv2d conv3d"),
    (lambda a: 4 * chosen_bytes(a), "combinations"),
    (lambda a: 4 * grid_bytes(a), "cartesian_prod"),
    (lambda a: 2 * squared_sizes(a), "vander"),
    (lambda a: 2 * grid_bytes(tensors(a)[-2:]), "addr"),
    (repeated_bytes, "repeat_interleave"),
    (lambda a: int(WORD * scaled(a) / (SLOW / 2)), "interpolate"),
    (casts(2), "isfinite"),
    (casts(4), "bernoulli"),
    (casts(3), "diff logsumexp"),
    (casts(6), "float_power cosine_similarity cumulative_trapezoid trapezoid cross_entropy histc logsigmoid nansum "
               "nanmean softmin softsign cov corrcoef searchsorted fftshift ifftshift cdist kl_div max_pool2d "
               "max_pool3d count_nonzero"),
    (factor_bytes, "inv inverse det logdet slogdet solve solve_triangular cholesky qr matrix_exp eigvalsh svdvals svd "
                   "eigh pinverse cond eig eigvals matrix_power multi_dot"),
    (tolerant_bytes, "pinv matrix_rank"),
    (spectrum_bytes, "fft ifft rfft irfft fft2 ifft2"),
    (lambda a: 6 * WORD * _most(a), "blackman_window"),
    (wide_copies(4), "isclose allclose mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy "
                     "binary_cross_entropy_with_logits"),
    (wide_copies(2), "equal dist pairwise_distance"),
    (indices(6), "unique unique_consecutive isin"),
    (indices(2), "masked_select"),
    (indices(4), "median nanmedian mode sort argsort msort topk kthvalue quantile nanquantile"),
    (indices(3), "index_put index_add"),
)  # fmt: skip


def _by_word(table: Sequence[tuple[Any, str]]) -> dict[str, Any]:
    return {name: cost for cost, names in table for name in names.split()}


WORK: dict[str, Seconds] = _by_word(_BY_WORK)
"""Seconds of work by the short name of a word."""
WORKSPACE: dict[str, Bytes] = _by_word(_BY_BYTES)
"""Bytes held during a call, besides operands and result, by the short name of a word."""
