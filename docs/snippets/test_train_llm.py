# region test
import pytest
import wandb
from train_llm import train

from pytest_wandb_automations.automations import (
    OnCreateArtifact,
    OnRunMetric,
    RunEvent,
)


@pytest.fixture
def watched(wandb_backend, wandb_factory, tmp_path, monkeypatch):
    """Give a W&B that watches the training, and a folder for its files."""
    monkeypatch.chdir(tmp_path)
    project = wandb_backend.project("llm")
    blown_up = OnRunMetric(scope=project, filter=RunEvent.metric("loss").gt(100))
    logged = OnCreateArtifact(scope=project.collection("weights", type="model"))
    wandb_factory.automation(event=blown_up, name="blown-up")
    wandb_factory.automation(event=logged, name="new-weights")
    return wandb_backend


def test_a_loss_that_blows_up_is_noticed(watched):
    train(steps=10, learning_rate=1)

    watched.assert_fired("blown-up", times=1)


def test_weights_of_a_good_training_are_announced(watched):
    train(steps=3, learning_rate=-0.5)

    watched.assert_not_fired("blown-up")
    (execution,) = watched.assert_fired("new-weights")
    assert execution.place.version("latest").metadata == {"loss": 0.125}


# endregion


# region during
def test_it_is_noticed_while_the_run_is_going_on(watched):
    with wandb.init(project="llm") as run:
        run.log({"loss": 1000})
        watched.assert_fired("blown-up", timeout=10)


# endregion
