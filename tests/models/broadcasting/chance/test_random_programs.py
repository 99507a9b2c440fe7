"""Random programs whose ties are known by construction: every chance is found, and no tie is called one.

Run by hand over 5,000 seeds; the suite runs a sample.
"""

import random

import pytest

from playground import Program, evaluate, explain_chance

SIZES = (2, 3, 4, 5)
FILLS = ("torch.ones({})", "torch.zeros({})", "torch.rand({}, generator=torch.Generator().manual_seed(1))")


class Block:
    """Lines about one operation, with names of their own; `chance` is the line that holds by chance."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number
        self.lines, self.chance = [], None

    def define(self, base, code):
        name = f"{base}{self.number}"
        self.lines.append(f"{name} = {code}")
        return name

    def made(self, base, *sizes):
        return self.define(base, self.rng.choice(FILLS).format(", ".join(map(str, sizes))))

    def veiled(self, name):
        """The tensor, perhaps after an operation that keeps its axes."""
        veils = (
            name,
            name,
            f"({name} + 1)",
            lambda: self.define("r", f"torch.relu({name})"),
            lambda: self.define("u", f"{name}[None].squeeze(0)"),
        )
        veil = self.rng.choice(veils)
        return veil() if callable(veil) else veil

    def sizes(self, count):
        return [self.rng.choice(SIZES) for _ in range(count)]

    def line(self, code, is_chance=False):
        name = self.define("out", code)
        self.chance = name if is_chance else self.chance


def stretch(b):
    m, n = b.sizes(2)
    a = b.made("A", m, n)
    v, sign = b.veiled(a), b.rng.choice("+*-/")
    how = b.rng.choice(["literal", "right", "wrong", "row", "same", "one"])
    if how == "literal":
        b.line(f"{v} {sign} {b.made('w', n)}", m == n)
    elif how == "right":
        b.line(f"{v} {sign} {b.made('w', f'{a}.shape[1]')}")
    elif how == "wrong" and m == n:
        b.line(f"{v} {sign} {b.made('w', f'{a}.shape[0]')}", True)
    elif how == "row":
        b.line(f"{v} {sign} {b.made('w', m)}[:, None]")
    elif how == "same":
        b.line(f"{v} {sign} {b.made('w', m, n)}")
    else:
        b.line(f"{v} {sign} {b.made('w', 1, n)}")


def centre(b):
    m, n = b.sizes(2)
    v, word = b.veiled(b.made("A", m, n)), b.rng.choice(["mean", "sum", "amax"])
    how = b.rng.choice(["0", "1", "0, keepdim=True", "1, keepdim=True"])
    if how != "1" or m == n:
        b.line(f"{v} - {v}.{word}({how})", how == "1")


def product(b):
    m, n, k = b.sizes(3)
    x = b.made("x", m, n)
    v, how = b.veiled(x), b.rng.choice(["literal", "right", "wrong", "turned", "gram"])
    if how == "literal":
        b.line(f"{v} @ {b.made('W', n, k)}", n == k or m == n)
    elif how == "right":
        b.line(f"{v} @ {b.made('W', f'{x}.shape[1]', k)}")
    elif how == "wrong" and k == n:
        b.line(f"{v} @ {b.made('W', k, f'{x}.shape[1]')}", True)
    elif how == "turned":
        b.line(f"{v} @ {b.made('W', k, n)}.T", m == n)
    else:
        b.line(f"{v} @ {v}.T")


def letters(b):
    m, n, k = b.sizes(3)
    x, how = b.made("x", m, n), b.rng.choice(["literal", "right", "gram", "outer"])
    if how == "literal":
        b.line(f'torch.einsum("ij,jk->ik", {x}, {b.made("W", n, k)})', n == k or m == n)
    elif how == "right":
        b.line(f'torch.einsum("ij,jk->ik", {x}, {b.made("W", f"{x}.shape[1]", k)})')
    elif how == "gram":
        b.line(f'torch.einsum("ij,kj->ik", {x}, {x})')
    else:
        b.line(f'torch.einsum("ij,k->ijk", {x}, {b.made("w", k)})')


def positions(b):
    batch, time, width = b.sizes(3)
    x = b.made("x", batch, time, width)
    v, how = b.veiled(x), b.rng.choice(["literal", "tied", "explicit", "batch"])
    if how == "literal":
        b.line(f"{v} + {b.made('p', time, width)}", batch == time)
    elif how == "tied":
        b.line(f"{v} + {b.made('p', f'{x}.shape[1]', f'{x}.shape[2]')}")
    elif how == "explicit":
        b.line(f"{v} + {b.made('p', batch, 1, width)}")
    else:
        b.line(f"{v} + {b.made('p', batch, width)}[:, None]")


def classes(b):
    batch, time, count = b.sizes(3)
    how = b.rng.choice(["right", "last", "reduced", "reduced wrongly"])
    if how == "right":
        s = b.made("s", batch, count, time)
        y = b.define("y", f"torch.zeros({batch}, {time}, dtype=torch.int64)")
        b.line(f"torch.nn.functional.cross_entropy({s}, {y})", count in (time, batch))
        return
    s = b.made("s", batch, time, count)
    y = b.define("y", f"torch.zeros({s}.shape[0], {s}.shape[1], dtype=torch.int64)")
    if how == "reduced":
        b.line(f"{s}.argmax(2) == {y}")
    elif count == time:
        b.line(f"torch.nn.functional.cross_entropy({s}, {y})" if how == "last" else f"{s}.argmax(1) == {y}", True)


def heads(b):
    batch, time, count, width = b.sizes(4)
    x = b.made("x", batch, time, count * width)
    v, how = b.veiled(x), b.rng.choice(["split", "back", "wrongly back", "mixed", "mixed by name"])
    split = f"{v}.view({batch}, {time}, {count}, {width}).transpose(1, 2)"
    if how == "split":
        b.line(split)
    elif how == "back":
        b.line(f"{b.define('z', split)}.transpose(1, 2).reshape({batch}, {time}, {count * width})")
    elif how == "wrongly back" and count == time:
        b.line(f"{b.define('z', split)}.reshape({batch}, {time}, {count * width})", True)
    elif how == "mixed" and count != time:
        b.line(f"{v}.view({batch}, {count}, {time}, {width})", True)
    elif how == "mixed by name" and count == time:
        b.line(f"{v}.view({batch}, {count}, {x}.shape[1], {width})", True)


def residual(b):
    m, n, k = b.sizes(3)
    x = b.made("x", m, n)
    w = b.made("W", f"{x}.shape[1]", k)
    h = b.define("h", f"torch.relu({x} @ {w}) @ {b.made('V', f'{w}.shape[1]', n)}")
    b.line(f"{x} + {h}")


def picks(b):
    m, n = b.sizes(2)
    a, how = b.made("A", m, n), b.rng.choice(["mask", "own", "cat", "where", "covariance", "inverse"])
    if how == "mask":
        b.line(f"{a}[{b.define('q', f'torch.ones({m}) > 0')}]", m == n)
    elif how == "own":
        b.line(f"{a}[{a}[:, 0] > 0]")
    elif how == "cat":
        b.line(f"torch.cat([{a}, {b.made('B', m, n)}], {b.rng.choice([0, 1])})")
    elif how == "where":
        b.line(f"torch.where({a} > 0, {a}, 0.0)")
    elif how == "covariance":
        b.line(f"{b.define('z', f'{a}.T @ {a}')} + torch.eye({a}.shape[1])")
    else:
        b.line(f"torch.linalg.inv({b.define('z', f'{a} @ {a}.T')} + torch.eye({m}))")


BLOCKS = (stretch, centre, product, letters, positions, classes, heads, residual, picks)


def random_program(seed):
    """Its code, and the lines that hold by chance."""
    rng = random.Random(seed)
    blocks = [Block(rng, number) for number in range(rng.randint(2, 5))]
    for block in blocks:
        rng.choice(BLOCKS)(block)
    lines = [line for block in blocks for line in block.lines]
    return "\n".join(lines), {block.chance for block in blocks if block.chance}


@pytest.mark.parametrize("first", [0, 20, 40, 60])
def test_every_chance_is_found_and_no_tie_is_called_one(first):
    for seed in range(first, first + 20):
        code, expected = random_program(seed)
        program = Program.parse(code)
        assert not [one.code for one in evaluate(program).values() if one.meta is None]
        assert {line for note in explain_chance(program) for line in note.lines} == expected, code
