# region fixture
import pytest
from register import register, retire


@pytest.fixture
def acme(wandb_backend):
    """Give a W&B with what the script expects: a project and a Slack channel."""
    wandb_backend.project("acme/llm")
    wandb_backend.slack_integration(
        "acme", team_name="Acme", channel_name="#alerts"
    )
    return wandb_backend


# endregion


# region saved
def test_it_registers_an_enabled_automation_for_the_project(acme):
    register("acme", "llm")

    saved = acme.automation("loss-spike")
    assert saved.enabled
    assert saved.scope.name == "llm"


# endregion


# region fires
def test_a_high_loss_is_told_to_the_team(acme):
    register("acme", "llm")

    run = acme.run("acme/llm", display_name="train-1")
    for loss in (0.9, 0.8, 9.0, 9.0):
        run.log({"loss": loss})

    acme.assert_fired("loss-spike", times=1)
    assert acme.slack.last.title == "Loss is spiking"


# endregion


# region twice
def test_it_may_run_twice(acme):
    first, second = register("acme", "llm"), register("acme", "llm")

    assert first.id == second.id


def test_what_is_retired_does_not_fire(acme):
    register("acme", "llm")
    retire("loss-spike")

    acme.run("acme/llm").log({"loss": 100})
    assert len(acme.executions) == 0


# endregion


# region refused
def test_who_may_not_register_automations_is_told_so(acme):
    acme.faults.graphql("CreateAutomation", status=403, errors="ask an admin")

    with pytest.raises(Exception, match="ask an admin"):
        register("acme", "llm")


# endregion
