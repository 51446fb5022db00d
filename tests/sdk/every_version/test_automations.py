"""Automations of each event, scope and action that a version knows, from first to last."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_wandb_automations import Backend

TEAM = "acme"
ORGANIZATION = "acme-corp"


def metric(condition: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda sdk, scope: sdk.OnRunMetric(
        scope=scope, filter=condition(sdk.RunEvent.metric("loss"))
    )


def alias_event(name: str) -> Callable[[Any, Any], Any]:
    return lambda sdk, scope: getattr(sdk, name)(
        scope=scope, filter=sdk.ArtifactEvent.alias.matches_regex("^prod")
    )


def tag_event(name: str) -> Callable[[Any, Any], Any]:
    return lambda sdk, scope: getattr(sdk, name)(scope=scope, filter=sdk.ArtifactEvent.tag.eq("eu"))


EVENTS: dict[str, Callable[[Any, Any], Any]] = {
    "OnCreateArtifact": lambda sdk, scope: sdk.OnCreateArtifact(scope=scope),
    "OnLinkArtifact": alias_event("OnLinkArtifact"),
    "OnUnlinkArtifact": lambda sdk, scope: sdk.OnUnlinkArtifact(scope=scope),
    "OnAddArtifactAlias": alias_event("OnAddArtifactAlias"),
    "OnAddArtifactTag": tag_event("OnAddArtifactTag"),
    "OnRemoveArtifactTag": tag_event("OnRemoveArtifactTag"),
    "OnAddCollectionTag": tag_event("OnAddCollectionTag"),
    "OnRemoveCollectionTag": tag_event("OnRemoveCollectionTag"),
    "MetricThresholdFilter": metric(lambda loss: loss.avg(5).gt(0.5)),
    "MetricChangeFilter": metric(lambda loss: loss.avg(5).increases_by(frac=0.25)),
    "MetricZScoreFilter": metric(lambda loss: loss.zscore(30).gt(2.5)),
    "OnRunState": lambda sdk, scope: sdk.OnRunState(
        scope=scope, filter=sdk.RunEvent.state.in_(["failed", "finished"])
    ),
}
"""How to write each event, under the SDK's name for it or for what sets it apart."""

RUN_EVENTS = ("MetricThresholdFilter", "MetricChangeFilter", "MetricZScoreFilter", "OnRunState")
SCOPES = {
    "sequence": "ArtifactCollectionScope",
    "portfolio": "ArtifactCollectionScope",
    "project": "ProjectScope",
    "registry": "RegistryScope",
    "team": "TeamScope",
    "organization": "OrgScope",
}
ENTITIES = {"team": TEAM, "organization": "acme-corp"}
"""Whose automations list those of a scope; the others' are listed without naming one."""


def is_possible(event: str, scope: str) -> bool:
    if event == "OnCreateArtifact":
        return SCOPES[scope] == "ArtifactCollectionScope"
    return event not in RUN_EVENTS or scope in ("project", "team", "organization")


def combination(event: str, scope: str) -> Any:
    names = [f"wandb.automations.{name}" for name in (event, SCOPES[scope])]
    if event.startswith("Metric"):
        names.append("wandb.automations.OnRunMetric")
    return pytest.param(event, scope, marks=pytest.mark.needs(*names), id=f"{event}-{scope}")


COMBINATIONS = [
    combination(event, scope)
    for event, scope in product(EVENTS, SCOPES)
    if is_possible(event, scope)
]


@pytest.fixture
def scope_of(wandb_backend: Backend, api: Any) -> Callable[[str], Any]:
    """Fetch what an automation watches through the SDK."""

    def fetch(name: str) -> Any:
        if name == "sequence":
            wandb_backend.collection("acme/llm/weights", type="model")
            return api.artifact_collection("model", "acme/llm/weights")
        if name == "portfolio":
            wandb_backend.registry("model").collection("prod-models")
            return api.artifact_collection("model", "acme-corp/wandb-registry-model/prod-models")
        if name == "project":
            wandb_backend.project("acme/llm")
            return api.project("llm", entity=TEAM)
        if name == "registry":
            wandb_backend.registry("model")
            return api.registry("model", organization=ORGANIZATION)
        return api.team(TEAM) if name == "team" else api.organization(ORGANIZATION)

    return fetch


@pytest.fixture
def actions(wandb_backend: Backend, api: Any, sdk: Any) -> dict[str, Any]:
    """Make one of each action that the SDK knows, with integrations fetched through it."""
    wandb_backend.slack_integration(TEAM, team_name="Acme", channel_name="#alerts")
    wandb_backend.webhook_integration(TEAM, name="deploy", url_endpoint="https://deploy.test/hook")
    slack = next(iter(api.slack_integrations(entity=TEAM)))
    hook = next(iter(api.webhook_integrations(entity=TEAM)))
    payload = {"by": "${event_author}", "deep": [1, None, {"é": '"'}]}
    made = {
        "SendNotification": sdk.SendNotification.from_integration(slack, title="high", text="loss"),
        "SendWebhook": sdk.SendWebhook.from_integration(hook, payload=payload),
        "DoNothing": sdk.DoNothing(),
    }
    if hasattr(sdk, "SendPromptToAria"):
        made["SendPromptToAria"] = sdk.SendPromptToAria(prompt="Look into it.")
    return made


@pytest.mark.needs(
    "wandb.Api.create_automation",
    "wandb.Api.automation",
    "wandb.Api.automations",
    "wandb.Api.update_automation",
    "wandb.Api.delete_automation",
)
@pytest.mark.parametrize(("event", "scope"), COMBINATIONS)
def test_automations_are_created_listed_fetched_edited_and_deleted(
    wandb_backend: Backend,
    api: Any,
    sdk: Any,
    scope_of: Any,
    actions: dict[str, Any],
    event: str,
    scope: str,
) -> None:
    entity = ENTITIES.get(scope)
    written = EVENTS[event](sdk, scope_of(scope))
    made = {}
    for name, action in actions.items():
        made[name] = api.create_automation(written >> action, name=name, description="first")

        assert made[name].event.event_type == written.event_type
        assert made[name].action.action_type == action.action_type
        assert (made[name].name, made[name].description) == (name, "first")
        assert api.automation(name=name, entity=entity) == made[name]
    assert [rule.name for rule in wandb_backend.automations()] == list(made)

    edited = {}
    for name, rule in made.items():
        rule.description = "second"
        edited[name] = api.update_automation(rule, enabled=False)

        assert (edited[name].id, edited[name].name) == (rule.id, name)
        assert (edited[name].description, edited[name].enabled) == ("second", False)
        assert (edited[name].event, edited[name].action) == (rule.event, rule.action)
    listed = {rule.name: rule for rule in api.automations(entity=entity)}
    assert listed == edited

    for rule in listed.values():
        assert api.delete_automation(rule)
    assert list(api.automations(entity=entity)) == []
    assert wandb_backend.automations() == []


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(name, marks=pytest.mark.needs(f"wandb.automations.{name}"))
        for name in ("SendNotification", "SendWebhook", "SendPromptToAria", "DoNothing")
    ],
)
def test_what_an_automation_of_the_sdk_is_to_do_is_done(
    wandb_backend: Backend, api: Any, sdk: Any, scope_of: Any, actions: Any, action: str
) -> None:
    event = sdk.OnAddArtifactAlias(
        scope=scope_of("sequence"), filter=sdk.ArtifactEvent.alias.eq("prod")
    )
    api.create_automation(event >> actions[action], name="rule")

    version = wandb_backend.collection("acme/llm/weights", type="model").log_version()
    version.add_alias("prod")

    wandb_backend.assert_fired("rule", times=1)
    hooks = [delivery.json for delivery in wandb_backend.webhooks]
    messages = [(message.title, message.text) for message in wandb_backend.slack]
    sent = [{"by": "tester", "deep": [1, None, {"é": '"'}]}]
    assert hooks == (sent if action == "SendWebhook" else [])
    assert messages == ([("high", "loss")] if action == "SendNotification" else [])


@pytest.mark.needs("wandb.Api.automations(start)")
def test_a_list_of_automations_goes_on_where_an_earlier_one_ended(
    wandb_backend: Backend, api: Any, sdk: Any, scope_of: Any
) -> None:
    for project in ("a", "b"):
        wandb_backend.project(f"acme/{project}")
        event = sdk.OnLinkArtifact(scope=api.project(project, entity=TEAM))
        api.create_automation(event >> sdk.DoNothing(), name=project)

    first = api.automations(entity=TEAM, per_page=1)
    seen = [next(first).name]
    rest = [rule.name for rule in api.automations(entity=TEAM, per_page=1, start=first.cursor)]

    assert sorted(seen + rest) == ["a", "b"]
