"""Why an automation fired or did not, for people."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from pytest_wandb_automations.errors import NotFound
from pytest_wandb_automations.events import Event, RunMetricLogged, RunStateChanged
from pytest_wandb_automations.rules.verdict import describe_event, format_verdict

if TYPE_CHECKING:
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.world import World

__all__ = ["explain"]

_SHOWN = 10
"""How many verdicts an explanation shows; the newest are the ones that tests ask about."""


def explain(world: World, trigger: Trigger) -> str:
    """Describe what an automation made of each event that reached it, the newest last.

    Where none did, name what came nearest: its event type elsewhere, or another type in its scope.
    """
    with world.change():
        return _explain(world, trigger)


def _explain(world: World, trigger: Trigger) -> str:
    times = len(world.executions.of(trigger))
    head = (
        f"{trigger.name}: {trigger.rule.describe()} in {trigger.scope.path} "
        f"fired {times} time{'' if times == 1 else 's'}"
    )
    verdicts = [format_verdict(verdict) for verdict in trigger.considered]
    verdicts += [
        format_verdict(watch.verdict) for watch in trigger.watches.values() if not watch.window.held
    ]
    if not verdicts:
        return "\n".join([head, "no event reached it", *_nearest(world, trigger)])
    left_out = len(verdicts) - _SHOWN
    if left_out > 0:
        verdicts = [f"({left_out} earlier verdicts left out)", *verdicts[-_SHOWN:]]
    return "\n\n".join([head, *verdicts])


def _nearest(world: World, trigger: Trigger) -> list[str]:
    found: dict[str, str] = {}
    for event in reversed(world.recent_events):
        how = _likeness(world, trigger, event)
        if how is not None:
            found.setdefault(how, f"  {how}: {describe_event(event)}")
    lines = [found[how] for how in _LIKENESSES if how in found] + _metrics(world, trigger)
    return lines or ["  nothing like it happened anywhere"]


_LIKENESSES = _BEFORE, _ELSEWHERE, _ANOTHER = (
    "the same event before it was saved like this",
    "the same event elsewhere",
    "another event in its scope",
)


def _likeness(world: World, trigger: Trigger, event: Event) -> str | None:
    in_scope = trigger.scope.id in _scope_ids(world, event)
    if trigger.event_type in event.event_types:
        return _BEFORE if in_scope else _ELSEWHERE
    return _ANOTHER if in_scope else None


def _scope_ids(world: World, event: Event) -> tuple[str, ...]:
    try:
        if isinstance(event, (RunMetricLogged, RunStateChanged)):
            return world.projects.find_run(event.run).scope_ids
        return world.projects.find_collection(event.collection).scope_ids
    except NotFound:
        return ()


def _metrics(world: World, trigger: Trigger) -> list[str]:
    if trigger.rule.metric is None:
        return []
    name = trigger.rule.metric.name
    here: dict[str, None] = {}
    for project in world.projects:
        for run in project.runs.values():
            in_scope = trigger.scope.id in run.scope_ids
            if name in run.series:
                where = "before it was saved like this" if in_scope else "elsewhere"
                return [f"  {name!r} was logged {where}, by {run.path}"]
            if in_scope:
                here.update(dict.fromkeys(run.series))
    if not here:
        return []
    close = get_close_matches(name, here, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return [f"  runs in its scope logged {', '.join(map(repr, list(here)[:10]))}{hint}"]
