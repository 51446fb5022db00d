import pytest

from pytest_wandb_automations.automations import OnRunMetric, RunEvent


@pytest.mark.wandb_automations(
    semantics={"metric_trigger": "edge", "metric_cooldown_hours": 0},
)
def test_a_loss_is_told_when_it_rises_and_not_while_it_is_high(
    wandb_backend, wandb_factory
):
    project = wandb_backend.project("acme/llm")
    high = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(5))
    wandb_factory.automation(event=high, name="high-loss")

    run = wandb_backend.run(project)
    for loss in (9, 9, 9):
        run.log({"loss": loss})

    wandb_backend.assert_fired("high-loss", times=1)
