"""Logged values in words: `run acme/llm/ab12 logs loss ×412 (0.9 → 0.31) at steps 0 to 411`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.metrics import flatten_metrics
from pytest_wandb_automations.rules.wording import shown
from pytest_wandb_automations.world.happenings import Happening
from pytest_wandb_automations.world.journal import Logged
from pytest_wandb_automations.world.plain import plain
from pytest_wandb_automations.world.rows import Stream, logged_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_wandb_automations.world.runs import Run

__all__ = ["as_values", "describe_values", "each_value", "logs", "run_of", "values_of"]

Source = Happening | Logged
"""Rows that a run logged, or one value that a test injected."""

_COUNTED = 10_000
"""Of more rows than these it is not counted how often each metric is in them."""

_METRICS = 6
_RUNS = 5


@dataclass
class _Tally:
    count: int = 0
    first: object = None
    last: object = None

    def add(self, value: object) -> None:
        self.first = self.first if self.count else value
        self.last = value
        self.count += 1

    def __str__(self) -> str:
        if self.count == 1:
            return f"= {shown(self.first)}"
        return f"×{self.count} ({shown(self.first)} → {shown(self.last)})"


@dataclass
class _OfRun:
    metrics: dict[str, _Tally] = field(default_factory=dict[str, _Tally])
    steps: list[int] = field(default_factory=list[int])


def as_values(what: object) -> tuple[Source, ...]:
    """Return a record of a journal if it is of logged values, else nothing."""
    if isinstance(what, Logged):
        return (what,)
    if isinstance(what, Happening) and isinstance(what.event, RunMetricLogged):
        return (what,)
    return ()


def run_of(source: Source) -> tuple[Run, Stream]:
    """Return whose values they are, and whether they are of the history or of the system."""
    if isinstance(source, Logged):
        return source.run, source.stream
    return cast("Run", source.place), cast("RunMetricLogged", source.event).stream


def describe_values(sources: Sequence[Source]) -> str:
    """Write what was logged while nothing else happened, run by run."""
    rows = sum(len(source.own) for source in sources if isinstance(source, Logged))
    if rows > _COUNTED:
        runs = {source.run.path for source in sources if isinstance(source, Logged)}
        names = dict.fromkeys(metric for _, _, metric in logs(sources))
        return f"{_runs(list(runs))} {rows} rows of {_listed(list(names), _METRICS, 'metric')}"
    tallies: dict[str, _OfRun] = {}
    for run, stream, metric, value, step in each_value(sources):
        of_run = tallies.setdefault(run.path, _OfRun())
        name = f"system metric {metric}" if stream == "system" else metric
        of_run.metrics.setdefault(name, _Tally()).add(value)
        if step is not None:
            of_run.steps.append(step)
    if not tallies:
        runs = dict.fromkeys(source.run.path for source in sources if isinstance(source, Logged))
        return f"{_runs(list(runs))} no values"
    told = [f"{run} logs {_metrics(of_run)}" for run, of_run in tallies.items()]
    return f"run {_listed(told, _RUNS, 'run', '; run ')}"


def logs(sources: Iterable[Source]) -> Iterator[tuple[Run, Stream, str]]:
    """Yield the metrics that there are in rows, looking at the first and the last of many."""
    for source in sources:
        if isinstance(source, Logged):
            rows = source.own
            ends = rows if len(rows) <= _COUNTED else [rows[0], rows[-1]]
            names = {name: None for row in ends for name, _ in logged_values(row, source.stream)}
            for name in names:
                yield source.run, source.stream, name
        else:
            event = cast("RunMetricLogged", source.event)
            for name, _ in _injected(event):
                yield cast("Run", source.place), event.stream, name


def each_value(
    sources: Iterable[Source],
) -> Iterator[tuple[Run, Stream, str, Any, int | None]]:
    """Yield each value with its run, its metric and its step, in the order of logging."""
    for source in sources:
        if isinstance(source, Logged):
            for row in source.own:
                for name, value in logged_values(row, source.stream):
                    yield source.run, source.stream, name, value, row.get("_step")
        else:
            event = cast("RunMetricLogged", source.event)
            run = cast("Run", source.place)
            for name, value in _injected(event):
                yield run, event.stream, name, value, event.step


def values_of(source: Source, metric: str) -> Iterator[tuple[Any, int | None]]:
    """Yield the values of one metric and their steps; of very many rows this is the quick way."""
    if isinstance(source, Logged):
        key = metric if source.stream == "history" else f"system.{metric}"
        for row in source.own:
            if key in row:
                if not isinstance(row[key], dict):  # of others, or media
                    yield row[key], row.get("_step")
            elif "." in metric:
                leaves = logged_values(row, source.stream)
                yield from ((leaf, row.get("_step")) for name, leaf in leaves if name == metric)
    else:
        event = cast("RunMetricLogged", source.event)
        yield from ((value, event.step) for name, value in _injected(event) if name == metric)


def _injected(event: RunMetricLogged) -> Iterator[tuple[str, Any]]:
    return flatten_metrics({event.metric: plain(event.value)})


def _metrics(of_run: _OfRun) -> str:
    told = [f"{name} {tally}" for name, tally in of_run.metrics.items()]
    text = _listed(told, _METRICS, "metric")
    if not of_run.steps:
        return text
    low, high = min(of_run.steps), max(of_run.steps)
    return f"{text} at step {low}" if low == high else f"{text} at steps {low} to {high}"


def _runs(paths: Sequence[str]) -> str:
    return f"run {paths[0]} logs" if len(paths) == 1 else f"{len(paths)} runs log"


def _listed(items: Sequence[str], limit: int, what: str, joint: str = ", ") -> str:
    more = len(items) - limit
    shown_items = list(items[:limit])
    if more > 0:
        shown_items.append(f"and {more} more {what}{'' if more == 1 else 's'}")
    return joint.join(shown_items)
