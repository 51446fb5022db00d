"""Integrations over GraphQL: changed, tried out and deleted by admins of their team."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnAddArtifactAlias, SendWebhook
from pytest_wandb_automations.graphql.context import Context
from pytest_wandb_automations.graphql.execution import execute

if TYPE_CHECKING:
    from pytest_wandb_automations.world.integrations import WebhookIntegration

URL = "https://deploy.test/hook"
UPDATE = """
mutation Update($input: UpdateGenericWebhookIntegrationInput!) {
  updateGenericWebhookIntegration(input: $input) {
    integration {
      id ... on GenericWebhookIntegration { name urlEndpoint accessTokenRef secretRef }
    }
  }
}
"""
DELETE = """
mutation Delete($input: DeleteIntegrationInput!) { deleteIntegration(input: $input) { success } }
"""
TEST = """
mutation Test($input: TestGenericWebhookIntegrationInput!) {
  testGenericWebhookIntegration(input: $input) { ok response clientMutationID }
}
"""


@pytest.fixture
def backend() -> Backend:
    backend = Backend(seed=1)
    team = backend.team("acme")
    team.add_member(backend.user("ada"), role="member")
    return backend


@pytest.fixture
def hook(backend: Backend) -> WebhookIntegration:
    return backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL, access_token="t0ken", secret="s3cret"
    )


@pytest.fixture
def ask(backend: Backend) -> Any:
    def ask(document: str, *, user: str = "tester", **values: Any) -> Any:
        """Return the payload, or the status and the message of a refusal."""
        who = backend.world.directory.user(user)
        with backend.world.acting(who):
            result = execute(document, {"input": values}, None, Context(backend.world, who))
        if result.errors:
            return result.status, result.errors[0]["message"]
        assert result.data is not None
        (payload,) = result.data.values()
        return payload

    return ask


# Changes


def test_what_is_given_is_changed_and_the_rest_stays(
    backend: Backend, ask: Any, hook: WebhookIntegration
) -> None:
    changed = ask(UPDATE, id=hook.id, urlEndpoint="https://new.test/", secretRef="OTHER")

    assert changed["integration"] == {
        "id": hook.id,
        "name": "deploy",
        "urlEndpoint": "https://new.test/",
        "accessTokenRef": "DEPLOY_ACCESS_TOKEN",
        "secretRef": "OTHER",
    }
    assert ask(UPDATE, id=hook.id, name="new", urlEndpoint=None)["integration"]["name"] == "new"
    assert ask(UPDATE, id=hook.id, name="new")["integration"]["name"] == "new"
    assert (hook.name, hook.url_endpoint) == ("new", "https://new.test/")


def test_a_reference_of_null_is_removed(ask: Any, hook: WebhookIntegration) -> None:
    changed = ask(UPDATE, id=hook.id, accessTokenRef=None)["integration"]

    assert (changed["accessTokenRef"], changed["secretRef"]) == (None, "DEPLOY_SECRET")


def test_deliveries_go_by_what_the_webhook_is_now(
    backend: Backend, ask: Any, hook: WebhookIntegration
) -> None:
    weights = backend.collection("acme/llm/weights")
    action = SendWebhook.from_integration(hook)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="rule")

    ask(UPDATE, id=hook.id, urlEndpoint="https://new.test/")
    weights.log_version()

    assert backend.webhooks.last.url == "https://new.test/"


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"name": "a/b"}, 400, "webhook name 'a/b'"),
        ({"urlEndpoint": "ftp://a.test/"}, 400, "urlEndpoint 'ftp://a.test/' is no http"),
        ({"name": "taken"}, 409, "team 'acme' already has a webhook named 'taken'"),
    ],
)
def test_a_change_is_checked_like_a_new_webhook(
    backend: Backend, ask: Any, hook: WebhookIntegration, changes: Any, status: int, told: str
) -> None:
    backend.webhook_integration("acme", name="taken", url_endpoint=URL)

    found, message = ask(UPDATE, id=hook.id, **changes)

    assert found == status
    assert told in message
    assert (hook.name, hook.url_endpoint) == ("deploy", URL)


def test_a_slack_channel_is_no_webhook(backend: Backend, ask: Any) -> None:
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")

    status, message = ask(UPDATE, id=slack.id, name="x")

    assert status == 400
    assert "<SlackIntegration acme: Acme #alerts> is no webhook" in message


# Deletion


def test_a_deleted_integration_is_gone_and_automations_that_use_it_fail(
    backend: Backend, ask: Any, hook: WebhookIntegration
) -> None:
    weights = backend.collection("acme/llm/weights")
    action = SendWebhook.from_integration(hook)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="rule")

    assert ask(DELETE, id=hook.id) == {"success": True}
    weights.log_version()

    assert list(backend.api.integrations("acme")) == []
    (listed,) = backend.api.automations()
    assert listed.action.integration.id == hook.id
    assert "was deleted; the automation still uses it" in (backend.executions[0].error or "")
    assert len(backend.webhooks) == 0
    assert ask(DELETE, id=hook.id)[0] == 404


def test_a_name_is_free_again_after_deletion(
    backend: Backend, ask: Any, hook: WebhookIntegration
) -> None:
    ask(DELETE, id=hook.id)

    again = backend.webhook_integration("acme", name="deploy", url_endpoint="https://b.test/")

    assert again is not hook


@pytest.mark.parametrize(("user", "status"), [("ada", 403), ("loner", 404)])
@pytest.mark.parametrize("document", [UPDATE, DELETE])
def test_only_admins_of_the_team_change_and_delete(
    ask: Any, hook: WebhookIntegration, document: str, user: str, status: int
) -> None:
    assert ask(document, user=user, id=hook.id)[0] == status
    assert not hook.deleted


# Tests


def test_a_test_sends_the_payload_as_it_is_and_tells_the_response(
    backend: Backend, ask: Any, hook: WebhookIntegration
) -> None:
    backend.webhooks.route(URL).respond(202, text="queued")

    answered = ask(
        TEST,
        entityName="acme",
        urlEndpoint=URL,
        requestPayload='{"b": "${alias}", "a": 1}',
        accessTokenRef="DEPLOY_ACCESS_TOKEN",
        secretRef="DEPLOY_SECRET",
    )

    assert answered["ok"] is True
    assert json.loads(answered["response"]) == {"statusCode": 202, "body": "queued"}
    delivery = backend.webhooks.last
    assert delivery.text == '{"a":1,"b":"${alias}"}'
    assert delivery.headers["Authorization"] == "Bearer t0ken"
    assert delivery.verify_signature("s3cret")
    assert delivery.automation == "(test)"
    assert len(backend.executions) == 0


def test_a_test_without_payload_and_secrets_is_an_empty_object(backend: Backend, ask: Any) -> None:
    assert ask(TEST, entityName="acme", urlEndpoint=URL)["ok"] is True

    assert backend.webhooks.last.text == "{}"
    assert "Authorization" not in backend.webhooks.last.headers


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        (httpx.Response(503, text="no"), {"statusCode": 503, "body": "no"}),
        (httpx.ConnectError("refused"), {"error": "ConnectError: refused"}),
    ],
)
def test_a_test_that_fails_is_not_ok(
    backend: Backend, ask: Any, answer: Any, response: dict[str, Any]
) -> None:
    backend.webhooks.route(URL).mock(side_effect=[answer])

    answered = ask(TEST, entityName="acme", urlEndpoint=URL)

    assert answered["ok"] is False
    assert json.loads(answered["response"]) == response


@pytest.mark.parametrize(
    ("values", "status", "told"),
    [
        ({"accessTokenRef": "NONE"}, 404, "has no secret named 'NONE'"),
        ({"requestPayload": "${alias}"}, 400, "requestPayload is no JSON"),
        ({"urlEndpoint": "deploy"}, 400, "urlEndpoint 'deploy' is no http or https URL"),
    ],
)
def test_what_cannot_be_sent_is_refused(
    backend: Backend, ask: Any, values: Any, status: int, told: str
) -> None:
    found, message = ask(TEST, **{"entityName": "acme", "urlEndpoint": URL, **values})

    assert found == status
    assert told in message
    assert len(backend.webhooks) == 0


def test_a_test_shows_no_secret(backend: Backend, ask: Any, hook: WebhookIntegration) -> None:
    backend.webhooks.route(URL).mock(side_effect=ValueError("t0ken s3cret"))
    values = {"accessTokenRef": "DEPLOY_ACCESS_TOKEN", "secretRef": "DEPLOY_SECRET"}

    payload = '{"a": "t0ken s3cret"}'
    answered = ask(TEST, entityName="acme", urlEndpoint=URL, requestPayload=payload, **values)

    assert json.loads(answered["response"]) == {"error": "ValueError: •••• ••••"}
    assert repr(backend.webhooks.last).endswith('ValueError, {"a":"•••• ••••"}>')


def test_an_empty_reference_is_none(backend: Backend, ask: Any, hook: WebhookIntegration) -> None:
    values = {"accessTokenRef": "", "secretRef": ""}
    ask(UPDATE, id=hook.id, **values)

    assert hook.credentials() == (None, None)
    assert ask(TEST, entityName="acme", urlEndpoint=URL, **values)["ok"] is True


def test_only_admins_of_the_team_send_tests(ask: Any) -> None:
    assert ask(TEST, user="ada", entityName="acme", urlEndpoint=URL)[0] == 403


def test_the_receiver_of_a_test_may_call_back_from_a_thread(backend: Backend, ask: Any) -> None:
    weights = backend.collection("acme/llm/weights")
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> DoNothing(), name="rule")
    backend.user("ada")

    def receive(_request: httpx.Request) -> httpx.Response:
        thread = threading.Thread(target=weights.log_version)
        thread.start()
        thread.join(20)
        return httpx.Response(500 if thread.is_alive() else 200)

    backend.webhooks.route(URL).mock(side_effect=receive)

    assert ask(TEST, entityName="acme", urlEndpoint=URL)["ok"] is True
    backend.assert_fired("rule", times=1)
    # The request goes on as the user that it came from, and the world is free when it is over.
    assert backend.world.author(None) is backend.world.default_user
    free = threading.Thread(target=weights.log_version)
    free.start()
    free.join(20)
    assert not free.is_alive()
