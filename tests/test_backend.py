"""`Backend` as tests use it: the contract line by line, then what it refuses."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import httpx
import pytest

from pytest_wandb_automations import Backend, Semantics
from pytest_wandb_automations.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    OnRunMetric,
    RunEvent,
    SendNotification,
    SendWebhook,
)
from pytest_wandb_automations.errors import Conflict, InvalidInput, NotFound
from pytest_wandb_automations.events import ArtifactAliasAdded


@pytest.fixture
def backend():
    return Backend(seed=0)


def test_the_contract_line_by_line(capsys):
    backend = Backend(seed=0)
    org = backend.organization("acme-corp")
    team = backend.team("acme", organization=org)
    ada = backend.user("ada", api_key="a" * 40, admin=False)
    team.add_member(ada, role="member")
    org.add_member(ada, role="admin")
    project = backend.project("acme/llm")
    registry = backend.registry("model", organization="acme-corp")
    collection = backend.collection("acme/llm/weights", type="model")
    prod_models = registry.collection("prod-models")
    slack = backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    hook = backend.webhook_integration(
        "acme",
        name="deploy",
        url_endpoint="https://deploy.test/hook",
        access_token="token",
        secret="signing",
    )
    event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(hook, payload={"project": "${project_name}"})
    rule = backend.create_automation(event >> action, name="deploy-prod")
    alert = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(1.0))
    spike = backend.create_automation(
        alert >> SendNotification.from_integration(slack, title="Spike", text="Look"), name="spike"
    )
    assert backend.automation("deploy-prod") == rule
    assert [a.name for a in backend.automations()] == ["deploy-prod", "spike"]

    run = backend.run("acme/llm", display_name="train-1", user="ada")
    run.log({"loss": 3.0})
    run.finish(exit_code=0)
    version = collection.log_version(aliases=["best"], metadata={"acc": 0.9})
    backend.assert_not_fired("deploy-prod")
    version.add_alias("prod")
    version.link(registry.collection("prod-models"))
    version.unlink(prod_models)
    version.add_tag("eu")
    version.remove_tag("eu")
    collection.add_tag("eu")
    collection.remove_tag("eu")

    happened = ArtifactAliasAdded(collection="acme/llm/weights", alias="prod")
    executions = backend.inject(happened)
    assert len(executions) == 1
    assert len(backend.executions.of(rule)) == 2
    assert len(backend.executions.of("spike")) == 1
    assert backend.executions.finished
    assert not backend.executions.failed
    assert len(backend.webhooks) == 2
    assert backend.webhooks.last.json == {"project": "llm"}
    assert backend.webhooks[0].headers["authorization"] == "Bearer token"
    assert backend.webhooks[0].response.status_code == 200
    backend.webhooks.route("https://deploy.test/hook").respond(503)
    assert backend.inject(happened).failed
    assert backend.slack.last.title == "Spike"
    assert backend.slack[0].channel == "#alerts"
    backend.assert_fired("deploy-prod", times=3)
    backend.assert_fired(spike, times=1)
    print(backend.explain("deploy-prod"))
    assert "prod" in capsys.readouterr().out
    backend.clock.advance(hours=25)
    backend.semantics = backend.semantics.model_copy(update={"webhook_timeout": 1.0})
    backend.features["AUTOMATION_SCOPE_ENTITY"] = False
    backend.update_automation(rule, enabled=False)
    assert not backend.inject(happened)
    backend.delete_automation(rule)
    backend.delete_automation("spike")
    assert backend.automations() == []
    backend.settle()
    backend.reset()
    assert len(backend.webhooks) == len(backend.slack) == len(backend.executions) == 0
    assert backend.features["AUTOMATION_SCOPE_ENTITY"]


def test_every_noun_is_the_same_object_the_second_time(backend):
    for noun in (
        lambda: backend.organization("research"),
        lambda: backend.team("lab", organization="research"),
        lambda: backend.user("ada"),
        lambda: backend.project("lab/llm"),
        lambda: backend.registry("model", organization="research"),
        lambda: backend.collection("lab/llm/weights", type="model"),
        lambda: backend.collection("research/wandb-registry-model/prod"),
        lambda: backend.run("lab/llm", run_id="r1"),
        lambda: backend.slack_integration("lab", team_name="Lab", channel_name="#a"),
        lambda: backend.webhook_integration(
            "lab", name="w", url_endpoint="https://w.test", access_token="t", secret="s"
        ),
    ):
        assert noun() is noun()


def test_a_noun_is_accepted_for_itself(backend):
    project = backend.project("acme/llm")
    collection = backend.collection("acme/llm/weights")
    team = backend.team("acme")
    assert backend.project(project) is project
    assert backend.collection(collection) is collection
    assert backend.run(project).project is project
    slack = backend.slack_integration(team, team_name="Acme", channel_name="#a")
    assert slack is backend.slack_integration("acme", team_name="Acme", channel_name="#a")
    assert backend.registry("model", organization=backend.organization("acme-corp")).is_registry


def test_nouns_that_are_needed_are_made_as_well(backend):
    backend.project("lab/llm")
    assert backend.team("lab").organization.name == "acme-corp"
    assert backend.team("data", organization="research").organization.name == "research"
    research = backend.organization("research")
    assert backend.team("vision", organization=research).organization is research


def test_short_paths_are_those_of_the_default_entity_and_organization(backend):
    assert backend.project("llm").path == "acme/llm"
    assert backend.collection("llm/weights").path == "acme/llm/weights"
    expected = "acme-corp/wandb-registry-model/prod"
    assert backend.collection("wandb-registry-model/prod").path == expected
    assert backend.registry("model") is backend.registry("wandb-registry-model")


def test_personal_and_organization_entities_own_things_too(backend):
    assert backend.project("tester/mine").entity.kind == "user"
    assert backend.project("acme-corp/wandb-registry-model") is backend.registry("model")


def test_two_channels_of_one_workspace_are_two_integrations(backend):
    first = backend.slack_integration("acme", team_name="Acme", channel_name="#a")
    backend.webhook_integration("acme", name="w", url_endpoint="https://w.test")
    assert first is not backend.slack_integration("acme", team_name="Acme", channel_name="#b")


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda b: b.project("a/b/c"), "expected 'entity/project', got 'a/b/c'"),
        (lambda b: b.project("/b"), "expected 'entity/project', got '/b'"),
        (lambda b: b.project("a/"), "expected 'entity/project', got 'a/'"),
        (lambda b: b.collection("weights"), "expected 'entity/project/collection', got 'weights'"),
        (lambda b: b.collection("a/b/c/d"), "expected 'entity/project/collection', got 'a/b/c/d'"),
        (lambda b: b.team("tester"), "'tester' is the name of <User tester>, which is no team"),
        (
            lambda b: b.team("acme", organization="other"),
            "belongs to <Organization acme-corp>, not",
        ),
        (lambda b: b.user("tester", admin=True), "user 'tester' is no admin"),
        (lambda b: b.user("tester", email="a@b.test"), "not 'a@b.test'"),
        (lambda b: b.user("ada", api_key="short"), "at least 40 characters, got 5"),
        (lambda b: b.collection("acme/llm/weights", type="dataset"), "of type 'model'"),
    ],
)
def test_what_contradicts_itself_is_refused(backend, make, told):
    backend.collection("acme/llm/weights", type="model")
    with pytest.raises(InvalidInput) as raised:
        make(backend)
    assert told in str(raised.value)


def test_a_registry_of_an_unknown_organization_is_not_found(backend):
    with pytest.raises(NotFound, match="there is no organization 'nowhere'"):
        backend.collection("nowhere/wandb-registry-model/prod")


def test_an_organization_cannot_have_the_name_of_a_team(backend):
    with pytest.raises(Conflict, match="the name 'acme' is taken"):
        backend.organization("acme")


def test_one_more_key_is_given_to_a_known_user(backend):
    ada = backend.user("ada", api_key="a" * 40, email="ada@w.test", admin=True)
    assert backend.user("ada", api_key="b" * 40, email="ada@w.test", admin=True) is ada
    assert backend.user("ada", api_key="b" * 40) is ada
    assert list(ada.api_keys) == ["a" * 40, "b" * 40]


def test_a_webhook_given_differently_is_refused_without_showing_its_secrets(backend):
    url = "https://w.test"
    backend.webhook_integration("acme", name="w", url_endpoint=url, access_token="old-token")
    with pytest.raises(InvalidInput, match=r"goes to https://w.test, not to https://v.test"):
        backend.webhook_integration("acme", name="w", url_endpoint="https://v.test")
    with pytest.raises(InvalidInput, match=r"webhook 'w' of 'acme' has no secret$"):
        backend.webhook_integration("acme", name="w", url_endpoint=url, secret="new-secret")
    with pytest.raises(InvalidInput, match="has another access_token; change it with") as raised:
        backend.webhook_integration("acme", name="w", url_endpoint=url, access_token="new-token")
    assert "W_ACCESS_TOKEN" in str(raised.value)
    assert "-token" not in str(raised.value)
    backend.secret("acme", "W_ACCESS_TOKEN", "new-token")
    backend.webhook_integration("acme", name="w", url_endpoint=url, access_token="new-token")


def test_webhooks_of_similar_names_keep_their_own_secrets(backend):
    collection = backend.collection("acme/llm/weights")
    for name in ("a b", "a-b", "a_b", "é"):
        hook = backend.webhook_integration(
            "acme", name=name, url_endpoint="https://w.test", access_token=f"of {ord(name[-1])}"
        )
        event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
        backend.create_automation(event >> SendWebhook.from_integration(hook), name=name)
    collection.log_version(aliases=["prod"])
    tokens = [delivery.headers["authorization"] for delivery in backend.webhooks]
    assert tokens == ["Bearer of 98", "Bearer of 98", "Bearer of 98", "Bearer of 233"]
    names = [secret.name for secret in backend.world.integrations.secrets_of(backend.team("acme"))]
    assert names == [
        "A_B_ACCESS_TOKEN",
        "A_B_ACCESS_TOKEN_2",
        "A_B_ACCESS_TOKEN_3",
        "__ACCESS_TOKEN",
    ]


def test_assertions_tell_what_was_expected_and_what_happened(backend):
    event = OnAddArtifactAlias(
        scope=backend.collection("acme/llm/weights"), filter=ArtifactEvent.alias.eq("prod")
    )
    rule = backend.create_automation(event >> DoNothing(), name="deploy")
    with pytest.raises(AssertionError, match=r"^expected 'deploy' to fire, it fired 0 times"):
        backend.assert_fired("deploy")
    backend.inject(ArtifactAliasAdded(collection="acme/llm/weights", alias="prod"))
    backend.assert_fired(rule)
    with pytest.raises(AssertionError, match=r"^expected 'deploy' to fire 2 times, it fired once"):
        backend.assert_fired(backend.world.automations.named("deploy"), times=2)
    with pytest.raises(AssertionError, match=r"^expected 'deploy' not to fire, it fired once"):
        backend.assert_not_fired(rule)
    with pytest.raises(NotFound, match="no automation named 'typo'; there are: 'deploy'"):
        backend.assert_not_fired("typo")


def test_semantics_and_features_are_given_as_objects_or_mappings():
    chosen = Backend(semantics={"delivery": "background"}, features={"ARTIFACT_TAGS": False})
    assert chosen.semantics == Semantics(delivery="background")
    assert not chosen.features["ARTIFACT_TAGS"]
    assert Backend(semantics=Semantics()).semantics == Semantics()
    chosen.semantics = {"delivery": "inline"}
    assert chosen.semantics == Semantics(delivery="inline")
    with pytest.raises(ValueError, match="delivery"):
        chosen.semantics = {"delivery": "never"}


def test_the_same_seed_gives_the_same_world():
    def ids(seed):
        backend = Backend(seed=seed)
        return backend.api_key, backend.project("acme/llm").id, backend.run("acme/llm").name

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)


def test_a_reset_leaves_the_api_usable(backend):
    api, key = backend.api, backend.api_key
    backend.project("acme/llm")
    backend.reset()
    assert backend.api_key == key
    assert list(api.automations()) == []


def test_its_address_is_known_while_it_is_served(backend):
    with pytest.raises(InvalidInput, match=r"use `with backend.serve\(\) as server:`"):
        _ = backend.url
    assert repr(backend) == "<Backend not served: 0 automations>"
    with backend.serve() as server:
        assert backend.url == server.url
        assert repr(backend) == f"<Backend {server.url}: 0 automations>"
        assert (server.api_key, server.entity) == (backend.api_key, backend.entity)
    assert repr(backend) == "<Backend not served: 0 automations>"


def still_running(before):
    """Return threads that came and do not end; workers end by themselves once they are told."""
    came = [thread for thread in threading.enumerate() if thread not in before]
    for thread in came:
        thread.join(10)
    return [thread for thread in came if thread.is_alive()]


def test_serving_ends_when_the_body_fails(backend):
    before = set(threading.enumerate())
    with pytest.raises(ZeroDivisionError), backend.serve() as server:
        raise ZeroDivisionError
    address = urlsplit(server.url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))
    assert not still_running(before)


def test_serving_ends_when_everything_is_delivered(backend):
    backend.semantics = {"delivery": "background"}
    event = OnAddArtifactAlias(
        scope=backend.collection("acme/llm/weights"), filter=ArtifactEvent.alias.eq("prod")
    )
    hook = backend.webhook_integration("acme", name="w", url_endpoint="https://w.test/")
    backend.create_automation(event >> SendWebhook.from_integration(hook), name="deploy")
    left = threading.Event()

    with backend.serve() as server:

        def call_back(request):
            assert left.wait(10)
            return httpx.post(
                f"{server.url}/graphql",
                json={"query": "{ viewer { username } }"},
                auth=("api", server.api_key),
            )

        backend.webhooks.route("https://w.test/").mock(side_effect=call_back)
        backend.inject(ArtifactAliasAdded(collection="acme/llm/weights", alias="prod"))
        left.set()
    assert backend.webhooks.last.response.json() == {"data": {"viewer": {"username": "tester"}}}


SDK_SCRIPT = """
import json
import wandb
from wandb.automations import DoNothing, OnAddArtifactAlias, ArtifactEvent

api = wandb.Api()
collection = api.artifact_collection("model", "acme/llm/weights")
event = OnAddArtifactAlias(scope=collection, filter=ArtifactEvent.alias.eq("prod"))
api.create_automation(event >> DoNothing(), name="deploy")
print(json.dumps([api.default_entity, [a.name for a in api.automations(entity="acme")]]))
"""


def test_a_script_with_the_real_sdk_runs_against_a_served_backend(backend, tmp_path):
    backend.collection("acme/llm/weights", type="model")
    before = set(threading.enumerate())
    with backend.serve() as server:
        result = subprocess.run(
            [sys.executable, "-c", SDK_SCRIPT],
            env={**os.environ, **server.environment, "WANDB_DIR": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout.splitlines()[-1]) == ["acme", ["deploy"]]
    assert backend.automation("deploy").event.event_type.value == "ADD_ARTIFACT_ALIAS"
    assert not still_running(before)


@pytest.mark.parametrize("update", [{"delivery": "backgroud"}, {"metric_coooldown": 3}])
def test_a_changed_copy_of_the_semantics_is_checked(backend, update):
    wrong = backend.semantics.model_copy(update=update)
    with pytest.raises(ValueError, match=next(iter(update))):
        backend.semantics = wrong
    with pytest.raises(ValueError, match=next(iter(update))):
        Backend(semantics=wrong)


def test_no_repr_shows_a_key(backend):
    key = "k" * 40
    with backend.serve() as server:
        assert server.api_key not in repr(server)
    ada = backend.user("ada", api_key=key)
    assert repr(ada.api_keys) == "[<ApiKey kkkk…>]"


def test_a_webhook_that_goes_elsewhere_is_refused_without_its_token(backend):
    url = "https://ci.test/run?token=t0k"
    backend.webhook_integration("acme", name="deploy", url_endpoint=url)
    with pytest.raises(InvalidInput) as refused:
        backend.webhook_integration("acme", name="deploy", url_endpoint="https://me:pw@other.test/")
    assert str(refused.value) == (
        "webhook 'deploy' of 'acme' goes to https://ci.test/run?…, not to https://other.test/"
    )


def test_only_what_can_be_an_automation_is_saved(backend):
    expected = r"^create_automation: expected a new automation, `event >> action`, got 'x'$"
    with pytest.raises(InvalidInput, match=expected):
        backend.create_automation("x")
    with pytest.raises(InvalidInput, match=r"expected a saved automation, got 'x'$"):
        backend.update_automation("x", enabled=False)


def test_an_unknown_keyword_is_answered_with_the_known_ones(backend):
    with pytest.raises(InvalidInput) as refused:
        backend.create_automation(nmae="x")
    assert str(refused.value) == (
        "create_automation: unknown keyword 'nmae'; "
        "known are event, action, name, description, enabled"
    )


def test_a_team_is_no_organization(backend):
    backend.team("acme", organization="acme-corp")
    told = r"^'acme' is a team, no organization; its organization is 'acme-corp'$"
    with pytest.raises(InvalidInput, match=told):
        backend.registry("model", organization="acme")
    with pytest.raises(InvalidInput, match=r"^'tester' is a user, no organization$"):
        backend.team("new", organization="tester")


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("display_name", "A", "B"),
        ("config", {"lr": 1}, {"lr": 2}),
        ("tags", ["a"], ["b"]),
        ("group", "one", "two"),
        ("job_type", "train", "eval"),
    ],
)
def test_a_run_that_is_there_has_what_is_given(backend, name, known, wanted):
    run = backend.run("acme/llm", run_id="r1", **{name: known})
    assert backend.run("acme/llm", run_id="r1", **{name: known}) is run
    with pytest.raises(InvalidInput) as refused:
        backend.run("acme/llm", run_id="r1", **{name: wanted})
    assert str(refused.value) == f"run acme/llm/r1 has the {name} {known!r}, not {wanted!r}"


def test_a_run_that_is_there_keeps_its_user(backend):
    run = backend.run("acme/llm", run_id="r1", user="ada")
    assert backend.run("acme/llm", run_id="r1", user="ada") is run
    with pytest.raises(InvalidInput, match="has the user <User ada>, not <User bob>"):
        backend.run("acme/llm", run_id="r1", user="bob")


def test_assertions_reach_the_history_of_a_deleted_automation(backend):
    weights = backend.collection("acme/llm/weights", type="model")
    event = OnAddArtifactAlias(scope=weights)
    fired, quiet = [
        backend.create_automation(event >> DoNothing(), name=name, enabled=enabled)
        for name, enabled in (("fired", True), ("quiet", False))
    ]
    weights.log_version()
    for automation in (fired, quiet):
        backend.delete_automation(automation)

    assert backend.assert_fired("fired", times=1) == backend.assert_fired(fired)
    backend.assert_not_fired(quiet)
    with pytest.raises(AssertionError) as failed:
        backend.assert_not_fired("fired")
    assert str(failed.value) == (
        "expected 'fired' not to fire, it fired once\n\n"
        "it fired for:\n"
        "  alias 'latest' added to acme/llm/weights:v0\n\n"
        "it was deleted, and with it what it made of other events"
    )
    with pytest.raises(NotFound, match="no automation named 'fierd'"):
        backend.assert_not_fired("fierd")
