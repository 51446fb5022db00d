"""Metric histories of the shapes that training curves have."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["SHAPES", "metric_history"]

_Curve = Callable[[float, random.Random], float]


def _descent(at: float, noise: random.Random) -> float:
    return 2.0 * math.exp(-3.0 * at) + 0.1 + noise.gauss(0, 0.01)


def _spike(at: float, noise: random.Random) -> float:
    # One sharp peak in the last third, well above anything before it.
    return _descent(at, noise) + 8.0 * math.exp(-(((at - 0.75) / 0.02) ** 2))


def _plateau(at: float, noise: random.Random) -> float:
    return _descent(min(at, 0.4), noise)


def _divergence(at: float, noise: random.Random) -> float:
    if at > 0.9:
        return math.nan
    return _descent(at, noise) + (math.exp(20 * (at - 0.6)) if at > 0.6 else 0.0)


def _noise(at: float, noise: random.Random) -> float:
    del at
    return 1.0 + noise.gauss(0, 0.3)


SHAPES: dict[str, _Curve] = {
    "descent": _descent,
    "spike": _spike,
    "plateau": _plateau,
    "divergence": _divergence,
    "noise": _noise,
}
"""What `metric_history` can draw; `at` runs from 0 to 1 over the history."""


def metric_history(shape: str, *, steps: int, noise: random.Random) -> list[float]:
    """Return a history of `steps` values, dimensionless, such as a loss would have them.

    A `divergence` ends in NaN, as losses do that blow up.
    """
    if shape not in SHAPES:
        raise InvalidInput(f"unknown shape {shape!r}; known are {', '.join(SHAPES)}")
    if steps < 1:
        raise InvalidInput(f"a history has at least one step, got {steps}")
    return [SHAPES[shape](step / max(steps - 1, 1), noise) for step in range(steps)]
