"""Runs as their own processes write them: made, changed, stopped, rewound, deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.errors import Gone, InvalidInput, NotFound
from pytest_wandb_automations.graphql.json_text import lenient_json_object
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.naming import check_file_name
from pytest_wandb_automations.world.runs import Run, RunAlert, check_state
from pytest_wandb_automations.world.storage import File

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.projects import Project

_PLAIN = {
    "display_name": "display_name",
    "notes": "notes",
    "description": "description",
    "group_name": "group",
    "job_type": "job_type",
    "commit": "commit",
    "host": "host",
    "sweep": "sweep_name",
    "tags": "tags",
}
"""Fields of `UpsertBucketInput` that a run keeps as they are, and what it calls them."""


@resolver("Mutation.upsertBucket")
def upsert_bucket(
    _source: None,
    info: Info,
    *,
    id_: str | None = None,
    name: str | None = None,
    entity_name: str | None = None,
    model_name: str | None = None,
    state: str | None = None,
    config: str | None = None,
    summary_metrics: str | None = None,
    **given: Any,
) -> Mapping[str, Any]:
    context: Context = info.context
    if state is not None:
        check_state(state)
    changes = {
        _PLAIN[key]: value for key, value in given.items() if key in _PLAIN and value is not None
    }
    read_config = lenient_json_object(config, "config")
    read_summary = lenient_json_object(summary_metrics, "summaryMetrics")
    run = _known_run(context, id_, name, entity_name, model_name)
    inserted = run is None
    if run is None:
        project = project_to_write(context, entity_name, model_name)
        if name in project.deleted_runs:
            # Its process may still be going on. `wandb.init` documents that no id is used again.
            raise Gone(f"name: run {project.path}/{name} was deleted; a new run needs another id")
        made_up = context.world.ids.display_name(len(project.runs) + 1)
        run = project.add_run(name, context.user, display_name=made_up)
    context.user.check_may_write(run.project)
    if not inserted and id_ is None and given.get("host") and not run.is_under_way:
        # Whoever resumes a run names it by its id. To the SDK this is a new one.
        run.start_anew()
    for attribute, value in changes.items():
        setattr(run, attribute, value)
    if read_config is not None:
        run.read_config(read_config)
    if read_summary is not None:
        run.summary = read_summary
    if state is not None:
        run.set_state(state)
    elif inserted or (given.get("host") and (id_ is None or not run.is_alive)):
        # A process says its host when it takes a run up, without the run's id or, to resume it,
        # with it; and so it does, with the id, when it changes something while it goes on.
        run.begin(context.is_connected)
    return {"bucket": run, "inserted": inserted}


def _known_run(
    context: Context,
    id_: str | None,
    name: str | None,
    entity_name: str | None,
    project_name: str | None,
) -> Run | None:
    if id_ is not None:
        return context.node("Run", Run, id_, "id")
    project = context.project(entity_name, project_name or _UNCATEGORIZED)
    return None if project is None or name is None else project.runs.get(name)


_UNCATEGORIZED = "uncategorized"
"""Where runs go that name no project, as the SDK documents for `wandb.init`."""


def project_to_write(context: Context, entity_name: str | None, name: str | None) -> Project:
    """Return a project of an entity that the user may write to, made when it is new."""
    entity = context.the_entity(entity_name, "entityName")
    context.user.check_may_write(entity)
    name = name or _UNCATEGORIZED
    found = context.world.projects.get(f"{entity.name}/{name}")
    return found or context.world.projects.add(entity, name, user=context.user)


@resolver("Mutation.deleteRun")
def delete_run(
    _source: None, info: Info, *, id_: str, delete_artifacts: bool | None = False
) -> Mapping[str, Any]:
    run = _writable(info.context, id_)
    run.project.delete_run(run, delete_artifacts=bool(delete_artifacts))
    return {}


@resolver("Mutation.stopRun")
def stop_run(_source: None, info: Info, *, id_: str) -> Mapping[str, Any]:
    _writable(info.context, id_).stop()
    return {"success": True}


_REACHED_FROM = {
    "pending": {"running", "failed", "crashed", "preempted"},
    "failed": {"pending", "running"},
}
"""Which states a client may set, and from which: what `Run.update_state` of the SDK documents."""


@resolver("Mutation.updateRunState")
def update_run_state(_source: None, info: Info, *, id_: str, state: str) -> Mapping[str, Any]:
    run = _writable(info.context, id_)
    if state not in _REACHED_FROM:
        raise InvalidInput(
            f"state: a run can be put into {' or '.join(_REACHED_FROM)}, not {state}"
        )
    if run.state not in _REACHED_FROM[state]:
        raise InvalidInput(f"state: run {run.path} is {run.state}; it cannot become {state}")
    if run.sweep_name is not None:
        raise InvalidInput(
            f"state: run {run.path} belongs to a sweep, which decides over its state"
        )
    run.set_state(state)
    return {"success": True}


@resolver("Mutation.rewindRun")
def rewind_run(
    _source: None,
    info: Info,
    *,
    run_name: str,
    metric_name: str,
    metric_value: float,
    entity_name: str | None = None,
    project_name: str | None = None,
) -> Mapping[str, Any]:
    run = the_run(info.context, entity_name, project_name, run_name)
    if metric_name != "_step":
        raise InvalidInput(f"metricName: runs go back to a `_step`, not to a {metric_name!r}")
    run.rewind(int(metric_value))
    run.begin(info.context.is_connected)
    return {"rewound_run": run}


@resolver("Mutation.notifyScriptableRunAlert")
def alert(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    run_name: str,
    title: str,
    text: str,
    severity: str | None = None,
    wait_duration: int | None = None,
) -> Mapping[str, Any]:
    del wait_duration  # within it W&B holds back alerts of the same title; the kit keeps them all
    run = the_run(info.context, entity_name, project_name, run_name)
    run.alerts.append(RunAlert(title, text, severity or "INFO"))
    return {"success": True}


@resolver("Mutation.createRunFiles")
def create_run_files(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    run_name: str,
    files: list[str],
) -> Mapping[str, Any]:
    run = the_run(info.context, entity_name, project_name, run_name)
    for name in files:
        check_file_name(name)
    made = [run.file(name) for name in files]
    return {"run_id": run.id, "upload_headers": [], "files": made}


@resolver("Mutation.markRunFilesUploaded")
def mark_run_files_uploaded(
    _source: None,
    info: Info,
    *,
    entity_name: str,
    project_name: str,
    run_name: str,
    files: list[str],
) -> Mapping[str, Any]:
    run = the_run(info.context, entity_name, project_name, run_name)
    for name in files:
        if name not in run.files or run.files[name].content is None:
            raise NotFound(f"files: {name!r} of run {run.path} was not uploaded")
    return {"success": True}


@resolver("Mutation.deleteFiles")
def delete_files(
    _source: None, info: Info, *, files: list[str], project_id: int | None = None
) -> Mapping[str, Any]:
    del project_id
    context: Context = info.context
    found = [_file_of_run(context, id_) for id_ in files]
    for run, file in found:
        run.delete_file(file)
    return {"success": True}


def _file_of_run(context: Context, id_: str) -> tuple[Run, File]:
    file = context.world.find("File", id_, field="files")
    assert isinstance(file, File)
    run = file.owner
    if not isinstance(run, Run) or not context.sees(run):
        raise NotFound(f"files: no file of a run with id {id_!r}")
    context.user.check_may_write(run.project)
    return run, file


def the_run(context: Context, entity_name: str | None, project_name: str | None, name: str) -> Run:
    """Return a run that a mutation names and that its user may change."""
    project = context.the_project(entity_name, project_name)
    context.user.check_may_write(project)
    if name not in project.runs:
        raise NotFound(f"runName: no run {name!r} in {project.path}")
    return project.runs[name]


def _writable(context: Context, id_: str) -> Run:
    run = context.node("Run", Run, id_, "id")
    context.user.check_may_write(run.project)
    return run
