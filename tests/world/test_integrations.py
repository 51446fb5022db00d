"""Webhooks, Slack channels and secrets of a team."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
