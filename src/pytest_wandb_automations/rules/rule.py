"""`compile_rule`: an automation's event filter, as it is on the wire, made ready to be asked.

Shapes, from the SDK's `events.py`:

* events of artifacts and collections: `{"$or": [{"$and": [...]}]}`, or wrapped as W&B returns it
  from saved automations, `{"filter": "<JSON>"}`;
* run metrics: `{"run_filter": "<JSON>", "run_metric_filter": {"threshold_filter": {...}}}`, or the
  older `{"run_filter": "<JSON>", "metric_filter": "<JSON of a threshold filter>"}`;
* run states: `{"run_filter": "<JSON>", "run_state_filter": {"states": ["FAILED"]}}`.

JSON that stands in a string may stand there as an object, too. A `run_filter` that is left out or
null lets every run pass, as `{}` does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, cast

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.errors import InvalidFilter, InvalidInput
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.comparisons import ARRAYS
from pytest_wandb_automations.rules.fields import FILTER_FIELDS, field_names
from pytest_wandb_automations.rules.filters import Filter, Lookup, compile_filter
from pytest_wandb_automations.rules.metrics import CONDITIONS, MetricCondition, compile_metric
from pytest_wandb_automations.rules.states import COARSE_STATES, coarse_state
from pytest_wandb_automations.rules.wire import Record, parse_json
from pytest_wandb_automations.rules.wording import nearest, one_of, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rule", "compile_rule", "stored_rule"]

_METRIC_KINDS: Final = {
    EventType.RUN_METRIC_THRESHOLD: "threshold_filter",
    EventType.RUN_METRIC_CHANGE: "change_filter",
    EventType.RUN_METRIC_ZSCORE: "zscore_filter",
}

_CACHE_SIZE = 4096
"""Distinct filters kept compiled, some kilobytes each; many automations share few filters."""


@dataclass(frozen=True)
class Rule:
    """What must be so for an automation to fire at an event of its type."""

    event_type: EventType

    filter: Filter
    """Conditions on the fields of `rules.fields`: of the version or collection, or of the run."""

    metric: MetricCondition | None = None
    """Condition on the run's logged values; run metric events have it."""

    states: frozenset[str] | None = None
    """`RUNNING`, `FINISHED`, `FAILED`: those to wait for; run state events have them."""

    text: str = ""
    """The event filter as JSON text, without the `{"filter": ...}` that it may have come in."""

    ignore_case: bool = False
    """Whether its regular expressions do so."""

    def means(self, other: Rule) -> bool:
        """Whether another rule asks the same, however its JSON was written."""
        return self._meaning == other._meaning

    @property
    def _meaning(self) -> tuple[object, ...]:
        # As text: to Python 1 is True, to JSON it is not.
        source = json.dumps(self.filter.source, sort_keys=True)
        return (self.event_type, source, self.metric, self.states, self.ignore_case)

    @property
    def run_filter(self) -> Filter:
        """The filter under the name that it has for run events."""
        return self.filter

    def explain(self, lookup: Lookup) -> Clause:
        """Ask the filter of an event's fields, or of a run's attributes.

        Metric conditions are explained by their windows, states by `explain_state`.
        """
        return self.filter.explain(lookup)

    def explain_state(self, state: str) -> Clause:
        """Ask whether a run's new state (`crashed`) is one to wait for (`FAILED`)."""
        if self.states is None:
            raise TypeError(f"{self.event_type.value} rules do not look at states")
        coarse = coarse_state(state)
        note = "" if coarse else "automations do not see this state"
        if coarse and coarse != state.upper():
            note = f"counts as {coarse}"
        return Clause("state", _states(self.states), state, coarse in self.states, note=note)

    def describe(self) -> str:
        """Write the rule for people: `RUN_METRIC: avg(loss, 5) > 3 where display_name = 'a'`."""
        parts = [self.event_type.value]
        if self.metric is not None:
            parts[0] += f": {self.metric.describe()}"
        if self.states is not None:
            parts[0] += f": {_states(self.states)}"
        condition = self.filter.describe()
        return f"{parts[0]} where {condition}" if condition else parts[0]


def compile_rule(
    event_type: EventType,
    event_filter: str | Mapping[str, object],
    *,
    ignore_case: bool = False,
) -> Rule:
    """Compile an automation's event filter, given as JSON text or as parsed JSON.

    With `ignore_case` its regular expressions do so. Rules cannot change, and are cached.

    Raises `InvalidFilter`, with the path to it, for what W&B could not save, and `InvalidInput` for
    types of events whose filters are not known.
    """
    if not isinstance(event_filter, str):
        try:
            event_filter = json.dumps(event_filter)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidFilter("", f"not JSON: {error}") from None
    return _compile(event_type, event_filter, ignore_case)


def stored_rule(event_type: EventType, event_filter: str) -> Rule:
    """Return the rule of an event that never happens here, whose filter has an unknown form.

    It can be shown and described, and is never asked. Raises `InvalidFilter` for what is no JSON.
    """
    parse_json(event_filter, "")
    return Rule(event_type, compile_filter({}, fields=()), text=event_filter)


@lru_cache(maxsize=_CACHE_SIZE)
def _compile(event_type: EventType, text: str, ignore_case: bool) -> Rule:
    if event_type not in FILTER_FIELDS:
        raise InvalidInput(f"the filter of {event_type.value} events is not known")
    source = parse_json(text, "")
    if event_type in _METRIC_KINDS:
        record = Record(source, "", ("run_filter", "run_metric_filter", "metric_filter"))
        metric = _metric(record, _METRIC_KINDS[event_type], event_type)
        runs = _run_filter(record, event_type, ignore_case)
        return Rule(event_type, runs, metric=metric, text=text, ignore_case=ignore_case)
    if event_type is EventType.RUN_STATE:
        record = Record(source, "", ("run_filter", "run_state_filter"))
        states = _wanted_states(record)
        runs = _run_filter(record, event_type, ignore_case)
        return Rule(event_type, runs, states=states, text=text, ignore_case=ignore_case)
    where = ""
    if isinstance(source, dict) and source.keys() == {"filter"}:
        where = "filter"
        source = cast("dict[str, object]", source)[where]
        text = source if isinstance(source, str) else json.dumps(source)
        source = _embedded(source, where)
    fields = field_names(event_type)
    compiled = compile_filter(
        cast("object", source), fields=fields, where=where, ignore_case=ignore_case
    )
    return Rule(event_type, compiled, text=text, ignore_case=ignore_case)


def _run_filter(record: Record, event_type: EventType, ignore_case: bool) -> Filter:
    given = "run_filter" in record
    source: object = _embedded(record["run_filter"], "run_filter") if given else {}
    return compile_filter(
        source, fields=field_names(event_type), where="run_filter", ignore_case=ignore_case
    )


def _metric(record: Record, wanted: str, event_type: EventType) -> MetricCondition:
    name, older = "run_metric_filter", None
    if "metric_filter" in record:
        # Where the newer member stands, too, the older one does not count, but must make sense.
        source = _embedded(record["metric_filter"], "metric_filter")
        older = CONDITIONS["threshold_filter"](source, "metric_filter")
    if name not in record:
        if older is None:
            record.refuse(name, f"missing; {event_type.value} events need its {wanted}")
        if wanted != "threshold_filter":
            record.refuse("metric_filter", f"holds thresholds, {event_type.value} needs {wanted}")
        return older
    source = record[name]
    kinds = Record(source, name, CONDITIONS)
    for kind in CONDITIONS:
        if kind in kinds and kind != wanted:
            kinds.refuse(kind, f"{event_type.value} events need a {wanted}")
    return compile_metric(source, where=name)


def _wanted_states(record: Record) -> frozenset[str]:
    if "run_state_filter" not in record:
        record.refuse("run_state_filter", "missing; RUN_STATE events need its states")
    inner = Record(record["run_state_filter"], "run_state_filter", ("states",))
    states = inner.get("states")
    if not states or not isinstance(states, ARRAYS):
        inner.refuse("states", f"expected an array of states, got {shown(states)}")
    for index, state in enumerate(cast("list[object]", states)):
        if state not in COARSE_STATES:
            problem = f"expected {one_of(COARSE_STATES)}, got {shown(state)}{_state_hint(state)}"
            inner.refuse(f"states[{index}]", problem)
    return frozenset(cast("list[str]", states))


def _state_hint(state: object) -> str:
    upper = state.upper() if isinstance(state, str) else ""
    if upper == "CRASHED":
        return "; FAILED covers it"
    if upper == "KILLED":
        return "; killed runs never fire automations"
    if upper in COARSE_STATES:
        return f"; states are in upper case: '{upper}'"
    return nearest(state, COARSE_STATES)


def _embedded(value: object, path: str) -> object:
    return parse_json(value, path) if isinstance(value, str) else value


def _states(states: frozenset[str]) -> str:
    return one_of(state for state in COARSE_STATES if state in states)
