"""What an edit costs beside torch's own work: ratios within one run, never times."""

from __future__ import annotations

import time

from playground.models.evaluation.evaluate import CACHE, evaluate
from playground.models.program.program import Program
from playground.models.program.sources import Expression, Made

LINES = 100


def least(work, repeats: int) -> float:
    """The least processor time of some runs, in seconds."""
    times = []
    for number in range(repeats):
        start = time.process_time()
        work(number)
        times.append(time.process_time() - start)
    return min(times)


def test_an_edit_of_one_line_costs_a_fraction_of_the_program() -> None:
    text = ["a0 = torch.arange(12.).reshape(3, 4)"]
    text += [f"a{n} = (a0 * {n} + a0).t().reshape(12)" for n in range(1, LINES)]
    program = Program.parse("\n".join(text))

    def everything(_: int) -> None:
        CACHE.clear()
        evaluate(program)

    def one(number: int) -> None:
        evaluate(program.with_source("a50", Expression(f"a0 * {number + 1000}")))

    assert least(one, 20) < 0.5 * least(everything, 10)


def test_what_is_known_costs_next_to_nothing() -> None:
    text = ["a0 = torch.ones(400, 400)"] + [f"a{n} = a{n - 1} @ a0 * 0.001" for n in range(1, LINES)]
    program = Program.parse("\n".join(text))

    def everything(number: int) -> None:
        evaluate(program.with_source("a0", Made("full", (400, 400), parameters=(("value", float(number)),))))

    evaluate(program)
    assert least(lambda _: evaluate(program), 10) < 0.1 * least(everything, 2)
