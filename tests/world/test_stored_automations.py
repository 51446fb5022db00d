"""Automations that were made long ago, or in W&B's own pages: stored, listed, never created."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import ActionType, EventType
from pytest_wandb_automations.errors import Conflict, InvalidFilter, InvalidInput, NotFound

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection

QUEUE_JOB = {"queueJobActionInput": {"queueID": "q", "template": '{"a":1}'}}
PUSH = {"pushNotificationActionInput": {"userID": "u", "title": "t", "body": "b"}}


@pytest.fixture
def stored(weights: Collection) -> Any:
    def make(**changes: Any) -> dict[str, Any]:
        return {
            "name": "old",
            "enabled": True,
            "scopeType": "ARTIFACT_COLLECTION",
            "scopeID": weights.id,
            "triggeringEventType": "ADD_ARTIFACT_ALIAS",
            "eventFilter": '{"$or":[{"$and":[]}]}',
            "triggeredActionType": "NO_OP",
            "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
            **changes,
        }

    return make


@pytest.mark.parametrize("event", ["UPDATE_ARTIFACT_ALIAS", "WEAVE_METRIC_THRESHOLD"])
def test_an_event_that_cannot_be_assigned_is_stored_and_never_happens(
    backend: Backend, weights: Collection, stored: Any, event: str
) -> None:
    saved = backend.store_automation(stored(triggeringEventType=event))
    weights.log_version(aliases=["prod"])

    assert saved.event.event_type is EventType(event)
    assert list(backend.api.automations()) == backend.automations() == [saved]
    backend.assert_not_fired("old")
    assert backend.explain("old").startswith(f"old: {event} in acme/llm/weights fired 0 times")


@pytest.mark.parametrize(
    "text", ['{"comparator":"is above","window":{"count":5}}', "[]", '{"filter":"{}"}']
)
def test_a_filter_of_weaves_comes_back_as_it_went_in(
    backend: Backend, stored: Any, text: str
) -> None:
    fields = stored(triggeringEventType="WEAVE_METRIC_THRESHOLD", eventFilter=text)

    saved = backend.store_automation(fields)

    assert saved.event.filter == json.loads(text)
    trigger = backend.world.automations.get(saved.id)
    assert trigger.triggering_condition.filter == text


def test_a_filter_of_weaves_is_json_all_the_same(backend: Backend, stored: Any) -> None:
    fields = stored(triggeringEventType="WEAVE_METRIC_THRESHOLD", eventFilter="{")

    with pytest.raises(InvalidInput, match="invalid filter at eventFilter: not JSON"):
        backend.store_automation(fields)
    with pytest.raises(InvalidFilter):
        backend.world.automations.create(
            {
                "name": "x",
                "scope_type": "ARTIFACT_COLLECTION",
                "scope_id": fields["scopeID"],
                "triggering_event_type": "WEAVE_METRIC_THRESHOLD",
                "event_filter": "{",
            },
            backend.world.default_user,
            legacy=True,
        )


@pytest.mark.parametrize(
    ("action", "config"), [("QUEUE_JOB", QUEUE_JOB), ("PUSH_NOTIFICATION", PUSH)]
)
def test_an_action_that_cannot_be_assigned_is_stored_and_recorded(
    backend: Backend, weights: Collection, stored: Any, action: str, config: Any
) -> None:
    fields = stored(triggeredActionType=action, triggeredActionConfig=config)
    saved = backend.store_automation(fields)
    weights.log_version()

    assert saved.action.action_type is ActionType(action)
    assert list(backend.api.automations()) == [saved]
    (execution,) = backend.assert_fired("old", times=1)
    assert (execution.state, execution.action_type) == ("FINISHED", ActionType(action))


@pytest.mark.parametrize(
    ("action", "config", "told"),
    [
        (
            "QUEUE_JOB",
            {"queue_job_action_input": {"queue_id": "q", "template": "{}"}},
            "QUEUE_JOB cannot be assigned to an automation: W&B accepts no new Launch jobs",
        ),
        (
            "PUSH_NOTIFICATION",
            {"push_notification_action_input": {"user_id": "u"}},
            "PUSH_NOTIFICATION cannot be assigned to an automation: such automations are made in",
        ),
    ],
)
def test_no_call_creates_them_or_changes_another_to_them(
    backend: Backend, weights: Collection, fields: Any, action: str, config: Any, told: str
) -> None:
    automations, author = backend.world.automations, backend.world.default_user
    changes = {"triggered_action_type": action, "triggered_action_config": config}
    with pytest.raises(InvalidInput, match=f"^{told}"):
        automations.create(fields(weights, **changes), author)

    trigger = automations.create(fields(weights), author)
    with pytest.raises(InvalidInput, match=f"^{told}"):
        automations.update(trigger.id, changes, author)


def test_they_can_be_renamed_moved_and_switched_off(
    backend: Backend, stored: Any, prod_models: Collection
) -> None:
    automations, author = backend.world.automations, backend.world.default_user
    config = {"queue_job_action_input": {"queue_id": "q", "template": "{}"}}
    for event in ("UPDATE_ARTIFACT_ALIAS", "WEAVE_METRIC_THRESHOLD"):
        saved = backend.store_automation(
            stored(
                name=event,
                triggeringEventType=event,
                triggeredActionType="QUEUE_JOB",
                triggeredActionConfig=QUEUE_JOB,
            )
        )
        trigger = automations.update(
            saved.id,
            {
                "name": f"new {event}",
                "enabled": False,
                "scope_id": prod_models.id,
                "scope_type": "ARTIFACT_COLLECTION",
                "triggered_action_config": config,
            },
            author,
        )

        assert (trigger.scope, trigger.enabled) == (prod_models, False)
        automations.delete(saved.id, author)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"nmae": "x"}, InvalidInput, "nmae"),
        ({"name": None}, InvalidInput, "name"),
        ({"name": ""}, InvalidInput, "name has 0 characters"),
        ({"triggeringEventType": "NO_SUCH"}, InvalidInput, "NO_SUCH"),
        ({"scopeID": "QXJ0aWZhY3RDb2xsZWN0aW9uOjk5"}, NotFound, "scopeID"),
        ({"scopeType": "PROJECT"}, NotFound, "scopeID"),
        ({"eventFilter": '{"$like":1}'}, InvalidInput, "invalid filter"),
        ({"triggeredActionConfig": QUEUE_JOB}, InvalidInput, "noOpActionInput"),
        (
            {
                "triggeringEventType": "RUN_STATE",
                "eventFilter": '{"run_state_filter":{"states":["FAILED"]}}',
            },
            InvalidInput,
            "RUN_STATE cannot be watched in the scope",
        ),
    ],
)
def test_all_else_is_checked_as_ever(
    backend: Backend, stored: Any, changes: Any, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        backend.store_automation(stored(**changes))

    assert backend.automations() == []


def test_names_are_unique_among_them_too(backend: Backend, stored: Any) -> None:
    backend.store_automation(stored())

    with pytest.raises(Conflict, match="name 'old' is taken"):
        backend.store_automation(stored(triggeringEventType="UPDATE_ARTIFACT_ALIAS"))
