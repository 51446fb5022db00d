"""Runs as they are read: attributes, history, console output, files, artifacts."""

from __future__ import annotations

import json
import math
import posixpath
import re
from typing import TYPE_CHECKING, Any, cast

from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.graphql.connections import Connection, Order, connect, order_by
from pytest_wandb_automations.graphql.files import page_of_files
from pytest_wandb_automations.graphql.filtering import apply_filters
from pytest_wandb_automations.graphql.json_text import json_object, json_text, without_nan
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.rules.metrics import flatten_metrics
from pytest_wandb_automations.rules.paths import nested
from pytest_wandb_automations.world.ids import decode_id
from pytest_wandb_automations.world.naming import is_file_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_wandb_automations.world.artifacts import Artifact
    from pytest_wandb_automations.world.file_stream import LogLine
    from pytest_wandb_automations.world.projects import Project
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.storage import File

_FIELDS: dict[str, Callable[[Run], object]] = {
    "id": lambda r: decode_id(r.id)[1],
    "name": lambda r: r.name,
    "display_name": lambda r: r.display_name,
    "displayName": lambda r: r.display_name,
    "state": lambda r: r.state,
    "username": lambda r: r.user.username,
    "entity": lambda r: r.project.entity.name,
    "tags": lambda r: r.tags,
    "group": lambda r: r.group,
    "jobType": lambda r: r.job_type,
    "job_type": lambda r: r.job_type,
    "host": lambda r: r.host,
    "commit": lambda r: r.commit,
    "sweep": lambda r: r.sweep_name,
    "notes": lambda r: r.notes,
    "created_at": lambda r: r.created_at.isoformat(),
    "createdAt": lambda r: r.created_at.isoformat(),
    "heartbeat_at": lambda r: r.heartbeat_at.isoformat(),
    "heartbeatAt": lambda r: r.heartbeat_at.isoformat(),
    "duration": lambda r: r.summary.get("_runtime"),
    "config.*": lambda r: nested(r.config),
    "summary_metrics.*": lambda r: nested(r.summary),
}
_DEFAULT_ORDER = "created_at"
_DEFAULT_SAMPLES = 500


@resolver("Project.run", "Project.bucket")
def run_of_project(
    project: Project,
    _info: Info,
    *,
    name: str,
    missing_ok: bool | None = None,
    desc: str | None = None,
) -> Run | None:
    del missing_ok  # a missing run is null either way
    del desc  # of no use but to make a request large, for `wandb verify`
    return project.runs.get(name)


@resolver("Project.runs", "Project.buckets")
def runs_of_project(
    project: Project,
    _info: Info,
    *,
    first: int | None = None,
    after: str | None = None,
    order: str | None = None,
    filters: str | None = None,
) -> Connection[Run]:
    return connect(
        apply_filters(project.runs.values(), _plain_names(filters), _FIELDS),
        key=lambda r: (r.created_at, r.id),
        order=_order(order),
        first=first,
        after=after,
    )


@resolver("Project.runCount")
def run_count(project: Project, _info: Info, *, filters: str | None = None) -> int:
    return len(apply_filters(project.runs.values(), _plain_names(filters), _FIELDS))


_STORED = re.compile(r'("config\.[^".]+)\.value(?=[".])(?=[^"]*"\s*:)')
"""The name of an entry of the config in a filter's JSON text, written as W&B stores it."""


def _plain_names(filters: str | None) -> str | None:
    """Return a filter in which `config.lr.value` is `config.lr`: W&B's clients write both."""
    return filters and _STORED.sub(r"\1", filters)


def _order(order: str | None) -> Order[Run]:
    fields = {name: read for name, read in _FIELDS.items() if not name.endswith(".*")}
    asked = (order or "").lstrip("+-")
    root, _, path = asked.partition(".")
    if path and f"{root}.*" in _FIELDS:
        read = _FIELDS[f"{root}.*"]
        if root == "config":
            path = path.removesuffix(".value")  # the SDK documents the order `config.*.value`
        fields[asked] = lambda run: _below(cast("Mapping[str, Any]", read(run)), path)
    return order_by(order, fields, _DEFAULT_ORDER)


def _below(values: Mapping[str, Any], path: str) -> list[Any] | None:
    """Return what puts runs in the order of a value: those without one, of numbers, of texts."""
    value = dict(flatten_metrics(values)).get(path)
    if isinstance(value, str):
        return [True, value]
    # NaN is neither before nor after anything: the runs around it would be in no order.
    is_number = isinstance(value, (int, float)) and not math.isnan(value)
    return [False, value] if is_number else None


@resolver("Run.projectId")
def project_id(run: Run, _info: Info) -> int:
    return decode_id(run.project.internal_id)[1]


@resolver("Run.readOnly")
def read_only(_run: Run, _info: Info) -> bool:
    return False


@resolver("Run.config")
def config(run: Run, _info: Info) -> str:
    values = {**run.config, "_wandb": run.sdk_config} if run.sdk_config else run.config
    return json_text({name: {"value": value, "desc": None} for name, value in values.items()})


@resolver("Run.wandbConfig")
def wandb_config(run: Run, _info: Info, *, keys: list[str] | None = None) -> str:
    wanted = run.sdk_config if keys is None else keys
    return json_text({key: run.sdk_config[key] for key in wanted if key in run.sdk_config})


@resolver("Run.summaryMetrics")
def summary_metrics(run: Run, _info: Info) -> str:
    return json_text(run.summary)


@resolver("Run.systemMetrics")
def system_metrics(run: Run, _info: Info) -> str:
    newest: dict[str, Any] = {}
    for row in run.samples:
        newest.update(row)
    return json_text(newest)


@resolver("Run.historyLineCount")
def history_line_count(run: Run, _info: Info) -> int:
    return len(run.history)


@resolver("Run.eventsLineCount")
def events_line_count(run: Run, _info: Info) -> int:
    return len(run.samples)


@resolver("Run.logLineCount")
def log_line_count(run: Run, _info: Info) -> int:
    return max(run.console, default=-1) + 1


@resolver("Run.historyTail")
def history_tail(run: Run, _info: Info) -> str:
    return json.dumps([json_text(row) for row in run.history[-1:]])


@resolver("Run.eventsTail")
def events_tail(run: Run, _info: Info) -> str:
    return json.dumps([json_text(row) for row in run.samples[-1:]])


@resolver("Run.historyKeys")
def history_keys(run: Run, _info: Info) -> dict[str, Any] | None:
    """Return what was logged under which name, in the form that the SDK reads `lastStep` from."""
    if not run.history:
        return None
    types: dict[str, dict[str, int]] = {}
    newest: dict[str, object] = {}
    for row in run.history:
        for name, value in flatten_metrics(row):
            counts = types.setdefault(name, {})
            kind = _kind(value)
            counts[kind] = counts.get(kind, 0) + 1
            newest[name] = value
    keys = {
        name: {
            "typeCounts": [{"type": kind, "count": n} for kind, n in counts.items()],
            "previousValue": without_nan(newest[name]),
        }
        for name, counts in types.items()
    }
    return {"lastStep": run.history[-1]["_step"], "keys": keys}


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, (int, float)) else "string"


@resolver("Run.history")
def history(
    run: Run,
    _info: Info,
    *,
    min_step: int | None = None,
    max_step: int | None = None,
    samples: int | None = None,
) -> list[str]:
    rows = _between(run.history, min_step, max_step)
    return [json_text(row) for row in _sample(rows, samples)]


@resolver("Run.events")
def events(
    run: Run,
    _info: Info,
    *,
    min_step: int | None = None,
    max_step: int | None = None,
    samples: int | None = None,
) -> list[str]:
    # System metrics have no step: they are sampled by time.
    del min_step, max_step
    return [json_text(row) for row in _sample(run.samples, samples)]


@resolver("Run.sampledHistory")
def sampled_history(run: Run, _info: Info, *, specs: list[str]) -> list[list[dict[str, Any]]]:
    return [_answer_spec(run, spec) for spec in specs]


def _answer_spec(run: Run, text: str) -> list[dict[str, Any]]:
    spec = json_object(text, "specs") or {}
    keys: list[str] = spec.get("keys") or []
    last = spec.get("maxStep")
    # Here the last step is one of those asked for, in `Run.history` it is not: wandb-core pages so.
    rows = _between(run.history, spec.get("minStep"), None if last is None else last + 1)
    flat = [{**row, **dict(flatten_metrics(row))} for row in rows]
    whole = [{key: row[key] for key in keys} for row in flat if all(key in row for key in keys)]
    return [without_nan(row) for row in _sample(whole, spec.get("samples"))]


def _between(
    rows: Sequence[dict[str, Any]], first: int | None, end: int | None
) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if (first is None or row["_step"] >= first) and (end is None or row["_step"] < end)
    ]


def _sample(rows: Sequence[dict[str, Any]], most: int | None) -> Sequence[dict[str, Any]]:
    """Return so many rows at equal distances, the first and the last among them."""
    most = _DEFAULT_SAMPLES if most is None else most
    if most < 1:
        raise InvalidInput(f"samples: expected 1 or more, got {most}")
    if len(rows) <= most:
        return rows
    if most == 1:
        return rows[-1:]
    return [rows[round(n * (len(rows) - 1) / (most - 1))] for n in range(most)]


@resolver("Run.parquetHistory")
def parquet_history(run: Run, _info: Info, *, live_keys: list[str]) -> dict[str, Any]:
    # Nothing is ever exported to files here, so all rows are live ones.
    rows = [row for row in run.history if all(key in row for key in live_keys)]
    return {"parquet_urls": [], "live_data": [without_nan(row) for row in rows]}


@resolver("Run.logLines")
def log_lines(
    run: Run,
    _info: Info,
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    use_improved_pagination: bool | None = False,
) -> Connection[LogLine]:
    del use_improved_pagination
    lines = sorted(run.console.values(), key=lambda line: line.number)
    if last is not None:
        lines = lines[-last:] if last > 0 else []
    return connect(lines, key=lambda line: (line.number,), first=first, after=after)


@resolver("Run.fileCount")
def file_count(run: Run, _info: Info) -> int:
    return sum(file.content is not None for file in run.files.values())


@resolver("Run.files")
def files_of_run(
    run: Run,
    _info: Info,
    *,
    names: list[str | None] | None = None,
    first: int | None = None,
    after: str | None = None,
    pattern: str | None = None,
) -> Connection[File]:
    found = [*_files_named(run, filter(None, names))] if names else list(run.files.values())
    if pattern:
        like = _like(pattern)
        found = [file for file in found if like.fullmatch(file.name)]
    return page_of_files(found, first=first, after=after, missing=bool(names))


def _files_named(run: Run, names: Iterable[str]) -> Iterator[File]:
    """Yield a file for each name, whether it was uploaded or not: the SDK counts on that.

    Its own check of a server, `wandb verify`, asks for a file by the name `./…`.
    """
    for name in dict.fromkeys(map(posixpath.normpath, names)):
        if is_file_name(name):
            yield run.find_file(name)


def _like(pattern: str) -> re.Pattern[str]:
    """Read a pattern of SQL's LIKE, as the SDK documents: `%` is anything, `_` one character."""
    wild = {"%": ".*", "_": "."}
    return re.compile("".join(wild.get(c) or re.escape(c) for c in pattern), re.DOTALL)


@resolver("Run.inputArtifacts")
def input_artifacts(run: Run, _info: Info, **page: Any) -> Connection[Artifact]:
    return _page_of_artifacts(run.used_artifacts, **page)


@resolver("Run.outputArtifacts")
def output_artifacts(run: Run, _info: Info, **page: Any) -> Connection[Artifact]:
    return _page_of_artifacts(run.logged_artifacts, **page)


def _page_of_artifacts(
    found: Mapping[str, Artifact], *, first: int | None = None, after: str | None = None
) -> Connection[Artifact]:
    return connect(found.values(), key=lambda a: (a.created_at, a.id), first=first, after=after)
