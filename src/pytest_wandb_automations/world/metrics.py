"""Metric automations and the runs they watch: one window for each pair, fed value by value.

This is the hot path of a logged value: it looks up who watches this metric of this run, lets each
window take the value in, and makes an event and a verdict only where a condition holds, and for
each reason that goes on holding it back only once.

A metric of the history and a sampled system metric of the same name are two: each has a window of
its own.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_wandb_automations.delivery.variables import MetricFacts
from pytest_wandb_automations.events import RunMetricLogged
from pytest_wandb_automations.rules.clauses import Clause
from pytest_wandb_automations.rules.verdict import Verdict
from pytest_wandb_automations.rules.windows import number_reader
from pytest_wandb_automations.rules.wording import shown
from pytest_wandb_automations.world.judging import event_clause
from pytest_wandb_automations.world.pacing import COOLDOWN, broad_limits, run_cooldown
from pytest_wandb_automations.world.rows import STREAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from pytest_wandb_automations.rules.metrics import MetricCondition
    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.considering import Opinion
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.rows import Stream
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["MetricWatch", "Metrics"]


class Observation(NamedTuple):
    """One logged value, and what is cheap to keep of the moment when it was logged."""

    value: Any
    step: int | None
    stream: Stream
    author: str | None
    at: int
    """Place among all that happened in the world; see `World.happened`."""
    now: datetime
    display_name: str
    state: str


class MetricWatch:
    """One metric automation looking at one stream of one run."""

    __slots__ = (
        "_cooldown_time",
        "_ignored_before",
        "_unheld_before",
        "condition",
        "enabled",
        "fired_before",
        "held_back",
        "opinion",
        "rule",
        "run",
        "seen",
        "semantics",
        "trigger",
        "values_held",
        "window",
    )

    seen: Observation
    """The newest value; there is one as soon as the watch is in use."""

    enabled: bool
    """Whether the automation was enabled when that was logged."""

    fired_before: datetime | None
    """When it had last fired for the run by then; later it may have fired for the other stream."""

    def __init__(
        self, world: World, trigger: Trigger, run: Run, peers: Callable[[], Iterable[object]]
    ) -> None:
        condition = trigger.rule.metric
        assert condition is not None
        self._unheld_before = 0
        self._ignored_before = 0
        self.trigger = trigger
        self.rule = trigger.rule
        self.condition: MetricCondition = condition
        self.run = run
        self.held_back: str | None = None
        """The reason for which the newest value at which the condition held did not fire."""
        self.opinion: Opinion | None = None
        """The verdict of the values that were held back for that reason."""
        self.values_held = 0
        """At how many values the condition held."""
        self.semantics: Semantics = world.semantics
        """What the window was begun under."""
        self._cooldown_time = timedelta(hours=world.semantics.metric_cooldown_hours)
        self.window = condition.start(world.semantics, peers=peers)

    def catch_up(self, values: Sequence[object], replaced: MetricWatch | None) -> None:
        """Let the window take in values that do not count here: they were logged too early.

        Those that the watch `replaced` counted, under other semantics, stay counted.
        """
        for value in values:
            self.window.observe(value)
        self._unheld_before = -len(values)
        self._ignored_before = -self.window.values_ignored
        if replaced is not None:
            self._unheld_before += replaced.values_not_held
            self._ignored_before += replaced.values_ignored

    @property
    def values_not_held(self) -> int:
        """At how many values since the automation was saved the condition did not hold."""
        seen = self.window.values_seen + self.window.values_ignored
        return seen - self.values_held + self._unheld_before

    @property
    def values_ignored(self) -> int:
        """How many of them were passed over, as they are no numbers that windows take."""
        return self.window.values_ignored + self._ignored_before

    def obstacle(self, run_filter: Clause) -> str | None:
        """Return the path of the clause that keeps the newest value from firing, if one does.

        `run_filter` is what came of the run's filter; the condition holds.
        """
        if not self.enabled:
            return "enabled"
        if not run_filter:
            return run_filter.path
        fired = self.fired_before
        if fired is not None and self.seen.now - fired < self._cooldown_time:
            return COOLDOWN
        return next((clause.path for clause in self._broad_limits(self.seen) if not clause), None)

    def judge(self, run_filter: Clause) -> Verdict:
        """Decide about the newest value while it is being logged."""
        return self._verdict(self.seen, self.window.explain(), run_filter, self._cooldown())

    def recall(self) -> Verdict:
        """Return the verdict of the newest value, at which the condition did not hold.

        It may be asked long after it was logged, so it shows the run's filter as far as is known.
        """
        run_filter = self._filter_then(self.seen)
        return self._verdict(self.seen, self.window.explain(), run_filter, self._cooldown())

    def hold_back(self, opinion: Opinion, run_filter: Clause) -> None:
        """Count one more value that is held back for the same reason; write its verdict if asked.

        What would be another by then is noted down.
        """
        seen, enabled, explain, cooldown = (
            self.seen,
            self.enabled,
            self.window.keep(),
            self.fired_before,
        )
        opinion.count += 1
        opinion.at = seen.at

        def make() -> Verdict:
            waited = run_cooldown(self.semantics, cooldown, seen.now)
            return self._verdict(seen, explain(), run_filter, waited, enabled=enabled)

        opinion.make = make

    def _verdict(
        self,
        seen: Observation,
        window: Clause,
        run_filter: Clause,
        cooldown: Clause,
        *,
        enabled: bool | None = None,
    ) -> Verdict:
        trigger, run = self.trigger, self.run
        clauses = (
            Clause("enabled", held=self.enabled if enabled is None else enabled),
            event_clause(trigger),
            Clause("scope", f"in {trigger.scope.path}", run.project.path),
            run_filter,
            window,
            cooldown,
            *self._broad_limits(seen),
        )
        event = run.metric_event(
            self.condition.name, seen.value, seen.step, seen.stream, seen.author
        )
        return Verdict(trigger.name, event, clauses)

    def _filter_then(self, seen: Observation) -> Clause:
        """Ask the run's filter of the run as it was; what was not kept counts as not asked."""
        kept = {"display_name": seen.display_name, "state": seen.state, "name": self.run.name}
        as_of_now = False

        def lookup(field: str) -> Any:
            nonlocal as_of_now
            if field in kept:
                return kept[field]
            as_of_now = True
            return self.run.lookup(field)

        clause = self.rule.run_filter.explain(lookup)
        return clause.undecided("as of now") if as_of_now else clause

    def _cooldown(self) -> Clause:
        return run_cooldown(self.semantics, self.fired_before, self.seen.now)

    def _broad_limits(self, seen: Observation) -> list[Clause]:
        return broad_limits(self.trigger, self.semantics, seen.now, seen.at)


class Metrics:
    """Feeds logged values to the windows of the automations that watch them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._latest: dict[tuple[str, Stream, str], OrderedDict[str, Run]] = {}
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
        watches = run.watches.get((stream, metric))
        if watches is None:
            watches = run.watches[stream, metric] = self._watches(run, metric, stream)
        caused: list[Execution] = []
        if watches:
            seen = Observation(
                value,
                step,
                stream,
                author,
                world.happened,
                world.clock.now(),
                run.display_name,
                run.state,
            )
            for watch in watches:
                watch.seen = seen
                trigger = watch.trigger
                watch.enabled = trigger.enabled
                watch.fired_before = trigger.last_fired.get(run.id)
                if watch.window.observe(value):
                    caused += self._held(watch)
        run.series_of(stream).setdefault(metric, []).append(value)
        key = (run.project.id, stream, metric)
        latest = self._latest.get(key)
        if latest is None:
            latest = self._latest[key] = OrderedDict()
        latest[run.id] = run
        latest.move_to_end(run.id)
        return caused

    def newest(
        self, metric: str, stream: Stream, run: Run, read: Callable[[object], float | None]
    ) -> Iterator[object]:
        """Yield the newest number of each other run of the project, the last to log first."""
        latest = self._latest.get((run.project.id, stream, metric))
        if latest is None:
            return
        runs = run.project.runs
        for other in reversed(latest.values()):
            if other is not run and runs.get(other.name) is other:
                # As in a run's own window, a value that is passed over leaves the one before it.
                series = reversed(other.series_of(stream)[metric])
                yield from islice((value for value in series if read(value) is not None), 1)

    def forget(self, run: Run) -> None:
        """Start the windows over that look at a run; the next value fills them from its series."""
        run.watches.clear()
        for trigger in self._world.automations:
            for stream in STREAMS:
                trigger.watches.pop((run.id, stream), None)
        for (project_id, stream, metric), latest in self._latest.items():
            if project_id == run.project.id and metric not in run.series_of(stream):
                latest.pop(run.id, None)

    def _watches(self, run: Run, metric: str, stream: Stream) -> list[MetricWatch]:
        watches: list[MetricWatch] = []
        listening = self._world.automations.listening
        for trigger in listening(RunMetricLogged.event_types, run.scope_ids, metric):
            watch = trigger.watches.get((run.id, stream))
            if watch is None or watch.semantics is not self._world.semantics:
                watch = self._start(trigger, run, metric, stream, watch)
                trigger.watches[run.id, stream] = watch
            watches.append(watch)
        return watches

    def _start(
        self, trigger: Trigger, run: Run, metric: str, stream: Stream, replaced: MetricWatch | None
    ) -> MetricWatch:
        read = number_reader(self._world.semantics)

        def peers() -> Iterator[object]:
            return self.newest(metric, stream, run, read)

        watch = MetricWatch(self._world, trigger, run, peers)
        # The window is of the most recently logged values, also of those before the automation was
        # saved; only a value logged from now on can fire it. As many as decide about a value are
        # enough for the one before the next, from which an edge is told.
        earlier = run.series_of(stream).get(metric, ())
        watch.catch_up(_newest(earlier, watch.condition.reach, read), replaced)
        return watch

    def _held(self, watch: MetricWatch) -> list[Execution]:
        watch.values_held += 1
        trigger, opinion = watch.trigger, watch.opinion
        run_filter = watch.rule.run_filter.explain(watch.run.lookup)
        if opinion is not None and watch.obstacle(run_filter) == watch.held_back:
            # The same reason can hold back value after value: one verdict stands for all of them.
            watch.hold_back(opinion, run_filter)
            return []
        verdict = watch.judge(run_filter)
        if verdict.fired:
            watch.opinion = None
            self._world.consider(trigger, verdict)
            trigger.last_fired[watch.run.id] = self._world.clock.now()
            return [self._world.fire(trigger, verdict.event, verdict, watch.run, _facts(watch))]
        watch.held_back = next(clause.path for clause in verdict.clauses if not clause)
        watch.opinion = self._world.consider(trigger, verdict)
        return []


def _newest(
    values: Sequence[object], count: int, read: Callable[[object], float | None]
) -> Sequence[object]:
    """Return the end of a series that holds so many numbers, or all of it."""
    for place in range(len(values) - 1, -1, -1):
        count -= read(values[place]) is not None
        if not count:
            return values[place:]
    return values


def _facts(watch: MetricWatch) -> MetricFacts:
    return MetricFacts(
        values=watch.window.values,
        filter=watch.rule.describe(),
        filter_short=watch.condition.describe(),
        current=shown(watch.window.current),
    )
