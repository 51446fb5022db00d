"""Runs: what they logged, and the state they are in.

A test lets a run happen with `log` and `finish`; the process of a real one sends the same through
its file stream. Either way each metric of a row is an event, and so is each change of state.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.events import RunMetricLogged, RunStateChanged
from pytest_wandb_automations.rules.clauses import MISSING
from pytest_wandb_automations.rules.paths import nested
from pytest_wandb_automations.world.file_stream import FileStream, LogLine
from pytest_wandb_automations.world.naming import check_file_name, listed
from pytest_wandb_automations.world.plain import plain
from pytest_wandb_automations.world.rows import logged_values, sampled_row
from pytest_wandb_automations.world.storage import File
from pytest_wandb_automations.world.summary import take_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    from pytest_wandb_automations.world.accounts import User
    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.metrics import MetricWatch
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.rows import Stream
    from pytest_wandb_automations.world.world import World

__all__ = ["RUN_STATES", "Run", "RunAlert", "check_state"]

RUN_STATES = frozenset(
    {"pending", "running", "finished", "failed", "crashed", "killed", "preempting", "preempted"}
)
_ENDED = frozenset({"finished", "failed", "crashed", "killed"})
_EXITED = frozenset({"finished", "failed", "killed", "preempted"})
_ALIVE = frozenset({"running", "preempting"})


def check_state(state: str) -> None:
    """Refuse what is no state of a run."""
    if state not in RUN_STATES:
        raise InvalidInput(
            f"unknown run state {state!r}; known are {', '.join(sorted(RUN_STATES))}"
        )


@dataclass(frozen=True)
class RunAlert:
    """A message of `run.alert`."""

    title: str
    text: str
    severity: str


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
        self.config: dict[str, Any] = plain(config or {})
        self.sdk_config: dict[str, Any] = {}
        """What the SDK says of itself, under `_wandb` in the config."""
        self.tags = listed(tags, "tags")
        self.group = group
        self.job_type = job_type
        self.description: str | None = None
        self.notes: str | None = None
        self.sweep_name: str | None = None
        self.commit: str | None = None
        self.host: str | None = None
        self.state = "pending"
        self.stopped = False
        """Whether somebody asked the run to stop; its process hears it from the file stream."""
        self.summary: dict[str, Any] = {}
        self.history: list[dict[str, Any]] = []
        self.samples: list[dict[str, Any]] = []
        """Rows of system metrics."""
        self.series: dict[str, list[Any]] = {}
        """Every value that was logged, by metric, in order of appearance."""
        self.system_series: dict[str, list[Any]] = {}
        """Every value that was sampled, by system metric."""
        self.console: dict[int, LogLine] = {}
        """Lines of console output by number."""
        self.files: dict[str, File] = {}
        self._absent: dict[str, File] = {}
        """Files that clients asked for by name, and that nobody announced."""
        self.alerts: list[RunAlert] = []
        """What `run.alert` said; it is older than automations and independent of them."""
        self.used_artifacts: dict[str, Artifact] = {}
        self.logged_artifacts: dict[str, Artifact] = {}
        self.exit_code: int | None = None
        self.created_at = world.clock.stamp()
        self.heartbeat_at: datetime = self.created_at
        self.is_connected: Callable[[], bool] | None = None
        """Whether the process that sends the run is still connected; `None` if there is none."""
        self.file_stream = FileStream(self)
        self.watches: dict[tuple[Stream, str], list[MetricWatch]] = {}
        """Automations that watch a metric of this run; see `world.metrics`."""
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

    @property
    def is_deleted(self) -> bool:
        """Whether the run was deleted: nothing leads to it any more but what it made."""
        return self.project.runs.get(self.name) is not self

    @property
    def is_alive(self) -> bool:
        """Whether a process has it under way."""
        return self.state in _ALIVE

    @property
    def is_under_way(self) -> bool:
        """Whether a process that sends it is still connected, or may join others that send it."""
        if self.file_stream.is_shared:
            return True
        return self.is_alive and self.is_connected is not None and self.is_connected()

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
            logged = self._plain(metrics)
            values = self._read(logged, "history")
            take_row(self.summary, logged)
            logged["_step"] = number
            self.history.append(logged)
            self._observe(values, number, "history")

    def log_system(self, metrics: Mapping[str, Any]) -> None:
        """Record a sample of system metrics such as `cpu`, which W&B takes every 15 seconds.

        `system.cpu`, as the wire has it, is the same metric.
        """
        with self._world.change():
            self._check_running()
            row = sampled_row(self._plain(metrics))
            values = self._read(row, "system")
            self.samples.append(row)
            self._observe(values, None, "system")

    def read_row(self, row: dict[str, Any]) -> Callable[[], None]:
        """Return what takes in a row of history as the SDK sends it.

        `InvalidInput` if it cannot be taken in.
        """
        step = row.get("_step")
        if not isinstance(step, int) or isinstance(step, bool):
            raise InvalidInput(f"run {self.path}: a row of history needs a `_step`, got {step!r}")
        values = self._read(row, "history")

        def take() -> None:
            take_row(self.summary, row)
            self.history.append(row)
            self._observe(values, step, "history")

        return take

    def read_sample(self, row: dict[str, Any]) -> Callable[[], None]:
        """Return what takes in a row of system metrics as the SDK sends it."""
        values = self._read(row, "system")

        def take() -> None:
            self.samples.append(row)
            self._observe(values, None, "system")

        return take

    def cut_history(self, rows: int) -> None:
        """Forget all but the first rows of history, which others take the place of."""
        self._world.journal.cut_rows(self, "history", self.history, rows)
        del self.history[rows:]
        self._start_over()

    def cut_samples(self, rows: int) -> None:
        """Forget all but the first rows of system metrics."""
        self._world.journal.cut_rows(self, "system", self.samples, rows)
        del self.samples[rows:]
        self._start_over()

    def rewind(self, step: int) -> None:
        """Go back to a step: forget the first row that is beyond it, and all that followed."""
        with self._world.change():
            kept = takewhile(lambda row: row["_step"] <= step, self.history)
            self.cut_history(sum(1 for _ in kept))

    def start_anew(self) -> None:
        """Forget what was logged: another process takes the run's id, and does not resume it.

        `wandb.init` documents that it then starts a new run. Files, artifacts and tags stay.
        """
        with self._world.change():
            self.cut_history(0)
            self.cut_samples(0)
            self.console.clear()
            self.summary = {}
            self.exit_code = None

    def _start_over(self) -> None:
        """Let windows see what is left, as if nothing else had been logged."""
        self.series.clear()
        self.system_series.clear()
        for row in self.history:
            for name, value in logged_values(row, "history"):
                self.series.setdefault(name, []).append(value)
        for row in self.samples:
            for name, value in logged_values(row, "system"):
                self.system_series.setdefault(name, []).append(value)
        self._world.metrics.forget(self)

    def _read(self, row: Mapping[str, Any], stream: Stream) -> list[tuple[str, Any]]:
        try:
            return logged_values(row, stream)
        except RecursionError:
            raise self._too_deep() from None

    def _plain(self, metrics: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return plain(metrics)
        except RecursionError:
            raise self._too_deep() from None

    def _too_deep(self) -> InvalidInput:
        return InvalidInput(f"run {self.path}: the metrics are nested too deeply")

    def _observe(self, values: list[tuple[str, Any]], step: int | None, stream: Stream) -> None:
        self.heartbeat_at = self._world.clock.now()
        journal, rows = self._world.journal, self.rows_of(stream)
        if id(rows) not in journal.logging:
            journal.add_rows(self, stream, rows)
        for name, value in values:
            self._world.metrics.observe(self, name, value, step, stream)

    def values(self, metric: str) -> list[Any]:
        """Return the logged values of a metric, or those sampled of a system metric, in order.

        A nested metric is `val.loss`.
        """
        return list(self.series.get(metric) or self.system_series.get(metric, ()))

    def series_of(self, stream: Stream) -> dict[str, list[Any]]:
        """Return the values of the history, or of the system metrics, by metric."""
        return self.series if stream == "history" else self.system_series

    def rows_of(self, stream: Stream) -> list[dict[str, Any]]:
        """Return the rows of the history, or of the system metrics."""
        return self.history if stream == "history" else self.samples

    def finish(self, exit_code: int = 0) -> None:
        """End the run: `finished` for exit code 0, else `failed`."""
        with self._world.change():
            self._check_running()
            self.exit_code = exit_code
            self.set_state("finished" if exit_code == 0 else "failed")

    def read_config(self, config: Mapping[str, Any]) -> None:
        """Take in the whole config as the SDK sends it: `{"lr": {"value": 0.1}, "_wandb": …}`."""
        values = {name: _value_of(entry) for name, entry in config.items()}
        self.sdk_config = values.pop("_wandb", {})
        self.config = values

    def file(self, name: str) -> File:
        """Return the file of that name, announced when it is new."""
        with self._world.change():
            found = self.find_file(name)
            self._absent.pop(name, None)
            self.files[name] = found
            return found

    def find_file(self, name: str) -> File:
        """Return the file of that name, an empty one if it was not announced."""
        check_file_name(name)
        with self._world.change():
            found = self.files.get(name) or self._absent.get(name)
            if found is None:
                kind = mimetypes.guess_type(name)[0]
                found = self._absent[name] = File(self._world, self, name, mimetype=kind)
            return found

    def delete_file(self, file: File) -> None:
        """Delete one of the run's files."""
        with self._world.change():
            del (self.files if file.name in self.files else self._absent)[file.name]
            file.delete()

    def begin(self, is_connected: Callable[[], bool] | None) -> None:
        """Let a process take the run up: a new one, or one that resumes it."""
        with self._world.change():
            self.is_connected = is_connected
            self.stopped = False
            self.heartbeat_at = self._world.clock.now()
            self.set_state("running")

    def heard_from(self, *, preempting: bool = False) -> None:
        """Note that the run's process is alive, and what it says of itself."""
        self.heartbeat_at = self._world.clock.now()
        if preempting and self.is_alive:
            self.set_state("preempting")
        elif self.state in ("crashed", "pending"):
            self.set_state("running")

    def exit(self, exit_code: int) -> None:
        """Note that the run's process ended. A run that was asked to stop is `killed` then.

        With an exit code that is not 0 a run that said it would be preempted is `preempted`.
        """
        if self.state in _EXITED:
            return
        self.exit_code = exit_code
        if self.stopped:
            self.set_state("killed")
        elif exit_code == 0:
            self.set_state("finished")
        else:
            self.set_state("preempted" if self.state == "preempting" else "failed")

    def miss_heartbeat(self, timeout: timedelta) -> None:
        """Let the run crash if its process is gone and was last heard of too long ago."""
        if self.is_connected is None or not self.is_alive:
            return
        if self._world.clock.now() - self.heartbeat_at < timeout or self.is_connected():
            return
        self.set_state("preempted" if self.state == "preempting" else "crashed")

    def stop(self) -> None:
        """Ask the run's process to stop; without one under way this has no effect, as in W&B."""
        with self._world.change():
            self._check_there()
            self.stopped = self.stopped or self.is_alive

    def set_state(self, state: str) -> list[Execution]:
        """Put the run into a state; a change of state is an event."""
        check_state(state)
        with self._world.change():
            self._check_there()
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

    def _check_there(self) -> None:
        if self.is_deleted:
            raise NotFound(f"run {self.path} was deleted, or its project was")

    def _check_running(self) -> None:
        self._check_there()
        if self.state in _ENDED:
            raise InvalidInput(f"run {self.path} has {self.state}; it cannot log or finish again")


def _value_of(entry: Any) -> Any:
    fields = cast("dict[str, Any]", entry) if isinstance(entry, dict) else {}
    return fields.get("value", entry)


_FIELDS: dict[str, Callable[[Run], Any]] = {
    "display_name": lambda run: run.display_name,
    "name": lambda run: run.name,
    "state": lambda run: run.state,
    "username": lambda run: run.user.username,
    "tags": lambda run: run.tags,
    "group": lambda run: run.group,
    "jobType": lambda run: run.job_type,
    "config": lambda run: nested(run.config),
    "summary_metrics": lambda run: nested(run.summary),
}
