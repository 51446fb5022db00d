"""The history of executions, after a public branch of the SDK; no released SDK asks for it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.delivery.slack import SlackMessage
from pytest_wandb_automations.events import (
    CollectionTagEvent,
    RunMetricLogged,
    RunStateChanged,
    VersionEvent,
)
from pytest_wandb_automations.graphql.connections import Connection, Order, connect
from pytest_wandb_automations.graphql.context import owner
from pytest_wandb_automations.graphql.resolvers import Info, resolver
from pytest_wandb_automations.world.actions import (
    NoOpAction,
    NotificationAction,
    QueueJobAction,
    WebhookAction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_wandb_automations.graphql.context import Context
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.projects import Project


@resolver("Query.triggerExecutions")
def trigger_executions(
    _source: None,
    info: Info,
    *,
    trigger_id: str,
    first: int | None = None,
    after: str | None = None,
) -> Connection[Execution]:
    # Not looked up as an automation: the history of a deleted one stays.
    found = [e for e in _visible(info.context) if e.trigger_id == trigger_id]
    return _page(found, first, after)


@resolver("Project.triggerExecutions")
def project_executions(
    project: Project,
    info: Info,
    *,
    project_only: bool | None = False,
    first: int | None = None,
    after: str | None = None,
) -> Connection[Execution]:
    scopes: set[str] = {project.id}
    if not project_only:
        scopes |= {collection.id for collection in project.collections.values()}
    return _page([e for e in _visible(info.context) if e.scope.id in scopes], first, after)


@resolver("ArtifactCollection.triggerExecutions")
def collection_executions(
    collection: Collection, info: Info, *, first: int | None = None, after: str | None = None
) -> Connection[Execution]:
    return _page([e for e in _visible(info.context) if e.scope is collection], first, after)


@resolver("TriggerExecution.event")
def execution_event(execution: Execution, _info: Info) -> dict[str, Any]:
    return {"event_type": execution.event_type, "data": _details(execution)}


@resolver("TriggerExecution.action")
def execution_action(execution: Execution, _info: Info) -> dict[str, Any]:
    return {"action_type": execution.action_type, "data": _arguments(execution)}


@resolver("TriggerExecution.result")
def execution_result(execution: Execution, _info: Info) -> dict[str, Any] | None:
    outcome = execution.outcome
    if outcome is None:
        return None
    if outcome.skipped:
        return None  # nothing was done that could have a result; the state tells
    error = {"message": outcome.error} if outcome.error else None
    if isinstance(execution.action, WebhookAction):
        status = str(outcome.status_code) if outcome.status_code else None
        return {
            "result_type": "HTTP_RESPONSE",
            "data": {
                "__typename": "HttpTriggerResultDetails",
                "error": error,
                "status": status,
                "status_code": outcome.status_code,
                "body": outcome.body,
            },
        }
    if isinstance(execution.action, QueueJobAction):
        data = {"__typename": "QueuedJobTriggerResultDetails", "error": error}
        return {"result_type": "QUEUE_JOB", "data": data}
    data = {"__typename": "DefaultTriggerResultDetails", "error": error}
    return {"result_type": "DEFAULT", "data": data}


def _visible(context: Context) -> list[Execution]:
    return [e for e in context.world.executions if context.user.may_see(owner(e.scope))]


def _page(
    found: Iterable[Execution], first: int | None, after: str | None
) -> Connection[Execution]:
    newest_first: Order[Execution] = Order(lambda e: e.created_at, descending=True)
    return connect(list(found), key=lambda e: (e.id,), order=newest_first, first=first, after=after)


def _details(execution: Execution) -> dict[str, Any]:
    event = execution.event
    if isinstance(event, (RunMetricLogged, RunStateChanged)):
        entity, project, run = event.run.split("/")
        common = {"entity_name": entity, "project_name": project, "run_name": run}
        if isinstance(event, RunStateChanged):
            return {**common, "__typename": "RunStateEventDetails", "new_run_state": event.state}
        return {
            **common,
            "__typename": "RunMetricEventDetails",
            "metric_name": event.metric,
            "metric_values": _numbers(execution.metric.values) if execution.metric else None,
        }
    entity, project, collection = event.collection.split("/")
    details: dict[str, Any] = {
        "entity_name": entity,
        "project_name": project,
        "artifact_collection_name": collection,
        "artifact_metadata": None,
        "artifact_version_index": None,
        "__typename": "ArtifactEventDetails",
    }
    if isinstance(event, VersionEvent):
        details["artifact_metadata"] = json.dumps(event.metadata)
        details["artifact_version_index"] = event.version
    if (alias := getattr(event, "alias", None)) is not None:
        return {**details, "__typename": "ArtifactAliasEventDetails", "alias": alias}
    if isinstance(event, CollectionTagEvent) or hasattr(event, "tag"):
        tag = getattr(event, "tag", None)
        return {**details, "__typename": "ArtifactTagEventDetails", "tag": tag}
    return details


def _numbers(values: Iterable[float]) -> list[float]:
    """Return what GraphQL has numbers for; NaN and infinities are none."""
    return [value for value in values if math.isfinite(value)]


def _arguments(execution: Execution) -> dict[str, Any] | None:
    action, outcome = execution.action, execution.outcome
    if isinstance(action, WebhookAction):
        return {
            "__typename": "GenericWebhookActionArgs",
            "integration": action.integration,
            "request_payload": outcome.sent if outcome else None,
        }
    if isinstance(action, NotificationAction):
        message = outcome.sent if outcome else None
        sent = message if isinstance(message, SlackMessage) else None
        return {
            "__typename": "SlackNotificationActionArgs",
            "integration": action.integration,
            "title": (sent and sent.title) or action.title,
            "text": (sent and sent.text) or action.message,
            "severity": action.severity,
            "title_url": sent and sent.title_url,
        }
    if isinstance(action, NoOpAction):
        return {"__typename": "NoOpActionArgs", "no_op": action.no_op}
    if isinstance(action, QueueJobAction):
        return {"__typename": "QueueJobActionArgs", "run_spec": action.template, "priority": None}
    return None
