import os
import subprocess
import sys

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import OnCreateArtifact, SendWebhook

backend = Backend(seed=0)
weights = backend.collection("acme/llm/weights", type="model")
hook = backend.webhook_integration(
    "acme", name="deploy", url_endpoint="https://deploy.test/hook"
)
rule = OnCreateArtifact(scope=weights) >> SendWebhook.from_integration(hook)
backend.create_automation(rule, name="deploy")

with backend.serve() as server:
    environment = {**os.environ, **server.environment}
    subprocess.run(
        [sys.executable, "list_automations.py"], env=environment, check=True
    )

weights.log_version()
print(backend.webhooks.last)
