from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_shows_the_main_job():
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"], capture_output=True, text=True, check=True
    )

    for line in (
        "deploy-prod   ADD_ARTIFACT_ALIAS  ARTIFACT_COLLECTION weights",
        "loss-spike    RUN_METRIC          PROJECT llm",
        "model-linked  LINK_MODEL          ENTITY acme-corp",
        "POST https://deploy.test/hook",
        "authorization: Bearer demo-token",
        "signature verifies: True",
        "Acme #alerts [WARN] Loss is spiking",
        "deploy-prod did not fire for alias 'staging' added to acme/llm/weights:v0",
    ):
        assert line in result.stdout
    assert result.stderr == ""
