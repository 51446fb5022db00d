"""What the pictures of the documentation show: tests of which some fail, as tests do."""

from __future__ import annotations

import math

import pytest

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    OnRunMetric,
    RunEvent,
    SendNotification,
    SendWebhook,
)


@pytest.fixture
def deploy_prod(wandb_backend):
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint="https://deploy.test/hook", secret="s3cret"
    )
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    payload = {"model": "${artifact_version_string}", "by": "${event_author}"}
    action = SendWebhook.from_integration(hook, payload=payload)
    wandb_backend.create_automation(event >> action, name="deploy-prod")
    return weights


@pytest.fixture
def loss_spike(wandb_backend):
    slack = wandb_backend.slack_integration("acme", team_name="Acme", channel_name="#training")
    say = SendNotification.from_integration(slack, title="Loss spike", text="Look at ${run_name}")
    project = wandb_backend.project("acme/llm")
    loss = RunEvent.metric("val.loss")
    spike = OnRunMetric(scope=project, filter=loss.avg(5).gt(1.6))
    wandb_backend.create_automation(spike >> say, name="loss-spike")
    outlier = OnRunMetric(scope=project, filter=loss.zscore(20).abs().gt(4))
    wandb_backend.create_automation(outlier >> say, name="loss-outlier")


def test_a_promoted_model_is_deployed(wandb_backend, deploy_prod):
    version = deploy_prod.log_version()
    version.add_alias("staging")
    wandb_backend.faults.delivery("deploy-prod", status=503)
    version.add_alias("prod")
    status = wandb_backend.webhooks.last.response.status_code
    assert status == 200


def test_a_staged_model_is_not(wandb_backend, deploy_prod):
    deploy_prod.log_version().add_alias("staging")
    wandb_backend.assert_not_fired("deploy-prod")


def test_a_loss_spike_is_told_when_it_comes(wandb_backend, loss_spike):
    run = wandb_backend.run("acme/llm", display_name="llama-3b", run_id="k3x9")
    for step in range(160):
        smooth = 0.4 + 1.6 * math.exp(-step / 30) + 0.03 * math.sin(step * 1.7)
        bump = 2.2 * math.exp(-(((step - 118) / 6) ** 2))
        run.log({"val": {"loss": math.nan if 60 <= step < 64 else smooth + bump}})
    first = wandb_backend.executions.of("loss-spike")[0]
    assert first.event.step > 100
