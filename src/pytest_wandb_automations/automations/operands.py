"""What `RunEvent.metric("loss")` gives: operands that become conditions when compared."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, PositiveInt

from .base import Model
from .enums import Agg, ChangeDir, ChangeType
from .metrics import (
    MetricChangeFilter,
    MetricThresholdFilter,
    MetricZScoreFilter,
)

__all__ = ["MetricAgg", "MetricOperand", "MetricVal", "ZScoreMetricOperand"]


class MetricOperand(Model):
    """A metric or an aggregate of it, to be compared with `>`, `.changes_by(...)`, ..."""

    model_config = ConfigDict(extra="forbid")

    name: str

    def gt(self, value: float, /) -> MetricThresholdFilter:
        """Watch for values greater than this one."""
        return self > value

    def lt(self, value: float, /) -> MetricThresholdFilter:
        """Watch for values less than this one."""
        return self < value

    def gte(self, value: float, /) -> MetricThresholdFilter:
        """Watch for values greater than or equal to this one."""
        return self >= value

    def lte(self, value: float, /) -> MetricThresholdFilter:
        """Watch for values less than or equal to this one."""
        return self <= value

    def _threshold(self, cmp: str, value: Any) -> MetricThresholdFilter:
        if not isinstance(value, (int, float)):
            return NotImplemented
        return MetricThresholdFilter.model_validate({**dict(self), "cmp": cmp, "threshold": value})

    def __gt__(self, other: Any) -> MetricThresholdFilter:
        return self._threshold("$gt", other)

    def __lt__(self, other: Any) -> MetricThresholdFilter:
        return self._threshold("$lt", other)

    def __ge__(self, other: Any) -> MetricThresholdFilter:
        return self._threshold("$gte", other)

    def __le__(self, other: Any) -> MetricThresholdFilter:
        return self._threshold("$lte", other)

    def changes_by(
        self, *, diff: float | None = None, frac: float | None = None
    ) -> MetricChangeFilter:
        """Watch for a change in either direction.

        Give exactly one: `diff`, the least difference, or `frac`, the least change as a fraction of
        the earlier value (0.1 for 10 %). A `ValueError` if it is not positive.
        """
        return self._change(ChangeDir.ANY, diff, frac)

    def increases_by(
        self, *, diff: float | None = None, frac: float | None = None
    ) -> MetricChangeFilter:
        """Watch for an increase; arguments as of `changes_by`."""
        return self._change(ChangeDir.INCREASE, diff, frac)

    def decreases_by(
        self, *, diff: float | None = None, frac: float | None = None
    ) -> MetricChangeFilter:
        """Watch for a decrease; arguments as of `changes_by`."""
        return self._change(ChangeDir.DECREASE, diff, frac)

    def _change(self, direction: ChangeDir, diff: Any, frac: Any) -> MetricChangeFilter:
        # Numbers first: diff=1, frac="x" is a wrong type, diff=1, frac=2 one argument too many.
        if not all(value is None or isinstance(value, (int, float)) for value in (diff, frac)):
            raise TypeError(f"expected a number for `diff` or `frac`, got {diff=}, {frac=}")
        if (diff is None) == (frac is None):
            raise ValueError(f"give exactly one of `diff` and `frac`, got {diff=}, {frac=}")
        kind, amount = (ChangeType.ABS, diff) if frac is None else (ChangeType.REL, frac)
        if amount <= 0:
            raise ValueError(f"expected a positive change, got {diff=}, {frac=}")
        return MetricChangeFilter.model_validate(
            {
                **dict(self),
                "change_dir": direction,
                "change_type": kind,
                "threshold": amount,
            }
        )


class MetricVal(MetricOperand):
    """Single values of a metric."""

    def max(self, window: int) -> "MetricAgg":
        """Watch the greatest of the newest `window` values."""
        return MetricAgg(name=self.name, agg=Agg.MAX, window=window)

    def min(self, window: int) -> "MetricAgg":
        """Watch the least of the newest `window` values."""
        return MetricAgg(name=self.name, agg=Agg.MIN, window=window)

    def avg(self, window: int) -> "MetricAgg":
        """Watch the mean of the newest `window` values."""
        return MetricAgg(name=self.name, agg=Agg.AVG, window=window)

    def mean(self, window: int) -> "MetricAgg":
        """Watch the mean of the newest `window` values; the same as `avg`."""
        return self.avg(window)

    def zscore(self, window: int) -> "ZScoreMetricOperand":
        """Watch the distance from the mean of `window` values, in standard deviations."""
        return ZScoreMetricOperand(name=self.name, window=window)


class MetricAgg(MetricOperand):
    """An aggregate of the newest values of a metric."""

    agg: Annotated[Agg, Field(alias="agg_op")]
    window: Annotated[PositiveInt, Field(alias="window_size")]


class ZScoreMetricOperand(Model):
    """A z-score, to be compared: `> 3` (rises), `< -3` (falls), `abs(...) > 3` (either).

    `>=` means the same as `>`, and `<=` the same as `<`.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    window: PositiveInt
    is_absolute: Annotated[bool, Field(repr=False)] = False

    def gt(self, value: float, /) -> MetricZScoreFilter:
        """Watch for z-scores above a number; a `ValueError` if that is not positive."""
        if value <= 0:
            raise ValueError(f"expected a positive z-score, got {value}")
        return self._filter(ChangeDir.ANY if self.is_absolute else ChangeDir.INCREASE, value)

    def lt(self, value: float, /) -> MetricZScoreFilter:
        """Watch for z-scores below a number; a `ValueError` if that is not negative.

        Or if the z-score is an absolute one, which is never negative.
        """
        if self.is_absolute:
            raise ValueError("an absolute z-score cannot be compared with `<`")
        if value >= 0:
            raise ValueError(f"expected a negative z-score, got {value}")
        return self._filter(ChangeDir.DECREASE, value)

    def _filter(self, direction: ChangeDir, value: float) -> MetricZScoreFilter:
        return MetricZScoreFilter(
            name=self.name, window=self.window, change_dir=direction, threshold=abs(value)
        )

    def __gt__(self, other: float, /) -> MetricZScoreFilter:
        return self.gt(other)

    def __ge__(self, other: float, /) -> MetricZScoreFilter:
        return self.gt(other)

    def __lt__(self, other: float, /) -> MetricZScoreFilter:
        return self.lt(other)

    def __le__(self, other: float, /) -> MetricZScoreFilter:
        return self.lt(other)

    def __abs__(self) -> "ZScoreMetricOperand":
        return self.model_copy(update={"is_absolute": True})

    def abs(self) -> "ZScoreMetricOperand":
        """Watch the distance in either direction; the same as `abs(...)`."""
        return self.__abs__()
