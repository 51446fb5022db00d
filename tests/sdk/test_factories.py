"""What the factories make is valid for the installed SDK: 1,000 of each go through its classes."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import inputs as kit_inputs
from pytest_wandb_automations.events import BaseEvent
from pytest_wandb_automations.factories import Factory
from pytest_wandb_automations.testing.factories.conditions import ASSIGNABLE_ACTIONS, EVENT_MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator

sdk = pytest.importorskip("wandb.automations")

import wandb  # noqa: E402 -- only if it is installed
import wandb.automations._inputs as sdk_inputs  # noqa: E402
from wandb.sdk.artifacts._generated import ArtifactAliasInput, TagInput  # noqa: E402
from wandb.sdk.artifacts._validators import (  # noqa: E402
    validate_aliases,
    validate_artifact_name,
    validate_artifact_type,
    validate_project_name,
    validate_tags,
)

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")

EACH = 1_000
PAIRS = list(itertools.product(EVENT_MODELS, ASSIGNABLE_ACTIONS))


@pytest.fixture
def factory() -> Factory:
    return Factory(Backend(), seed=2024)


def built(factory: Factory, kind: str) -> Iterator[Any]:
    for _ in range(EACH):
        yield getattr(factory, f"build_{kind}")()


def sdk_scope(draft: Any, event: str = "OnAddArtifactAlias") -> Any:
    return getattr(sdk, event)(scope=draft).scope


def test_automations_go_over_the_wire_as_the_sdk_sends_them(factory):
    project, collection = factory.project(), factory.collection()
    for number in range(EACH):
        event, action = PAIRS[number % len(PAIRS)]
        scope = project if event.value.startswith("RUN_") else collection
        new = factory.build_automation(event, action, scope=scope)
        theirs = sdk.NewAutomation.model_validate(new.model_dump())

        assert sdk_inputs.prepare_to_create(theirs).model_dump() == kit_inputs.prepare_to_create(
            new
        )


@pytest.mark.parametrize("kind", ["slack_integration", "webhook_integration"])
def test_integrations_are_those_of_the_sdk(factory, kind):
    theirs = {"slack_integration": sdk.SlackIntegration}.get(kind, sdk.WebhookIntegration)
    action = {"slack_integration": sdk.SendNotification}.get(kind, sdk.SendWebhook)
    for draft in built(factory, kind):
        read = theirs.model_validate(draft.model_dump())
        assert read.model_dump() == draft.model_dump()
        assert action.from_integration(read).integration_id == draft.id


@pytest.mark.parametrize(
    ("kind", "scope_type"),
    [
        ("organization", "ENTITY"),
        ("team", "ENTITY"),
        ("project", "PROJECT"),
        ("registry", "PROJECT"),
        ("collection", "ARTIFACT_COLLECTION"),
    ],
)
def test_drafts_of_places_are_scopes_for_the_sdk(factory, kind, scope_type):
    for draft in built(factory, kind):
        scope = sdk_scope(draft)
        assert (scope.id, scope.name, scope.scope_type) == (draft.id, draft.name, scope_type)
        if kind == "project":
            assert validate_project_name(draft.name) == draft.name
        if kind == "collection":
            assert validate_artifact_name(draft.name) == draft.name


def test_versions_can_be_made_with_the_sdk(factory):
    aliases, tags = ("prod", "champion"), ("eu", "fp16")
    for _ in range(EACH):
        draft = factory.build_artifact(aliases=aliases, tags=tags)
        validate_artifact_type(draft.type, draft.name)
        assert validate_aliases(draft.aliases)
        assert validate_tags(draft.tags)
        json.dumps(draft.metadata, allow_nan=False)
    # One will do: the validators above are all that it asks.
    artifact = wandb.Artifact(draft.name, draft.type, metadata=dict(draft.metadata))
    assert artifact.metadata == draft.metadata


def test_made_up_aliases_and_tags_are_those_of_the_sdk(factory):
    for _ in range(EACH):
        alias, tag = factory.fake.wandb_alias(), factory.fake.wandb_tag()
        name = factory.fake.wandb_collection()
        assert ArtifactAliasInput(artifact_collection_name=name, alias=alias).alias == alias
        assert TagInput(tag_name=tag).tag_name == tag


def test_runs_can_be_started_with_the_sdk(factory):
    for draft in built(factory, "run"):
        settings = wandb.Settings(
            entity=draft.entity,
            project=draft.project_name,
            run_id=draft.run_id,
            run_name=draft.display_name,
            run_job_type=draft.job_type,
            run_tags=tuple(draft.tags),
        )
        assert (settings.project, settings.run_id) == (draft.project_name, draft.run_id)


def test_keys_of_users_are_keys_for_the_sdk(factory):
    for draft in built(factory, "user"):
        assert wandb.Settings(api_key=draft.api_key).api_key == draft.api_key


def test_payloads_are_taken_by_the_sdk(factory):
    hook = sdk.WebhookIntegration.model_validate(factory.build_webhook_integration().model_dump())
    for number in range(EACH):
        payload = factory.build_payload([*EVENT_MODELS][number % len(EVENT_MODELS)])
        action = sdk.SendWebhook.from_integration(hook, payload=payload)
        assert json.loads(action.model_dump()["requestPayload"]) == payload


def test_events_and_secrets_are_taken_by_the_backend(factory):
    kinds = [*EVENT_MODELS]
    for number in range(EACH):
        event = factory.build_happening(kinds[number % len(kinds)])
        assert type(event).model_validate_json(event.model_dump_json()) == event
        assert isinstance(event, BaseEvent)
        draft = factory.build_secret()
        assert factory.backend.secret(draft.team, draft.name, draft.value).name == draft.name


def test_saved_automations_are_read_by_the_sdk(wandb_backend, wandb_factory):
    saved = [wandb_factory.automation(event, action) for event, action in PAIRS]
    saved += [wandb_factory.automation.loss_spike(), wandb_factory.automation.promoted()]

    read = {each.id: each for each in wandb.Api().automations(wandb_backend.entity)}
    read |= {each.id: each for each in wandb.Api().automations("acme-corp")}

    assert set(read) == {each.id for each in saved}
    for each in saved:
        assert read[each.id].model_dump() == each.model_dump()


def test_made_up_things_are_found_by_the_sdk(wandb_backend, wandb_factory):
    runs = wandb_factory.run.batch(3, project=wandb_factory.project("llm"))
    version = wandb_factory.artifact(aliases=["prod"])
    api = wandb.Api()

    assert {run.id for run in api.runs("acme/llm")} == {run.name for run in runs}
    found = api.artifact(f"{version.collection.path}:prod")
    assert found.metadata == version.artifact.metadata
