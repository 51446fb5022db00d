"""Tests `register_automations.py` offline: what it registers fires, and fires the right thing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from register_automations import register

from pytest_wandb_automations.events import ArtifactAliasAdded, ArtifactLinked, RunMetricLogged

FIXTURES = Path(__file__).parents[2] / "fixtures"
LOSSES = json.loads((FIXTURES / "loss_histories.json").read_text())


@pytest.fixture
def team(wandb_backend):
    """Give what the script expects to find: a webhook, a Slack channel, a collection."""
    wandb_backend.webhook_integration(
        "acme",
        name="deploy",
        url_endpoint="https://deploy.test/hook",
        access_token="the-token",
        secret="the-secret",
    )
    wandb_backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    wandb_backend.collection("acme/llm/weights", type="model")
    payload = json.loads((FIXTURES / "payloads" / "deploy.json").read_text())
    register("acme", "llm", model="weights", payload=payload)
    return wandb_backend


def test_the_alias_prod_deploys_the_model(team):
    team.inject(
        ArtifactAliasAdded(
            collection="acme/llm/weights",
            version=4,
            alias="prod",
            artifact_id="QXJ0aWZhY3Q6NDI=",
            metadata={"accuracy": 0.93},
            author="tester",
        )
    )

    delivery = team.webhooks.last
    assert delivery.url == "https://deploy.test/hook"
    assert delivery.headers["Authorization"] == "Bearer the-token"
    assert delivery.verify_signature("the-secret")
    assert delivery.json == {
        "event_type": "DEPLOY",
        "client_payload": {
            "model": "acme/llm/weights:prod",
            "artifact": "wandb-artifact://_id/QXJ0aWZhY3Q6NDI=",
            "collection": "weights",
            "alias": "prod",
            "accuracy": "0.93",
            "author": "tester",
        },
    }


def test_another_alias_deploys_nothing(team):
    team.inject(ArtifactAliasAdded(collection="acme/llm/weights", alias="staging"))

    team.assert_not_fired("deploy-prod")
    assert len(team.webhooks) == 0


@pytest.mark.parametrize(("history", "alerts"), [("spike", 1), ("clean_descent", 0)])
def test_a_loss_spike_alerts_once(team, history, alerts):
    run = team.run("acme/llm", display_name="train-1")
    for step, loss in enumerate(LOSSES[history]):
        team.inject(RunMetricLogged(run=run, metric="loss", value=loss, step=step))

    team.assert_fired("loss-spike", times=alerts)
    assert [message.channel for message in team.slack] == ["#alerts"] * alerts


def test_a_model_in_the_registry_is_told_to_the_team(team):
    prod_models = team.registry("model").collection("prod-models", type="model")

    team.inject(ArtifactLinked(collection=prod_models))

    assert team.slack.last.title == "A model is in the registry"


def test_registering_twice_changes_nothing(team):
    payload = json.loads((FIXTURES / "payloads" / "deploy.json").read_text())
    before = team.automations()

    with pytest.raises(Exception, match="No automations found"):
        # The SDK looks for an existing automation through the viewer's projects, where it cannot
        # see one whose scope is an organization. A script that registers twice has to name it
        # otherwise.
        register("acme", "llm", model="weights", payload=payload)

    assert team.automations() == before
