"""Z-scores: how many standard deviations a logged value is away from the mean of others.

W&B's page says that the others are earlier values of the run in one sentence and newest values of
other runs in another; `Semantics.zscore_source` chooses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from pytest_wandb_automations.rules.rolling import Moments, RollingMoments, moments_of
from pytest_wandb_automations.rules.windows import MetricWindow, beyond, number_reader
from pytest_wandb_automations.rules.wording import shown_number

if TYPE_CHECKING:
    from pytest_wandb_automations.rules.metrics import ZScore
    from pytest_wandb_automations.semantics import Semantics

__all__ = ["Peers", "ZScoreWindow"]

Peers: TypeAlias = Callable[[], Iterable[object]]
"""Newest value of the metric in each *other* run of the project, the run that logged last first."""


class _Basis(NamedTuple):
    """What a value was measured against: how many values, and their moments if full."""

    size: int
    moments: Moments = Moments(math.nan, 0.0, 0.0)


class _Reference(Protocol):
    """Where the values come from that a new one is measured against."""

    @property
    def values(self) -> tuple[float, ...]: ...

    def measure(self, value: float) -> _Basis:
        """Return what `value` is measured against, and remember `value` for later ones."""
        ...


class ZScoreWindow(MetricWindow):
    """A value's distance from the mean of a full window of others, in standard deviations."""

    newest: float
    """The newest number."""

    basis: _Basis
    """What that was measured against."""

    __slots__ = ("_condition", "_reference", "basis", "newest")

    def __init__(self, condition: ZScore, semantics: Semantics, peers: Peers | None) -> None:
        super().__init__(condition.limit, semantics)
        sample = semantics.zscore_deviation == "sample"
        includes = semantics.zscore_includes_newest
        self._condition = condition
        self._reference: _Reference = (
            _EarlierValues(condition.window, sample, includes)
            if peers is None
            else _OtherRuns(condition.window, sample, includes, self._others(semantics, peers))
        )
        self.newest = math.nan
        self.basis = _Basis(0)

    @property
    def values(self) -> tuple[float, ...]:
        """The run's newest values, or those of the other runs, up to the size of the window."""
        return self._reference.values

    @staticmethod
    def _others(semantics: Semantics, peers: Peers) -> Callable[[], Iterable[float]]:
        read = number_reader(semantics)
        return lambda: (number for number in map(read, peers()) if number is not None)

    def _consume(self, value: float) -> bool:
        self.newest = value
        self.basis = basis = self._reference.measure(value)
        if not basis.moments.breadth:
            self.current = None
            return False
        self.current = score = basis.moments.score(value)
        return beyond(score, self._condition.threshold, self._condition.direction)

    def _note(self) -> Callable[[], str]:
        newest, (size, against), window = self.newest, self.basis, self._condition.window

        def write() -> str:
            if size < window:
                return f"window holds {size} of {window} values"
            numbers = f"value {shown_number(newest)}, mean {shown_number(against.mean)}"
            return f"{numbers}, deviation {shown_number(against.deviation)} of {size} values"

        return write


class _EarlierValues:
    """Values of the same run. Holds the newest ones; measures before or after taking one in."""

    __slots__ = ("_includes", "_moments", "_size")

    def __init__(self, size: int, sample: bool, includes: bool) -> None:
        self._size = size
        self._includes = includes
        self._moments = RollingMoments(size, sample=sample)

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(self._moments.values)

    def measure(self, value: float) -> _Basis:
        rolling = self._moments
        if self._includes:
            rolling.push(value)
        count = len(rolling.values)
        basis = _Basis(count, rolling.moments()) if count == self._size else _Basis(count)
        if not self._includes:
            rolling.push(value)
        return basis


class _OtherRuns:
    """Newest values of other runs. They change under our hands, so each look costs a window."""

    __slots__ = ("_includes", "_numbers", "_sample", "_size", "values")

    def __init__(
        self, size: int, sample: bool, includes: bool, numbers: Callable[[], Iterable[float]]
    ) -> None:
        self._size = size
        self._sample = sample
        self._includes = includes
        self._numbers = numbers
        self.values: tuple[float, ...] = ()

    def measure(self, value: float) -> _Basis:
        window = [*islice(self._numbers(), self._size - self._includes)][::-1]
        if self._includes:
            window.append(value)
        self.values = tuple(window)
        if len(window) < self._size:
            return _Basis(len(window))
        return _Basis(len(window), moments_of(window, sample=self._sample))
