"""The backend's clock: it stands still until a test moves it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock"]

_START = datetime(2026, 1, 1, tzinfo=timezone.utc)
_TICK = timedelta(milliseconds=1)


class Clock:
    """Time in the offline W&B, in UTC.

    Every record that is created moves it by one millisecond, so timestamps keep the order of what
    happened; everything else is up to `advance`.
    """

    def __init__(
        self, start: datetime = _START, *, moved: Callable[[timedelta], None] = lambda _: None
    ) -> None:
        if start.tzinfo is None:
            raise ValueError(f"the clock needs a time zone, got {start!r}")
        self._now = start.astimezone(timezone.utc)
        self._moved = moved
        """Called after each `advance`, with how far it went."""

    def now(self) -> datetime:
        """Return the current time."""
        return self._now

    def stamp(self) -> datetime:
        """Return a time later than every earlier stamp, for a record's `created_at`."""
        self._now += _TICK
        return self._now

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> datetime:
        """Move the clock forward and return the new time; it never goes back."""
        by = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if by < timedelta(0):
            raise ValueError(f"the clock only moves forward, got {by}")
        self._now += by
        self._moved(by)
        return self._now
