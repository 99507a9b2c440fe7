"""A small picture of a network for the answer sheet: the rms of its activations and gradients, layer by layer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from playground.models.network.network import run_network
from playground.models.network.spec import NetworkSpec

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 220, 64, 28


def layer_figure(spec: NetworkSpec) -> str:
    """An SVG drawing of one run, on a log axis; layers whose rms is 0, inf or nan are left out and counted in words."""
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
