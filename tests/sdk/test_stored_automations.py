"""What the real SDK makes of automations that no API call can make any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

QUEUE_JOB = {"queueJobActionInput": {"queueID": "cXVldWU6MQ==", "template": "{}"}}
PUSH = {"pushNotificationActionInput": {"userID": "VXNlcjox", "title": "t", "body": "b"}}
NO_OP = {"noOpActionInput": {"noOp": True}}


def store(backend: Backend, name: str, event: str, action: str, config: Any) -> Any:
    return backend.store_automation(
        {
            "name": name,
            "enabled": True,
            "scopeType": "PROJECT",
            "scopeID": backend.project("acme/llm").id,
            "triggeringEventType": event,
            "eventFilter": "{}",
            "triggeredActionType": action,
            "triggeredActionConfig": config,
        }
    )


def test_the_sdk_lists_legacy_aliases(wandb_backend: Backend) -> None:
    saved = store(wandb_backend, "old", "UPDATE_ARTIFACT_ALIAS", "NO_OP", NO_OP)

    (listed,) = wandb.Api().automations(entity="acme")

    assert listed.id == saved.id
    assert listed.event.event_type.value == "UPDATE_ARTIFACT_ALIAS"


@pytest.mark.parametrize(
    ("event", "action", "config"),
    [
        ("WEAVE_METRIC_THRESHOLD", "NO_OP", NO_OP),
        ("ADD_ARTIFACT_ALIAS", "PUSH_NOTIFICATION", PUSH),
        # wandb 0.31.0 has a model for it, and leaves its fields out of every query: its table of
        # supported actions does not have it, so it holds every server for too old.
        ("ADD_ARTIFACT_ALIAS", "QUEUE_JOB", QUEUE_JOB),
    ],
)
def test_a_list_that_holds_one_of_these_is_an_error_of_the_sdk(
    wandb_backend: Backend, event: str, action: str, config: Any
) -> None:
    saved = store(wandb_backend, "theirs", event, action, config)

    with pytest.raises(ValueError, match=r"Unexpected response data|WEAVE_METRIC_THRESHOLD"):
        list(wandb.Api().automations(entity="acme"))

    assert list(wandb_backend.api.automations()) == wandb_backend.automations() == [saved]
