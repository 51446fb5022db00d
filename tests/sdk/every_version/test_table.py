"""The table of what each version can do says what this one can do, and each row is tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


def test_the_table_says_what_this_version_can_do(pages: Any) -> None:
    import wandb

    recorded = pages["sdk_versions"].recorded()

    assert recorded.get(wandb.__version__) == pages["sdk_abilities"].abilities(), (
        "run docs/sdk_versions.py in this environment, then docs/generate.py"
    )


def test_the_table_is_about_the_versions_that_are_tested(pages: Any) -> None:
    listed = pages["sdk_versions"].versions()

    assert list(pages["sdk_versions"].recorded()) == listed
    assert pages["sdk_abilities"].DEFECTS.keys() <= set(listed)


def test_every_row_of_the_table_is_tested(pages: Any, request: pytest.FixtureRequest) -> None:
    items = [item for item in request.session.items if item.path.parent == HERE]
    if {item.path for item in items} != {*HERE.glob("test_*.py")}:
        pytest.skip("only when all tests of this folder run")
    tested = {name for item in items for mark in item.iter_markers("needs") for name in mark.args}
    rows = {name for chapter in pages["sdk_abilities"].ABILITIES.values() for name in chapter}

    assert rows - tested == set()
