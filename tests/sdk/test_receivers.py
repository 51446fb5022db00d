"""Receivers that call the API back with the real SDK."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import wandb
from wandb.automations import OnAddArtifactAlias, SendWebhook

if TYPE_CHECKING:
    from pytest_wandb_automations import Backend


@pytest.mark.wandb_automations(strict=["unknown_variables"])
@pytest.mark.parametrize("delivery", ["inline", "background"])
def test_a_loop_through_the_sdk_is_cut(wandb_backend: Backend, delivery: str) -> None:
    wandb_backend.semantics = {"delivery": delivery, "cascade_limit": 3}
    version = wandb_backend.collection("acme/llm/weights", type="model").log_version()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            artifact = wandb.Api().artifact("acme/llm/weights:v0")
            artifact.aliases.append(f"n{len(artifact.aliases)}")
            artifact.save()
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/"
        wandb_backend.webhook_integration("acme", name="loop", url_endpoint=url)
        wandb_backend.webhooks.route(url).pass_through()
        api = wandb.Api()
        hook = next(api.webhook_integrations("acme"))
        weights = api.artifact_collection("model", "acme/llm/weights")
        event = OnAddArtifactAlias(scope=weights)
        api.create_automation(event >> SendWebhook.from_integration(hook), name="again")

        version.add_alias("prod")
        wandb_backend.settle()
        server.shutdown()
        thread.join()

    assert [execution.error for execution in wandb_backend.executions.failed] == [
        "cascade of more than 3 automations: again → again → again → again"
    ]
    assert len(wandb_backend.webhooks) == 3
