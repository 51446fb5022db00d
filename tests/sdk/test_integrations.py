"""The real SDK's lists of integrations: of whom, in what pages, and that nothing leaks."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

wandb = pytest.importorskip("wandb")

from wandb.automations import SlackIntegration, WebhookIntegration  # noqa: E402

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend

LISTS = ("integrations", "webhook_integrations", "slack_integrations")


@pytest.fixture
def api(wandb_backend: Backend) -> Any:
    return wandb.Api()


@pytest.fixture
def connected(wandb_backend: Backend) -> Backend:
    """Give two teams integrations of both kinds, mixed in one list each."""
    for number in range(3):
        wandb_backend.webhook_integration(
            "acme",
            name=f"hook-{number}",
            url_endpoint=f"https://acme.test/{number}",
            access_token="acme's token",
            secret="acme's secret",
        )
        wandb_backend.slack_integration("acme", team_name="Acme", channel_name=f"#channel-{number}")
    wandb_backend.webhook_integration("other", name="theirs", url_endpoint="https://other.test/")
    wandb_backend.slack_integration("other", team_name="Other", channel_name="#theirs")
    return wandb_backend


def labels(integrations: Any) -> list[str]:
    return [i.name if isinstance(i, WebhookIntegration) else i.channel_name for i in integrations]


ALL = ["hook-0", "#channel-0", "hook-1", "#channel-1", "hook-2", "#channel-2"]
EXPECTED = {
    "integrations": ALL,
    "webhook_integrations": [label for label in ALL if label.startswith("hook")],
    "slack_integrations": [label for label in ALL if label.startswith("#")],
}


@pytest.mark.parametrize("method", LISTS)
def test_integrations_are_those_of_the_default_entity_unless_it_is_named(
    connected: Backend, api: Any, method: str
) -> None:
    assert labels(getattr(api, method)()) == EXPECTED[method]
    assert labels(getattr(api, method)(entity="acme")) == EXPECTED[method]


@pytest.mark.parametrize("method", LISTS)
def test_the_integrations_of_another_team_are_only_its_own(
    connected: Backend, api: Any, method: str
) -> None:
    theirs = {
        "integrations": ["theirs", "#theirs"],
        "webhook_integrations": ["theirs"],
        "slack_integrations": ["#theirs"],
    }

    assert labels(getattr(api, method)(entity="other")) == theirs[method]


@pytest.mark.parametrize("per_page", [1, 2, 3, 6, 50])
def test_every_page_size_lists_all_integrations_once(
    connected: Backend, api: Any, per_page: int
) -> None:
    assert labels(api.integrations(per_page=per_page)) == ALL


@pytest.mark.parametrize("per_page", [2, 3, 6, 50])
@pytest.mark.parametrize("method", ["webhook_integrations", "slack_integrations"])
def test_pages_that_hold_some_of_the_kind_are_read_to_the_end(
    connected: Backend, api: Any, method: str, per_page: int
) -> None:
    assert labels(getattr(api, method)(per_page=per_page)) == EXPECTED[method]


def test_a_page_without_the_wanted_kind_ends_the_sdks_list(connected: Backend, api: Any) -> None:
    # Trap of the SDK: all kinds share one list, it sorts them out itself and takes an empty page
    # for the end. With pages of one the first webhook is followed by a page without any.
    assert labels(api.webhook_integrations(per_page=1)) == ["hook-0"]
    assert labels(api.slack_integrations(per_page=1)) == []


def test_a_list_can_be_resumed_from_its_cursor(connected: Backend, api: Any) -> None:
    first = api.integrations(per_page=2)
    seen = labels(islice(first, 2))

    assert seen + labels(api.integrations(per_page=2, start=first.cursor)) == ALL


def test_integrations_tell_where_they_send_to_and_no_secrets(connected: Backend, api: Any) -> None:
    hook = next(iter(api.webhook_integrations()))
    slack = next(iter(api.slack_integrations()))

    assert isinstance(hook, WebhookIntegration)
    assert (hook.name, hook.url_endpoint) == ("hook-0", "https://acme.test/0")
    assert isinstance(slack, SlackIntegration)
    assert (slack.team_name, slack.channel_name) == ("Acme", "#channel-0")
    assert "acme's" not in hook.model_dump_json() + slack.model_dump_json()


@pytest.mark.parametrize("method", LISTS)
def test_a_team_without_integrations_has_an_empty_list(
    wandb_backend: Backend, api: Any, method: str
) -> None:
    assert list(getattr(api, method)()) == []


@pytest.mark.parametrize("method", LISTS)
@pytest.mark.parametrize("entity", ["nobody", "other"])
def test_integrations_of_an_entity_that_is_not_there_for_the_user_are_an_error(
    connected: Backend, method: str, entity: str
) -> None:
    connected.team("acme").add_member(connected.user("ada", api_key="a" * 40))
    ada = wandb.Api(api_key="a" * 40)

    with pytest.raises(ValueError, match="Unexpected response data"):
        list(getattr(ada, method)(entity=entity))


def test_another_user_gets_the_integrations_of_their_own_default_entity(
    connected: Backend,
) -> None:
    connected.team("other").add_member(connected.user("ada", api_key="a" * 40))

    # `entity` of the environment is no default here: the SDK asks who the key's user is.
    assert labels(wandb.Api(api_key="a" * 40).integrations()) == ["theirs", "#theirs"]
