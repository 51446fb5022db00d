"""How soon an automation may fire again: what the limits of `Semantics` hold back, as clauses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pytest_wandb_automations.automations import ScopeType
from pytest_wandb_automations.rules.clauses import Clause

if TYPE_CHECKING:
    from datetime import datetime

    from pytest_wandb_automations.semantics import Semantics
    from pytest_wandb_automations.world.automations import Trigger

__all__ = ["COOLDOWN", "broad_limits", "duration", "run_cooldown"]

COOLDOWN: Final = "cooldown"
"""Path of the clause of `run_cooldown`."""


def run_cooldown(semantics: Semantics, fired: datetime | None, now: datetime) -> Clause:
    """Ask whether it is long enough since a metric automation `fired` for the run, if it did."""
    hours = semantics.metric_cooldown_hours
    asked = f"not fired for this run in {hours:g} h"
    return _since(COOLDOWN, asked, fired, now, timedelta(hours=hours))


def broad_limits(
    trigger: Trigger, semantics: Semantics, now: datetime, before: int
) -> list[Clause]:
    """Ask the limits of automations of a team or organization; there are none by default.

    `now` is the time of an event and `before` its place (`World.happened`): only what fired before
    it counts, whenever this is asked.
    """
    if trigger.scope_type is not ScopeType.ENTITY:
        return []
    clauses: list[Clause] = []
    firings = trigger.firings
    count = bisect_left(firings, before, key=lambda firing: firing[0])
    if seconds := semantics.entity_scope_cooldown:
        last = firings[count - 1][1] if count else None
        asked = f"not fired in {seconds:g} s"
        clauses.append(_since("scope cooldown", asked, last, now, timedelta(seconds=seconds)))
    if semantics.entity_scope_limit is not None:
        times, seconds = semantics.entity_scope_limit
        start = now - timedelta(seconds=seconds)
        recent = count - bisect_right(firings, start, hi=count, key=lambda firing: firing[1])
        asked = f"fired fewer than {times} times in {seconds:g} s"
        clauses.append(Clause("rate limit", asked, recent, recent < times))
    return clauses


def _since(path: str, asked: str, fired: datetime | None, now: datetime, wait: timedelta) -> Clause:
    if fired is None:
        return Clause(path, asked)
    return Clause(path, asked, fired, now - fired >= wait, note=f"{duration(now - fired)} before")


def duration(time: timedelta) -> str:
    """Write a time with its two largest units: `23 h 59 min`, `1.5 s`."""
    minutes, seconds = divmod(time.total_seconds(), 60)
    hours, minutes = divmod(int(minutes), 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {int(seconds)} s" if int(seconds) else f"{minutes} min"
    return f"{seconds:g} s"
