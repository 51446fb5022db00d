"""What the plugin adds to pytest's reports."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_wandb_automations.testing.timeline import format_story, tell

if TYPE_CHECKING:
    import pytest

    from pytest_wandb_automations.backend import Backend

__all__ = ["SECTION", "add_section"]

SECTION = "wandb automations"
"""Title of the section with the timeline."""


def add_section(report: pytest.TestReport, backend: Backend) -> None:
    """Add the timeline of a backend to the report of a test that failed."""
    try:
        text = format_story(tell(backend.world, test=report.nodeid))
    except Exception as error:  # noqa: BLE001  # a test that failed must not end the session
        text = _defect(error)
    report.sections.append((SECTION, text))


def _defect(error: Exception) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(last.filename).name}:{last.lineno}"
    return (
        "the timeline cannot be told; this is a defect of pytest-wandb-automations, "
        f"please report it: {type(error).__name__} at {where}"
    )
