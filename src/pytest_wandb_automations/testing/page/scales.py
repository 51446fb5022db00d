"""Axes: from numbers to places on paper, and where the ticks are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Scale", "scale_over", "ticks"]

_BIGGEST = 1e308


class Scale(NamedTuple):
    """A range of numbers that lies along a length, in units of the picture."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, number: float) -> float:
        """Return where a number lies, at an end if it is beyond it."""
        # Each by itself: the difference of two huge numbers is infinite.
        share = number / self._size - self.low / self._size
        whole = self.high / self._size - self.low / self._size
        return round(self.start + (self.end - self.start) * min(1.0, max(0.0, share / whole)), 2)

    @property
    def _size(self) -> float:
        return max(abs(self.low), abs(self.high))

    def __contains__(self, number: object) -> bool:
        return isinstance(number, float) and self.low <= number <= self.high


def scale_over(numbers: Iterable[float], start: float, end: float, *, margin: float = 0) -> Scale:
    """Return a scale that holds all numbers, and a share of its length more on either side."""
    given = list(numbers) or [0.0]
    low, high = min(given), max(given)
    # By halves, as the distance of two huge numbers is infinite.
    spread = (high / 2 - low / 2) * 2 * margin
    if low == high:
        spread = abs(low) / 2 or 1.0
    return Scale(max(low - spread, -_BIGGEST), min(high + spread, _BIGGEST), start, end)


def ticks(scale: Scale, about: int) -> list[float]:
    """Return round numbers within a scale, `about` so many or fewer."""
    rough = scale.high / about - scale.low / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first = math.ceil(scale.low / step)
    found = [(first + number) * step for number in range(about + 1)]
    digits = max(0, 2 - math.floor(math.log10(step))) if step < 1 else 0
    return [round(tick, digits) for tick in found if tick <= scale.high]
