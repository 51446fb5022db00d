"""What came of an action."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """The result of an execution; `error` is `None` when the action succeeded or was skipped."""

    error: str | None = None
    status_code: int | None = None
    """HTTP status of a receiver's response."""
    body: str | None = field(default=None, repr=False)
    """Text of a receiver's response; W&B's history shows it whole."""
    sent: Any = field(default=None, repr=False)
    """What was sent: the text of a webhook's body, or a Slack message."""
    unknown_variables: tuple[str, ...] = ()
    """Names of `${variables}` in the action's texts that W&B does not know."""
    skipped: str | None = None
    """Why the action was not run at all; W&B's history calls that Skipped."""
    ordered_by: str | None = None
    """What the test did to make it fail: a call of `backend.faults`, or a route that says so.

    `None` for what failed by itself: an app or a real receiver that refuses, crashes or is late, a
    missing secret, a loop that was cut.
    """
