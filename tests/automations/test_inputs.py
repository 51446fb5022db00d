"""What is sent to save automations: examples of whole inputs, as captured from wandb 0.31.0."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    NewAutomation,
    OnAddArtifactAlias,
    OnRunMetric,
    OnRunState,
    ProjectScope,
    RunEvent,
    SendNotification,
    SendWebhook,
    SlackIntegration,
    WebhookIntegration,
)
from pytest_wandb_automations.automations.inputs import prepare_to_create, prepare_to_update

project = ProjectScope(id="UHJvamVjdDox", name="llm")
hook = WebhookIntegration(id="SW50OjU=", name="deploy", url_endpoint="https://deploy.test/hook")


def test_an_alias_automation_with_a_webhook_is_sent_like_this():
    collection = {"__typename": "ArtifactPortfolio", "id": "QXJ0OjI=", "name": "prod-models"}
    event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(hook, payload={"a": "${alias}"})
    assert prepare_to_create(event >> action, name="n", description="d") == {
        "name": "n",
        "description": "d",
        "enabled": True,
        "scopeType": "ARTIFACT_COLLECTION",
        "scopeID": "QXJ0OjI=",
        "triggeringEventType": "ADD_ARTIFACT_ALIAS",
        "eventFilter": '{"$or":[{"$and":[{"alias":{"$eq":"prod"}}]}]}',
        "triggeredActionType": "GENERIC_WEBHOOK",
        "triggeredActionConfig": {
            "genericWebhookActionInput": {
                "integrationID": "SW50OjU=",
                "requestPayload": '{"a":"${alias}"}',
            }
        },
    }


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        (
            RunEvent.metric("loss") > 1,
            '{"run_filter":"{\\"$and\\":[]}","run_metric_filter":{"threshold_filter":{"name":"loss",'
            '"agg_op":null,"window_size":1,"cmp_op":"$gt","threshold":1}},"metric_filter":null}',
        ),
        (
            RunEvent.metric("loss").max(3).increases_by(diff=2),
            '{"run_filter":"{\\"$and\\":[]}","run_metric_filter":{"change_filter":{"name":"loss",'
            '"agg_op":"MAX","current_window_size":3,"change_amount":2,"prior_window_size":3,'
            '"change_type":"ABSOLUTE","change_dir":"INCREASE"}},"metric_filter":null}',
        ),
        (
            abs(RunEvent.metric("loss").zscore(30)) > 2.0,
            '{"run_filter":"{\\"$and\\":[]}","run_metric_filter":{"zscore_filter":{"name":"loss",'
            '"window_size":30,"threshold":2.0,"change_dir":"ANY"}},"metric_filter":null}',
        ),
        (
            RunEvent.metric("loss").avg(5).lte(0.5) & RunEvent.name.contains("x"),
            '{"run_filter":"{\\"$and\\":[{\\"display_name\\":{\\"$contains\\":\\"x\\"}}]}",'
            '"run_metric_filter":{"threshold_filter":{"name":"loss","agg_op":"AVERAGE",'
            '"window_size":5,"cmp_op":"$lte","threshold":0.5}},"metric_filter":null}',
        ),
    ],
)
def test_a_metric_condition_is_sent_like_this(condition: object, sent: str):
    event = OnRunMetric(scope=project, filter=condition)
    assert prepare_to_create(event >> DoNothing(), name="n")["eventFilter"] == sent


def test_a_state_condition_is_sent_sorted_and_without_duplicates():
    event = OnRunState(scope=project, filter=RunEvent.state.in_(["finished", "failed", "FAILED"]))
    sent = '{"run_filter":"{\\"$and\\":[]}","run_state_filter":{"states":["FAILED","FINISHED"]}}'
    assert prepare_to_create(event >> DoNothing(), name="n")["eventFilter"] == sent


def test_a_notification_is_sent_with_its_defaults():
    slack = SlackIntegration(id="s", team_name="Acme", channel_name="#alerts")
    event = OnAddArtifactAlias(scope=project)
    sent = prepare_to_create(event >> SendNotification.from_integration(slack), name="n")
    config = {"integrationID": "s", "title": "", "message": "", "severity": "INFO"}
    assert sent["triggeredActionConfig"] == {"notificationActionInput": config}


def test_a_webhook_without_payload_sends_none():
    event = OnAddArtifactAlias(scope=project)
    sent = prepare_to_create(event >> SendWebhook.from_integration(hook), name="n")
    config = {"integrationID": hook.id}
    assert sent["triggeredActionConfig"] == {"genericWebhookActionInput": config}


def test_an_automation_can_be_given_in_parts():
    event, action = OnAddArtifactAlias(scope=project), DoNothing()
    whole = prepare_to_create(event >> action, name="n", enabled=False)
    assert prepare_to_create(name="n", enabled=False, event=event, action=action) == whole


def test_arguments_win_over_the_automation():
    new = NewAutomation(name="a", description="b", event=OnAddArtifactAlias(scope=project))
    sent = prepare_to_create(new, name="n", action=DoNothing())
    assert (sent["name"], sent["description"]) == ("n", "b")


def test_the_scope_of_a_new_automation_is_that_of_its_event():
    new = OnAddArtifactAlias(scope=project).then(DoNothing())
    assert new.scope == project
    new.scope = ProjectScope(id="p2", name="other")
    assert prepare_to_create(new, name="n")["scopeID"] == "p2"
    with pytest.raises(ValueError, match="without an `event`"):
        NewAutomation().scope = project
    assert NewAutomation().scope is None


def test_an_update_needs_an_id():
    with pytest.raises(ValueError, match="id"):
        prepare_to_update(name="n", event=OnAddArtifactAlias(scope=project), action=DoNothing())


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"event": {"event_type": "LINK_MODEL"}}, ("event", "LINK_MODEL", "scope")),
        ({"action": {"action_type": "ARIA"}}, ("action", "ARIA", "prompt")),
    ],
)
def test_what_is_missing_is_only_said_of_the_type_that_is_given(
    wrong: dict[str, Any], where: tuple[str, ...]
):
    with pytest.raises(ValidationError) as failure:
        NewAutomation(**wrong)
    (error,) = failure.value.errors()
    assert error["loc"] == where


def test_a_metric_event_needs_a_condition():
    with pytest.raises(ValidationError, match="filter"):
        OnRunMetric(scope=project)


def test_only_an_action_can_follow_an_event():
    with pytest.raises(TypeError, match="expected an action, got str: 'deploy'"):
        OnAddArtifactAlias(scope=project) >> "deploy"
