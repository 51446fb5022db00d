# region fixture
import httpx
import pytest
import wandb
from wandb.automations import DoNothing, OnCreateArtifact, SendWebhook
from wandb.errors import CommError

URL = "https://deploy.test/hook"


@pytest.fixture
def weights(wandb_backend):
    """Give a collection whose new versions are sent to a webhook."""
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL
    )
    rule = OnCreateArtifact(scope=weights) >> SendWebhook.from_integration(hook)
    wandb_backend.create_automation(rule, name="deploy")
    return weights


# endregion


# region route
def test_a_receiver_that_is_down(wandb_backend, weights):
    wandb_backend.webhooks.route(URL).respond(503)

    weights.log_version()

    assert wandb_backend.executions.last.state == "FAILED"
    assert wandb_backend.executions.last.outcome.status_code == 503


def test_a_receiver_that_never_answers(wandb_backend, weights):
    wandb_backend.webhooks.route(URL).mock(side_effect=httpx.ReadTimeout)

    weights.log_version()

    assert "ReadTimeout" in wandb_backend.executions.last.error


# endregion


# region delivery
def test_the_second_delivery_gets_through(wandb_backend, weights):
    wandb_backend.faults.delivery("deploy", status=503, times=1)

    weights.log_version()
    weights.log_version()

    assert [execution.state for execution in wandb_backend.executions] == [
        "FAILED",
        "FINISHED",
    ]


# endregion


# region graphql
def test_a_name_that_somebody_else_has_taken_meanwhile(wandb_backend, weights):
    wandb_backend.faults.graphql("CreateAutomation", status=409)
    rule = OnCreateArtifact(scope=weights) >> DoNothing()

    with pytest.raises(CommError, match="exists"):
        wandb.Api().create_automation(rule, name="note")


# endregion


# region unused
def test_every_fault_was_met(wandb_backend, weights):
    wandb_backend.faults.delivery("deploy", status=503)

    weights.log_version()

    assert wandb_backend.faults.unused == []


# endregion
