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
    times = len(world.executions.of(trigger))
    head = (
        f"{trigger.name}: {trigger.rule.describe()} in {trigger.scope.path} "
        f"fired {times} time{'' if times == 1 else 's'}"
    )
    verdicts = [format_verdict(verdict) for verdict in trigger.considered]
    for watch in trigger.watches.values():
        if not watch.window.held:
            verdicts.append(format_verdict(watch.verdict))
    if not verdicts:
        return "\n".join([head, "no event reached it", *_nearest(world, trigger)])
    left_out = len(verdicts) - _SHOWN
    if left_out > 0:
        verdicts = [f"({left_out} earlier verdicts left out)", *verdicts[-_SHOWN:]]
    return "\n\n".join([head, *verdicts])


def _nearest(world: World, trigger: Trigger) -> list[str]:
    elsewhere: list[str] = []
    in_scope: list[str] = []
    for event in reversed(world.recent_events):
        if trigger.event_type in event.event_types:
            elsewhere.append(f"  the same event elsewhere: {describe_event(event)}")
        elif trigger.scope.id in _scope_ids(world, event):
            in_scope.append(f"  another event in its scope: {describe_event(event)}")
    lines = [*elsewhere[:1], *in_scope[:1], *_other_metrics(world, trigger)]
    return lines or ["  nothing like it happened anywhere"]


def _scope_ids(world: World, event: Event) -> tuple[str, ...]:
    try:
        if isinstance(event, (RunMetricLogged, RunStateChanged)):
            return world.projects.find_run(event.run).scope_ids
        return world.projects.find_collection(event.collection).scope_ids
    except NotFound:
        return ()


def _other_metrics(world: World, trigger: Trigger) -> list[str]:
    if trigger.rule.metric is None:
        return []
    name = trigger.rule.metric.name
    here: dict[str, None] = {}
    for project in world.projects:
        for run in project.runs.values():
            if trigger.scope.id in run.scope_ids:
                here.update(dict.fromkeys(run.metric_names))
            elif name in run.metric_names:
                return [f"  {name!r} was logged elsewhere, by {run.path}"]
    if not here:
        return []
    close = get_close_matches(name, here, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return [f"  runs in its scope logged {', '.join(map(repr, list(here)[:10]))}{hint}"]
