from __future__ import annotations

import math

import pytest

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import (
    ActionType,
    EventType,
    OnLinkArtifact,
    ScopeType,
    SendNotification,
    SendWebhook,
)
from pytest_wandb_automations.errors import InvalidInput
from pytest_wandb_automations.testing.factories import Factory
from pytest_wandb_automations.testing.histories import SHAPES

ASSIGNABLE_EVENTS = [
    event
    for event in EventType
    if event not in (EventType.UPDATE_ARTIFACT_ALIAS, EventType.WEAVE_METRIC_THRESHOLD)
]
ASSIGNABLE_ACTIONS = [
    ActionType.GENERIC_WEBHOOK,
    ActionType.NOTIFICATION,
    ActionType.NO_OP,
    ActionType.ARIA,
]


@pytest.fixture
def factory():
    return Factory(Backend(), seed=7)


@pytest.mark.parametrize("action", ASSIGNABLE_ACTIONS)
@pytest.mark.parametrize("event", ASSIGNABLE_EVENTS)
def test_an_automation_of_each_event_and_action_is_saved(factory, event, action):
    saved = factory.automation(event, action)

    assert saved.event.event_type is event
    assert saved.action.action_type is action
    assert factory.backend.automations() == [saved]


@pytest.mark.parametrize("event", ["update_artifact_alias", "WEAVE_METRIC_THRESHOLD"])
def test_events_that_nobody_can_assign_are_refused(factory, event):
    with pytest.raises(InvalidInput, match=f"{event.upper()} events cannot be assigned"):
        factory.build_event(event)


@pytest.mark.parametrize("action", ["QUEUE_JOB", "PUSH_NOTIFICATION"])
def test_actions_that_nobody_can_assign_are_refused(factory, action):
    with pytest.raises(InvalidInput, match=f"{action} actions cannot be assigned"):
        factory.build_action(action)


def test_building_saves_no_automation(factory):
    built = factory.build_automation("RUN_STATE", "NO_OP", name="mine")

    assert built.name == "mine"
    assert factory.backend.automations() == []


def test_built_integrations_are_unknown_to_the_backend(factory):
    hook = factory.build_webhook_integration()
    slack = factory.build_slack_integration()

    assert hook.url_endpoint == f"https://{hook.name}.example.com/hook"
    assert slack.channel_name.startswith("#")
    assert list(factory.backend.api.integrations()) == []
    assert SendWebhook.from_integration(hook).integration_id == hook.id
    assert SendNotification.from_integration(slack).integration_id == slack.id


def test_what_a_test_says_is_not_made_up(factory):
    registry = factory.backend.registry("model")
    hook = factory.webhook_integration("deploy", url_endpoint="https://deploy.test/")
    event = OnLinkArtifact(scope=registry)

    saved = factory.automation(
        event=event, action=SendWebhook.from_integration(hook), name="mine", enabled=False
    )

    assert (saved.name, saved.enabled, saved.scope.id) == ("mine", False, registry.id)
    assert saved.action.integration.id == hook.id


def test_a_given_scope_is_used(factory):
    team = factory.backend.team("acme")

    saved = factory.automation("LINK_MODEL", scope=team)

    assert saved.scope.scope_type is ScopeType.ENTITY


def test_the_same_seed_makes_the_same_things():
    def story(seed: int) -> list[object]:
        factory = Factory(Backend(), seed=seed)
        run = factory.run(history={"loss": factory.metric_history("noise", steps=5)})
        version = factory.artifact()
        automation = factory.automation()
        return [run.path, run.display_name, run.history, version.path, version.metadata, automation]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_nothing_gets_the_same_name_twice(factory):
    projects = {factory.project().path for _ in range(100)}

    assert len(projects) == 100


def test_a_run_logs_its_history_in_order(factory):
    run = factory.run(history={"loss": [3.0, 2.0], "accuracy": [0.1, 0.2]})

    assert run.values("loss") == [3.0, 2.0]
    assert run.values("accuracy") == [0.1, 0.2]


def test_an_artifact_can_be_logged_with_metadata_of_ones_own(factory):
    collection = factory.collection("weights", type="model")

    version = factory.artifact(collection=collection, metadata={"acc": 1})

    assert version.path == f"{collection.path}:v0"
    assert version.metadata == {"acc": 1}


@pytest.mark.parametrize("shape", SHAPES)
def test_histories_have_the_number_of_steps_asked_for(factory, shape):
    assert len(factory.metric_history(shape, steps=37)) == 37
    assert len(factory.metric_history(shape, steps=1)) == 1


def test_histories_have_the_shape_that_they_are_named_for(factory):
    descent = factory.metric_history("descent")
    spike = factory.metric_history("spike")
    plateau = factory.metric_history("plateau")
    divergence = factory.metric_history("divergence")

    assert descent[-1] < descent[0] / 5
    assert max(spike) > 2 * spike[0]
    assert spike[-1] < 1
    assert max(plateau[50:]) - min(plateau[50:]) < 0.2
    assert max(v for v in divergence if not math.isnan(v)) > divergence[0]
    assert math.isnan(divergence[-1])


def test_an_unknown_shape_names_the_known_ones(factory):
    with pytest.raises(InvalidInput, match="unknown shape 'zigzag'; known are descent, spike"):
        factory.metric_history("zigzag")


def test_a_history_has_at_least_one_step(factory):
    with pytest.raises(InvalidInput, match="at least one step, got 0"):
        factory.metric_history(steps=0)


def test_the_fixture_is_seeded_from_the_test_id(pytester):
    pytester.makepyfile(
        """
        from zlib import crc32

        def test_it(wandb_factory, request):
            assert wandb_factory.seed == crc32(request.node.nodeid.encode())
            assert repr(wandb_factory) == f"<Factory seed={wandb_factory.seed}>"
            assert wandb_factory.automation() in wandb_factory.backend.automations()
        """
    )
    pytester.runpytest("-p", "no:asyncio", "-p", "no:randomly").assert_outcomes(passed=1)
