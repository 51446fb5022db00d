"""Metric automations and the runs they watch: one window for each pair, fed value by value.

This is the hot path of a logged value: it looks up who watches this metric of this run, lets each
window take the value in, and makes an event and a verdict only where a condition holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.variables import MetricFacts
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.rules.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.runs import Run, Stream
    from pytest_wandb_automations.world.world import World

__all__ = ["MetricWatch", "Metrics"]

_COOLDOWN = "cooldown"


class MetricWatch:
    """One metric automation looking at one run."""

    __slots__ = ("_world", "held_back", "last", "rule", "run", "semantics", "trigger", "window")

    def __init__(self, world: World, trigger: Trigger, run: Run) -> None:
        condition = trigger.rule.metric
        assert condition is not None
        self._world = world
        self.trigger = trigger
        self.rule = trigger.rule
        self.run = run
        self.held_back: str | None = None
        self.last: tuple[Any, int | None, Stream, str | None] = (None, None, "history", None)
        """Value, step, stream and author of the newest value."""
        self.semantics: Semantics = world.semantics
        """What the window was begun under."""
        self.window = condition.start(world.semantics, peers=self._peers)

    @property
    def cooling(self) -> bool:
        """Whether it fired for this run within the hours in which it may do so once."""
        last = self.trigger.last_fired.get(self.run.id)
        cooldown = timedelta(hours=self._world.semantics.metric_cooldown_hours)
        return last is not None and self._world.clock.now() - last < cooldown

    @property
    def verdict(self) -> Verdict:
        """What the automation makes of the newest value."""
        trigger, run = self.trigger, self.run
        assert self.rule.metric is not None
        clauses = (
            Clause("enabled", held=trigger.enabled),
            Clause("scope", f"in {trigger.scope.path}", run.project.path),
            self.rule.run_filter.explain(run.lookup),
            self.window.explain(),
            self._cooldown(),
        )
        return Verdict(trigger.name, run.metric_event(self.rule.metric.name, *self.last), clauses)

    def _peers(self) -> Iterable[object]:
        """Return the newest value of each other run, that of the run that logged last first."""
        assert self.rule.metric is not None
        name = self.rule.metric.name
        others = [run for run in self.run.project.runs.values() if run is not self.run]
        others.sort(key=lambda run: run.last_observed, reverse=True)
        return (run.series[name][-1] for run in others if name in run.series)

    def _cooldown(self) -> Clause:
        hours = self._world.semantics.metric_cooldown_hours
        last = self.trigger.last_fired.get(self.run.id)
        asked = f"not fired for this run in {hours:g} h"
        if last is None:
            return Clause(_COOLDOWN, asked)
        return Clause(_COOLDOWN, asked, f"{last:%Y-%m-%d %H:%M:%S}", not self.cooling)


class Metrics:
    """Feeds logged values to the windows of the automations that watch them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._observed = 0

    def observe(
        self,
        run: Run,
        metric: str,
        value: Any,
        step: int | None,
        stream: Stream,
        author: str | None = None,
    ) -> list[Execution]:
        """Take in one logged value; return the executions that it caused."""
        self._observed += 1
        run.last_observed = self._observed
        if run.watches_version != self._world.automations.version:
            run.watches_version = self._world.automations.version
            run.watches.clear()
        watches = run.watches.get(metric)
        if watches is None:
            watches = run.watches[metric] = self._watches(run, metric)
        caused: list[Execution] = []
        for watch in watches:
            watch.last = (value, step, stream, author)
            if watch.window.observe(value):
                caused += self._held(watch)
        run.series.setdefault(metric, []).append(value)
        return caused

    def _watches(self, run: Run, metric: str) -> list[MetricWatch]:
        watches: list[MetricWatch] = []
        listening = self._world.automations.listening
        for trigger in listening(RunMetricLogged.event_types, run.scope_ids, metric):
            watch = trigger.watches.get(run.id)
            if watch is None or watch.semantics is not self._world.semantics:
                watch = trigger.watches[run.id] = self._start(trigger, run, metric)
            watches.append(watch)
        return watches

    def _start(self, trigger: Trigger, run: Run, metric: str) -> MetricWatch:
        watch = MetricWatch(self._world, trigger, run)
        # The window is of the most recently logged values, also of those before the automation was
        # saved; only a value logged from now on can fire it.
        for earlier in run.values(metric):
            watch.window.observe(earlier)
        return watch

    def _held(self, watch: MetricWatch) -> list[Execution]:
        if watch.held_back == _COOLDOWN and watch.cooling:
            # A condition that holds on and on is the rule after a firing: spare it the verdicts.
            return []
        trigger, verdict = watch.trigger, watch.verdict
        if verdict.fired:
            watch.held_back = None
            trigger.considered.append(verdict)
            trigger.last_fired[watch.run.id] = self._world.clock.now()
            return [self._world.fire(trigger, verdict.event, verdict, watch.run, _facts(watch))]
        # The same reason can hold back value after value: the first verdict tells it.
        reason = next(clause.path for clause in verdict.clauses if not clause)
        if watch.held_back != reason:
            watch.held_back = reason
            trigger.considered.append(verdict)
        return []


def _facts(watch: MetricWatch) -> MetricFacts:
    condition = watch.rule.metric
    assert condition is not None
    text = condition.describe()
    runs = watch.rule.describe()
    return MetricFacts(
        values=watch.window.values,
        filter=runs,
        filter_short=text,
        current=shown(watch.window.current),
    )
