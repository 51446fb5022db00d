"""Run states as automations see them."""

from __future__ import annotations

from typing import Final

__all__ = ["COARSE_STATES", "coarse_state"]

COARSE_STATES: Final = ("RUNNING", "FINISHED", "FAILED")
"""The states that an automation can wait for; SDK, `ReportedRunState`."""

_COARSE: Final = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "failed": "FAILED",
    "crashed": "FAILED",
}


def coarse_state(state: str) -> str | None:
    """Return `RUNNING`, `FINISHED` or `FAILED` for a run's state, `None` if automations ignore it.

    Documented: "A run with Killed status can't trigger an automation." In the SDK, CRASHED is
    another name of FAILED. That pending and preempted runs are ignored follows from both.
    """
    return _COARSE.get(state.lower())
