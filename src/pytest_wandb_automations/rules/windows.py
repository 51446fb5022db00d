"""What a metric automation remembers of one run: the windows that its condition looks at.

`MetricCondition.start` makes one for each pair of automation and run. It is fed every value that
the run logs for the metric, whether or not the automation may fire for it: values count for the
window even while the run's filter does not match or the automation waits for its cooldown.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from functools import lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any, Final, cast

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

__all__ = [
    "COMPARISONS",
    "ChangeWindow",
    "MetricWindow",
    "ThresholdWindow",
    "beyond",
    "finite",
    "number_reader",
]

_NONFINITE_TEXTS: Final = frozenset({"NaN", "Infinity", "-Infinity"})
"""How a run's history stores what JSON has no numbers for."""

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

    __slots__ = (
        "_before",
        "_edge",
        "_ignored",
        "_limit",
        "_number",
        "current",
        "held",
        "values_ignored",
        "values_seen",
    )

    current: float | None
    """What the condition compared last: value, aggregate, change or z-score; `None` if nothing."""

    held: bool
    """Whether the condition held at the last value."""

    values_seen: int
    """How many numbers were observed."""

    values_ignored: int
    """How many values were passed over, as they are no numbers that windows take."""

    def __init__(self, limit: Limit, semantics: Semantics) -> None:
        self._limit = limit
        self._number = number_reader(semantics)
        self._edge = semantics.metric_trigger == "edge"
        self._before = False
        self._ignored: object = NO_VALUE
        self.current = None
        self.held = False
        self.values_seen = 0
        self.values_ignored = 0

    @property
    @abstractmethod
    def values(self) -> tuple[float, ...]:
        """The numbers that the condition looks at now, oldest first."""

    def observe(self, value: object) -> bool:
        """Take in one logged value; return whether the condition holds at it.

        What is no number (see `number_reader`) is ignored: the condition does not hold at it, and
        the window stays as it was.
        """
        number = self._number(value)
        if number is None:
            self._ignored = value
            self.values_ignored += 1
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
        return self.keep()()

    def keep(self) -> Callable[[], Clause]:
        """Note down the last observation, at little cost, for `explain` at any later time."""
        limit, ignored, current, held = self._limit, self._ignored, self.current, self.held
        begun = self.values_seen > 0
        on_and_on = self._edge and self._before and not held
        note = self._note()

        def explain() -> Clause:
            asked = limit.asked()
            if ignored is not NO_VALUE:
                return Clause("metric", asked, ignored, False, note=_why(ignored), limit=limit)
            if not begun:
                return Clause("metric", asked, MISSING, None, note="no value yet", limit=limit)
            found = MISSING if current is None else current
            notes = [note()]
            if on_and_on:
                notes.append("it held before, and fires only when it begins to hold")
            text = "; ".join(filter(None, notes))
            return Clause("metric", asked, found, held, note=text, limit=limit)

        return explain

    @abstractmethod
    def _consume(self, value: float) -> bool:
        """Take in a number, set `current`, return whether the condition holds."""

    @abstractmethod
    def _note(self) -> Callable[[], str]:
        """Return what writes a remark on the last number, also when newer ones have come."""


class ThresholdWindow(MetricWindow):
    """A value, or an aggregate of the newest ones, against a fixed threshold."""

    __slots__ = ("_compare", "_partial", "_rolling", "_size", "_threshold")

    def __init__(self, condition: Threshold, semantics: Semantics) -> None:
        super().__init__(condition.limit, semantics)
        self._rolling = _rolling(condition.agg, condition.window, semantics)
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

    def _note(self) -> Callable[[], str]:
        held, size = _fullness(self._rolling)
        return lambda: _fill(held, size)


class ChangeWindow(MetricWindow):
    """An aggregate of the newest values against the same of those just before them."""

    sums: tuple[float, float | None]
    """The aggregate of the current window and that of the prior one; `None` while that is empty."""

    __slots__ = ("_condition", "_from_zero", "_now", "_partial", "_prior", "sums")

    def __init__(self, condition: Change, semantics: Semantics) -> None:
        super().__init__(condition.limit, semantics)
        self._condition = condition
        self._from_zero = semantics.relative_change_from_zero == "fires"
        self._partial = semantics.partial_window
        self._now = _rolling(condition.agg, condition.window, semantics)
        self._prior = _rolling(condition.agg, condition.prior_window, semantics)
        self.sums = (math.nan, None)

    @property
    def values(self) -> tuple[float, ...]:
        """The values of the prior window, then those of the current one."""
        return (*self._prior.values, *self._now.values)

    def _consume(self, value: float) -> bool:
        now = self._now
        prior = self.sums[1]
        # What leaves the current window enters the prior one, so the two never overlap.
        if len(now.values) == now.values.maxlen:
            prior = self._prior.push(now.values[0])
        self.sums = (now.push(value), prior)
        # The prior window has values only once the current one is full.
        waits = not self._partial and len(self._prior.values) != self._prior.values.maxlen
        self.current = change = None if waits else self._change(*self.sums)
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
            change = difference / abs(prior)
            # A difference of finite numbers can overflow, their ratio mostly not.
            return change if math.isfinite(change) else now / abs(prior) - prior / abs(prior)
        if not self._from_zero:
            return None
        return math.copysign(math.inf, now) if now else 0.0

    def _note(self) -> Callable[[], str]:
        (now, prior), current, partial = self.sums, self.current, self._partial
        held, size = _fullness(self._now)
        prior_fullness = _fullness(self._prior)

        def write() -> str:
            if prior is None:
                filled = _fill(held, size) or f"window holds {held} values"
                return f"{filled}, the prior window none"
            if not partial and (filled := _fill(*prior_fullness)):
                return f"prior {filled}"
            note = f"{shown_number(now)} now, {shown_number(prior)} before"
            return note if current is not None else f"{note}: nothing is relative to 0"

        return write


@lru_cache(maxsize=4)
def _reader(compares: bool, converts: bool) -> Callable[[object], float | None]:
    def read(value: object) -> float | None:
        if isinstance(value, str):
            value = _number_in(value) if converts or value in _NONFINITE_TEXTS else None
        elif isinstance(value, bool):
            value = float(value) if converts else None
        if not compares or not isinstance(value, Real):
            return finite(value)
        try:
            return float(value)
        except OverflowError:
            return None

    return read


def number_reader(semantics: Semantics) -> Callable[[object], float | None]:
    """Return what reads a logged value as the number that it is, or as `None` if there is none.

    `Semantics.nonfinite_values` and `nonnumeric_values` decide over NaN, infinities, texts and
    booleans.
    """
    compares = semantics.nonfinite_values == "compare"
    converts = semantics.nonnumeric_values == "convert"
    return _reader(compares, converts) if compares or converts else finite


def _number_in(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def finite(value: object) -> float | None:
    """Return a logged value as the finite number that it is, or `None` if it is none."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if getattr(value, "ndim", None) == 0:
        # An array or tensor of one number; wandb logs it as that number.
        value = cast("Any", value).item()
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


def _rolling(agg: str | None, size: int, semantics: Semantics) -> Rolling:
    if agg is None:
        # "ignored if `agg` is None", says the SDK of the window's size.
        return Newest()
    if agg == "AVERAGE":
        return RollingMean(size)
    fold = max if agg == "MAX" else min
    compares = semantics.nonfinite_values == "compare"
    return RollingExtreme(size, _with_nan(fold) if compares else fold)


def _with_nan(fold: Callable[[float, float], float]) -> Callable[[float, float], float]:
    """Let NaN win whichever side it stands on, as in numpy; `max` and `min` depend on the order."""

    def folded(first: float, second: float) -> float:
        if math.isnan(first) or math.isnan(second):
            return math.nan
        return fold(first, second)

    return folded


def _fullness(rolling: Rolling) -> tuple[int, int | None]:
    """Return how many values a window holds, and how many it has room for."""
    return len(rolling.values), rolling.values.maxlen


def _fill(held: int, size: int | None) -> str:
    return "" if held == size else f"window holds {held} of {size} values"


def _why(ignored: object) -> str:
    if isinstance(ignored, bool) or not isinstance(ignored, Real):
        return f"ignored: {type(ignored).__name__} is no number"
    try:
        number = float(ignored)
    except OverflowError:
        return "ignored: too large"
    return "NaN is ignored" if math.isnan(number) else "ignored: not finite"
