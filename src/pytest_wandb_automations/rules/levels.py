"""What a window compares, and with what, in the metric's own units: the lines of a plot."""

from __future__ import annotations

from typing import NamedTuple

from pytest_wandb_automations.rules.metrics import Change, MetricCondition, Threshold, ZScore
from pytest_wandb_automations.rules.windows import ChangeWindow, MetricWindow, ThresholdWindow
from pytest_wandb_automations.rules.zscores import ZScoreWindow

__all__ = ["Level", "level_of"]


class Level(NamedTuple):
    """The newest look of a window. Both are empty where there is nothing to compare yet."""

    compared: float | None
    """The value, aggregate or newest number that is held against the limits."""
    limits: tuple[float, ...]
    """What it must reach, or go beyond: one number, or one above and one below."""


_NOTHING = Level(None, ())


def level_of(window: MetricWindow, condition: MetricCondition) -> Level:
    """Return what a window compared last with what."""
    if isinstance(window, ThresholdWindow) and isinstance(condition, Threshold):
        return Level(window.current, (condition.threshold,))
    if isinstance(window, ChangeWindow) and isinstance(condition, Change):
        now, before = window.sums
        if before is None:
            return _NOTHING
        amount = condition.amount * (abs(before) if condition.relative else 1)
        return Level(now, _around(before, amount, condition.direction))
    if isinstance(window, ZScoreWindow) and isinstance(condition, ZScore):
        moments = window.basis.moments
        if not moments.breadth:
            return _NOTHING
        reach = condition.threshold * moments.deviation
        return Level(window.newest, _around(moments.mean, reach, condition.direction))
    raise TypeError(f"{type(window).__name__} is no window of a {type(condition).__name__}")


def _around(middle: float, reach: float, direction: str) -> tuple[float, ...]:
    above, below = middle + reach, middle - reach
    return {"INCREASE": (above,), "DECREASE": (below,)}.get(direction, (above, below))
