"""A saved automation as the vocabulary's `Automation`, in the form that GraphQL answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_wandb_automations.automations import Automation
from pytest_wandb_automations.world.accounts import Entity
from pytest_wandb_automations.world.actions import (
    Action,
    AriaAction,
    NoOpAction,
    NotificationAction,
    QueueJobAction,
    WebhookAction,
)

if TYPE_CHECKING:
    from pytest_wandb_automations.world.automations import Scope, Trigger

__all__ = ["saved_automation"]


def saved_automation(trigger: Trigger) -> Automation:
    """Return the automation as a client would read it, as a copy that can be edited."""
    condition = trigger.triggering_condition
    return Automation.model_validate(
        {
            "id": trigger.id,
            "createdAt": trigger.created_at,
            "updatedAt": trigger.updated_at,
            "name": trigger.name,
            "description": trigger.description,
            "enabled": trigger.enabled,
            "scope": _scope(trigger.scope),
            "event": {
                "__typename": condition.typename__,
                "eventType": condition.event_type.value,
                "filter": condition.filter,
            },
            "action": {"__typename": trigger.action.typename__, **_fields(trigger.action)},
        }
    )


def _scope(scope: Scope) -> dict[str, Any]:
    fields = {"__typename": scope.typename__, "id": scope.id, "name": scope.name}
    return {**fields, "entityType": scope.kind} if isinstance(scope, Entity) else fields


def _fields(action: Action) -> dict[str, Any]:
    if isinstance(action, (WebhookAction, NotificationAction)):
        integration = {"__typename": action.integration.typename__, "id": action.integration.id}
        if isinstance(action, WebhookAction):
            return {"integration": integration, "requestPayload": action.request_payload}
        return {
            "integration": integration,
            "title": action.title,
            "message": action.message,
            "severity": action.severity,
        }
    if isinstance(action, NoOpAction):
        return {"noOp": action.no_op}
    if isinstance(action, AriaAction):
        return {"prompt": action.prompt}
    if isinstance(action, QueueJobAction):
        return {"queue": action.queue, "template": action.template}
    return {"title": action.title, "body": action.body}
