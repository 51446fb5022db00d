"""Metric automations and the runs they watch: one window for each pair, fed value by value.

This is the hot path of a logged value: it looks up who watches this metric of this run, lets each
window take the value in, and makes an event and a verdict only where a condition holds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.variables import MetricFacts
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.rules.wording import shown
from pytest_wandb_automations.world.automations import METRIC_EVENTS

if TYPE_CHECKING:
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.runs import Run, Stream
    from pytest_wandb_automations.world.world import World

__all__ = ["MetricWatch", "Metrics"]


class MetricWatch:
    """One metric automation looking at one run."""

    __slots__ = ("_world", "held_back", "last", "rule", "run", "trigger", "window")

    def __init__(self, world: World, trigger: Trigger, run: Run) -> None:
        condition = trigger.rule.metric
        assert condition is not None
        self._world = world
        self.trigger = trigger
        self.rule = trigger.rule
        self.run = run
        self.held_back: str | None = None
        self.last: tuple[Any, int | None, Stream] = (None, None, "history")
        """Value, step and stream of the newest value."""
        self.window = condition.start(world.semantics)

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

    def _cooldown(self) -> Clause:
        hours = self._world.semantics.metric_cooldown_hours
        last = self.trigger.last_fired.get(self.run.path)
        asked = f"not fired for this run in {hours:g} h"
        if last is None:
            return Clause("cooldown", asked)
        held = self._world.clock.now() - last >= timedelta(hours=hours)
        return Clause("cooldown", asked, f"{last:%Y-%m-%d %H:%M:%S}", held)


class Metrics:
    """Feeds logged values to the windows of the automations that watch them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def observe(
        self, run: Run, metric: str, value: Any, step: int | None, stream: Stream
    ) -> list[Execution]:
        """Take in one logged value; return the executions that it caused."""
        if run.watches_version != self._world.automations.version:
            run.watches_version = self._world.automations.version
            run.watches.clear()
        watches = run.watches.get(metric)
        if watches is None:
            watches = run.watches[metric] = self._watches(run, metric)
        caused: list[Execution] = []
        for watch in watches:
            watch.last = (value, step, stream)
            if watch.window.observe(value):
                caused += self._held(watch)
        return caused

    def _watches(self, run: Run, metric: str) -> list[MetricWatch]:
        watches: list[MetricWatch] = []
        for trigger in self._world.automations.listening(METRIC_EVENTS, run.scope_ids, metric):
            watch = trigger.watches.get(run.path)
            if watch is None or watch.rule is not trigger.rule:
                watch = trigger.watches[run.path] = self._start(trigger, run, metric)
            watches.append(watch)
        return watches

    def _start(self, trigger: Trigger, run: Run, metric: str) -> MetricWatch:
        watch = MetricWatch(self._world, trigger, run)
        # The window is of the most recently logged values, also of those before the automation was
        # saved; only a value logged from now on can fire it. The newest row is being observed now.
        for earlier in run.values(metric, before_last_row=True):
            watch.window.observe(earlier)
        return watch

    def _held(self, watch: MetricWatch) -> list[Execution]:
        trigger, verdict = watch.trigger, watch.verdict
        if verdict.fired:
            watch.held_back = None
            trigger.considered.append(verdict)
            trigger.last_fired[watch.run.path] = self._world.clock.now()
            return [self._world.fire(trigger, verdict.event, verdict, _facts(watch))]
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
