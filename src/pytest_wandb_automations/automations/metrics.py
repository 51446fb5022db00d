"""Conditions on run metrics: a threshold, a change, a z-score, each over a window of values."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)

from .base import JsonEncoded, Model, adopt
from .enums import Agg, ChangeDir, ChangeType, EventType
from .filters import And, Combinable, JsonFilter
from .normal_form import wrap_run_filter

__all__ = [
    "ALL_RUNS",
    "MetricChangeFilter",
    "MetricFilter",
    "MetricThresholdFilter",
    "MetricZScoreFilter",
    "PositiveNumber",
    "RunFilter",
    "RunMetricFilter",
]

PositiveNumber = PositiveInt | PositiveFloat

RunFilter = Annotated[JsonFilter, AfterValidator(wrap_run_filter)]
"""Which runs count: `{"$and": [...]}` as JSON text within the JSON of the event's filter."""

ALL_RUNS = And(exprs=())
"""The `RunFilter` that is always true, in the form that needs no validation as a default."""

_SYMBOLS = {"$eq": "==", "$ne": "!=", "$gt": ">", "$lt": "<", "$gte": ">=", "$lte": "<="}
_OPERATORS = {symbol: operator for operator, symbol in _SYMBOLS.items()}


class MetricFilter(Model):
    """What metric conditions have in common: `&` with a filter on runs."""

    model_config = ConfigDict(extra="forbid")

    name: str
    """Name of the metric."""

    def __and__(self, other: Any) -> "RunMetricFilter":
        run_filter = adopt(other)
        if isinstance(run_filter, Combinable):
            return RunMetricFilter.model_validate({"run": run_filter, "metric": self})
        return NotImplemented

    def __rand__(self, other: Any) -> "RunMetricFilter":
        return self.__and__(other)


def _aggregate_text(name: str, agg: Agg | None) -> str:
    return f"{agg.value}({name})" if agg else name


class MetricThresholdFilter(MetricFilter):
    """Compares a metric, or its aggregate over the newest values, with a number."""

    agg: Annotated[Agg | None, Field(alias="agg_op")] = None
    """How the values of the window become one; `None` for single values."""

    window: Annotated[PositiveInt, Field(alias="window_size")] = 1
    """Number of values to aggregate."""

    cmp: Annotated[Literal["$gte", "$gt", "$lt", "$lte"], Field(alias="cmp_op")]
    """Comparison of the metric (left) with the threshold (right); `">"` is taken for `"$gt"`."""

    threshold: StrictInt | StrictFloat
    """Number to compare with."""

    @field_validator("cmp", mode="before")
    @classmethod
    def _operator_of_symbol(cls, value: Any) -> Any:
        return _OPERATORS.get(value.strip(), value) if isinstance(value, str) else value

    def __repr__(self) -> str:
        return repr(f"{_aggregate_text(self.name, self.agg)} {_SYMBOLS[self.cmp]} {self.threshold}")


class MetricChangeFilter(MetricFilter):
    """Compares the change between two adjoining windows of a metric with a number."""

    agg: Annotated[Agg | None, Field(alias="agg_op")] = None
    """How the values of each window become one; `None` for single values."""

    window: Annotated[PositiveInt, Field(alias="current_window_size")] = 1
    """Number of newest values."""

    cmp: Annotated[None, Field(frozen=True, exclude=True, repr=False)] = None
    """Ignored: the servers compare inclusively, in the direction of `change_dir`."""

    threshold: Annotated[PositiveNumber, Field(alias="change_amount")]
    """Least change, as a difference or a fraction."""

    prior_window: Annotated[PositiveInt, Field(alias="prior_window_size")] = Field(
        default_factory=lambda data: data["window"]
    )
    """Number of values before those; as many as `window` if left out."""

    change_type: ChangeType
    """Whether the change is a difference or a fraction."""

    change_dir: ChangeDir
    """Which direction counts."""

    def __repr__(self) -> str:
        direction = self.change_dir
        verb = "changes" if direction is ChangeDir.ANY else f"{direction.value.lower()}s"
        amount = format(self.threshold, ".2%" if self.change_type is ChangeType.REL else "")
        return repr(f"{_aggregate_text(self.name, self.agg)} {verb} {amount}")


class MetricZScoreFilter(MetricFilter):
    """Compares how many standard deviations the newest value lies from a mean with a number."""

    window: Annotated[PositiveInt, Field(alias="window_size")] = 30
    """Number of values that mean and deviation are taken of."""

    threshold: PositiveNumber = 3.0
    """Least distance, in standard deviations."""

    change_dir: ChangeDir = ChangeDir.ANY
    """Which direction counts."""

    def __repr__(self) -> str:
        score = f"zscore({self.name!r})"
        if self.change_dir is ChangeDir.ANY:
            return repr(f"abs({score}) > {self.threshold}")
        sign = "> +" if self.change_dir is ChangeDir.INCREASE else "< -"
        return repr(f"{score} {sign}{self.threshold}")


def _fits(value: Any, *models: type[MetricFilter]) -> bool:
    if isinstance(value, dict) and "name" not in value:  # spares nearly all of the attempts
        return False
    return any(model.__pydantic_validator__.isinstance_python(value) for model in models)


class _ThresholdChoice(Model):
    event_type: Annotated[
        Literal[EventType.RUN_METRIC_THRESHOLD], Field(exclude=True, repr=False)
    ] = EventType.RUN_METRIC_THRESHOLD
    threshold_filter: MetricThresholdFilter

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        return {"threshold_filter": value} if _fits(value, MetricThresholdFilter) else value


class _ChangeChoice(Model):
    event_type: Annotated[Literal[EventType.RUN_METRIC_CHANGE], Field(exclude=True, repr=False)] = (
        EventType.RUN_METRIC_CHANGE
    )
    change_filter: MetricChangeFilter

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        return {"change_filter": value} if _fits(value, MetricChangeFilter) else value


class _ZScoreChoice(Model):
    event_type: Annotated[Literal[EventType.RUN_METRIC_ZSCORE], Field(exclude=True, repr=False)] = (
        EventType.RUN_METRIC_ZSCORE
    )
    zscore_filter: MetricZScoreFilter

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        return {"zscore_filter": value} if _fits(value, MetricZScoreFilter) else value


class RunMetricFilter(Model):
    """The filter of a run metric event: which runs, and what has to happen to which metric.

    A metric condition alone is taken for one about all runs.
    """

    run: Annotated[RunFilter, Field(alias="run_filter", validate_default=False)] = ALL_RUNS
    """Which runs count; all by default."""

    metric: Annotated[
        _ThresholdChoice | _ChangeChoice | _ZScoreChoice,
        BeforeValidator(adopt),
        Field(alias="run_metric_filter"),
    ]
    """The condition, within `threshold_filter`, `change_filter` or `zscore_filter`."""

    legacy_metric_filter: Annotated[
        JsonEncoded[MetricThresholdFilter] | None, Field(alias="metric_filter", deprecated=True)
    ] = None
    """Where old automations keep a threshold condition."""

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, value: Any) -> Any:
        ours = adopt(value)
        if _fits(ours, MetricThresholdFilter, MetricChangeFilter, MetricZScoreFilter):
            return {"metric": ours}
        return ours
