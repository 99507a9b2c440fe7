"""Lines that give a word of the vocabulary extreme values, and a process of its own in which they may kill."""

from __future__ import annotations

import itertools
import mmap
import os
import random
import signal
import struct
from collections.abc import Callable, Iterator, Sequence

import torch
import torch._dynamo  # plans import it, and else each child would do so again, in seconds that count as its own

from playground.models.evaluation.evaluate import CACHE, evaluate
from playground.models.language.budget import default_budget
from playground.models.language.vocabulary import VOCABULARY, Word
from playground.models.program.program import Program
from playground.models.program.sources import Binding, Expression, Imported, TensorReference

try:
    import resource
except ImportError:  # there is no such thing on Windows, nor forked children
    resource = None

LEAST = -(2**63)
SMALL_LEAST = {torch.int8: -(2**7), torch.int16: -(2**15), torch.int32: -(2**31), torch.int64: LEAST}
FLOATS = {
    "nan3": torch.full((3, 3), torch.nan),
    "inf3": torch.full((3, 3), torch.inf),
    "inf30": torch.full((30, 30), torch.inf),
    "nan30": torch.full((30, 30), torch.nan),
    "big": torch.full((30, 30), 3e38),
    "mixed": torch.tensor([[torch.inf, -torch.inf, torch.nan], [0.0, -0.0, 1e-45], [3e38, -3e38, 1.0]]),
    "double": torch.tensor([[torch.inf, torch.nan], [1e308, -5e-324]], dtype=torch.float64),
    "half": torch.tensor([[torch.inf, torch.nan], [65504, -1]], dtype=torch.float16),
    "brain": torch.tensor([[torch.inf, torch.nan], [3e38, -1]], dtype=torch.bfloat16),
    "c": torch.tensor([[complex("inf"), complex("nan")], [complex(0, float("inf")), 0j]]),
    "c30": torch.full((30, 30), complex("nan+nanj")),
    "zeros": torch.zeros(3, 3),
    "ones": torch.ones(3, 3),
    "image": torch.full((1, 2, 4, 4), torch.inf),
    "film": torch.full((1, 2, 3, 4, 4), torch.nan),
    "vector": torch.tensor([torch.inf, torch.nan, -0.0, 1.0]),
    "number": torch.tensor(torch.nan),
    "none": torch.zeros(0),
    "none03": torch.zeros(0, 3),
    "none30": torch.zeros(3, 0),
    "none033": torch.zeros(0, 3, 3),
    "nones": torch.zeros(0, 2, 0, 4),
    "wide": torch.ones(1).expand(2**40),
    "wider": torch.ones(1, 1).expand(2**31, 2**31),
    "deep": torch.zeros(1).as_strided((2, 2, 2), (0, 0, 0)),
}
WHOLE = {
    **{f"least{8 * dtype.itemsize}": torch.full((2, 2), least, dtype=dtype) for dtype, least in SMALL_LEAST.items()},
    "minus": torch.tensor([[-1, -1], [-1, -1]]),
    "minus32": torch.tensor([[-1, -1], [-1, -1]], dtype=torch.int32),
    "minus8": torch.tensor([[-1, -1], [-1, -1]], dtype=torch.int8),
    "naught": torch.zeros(2, 2, dtype=torch.int64),
    "most": torch.full((2, 2), 2**63 - 1),
    "leastv": torch.tensor([LEAST, LEAST]),
    "mostv": torch.tensor([2**63 - 1, LEAST, 0]),
    "minusv": torch.tensor([-1, 0]),
    "least0": torch.tensor(LEAST),
    "bytes": torch.tensor([0, 255], dtype=torch.uint8),
    "truth": torch.tensor([True, False, True]),
    "truths": torch.zeros(3, 3, dtype=torch.bool),
    "nonel": torch.zeros(0, dtype=torch.int64),
    "widel": torch.zeros(1, dtype=torch.int64).expand(2**40),
}
TENSORS = {**FLOATS, **WHOLE}
"""Receivers and operands by the names that lines give them."""

NUMBERS = ("0", "-1", "1", "2", "3", f"{LEAST + 1}", f"{2**63 - 1}", f"{2**31}", "1e308", "-1e308", "torch.inf",
           "torch.nan", "0.0")  # fmt: skip
AXES = ("0", "-1", "1", f"{2**63 - 1}", "(0, 1)", "()")
SIZES = ("(2, 2)", "(0,)", "(0, 3)", f"({2**31}, {2**31})", f"({2**62}, 0)", "0", f"{2**40}", "-1", "3")
_AXES = frozenset({"dim", "dim0", "dim1", "dim2", "dims", "axis0", "axis1", "start_dim", "end_dim", "dimension",
                   "source", "destination"})  # fmt: skip
_SIZES = frozenset({"size", "sizes", "shape", "kernel_size", "stride", "padding", "dilation", "output_size",
                    "normalized_shape", "pad", "s", "repeats", "split_size", "split_size_or_sections",
                    "indices_or_sections", "scale_factor"})  # fmt: skip
_TENSORS = frozenset({
    "input", "other", "A", "B", "x", "y", "x1", "x2", "tensor", "tensor1", "tensor2", "mat", "mat1", "mat2", "vec",
    "vec1", "vec2", "batch1", "batch2", "src", "index", "indices", "mask", "condition", "target", "weight",
    "weights", "bias", "values", "end", "boundaries", "elements", "real", "imag", "abs", "angle", "query", "key",
    "value", "attn_mask", "input1", "input2", "running_mean", "running_var", "sorted_sequence", "test_elements",
    "a", "b", "exponent", "q", "mean", "std", "min", "max", "data"
})  # fmt: skip
_CHOICES = {
    "dtype": ("torch.int8", "torch.float16", "torch.complex64", "torch.bool"),
    "rounding_mode": ('"trunc"', '"floor"'),
    "generator": ("torch.Generator().manual_seed(0)",),
    "equation": ('"ij,jk->ik"', '"ij->"', '"i,j->ij"'),
    "norm": ('"ortho"',), "mode": ('"bilinear"', '"reflect"', '"circular"', '"complete"', '"nearest"'),
    "reduce": ('"amax"', '"prod"', '"mean"'), "reduction": ('"none"', '"sum"'), "UPLO": ('"U"',),
    "interpolation": ('"nearest"', '"midpoint"'), "approximate": ('"tanh"',), "ord": ('"nuc"', "2", "torch.inf"),
    "indexing": ('"xy"',),
}  # fmt: skip
_FLAGS = frozenset({"keepdim", "descending", "stable", "largest", "sorted", "accumulate", "equal_nan", "right",
                    "full_matrices", "upper", "left", "unitriangular", "is_causal", "training", "periodic", "unbiased",
                    "include_self", "replacement", "with_replacement", "align_corners", "log_target"})  # fmt: skip


def _candidates(parameter: str, rng: random.Random) -> str:
    if parameter in _CHOICES:
        return rng.choice(_CHOICES[parameter])
    if parameter in _FLAGS:
        return rng.choice(("True", "False"))
    if parameter == "tensors":
        return f"[{rng.choice(list(TENSORS))}, {rng.choice(list(TENSORS))}]"
    if parameter in _AXES:
        return rng.choice(AXES)
    if parameter in _SIZES:
        return rng.choice(SIZES + NUMBERS[:8])
    if parameter in _TENSORS:
        return rng.choice((*rng.choices(list(TENSORS), k=4), rng.choice(NUMBERS)))
    return rng.choice(NUMBERS)


def extreme_lines(word: Word, count: int, seed: int = 0) -> Iterator[str]:
    """So many lines that call a word: every receiver alone, then drawn arguments."""
    rng = random.Random(f"{word.name} {seed}")
    names = list(TENSORS)
    if not word.name.startswith((".", "torch.")):
        for left, right in itertools.islice(_drawn_pairs(rng, names), count):
            yield f"{word.name[0]}{left}" if word.name in ("-x", "~x", "+x") else f"{left} {word.name} {right}"
        return
    if word.is_property:
        yield from (f"{name}{word.name}" for name in rng.sample(names, min(count, len(names))))
        return
    yield from _overflowing(word)
    for turn in range(count):
        parts = []
        same = rng.choice(names)
        for number, parameter in enumerate(word.parameters):
            if f"*{parameter}" in word.signature:
                drawn = rng.choices(names, k=2) if parameter in ("tensors", "operands") else [rng.choice(NUMBERS)]
                parts.append(", ".join(drawn))
                continue
            optional = f"{parameter}=" in word.signature
            if optional and rng.random() < 0.4 + 0.6 * (turn % 3 == 0):
                continue
            value = names[turn % len(names)] if not number and parameter in ("input", "A") else None
            if value is None:
                value = same if parameter in _TENSORS and rng.random() < 0.4 else _candidates(parameter, rng)
            parts.append(f"{parameter}={value}" if optional or ("*," in word.signature and number) else value)
        receiver = names[turn % len(names)] if word.name.startswith(".") else ""
        yield f"{receiver}{word.name}({', '.join(parts)})"


def _overflowing(word: Word) -> Iterator[str]:
    """The least integer of each width with -1, the one pair whose quotient is beyond its dtype."""
    if "other" in word.parameters or "exponent" in word.parameters:
        choices = [
            f", {name}={text}" for name in ("rounding_mode",) if name in word.parameters for text in _CHOICES[name]
        ]
        for left, right, more in itertools.product(
            ("least64", "least32", "least16"), ("minus", "minus32", "-1"), ["", *choices]
        ):
            inner = f"({right}{more})" if word.name.startswith(".") else f"({left}, {right}{more})"
            yield f"{left if word.name.startswith('.') else ''}{word.name}{inner}"


def _drawn_pairs(rng: random.Random, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    while True:
        if rng.random() < 0.2:
            yield rng.choice(("least64", "least32")), rng.choice(("minus", "minus32", "-1"))
        yield rng.choice(names), rng.choice((*rng.choices(names, k=3), rng.choice(NUMBERS)))


def program_of(line: str) -> Program:
    """The line after the tensors that it names."""
    given = tuple(Binding(name, Imported(TensorReference(t))) for name, t in TENSORS.items() if name in line)
    return Program((*given, Binding("R_", Expression(line))))


def in_children(
    count: int,
    run: Callable[[int], None],
    seconds: int,
    memory: int = 3 << 30,
    told: Callable[[int, str], None] = lambda number, how: None,
) -> dict[int, str]:
    """Run `run(0)` ... `run(count - 1)` in forked children; the number of each that died, with how.

    A new child goes on after one that died or took longer than `seconds`; each is `told` at once.
    """
    place = mmap.mmap(-1, 16)
    died: dict[int, str] = {}
    start = 0
    while start < count:
        place[:8] = struct.pack("q", start)
        child = os.fork()
        if not child:
            _work(place, start, count, run, seconds, memory)
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
        (last,) = struct.unpack("q", place[:8])
        died[last] = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else f"exit {status >> 8}"
        told(last, died[last])
        start = last + 1
    return died


def _work(place: mmap.mmap, start: int, count: int, run: Callable[[int], None], seconds: int, memory: int) -> None:
    try:
        torch.set_num_threads(1)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory + _virtual_bytes(), resource.RLIM_INFINITY))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        for number in range(start, count):
            place[:8] = struct.pack("q", number)
            signal.alarm(seconds)
            run(number)
        os._exit(0)
    except BaseException:
        os._exit(3)


def _virtual_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def words() -> list[Word]:
    """Every word that may be called."""
    return [word for word in VOCABULARY.values() if word.name not in (".values", ".indices", ".manual_seed")]


def try_line(line: str) -> None:
    """Evaluate a line."""
    result = evaluate(program_of(line), min(1 << 30, default_budget()))
    CACHE.clear()
    assert result["R_"].problem is None or "A bug" not in str(result["R_"].problem)
