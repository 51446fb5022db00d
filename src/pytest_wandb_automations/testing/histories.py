"""Metric histories of the shapes that training curves have."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from pytest_wandb_automations.errors import InvalidInput

__all__ = ["SHAPES", "metric_history"]

_Curve = Callable[[int, int, random.Random], float]
"""The value at a step; steps run from 0 to the last one, which is given too."""

_PERIODS = 4


def _descent(step: int, last: int, noise: random.Random) -> float:
    return _falling(step / last) + noise.gauss(0, 0.01)


def _spike(step: int, last: int, noise: random.Random) -> float:
    # One sharp peak, well above anything before it. It is at a step, not between two, so that a
    # history of any length has it.
    peak, width = round(0.75 * last), max(0.02 * last, 0.5)
    return _descent(step, last, noise) + 8.0 * math.exp(-(((step - peak) / width) ** 2))


def _plateau(step: int, last: int, noise: random.Random) -> float:
    return _falling(min(step / last, 0.4)) + noise.gauss(0, 0.01)


def _divergence(step: int, last: int, noise: random.Random) -> float:
    at = step / last
    if at > 0.9:
        return math.nan
    return _descent(step, last, noise) + (math.exp(20 * (at - 0.6)) if at > 0.6 else 0.0)


def _noise(step: int, last: int, noise: random.Random) -> float:
    del step, last
    return 1.0 + noise.gauss(0, 0.3)


def _seasonal(step: int, last: int, noise: random.Random) -> float:
    # As of a forecast's error, or of load: it rises and falls, and goes nowhere.
    return 1.0 + 0.5 * math.sin(2 * math.pi * _PERIODS * step / last) + noise.gauss(0, 0.03)


def _falling(at: float) -> float:
    return 2.0 * math.exp(-3.0 * at) + 0.1


SHAPES: dict[str, _Curve] = {
    "descent": _descent,
    "spike": _spike,
    "plateau": _plateau,
    "divergence": _divergence,
    "noise": _noise,
    "seasonal": _seasonal,
}
"""What `metric_history` can draw."""


def metric_history(shape: str, *, steps: int, noise: random.Random) -> list[float]:
    """Return a history of `steps` values, dimensionless, such as a loss would have them.

    * `descent` falls from about 2 to about 0.2;
    * `spike` does so, too, with one peak above 8 at three quarters of the way;
    * `plateau` falls to about 0.7 and stays there;
    * `divergence` rises steeply after 60 % of the way and ends in NaN, as losses do that blow up;
    * `noise` scatters around 1;
    * `seasonal` swings four times around 1, by 0.5 to either side.
    """
    if shape not in SHAPES:
        raise InvalidInput(f"unknown shape {shape!r}; known are {', '.join(SHAPES)}")
    if steps < 1:
        raise InvalidInput(f"a history has at least one step, got {steps}")
    return [SHAPES[shape](step, max(steps - 1, 1), noise) for step in range(steps)]
