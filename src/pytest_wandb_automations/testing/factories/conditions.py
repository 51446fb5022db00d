"""What automations listen for and do, made up: events with filters, and actions."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_wandb_automations.automations import (
    ActionType,
    ArtifactEvent,
    DoNothing,
    EventType,
    OnAddArtifactAlias,
    OnAddArtifactTag,
    OnAddCollectionTag,
    OnCreateArtifact,
    OnLinkArtifact,
    OnRemoveArtifactTag,
    OnRemoveCollectionTag,
    OnRunMetric,
    OnRunState,
    OnUnlinkArtifact,
    RunEvent,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_wandb_automations.testing.factories.nouns import Fields

__all__ = [
    "ASSIGNABLE_ACTIONS",
    "EVENT_MODELS",
    "RUN_EVENTS",
    "assignable_action",
    "assignable_event",
    "made_up_action",
    "made_up_filter",
    "made_up_integration",
    "made_up_scope",
]

E = TypeVar("E", bound=Enum)

EVENT_MODELS: dict[EventType, Any] = {
    EventType.CREATE_ARTIFACT: OnCreateArtifact,
    EventType.LINK_ARTIFACT: OnLinkArtifact,
    EventType.UNLINK_ARTIFACT: OnUnlinkArtifact,
    EventType.ADD_ARTIFACT_ALIAS: OnAddArtifactAlias,
    EventType.ADD_ARTIFACT_TAG: OnAddArtifactTag,
    EventType.REMOVE_ARTIFACT_TAG: OnRemoveArtifactTag,
    EventType.ADD_COLLECTION_TAG: OnAddCollectionTag,
    EventType.REMOVE_COLLECTION_TAG: OnRemoveCollectionTag,
    EventType.RUN_METRIC_THRESHOLD: OnRunMetric,
    EventType.RUN_METRIC_CHANGE: OnRunMetric,
    EventType.RUN_METRIC_ZSCORE: OnRunMetric,
    EventType.RUN_STATE: OnRunState,
}
"""The events that an automation can be given, by type."""

_TAG_EVENTS = frozenset(
    {
        EventType.ADD_ARTIFACT_TAG,
        EventType.REMOVE_ARTIFACT_TAG,
        EventType.ADD_COLLECTION_TAG,
        EventType.REMOVE_COLLECTION_TAG,
    }
)
_LINK_EVENTS = frozenset({EventType.LINK_ARTIFACT, EventType.UNLINK_ARTIFACT})
RUN_EVENTS = frozenset(
    event_type for event_type, model in EVENT_MODELS.items() if model in (OnRunMetric, OnRunState)
)


def assignable_event(event_type: EventType | str) -> EventType:
    """Return a type of event that automations can listen for; `InvalidInput` names them all."""
    return _assignable(EventType, event_type, EVENT_MODELS, "event")


def assignable_action(action_type: ActionType | str) -> ActionType:
    """Return a type of action that automations can do; `InvalidInput` names them all."""
    return _assignable(ActionType, action_type, _ACTIONS, "action")


def made_up_scope(this: Fields) -> Any:
    """Make a place where the event can happen: a collection, or for run events a project."""
    event_type = assignable_event(this.event_type)
    if event_type in RUN_EVENTS:
        return this.factory.project()
    if event_type in _LINK_EVENTS:
        return this.factory.collection(project=this.factory.registry())
    return this.factory.collection()


def made_up_filter(this: Fields) -> Any:
    """Make a filter that the event can have; `None` for events that are mostly not filtered."""
    event_type = assignable_event(this.event_type)
    if event_type is EventType.ADD_ARTIFACT_ALIAS:
        return ArtifactEvent.alias.eq(this.fake.wandb_alias())
    if event_type in _TAG_EVENTS:
        return ArtifactEvent.tag.eq(this.fake.wandb_tag())
    if event_type is EventType.RUN_STATE:
        return RunEvent.state.in_(["finished", "failed"])
    if event_type not in RUN_EVENTS:
        return None
    metric = RunEvent.metric(this.fake.wandb_metric())
    amount = round(this.fake.random.uniform(0.1, 10.0), 2)
    if event_type is EventType.RUN_METRIC_THRESHOLD:
        return metric.avg(5).gt(amount)
    if event_type is EventType.RUN_METRIC_CHANGE:
        return metric.avg(5).increases_by(frac=amount)
    return metric.zscore(30).abs().gt(amount)


def made_up_integration(this: Fields) -> Any:
    """Connect what the action sends to: a Slack channel for notifications, else a webhook."""
    if assignable_action(this.action_type) is ActionType.NOTIFICATION:
        return this.factory.slack_integration()
    return this.factory.webhook_integration()


def made_up_action(this: Fields) -> Any:
    """Make the action of the type that is asked for."""
    return _ACTIONS[assignable_action(this.action_type)](this)


_ACTIONS: dict[ActionType, Callable[[Fields], Any]] = {
    ActionType.GENERIC_WEBHOOK: lambda this: SendWebhook.from_integration(
        this.integration, payload=this.payload
    ),
    ActionType.NOTIFICATION: lambda this: SendNotification.from_integration(
        this.integration, title=this.title, text=this.text, level=this.level
    ),
    ActionType.NO_OP: lambda _: DoNothing(),
    ActionType.ARIA: lambda this: SendPromptToAria(prompt=this.prompt),
}

ASSIGNABLE_ACTIONS = tuple(_ACTIONS)
"""The types of action that an automation can be given."""


def _assignable(enum: type[E], value: Any, known: Mapping[E, Any], what: str) -> E:
    try:
        found = enum(value)
    except ValueError:
        told = f"unknown {what} type {value!r}"
    else:
        if found in known:
            return found
        told = f"{found.value} {what}s cannot be assigned to automations"
    names = ", ".join(str(each.value) for each in known)
    raise InvalidInput(f"{told}; known are {names}")
