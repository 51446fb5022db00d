"""Metric conditions: `avg(loss, 5) > 3` and its kin, read from the wire form of W&B's filters.

A condition is what an automation says; the windows of `windows` and `zscores` are what it remembers
of each run. Members, defaults and inclusive comparisons are those of the SDK's
`automations/_run_metric_filters.py`; `Semantics` decides what W&B's documents leave open.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, cast

from typing_extensions import override

from pytest_wandb_automations.errors import InvalidFilter
from pytest_wandb_automations.rules.limits import Limit
from pytest_wandb_automations.rules.windows import (
    COMPARISONS,
    ChangeWindow,
    MetricWindow,
    ThresholdWindow,
)
from pytest_wandb_automations.rules.wire import Record
from pytest_wandb_automations.rules.wording import one_of
from pytest_wandb_automations.rules.zscores import Peers, ZScoreWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_wandb_automations.semantics import Semantics

__all__ = [
    "CONDITIONS",
    "Change",
    "MetricCondition",
    "Threshold",
    "ZScore",
    "compile_metric",
    "flatten_metrics",
]

_AGGREGATES: Final = {"MAX": "max", "MIN": "min", "AVERAGE": "avg"}
_DIRECTIONS: Final = {"INCREASE": "increases", "DECREASE": "decreases", "ANY": "changes"}
_MEASURES: Final[dict[str, Literal["value", "drop", "size"]]] = {
    "INCREASE": "value",
    "DECREASE": "drop",
    "ANY": "size",
}
_SYMBOLS: Final = {"$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<=", "$eq": "=", "$ne": "≠"}


@dataclass(frozen=True)
class MetricCondition(ABC):
    """What must be so of a run's logged values for an automation to fire."""

    name: str
    """Name of the metric; a nested one has dots (`val.loss`)."""

    @property
    @abstractmethod
    def limit(self) -> Limit:
        """What the condition compares with, and the words around it."""

    @property
    @abstractmethod
    def reach(self) -> int:
        """How many of the newest numbers decide, with full windows, whether it holds at one."""

    def describe(self) -> str:
        """Write the condition for people: `avg(loss, 5) > 3`."""
        return self.limit.asked()

    @abstractmethod
    def start(self, semantics: Semantics, *, peers: Peers | None = None) -> MetricWindow:
        """Begin to observe one run.

        `peers` yields the newest value of the metric in each other run of the project, the run
        that logged last first. Only z-scores with `zscore_source="project"` need it.
        """


@dataclass(frozen=True)
class Threshold(MetricCondition):
    """A value, or an aggregate of the newest ones, against a fixed threshold."""

    agg: str | None
    """`MAX`, `MIN`, `AVERAGE`, or `None` for the newest value alone."""

    window: int
    """Size of the window; of no effect without an aggregate."""

    cmp: str
    """`$gt`, `$gte`, `$lt`, `$lte`, `$eq` or `$ne`, with the threshold on its right."""

    threshold: float

    @property
    @override
    def limit(self) -> Limit:
        """The threshold: `avg(loss, 5) > 3`."""
        before, after = _aggregate(self.agg, self.window)
        return Limit(self.threshold, before, self.name, f"{after} {_SYMBOLS[self.cmp]} ")

    @property
    @override
    def reach(self) -> int:
        """The window."""
        return self.window if self.agg else 1

    @override
    def start(self, semantics: Semantics, *, peers: Peers | None = None) -> ThresholdWindow:
        """Begin to observe one run."""
        return ThresholdWindow(self, semantics)


@dataclass(frozen=True)
class Change(MetricCondition):
    """An aggregate of the newest values against the same of those just before them."""

    agg: str | None
    """`MAX`, `MIN`, `AVERAGE`, or `None` to compare the newest value with the one before."""

    window: int
    """Size of the current window; of no effect without an aggregate."""

    prior_window: int
    """Size of the window before it; of no effect without an aggregate."""

    relative: bool
    """Whether `amount` is a fraction of the prior aggregate's size instead of a difference."""

    direction: str
    """`INCREASE`, `DECREASE` or `ANY`."""

    amount: float
    """Least change at which the condition holds; above 0."""

    @property
    @override
    def limit(self) -> Limit:
        """The least change: `avg(loss, 10 after 50) increases by at least 10%`."""
        before, after = _aggregate(self.agg, f"{self.window} after {self.prior_window}")
        return Limit(
            self.amount,
            before,
            self.name,
            f"{after} {_DIRECTIONS[self.direction]} by at least ",
            measure=_MEASURES[self.direction],
            percent=self.relative,
        )

    @property
    @override
    def reach(self) -> int:
        """Both windows."""
        return self.window + self.prior_window if self.agg else 2

    @override
    def start(self, semantics: Semantics, *, peers: Peers | None = None) -> ChangeWindow:
        """Begin to observe one run."""
        return ChangeWindow(self, semantics)


@dataclass(frozen=True)
class ZScore(MetricCondition):
    """A value's distance from the mean of others, in standard deviations."""

    window: int
    """How many others."""

    threshold: float
    """Least distance at which the condition holds; above 0."""

    direction: str
    """`INCREASE` for values above the mean, `DECREASE` for values below, `ANY` for both."""

    @property
    @override
    def limit(self) -> Limit:
        """The least distance: `abs(zscore(loss, 30)) >= 2`."""
        name, after = self.name, f", {self.window})"
        if self.direction == "ANY":
            return Limit(self.threshold, "abs(zscore(", name, f"{after}) >= ", measure="size")
        if self.direction == "INCREASE":
            return Limit(self.threshold, "zscore(", name, f"{after} >= ")
        return Limit(-self.threshold, "zscore(", name, f"{after} <= ")

    @property
    @override
    def reach(self) -> int:
        """The value and the window that it is measured against."""
        return self.window + 1

    @override
    def start(self, semantics: Semantics, *, peers: Peers | None = None) -> ZScoreWindow:
        """Begin to observe one run. Raises `TypeError` if `peers` are needed and not given."""
        if semantics.zscore_source == "run":
            return ZScoreWindow(self, semantics, None)
        if peers is None:
            raise TypeError("zscore_source='project' needs the other runs' values: give `peers`")
        return ZScoreWindow(self, semantics, peers)


def _threshold(source: object, path: str) -> Threshold:
    members = ("name", "agg_op", "window_size", "cmp_op", "threshold")
    record = Record(source, path, members)
    return Threshold(
        name=record.text("name"),
        agg=_agg(record),
        window=record.size("window_size", 1),
        cmp=record.choice("cmp_op", COMPARISONS),
        threshold=record.number("threshold"),
    )


def _change(source: object, path: str) -> Change:
    members = (
        "name",
        "agg_op",
        "current_window_size",
        "prior_window_size",
        "change_type",
        "change_dir",
        "change_amount",
    )
    record = Record(source, path, members)
    window = record.size("current_window_size", 1)
    return Change(
        name=record.text("name"),
        agg=_agg(record),
        window=window,
        prior_window=record.size("prior_window_size", window),
        relative=record.choice("change_type", ("ABSOLUTE", "RELATIVE")) == "RELATIVE",
        direction=record.choice("change_dir", _DIRECTIONS),
        amount=record.number("change_amount", positive=True),
    )


def _zscore(source: object, path: str) -> ZScore:
    record = Record(source, path, ("name", "window_size", "threshold", "change_dir"))
    return ZScore(
        name=record.text("name"),
        window=record.size("window_size", 30),
        threshold=record.number("threshold", 3.0, positive=True),
        direction=record.choice("change_dir", _DIRECTIONS, "ANY"),
    )


CONDITIONS: Final[Mapping[str, Callable[[object, str], MetricCondition]]] = {
    "threshold_filter": _threshold,
    "change_filter": _change,
    "zscore_filter": _zscore,
}
"""Readers of the kinds of metric filter, by the member of `run_metric_filter` that holds them."""


def compile_metric(source: object, *, where: str = "") -> MetricCondition:
    """Read a metric condition: an object with one of the members of `CONDITIONS`.

    `where` is the path at which it stands, for messages. Raises `InvalidFilter` for anything that
    is no such condition, with the path to it.
    """
    record = Record(source, where, CONDITIONS)
    kinds = [kind for kind in CONDITIONS if kind in record]
    if len(kinds) != 1:
        problem = f"expected one of {one_of(CONDITIONS)}, got {' and '.join(kinds) or 'none'}"
        raise InvalidFilter(where, problem)
    (kind,) = kinds
    return CONDITIONS[kind](record[kind], record.path_of(kind))


def flatten_metrics(row: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield name and value of each metric in a logged row; `{"val": {"loss": 1}}` is `val.loss`."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            for below, leaf in flatten_metrics(cast("Mapping[str, object]", value)):
                yield f"{name}.{below}", leaf
        else:
            yield name, value


def _agg(record: Record) -> str | None:
    return record.choice("agg_op", _AGGREGATES) if "agg_op" in record else None


def _aggregate(agg: str | None, window: object) -> tuple[str, str]:
    """Return what stands before and after the name of a metric: `avg(` and `, 5)`."""
    return (f"{_AGGREGATES[agg]}(", f", {window})") if agg else ("", "")
