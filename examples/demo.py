"""The main job, told step by step: `make demo` runs this."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pytest_wandb_automations import Backend
from pytest_wandb_automations.events import ArtifactAliasAdded, ArtifactLinked, RunMetricLogged

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "examples" / "registration"))


def headline(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")


def main() -> None:
    backend = Backend(seed=0)
    backend.webhook_integration(
        "acme",
        name="deploy",
        url_endpoint="https://deploy.test/hook",
        access_token="demo-token",
        secret="demo-secret",
    )
    backend.slack_integration("acme", team_name="Acme", channel_name="#alerts")
    backend.collection("acme/llm/weights", type="model")
    payload = json.loads((ROOT / "fixtures/payloads/deploy.json").read_text())
    losses = json.loads((ROOT / "fixtures/loss_histories.json").read_text())

    with backend.serve() as server:
        os.environ.update(server.environment)
        headline(f"The real wandb.Api() registers automations at {server.url}")
        from register_automations import register

        for saved in register("acme", "llm", model="weights", payload=payload):
            scope = saved.scope.scope_type.value
            print(f"  {saved.name:13} {saved.event.event_type.value:19} {scope} {saved.scope.name}")

    headline("Events happen")
    version = backend.collection("acme/llm/weights").log_version(metadata={"accuracy": 0.93})
    prod_models = backend.registry("model").collection("prod-models", type="model")
    run = backend.run("acme/llm", display_name="train-1")
    for event in (
        ArtifactAliasAdded(collection="acme/llm/weights", alias="staging"),
        ArtifactAliasAdded(collection="acme/llm/weights", alias="prod-eu"),
        ArtifactLinked(collection=prod_models, metadata=version.metadata),
    ):
        fired = [execution.automation_name for execution in backend.inject(event)]
        print(f"  {type(event).__name__:19} → {', '.join(fired) or 'nothing fires'}")
    for step, loss in enumerate(losses["spike"]):
        event = RunMetricLogged(run=run, metric="loss", value=loss, step=step)
        for execution in backend.inject(event):
            print(f"  loss {loss} at step {step:<5} → {execution.automation_name}")

    headline("The webhook that was sent")
    delivery = backend.webhooks.last
    print(f"  {delivery.request.method} {delivery.url}")
    for name, value in delivery.request.headers.items():
        print(f"  {name}: {value}")
    print("  " + json.dumps(delivery.json, indent=2).replace("\n", "\n  "))
    print(f"  signature verifies: {delivery.verify_signature('demo-secret')}")

    headline("The Slack messages")
    for message in backend.slack:
        print(f"  {message.team} {message.channel} [{message.severity}] {message.title}")
        print(f"    {message.text or '(no text)'} · {message.title_url}")

    headline("Why deploy-prod did not fire for every alias")
    print(backend.explain("deploy-prod"))


if __name__ == "__main__":
    main()
