"""Tests `receiver.py` offline: an alias in W&B deploys, and nothing else does."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from receiver import app

from pytest_wandb_automations.automations import ArtifactEvent, OnAddArtifactAlias, SendWebhook

URL = "https://receiver.test/deployments"

PAYLOAD = {
    "artifact": "${artifact_version}",
    "entity": "${entity_name}",
    "project": "${project_name}",
    "collection": "${artifact_collection_name}",
}

refused_on_purpose = pytest.mark.wandb_automations(strict=False)
"""A delivery that fails without an order fails its test, unless the test says that it may."""


@pytest.fixture
def wandb(wandb_backend, monkeypatch):
    """Give a W&B that calls the receiver when a version of `weights` gets the alias `prod`."""
    monkeypatch.setenv("WEBHOOK_TOKEN", "the-token")
    monkeypatch.setenv("WEBHOOK_SECRET", "the-secret")
    weights = wandb_backend.collection("acme/llm/weights", type="model")
    hook = wandb_backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL, access_token="the-token", secret="the-secret"
    )
    event = OnAddArtifactAlias(scope=weights, filter=ArtifactEvent.alias.eq("prod"))
    action = SendWebhook.from_integration(hook, payload=PAYLOAD)
    wandb_backend.create_automation(event >> action, name="deploy-prod")
    wandb_backend.webhooks.forward(URL, app=app)
    return wandb_backend


@pytest.fixture
def version(wandb):
    return wandb.collection("acme/llm/weights").log_version()


def test_the_alias_prod_deploys_and_the_deployment_is_marked(wandb, version):
    version.add_alias("prod")

    assert wandb.executions.last.state == "FINISHED"
    assert wandb.webhooks.last.response.status_code == 201
    assert set(version.aliases) == {"latest", "prod", "deployed"}


def test_another_alias_deploys_nothing(wandb, version):
    version.add_alias("staging")

    wandb.assert_not_fired("deploy-prod")
    assert "deployed" not in version.aliases


@refused_on_purpose
def test_with_a_wrong_token_nothing_is_deployed(wandb, version, monkeypatch):
    monkeypatch.setenv("WEBHOOK_TOKEN", "rotated")
    version.add_alias("prod")

    (execution,) = wandb.executions.failed
    assert execution.error == "webhook 'deploy': answered 401 Unauthorized"
    assert "deployed" not in version.aliases


@refused_on_purpose
def test_with_a_wrong_signature_nothing_is_deployed(wandb, version, monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", "rotated")
    version.add_alias("prod")

    (execution,) = wandb.executions.failed
    assert execution.error == "webhook 'deploy': answered 403 Forbidden"
    assert "deployed" not in version.aliases


async def _post(content, headers):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return await client.post(URL, content=content, headers=headers)


def post(content, headers):
    """Send the receiver a request that W&B did not send."""
    return asyncio.run(_post(content, headers))


def test_a_delivery_that_is_sent_again_deploys_nothing_twice(wandb, version):
    version.add_alias("prod")
    sent = wandb.webhooks.last

    again = post(sent.request.content, sent.headers)

    assert (again.status_code, again.json()) == (409, {"detail": "this version is deployed"})


def test_a_body_that_was_changed_on_its_way_deploys_nothing(wandb, version):
    version.add_alias("prod")
    sent = wandb.webhooks.last

    changed = post(sent.request.content.replace(b"weights", b"malware"), sent.headers)

    assert changed.status_code == 403
