"""Whether a pickle only describes tensors, as torch.save does: then opening it takes what its own size explains.

A pickle may name a thing once and use it a million times: copy a long list by reference, or call what allocates. Here
nothing is run; the opcodes are read in order.
"""

from __future__ import annotations

import itertools
import pickletools

LARGEST_PLAIN = 2_000_000
"""Bytes; a state dict of 1000 tensors takes some 200,000."""
MOST_STATES = 64
"""Dictionaries that may be copied into objects, as a state dict's versions are: one for each state dict."""
ORDERED = "collections OrderedDict"
REBUILDING = frozenset({"torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"})
_PUTS = frozenset({"BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"})
_GETS = frozenset({"BINGET", "LONG_BINGET", "GET"})


def is_plain_pickle(data: bytes) -> bool:
    """Whether it makes only tensors, numbers, texts, and dictionaries and lists of them, each of them once."""
    if len(data) > LARGEST_PLAIN:
        return False
    try:
        codes = [(code.name, argument) for code, argument, _ in pickletools.genops(data)]
    except Exception:  # a damaged pickle is refused by all kinds of exceptions: torch words them when it opens it
        return False
    if sum(name == "BUILD" for name, _ in codes) > MOST_STATES:
        return False
    return all(_is_plain_global(argument) for name, argument in codes if name == "GLOBAL") and _calls_are_plain(codes)


def _is_plain_global(name: object) -> bool:
    module, _, item = str(name).partition(" ")
    kind = module in ("torch", "torch.storage") and (item.endswith("Storage") or item[:1].islower())
    return name in REBUILDING or name == ORDERED or kind


def _calls_are_plain(codes: list[tuple[str, object]]) -> bool:
    """Whether each ordered dictionary is made empty, none the copy of another, and nothing by way of NEWOBJ."""
    bare = [(name, argument) for name, argument in codes if name not in _PUTS]
    ordered = _memo_of_ordered(codes)
    for place, (name, argument) in enumerate(bare):
        is_ordered = (name == "GLOBAL" and argument == ORDERED) or (name in _GETS and argument in ordered)
        if is_ordered and [code for code, _ in bare[place + 1 : place + 3]] != ["EMPTY_TUPLE", "REDUCE"]:
            return False
        if name in ("NEWOBJ", "NEWOBJ_EX", "STACK_GLOBAL", "INST", "OBJ", "DUP"):
            return False
    return True


def _memo_of_ordered(codes: list[tuple[str, object]]) -> set[object]:
    """The numbers under which the class of ordered dictionaries is kept."""
    return {
        number
        for (name, argument), (put, number) in itertools.pairwise(codes)
        if name == "GLOBAL" and argument == ORDERED and put in _PUTS
    }
