# region test
import pytest

from pytest_wandb_automations.automations import (
    OnRunState,
    RunEvent,
    SendNotification,
)


@pytest.fixture
def run(wandb_backend):
    """Give a run of a project whose failures are told to Slack."""
    alerts = wandb_backend.slack_integration(
        "acme", team_name="Acme", channel_name="#alerts"
    )
    failed = OnRunState(
        scope=wandb_backend.project("acme/llm"),
        filter=RunEvent.state.in_(["failed"]),
    )
    tell = SendNotification.from_integration(
        alerts, title="Training failed", text="Look at the logs", level="ERROR"
    )
    wandb_backend.create_automation(failed >> tell, name="training-failed")
    return wandb_backend.run("acme/llm", display_name="train-1")


def test_a_failed_run_is_told_to_the_channel(wandb_backend, run):
    run.finish(exit_code=1)

    message = wandb_backend.slack.last
    assert (message.team, message.channel) == ("Acme", "#alerts")
    assert (message.title, message.severity) == ("Training failed", "ERROR")
    assert message.title_url.endswith(f"/acme/llm/runs/{run.name}")


def test_a_good_run_is_not(wandb_backend, run):
    run.finish()

    assert len(wandb_backend.slack) == 0


# endregion


# region refused
def test_a_channel_that_is_gone_fails_the_execution(wandb_backend, run):
    wandb_backend.slack.route().respond(
        json={"ok": False, "error": "channel_not_found"}
    )

    run.finish(exit_code=1)

    (execution,) = wandb_backend.executions.failed
    assert "channel_not_found" in execution.error


# endregion
