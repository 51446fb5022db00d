"""What W&B itself has to check a server with, `wandb verify`, finds nothing to complain about."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("wandb")

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_wandb_automations import Backend

# The command goes on to ask for TLS, for headers that let browsers in, and for sweeps.
SCRIPT = """
import os
import wandb
from wandb.sdk.verify import verify

api = wandb.Api()
assert verify.check_run(api)
assert verify.check_artifacts()
assert verify.check_large_post()
works, url = verify.check_graphql_put(api, os.environ["WANDB_BASE_URL"])
assert works
verify.check_wandb_version(api)
"""


def test_what_checks_an_installation_is_content(wandb_backend: Backend, tmp_path: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("✅") == 5
    assert {run.state for run in wandb_backend.project("verify").runs.values()} == {"finished"}
