"""Hypothesis is asked for when it is needed, and not before."""

from __future__ import annotations

import subprocess
import sys

import pytest

BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name={missing!r})

sys.meta_path.insert(0, Missing())
{code}
"""


def run(code: str, missing: str) -> subprocess.CompletedProcess[str]:
    program = BLOCK.format(code=code, missing=missing)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_the_error_says_how_to_get_it():
    result = run("import pytest_wandb_automations.strategies", "hypothesis")

    assert result.stderr.splitlines()[-1] == (
        "ImportError: pytest_wandb_automations.strategies needs Hypothesis; get it with: "
        'pip install "pytest-wandb-automations[hypothesis]"'
    )


@pytest.mark.parametrize("name", ["pytest_wandb_automations", "pytest_wandb_automations.factories"])
def test_nothing_else_needs_it(name):
    assert run(f"import {name}", "hypothesis").returncode == 0


def test_what_hypothesis_misses_is_not_taken_for_hypothesis():
    result = run("import pytest_wandb_automations.strategies", "sortedcontainers")

    # Newer releases of Hypothesis do without that package.
    assert "needs Hypothesis" not in result.stderr
