"""The answer sheet: all lessons with code, output, figures and the torch version, as HTML or as a notebook."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from playground.models.evaluation.evaluate import evaluate
from playground.models.job import Job
from playground.models.lessons.lesson import Lesson
from playground.models.lessons.moves import start_state
from playground.models.lessons.request import LessonRequest, LessonResult, compute_lesson
from playground.models.lessons.scope import in_words
from playground.models.network.run.run import run_network
from playground.models.network.spec.spec import NetworkSpec
from playground.models.problem import refuse
from playground.models.program.script import script

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 220, 64, 28


def layer_figure(spec: NetworkSpec) -> str:
    """An SVG drawing of one run, on a log axis; layers with rms 0, inf or nan are omitted and counted in the legend."""
    result = run_network(spec)
    curves = {
        "activations": ("#4692BD", result.tables["activation"].rms),
        "gradients": ("#B87F00", result.tables["activation_gradient"].rms),
    }
    logs = {name: (color, _log(values)) for name, (color, values) in curves.items()}
    finite = np.concatenate([values[np.isfinite(values)] for _, values in logs.values()])
    low, high = (math.floor(finite.min()), math.ceil(finite.max())) if finite.size else (-1, 1)
    high = max(high, low + 1)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="12">']
    parts += _axes(low, high, spec.depth)
    for number, (name, (color, values)) in enumerate(logs.items()):
        parts.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="{_points(values, low, high)}"/>')
        missing = int((~np.isfinite(values)).sum())
        note = f", {missing} layers 0, inf or nan" if missing else ""
        parts.append(f'<text x="{LEFT + 8 + 260 * number}" y="14" fill="{color}">rms of the {name}{note}</text>')
    return "\n".join([*parts, "</svg>"])


def _log(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        logs: NDArray[np.float64] = np.log10(np.where(np.isfinite(values), values, np.nan))
    return logs


def _points(values: NDArray[np.float64], low: int, high: int) -> str:
    steps = max(1, len(values) - 1)
    points = []
    for layer, value in enumerate(values):
        if math.isfinite(value):
            x = LEFT + (WIDTH - LEFT - 8) * layer / steps
            points.append(f"{x:.1f},{_height(value, low, high):.1f}")
    return " ".join(points)


def _height(value: float, low: int, high: int) -> float:
    return 24 + (HEIGHT - BOTTOM - 24) * (high - value) / (high - low)


def _axes(low: int, high: int, depth: int) -> list[str]:
    every = max(1, round((high - low) / 5))
    parts = []
    for power in range(low, high + 1, every):
        y = _height(power, low, high)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}" stroke="#DCDFE4"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end" fill="#565D68">1e{power}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 8}" fill="#565D68">layer 1</text>')
    parts.append(f'<text x="{WIDTH - 8}" y="{HEIGHT - 8}" text-anchor="end" fill="#565D68">{depth}</text>')
    return parts


ACTIVATION_CODE = {
    "identity": "x",
    "relu": "torch.relu(x)",
    "tanh": "torch.tanh(x)",
    "sigmoid": "torch.sigmoid(x)",
    "leaky_relu": "torch.nn.functional.leaky_relu(x)",
    "gelu": "torch.nn.functional.gelu(x)",
    "silu": "torch.nn.functional.silu(x)",
    "elu": "torch.nn.functional.elu(x)",
    "selu": "torch.nn.functional.selu(x)",
    "softplus": "torch.nn.functional.softplus(x)",
}
INIT_CODE = {
    "zeros": "torch.zeros_like(w)",
    "normal": "torch.randn_like(w) * {weight_std}",
    "constant": "torch.full_like(w, {weight_value})",
    "xavier_normal": "torch.nn.init.xavier_normal_(w)",
    "xavier_uniform": "torch.nn.init.xavier_uniform_(w)",
    "kaiming_normal": 'torch.nn.init.kaiming_normal_(w, nonlinearity="relu")',
    "kaiming_uniform": 'torch.nn.init.kaiming_uniform_(w, nonlinearity="relu")',
    "lecun_normal": 'torch.nn.init.kaiming_normal_(w, nonlinearity="linear")',
    "lecun_uniform": 'torch.nn.init.kaiming_uniform_(w, nonlinearity="linear")',
    "orthogonal": "torch.nn.init.orthogonal_(w)",
    "torch_default": "torch.nn.init.kaiming_uniform_(w, a=5 ** 0.5)",
}


def network_code(spec: NetworkSpec) -> str:
    """Plain PyTorch that builds such a network and prints each layer's rms; raises `ProblemError` if there is none.

    It uses torch's own random numbers, so the values differ from the app's but have the same distribution.
    """
    if spec.init not in INIT_CODE:
        refuse(f"There is no short plain code for the init {spec.init}.")
    init = INIT_CODE[spec.init].format(weight_std=spec.weight_std, weight_value=spec.weight_value)
    gain = "" if spec.gain == 1 else f" * {spec.gain}"
    return "\n".join(
        (
            f"torch.manual_seed({spec.seed})",
            f"x = torch.randn({spec.batch}, {spec.width}, dtype=torch.{spec.dtype})",
            f"for layer in range(1, {spec.depth + 1}):",
            f"    w = torch.empty({spec.width}, {spec.width}, dtype=x.dtype)",
            f"    w = {init}{gain}",
            "    x = x @ w.T",
            f"    x = {ACTIVATION_CODE[spec.activation]}",
            "    if layer % 10 == 1 or not x.isfinite().all():",
            '        print(layer, "rms", x.double().square().mean().sqrt().item())',
            "    if not x.isfinite().any():",
            "        break",
        )
    )


_CODE = re.compile(r"`([^`]+)`")
STYLE = """
body { font: 16px/1.5 Inter, system-ui, sans-serif; max-width: 46rem; color: #1A1D21;
  margin: 3rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 3rem; }
code, pre { font-family: "JetBrains Mono", ui-monospace, monospace; font-size: 14px; }
pre { background: #F7F8F9; border: 1px solid #C1C6CE; border-radius: 6px; padding: 12px 16px; overflow-x: auto; }
.right { color: #1B6E3C; } .wrong { color: #565D68; } .small { color: #565D68; font-size: 14px; }
"""


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """The lessons to write, and the file."""

    lessons: tuple[Lesson, ...]
    path: str


def compute_sheet(request: SheetRequest, job: Job) -> str:
    """Run all lessons and return the text of the sheet: HTML, or a notebook if the path ends in .ipynb."""
    suffix = Path(request.path).suffix.lower()
    if suffix not in (".html", ".ipynb"):
        refuse(f"An answer sheet must be .html or .ipynb, not {suffix or 'without a suffix'}.")
    results = []
    for number, lesson in enumerate(request.lessons):
        job.report(number / len(request.lessons), f"running lesson {number + 1}")
        result = compute_lesson(LessonRequest(lesson.key, start_state(lesson)), job)
        assert result is not None
        results.append(result)
    return html_sheet(results) if suffix == ".html" else notebook_sheet(results)


def output_of(lesson: Lesson) -> str:
    """The results of the answer's code (or of the start), one per line: "C = [[1, 2], [3, 4]]"."""
    values = evaluate(start_state(lesson, lesson.answer.code).program)
    return "\n".join(
        f"{name} = {in_words(one.tensor)}" if one.tensor is not None and one.tensor.numel() <= 64
        else f"{name}: {one.problem or tuple(one.meta.shape if one.meta is not None else ())}"
        for name, one in values.items()
    )  # fmt: skip


def _network(lesson: Lesson) -> NetworkSpec:
    return start_state(lesson).network.spec


def html_sheet(results: Sequence[LessonResult]) -> str:
    """One self-contained HTML file."""
    parts = [
        "<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'><title>Tensor Playground: the answers</title>",
        f"<style>{STYLE}</style></head><body><h1>Tensor Playground: the answers</h1>",
        f"<p class='small'>Every number and every verdict was computed by torch {escape(torch.__version__)}.</p>",
    ]
    for result in results:
        parts += _html_lesson(result)
    return "\n".join([*parts, "</body></html>\n"])


def _html_lesson(result: LessonResult) -> list[str]:
    lesson = result.lesson
    parts = [f"<h2>{lesson.number}. {_html(lesson.title)}</h2>", f"<p>{_html(result.question)}</p>"]
    for one in result.verdicts:
        mark = "right" if one.holds else "wrong"
        said = "Right." if one.holds else "Not so."
        parts.append(f"<p class='{mark}'>{_html(one.words)} <b>{said}</b> {_html(one.because)}</p>")
    parts.append(f"<p><b>{_html(result.answer)}</b></p>")
    if lesson.start.program or lesson.answer.code:
        code = lesson.answer.code or lesson.start.program
        parts += [f"<pre>{escape(code)}</pre>", f"<pre class='small'>{escape(output_of(lesson))}</pre>"]
    if lesson.page == "network":
        parts += [f"<pre>{escape(network_code(_network(lesson)))}</pre>", layer_figure(_network(lesson))]
    parts += [f"<p class='small'>{'ran, true' if holds else 'NOT true'}: {_html(words)}</p>"
              for words, holds in result.claims]  # fmt: skip
    return parts


def _html(text: str) -> str:
    return _CODE.sub(lambda code: f"<code>{code[1]}</code>", escape(text, quote=False))


def notebook_sheet(results: Sequence[LessonResult]) -> str:
    """A Jupyter notebook (nbformat 4.5) with code that needs only torch."""
    cells = [_cell("markdown", f"# Tensor Playground: the answers\n\nMade with torch {torch.__version__}.", 0),
             _cell("code", "import torch", 1)]  # fmt: skip
    for result in results:
        for kind, text in _notebook_lesson(result):
            cells.append(_cell(kind, text, len(cells)))
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _notebook_lesson(result: LessonResult) -> list[tuple[str, str]]:
    lesson = result.lesson
    words = [f"## {lesson.number}. {lesson.title}", "", result.question, ""]
    for one in result.verdicts:
        words.append(f"- {one.words}: **{'right' if one.holds else 'not so'}.** {one.because}")
    cells = [("markdown", "\n".join([*words, "", result.answer]))]
    if lesson.answer.code:
        program = start_state(lesson, lesson.answer.code).program
        cells.append(("code", script(program) + "".join(f'\nprint("{name} =", {name})' for name in program.names)))
    if lesson.page == "network":
        cells.append(("code", network_code(_network(lesson))))
    return cells


def _cell(kind: str, text: str, number: int) -> dict[str, object]:
    cell: dict[str, object] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": text.splitlines(keepends=True)}
