"""`AutomationsApi` beside the Python side of the backend, page by page and error by error."""

from __future__ import annotations

import inspect

import httpx
import pytest
import wandb
import wandb.automations as sdk

from pytest_wandb_automations import AutomationsApi, Backend
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    Automation,
    DoNothing,
    OnAddArtifactAlias,
    OnLinkArtifact,
    SendNotification,
    SendWebhook,
    SlackIntegration,
    WebhookIntegration,
)
from pytest_wandb_automations.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    Unauthorized,
    WandbAutomationsError,
)


@pytest.fixture
def backend():
    return Backend(seed=3)


@pytest.fixture
def api(backend):
    return backend.api


@pytest.fixture
def collection(backend):
    return backend.collection("acme/llm/weights", type="model")


@pytest.fixture
def new(collection):
    event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
    return event >> DoNothing()


def names(automations):
    return [automation.name for automation in automations]


def test_a_created_automation_is_the_one_that_python_sees(backend, api, new):
    created = api.create_automation(new, name="deploy", description="to prod", enabled=False)
    assert created == backend.automation("deploy") == api.automation("deploy")
    assert (created.description, created.enabled) == ("to prod", False)


def test_actions_are_read_as_they_were_written(backend, api, new, collection):
    hook = backend.webhook_integration("acme", name="hook", url_endpoint="https://w.test/hook")
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    event = OnLinkArtifact(scope=collection)
    for action in (
        SendWebhook.from_integration(hook, payload={"a": "${project_name}"}),
        SendNotification.from_integration(slack, title="T", text="B"),
        DoNothing(),
    ):
        name = type(action).__name__
        assert api.create_automation(event >> action, name=name) == backend.automation(name)


def test_objects_of_the_real_sdk_are_accepted(backend, api, collection):
    scope = {"__typename": "ArtifactSequence", "id": collection.id, "name": collection.name}
    event = sdk.OnAddArtifactAlias(scope=scope, filter=sdk.ArtifactEvent.alias.eq("prod"))
    first = api.create_automation(event >> sdk.DoNothing(), name="over HTTP")
    second = backend.create_automation(event >> sdk.DoNothing(), name="in Python")
    assert first.event == second.event
    collection.log_version(aliases=["prod"])
    backend.assert_fired("over HTTP", times=1)
    backend.assert_fired("in Python", times=1)


def test_a_taken_name_is_a_conflict(api, new):
    api.create_automation(new, name="deploy")
    with pytest.raises(Conflict, match="name 'deploy' is taken"):
        api.create_automation(new, name="deploy")


def test_fetch_existing_returns_the_automation_that_has_the_name(api, new):
    first = api.create_automation(new, name="deploy")
    again = api.create_automation(new, name="deploy", fetch_existing=True, description="ignored")
    assert again == first


def test_an_update_changes_what_it_is_told(backend, api, new):
    saved = api.create_automation(new, name="deploy")
    updated = api.update_automation(saved, name="ship", enabled=False)
    assert (updated.id, updated.name, updated.enabled) == (saved.id, "ship", False)
    assert names(backend.automations()) == ["ship"]


def test_an_update_of_what_is_gone_is_not_found(api, new):
    saved = api.create_automation(new, name="deploy")
    api.delete_automation(saved)
    with pytest.raises(NotFound, match="UpdateAutomation: updateFilterTrigger"):
        api.update_automation(saved)


def test_create_missing_creates_it_again(backend, api, new):
    saved = api.create_automation(new, name="deploy")
    api.delete_automation(saved)
    again = api.update_automation(saved, create_missing=True, description="again")
    assert again.id != saved.id
    assert again == backend.automation("deploy")


def test_an_automation_is_deleted_by_object_or_id(backend, api, new):
    first = api.create_automation(new, name="first")
    second = api.create_automation(new, name="second")
    assert api.delete_automation(first) is True
    assert api.delete_automation(second.id) is True
    assert backend.automations() == []
    with pytest.raises(NotFound, match="DeleteAutomation: deleteTrigger"):
        api.delete_automation(second.id)


def test_pages_are_followed_to_the_end(backend, api, new):
    for number in range(7):
        api.create_automation(new, name=f"rule {number}")
    expected = names(backend.automations())
    for per_page in (1, 2, 7, 50):
        assert names(api.automations(per_page=per_page)) == expected
        assert names(api.automations("acme", per_page=per_page)) == expected


def test_an_empty_page_size_is_refused_instead_of_asking_forever(api):
    with pytest.raises(InvalidInput, match="per_page: expected 1 or more, got 0"):
        list(api.automations(per_page=0))


def test_a_listing_may_start_behind_a_cursor(backend, api, new):
    for number in range(3):
        api.create_automation(new, name=f"rule {number}")
    pages = []
    execute = api._execute
    api._execute = lambda *asked: pages.append(execute(*asked)) or pages[-1]
    list(api.automations(per_page=1))
    cursor = pages[0]["page"]["pageInfo"]["endCursor"]
    assert names(api.automations(start=cursor)) == ["rule 1", "rule 2"]


def test_automations_are_listed_by_entity_and_name(backend, api, new):
    api.create_automation(new, name="deploy")
    other = backend.collection("research/llm/weights", type="model")
    backend.create_automation(OnLinkArtifact(scope=other) >> DoNothing(), name="deploy")
    assert len(list(api.automations(name="deploy"))) == 2
    assert len(list(api.automations("research", name="deploy"))) == 1
    assert list(api.automations(name="nothing")) == []


def test_one_automation_is_found_by_name(backend, api, new):
    with pytest.raises(NotFound, match="no automation named 'deploy'"):
        api.automation("deploy")
    api.create_automation(new, name="deploy")
    assert isinstance(api.automation("deploy", entity="acme"), Automation)
    other = backend.collection("research/llm/weights", type="model")
    backend.create_automation(OnLinkArtifact(scope=other) >> DoNothing(), name="deploy")
    with pytest.raises(InvalidInput, match="2 automations are named 'deploy'"):
        api.automation("deploy")


def test_an_unknown_entity_is_not_found(api):
    with pytest.raises(NotFound, match="nobody"):
        list(api.automations("nobody"))
    with pytest.raises(NotFound, match="nobody"):
        list(api.integrations("nobody"))


def test_integrations_are_listed_by_kind(backend, api):
    hook = backend.webhook_integration("acme", name="hook", url_endpoint="https://w.test/hook")
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    backend.slack_integration("research", team_name="Lab", channel_name="#lab")
    assert [i.id for i in api.integrations(per_page=1)] == [hook.id, slack.id]
    assert [i.id for i in api.webhook_integrations()] == [hook.id]
    assert [i.id for i in api.slack_integrations()] == [slack.id]
    (lab,) = api.integrations("research")
    assert isinstance(lab, SlackIntegration)
    (ours,) = api.webhook_integrations("acme")
    assert isinstance(ours, WebhookIntegration)
    assert (ours.name, ours.url_endpoint) == ("hook", "https://w.test/hook")


def served_by(handler):
    return AutomationsApi(
        httpx.Client(transport=httpx.MockTransport(handler), base_url="http://w.test")
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, InvalidInput), (401, Unauthorized), (403, Forbidden), (418, WandbAutomationsError)],
)
def test_errors_of_a_server_are_raised_by_status(status, error):
    def handler(_):
        return httpx.Response(status, json={"errors": [{"message": "one"}, {"message": "two"}]})

    with pytest.raises(error, match=r"^one; two$") as raised:
        served_by(handler).delete_automation("x")
    assert type(raised.value) is error


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"[]", b"{}", b""])
def test_an_answer_that_is_no_graphql_is_told(body):
    api = served_by(lambda _: httpx.Response(502, content=body))
    with pytest.raises(
        WandbAutomationsError, match=r"http://w.test/graphql answered 502 without GraphQL: "
    ):
        api.delete_automation("x")


def test_a_server_without_the_entity_is_not_found():
    api = served_by(lambda _: httpx.Response(200, json={"data": {"scope": None}}))
    with pytest.raises(NotFound, match="no entity 'nobody'"):
        list(api.automations("nobody"))


def test_a_key_of_nobody_is_refused(backend):
    api = backend.api
    api._client.auth = httpx.BasicAuth("api", "x" * 40)
    with pytest.raises(Unauthorized, match="API key xxxx… belongs to nobody"):
        list(api.automations())


@pytest.mark.parametrize(
    "name", [name for name in vars(AutomationsApi) if not name.startswith("_")]
)
def test_signatures_are_those_of_the_sdk(name):
    def shape(function):
        parameters = inspect.signature(function).parameters.values()
        return [(p.name, p.kind, p.default) for p in parameters]

    assert shape(getattr(AutomationsApi, name)) == shape(getattr(wandb.Api, name))
