"""Aggregates of the newest values of a metric, at a cost that does not grow with the window.

Each class keeps its window in two halves. The newer half has one running aggregate. The older half
has an aggregate for each of its suffixes, made in one sweep when the newer half became the older
one; dropping the oldest value is dropping the longest suffix. A value is thus folded in twice in
its life, whatever the size of the window, and *nothing is ever subtracted from an aggregate*. So
rounding errors leave the window together with the values that caused them, and after a million
values an aggregate is as exact as after one window.

Sums are of differences to a *pivot*, a value that is itself in the window for as long as it serves.
A constant metric therefore has exactly its value as mean and exactly 0 as deviation. And as no
value of a window of n lies more than √n deviations from its mean, the variance, mean square minus
squared mean, is a difference of numbers that are at most n times as large: nothing cancels,
wherever the values lie. The mean itself, once it is rounded to one float, has lost that: a value's
distance from it is therefore taken from the pivot and the mean's offset to it (`Moments.score`).
"""

from __future__ import annotations

import math
from collections import deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Moments",
    "Newest",
    "Rolling",
    "RollingExtreme",
    "RollingMean",
    "RollingMoments",
    "moments_of",
]

_SQUARES_MIN = 1e-280
_SQUARES_MAX = 1e300
"""Sums of squares between these have lost nothing to under- or overflow."""


class Rolling(Protocol):
    """The newest values of a metric and one number that sums them up."""

    @property
    def values(self) -> deque[float]:
        """The values of the window, oldest first; `maxlen` is its size."""
        ...

    def push(self, value: float) -> float:
        """Take a finite value in, let the oldest one of a full window go, return the aggregate."""
        ...


class Moments(NamedTuple):
    """Mean and standard deviation of values that may all lie far from 0.

    The mean is kept as its distance from one of the values: rounded to a float near 1e9 it would
    be off by 1e-7, which is much beside a deviation of 1.
    """

    pivot: float
    """One of the values."""

    offset: float
    """Distance of the mean from the pivot, in units."""

    breadth: float
    """The standard deviation, in units; 0 for values without spread."""

    unit: float = 1.0
    """2 where differences of values would overflow."""

    @property
    def mean(self) -> float:
        """The mean as a number."""
        return (self.pivot / self.unit + self.offset) * self.unit

    @property
    def deviation(self) -> float:
        """The standard deviation as a number."""
        return self.breadth * self.unit

    def score(self, value: float) -> float:
        """Return how many deviations, of which there must be one, `value` lies above the mean."""
        pivot, offset, breadth, unit = self
        distance = value / unit - pivot / unit - offset
        if math.isfinite(distance):
            return distance / breadth
        return (value / 2 - pivot / 2 - offset / 2) / breadth * 2


class Newest:
    """A window of one value, which is its own aggregate."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: deque[float] = deque(maxlen=1)

    def push(self, value: float) -> float:
        """Return the value itself."""
        self.values.append(value)
        return value


class RollingExtreme:
    """Largest (`fold=max`) or smallest (`fold=min`) of the newest `size` values."""

    __slots__ = ("_fold", "_fresh", "_newer", "_older", "_size", "values")

    def __init__(self, size: int, fold: Callable[[float, float], float]) -> None:
        self.values: deque[float] = deque(maxlen=size)
        self._size = size
        self._fold = fold
        self._older: list[float] = []
        self._newer = 0.0
        self._fresh = 0

    def push(self, value: float) -> float:
        """Return the extreme of the window that ends with `value`."""
        if self._fresh == self._size:
            self._older = list(accumulate(reversed(self.values), self._fold))
            self._fresh = 0
        self.values.append(value)
        self._newer = self._fold(self._newer, value) if self._fresh else value
        self._fresh += 1
        older = self._older
        if older:
            older.pop()
        return self._fold(self._newer, older[-1]) if older else self._newer


class RollingMean:
    """Arithmetic mean of the newest `size` values."""

    __slots__ = ("_fresh", "_newer", "_older", "_pivot", "_size", "values")

    def __init__(self, size: int) -> None:
        self.values: deque[float] = deque(maxlen=size)
        self._size = size
        self._pivot = 0.0
        self._older: list[float] = []
        self._newer = 0.0
        self._fresh = size  # makes the first value the first pivot

    def push(self, value: float) -> float:
        """Return the mean of the window that ends with `value`."""
        values = self.values
        if self._fresh == self._size:
            self._pivot = pivot = value
            self._older = list(accumulate([old - pivot for old in reversed(values)]))
            self._newer = 0.0
            self._fresh = 0
        values.append(value)
        self._newer = total = self._newer + (value - self._pivot)
        self._fresh += 1
        older = self._older
        if older:
            older.pop()
            if older:
                total += older[-1]
        mean = self._pivot + total / len(values)
        if math.isfinite(mean):
            return mean
        # Sums and differences of values near the largest float overflow, never their mean. What is
        # not finite by itself, `sum` adds as IEEE has it; `fsum` refuses opposite infinities.
        parts = [old / len(values) for old in values]
        return math.fsum(parts) if all(map(math.isfinite, parts)) else sum(parts)


class RollingMoments:
    """Mean and standard deviation of the newest `size` values.

    `sample` divides by n - 1 instead of n. The deviation of a window without spread is exactly 0,
    as is the sample deviation of a single value.
    """

    __slots__ = (
        "_fresh",
        "_newer",
        "_newer_squares",
        "_older",
        "_older_squares",
        "_pivot",
        "_sample",
        "_size",
        "values",
    )

    def __init__(self, size: int, *, sample: bool = False) -> None:
        self.values: deque[float] = deque(maxlen=size)
        self._size = size
        self._sample = sample
        self._pivot = 0.0
        self._older: list[float] = []
        self._older_squares: list[float] = []
        self._newer = self._newer_squares = 0.0
        self._fresh = size  # makes the first value the first pivot

    def push(self, value: float) -> None:
        """Take a value in."""
        values = self.values
        if self._fresh == self._size:
            self._pivot = pivot = value
            shifted = [old - pivot for old in reversed(values)]
            self._older = list(accumulate(shifted))
            self._older_squares = list(accumulate([offset * offset for offset in shifted]))
            self._newer = self._newer_squares = 0.0
            self._fresh = 0
        values.append(value)
        offset = value - self._pivot
        self._newer += offset
        self._newer_squares += offset * offset
        self._fresh += 1
        if self._older:
            self._older.pop()
            self._older_squares.pop()

    def moments(self) -> Moments:
        """Return mean and standard deviation of the window, which holds at least one value."""
        count = len(self.values)
        total, squares = self._newer, self._newer_squares
        if self._older:
            total += self._older[-1]
            squares += self._older_squares[-1]
        if not _SQUARES_MIN < squares < _SQUARES_MAX and (squares or total):
            return moments_of(self.values, sample=self._sample)
        offset = total / count
        freedom = count - self._sample
        variance = max(squares - total * offset, 0.0) / freedom if freedom else 0.0
        return Moments(self._pivot, offset, math.sqrt(variance))


def moments_of(values: Sequence[float], *, sample: bool = False) -> Moments:
    """Return mean and standard deviation of values at once, in few passes over them.

    Of values that are not all finite both are NaN.
    """
    if not all(map(math.isfinite, values)):
        return Moments(math.nan, math.nan, math.nan)
    count = len(values)
    pivot, low, high = values[0], min(values), max(values)
    if low == high:
        return Moments(pivot, 0.0, 0.0)
    unit = 1.0 if math.isfinite(high - low) else 2.0
    shifted = [value / unit - pivot / unit for value in values]
    # Scaled to at most 1, so that squares neither overflow nor vanish.
    scale = max(map(abs, shifted))
    scaled = [offset / scale for offset in shifted]
    mean = math.fsum(scaled) / count
    squares = math.fsum((offset - mean) ** 2 for offset in scaled)
    return Moments(pivot, mean * scale, math.sqrt(squares / (count - sample)) * scale, unit)
