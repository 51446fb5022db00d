"""Metric automations and the runs they watch: one window for each pair, fed value by value.

This is the hot path of a logged value: it looks up who watches this metric of this run, lets each
window take the value in, and makes an event and a verdict only where a condition holds.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_wandb_automations.delivery.variables import MetricFacts
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.rules.windows import finite
from pytest_wandb_automations.rules.wording import shown
from pytest_wandb_automations.world.judging import event_clause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.considering import Opinion
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.runs import Run, Stream
    from pytest_wandb_automations.world.world import World

__all__ = ["MetricWatch", "Metrics"]

_COOLDOWN = "cooldown"


class Observation(NamedTuple):
    """One logged value, and what is cheap to keep of the moment when it was logged."""

    value: Any
    step: int | None
    stream: Stream
    author: str | None
    at: int
    """Place among all that happened in the world; see `World.happened`."""
    now: datetime
    enabled: bool
    display_name: str
    state: str


class MetricWatch:
    """One metric automation looking at one run."""

    __slots__ = (
        "_metrics",
        "_world",
        "held_back",
        "opinion",
        "rule",
        "run",
        "seen",
        "semantics",
        "trigger",
        "window",
    )

    seen: tuple[Any, int | None, Stream, str | None, int, datetime, bool, str, str]
    """The newest value as a plain `Observation`, which costs a tenth of a named one."""

    def __init__(self, world: World, trigger: Trigger, run: Run, metrics: Metrics) -> None:
        condition = trigger.rule.metric
        assert condition is not None
        self._world = world
        self._metrics = metrics
        self.trigger = trigger
        self.rule = trigger.rule
        self.run = run
        self.held_back: str | None = None
        """The reason for which the newest value at which the condition held did not fire."""
        self.opinion: Opinion | None = None
        """The verdict of the values that were held back for that reason."""
        self.semantics: Semantics = world.semantics
        """What the window was begun under."""
        self.window = condition.start(world.semantics, peers=self._peers)

    @property
    def last(self) -> Observation:
        """The newest value; there is one as soon as the watch is in use."""
        return Observation(*self.seen)

    @property
    def cooling(self) -> bool:
        """Whether it fired for this run within the hours in which it may do so once."""
        last = self.trigger.last_fired.get(self.run.id)
        cooldown = timedelta(hours=self._world.semantics.metric_cooldown_hours)
        return last is not None and self._world.clock.now() - last < cooldown

    def judge(self) -> Verdict:
        """Decide about the newest value while it is being logged."""
        run_filter = self.rule.run_filter.explain(self.run.lookup)
        fired = self.trigger.last_fired.get(self.run.id)
        return self._verdict(self.last, self.window.explain(), run_filter, fired)

    def recall(self) -> Verdict:
        """Return the verdict of the newest value some time after it was logged."""
        seen, fired = self.last, self.trigger.last_fired.get(self.run.id)
        return self._verdict(seen, self.window.explain(), self._filter_then(seen), fired)

    def hold_back(self, opinion: Opinion) -> None:
        """Count one more value that the cooldown holds back, at no cost but its place."""
        seen, current = self.seen, self.window.current
        fired = self.trigger.last_fired.get(self.run.id)
        opinion.count += 1
        opinion.at = self._world.happened

        def make() -> Verdict:
            assert self.rule.metric is not None
            window = Clause("metric", self.rule.metric.describe(), current)
            value = Observation(*seen)
            return self._verdict(value, window, self._filter_then(value), fired)

        opinion.make = make

    def _verdict(
        self, seen: Observation, window: Clause, run_filter: Clause, fired: datetime | None
    ) -> Verdict:
        trigger, run = self.trigger, self.run
        assert self.rule.metric is not None
        clauses = (
            Clause("enabled", held=seen.enabled),
            event_clause(trigger),
            Clause("scope", f"in {trigger.scope.path}", run.project.path),
            run_filter,
            window,
            self._cooldown(seen.now, fired),
        )
        return Verdict(trigger.name, run.metric_event(self.rule.metric.name, *seen[:4]), clauses)

    def _filter_then(self, seen: Observation) -> Clause:
        """Ask the run's filter of the run as it was; what was not kept is asked as of now."""
        kept = {"display_name": seen.display_name, "state": seen.state, "name": self.run.name}
        as_of_now = False

        def lookup(field: str) -> Any:
            nonlocal as_of_now
            if field in kept:
                return kept[field]
            as_of_now = True
            return self.run.lookup(field)

        clause = self.rule.run_filter.explain(lookup)
        if not as_of_now:
            return clause
        note = "; ".join(filter(None, [clause.note, "as of now"]))
        return Clause(clause.path, clause.asked, clause.found, clause.held, clause.children, note)

    def _peers(self) -> Iterable[object]:
        """Return the newest value of each other run, that of the run that logged last first."""
        assert self.rule.metric is not None
        return self._metrics.newest(self.rule.metric.name, self.run)

    def _cooldown(self, now: datetime, fired: datetime | None) -> Clause:
        hours = self._world.semantics.metric_cooldown_hours
        asked = f"not fired for this run in {hours:g} h"
        if fired is None:
            return Clause(_COOLDOWN, asked)
        over = now - fired >= timedelta(hours=hours)
        return Clause(_COOLDOWN, asked, f"{fired:%Y-%m-%d %H:%M:%S}", over)


class Metrics:
    """Feeds logged values to the windows of the automations that watch them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._latest: dict[tuple[str, str], OrderedDict[str, Run]] = {}
        """Runs that logged a metric, by project and metric; the one that did so last is last."""

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
        world = self._world
        world.happened += 1
        if run.watches_version != world.automations.version:
            run.watches_version = world.automations.version
            run.watches.clear()
        watches = run.watches.get(metric)
        if watches is None:
            watches = run.watches[metric] = self._watches(run, metric)
        caused: list[Execution] = []
        for watch in watches:
            watch.seen = (
                value,
                step,
                stream,
                author,
                world.happened,
                world.clock.now(),
                watch.trigger.enabled,
                run.display_name,
                run.state,
            )
            if watch.window.observe(value):
                caused += self._held(watch)
        run.series.setdefault(metric, []).append(value)
        key = (run.project.id, metric)
        latest = self._latest.get(key)
        if latest is None:
            latest = self._latest[key] = OrderedDict()
        latest[run.id] = run
        latest.move_to_end(run.id)
        return caused

    def newest(self, metric: str, run: Run) -> Iterator[object]:
        """Yield the newest value of each other run of the project, the last to log first."""
        latest = self._latest.get((run.project.id, metric))
        if latest is None:
            return
        runs = run.project.runs
        for other in reversed(latest.values()):
            if other is not run and runs.get(other.name) is other:
                yield other.series[metric][-1]

    def forget(self, run: Run) -> None:
        """Start the windows over that look at a run; the next value fills them from its series."""
        run.watches.clear()
        for trigger in self._world.automations:
            trigger.watches.pop(run.id, None)
        for (project_id, metric), latest in self._latest.items():
            if project_id == run.project.id and metric not in run.series:
                latest.pop(run.id, None)

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
        watch = MetricWatch(self._world, trigger, run, self)
        # The window is of the most recently logged values, also of those before the automation was
        # saved; only a value logged from now on can fire it.
        for earlier in _newest(run.series.get(metric, ()), _reach(watch)):
            watch.window.observe(earlier)
        return watch

    def _held(self, watch: MetricWatch) -> list[Execution]:
        opinion = watch.opinion
        if opinion is not None and watch.held_back == _COOLDOWN and watch.cooling:
            # A condition that holds on and on is the rule after a firing: spare it the verdicts.
            watch.hold_back(opinion)
            return []
        trigger, verdict = watch.trigger, watch.judge()
        if verdict.fired:
            watch.held_back = watch.opinion = None
            trigger.considered.add(verdict, self._world.happened)
            trigger.last_fired[watch.run.id] = self._world.clock.now()
            return [self._world.fire(trigger, verdict.event, verdict, watch.run, _facts(watch))]
        # The same reason can hold back value after value: one verdict stands for all of them.
        reason = next(clause.path for clause in verdict.clauses if not clause)
        if opinion is None or watch.held_back != reason:
            watch.held_back = reason
            watch.opinion = trigger.considered.add(verdict, self._world.happened)
        else:
            opinion.count += 1
            opinion.at = self._world.happened
            opinion.make = lambda: verdict
        return []


def _reach(watch: MetricWatch) -> int:
    """Return how many finite values decide what a window says of the next two at most.

    Of two, as an edge is told from the value before.
    """
    return sum(getattr(watch.rule.metric, name, 0) for name in ("window", "prior_window")) + 2


def _newest(values: Sequence[object], count: int) -> Sequence[object]:
    """Return the end of a series that holds so many finite numbers, or all of it."""
    for place in range(len(values) - 1, -1, -1):
        count -= finite(values[place]) is not None
        if not count:
            return values[place:]
    return values


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
