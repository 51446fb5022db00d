# region cooldown
import pytest

from pytest_wandb_automations.automations import (
    OnCreateArtifact,
    OnRunMetric,
    OnRunState,
    RunEvent,
)


def test_a_metric_automation_fires_once_a_day_for_each_run(
    wandb_backend, wandb_factory
):
    project = wandb_backend.project("acme/llm")
    high = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(5))
    wandb_factory.automation(event=high, name="high-loss")
    run = wandb_backend.run(project)

    run.log({"loss": 9})
    run.log({"loss": 9})
    wandb_backend.assert_fired("high-loss", times=1)

    wandb_backend.clock.advance(hours=25)
    run.log({"loss": 9})
    wandb_backend.assert_fired("high-loss", times=2)


# endregion


# region crash
def test_a_run_whose_machine_went_away_counts_as_failed(
    wandb_backend, wandb_factory
):
    project = wandb_backend.project("acme/llm")
    failed = OnRunState(scope=project, filter=RunEvent.state.in_(["failed"]))
    wandb_factory.automation(event=failed, name="training-failed")
    run = wandb_backend.run(project)

    run.set_state("crashed")

    wandb_backend.assert_fired("training-failed")


# endregion


# region background
@pytest.mark.wandb_automations(semantics={"delivery": "background"})
def test_deliveries_that_come_later(wandb_backend, wandb_factory):
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    wandb_factory.automation(event=OnCreateArtifact(scope=weights))

    weights.log_version()
    wandb_backend.settle()

    assert len(wandb_backend.webhooks) == 1


# endregion
