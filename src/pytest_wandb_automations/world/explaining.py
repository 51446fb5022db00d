"""Why an automation fired or did not, for people."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, NamedTuple

from pytest_wandb_automations.automations import EventType
from pytest_wandb_automations.rules.scopes import UNASSIGNABLE
from pytest_wandb_automations.rules.verdict import describe_event, format_verdict, unheld_clauses
from pytest_wandb_automations.rules.wording import cut, nearest, one_line
from pytest_wandb_automations.world.automations import RUN_EVENTS
from pytest_wandb_automations.world.collections import Collection
from pytest_wandb_automations.world.considering import Opinion
from pytest_wandb_automations.world.judging import judge
from pytest_wandb_automations.world.projects import Project

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_wandb_automations.rules.verdict import Verdict
    from pytest_wandb_automations.world.automations import Trigger
    from pytest_wandb_automations.world.executions import Execution
    from pytest_wandb_automations.world.happenings import Happening
    from pytest_wandb_automations.world.runs import Run
    from pytest_wandb_automations.world.world import World

__all__ = ["NearMisses", "came_of", "explain", "near_misses"]

_RULE_WIDTH = 100
"""How much of a rule the headline shows, in characters."""

_TOLD_WIDTH = 200
"""How much is told of why an action failed, in characters."""

_SHOWN = 10
"""How many verdicts an explanation shows; the newest are the ones that tests ask about."""


class NearMisses(NamedTuple):
    """For what an automation almost fired."""

    rule: str
    """What it waits for, and where, in words."""
    verdicts: list[Verdict]
    """Those that did not fire; the fewer clauses failed and the newer, the earlier."""
    elsewhere: list[str]
    """Where no event reached it, lines about what happened instead."""


def explain(world: World, trigger: Trigger) -> str:
    """Describe what an automation made of each event that reached it, the newest last.

    Where none did, name what came nearest: its event type elsewhere, or another type in its scope.
    """
    with world.change():
        return _explain(world, trigger)


def _explain(world: World, trigger: Trigger) -> str:
    times = len(world.executions.of(trigger))
    head = f"{trigger.name}: {_rule(trigger)} fired {times} time{'' if times == 1 else 's'}"
    blocks = [one_line(head)]
    if outdated := trigger.considered.outdated:
        blocks.append(f"({_verdicts(outdated)} from before it was edited left out)")
    waiting = _waiting(trigger)
    opinions = [*_formed(trigger), *waiting]
    if not opinions:
        return "\n".join([*blocks, "no event reached it", *_nearest(world, trigger)])
    shown = _chosen(opinions, trigger.considered.last_firing)
    left_out = trigger.considered.total + len(waiting) - len(shown)
    if left_out:
        blocks.append(f"({_verdicts(left_out, 'earlier ')} left out)")
    if unheld := _unheld(trigger, len(waiting)):
        blocks.append(unheld)
    came = {id(execution.verdict): execution for execution in world.executions.of(trigger)}
    return "\n\n".join([*blocks, *(_told(opinion, came) for opinion in shown)])


def near_misses(world: World, trigger: Trigger) -> NearMisses:
    """Return the events for which an automation did not fire, the nearest to firing first."""
    with world.change():
        opinions = [*_formed(trigger), *_waiting(trigger)]
        newest_first = sorted(opinions, key=lambda opinion: -opinion.at)
        missed = [v for v in (opinion.make() for opinion in newest_first) if not v.fired]
        missed.sort(key=lambda verdict: len(unheld_clauses(verdict)))
        elsewhere = [] if opinions else _nearest(world, trigger)
        return NearMisses(one_line(_rule(trigger)), missed, elsewhere)


def _rule(trigger: Trigger) -> str:
    return f"{cut(trigger.rule.describe(), _RULE_WIDTH)} in {trigger.scope.path}"


def _formed(trigger: Trigger) -> list[Opinion]:
    """Return the opinions that are kept of what reached an automation."""
    opinions = trigger.considered.opinions
    # A long row of held-back values is one verdict, which may be forgotten though it still grows.
    kept = set(map(id, opinions))
    growing = [watch.opinion for watch in trigger.watches.values() if watch.opinion is not None]
    return opinions + [opinion for opinion in growing if id(opinion) not in kept]


def _waiting(trigger: Trigger) -> list[Opinion]:
    """Form opinions of values at which the condition does not hold, while they are the newest."""
    watches = trigger.watches.values()
    return [Opinion(watch.seen.at, watch.recall) for watch in watches if not watch.window.held]


def _unheld(trigger: Trigger, told: int) -> str:
    """Tell of values at which the condition did not hold, unless they are told one by one."""
    watches = trigger.watches.values()
    count = sum(watch.values_not_held for watch in watches)
    if count == told:
        return ""
    ignored = sum(watch.values_ignored for watch in watches)
    which = f", {ignored} of which {'was' if ignored == 1 else 'were'} ignored" if ignored else ""
    values = f"{count} value{'' if count == 1 else 's'}"
    return f"(its condition did not hold at {values}{which}; a run's newest is shown)"


def _chosen(opinions: list[Opinion], firing: Opinion | None) -> list[Opinion]:
    """Return the newest verdicts, oldest first, and the last one that fired in any case."""
    ordered = sorted(opinions, key=lambda opinion: opinion.at)
    shown = ordered[-_SHOWN:]
    if firing is not None and all(firing is not opinion for opinion in shown):
        shown[0] = firing
    return shown


def _told(opinion: Opinion, came: Mapping[int, Execution]) -> str:
    verdict = opinion.make()
    execution = came.get(id(verdict))
    result = came_of(execution) if execution else ""
    text = format_verdict(verdict) + (f"\n  → {result}" if result else "")
    if opinion.count == 1:
        return text
    before = opinion.count - 1
    return f"{text}\n  and {before} value{'' if before == 1 else 's'} before it for the same reason"


def came_of(execution: Execution) -> str:
    """Tell what came of a firing in a line; empty if all went well, or nothing yet."""
    outcome = execution.outcome
    if outcome is None or execution.state == "FINISHED":
        return ""
    # An app may fail with pages of text; `Execution.error` has all of it.
    told = cut(one_line(outcome.error or outcome.skipped or ""), _TOLD_WIDTH)
    order = outcome.ordered_by
    if order and order not in told:  # an error names a fault itself, and not a route
        told += f" (ordered by {order})"
    return f"{execution.state}: {told}"


def _verdicts(count: int, which: str = "") -> str:
    return f"{count} {which}verdict{'' if count == 1 else 's'}"


def _nearest(world: World, trigger: Trigger) -> list[str]:
    if never := _never(trigger):
        return [f"  nor will one: {never}"]
    lines = [*_nearest_events(world, trigger), *_nearest_metrics(world, trigger)]
    return lines or ["  nothing like it happened anywhere"]


def _never(trigger: Trigger) -> str:
    """Tell why no event can reach an automation that W&B saves nevertheless; empty if one can."""
    scope = trigger.scope
    if trigger.event_type in UNASSIGNABLE:
        return f"{trigger.event_type.value} never happens here, {UNASSIGNABLE[trigger.event_type]}"
    if trigger.event_type is EventType.CREATE_ARTIFACT:
        assert isinstance(scope, Collection)
        if scope.is_portfolio:
            return f"versions are linked to {scope.path}, not logged; LINK_MODEL tells of that"
    if trigger.event_type in RUN_EVENTS and isinstance(scope, Project) and scope.is_registry:
        return f"{scope.path} is a registry and has no runs"
    return ""


def _nearest_events(world: World, trigger: Trigger) -> Iterator[str]:
    inside = list(world.recent_events.within(trigger.scope.id))
    outside = world.recent_events.outside(trigger.scope.id)

    def meant(happening: Happening) -> bool:
        return trigger.event_type in happening.event.event_types

    before = next(filter(meant, inside), None)
    if before is not None:
        told = describe_event(before.event)
        yield f"  the same event before it was saved like this: {told}"
    elsewhere = next(filter(meant, outside), None)
    another = next((happening for happening in inside if not meant(happening)), None)
    for what, near in (
        ("the same event elsewhere", elsewhere),
        ("another event in its scope", another),
    ):
        if near is not None:
            verdict = format_verdict(judge(world, trigger, near.event, near.place))
            yield f"  {what}:"
            yield indent(verdict, "    ")


def _nearest_metrics(world: World, trigger: Trigger) -> list[str]:
    if trigger.rule.metric is None:
        return []
    name = trigger.rule.metric.name
    here: dict[str, None] = {}
    elsewhere: Run | None = None
    for project in world.projects:
        for run in project.runs.values():
            logged = {**run.series, **run.system_series}
            if trigger.scope.id in run.scope_ids:
                if name in logged:
                    where = "before it was saved like this"
                    return [f"  {name!r} was logged {where}, by {run.path}"]
                here.update(dict.fromkeys(logged))
            elif name in logged:
                elsewhere = run
    lines: list[str] = []
    if here:
        names = ", ".join(map(repr, list(here)[:10]))
        lines.append(f"  runs in its scope logged {names}{nearest(name, here)}")
    if elsewhere is not None:
        lines.append(f"  {name!r} was logged elsewhere, by {elsewhere.path}")
    return lines
