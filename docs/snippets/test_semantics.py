import pytest

from pytest_wandb_automations.automations import OnRunMetric, RunEvent


@pytest.mark.parametrize(("trigger", "times"), [("level", 3), ("edge", 1)])
def test_how_often_a_loss_that_stays_high_is_told(wandb_backend, wandb_factory, trigger, times):
    wandb_backend.semantics = wandb_backend.semantics.model_copy(
        update={"metric_trigger": trigger, "metric_cooldown_hours": 0}
    )
    project = wandb_backend.project("acme/llm")
    high = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(5))
    wandb_factory.automation(event=high, name="high-loss")

    run = wandb_backend.run(project)
    for loss in (9, 9, 9):
        run.log({"loss": loss})

    wandb_backend.assert_fired("high-loss", times=times)
