"""Each kind of thing, made and built."""

from __future__ import annotations

import math

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import ArtifactEvent, EventType, OnAddArtifactAlias
from pytest_wandb_automations.delivery.variables import TEMPLATE_VARIABLES
from pytest_wandb_automations.events import ArtifactAliasAdded, ArtifactLinked, RunStateChanged
from pytest_wandb_automations.factories import Factory


@pytest.fixture
def factory():
    return Factory(Backend(), seed=7)


# --- Accounts ------------------------------------------------------------------------------------


def test_a_team_can_be_of_another_organization(factory):
    organization = factory.organization("globex")

    assert factory.team("vision", organization=organization).organization is organization
    assert factory.team().organization is factory.backend.world.default_organization


def test_a_user_can_belong_to_a_team(factory):
    team = factory.team()

    user = factory.user("ada", team=team, role="admin")

    assert team.members["ada"].role == "admin"
    assert len(user.api_key) == 40
    assert factory.user().teams == []


def test_a_secret_is_one_of_the_team(factory):
    secret = factory.secret(value="s3cret")

    team = factory.backend.team(factory.backend.entity)
    assert factory.backend.world.integrations.secret(team, secret.name).value == "s3cret"
    assert factory.secret("MINE", team=factory.team()).name == "MINE"


# --- Places and what they hold -------------------------------------------------------------------


def test_a_project_can_be_of_another_team(factory):
    team = factory.team()

    assert factory.project("llm", entity=team).path == f"{team.name}/llm"


@pytest.mark.parametrize("name", ["model", "wandb-registry-model"])
def test_a_registry_has_the_prefix_of_wandb(factory, name):
    assert factory.registry(name).name == "wandb-registry-model"
    assert factory.build_registry(name).path == "acme-corp/wandb-registry-model"


def test_a_collection_of_a_registry_is_a_portfolio(factory):
    registry = factory.registry()

    assert factory.collection(project=registry).is_portfolio
    assert factory.build_collection(project=registry).typename__ == "ArtifactPortfolio"
    assert not factory.collection().is_portfolio
    assert factory.build_collection().typename__ == "ArtifactSequence"


def test_a_version_has_the_type_of_the_collection_it_goes_to(factory):
    data = factory.collection("data", type="dataset")

    assert factory.build_artifact(data).type == "dataset"
    assert factory.build_artifact(data.path).type == "dataset"
    assert factory.build_artifact("acme/llm/other").type == "model"
    assert factory.artifact(data.path).collection is data
    assert factory.artifact(type="tokenizer").collection.type.name == "tokenizer"
    assert factory.build_artifact(factory.build_collection(type="eval")).type == "eval"


def test_a_version_can_have_aliases_and_tags(factory):
    version = factory.artifact(aliases=["prod"], tags=["eu"], description="best so far")

    assert version.aliases == ["latest", "prod"]
    assert version.artifact.tags == ["eu"]
    assert version.artifact.description == "best so far"
    assert factory.build_artifact("acme/llm/weights").name == "weights"


def test_runs_end_as_they_are_asked_to(factory):
    assert factory.run().state == "running"
    assert factory.run.finished().state == "finished"
    assert factory.run.failed().state == "failed"
    assert factory.build_run.failed().exit_code == 1


def test_a_run_can_be_of_another_user(factory):
    ada = factory.user("ada")

    assert factory.run(user=ada).user is ada
    assert factory.run(user="ada").user is ada


def test_a_run_can_go_the_way_of_a_shape(factory):
    run = factory.run.with_history("divergence", metric="val.loss", steps=20)

    assert len(run.values("val.loss")) == 20
    assert factory.build_run.with_history("spike").history["loss"] != []


# --- Integrations --------------------------------------------------------------------------------


def test_a_signed_webhook_has_a_secret(factory):
    signed = factory.webhook_integration.signed()
    mine = factory.webhook_integration.signed("s3cret", name="my hook")

    assert signed.secret_ref
    assert mine.credentials()[1].value == "s3cret"
    assert mine.url_endpoint == "https://my-hook.example.com/hook"
    assert factory.webhook_integration().secret_ref is None


def test_integrations_can_be_of_another_team(factory):
    team = factory.team()

    assert factory.webhook_integration(team=team).entity is team
    assert factory.slack_integration("#ops", team=team).entity is team


# --- Automations ---------------------------------------------------------------------------------


def test_a_version_that_gets_the_alias_is_deployed(factory):
    rule = factory.automation.deploy_on_alias("prod")
    collection = factory.backend.world.automations.get(rule.id).scope
    version = factory.artifact(collection)

    version.add_alias("staging")
    factory.backend.assert_not_fired("deploy-prod")
    version.add_alias("prod")

    factory.backend.assert_fired("deploy-prod", times=1)
    assert factory.backend.webhooks.last.json == {
        "model": f"{collection.path}:prod",
        "author": "tester",
    }


def test_a_loss_spike_is_told_once_and_a_descent_never(factory):
    project = factory.project()
    rule = factory.automation.loss_spike(scope=project)

    factory.run.with_history("descent", project=project)
    factory.run.with_history("plateau", project=project)
    factory.backend.assert_not_fired(rule)
    factory.run.with_history("spike", project=project)

    factory.backend.assert_fired(rule, times=1)
    assert factory.backend.slack.last.title == "loss spiked"


def test_a_run_that_fails_is_told(factory):
    project = factory.project()
    failed = factory.automation.run_failed(scope=project)
    finished = factory.automation.run_finished(scope=project)

    factory.run.failed(project=project)

    factory.backend.assert_fired(failed, times=1)
    factory.backend.assert_not_fired(finished)


def test_versions_are_told_of_when_they_are_new_promoted_and_tagged(factory):
    collection, registry = factory.collection(type="model"), factory.registry()
    new = factory.automation.new_version(scope=collection)
    promoted = factory.automation.promoted(scope=registry)
    tagged = factory.automation.tagged("eu", scope=collection)

    version = factory.artifact(collection)
    version.link(registry.collection("prod", type="model"))
    version.add_tag("us")
    version.add_tag("eu")

    fired = [execution.automation_name for execution in factory.backend.executions]
    assert fired == ["new-version", "promoted", "tagged-eu"]
    assert {new.name, promoted.name, tagged.name} == set(fired)
    assert factory.backend.webhooks.last.json["tag"] == "eu"


def test_metrics_are_told_of_on_either_side_of_a_threshold(factory):
    project = factory.project()
    above = factory.automation.metric_above("loss", 3.0, scope=project)
    below = factory.automation.metric_below("f1", 0.5, scope=project)

    factory.run(project, history={"loss": [1.0, 4.0], "f1": [0.9, 0.4]})

    factory.backend.assert_fired(above, times=1)
    factory.backend.assert_fired(below, times=1)


def test_the_second_of_a_kind_gets_a_number(factory):
    scope = factory.collection()

    names = [factory.automation.deploy_on_alias(scope=scope).name for _ in range(2)]

    assert names == ["deploy-prod", "deploy-prod-2"]


def test_what_a_test_says_wins_over_the_trait(factory):
    hook = factory.webhook_integration("mine")
    event = OnAddArtifactAlias(scope=factory.collection(), filter=ArtifactEvent.alias.eq("x"))

    rule = factory.automation.deploy_on_alias(integration=hook, payload={"a": 1}, enabled=False)
    other = factory.automation.deploy_on_alias(event=event, action=factory.build_action("NO_OP"))

    assert rule.action.integration.id == hook.id
    assert (rule.action.request_payload, rule.enabled) == ({"a": 1}, False)
    assert other.action.action_type.value == "NO_OP"
    assert "'x'" in repr(other.event.filter)


def test_an_automation_can_do_without_filter_and_description(factory):
    saved = factory.automation("ADD_ARTIFACT_TAG", filter=None, description=None)

    assert saved.description is None
    assert "FilterExpr" not in repr(saved.event.filter)


def test_the_payload_goes_with_a_given_event(factory):
    event = factory.build_event("RUN_STATE")

    payload = factory.build_automation(event=event).action.request_payload

    assert payload["run_status"] == "${run_status}"


# --- Happenings and payloads ---------------------------------------------------------------------


@pytest.mark.parametrize("event_type", [*EventType])
def test_whatever_automations_listen_for_can_happen(factory, event_type):
    if event_type in (EventType.UPDATE_ARTIFACT_ALIAS, EventType.WEAVE_METRIC_THRESHOLD):
        with pytest.raises(Exception, match="nothing happens for"):
            factory.happening(event_type)
    else:
        assert factory.happening(event_type) == []
        assert event_type in factory.build_happening(event_type).event_types


def test_what_happens_fires(factory):
    collection = factory.collection()
    rule = factory.automation.deploy_on_alias(scope=collection)

    executions = factory.happening(ArtifactAliasAdded, collection=collection, alias="prod")

    assert [execution.automation_name for execution in executions] == [rule.name]


def test_links_happen_in_registries(factory):
    event = factory.build_happening(ArtifactLinked)

    assert event.collection.startswith("acme-corp/wandb-registry-")


def test_an_event_that_is_given_happens_where_it_says(factory):
    event = RunStateChanged(run="acme/llm/abc", state="failed", previous="running")

    assert factory.happening(event) == []
    assert factory.build_happening(event) is event
    assert "abc" in factory.backend.project("acme/llm").runs


@pytest.mark.parametrize("event_type", ["ADD_ARTIFACT_ALIAS", "RUN_METRIC", "RUN_STATE"])
def test_a_payload_is_the_template_filled_in(factory, event_type):
    template = factory.build_payload(event_type)
    arrived = factory.payload(event_type, template=template, automation_name="mine")

    assert set(arrived) == set(template)
    assert "${" in str(template)
    assert "${" not in str(arrived)
    assert arrived["event"]["automation_name"] == "mine"
    assert arrived["event"]["event_author"] == "tester"


def test_a_payload_tells_of_the_event_that_is_given(factory):
    event = ArtifactAliasAdded(collection="acme/llm/w", alias="prod", author="ada")

    arrived = factory.payload(happening=event, template={"a": "${alias}", "by": "${event_author}"})

    assert arrived == {"a": "prod", "by": "ada"}


def test_a_payload_uses_only_variables_that_the_event_has(factory):
    for _ in range(50):
        for event_type in ("LINK_MODEL", "ADD_COLLECTION_TAG", "RUN_METRIC_ZSCORE"):
            names = set(factory.build_payload(event_type)) - {"event"}
            known = {each.name for each in TEMPLATE_VARIABLES if event_type in each.events}
            assert names
            assert names <= known


def test_seasonal_histories_come_back_to_where_they_were(factory):
    values = factory.metric_history("seasonal", steps=81)

    period = 20
    assert all(abs(values[i] - values[i + period]) < 0.3 for i in range(61))
    assert max(values) - min(values) > 0.8


@pytest.mark.parametrize("steps", [2, 3, 4, 5, 7, 10, 100, 1000])
def test_every_spike_has_its_peak_and_every_divergence_its_end(factory, steps):
    spike = factory.metric_history("spike", steps=steps)
    divergence = factory.metric_history("divergence", steps=steps)

    assert max(spike) > 8
    assert spike.index(max(spike)) == round(0.75 * (steps - 1))
    assert math.isnan(divergence[-1])
