"""Each action does what it says, and a failure is recorded with its reason."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import flask
import httpx
import pytest

from pytest_wandb_automations.automations import (
    DoNothing,
    OnAddArtifactAlias,
    OnAddCollectionTag,
    OnRunMetric,
    OnRunState,
    RunEvent,
    SendNotification,
    SendPromptToAria,
    SendWebhook,
)
from pytest_wandb_automations.errors import UnknownVariableWarning
from pytest_wandb_automations.events import ArtifactAliasAdded
from pytest_wandb_automations.world.actions import PushNotificationAction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend
    from pytest_wandb_automations.world.collections import Collection
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.integrations import SlackIntegration, WebhookIntegration

URL = "https://deploy.test/hook"
TOKEN, SECRET = "t0ken-of-mine", 'se"cret\\value'


@pytest.fixture
def signed(backend: Backend) -> WebhookIntegration:
    return backend.webhook_integration(
        "acme", name="signed", url_endpoint=URL, access_token=TOKEN, secret=SECRET
    )


@pytest.fixture
def on_alias(backend: Backend, weights: Collection) -> Callable[..., Any]:
    def save(action: Any, name: str = "rule") -> Any:
        return backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name=name)

    return save


def execution_of(backend: Backend, weights: Collection, **event: Any) -> Execution:
    (execution,) = backend.inject(
        ArtifactAliasAdded(**{"collection": weights, "alias": "prod", **event})
    )
    return execution


def with_semantics(backend: Backend, **changes: Any) -> None:
    backend.semantics = backend.semantics.model_copy(update=changes)


# Webhooks


def test_a_webhook_is_sent_with_its_payload_filled_in(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook, payload={"b": "${alias}", "a": "${typo} ${tag}"}))
    backend.webhooks.route(URL).respond(202, text="queued")

    with pytest.warns(UnknownVariableWarning, match=r"uses \$\{typo\}, which is no variable"):
        execution = execution_of(backend, weights)

    assert backend.webhooks.last.text == '{"a":"${typo} ","b":"prod"}'
    outcome = execution.outcome
    assert outcome is not None
    assert (outcome.error, outcome.status_code, outcome.body) == (None, 202, "queued")
    assert outcome.sent == '{"a":"${typo} ","b":"prod"}'
    assert outcome.unknown_variables == ("typo",)


def test_without_a_payload_the_body_is_an_empty_object(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook))

    execution_of(backend, weights)

    assert backend.webhooks.last.text == "{}"


def test_headers_carry_token_and_signature_of_team_secrets(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(signed))
    execution_of(backend, weights)

    delivery = backend.webhooks.last
    assert delivery.headers["Authorization"] == f"Bearer {TOKEN}"
    assert delivery.verify_signature(SECRET)


def test_a_replaced_secret_is_the_one_that_signs(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(signed))
    backend.secret("acme", "SIGNED_SECRET", "new")

    execution_of(backend, weights)

    assert backend.webhooks.last.verify_signature("new")


@pytest.mark.parametrize("name", ["SIGNED_ACCESS_TOKEN", "SIGNED_SECRET"])
def test_a_missing_secret_fails_the_execution_and_sends_nothing(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any, name: str
) -> None:
    on_alias(SendWebhook.from_integration(signed))
    backend.world.integrations.delete_secret(backend.team("acme"), name)
    (other,) = {"SIGNED_ACCESS_TOKEN", "SIGNED_SECRET"} - {name}

    execution = execution_of(backend, weights)

    assert execution.state == "FAILED"
    assert execution.error == (
        f"NotFound: team 'acme' has no secret named {name!r}; it has: {other}"
    )
    assert len(backend.webhooks) == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, None),
        (204, None),
        (299, None),
        (199, "answered 199"),
        (302, "answered 302 Found"),
        (404, "answered 404 Not Found"),
        (500, "answered 500 Internal Server Error"),
    ],
)
def test_2xx_is_finished_and_all_else_failed(
    backend: Backend,
    weights: Collection,
    hook: WebhookIntegration,
    on_alias: Any,
    status: int,
    error: str | None,
) -> None:
    on_alias(SendWebhook.from_integration(hook))
    backend.webhooks.route(URL).respond(status, text="said")

    execution = execution_of(backend, weights)

    assert execution.error == (error and f"webhook 'deploy': {error}")
    assert execution.state == ("FAILED" if error else "FINISHED")
    assert execution.outcome is not None
    assert (execution.outcome.status_code, execution.outcome.body) == (status, "said")


@pytest.mark.parametrize(
    ("raised", "error"),
    [
        (httpx.ConnectError("refused"), "ConnectError: refused"),
        (httpx.ConnectTimeout, "ConnectTimeout: Mock Error"),
        (httpx.ReadTimeout("slow"), "ReadTimeout: slow"),
        (ValueError(), "ValueError"),
    ],
    ids=str,
)
def test_an_error_on_the_way_fails_the_execution_which_keeps_what_was_sent(
    backend: Backend,
    weights: Collection,
    hook: WebhookIntegration,
    on_alias: Any,
    raised: Any,
    error: str,
) -> None:
    on_alias(SendWebhook.from_integration(hook, payload={"a": "${alias}"}))
    backend.webhooks.route(URL).mock(side_effect=raised)

    execution = execution_of(backend, weights)

    assert (execution.state, execution.error) == ("FAILED", f"webhook 'deploy': {error}")
    assert execution.outcome is not None
    assert (execution.outcome.status_code, execution.outcome.body) == (None, None)
    assert execution.outcome.sent == '{"a":"prod"}'


def test_semantics_decide_how_often_a_webhook_is_tried(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook))
    route = backend.webhooks.route(URL)

    route.mock(side_effect=[httpx.Response(503), httpx.Response(200)])
    assert execution_of(backend, weights).state == "FAILED"

    with_semantics(backend, webhook_attempts=3)
    route.mock(side_effect=[httpx.Response(503), httpx.ReadTimeout, httpx.Response(200)])
    assert execution_of(backend, weights).state == "FINISHED"
    route.mock(side_effect=[httpx.Response(200)])
    assert execution_of(backend, weights).state == "FINISHED"
    route.respond(503)
    assert execution_of(backend, weights).state == "FAILED"

    assert len(backend.webhooks) == 1 + 3 + 1 + 3


def test_semantics_decide_what_becomes_of_an_unknown_variable(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook, payload={"a": "<${typo}>"}))
    with_semantics(backend, unknown_variable="blank")

    with pytest.warns(UnknownVariableWarning, match=r"typo"):
        execution = execution_of(backend, weights)

    assert backend.webhooks.last.json == {"a": "<>"}
    assert execution.outcome is not None
    assert execution.outcome.unknown_variables == ("typo",)


def test_secrets_are_no_variables(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(signed, payload={"a": "${ACCESS_TOKEN}"}))

    with pytest.warns(UnknownVariableWarning, match=r"ACCESS_TOKEN.* unless Semantics"):
        execution = execution_of(backend, weights)

    assert backend.webhooks.last.json == {"a": "${ACCESS_TOKEN}"}
    assert execution.outcome is not None
    assert execution.outcome.unknown_variables == ("ACCESS_TOKEN",)


def test_secrets_are_variables_if_semantics_say_so(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any
) -> None:
    with_semantics(backend, secrets_in_payload=True)
    payload = {"token": "${ACCESS_TOKEN}", "secret": "${SIGNED_SECRET}"}
    on_alias(SendWebhook.from_integration(signed, payload=payload))

    execution = execution_of(backend, weights)

    assert backend.webhooks.last.json == {"token": TOKEN, "secret": SECRET}
    assert execution.outcome is not None
    assert execution.outcome.unknown_variables == ()


def test_a_webhook_without_a_token_has_a_blank_one(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    with_semantics(backend, secrets_in_payload=True)
    on_alias(SendWebhook.from_integration(hook, payload={"a": "<${ACCESS_TOKEN}>"}))

    execution_of(backend, weights)

    assert backend.webhooks.last.json == {"a": "<>"}


def test_secrets_never_show(
    backend: Backend, weights: Collection, signed: WebhookIntegration, on_alias: Any
) -> None:
    with_semantics(backend, secrets_in_payload=True)
    payload = {"token": "${ACCESS_TOKEN}", "secret": "${SIGNED_SECRET}"}
    on_alias(SendWebhook.from_integration(signed, payload=payload))
    backend.webhooks.route(URL).mock(
        side_effect=lambda request: (_ for _ in ()).throw(
            ValueError(f"{request.headers['Authorization']} {request.content.decode()} {SECRET}")
        )
    )

    execution = execution_of(backend, weights)

    shown = [
        repr(backend.webhooks),
        repr(backend.webhooks.last),
        repr(backend.webhooks.last.headers),
        repr(backend.webhooks.last.request),
        repr(backend.executions),
        repr(execution.outcome),
        execution.error or "",
        backend.explain("rule"),
    ]
    for text in shown:
        assert TOKEN not in text
        assert SECRET not in text
        assert json.dumps(SECRET)[1:-1] not in text
    assert execution.error == (
        'webhook \'signed\': ValueError: Bearer •••• {"secret":"••••","token":"••••"} ••••'
    )


def test_a_delivery_in_the_background_survives_a_rename(
    backend: Backend, hook: WebhookIntegration
) -> None:
    run = backend.run("acme/llm", display_name="train")
    condition = RunEvent.state.eq("finished")
    action = SendWebhook.from_integration(hook, payload={"run": "${run_name}"})
    backend.create_automation(
        OnRunState(scope=run.project, filter=condition) >> action, name="rule"
    )

    with backend.world.change():
        run.finish()
        backend.world.projects.rename(run.project, "llm2")

    assert backend.webhooks.last.json == {"run": "train"}


# Slack


@pytest.fixture
def slack_rule(slack: SlackIntegration, on_alias: Any) -> Any:
    return on_alias(SendNotification.from_integration(slack, title="T", text="M", level="WARN"))


def test_a_notification_is_a_message_in_the_inbox(
    backend: Backend, weights: Collection, slack_rule: Any
) -> None:
    execution = execution_of(backend, weights, version=3)

    message = backend.slack.last
    assert (message.automation, message.team, message.channel) == ("rule", "Acme", "#alerts")
    assert (message.title, message.text, message.severity) == ("T", "M", "WARN")
    assert message.title_url == "https://wandb.ai/acme/llm/artifacts/model/weights/v3"
    assert execution.outcome is not None
    assert execution.outcome.sent is message
    assert execution.state == "FINISHED"


def test_a_notification_without_texts_is_a_message_without_texts(
    backend: Backend, weights: Collection, slack: SlackIntegration, fields: Any
) -> None:
    config = {"notification_action_input": {"integration_id": slack.id}}
    values = fields(weights, triggered_action_type="NOTIFICATION", triggered_action_config=config)
    backend.world.automations.create(values, backend.world.default_user)

    execution_of(backend, weights)

    message = backend.slack.last
    assert (message.title, message.text, message.severity) == ("", "", "INFO")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(200, json={"ok": True}), None),
        (
            httpx.Response(200, json={"ok": False, "error": "channel_not_found"}),
            "answered with the error 'channel_not_found'",
        ),
        (
            httpx.Response(429, headers={"Retry-After": "30"}),
            "answered 429 Too Many Requests, Retry-After: 30 s",
        ),
        (httpx.Response(503), "answered 503 Service Unavailable"),
        (httpx.ConnectError("refused"), "ConnectError: refused"),
    ],
    ids=["ok", "not ok", "limited", "broken", "unreachable"],
)
def test_slack_may_refuse_a_message(
    backend: Backend, weights: Collection, slack_rule: Any, answer: Any, error: str | None
) -> None:
    backend.slack.route().mock(side_effect=[answer])

    execution = execution_of(backend, weights)

    assert execution.error == (error and f"Slack '#alerts': {error}")


def test_titles_link_to_what_it_happened_to(backend: Backend, slack: SlackIntegration) -> None:
    project = backend.project("acme/quantized edge training")
    action = SendNotification.from_integration(slack, title="T")
    on_state = OnRunState(scope=project, filter=RunEvent.state.eq("running"))
    backend.create_automation(on_state >> action, name="state")
    backend.create_automation(OnAddCollectionTag(scope=project) >> action, name="tag")

    backend.run(project, run_id="r1")
    project.collection("CIFAR 10", type="dataset").add_tag("eu")

    base = "https://wandb.ai/acme/quantized%20edge%20training"
    assert [message.title_url for message in backend.slack] == [
        f"{base}/runs/r1",
        f"{base}/artifacts/dataset/CIFAR%2010",
    ]


def test_a_name_that_no_url_can_hold_has_a_link_all_the_same(
    backend: Backend, slack: SlackIntegration
) -> None:
    odd = backend.collection("acme/llm/we\ud800", type="model")
    action = SendNotification.from_integration(slack, title="T")
    backend.create_automation(OnAddArtifactAlias(scope=odd) >> action, name="rule")

    odd.log_version()

    assert backend.slack.last.title_url.endswith("/artifacts/model/we%3F/v0")
    assert backend.executions.finished


# Others


def test_doing_nothing_is_recorded(backend: Backend, weights: Collection, on_alias: Any) -> None:
    on_alias(DoNothing())

    execution = execution_of(backend, weights)

    assert (execution.state, execution.error) == ("FINISHED", None)
    assert (len(backend.webhooks), len(backend.slack)) == (0, 0)


def test_a_prompt_is_filled_in_and_kept(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="Why ${alias} of ${artifact_collection_name}? ${typo}"))

    with pytest.warns(UnknownVariableWarning, match=r"typo"):
        execution = execution_of(backend, weights)

    assert execution.outcome is not None
    assert execution.outcome.sent == "Why prod of weights? ${typo}"
    assert execution.outcome.unknown_variables == ("typo",)
    assert execution.state == "FINISHED"


def test_a_prompt_is_answered_with_a_thread(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="Why?"))

    outcomes = [execution_of(backend, weights).outcome for _ in range(2)]

    threads = [json.loads(outcome.body)["thread_id"] for outcome in outcomes if outcome]
    assert len(set(threads)) == 2


def test_a_prompt_fails_once_its_creator_may_not_write_to_the_project(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="Why?"))
    backend.team("acme").remove_member("tester")

    execution = execution_of(backend, weights)

    assert execution.state == "FAILED"
    assert "Forbidden: user 'tester' may not change" in str(execution.error)


def test_an_automation_prompts_aria_three_times_a_minute_and_skips_the_rest(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="Why?"))
    on_alias(SendPromptToAria(prompt="And why this?"), name="other")

    def states(name: str) -> list[str]:
        return [execution.state for execution in backend.executions.of(name)]

    for _ in range(4):
        backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))
    assert states("rule") == states("other") == ["FINISHED"] * 3 + ["SKIPPED"]

    (skipped,) = backend.executions.of("rule").skipped
    assert skipped.error is None
    assert repr(skipped) == (
        "<Execution of 'rule': SKIPPED, it prompted ARIA 3 times within a minute>"
    )
    backend.clock.advance(minutes=1)
    backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))
    assert states("rule")[-1] == "FINISHED"


def test_a_reset_lets_automations_prompt_again(backend: Backend) -> None:
    def prompt() -> str:
        weights = backend.collection("acme/llm/weights")
        action = SendPromptToAria(prompt="Why?")
        backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="rule")
        return [execution_of(backend, weights).state for _ in range(4)][-1]

    assert prompt() == "SKIPPED"
    backend.reset()
    assert prompt() == "SKIPPED"
    assert backend.executions[0].state == "FINISHED"


def test_an_integration_that_was_deleted_fails_executions_and_says_so(
    backend: Backend,
    weights: Collection,
    hook: WebhookIntegration,
    slack: SlackIntegration,
    on_alias: Any,
) -> None:
    on_alias(SendWebhook.from_integration(hook))
    on_alias(SendNotification.from_integration(slack, title="T"), name="noted")
    for integration in (hook, slack):
        backend.world.integrations.delete(integration)

    backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))

    assert [execution.error for execution in backend.executions.failed] == [
        "NotFound: <WebhookIntegration acme/deploy → https://deploy.test/hook> was deleted; "
        "the automation still uses it",
        "NotFound: <SlackIntegration acme: Acme #alerts> was deleted; the automation still uses it",
    ]
    assert (len(backend.webhooks), len(backend.slack)) == (0, 0)
    assert backend.automation("rule").action.integration.id == hook.id


@pytest.mark.parametrize(
    ("action_type", "config", "sent"),
    [
        ("QUEUE_JOB", {"queueJobActionInput": {"queueID": "q", "template": '{"a":1}'}}, '{"a":1}'),
        (
            "PUSH_NOTIFICATION",
            {"pushNotificationActionInput": {"userID": "u", "title": "t", "body": "b"}},
            PushNotificationAction("u", "t", "b"),
        ),
    ],
)
def test_jobs_and_push_notifications_are_recorded(
    backend: Backend, weights: Collection, action_type: str, config: Any, sent: Any
) -> None:
    backend.store_automation(
        {
            "name": "rule",
            "enabled": True,
            "scopeType": "ARTIFACT_COLLECTION",
            "scopeID": weights.id,
            "triggeringEventType": "ADD_ARTIFACT_ALIAS",
            "eventFilter": "{}",
            "triggeredActionType": action_type,
            "triggeredActionConfig": config,
        }
    )

    execution = execution_of(backend, weights)

    assert execution.state == "FINISHED"
    assert execution.outcome is not None
    assert execution.outcome.sent == sent


def test_a_prompt_that_grows_too_long_fails(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="${artifact_metadata.text}"))

    assert execution_of(backend, weights, metadata={"text": "ü" * 2000}).state == "FINISHED"
    execution = execution_of(backend, weights, metadata={"text": "ü" * 2001})

    assert execution.error == "the prompt has 4002 bytes after substitution; 1 to 4000 fit"


def test_a_prompt_that_comes_to_nothing_fails(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="${tag}"))

    assert execution_of(backend, weights).error == (
        "the prompt has 0 bytes after substitution; 1 to 4000 fit"
    )


def test_a_minute_after_the_first_prompt_there_may_be_another(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    on_alias(SendPromptToAria(prompt="Why?"))
    first, *_ = [execution_of(backend, weights) for _ in range(3)]
    tick = timedelta(milliseconds=1)  # by which the clock moves with each record
    minute = first.created_at + timedelta(minutes=1)

    backend.clock.advance(seconds=(minute - 2 * tick - backend.clock.now()).total_seconds())

    assert [execution_of(backend, weights).state for _ in range(2)] == ["SKIPPED", "FINISHED"]
    assert backend.clock.now() == minute


def test_a_metric_webhook_tells_what_was_seen(backend: Backend, hook: WebhookIntegration) -> None:
    names = ["run_name", "metric_name", "metric_values", "metric_filter", "metric_filter_short"]
    payload = {name: f"${{{name}}}" for name in [*names, "metric_current_status", "event_author"]}
    loss = RunEvent.metric("loss").avg(2).gt(1)
    backend.create_automation(
        OnRunMetric(scope=backend.project("acme/llm"), filter=loss)
        >> SendWebhook.from_integration(hook, payload=payload),
        name="rule",
    )

    backend.run("acme/llm", display_name="train", user="ada").log({"loss": 2.5})

    assert backend.webhooks.last.json == {
        "run_name": "train",
        "metric_name": "loss",
        "metric_values": "[2.5]",
        "metric_filter": "RUN_METRIC: avg(loss, 2) > 1",
        "metric_filter_short": "avg(loss, 2) > 1",
        "metric_current_status": "2.5",
        "event_author": "ada",
    }


def test_a_reset_empties_the_inboxes_and_forgets_the_routes(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook))
    backend.webhooks.route(URL).respond(503)
    execution_of(backend, weights)

    backend.reset()

    assert (len(backend.webhooks), len(backend.slack), len(backend.executions)) == (0, 0, 0)
    assert not backend.webhooks.route(URL).calls


# What was ordered, and what went wrong by itself


def ordered_by(execution: Execution) -> str | None:
    assert execution.state == "FAILED"
    assert execution.outcome is not None
    return execution.outcome.ordered_by


def test_a_failure_that_a_route_says_is_told_apart_from_one_of_a_receiver(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook))

    backend.webhooks.route(URL).respond(503)
    assert ordered_by(execution_of(backend, weights)) == f"the route of {URL}"
    backend.faults.delivery(hook, error="refused")
    assert ordered_by(execution_of(backend, weights)) == (
        f"backend.faults.delivery({URL!r}, error='refused')"
    )
    backend.webhooks.forward(URL, app=flask.Flask("404 for everything"))
    assert ordered_by(execution_of(backend, weights)) is None
    backend.world.integrations.delete(hook)
    assert ordered_by(execution_of(backend, weights)) is None


@pytest.mark.parametrize(
    "answer", [{"status_code": 500}, {"json": {"ok": False, "error": "channel_not_found"}}]
)
def test_what_a_route_of_slack_says_is_ordered(
    backend: Backend, weights: Collection, slack_rule: Any, answer: Any
) -> None:
    backend.slack.route().respond(**answer)

    execution = execution_of(backend, weights)

    assert ordered_by(execution) == "the route of https://slack.com/api/chat.postMessage"


def test_a_success_is_ordered_by_nobody(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook))
    backend.webhooks.route(URL).respond(204)

    outcome = execution_of(backend, weights).outcome

    assert outcome is not None
    assert (outcome.error, outcome.ordered_by) == (None, None)


def test_no_answer_makes_the_call_fail_that_led_to_it(
    backend: Backend, weights: Collection, slack_rule: Any, hook: WebhookIntegration, on_alias: Any
) -> None:
    on_alias(SendWebhook.from_integration(hook), name="hook")
    headers = {"Content-Type": "text/plain; charset=hex"}
    backend.webhooks.route(URL).respond(200, headers=headers, content=b"ok")
    backend.slack.route().respond(200, headers=headers, content=b"[" * 200_000)

    backend.inject(ArtifactAliasAdded(collection=weights, alias="prod"))

    assert [execution.state for execution in backend.executions] == ["FINISHED"] * 2
    (outcome,) = [execution.outcome for execution in backend.executions.of("hook")]
    assert outcome is not None
    assert outcome.body == "ok"


def test_a_token_that_no_header_can_hold_fails_the_execution(
    backend: Backend, weights: Collection, on_alias: Any
) -> None:
    hook = backend.webhook_integration("acme", name="h", url_endpoint=URL, access_token="t0ken\n")
    on_alias(SendWebhook.from_integration(hook))

    execution = execution_of(backend, weights)

    assert execution.error == (
        "InvalidInput: the access token holds a line break or another control character"
    )
    assert len(backend.webhooks) == 0


# Open questions of deliveries


@pytest.mark.parametrize(
    ("success", "status", "state"),
    [
        ((200, 299), 302, "FAILED"),
        ((200, 399), 302, "FINISHED"),
        ((200, 200), 202, "FAILED"),
        ((200, 200), 200, "FINISHED"),
    ],
)
def test_semantics_decide_which_statuses_are_a_success(
    backend: Backend,
    weights: Collection,
    hook: WebhookIntegration,
    on_alias: Any,
    success: tuple[int, int],
    status: int,
    state: str,
) -> None:
    with_semantics(backend, webhook_success=success, webhook_attempts=2)
    on_alias(SendWebhook.from_integration(hook))
    backend.webhooks.route(URL).respond(status)

    execution = execution_of(backend, weights)

    assert (execution.state, len(backend.webhooks)) == (state, 1 if state == "FINISHED" else 2)


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("json", {"all": '{"n": [1]}', "in": "acc 0.9", "text": "a", "none": "", "off": "false"}),
        ("value", {"all": {"n": [1]}, "in": "acc 0.9", "text": "a", "none": "", "off": False}),
        ("blank", {"all": "", "in": "acc ", "text": "a", "none": "", "off": ""}),
    ],
)
def test_semantics_decide_what_metadata_that_is_no_text_becomes(
    backend: Backend,
    weights: Collection,
    hook: WebhookIntegration,
    on_alias: Any,
    form: str,
    body: Any,
) -> None:
    with_semantics(backend, nonstring_metadata=form)
    names = {"all": "${artifact_metadata.all}", "in": "acc ${artifact_metadata.acc}"}
    names |= {name: f"${{artifact_metadata.{name}}}" for name in ("text", "none", "off")}
    on_alias(SendWebhook.from_integration(hook, payload=names))
    metadata = {"all": {"n": [1]}, "acc": 0.9, "text": "a", "off": False}

    execution_of(backend, weights, metadata=metadata)

    assert backend.webhooks.last.json == body


def test_a_whole_value_may_be_no_json(
    backend: Backend, weights: Collection, hook: WebhookIntegration, on_alias: Any
) -> None:
    with_semantics(backend, nonstring_metadata="value")
    payload = {"path": "${artifact_metadata.path}", "alias": "${alias}"}
    on_alias(SendWebhook.from_integration(hook, payload=payload))

    execution_of(backend, weights, metadata={"path": PurePosixPath("a/b")})

    assert backend.webhooks.last.json == {"path": "a/b", "alias": "prod"}


@pytest.mark.parametrize(
    ("own", "filled", "expected"),
    [
        (("", ""), False, ("prod on weights", "by tester")),
        (("T ${alias}", ""), False, ("T ${alias}", "by tester")),
        (("T ${alias}", "X"), True, ("T prod", "X")),
    ],
    ids=["none", "a title", "filled in"],
)
def test_semantics_decide_what_a_slack_message_says(
    backend: Backend,
    weights: Collection,
    slack: SlackIntegration,
    on_alias: Any,
    own: tuple[str, str],
    filled: bool,
    expected: tuple[str, str],
) -> None:
    with_semantics(
        backend,
        slack_title="${alias} on ${artifact_collection_name}",
        slack_text="by ${event_author}",
        slack_variables=filled,
    )
    on_alias(SendNotification.from_integration(slack, title=own[0], text=own[1]))

    execution_of(backend, weights)

    assert (backend.slack.last.title, backend.slack.last.text) == expected


def test_an_unknown_variable_in_a_slack_message_is_warned_of_once(
    backend: Backend, weights: Collection, slack: SlackIntegration, on_alias: Any
) -> None:
    with_semantics(backend, slack_variables=True)
    on_alias(SendNotification.from_integration(slack, title="${alais}", text="${alais}"))

    with pytest.warns(UnknownVariableWarning) as caught:
        execution = execution_of(backend, weights)

    assert [str(warning.message) for warning in caught] == [
        "automation 'rule' uses ${alais}, which is no variable of W&B; did you mean 'alias'?"
    ]
    assert execution.outcome is not None
    assert execution.outcome.unknown_variables == ("alais",)
