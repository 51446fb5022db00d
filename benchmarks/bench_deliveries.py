"""What a delivery costs in time and memory; run with `python benchmarks/bench_deliveries.py`.

10,000 deliveries of one automation into the inbox, beside as many plain httpx calls to a respx
route in the same run: on a busy machine only the ratio means something.

With `--memory` it makes the deliveries alone and prints the peak of this process in MB, which
`tests/test_deliveries_in_bulk.py` holds it to.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import respx

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import OnAddArtifactAlias, SendWebhook
from pytest_wandb_automations.events import ArtifactAliasAdded

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER = 10_000
URL = "https://deploy.test/hook"
PAYLOAD = {
    "event_type": "DEPLOY",
    "client_payload": {
        "model": "${artifact_version_string}",
        "alias": "${alias}",
        "accuracy": "${artifact_metadata.accuracy}",
        "author": "${event_author}",
    },
}


def a_backend() -> tuple[Backend, Callable[[], object]]:
    backend = Backend()
    weights = backend.collection("acme/llm/weights", type="model")
    hook = backend.webhook_integration(
        "acme", name="deploy", url_endpoint=URL, access_token="token", secret="secret"
    )
    action = SendWebhook.from_integration(hook, payload=PAYLOAD)
    backend.create_automation(OnAddArtifactAlias(scope=weights) >> action, name="deploy")
    event = ArtifactAliasAdded(
        collection="acme/llm/weights", alias="prod", version=3, metadata={"accuracy": 0.93}
    )
    return backend, lambda: backend.inject(event)


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    for _ in range(NUMBER):
        call()
    return time.perf_counter() - start


def peak_in_mb() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Linux lets a process inherit the peak of the one that started it; this figure is its own.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def deliver() -> tuple[float, float]:
    """Make the deliveries; return the seconds that they took, and by how many MB the peak rose."""
    before = peak_in_mb()
    backend, fire = a_backend()
    spent = seconds(fire)
    assert len(backend.webhooks) == len(backend.executions.finished) == NUMBER
    return spent, peak_in_mb() - before


def call_a_respx_route() -> float:
    with respx.mock, httpx.Client(trust_env=False) as client:
        respx.post(URL).respond(200)
        return seconds(lambda: client.post(URL, json=PAYLOAD))


if __name__ == "__main__":
    if sys.argv[1:] == ["--memory"]:
        deliver()
        print(peak_in_mb())
    else:
        ours, grown = deliver()
        theirs = call_a_respx_route()
        print(f"{NUMBER:,} deliveries: event, verdict, payload, signature, inbox, history")
        print(f"  a delivery                {ours / NUMBER * 1e6:7.1f} µs")
        print(f"  httpx.post, respx route   {theirs / NUMBER * 1e6:7.1f} µs")
        print(f"  ratio                     {ours / theirs:7.2f}")
        print(f"  peak memory, more by      {grown:7.1f} MB, {grown / NUMBER * 1024:.1f} KB each")
