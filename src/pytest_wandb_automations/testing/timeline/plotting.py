"""The metrics that automations watch, as what a page plots of them.

Windows are not kept value by value: they are played again, when somebody wants to see them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.levels import Level, level_of
from pytest_wandb_automations.rules.windows import finite
from pytest_wandb_automations.testing.timeline.story import Curve, Firing, Line, Plot
from pytest_wandb_automations.testing.timeline.values import as_values, run_of, values_of
from pytest_wandb_automations.world.considering import Opinion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_wandb_automations.rules.metrics import MetricCondition
    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.testing.timeline.veil import Veil
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.world import World

__all__ = ["plots"]

_PLAYED = 50_000
"""How many of a metric's newest values are plotted at most."""

_BUCKETS = 150
"""Of more values than twice these the least and the greatest of each bucket are points."""

_FIRINGS = 50
_CURVES = 4

_Key = tuple[str, str, str]
"""Id of a run, stream and metric."""


class _Watcher(NamedTuple):
    automation: str
    condition: MetricCondition
    semantics: Semantics


@dataclass
class _Series:
    """Values of one metric of one run, and at which of them something fired."""

    run: str
    metric: str
    stream: str
    steps: list[float] = field(default_factory=list[float])
    values: list[object] = field(default_factory=list[object])
    firings: list[tuple[int, Execution]] = field(default_factory=list["tuple[int, Execution]"])

    def add(self, value: object, step: int | None) -> None:
        if step is None:
            step = int(self.steps[-1]) + 1 if self.steps else 0
        self.steps.append(float(step))
        self.values.append(value)


def plots(world: World, veil: Veil, *, limit: int) -> tuple[list[Plot], int]:
    """Return a plot for each metric of each run that an automation watches or fired for.

    Those at which something fired come first; of more than `limit` the others are counted.
    """
    watchers = _watchers(world)
    all_series = _all_series(world, watchers)
    ordered = sorted(all_series.items(), key=lambda item: not item[1].firings)
    drawn = [_plot(series, watchers.get(key, []), veil) for key, series in ordered[:limit]]
    return drawn, len(ordered[limit:])


def _watchers(world: World) -> dict[_Key, list[_Watcher]]:
    found: dict[_Key, list[_Watcher]] = {}
    for trigger in world.automations:
        for (run_id, stream), watch in trigger.watches.items():
            watcher = _Watcher(trigger.name, watch.condition, watch.semantics)
            found.setdefault((run_id, stream, watch.condition.name), []).append(watcher)
    return found


def _all_series(world: World, watchers: Mapping[_Key, object]) -> dict[_Key, _Series]:
    executions = {id(execution.verdict): execution for execution in world.executions}
    fired = {_key_of(each) for each in world.executions if isinstance(each.event, RunMetricLogged)}
    wanted: dict[tuple[str, str], list[str]] = {}
    for run_id, stream, metric in sorted({*watchers, *fired}):
        wanted.setdefault((run_id, stream), []).append(metric)
    found: dict[_Key, _Series] = {}
    for record in (*world.journal.first, *world.journal.newest):
        what = record.what
        for source in as_values(what):
            run, stream = run_of(source)
            for metric in wanted.get((run.id, stream), ()):
                key = (run.id, stream, metric)
                series = found.setdefault(key, _Series(run.path, metric, stream))
                for value, step in values_of(source, metric):
                    series.add(value, step)
        if isinstance(what, Opinion):
            execution = executions.get(id(what.make()))
            if execution is not None and (series := found.get(_key_of(execution))) is not None:
                # A row that fires ends the record that it is in.
                series.firings.append((len(series.values) - 1, execution))
    return {key: series for key, series in found.items() if series.values}


def _key_of(execution: Execution) -> _Key:
    event = execution.event
    if not isinstance(event, RunMetricLogged):
        return ("", "", "")
    return (execution.place.id, event.stream, event.metric)


def _plot(series: _Series, watchers: Sequence[_Watcher], veil: Veil) -> Plot:
    start = max(0, len(series.values) - _PLAYED)
    steps, values = series.steps[start:], series.values[start:]
    numbers = [finite(value) for value in values]
    firings = [(place - start, each) for place, each in series.firings if place >= start]
    firings = firings[-_FIRINGS:]
    shown = _shown(numbers, {place for place, _ in firings})
    return Plot(
        run=veil.line(series.run),
        metric=veil.line(series.metric),
        x="step" if series.stream == "history" else "sample",
        points=_line(steps, numbers, shown),
        values=len(series.values),
        curves=tuple(_curve(each, steps, values, shown, veil) for each in watchers[:_CURVES]),
        firings=tuple(
            Firing(
                automation=veil.line(execution.automation_name),
                step=steps[place],
                value=numbers[place] or 0.0,
                begins=steps[_begin(numbers, place, execution)],
                state=execution.state,
            )
            for place, execution in firings
        ),
    )


def _curve(
    watcher: _Watcher,
    steps: Sequence[float],
    values: Sequence[object],
    shown: Sequence[int],
    veil: Veil,
) -> Curve:
    # Values of other runs, as they were then, are not known any more.
    window = watcher.condition.start(watcher.semantics, peers=tuple)
    levels: list[Level] = []
    for value in values:
        window.observe(value)
        levels.append(level_of(window, watcher.condition))
    numbers = [finite(value) for value in values]
    compared = [
        None if number is None else level.compared
        for number, level in zip(numbers, levels, strict=True)
    ]
    same = all(
        each is None or each == number for each, number in zip(compared, numbers, strict=True)
    )
    count = max((len(level.limits) for level in levels), default=0)
    limits = [
        [level.limits[side] if level.limits else None for level in levels] for side in range(count)
    ]
    return Curve(
        automation=veil.line(watcher.automation),
        condition=veil.line(watcher.condition.describe()),
        compared=() if same else _line(steps, compared, shown),
        limits=tuple(_line(steps, limit, shown) for limit in limits),
    )


def _begin(numbers: Sequence[float | None], end: int, execution: Execution) -> int:
    """Return the place of the oldest value that an execution's automation looked at."""
    left = len(execution.metric.values) if execution.metric else 1
    place = end
    while True:
        left -= numbers[place] is not None
        if left <= 0 or not place:
            return place
        place -= 1


def _shown(numbers: Sequence[float | None], wanted: set[int]) -> list[int]:
    """Choose the places that are plotted: all, or those that give a line its shape."""
    if len(numbers) <= 2 * _BUCKETS:
        return list(range(len(numbers)))
    chosen = {0, len(numbers) - 1, *wanted}
    size = len(numbers) / _BUCKETS
    for bucket in range(_BUCKETS):
        places = range(int(bucket * size), int((bucket + 1) * size))
        known = [place for place in places if numbers[place] is not None]
        chosen.update([place for place in places if numbers[place] is None][:1])
        if known:
            chosen.add(min(known, key=lambda place: numbers[place] or 0.0))
            chosen.add(max(known, key=lambda place: numbers[place] or 0.0))
    return sorted(chosen)


def _line(steps: Sequence[float], numbers: Sequence[float | None], shown: Sequence[int]) -> Line:
    points = [(steps[place], numbers[place]) for place in shown]
    if len({number for _, number in points}) == 1:
        return tuple(dict.fromkeys([points[0], points[-1]]))
    return tuple(points)
