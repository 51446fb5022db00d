"""The summary of a run, row by row.

Filters ask for `summary_metrics.loss` while values arrive. The SDK sends several rows at once, and
with them, or a second later, the summary after the last of them. So that a filter decides alike
however the rows were sent, each brings its own values, as the SDK itself sums them up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["before_rows", "take_row"]

_AGGREGATES = frozenset({"best", "first", "last", "max", "mean", "min"})
"""How `run.define_metric(…, summary=…)` may sum up a metric: `{"loss": {"min": 0.1}}`."""


def take_row(summary: dict[str, Any], row: Mapping[str, Any]) -> None:
    """Let a row bring its values: the newest is the summary, but for metrics defined otherwise.

    `None` is no value; the SDK leaves it out of the summary.
    """
    for name, value in row.items():
        if value is not None:
            known = summary.get(name)
            summary[name] = _after(known, value) if isinstance(known, dict) else value


def before_rows(
    summary: Mapping[str, Any], known: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what a summary was before the rows that it was sent with; `known` is the one before.

    What no row brings, such as what the run's code writes to `run.summary`, is there at once.
    """
    brought: dict[str, Any] = {}
    for row in rows:
        take_row(brought, row)
    return _without(summary, brought, known)


def _after(known: Any, value: Any) -> Any:
    parts, new = _parts(known), _parts(value)
    if parts is None:
        return value
    if new is None:
        return parts if _is_aggregate(parts) else value
    merged = dict(parts)  # a copy: the parts belong to the row that brought them
    for name, part in new.items():
        if part is not None:
            merged[name] = _after(parts.get(name), part)
    return merged


def _without(
    summary: Mapping[str, Any], brought: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in summary.items():
        parts, new, old = _parts(value), _parts(brought.get(name)), known.get(name)
        if name not in brought or (parts and new is None and _is_aggregate(parts)):
            found[name] = value
            continue
        if parts is not None and new is not None:
            old = _without(parts, new, _parts(old) or {})
        if old or name in known:
            found[name] = old
    return found


def _parts(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _is_aggregate(parts: Mapping[str, Any]) -> bool:
    return bool(parts) and _AGGREGATES.issuperset(parts)
