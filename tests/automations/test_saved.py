"""Saved automations, and what of them the SDK could not read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_wandb_automations.automations import (
    ActionType,
    ArtifactEvent,
    Automation,
    DoNothing,
    EventType,
    OnLinkArtifact,
    ProjectScope,
    RegistryScope,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.automations.inputs import prepare_to_update


def trigger(**fields: Any) -> dict[str, Any]:
    return {
        "__typename": "Trigger",
        "id": "t1",
        "createdAt": "2026-01-02T03:04:05Z",
        "updatedAt": "2026-02-02T03:04:05Z",
        "name": "n",
        "description": None,
        "enabled": True,
        "scope": {"__typename": "Project", "id": "p1", "name": "llm"},
        "event": event("LINK_MODEL", {"filter": '{"$or":[{"$and":[]}]}'}),
        "action": {"__typename": "NoOpTriggeredAction", "noOp": None},
        **fields,
    }


def event(event_type: str, filter_: Any) -> dict[str, Any]:
    typename = "FilterEventTriggeringCondition"
    return {"__typename": typename, "eventType": event_type, "filter": json.dumps(filter_)}


def test_a_saved_automation_can_be_edited_and_sent_back():
    automation = Automation.model_validate(trigger())
    automation.enabled = False
    automation.description = "paused"
    sent = prepare_to_update(automation)
    assert sent == {
        "id": "t1",
        "name": "n",
        "description": "paused",
        "enabled": False,
        "scopeType": "PROJECT",
        "scopeID": "p1",
        "triggeringEventType": "LINK_MODEL",
        "eventFilter": '{"$or":[{"$and":[]}]}',
        "triggeredActionType": "NO_OP",
        "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
    }


def test_the_filter_of_a_saved_event_may_be_text_or_an_object():
    raw = {"$or": [{"$and": [{"alias": {"$eq": "prod"}}]}]}
    as_object = Automation.model_validate(trigger(event=event("LINK_MODEL", {"filter": raw})))
    as_text = event("LINK_MODEL", {"filter": json.dumps(raw)})
    assert Automation.model_validate(trigger(event=as_text)) == as_object
    assert as_object.event.filter.filter.model_dump() == raw


@pytest.mark.parametrize(
    ("name", "scope"),
    [
        ("wandb-registry-model", RegistryScope(id="p1", name="wandb-registry-model")),
        ("wandb-registry-", ProjectScope(id="p1", name="wandb-registry-")),
        ("llm", ProjectScope(id="p1", name="llm")),
    ],
)
def test_a_project_is_told_from_a_registry_by_its_name(name: str, scope: object):
    answer = trigger(scope={"__typename": "Project", "id": "p1", "name": name})
    assert Automation.model_validate(answer).scope == scope


def test_a_saved_push_notification_can_be_read_but_not_assigned():
    answer = trigger(action={"__typename": "PushNotificationTriggeredAction"})
    automation = Automation.model_validate(answer)
    assert automation.action.action_type is ActionType.PUSH_NOTIFICATION
    with pytest.raises(ValueError, match="PUSH_NOTIFICATION actions cannot be assigned"):
        prepare_to_update(automation, enabled=False)


def test_a_saved_weave_event_keeps_its_filter_and_cannot_be_assigned():
    filter_ = {"source": "monitor", "window": {"count": 5}}
    answer = trigger(event=event("WEAVE_METRIC_THRESHOLD", filter_))
    automation = Automation.model_validate(answer)
    assert automation.event.event_type is EventType.WEAVE_METRIC_THRESHOLD
    assert automation.event.filter == filter_
    assert automation.model_dump()["event"]["filter"] == '{"source":"monitor","window":{"count":5}}'
    with pytest.raises(ValueError, match="WEAVE_METRIC_THRESHOLD events cannot be assigned"):
        prepare_to_update(automation, enabled=False)


def test_a_saved_alias_update_can_be_read_and_given_another_event():
    answer = trigger(event=event("UPDATE_ARTIFACT_ALIAS", {"filter": '{"$and":[]}'}))
    automation = Automation.model_validate(answer)
    assert automation.event.event_type is EventType.UPDATE_ARTIFACT_ALIAS
    other = OnLinkArtifact(scope=automation.scope, filter=ArtifactEvent.alias == "prod")
    sent = prepare_to_update(automation, event=other)
    assert sent["eventFilter"] == '{"$or":[{"$and":[{"alias":{"$eq":"prod"}}]}]}'


def test_what_is_given_by_w_and_b_cannot_be_edited():
    automation = Automation.model_validate(trigger())
    with pytest.raises(ValueError, match="frozen"):
        automation.created_at = automation.updated_at


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        (
            SendNotification(integration_id="s1", title="t", text="x", level="WARN"),
            (
                "NOTIFICATION",
                {
                    "notificationActionInput": {
                        "integrationID": "s1",
                        "title": "t",
                        "message": "x",
                        "severity": "WARN",
                    }
                },
            ),
        ),
        (
            SendWebhook(integration_id="w1", request_payload={"a": 1}),
            (
                "GENERIC_WEBHOOK",
                {
                    "genericWebhookActionInput": {
                        "integrationID": "w1",
                        "requestPayload": '{"a":1}',
                    }
                },
            ),
        ),
        (DoNothing(), ("NO_OP", {"noOpActionInput": {"noOp": True}})),
        (SendPromptToAria(prompt="why?"), ("ARIA", {"ariaActionInput": {"prompt": "why?"}})),
    ],
    ids=lambda value: getattr(value, "action_type", None),
)
def test_an_action_that_is_assigned_is_saved_again_as_it_was_given(action: Any, sent: Any):
    automation = Automation.model_validate(trigger())
    automation.action = action

    update = prepare_to_update(automation)

    assert (update["triggeredActionType"], update["triggeredActionConfig"]) == sent
