"""What a metric automation remembers of one run: the windows that its condition looks at.

`MetricCondition.start` makes one for each pair of automation and run. It is fed every value that
the run logs for the metric, whether or not the automation may fire for it: values count for the
window even while the run's filter does not match or the automation waits for its cooldown.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from numbers import Real
from typing import TYPE_CHECKING, Final

from pytest_wandb_automations.rules.clauses import MISSING, NO_VALUE, Clause
from pytest_wandb_automations.rules.rolling import (
    Newest,
    Rolling,
    RollingExtreme,
    RollingMean,
)
from pytest_wandb_automations.rules.wording import shown_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations.rules.limits import Limit
    from pytest_wandb_automations.rules.metrics import Change, Threshold
    from pytest_wandb_automations.semantics import Semantics

__all__ = ["COMPARISONS", "ChangeWindow", "MetricWindow", "ThresholdWindow", "beyond", "finite"]

COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$eq": operator.eq,
    "$ne": operator.ne,
}
"""Comparisons of a threshold condition. The SDK builds the first four, W&B's pages all six."""


class MetricWindow(ABC):
    """State of one metric condition for one run. `observe` decides, `explain` tells why."""

    __slots__ = ("_before", "_edge", "_ignored", "_limit", "current", "held", "values_seen")

    current: float | None
    """What the condition compared last: value, aggregate, change or z-score; `None` if nothing."""

    held: bool
    """Whether the condition held at the last value."""

    values_seen: int
    """How many finite values were observed."""

    def __init__(self, limit: Limit, semantics: Semantics) -> None:
        self._limit = limit
        self._edge = semantics.metric_trigger == "edge"
        self._before = False
        self._ignored: object = NO_VALUE
        self.current = None
        self.held = False
        self.values_seen = 0

    @property
    @abstractmethod
    def values(self) -> tuple[float, ...]:
        """The finite values that the condition looks at now, oldest first."""

    def observe(self, value: object) -> bool:
        """Take in one logged value; return whether the condition holds at it.

        Values other than finite numbers are ignored: the condition does not hold at them, and the
        window stays as it was. Booleans are no numbers.
        """
        number = finite(value)
        if number is None:
            self._ignored = value
            self.held = False
            return False
        self._ignored = NO_VALUE
        self.values_seen += 1
        held = self._consume(number)
        if self._edge:
            held, self._before = held and not self._before, held
        self.held = held
        return held

    def explain(self) -> Clause:
        """Describe the last observation, with the numbers that decided it."""
        asked = self._limit.asked()
        if self._ignored is not NO_VALUE:
            found, note = self._ignored, _why(self._ignored)
            return Clause("metric", asked, found, False, note=note, limit=self._limit)
        if not self.values_seen:
            note = "no value yet"
            return Clause("metric", asked, MISSING, None, note=note, limit=self._limit)
        found = MISSING if self.current is None else self.current
        notes = [self._note()]
        if self._edge and self._before and not self.held:
            notes.append("it held before, and fires only when it begins to hold")
        note = "; ".join(filter(None, notes))
        return Clause("metric", asked, found, self.held, note=note, limit=self._limit)

    @abstractmethod
    def _consume(self, value: float) -> bool:
        """Take in a finite value, set `current`, return whether the condition holds."""

    @abstractmethod
    def _note(self) -> str:
        """Remark on the last finite value."""


class ThresholdWindow(MetricWindow):
    """A value, or an aggregate of the newest ones, against a fixed threshold."""

    __slots__ = ("_compare", "_partial", "_rolling", "_size", "_threshold")

    def __init__(self, condition: Threshold, semantics: Semantics) -> None:
        super().__init__(condition.limit, semantics)
        self._rolling = _rolling(condition.agg, condition.window)
        self._size = self._rolling.values.maxlen
        self._compare = COMPARISONS[condition.cmp]
        self._threshold = condition.threshold
        self._partial = semantics.partial_window

    @property
    def values(self) -> tuple[float, ...]:
        """The newest values, up to the size of the window."""
        return tuple(self._rolling.values)

    def _consume(self, value: float) -> bool:
        self.current = current = self._rolling.push(value)
        if not self._compare(current, self._threshold):
            return False
        return self._partial or self.values_seen >= (self._size or 0)

    def _note(self) -> str:
        return _fill(self._rolling)


class ChangeWindow(MetricWindow):
    """An aggregate of the newest values against the same of those just before them."""

    __slots__ = ("_condition", "_from_zero", "_now", "_partial", "_prior", "_sums")

    def __init__(self, condition: Change, semantics: Semantics) -> None:
        super().__init__(condition.limit, semantics)
        self._condition = condition
        self._from_zero = semantics.relative_change_from_zero == "fires"
        self._partial = semantics.partial_window
        self._now = _rolling(condition.agg, condition.window)
        self._prior = _rolling(condition.agg, condition.prior_window)
        self._sums: tuple[float, float | None] = (math.nan, None)

    @property
    def values(self) -> tuple[float, ...]:
        """The values of the prior window, then those of the current one."""
        return (*self._prior.values, *self._now.values)

    def _consume(self, value: float) -> bool:
        now = self._now
        prior = self._sums[1]
        # What leaves the current window enters the prior one, so the two never overlap.
        if len(now.values) == now.values.maxlen:
            prior = self._prior.push(now.values[0])
        self._sums = (now.push(value), prior)
        # The prior window has values only once the current one is full.
        waits = not self._partial and _fill(self._prior)
        self.current = change = None if waits else self._change(*self._sums)
        return change is not None and beyond(
            change, self._condition.amount, self._condition.direction
        )

    def _change(self, now: float, prior: float | None) -> float | None:
        if prior is None:
            return None
        difference = now - prior
        if not self._condition.relative:
            return difference
        if prior:
            return difference / abs(prior)
        if not self._from_zero:
            return None
        return math.copysign(math.inf, now) if now else 0.0

    def _note(self) -> str:
        now, prior = self._sums
        if prior is None:
            filled = _fill(self._now) or f"window holds {len(self._now.values)} values"
            return f"{filled}, the prior window none"
        if not self._partial and (filled := _fill(self._prior)):
            return f"prior {filled}"
        note = f"{shown_number(now)} now, {shown_number(prior)} before"
        return note if self.current is not None else f"{note}: nothing is relative to 0"


def finite(value: object) -> float | None:
    """Return a logged value as the number that it is, or `None` for what windows ignore."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def beyond(change: float, amount: float, direction: str) -> bool:
    """Whether a change is at least `amount` in `direction` (`INCREASE`, `DECREASE`, `ANY`).

    Inclusive: "In the backend, it's effectively $gte or $lte" (SDK, `MetricChangeFilter`).
    """
    if direction == "INCREASE":
        return change >= amount
    if direction == "DECREASE":
        return change <= -amount
    return abs(change) >= amount


def _rolling(agg: str | None, size: int) -> Rolling:
    if agg is None:
        # "ignored if `agg` is None", says the SDK of the window's size.
        return Newest()
    if agg == "AVERAGE":
        return RollingMean(size)
    return RollingExtreme(size, max if agg == "MAX" else min)


def _fill(rolling: Rolling) -> str:
    held, size = len(rolling.values), rolling.values.maxlen
    return "" if held == size else f"window holds {held} of {size} values"


def _why(ignored: object) -> str:
    if isinstance(ignored, bool) or not isinstance(ignored, Real):
        return f"ignored: {type(ignored).__name__} is no number"
    try:
        number = float(ignored)
    except OverflowError:
        return "ignored: too large"
    return "NaN is ignored" if math.isnan(number) else "ignored: not finite"
