"""What a run of the real SDK costs against the backend; `python benchmarks/bench_sdk.py`.

Each run is a process of its own, that begins a run, logs 1000 rows and finishes: with
`WANDB_MODE=offline`, and online against a served backend with one automation on the metric. Then
the same for the training script under `examples/`, which also uploads its checkpoints. They take
turns, so that a slow moment hits them alike; the figures are medians in seconds, and their ratios.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pytest_wandb_automations import Backend
from pytest_wandb_automations.automations import DoNothing, OnRunMetric, RunEvent

ROUNDS = 9
LOGS = """
import time
import wandb
start = time.perf_counter()
with wandb.init(project="llm") as run:
    for step in range(1000):
        run.log({"loss": 1 / (step + 1)})
print(time.perf_counter() - start)
"""
TRAINING = f"""
import sys
import time
sys.path.insert(0, {str(Path(__file__).parents[1] / "examples" / "training")!r})
from train import main
start = time.perf_counter()
main(["--release-at", "2"])
print(time.perf_counter() - start)
"""


def seconds(script: str, environment: dict[str, str], folder: str) -> float:
    """Return how long a script took by its own account, without its imports."""
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "WANDB_SILENT": "true", **environment},
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return float(run.stdout)


def compare(what: str, script: str, budget: str) -> None:
    backend = Backend()
    event = OnRunMetric(scope=backend.project("acme/llm"), filter=RunEvent.metric("loss").gt(9))
    backend.create_automation(event >> DoNothing(), name="spike")
    offline: list[float] = []
    online: list[float] = []
    with backend.serve() as server, tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            offline.append(seconds(script, {"WANDB_MODE": "offline"}, folder))
            online.append(seconds(script, server.environment, folder))
    ratios = [ours / theirs for ours, theirs in zip(online[1:], offline[1:], strict=True)]
    print(
        f"{what:<36} {statistics.median(online[1:]):6.2f} s   offline "
        f"{statistics.median(offline[1:]):5.2f} s   {statistics.median(ratios):5.2f} x"
        f"   budget {budget}"
    )


def main() -> None:
    start = time.perf_counter()
    compare("init, 1000 logs, finish", LOGS, "1.3 x")
    compare("the training script, 4 checkpoints", TRAINING, "none: offline uploads nothing")
    print(f"({time.perf_counter() - start:.0f} s in all)")


if __name__ == "__main__":
    main()
