# region test
import pytest
import receiver_fastapi
import receiver_flask

from pytest_wandb_automations.automations import (
    ArtifactEvent,
    OnAddArtifactAlias,
    SendWebhook,
)

URL = "https://deploy.test/hook"


@pytest.fixture
def weights(wandb_backend):
    """Give a collection whose versions are deployed when they become `prod`."""
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL, secret="s3cret"
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    call = SendWebhook.from_integration(
        hook, payload={"model": "${artifact_version_string}"}
    )
    wandb_backend.create_automation(event >> call, name="deploy-prod")
    return weights


@pytest.mark.parametrize(
    "app", [receiver_fastapi.app, receiver_flask.app], ids=["asgi", "wsgi"]
)
def test_the_receiver_takes_what_wandb_sends(wandb_backend, weights, app):
    wandb_backend.webhooks.forward(URL, app=app)

    weights.log_version(aliases=["prod"])

    response = wandb_backend.webhooks.last.response
    assert response.json() == {"deploying": "acme/llm/weights:prod"}


# endregion


# region refuses
@pytest.mark.wandb_automations(strict=["unknown_variables"])
def test_a_secret_that_was_changed_on_one_side_only_fails_the_delivery(
    wandb_backend, weights, monkeypatch
):
    monkeypatch.setattr(receiver_fastapi, "SECRET", b"another")
    wandb_backend.webhooks.forward(URL, app=receiver_fastapi.app)

    weights.log_version(aliases=["prod"])

    (execution,) = wandb_backend.executions.failed
    assert execution.error == "webhook 'deploy': answered 403 Forbidden"


# endregion


# region server
def test_a_receiver_that_listens_on_this_machine_is_called(
    wandb_backend, httpserver
):
    httpserver.expect_oneshot_request("/hook", method="POST").respond_with_data(
        "taken", 202
    )
    url = httpserver.url_for("/hook")
    hook = wandb_backend.webhook_integration("acme", name="local", url_endpoint=url)
    wandb_backend.webhooks.route(url).pass_through()

    response = wandb_backend.webhooks.test(hook, {"model": "acme/llm/weights:prod"})

    assert (response.status_code, response.text) == (202, "taken")


# endregion
