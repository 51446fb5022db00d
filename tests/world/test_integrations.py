"""Webhooks, Slack channels and secrets of a team."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound
from pytest_wandb_automations.world.ids import encode_id

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

URL = "https://deploy.test/hook"


def test_all_kinds_share_one_list_oldest_first(backend: Backend) -> None:
    integrations, team = backend.world.integrations, backend.team("acme")
    hook = integrations.add_webhook(team, name="deploy", url_endpoint=URL)
    slack = integrations.add_slack(team, team_name="Acme", channel_name="#alerts")

    assert integrations.of(team) == [hook, slack]
    assert integrations.of(backend.team("other")) == []
    assert integrations.get(slack.id) is slack


def test_a_webhooks_name_is_unique_within_its_team(backend: Backend) -> None:
    integrations = backend.world.integrations
    integrations.add_slack(backend.team("acme"), team_name="Acme", channel_name="deploy")
    for team in ("acme", "other"):
        integrations.add_webhook(backend.team(team), name="deploy", url_endpoint=URL)

    with pytest.raises(Conflict, match="team 'acme' already has a webhook named 'deploy'"):
        integrations.add_webhook(backend.team("acme"), name="deploy", url_endpoint=URL)
    integrations.add_webhook(backend.team("acme"), name="deploy 2", url_endpoint=URL)


@pytest.mark.parametrize("name", ["", " a", "a ", "a/b", "a\n", "x" * 65])
def test_a_webhooks_name_has_the_form_that_the_sdk_asks_for(backend: Backend, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^webhook name .* at most 64 letters"):
        backend.world.integrations.add_webhook(backend.team("acme"), name=name, url_endpoint=URL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "fake-url",
        "ftp://a.test/",
        "https://",
        "https://a.test:port/",
        "https://a b.test:x/",
        "/p",
    ],
)
def test_an_endpoint_that_is_no_http_url_is_refused(backend: Backend, url: str) -> None:
    with pytest.raises(InvalidInput, match=r"^urlEndpoint .* is no http or https URL$"):
        backend.world.integrations.add_webhook(backend.team("acme"), name="a", url_endpoint=url)


def test_a_secret_is_saved_replaced_and_deleted(backend: Backend) -> None:
    integrations, team = backend.world.integrations, backend.team("acme")
    backend.secret("acme", "TOKEN", "one")
    backend.secret("acme", "OTHER", "x")
    backend.secret("acme", "TOKEN", "two")

    assert integrations.secret(team, "TOKEN").value == "two"
    assert [secret.name for secret in integrations.secrets_of(team)] == ["TOKEN", "OTHER"]
    integrations.delete_secret(team, "TOKEN")
    for act in (integrations.secret, integrations.delete_secret):
        with pytest.raises(
            NotFound, match="team 'acme' has no secret named 'TOKEN'; it has: OTHER"
        ):
            act(team, "TOKEN")


def test_a_team_without_secrets_has_none(backend: Backend) -> None:
    with pytest.raises(NotFound, match="it has: none"):
        backend.world.integrations.secret(backend.team("acme"), "TOKEN")


@pytest.mark.parametrize("name", ["", "a-b", "a b", "ä", "A\n"])
def test_a_secrets_name_is_letters_digits_and_underscores(backend: Backend, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"^secret name .* letters, digits and underscores"):
        backend.secret("acme", name, "x")


def test_reprs_show_no_secrets(backend: Backend) -> None:
    hook = backend.webhook_integration(
        "acme", name="ci", url_endpoint="https://me:pw@ci.test/run?token=t0k", secret="s3cret"
    )
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")

    assert repr(hook) == "<WebhookIntegration acme/ci → https://ci.test/run?…>"
    assert repr(slack) == "<SlackIntegration acme: Acme #alerts>"
    assert repr(backend.secret("acme", "TOKEN", "s3cret")) == "<Secret TOKEN>"


def test_an_id_of_another_kind_or_of_nothing_is_not_found(backend: Backend) -> None:
    integrations = backend.world.integrations
    with pytest.raises(NotFound, match=r"^id: no Integration with id '.*'; it is the id of a Ent"):
        integrations.get(backend.team("acme").id)
    with pytest.raises(NotFound, match=r"^integrationID: no Integration .*; there is none$"):
        integrations.get(encode_id("Integration", 1), field="integrationID")
    with pytest.raises(InvalidInput, match=r"^integrationID: malformed id '5'"):
        integrations.get("5", field="integrationID")


# Tests of a webhook, as W&B's settings page sends them


def test_a_test_is_sent_right_away_and_stored_in_the_inbox_alone(backend: Backend) -> None:
    hook = backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL, access_token="t0ken", secret="s3cret"
    )
    backend.webhooks.route(URL).respond(202, text="queued")

    response = backend.webhooks.test(hook, {"b": "${alias}", "a": None})

    assert (response.status_code, response.text) == (202, "queued")
    delivery = backend.webhooks.last
    assert delivery.text == '{"a":null,"b":"${alias}"}'
    assert delivery.headers["Authorization"] == "Bearer t0ken"
    assert delivery.verify_signature("s3cret")
    assert (delivery.automation, delivery.automation_id) == ("(test)", "")
    assert len(backend.webhooks.of("(test)")) == 1
    assert len(backend.executions) == 0


def test_a_test_may_be_sent_without_a_payload_and_without_secrets(backend: Backend) -> None:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL)

    assert backend.webhooks.test(hook).status_code == 200
    assert backend.webhooks.last.text == "{}"
    backend.webhooks.test(hook, {"a": 0})
    assert backend.webhooks.last.text == '{"a":0}'


def test_a_test_that_nothing_answers_raises_what_went_wrong(backend: Backend) -> None:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL)
    backend.webhooks.route(URL).mock(side_effect=httpx.ConnectError)

    with pytest.raises(httpx.ConnectError):
        backend.webhooks.test(hook)

    assert len(backend.webhooks) == 1


def test_a_test_needs_the_secrets_that_the_webhook_names(backend: Backend) -> None:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL, secret="s3cret")
    backend.world.integrations.delete_secret(backend.team("acme"), "DEPLOY_SECRET")

    with pytest.raises(NotFound, match="no secret named 'DEPLOY_SECRET'"):
        backend.webhooks.test(hook)


@pytest.mark.parametrize(
    "url", ["ftp://me:hunter2@a.test/?token=hunter2", "https://a.test:hunter2"]
)
def test_a_refused_endpoint_shows_no_secret(backend: Backend, url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        backend.world.integrations.add_webhook(backend.team("acme"), name="a", url_endpoint=url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://a.test/\ud800", "https://\ud800.test/"])
def test_an_endpoint_that_cannot_be_sent_is_refused(backend: Backend, url: str) -> None:
    with pytest.raises(InvalidInput, match="urlEndpoint"):
        backend.webhook_integration("acme", name="a", url_endpoint=url)
    with pytest.raises(InvalidInput, match="the URL"):
        backend.faults.delivery(url, status=500)


def test_a_secret_that_cannot_be_sent_is_refused_without_being_shown(backend: Backend) -> None:
    with pytest.raises(InvalidInput) as refused:
        backend.secret("acme", "KEY", "hunter2\ud800")

    assert str(refused.value) == "secret 'KEY': its value cannot be written as UTF-8"


def test_a_test_takes_an_object_as_payload(backend: Backend) -> None:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL)

    with pytest.raises(InvalidInput, match="expected a JSON object"):
        backend.webhooks.test(hook, [1])  # type: ignore[arg-type]


def test_a_test_of_a_webhook_that_was_deleted_is_not_sent(backend: Backend) -> None:
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL)
    backend.world.integrations.delete(hook)

    with pytest.raises(NotFound, match=r"was deleted$"):
        backend.webhooks.test(hook)
    assert len(backend.webhooks) == 0


def test_a_test_has_the_timeout_of_a_webhook_and_is_in_the_one_inbox(backend: Backend) -> None:
    backend.semantics = {"webhook_timeout": 0.05}
    hook = backend.webhook_integration("acme", name="deploy", url_endpoint=URL)

    async def app(scope: object, receive: object, send: object) -> None:
        await asyncio.Event().wait()

    backend.webhooks.forward(URL, app=app)
    with pytest.raises(httpx.ReadTimeout):
        backend.webhooks.of("nobody").test(hook)

    assert len(backend.webhooks) == 1
