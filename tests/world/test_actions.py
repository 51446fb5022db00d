"""Actions are checked when they are saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import ActionType
from pytest_wandb_automations.errors import InvalidInput, NotFound
from pytest_wandb_automations.world.actions import (
    Action,
    AriaAction,
    NoOpAction,
    NotificationAction,
    PushNotificationAction,
    QueueJobAction,
    WebhookAction,
    parse_action,
)

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration


def parse(backend: Backend, kind: ActionType, config: Any, user: str = "tester") -> Action:
    world = backend.world
    return parse_action(kind, config, world.integrations, world.directory.user(user))


def test_a_webhook_has_an_integration_and_a_payload(
    backend: Backend, hook: WebhookIntegration
) -> None:
    config = {"integration_id": hook.id, "request_payload": '{"a":1}'}
    action = parse(backend, ActionType.GENERIC_WEBHOOK, {"generic_webhook_action_input": config})
    assert action == WebhookAction(hook, '{"a":1}')

    config = {"integration_id": hook.id}
    action = parse(backend, ActionType.GENERIC_WEBHOOK, {"generic_webhook_action_input": config})
    assert action == WebhookAction(hook, None)


def test_a_webhooks_payload_is_json(backend: Backend, hook: WebhookIntegration) -> None:
    config = {"integration_id": hook.id, "request_payload": "${alias}"}
    with pytest.raises(InvalidInput, match=r"^requestPayload is no JSON: Expecting value"):
        parse(backend, ActionType.GENERIC_WEBHOOK, {"generic_webhook_action_input": config})


def test_a_notification_has_an_integration_and_texts(
    backend: Backend, slack: SlackIntegration
) -> None:
    config = {"integration_id": slack.id, "title": "T", "message": "M", "severity": "WARN"}
    action = parse(backend, ActionType.NOTIFICATION, {"notification_action_input": config})
    assert action == NotificationAction(slack, "T", "M", "WARN")

    config = {"integration_id": slack.id}
    action = parse(backend, ActionType.NOTIFICATION, {"notification_action_input": config})
    assert action == NotificationAction(slack, None, None, None)


def test_an_integration_is_of_the_actions_kind(
    backend: Backend, hook: WebhookIntegration, slack: SlackIntegration
) -> None:
    with pytest.raises(InvalidInput, match="this action needs a WebhookIntegration"):
        parse(
            backend,
            ActionType.GENERIC_WEBHOOK,
            {"generic_webhook_action_input": {"integration_id": slack.id}},
        )
    with pytest.raises(InvalidInput, match=r"is <WebhookIntegration .*; this action needs a Slack"):
        parse(
            backend,
            ActionType.NOTIFICATION,
            {"notification_action_input": {"integration_id": hook.id}},
        )


def test_an_integration_that_the_user_may_not_see_does_not_exist(
    backend: Backend, hook: WebhookIntegration
) -> None:
    config = {"generic_webhook_action_input": {"integration_id": hook.id}}

    with pytest.raises(NotFound, match=r"^integrationID: no integration"):
        parse(backend, ActionType.GENERIC_WEBHOOK, config, user="loner")


@pytest.mark.parametrize(
    ("kind", "config", "action"),
    [
        (ActionType.NO_OP, {"no_op_action_input": {"no_op": True}}, NoOpAction(True)),
        (ActionType.ARIA, {"aria_action_input": {"prompt": " hi "}}, AriaAction("hi")),
        (
            ActionType.QUEUE_JOB,
            {"queue_job_action_input": {"queue_id": "q", "template": "{}"}},
            QueueJobAction("q", "{}"),
        ),
        (
            ActionType.PUSH_NOTIFICATION,
            {"push_notification_action_input": {"user_id": "u", "title": "t", "body": "b"}},
            PushNotificationAction("u", "t", "b"),
        ),
    ],
    ids=["no-op", "aria", "queue-job", "push"],
)
def test_other_actions_carry_what_they_were_given(
    backend: Backend, kind: ActionType, config: Any, action: Action
) -> None:
    assert parse(backend, kind, config) == action


@pytest.mark.parametrize(
    ("prompt", "size"),
    [("", 0), ("  ", 0), ("x" * 4001, 4001), ("ü" * 2001, 4002), ("\ud800" * 1334, 4002)],
    ids=["empty", "blank", "long", "utf-8", "surrogates"],
)
def test_a_prompt_has_up_to_4000_bytes(backend: Backend, prompt: str, size: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(backend, ActionType.ARIA, {"aria_action_input": {"prompt": prompt}})

    assert str(caught.value) == (
        f"ariaActionInput.prompt has {size} UTF-8 bytes; "
        "expected 1 to 4000 without surrounding white space"
    )


@pytest.mark.parametrize(
    ("config", "got"),
    [
        ({}, "nothing"),
        ({"no_op_action_input": None}, "nothing"),
        ({"aria_action_input": {"prompt": "hi"}}, "'ariaActionInput'"),
        (
            {"no_op_action_input": {}, "aria_action_input": {"prompt": "hi"}},
            "'noOpActionInput', 'ariaActionInput'",
        ),
    ],
)
def test_the_config_is_that_of_the_action_and_no_other(
    backend: Backend, config: Any, got: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(backend, ActionType.NO_OP, config)

    assert str(caught.value) == (
        f"triggeredActionConfig of a NO_OP action needs exactly 'noOpActionInput', got {got}"
    )


def test_a_run_queue_is_known_by_its_id() -> None:
    queue = QueueJobAction("q", "{}").queue

    assert queue == {"__typename": "RunQueue", "id": "q", "name": "q"}
