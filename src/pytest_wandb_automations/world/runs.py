"""Runs: what they logged, and the state they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import RunMetricLogged, RunStateChanged
from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.metrics import flatten_metrics
from pytest_wandb_automations.world.naming import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.metrics import MetricWatch
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.world import World

__all__ = ["RUN_STATES", "Run", "Stream", "check_state"]

Stream = Literal["history", "system"]
RUN_STATES = frozenset(
    {"pending", "running", "finished", "failed", "crashed", "killed", "preempting", "preempted"}
)
_ENDED = frozenset({"finished", "failed", "crashed", "killed"})


def check_state(state: str) -> None:
    """Refuse what is no state of a run."""
    if state not in RUN_STATES:
        raise InvalidInput(
            f"unknown run state {state!r}; known are {', '.join(sorted(RUN_STATES))}"
        )


class Run:
    """A run of a project. `name` is its id in URLs, `display_name` what people call it."""

    typename__ = "Run"

    def __init__(
        self,
        world: World,
        project: Project,
        name: str,
        user: User,
        *,
        display_name: str | None = None,
        config: Mapping[str, Any] | None = None,
        tags: Iterable[str] = (),
        group: str | None = None,
        job_type: str | None = None,
    ) -> None:
        self._world = world
        self.id = world.register("Run", self)
        self.project = project
        self.name = name
        self.user = user
        self.display_name = display_name or name
        self.config = dict(config or {})
        self.tags = listed(tags, "tags")
        self.group = group
        self.job_type = job_type
        self.state = "pending"
        self.summary: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.series: dict[str, list[Any]] = {}
        """Every value that was logged or sampled, by metric, in order of appearance."""
        self.exit_code: int | None = None
        self.created_at = world.clock.stamp()
        self.heartbeat_at: datetime = self.created_at
        self.watches: dict[str, list[MetricWatch]] = {}
        """Automations that watch a metric of this run, by metric; see `world.metrics`."""
        self.watches_version = -1

    def __repr__(self) -> str:
        return f"<Run {self.path} ({self.display_name}, {self.state})>"

    @property
    def path(self) -> str:
        """`entity/project/run_id`."""
        return f"{self.project.path}/{self.name}"

    @property
    def scope_ids(self) -> tuple[str, ...]:
        """Ids of the automation scopes that contain it, the narrowest first."""
        return self.project.scope_ids

    def log(self, metrics: Mapping[str, Any], *, step: int | None = None) -> None:
        """Log a row of history, as `wandb.Run.log` does; every metric in it is an event.

        Nested dictionaries are metrics with dots: `{"val": {"loss": 1}}` is `val.loss`. `step` is
        the next one by default and must not go back.
        """
        with self._world.change():
            self._check_running()
            last: int = self.history[-1]["_step"] if self.history else -1
            number = last + 1 if step is None else step
            if number < last:
                raise InvalidInput(f"{self.path} is at step {last}; step {step} would go back")
            values = self._flat(metrics)
            self.history.append({**metrics, "_step": number})
            self.summary.update(metrics)
            self._observe(values, number, "history")

    def log_system(self, metrics: Mapping[str, Any]) -> None:
        """Record a sample of system metrics such as `cpu`, which W&B takes every 15 seconds."""
        with self._world.change():
            self._check_running()
            self._observe(self._flat(metrics), None, "system")

    def _flat(self, metrics: Mapping[str, Any]) -> list[tuple[str, Any]]:
        try:
            return list(flatten_metrics(metrics))
        except RecursionError:
            raise InvalidInput(f"run {self.path}: the metrics are nested too deeply") from None

    def _observe(self, values: list[tuple[str, Any]], step: int | None, stream: Stream) -> None:
        self.heartbeat_at = self._world.clock.now()
        for name, value in values:
            self._world.metrics.observe(self, name, value, step, stream)

    def values(self, metric: str) -> list[Any]:
        """Return the logged or sampled values of a metric in order, `val.loss` for a nested one."""
        return list(self.series.get(metric, ()))

    def finish(self, exit_code: int = 0) -> None:
        """End the run: `finished` for exit code 0, else `failed`."""
        with self._world.change():
            self._check_running()
            self.exit_code = exit_code
            self.set_state("finished" if exit_code == 0 else "failed")

    def set_state(self, state: str) -> list[Execution]:
        """Put the run into a state; a change of state is an event."""
        check_state(state)
        with self._world.change():
            previous, self.state = self.state, state
            if previous == state:
                return []
            event = RunStateChanged(
                run=self.path, state=state, previous=previous, author=self.user.username
            )
            return self._world.emit(event)

    def lookup(self, field: str) -> Any:
        """Return what a run filter's field names: an attribute, the config or the summary."""
        read = _FIELDS.get(field)
        return MISSING if read is None else read(self)

    def metric_event(
        self, metric: str, value: Any, step: int | None, stream: Stream, author: str | None
    ) -> RunMetricLogged:
        """Return the event of one logged value; the run's user caused it if no one else did."""
        return RunMetricLogged(
            run=self.path,
            metric=metric,
            value=value,
            step=step,
            stream=stream,
            author=author or self.user.username,
        )

    def _check_running(self) -> None:
        if self.project.runs.get(self.name) is not self:
            raise NotFound(f"run {self.path} was deleted, or its project was")
        if self.state in _ENDED:
            raise InvalidInput(f"run {self.path} has {self.state}; it cannot log or finish again")


_FIELDS: dict[str, Callable[[Run], Any]] = {
    "display_name": lambda run: run.display_name,
    "name": lambda run: run.name,
    "state": lambda run: run.state,
    "username": lambda run: run.user.username,
    "tags": lambda run: run.tags,
    "group": lambda run: run.group,
    "jobType": lambda run: run.job_type,
    "config": lambda run: run.config,
    "summary_metrics": lambda run: run.summary,
}
