"""`filters`: what an event's filter can ask, in all the ways it can be asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from pytest_wandb_automations.automations import EventType, RunEvent
from pytest_wandb_automations.automations.filters import (
    All,
    And,
    Contains,
    Eq,
    Exists,
    FilterExpr,
    Gt,
    Gte,
    In,
    Lt,
    Lte,
    Ne,
    Nor,
    Not,
    NotIn,
    Or,
    Regex,
    Size,
)
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.rules.fields import field_names
from pytest_wandb_automations.strategies.words import aliases, metrics, numbers, tags, texts
from pytest_wandb_automations.testing.factories.conditions import assignable_event
from pytest_wandb_automations.testing.words import ALIASES, TAGS

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["filters"]

_RUN_WORDS = ("train", "eval", "sweep")


def filters(event_type: EventType | str, *, max_leaves: int = 5) -> SearchStrategy[Any]:
    """Draw what the `filter` of an event can be, as objects of the vocabulary.

    `event_type` is an `EventType` or its name. Artifact events get conditions on aliases and tags,
    run events a condition on a metric or the state, with or without one on the run. `max_leaves` is
    how many conditions `&`, `|` and `~` put together at most. Examples shrink to one condition.
    """
    event_type = assignable_event(event_type)
    if max_leaves < 1:
        raise InvalidInput(f"filters: expected max_leaves from 1 on, got {max_leaves}")
    fields = st.one_of([_conditions(name) for name in field_names(event_type)])
    combined = st.recursive(fields, _combined, max_leaves=max_leaves)
    if event_type is EventType.RUN_STATE:
        return _of_runs(_states(), combined)
    if event_type in _METRIC_CONDITIONS:
        return _of_runs(_METRIC_CONDITIONS[event_type], combined)
    return combined


def _combined(inner: SearchStrategy[Any]) -> SearchStrategy[Any]:
    members = st.lists(inner, min_size=1, max_size=3).map(tuple)
    groups = [st.builds(group, exprs=members) for group in (And, Or, Nor)]
    return st.one_of(st.builds(Not, expr=inner), *groups)


def _of_runs(conditions: SearchStrategy[Any], runs: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(conditions, st.builds(_among, conditions, runs))


def _conditions(field: str) -> SearchStrategy[FilterExpr]:
    """Draw conditions on one field; those to shrink to come first and take the fewest choices."""
    names = st.just(field)
    if field == "config.*":
        names = st.sampled_from(["config.lr", "config.model.size", "config.epochs"])
    elif field == "summary_metrics.*":
        names = metrics().map("summary_metrics.{}".format)
    if field.endswith("*"):
        orders = [st.builds(operator, val=numbers()) for operator in (Gt, Gte, Lt, Lte)]
        values = st.one_of(numbers(), texts(), st.booleans())
        operators = [st.just(Eq(val=0)), *_comparisons(values), *orders]
    else:
        known, any_text = _TEXTS.get(field, (_RUN_WORDS, texts()))
        operators = [st.sampled_from(known).map(_equal), *_comparisons(any_text)]
        operators += _searches(any_text)
        if field in _TEXTS:
            operators += _lists(any_text)
    presence = st.builds(Exists, val=st.booleans())
    return st.builds(_condition, names, st.one_of(*operators, presence))


def _comparisons(values: SearchStrategy[Any]) -> list[SearchStrategy[Any]]:
    several = st.lists(values, min_size=1, max_size=3).map(tuple)
    one = [st.builds(operator, val=values) for operator in (Eq, Ne)]
    return [*one, st.builds(In, val=several), st.builds(NotIn, val=several)]


def _searches(values: SearchStrategy[str]) -> list[SearchStrategy[Any]]:
    patterns = st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "^"]),
        st.one_of(values.map(re.escape), st.sampled_from([".*", "v[0-9]+", "(eu|us)"])),
        st.sampled_from(["", "$"]),
    )
    return [st.builds(Contains, val=values), st.builds(Regex, val=patterns)]


def _lists(values: SearchStrategy[str]) -> list[SearchStrategy[Any]]:
    several = st.lists(values, min_size=1, max_size=3).map(tuple)
    return [st.builds(All, val=several), st.builds(Size, val=st.integers(0, 5))]


_TEXTS: dict[str, tuple[tuple[str, ...], SearchStrategy[str]]] = {
    "alias": (ALIASES, aliases()),
    "tag": (TAGS, tags()),
    "tags": (TAGS, tags()),
}
"""Fields of which there may be several values, with values that are usual and any that can be."""


def _among(condition: Any, runs: Any) -> Any:
    return condition & runs


def _condition(field: str, op: Any) -> FilterExpr:
    return FilterExpr(field=field, op=op)


def _equal(value: str) -> Eq:
    return Eq(val=value)


def _states() -> SearchStrategy[Any]:
    states = st.sampled_from(["finished", "failed", "running"])
    return st.lists(states, min_size=1, max_size=3, unique=True).map(RunEvent.state.in_)


def _aggregate(name: str, how: str, window: int) -> Any:
    return getattr(RunEvent.metric(name), how)(window)


def _threshold(operand: Any, how: str, number: float) -> Any:
    return getattr(operand, how)(number)


def _change(operand: Any, how: str, kind: str, amount: float) -> Any:
    return getattr(operand, how)(**{kind: amount})


def _zscore(name: str, window: int, how: str, amount: float) -> Any:
    score = RunEvent.metric(name).zscore(window)
    if how == "falls":
        return score.lt(-amount)
    return score.gt(amount) if how == "rises" else score.abs().gt(amount)


_WINDOWS = st.integers(1, 100)
_AMOUNTS = st.one_of(st.integers(1, 10**6), st.floats(1e-6, 1e6))
_OPERANDS = st.one_of(
    metrics().map(RunEvent.metric),
    st.builds(_aggregate, metrics(), st.sampled_from(["avg", "max", "min"]), _WINDOWS),
)

_METRIC_CONDITIONS: dict[EventType, SearchStrategy[Any]] = {
    EventType.RUN_METRIC_THRESHOLD: st.builds(
        _threshold, _OPERANDS, st.sampled_from(["gt", "gte", "lt", "lte"]), numbers()
    ),
    EventType.RUN_METRIC_CHANGE: st.builds(
        _change,
        _OPERANDS,
        st.sampled_from(["increases_by", "decreases_by", "changes_by"]),
        st.sampled_from(["diff", "frac"]),
        _AMOUNTS,
    ),
    EventType.RUN_METRIC_ZSCORE: st.builds(
        _zscore, metrics(), _WINDOWS, st.sampled_from(["rises", "falls", "moves"]), _AMOUNTS
    ),
}
