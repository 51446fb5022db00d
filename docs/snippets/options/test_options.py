import pytest

pytestmark = pytest.mark.wandb_automations(semantics={"metric_trigger": "level"})


def test_what_the_project_and_the_module_say(wandb_backend):
    assert not wandb_backend.features["AUTOMATION_SCOPE_ENTITY"]
    assert wandb_backend.semantics.metric_cooldown_hours == 0
    assert wandb_backend.semantics.metric_trigger == "level"


@pytest.mark.wandb_automations(features={"AUTOMATION_SCOPE_ENTITY": True})
def test_what_the_test_says_comes_last(wandb_backend):
    assert wandb_backend.features["AUTOMATION_SCOPE_ENTITY"]


@pytest.mark.wandb_automations(semantic={"metric_trigger": "edge"})
def test_a_misspelt_option(wandb_backend):
    pass
