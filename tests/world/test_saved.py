"""A saved automation is read back as what was saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.world.saved import saved_automation

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration


def test_it_has_what_was_saved_and_is_a_copy(
    backend: Backend, weights: Collection, watch: Callable[..., Any]
) -> None:
    condition = ArtifactEvent.alias.eq("prod")
    rule = watch("rule", OnAddArtifactAlias, weights, filter=condition)
    rule.name = "changed"

    again = backend.automation("rule")

    assert (again.id, again.enabled, again.description) == (rule.id, True, None)
    assert (again.scope.name, again.scope.id) == ("weights", weights.id)
    assert again.event.event_type == "ADD_ARTIFACT_ALIAS"
    assert again.event.filter == rule.event.filter


@pytest.mark.parametrize("kind", ["weights", "project", "team", "organization", "registry"])
def test_every_scope_is_read_back(
    backend: Backend, weights: Collection, watch: Callable[..., Any], kind: str
) -> None:
    scope = {
        "weights": weights,
        "project": weights.project,
        "team": backend.world.default_team,
        "organization": backend.world.default_organization.org_entity,
        "registry": backend.registry("model"),
    }[kind]

    saved = watch("rule", OnAddArtifactAlias, scope)

    assert (saved.scope.id, saved.scope.name) == (scope.id, scope.name)


def test_actions_are_read_back(
    backend: Backend, weights: Collection, hook: WebhookIntegration, slack: SlackIntegration
) -> None:
    actions = [
        SendWebhook.from_integration(hook, payload={"a": "${alias}"}),
        SendNotification.from_integration(slack, title="T", text="M"),
        SendPromptToAria(prompt="hi"),
    ]
    hooked, noted, asked = (
        backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name=str(number))
        for number, action in enumerate(actions)
    )

    assert hooked.action.integration.id == hook.id
    assert hooked.action.request_payload == {"a": "${alias}"}
    assert (noted.action.title, noted.action.message) == ("T", "M")
    assert noted.action.severity.value == "INFO"
    assert asked.action.prompt == "hi"


@pytest.mark.parametrize(
    ("action_type", "config"),
    [
        ("QUEUE_JOB", {"queue_job_action_input": {"queue_id": "q", "template": "{}"}}),
        (
            "PUSH_NOTIFICATION",
            {"push_notification_action_input": {"user_id": "u", "title": "t", "body": "b"}},
        ),
    ],
)
def test_actions_that_cannot_be_assigned_any_more_are_read_back(
    backend: Backend, weights: Collection, fields: Any, action_type: str, config: Any
) -> None:
    values = fields(weights, triggered_action_type=action_type, triggered_action_config=config)
    author = backend.world.default_user
    trigger = backend.world.automations.create(values, author, legacy=True)

    assert saved_automation(trigger).action.action_type == action_type
