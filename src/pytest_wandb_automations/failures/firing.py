"""What `assert_fired` and `assert_not_fired` say: how often, for what, and what came near."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING

from pytest_wandb_automations.rules.verdict import describe_event, format_unheld
from pytest_wandb_automations.rules.wording import one_line
from pytest_wandb_automations.world.explaining import came_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.explaining import NearMisses

__all__ = ["fired_otherwise"]

_NEAR_MISSES = 3
_FIRINGS = 10
"""How many are shown of either, the nearest and the newest."""


def fired_otherwise(
    name: str,
    fired: Sequence[Execution],
    near: NearMisses | None,
    *,
    times: int | None,
    timeout: float = 0,
) -> str:
    """Tell how often an automation fired instead, for what, and for what it almost did.

    Without near misses it was deleted; then there is no more of it than what it did.
    """
    headline = _expectation(name, len(fired), times, timeout)
    parts = [f"{headline}\n  {near.rule}" if near else headline]
    if fired:
        parts.append("\n".join(["it fired for:", *_firings(fired)]))
    if near is None:
        return "\n\n".join([*parts, "it was deleted, and with it what it made of other events"])
    if times is None or len(fired) < times:
        parts.append("\n".join(_almost(near)))
    return "\n\n".join([*parts, f"for every clause of every event: backend.explain({name!r})"])


def _expectation(name: str, found: int, times: int | None, timeout: float) -> str:
    if times == 0:
        wanted = "not to fire"
    else:
        wanted = "to fire" if times is None else f"to fire {_times(times)}"
    within = f" within {timeout:g} s" if timeout else ""
    return f"expected {name!r} {wanted}{within}, it fired {_times(found)}"


def _firings(fired: Sequence[Execution]) -> list[str]:
    left_out = len(fired) - _FIRINGS
    lines = [f"  ({left_out} earlier)"] if left_out > 0 else []
    for execution in fired[-_FIRINGS:]:
        lines.append(f"  {one_line(describe_event(execution.event))}")
        if came := came_of(execution):
            lines.append(f"    → {came}")
    return lines


def _almost(near: NearMisses) -> list[str]:
    if near.elsewhere:
        return ["no event reached it", *near.elsewhere]
    if not near.verdicts:
        return ["no other event reached it"]
    more = ", closest first" if len(near.verdicts) > 1 else ""
    shown = [indent(format_unheld(verdict), "  ") for verdict in near.verdicts[:_NEAR_MISSES]]
    return [f"it did not fire{more}:", *shown]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
